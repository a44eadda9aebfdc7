package media

import (
	"bytes"
	"crypto/subtle"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// Handler serves the prompts at /m/MAC/HASH.wav to the Asterisks, and nothing to anybody else.
func (m *Media) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /m/{mac}/{name}", m.serve)
	return mux
}

func (m *Media) serve(w http.ResponseWriter, r *http.Request) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil || !m.peers[host] {
		http.Error(w, "only the Asterisks of the configuration get prompts here", http.StatusForbidden)
		return
	}
	hash, ok := strings.CutSuffix(r.PathValue("name"), ".wav")
	if !ok || subtle.ConstantTimeCompare([]byte(r.PathValue("mac")), []byte(m.mac(hash))) != 1 {
		http.NotFound(w, r)
		return
	}
	m.mu.Lock()
	f := m.files[hash]
	var path string
	private := false
	if f != nil {
		f.used = time.Now()
		path, private = f.path, f.private
	}
	m.mu.Unlock()
	if f == nil {
		http.NotFound(w, r)
		return
	}
	b, err := os.ReadFile(path) //nolint:gosec // a file that we have made known
	if err != nil || hashOf(b) != hash {
		m.cfg.Log.Error("a prompt's file has gone or was changed", "file", path, "error", err)
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "audio/wav")
	h.Set("ETag", `"`+hash+`"`)
	h.Set("Cache-Control", "max-age=3600")
	if private {
		h.Set("Cache-Control", "no-store")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
}
