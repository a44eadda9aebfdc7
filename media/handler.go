package media

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"time"
)

var (
	idText   = regexp.MustCompile(`^[0-9a-f]{64}$`)
	pathText = regexp.MustCompile(`^/m/([0-9a-f]{32})/([0-9a-f]{64})\.wav$`)
)

// Handler serves the sounds, to the configured nodes only. It belongs on a plain-HTTP listener of its own.
func (l *Library) Handler() http.Handler { return http.HandlerFunc(l.serve) }

func (l *Library) serve(w http.ResponseWriter, r *http.Request) {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !l.nodes[from.Addr().Unmap().WithZone("")] {
		http.Error(w, "only the telephone exchange may fetch here", http.StatusForbidden)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	p := pathText.FindStringSubmatch(r.URL.Path)
	if p == nil || !hmac.Equal([]byte(p[1]), []byte(l.token(p[2]))) {
		http.NotFound(w, r)
		return
	}
	data, private, ok := l.sound(p[2])
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "audio/wav")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("ETag", `"`+p[2]+`"`)
	h.Set("Cache-Control", "max-age=3600")
	if private {
		h.Set("Cache-Control", "no-store")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

// readSound reads a recording of the site's, or one that is kept.
func (l *Library) readSound(file string) ([]byte, error) {
	if sum, ok := strings.CutPrefix(file, keptMark); ok {
		return os.ReadFile(l.keptFile(sum))
	}
	return fs.ReadFile(l.cfg.Sounds, file)
}

// sound finds a recording or a spoken text by its id. A recording that has been replaced since is no longer the one asked for.
func (l *Library) sound(id string) (data []byte, private, ok bool) {
	l.mu.Lock()
	var files []string // more than one where the recording is kept too
	for f, c := range l.sounds {
		if c.id == id && !c.made {
			files = append(files, f)
		}
	}
	l.mu.Unlock()
	for _, file := range files {
		data, err := l.readSound(file)
		if sum := sha256.Sum256(data); err == nil && hex.EncodeToString(sum[:]) == id {
			return data, false, true
		}
	}
	return l.cache.read(id)
}
