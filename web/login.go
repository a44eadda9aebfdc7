package web

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"ctid"
)

// whoBody is a user as the API shows him.
type whoBody struct {
	User  string       `json:"user"`
	Roles []ctid.Role  `json:"roles"`
	Agent ctid.AgentID `json:"agent,omitempty"`
	Until time.Time    `json:"until"`
}

func viewWho(w ctid.Who) whoBody {
	if w.Roles == nil {
		w.Roles = []ctid.Role{}
	}
	return whoBody{w.User, w.Roles, w.Agent, w.Until.UTC().Truncate(time.Millisecond)}
}

type loginBody struct {
	Token string  `json:"token"`
	Who   whoBody `json:"who"`
}

// login turns user and password into a session token, and a cookie where the connection allows one.
func (s *server) login(w http.ResponseWriter, r *http.Request) {
	var in struct{ User, Password string }
	if err := readBody(w, r, &in); err != nil {
		problem(w, r, err)
		return
	}
	if in.User == "" || len(in.User) > 128 || len(in.Password) > 1024 {
		problem(w, r, ctid.Refuse(ctid.BadRequest, "user has 1 to 128 bytes, password at most 1024"))
		return
	}
	user, addr, now := strings.ToLower(in.User), address(r), time.Now()
	if d := s.guard.wait(user, addr, now); d > 0 {
		problem(w, r, &ctid.Error{Code: ctid.RateLimited, Text: "too many tries; wait a little", RetryMS: d.Milliseconds() + 1})
		return
	}
	who, err := s.Users.Authenticate(r.Context(), in.User, in.Password)
	if err != nil {
		var e *ctid.Error
		if errors.As(err, &e) && e.Code == ctid.Unauthorized {
			s.guard.fail(user, addr, time.Now())
			err = ctid.Refuse(ctid.Unauthorized, "user or password is wrong") // the same for a user nobody has
			s.Log.Info("log-in refused", "user", in.User, "address", addr)
		}
		s.fail(w, r, err)
		return
	}
	s.guard.ok(user)
	life := s.life(who)
	token, err := s.Users.NewToken(r.Context(), who, life)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	who.Until = now.Add(life)
	s.setCookie(w, token, int(life.Seconds()))
	answer(w, http.StatusOK, loginBody{token, viewWho(who)})
}

// life is how long a session lasts.
func (s *server) life(who ctid.Who) time.Duration {
	if who.OnlyWatches() {
		return s.Wallboard
	}
	return s.Session
}

// logout revokes the token it is asked with.
func (s *server) logout(w http.ResponseWriter, r *http.Request) {
	who, token, err := s.bearer(r)
	if err == nil {
		err = s.Users.Revoke(r.Context(), token)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if s.LoggedOut != nil {
		s.LoggedOut(who)
	}
	s.setCookie(w, "", -1)
	w.WriteHeader(http.StatusNoContent)
}

func (s *server) me(w http.ResponseWriter, r *http.Request) {
	who, _, err := s.bearer(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	answer(w, http.StatusOK, viewWho(who))
}

// wsTicket sells a ticket for one websocket handshake of the same page.
func (s *server) wsTicket(w http.ResponseWriter, r *http.Request) {
	who, token, err := s.bearer(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	text, err := s.Tickets.sell(token, who.User, r.Header.Get("Origin"), time.Now())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	answer(w, http.StatusCreated, map[string]any{"ticket": text, "expires_in": int(TicketLife.Seconds())})
}

// fail answers with an error and logs the ones that are ours.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var e *ctid.Error
	if !errors.As(err, &e) {
		s.Log.Error("request failed", "method", r.Method, "path", r.URL.Path, "err", err)
	}
	problem(w, r, err)
}

// bearer finds who asks: by the Authorization header, else by the session cookie.
func (s *server) bearer(r *http.Request) (ctid.Who, string, error) {
	token := ""
	if kind, t, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(kind, "Bearer") {
		token = strings.TrimSpace(t)
	} else if c, err := r.Cookie(s.cookieName()); err == nil && s.cookies() {
		token = c.Value
	}
	if token == "" {
		return ctid.Who{}, "", ctid.Refuse(ctid.Unauthorized, "log in first")
	}
	who, err := s.Users.WhoByToken(r.Context(), token)
	return who, token, err
}

// cookies tells whether sessions get a cookie: only over TLS, or where web.plain says that plain HTTP will do.
func (s *server) cookies() bool { return s.TLS || s.Plain }

func (s *server) cookieName() string {
	if s.TLS {
		return "__Host-ctid"
	}
	return "ctid"
}

func (s *server) setCookie(w http.ResponseWriter, token string, maxAge int) {
	if !s.cookies() {
		return
	}
	http.SetCookie(w, &http.Cookie{Name: s.cookieName(), Value: token, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: s.TLS, SameSite: http.SameSiteStrictMode})
}

func address(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}
