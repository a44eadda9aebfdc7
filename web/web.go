// Package web serves HTTP: log-in and tickets, health and version, the websocket's address and the embedded agent
// desktop. Metrics have a listener of their own. openapi.yaml describes every route.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"ctid"
	"ctid/web/desktop"
)

// Users knows passwords and tokens. Refusals are *ctid.Error with code unauthorized; other errors mean "not now".
type Users interface {
	Authenticate(ctx context.Context, user, password string) (ctid.Who, error)
	NewToken(ctx context.Context, who ctid.Who, ttl time.Duration) (string, error)
	WhoByToken(ctx context.Context, token string) (ctid.Who, error)
	WhoByTokenID(ctx context.Context, id string) (ctid.Who, error) // of one that WhoByToken has returned
	Revoke(ctx context.Context, token string) error
}

// Config is what New needs.
type Config struct {
	Users     Users
	Tickets   *Tickets        // shared with the Auth that the hub asks
	Hub       http.Handler    // serves /ws
	Ready     func() []string // reasons not to send calls here; none means ready
	LoggedOut func(ctid.Who)  // called after a log-out, if set
	Phones    Phones          // of agents whose telephone is in the page; nil: there are none
	SIP       []string        // origins of the SIP websockets that pages may open, as wss://host[:port]
	Log       *slog.Logger    // default: slog.Default
	Origins   []string        // origins allowed besides the own host, as scheme://host[:port]
	TLS       bool            // served over TLS, by us or by a proxy: the cookie is __Host-ctid
	Plain     bool            // web.plain: without TLS a cookie is given all the same
	Session   time.Duration   // life of a session token (12 h)
	Wallboard time.Duration   // likewise, of a user who is a wallboard and nothing else (Session)
	Version   Version
}

// Version is what /version tells.
type Version struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Go      string `json:"go,omitempty"`
	Epoch   string `json:"epoch,omitempty"`
}

const (
	maxBody    = 16 << 10         // bytes of a request to the API
	apiTimeout = 10 * time.Second // of one request to the API
	defSession = 12 * time.Hour
)

// server holds what the handlers share.
type server struct {
	Config
	guard *guard
	cross *http.CrossOriginProtection
}

// route is one line of the table below.
type route struct {
	method, path string
	handle       http.HandlerFunc
}

// routes is every address served; openapi.yaml has the same ones, and a test compares them.
func (s *server) routes() []route {
	return []route{
		{"POST", "/api/v1/login", s.login},
		{"POST", "/api/v1/logout", s.logout},
		{"GET", "/api/v1/me", s.me},
		{"GET", "/api/v1/me/phone", s.mePhone},
		{"POST", "/api/v1/ws-tickets", s.wsTicket},
		{"GET", "/api/v1/openapi.yaml", s.openapi},
		{"GET", "/healthz", s.healthz},
		{"GET", "/readyz", s.readyz},
		{"GET", "/version", s.version},
		{"GET", "/ws", s.Hub.ServeHTTP},
		{"GET", "/desk/", s.desk()},
		{"GET", "/wallboard/", s.wallboard()},
		{"GET", "/{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/desk/", http.StatusFound) }},
	}
}

// New returns the handler of the web listener.
func New(cfg Config) http.Handler {
	s := newServer(cfg)
	mux := http.NewServeMux()
	for _, r := range s.routes() {
		mux.HandleFunc(r.method+" "+r.path, r.handle)
	}
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		problem(w, r, ctid.Refuse(ctid.NotFound, "no such address; see /api/v1/openapi.yaml"))
	})
	return s.headers(s.api(mux))
}

func newServer(cfg Config) *server {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Session == 0 {
		cfg.Session = defSession
	}
	if cfg.Wallboard == 0 {
		cfg.Wallboard = cfg.Session
	}
	s := &server{Config: cfg, guard: newGuard(), cross: http.NewCrossOriginProtection()}
	for _, o := range cfg.Origins {
		if err := s.cross.AddTrustedOrigin(o); err != nil {
			cfg.Log.Error("web.origins: left out", "origin", o, "err", err)
		}
	}
	s.cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		problem(w, r, ctid.Refuse(ctid.Forbidden, "a page of another origin may not do this; list it in web.origins"))
	}))
	return s
}

// NewServer returns an http.Server for h with time limits; a websocket lifts them when it takes its connection over.
func NewServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// MetricsHandler serves metrics, and nothing else, at /metrics: it is for a listener of its own.
func MetricsHandler(metrics http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	return mux
}

func (s *server) desk() http.HandlerFunc {
	files := http.StripPrefix("/desk/", http.FileServerFS(desktop.Files()))
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache") // a new version is seen at the next load
		files.ServeHTTP(w, r)
	}
}

// wallboard serves the same files as the desktop, with a start of its own.
func (s *server) wallboard() http.HandlerFunc {
	files := http.StripPrefix("/wallboard/", http.FileServerFS(desktop.Files()))
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		if r.URL.Path == "/wallboard/" {
			http.ServeFileFS(w, r, desktop.Files(), desktop.Wallboard)
			return
		}
		files.ServeHTTP(w, r)
	}
}
