package web

import (
	"context"
	_ "embed" // for openapi.yaml
	"net/http"
	"strings"
)

//go:embed openapi.yaml
var openapiFile []byte

func (s *server) openapi(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(openapiFile)
}

// healthz says that the process answers.
func (s *server) healthz(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]bool{"alive": true})
}

// readyz says whether calls may be sent here, and if not, why.
func (s *server) readyz(w http.ResponseWriter, _ *http.Request) {
	reasons := s.Ready()
	if reasons == nil {
		reasons = []string{}
	}
	status := http.StatusOK
	if len(reasons) > 0 {
		status = http.StatusServiceUnavailable
	}
	answer(w, status, map[string]any{"ready": len(reasons) == 0, "reasons": reasons})
}

func (s *server) version(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, s.Version)
}

// api guards everything below /api: cross-origin requests that change something are refused, and each has its time.
func (s *server) api(next http.Handler) http.Handler {
	guarded := s.cross.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), apiTimeout)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/") {
			guarded.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// headers sets what keeps a browser from doing more than the page needs.
func (s *server) headers(next http.Handler) http.Handler {
	sip := ""
	for _, origin := range s.SIP {
		sip += " " + origin
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(self)")
		h.Set("Content-Security-Policy", "default-src 'self'; connect-src 'self'"+socketSource(r.Host, s.TLS)+sip+
			"; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'")
		if s.TLS {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// socketSource names our own websocket for browsers whose 'self' does not cover it. A host of any other characters
// than a host's is left out, as it would end up in the policy.
func socketSource(host string, tls bool) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]"
	if host == "" || strings.Trim(host, plain) != "" {
		return ""
	}
	if tls {
		return " wss://" + host
	}
	return " ws://" + host
}
