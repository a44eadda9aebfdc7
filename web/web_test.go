package web

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ctid"

	"github.com/goccy/go-yaml"
)

// users is a Users in memory: an agent, ana, and a wallboard, hall.
type users struct {
	mu     sync.Mutex
	tokens map[string]ctid.Who
	n      int
	down   error
	tries  int
}

func (u *users) Authenticate(_ context.Context, user, password string) (ctid.Who, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.tries++
	if u.down != nil {
		return ctid.Who{}, u.down
	}
	if user == "hall" && password == "right" {
		return ctid.Who{User: "hall", Roles: []ctid.Role{ctid.RoleWallboard}}, nil
	}
	if user != "ana" || password != "right" {
		return ctid.Who{}, ctid.Refuse(ctid.Unauthorized, "no such user "+user)
	}
	return ctid.Who{User: "ana", Agent: "ana", Roles: []ctid.Role{ctid.RoleAgent}}, nil
}

func (u *users) NewToken(_ context.Context, who ctid.Who, ttl time.Duration) (string, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.n++
	t := "ctid_u_" + strings.Repeat("x", u.n)
	who.Until = time.Now().Add(ttl)
	u.tokens[t] = who
	return t, nil
}

func (u *users) WhoByToken(_ context.Context, token string) (ctid.Who, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if w, ok := u.tokens[token]; ok {
		w.TokenID = token
		return w, nil
	}
	return ctid.Who{}, ctid.Refuse(ctid.Unauthorized, "unknown token")
}

// WhoByTokenID takes the tokens themselves for their ids.
func (u *users) WhoByTokenID(ctx context.Context, id string) (ctid.Who, error) {
	return u.WhoByToken(ctx, id)
}

func (u *users) Revoke(_ context.Context, token string) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.tokens, token)
	return nil
}

func config() (Config, *users) {
	u := &users{tokens: map[string]ctid.Who{}}
	return Config{Users: u, Tickets: NewTickets(), Hub: http.NotFoundHandler(), Ready: func() []string { return nil },
		Log: slog.New(slog.DiscardHandler), Version: Version{Version: "1.2.3"}}, u
}

func do(h http.Handler, method, path, body string, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://desk.test"+path, strings.NewReader(body))
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// pass lets time go by; in a bubble it costs nothing.
func pass(d time.Duration) { <-time.After(d) }

const right = `{"user":"ana","password":"right"}`

func code(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	if ct := w.Header().Get("Content-Type"); ct != "application/problem+json" {
		t.Errorf("content type %q", ct)
	}
	var p problemBody
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Status != w.Code || p.Type != "urn:ctid:error:"+string(p.Code) {
		t.Errorf("not a problem: %v %s", err, w.Body)
	}
	return string(p.Code)
}

func TestLoginMeTicketLogout(t *testing.T) {
	cfg, _ := config()
	var out string
	cfg.LoggedOut = func(who ctid.Who) { out = who.User }
	h := New(cfg)
	w := do(h, "POST", "/api/v1/login", right, nil)
	var in loginBody
	if err := json.Unmarshal(w.Body.Bytes(), &in); err != nil || w.Code != 200 || in.Who.Agent != "ana" || in.Token == "" {
		t.Fatalf("login: %d %s", w.Code, w.Body)
	}
	if len(w.Result().Cookies()) != 0 {
		t.Error("a cookie over plain HTTP without web.plain")
	}
	if w := do(h, "GET", "/api/v1/me", "", bearer(in.Token)); w.Code != 200 || !strings.Contains(w.Body.String(), `"user":"ana"`) {
		t.Errorf("me: %d %s", w.Code, w.Body)
	}
	w = do(h, "POST", "/api/v1/ws-tickets", "", func(r *http.Request) {
		bearer(in.Token)(r)
		r.Header.Set("Origin", "http://desk.test")
	})
	var sold struct {
		Ticket    string
		ExpiresIn int `json:"expires_in"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &sold); err != nil || w.Code != 201 || len(sold.Ticket) != 43 || sold.ExpiresIn != 30 {
		t.Fatalf("ticket: %d %s", w.Code, w.Body)
	}
	a := Auth{cfg.Users, cfg.Tickets}
	if who, err := a.Ticket(t.Context(), sold.Ticket, "http://desk.test"); err != nil || who.Agent != "ana" {
		t.Errorf("the ticket: %+v %v", who, err)
	}
	if _, err := a.Ticket(t.Context(), sold.Ticket, "http://desk.test"); err == nil {
		t.Error("a ticket was good twice")
	}
	if w := do(h, "POST", "/api/v1/logout", "", bearer(in.Token)); w.Code != 204 || out != "ana" {
		t.Errorf("logout: %d, told %q", w.Code, out)
	}
	if w := do(h, "GET", "/api/v1/me", "", bearer(in.Token)); w.Code != 401 || w.Header().Get("WWW-Authenticate") == "" || code(t, w) != "unauthorized" {
		t.Errorf("me after logout: %d", w.Code)
	}
}

func TestTicketBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, u := config()
		token, _ := u.NewToken(t.Context(), ctid.Who{User: "ana"}, time.Hour)
		a := Auth{u, cfg.Tickets}
		sell := func() string {
			text, err := cfg.Tickets.sell(token, "ana", "https://a.test", time.Now())
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		late, foreign, revoked := sell(), sell(), sell()
		if _, err := a.Ticket(t.Context(), foreign, "https://evil.test"); err == nil {
			t.Error("a ticket was good for another origin")
		}
		if _, err := a.Ticket(t.Context(), foreign, "https://a.test"); err == nil {
			t.Error("a ticket tried by another origin was still good")
		}
		pass(31 * time.Second)
		if _, err := a.Ticket(t.Context(), late, "https://a.test"); err == nil {
			t.Error("a ticket was good after 31 s")
		}
		_ = revoked
		fresh := sell()
		_ = u.Revoke(t.Context(), token)
		if _, err := a.Ticket(t.Context(), fresh, "https://a.test"); err == nil {
			t.Error("a ticket outlived its token")
		}
		for range ticketsPerUser {
			sell()
		}
		if _, err := cfg.Tickets.sell(token, "ana", "", time.Now()); err == nil {
			t.Error("no bound on unused tickets")
		}
	})
}

// Over TLS the cookie is __Host-ctid; on plain HTTP there is one only with web.plain.
func TestCookies(t *testing.T) {
	for _, c := range []struct {
		tls, plain bool
		name       string
	}{{true, false, "__Host-ctid"}, {false, true, "ctid"}} {
		cfg, _ := config()
		cfg.TLS, cfg.Plain = c.tls, c.plain
		h := New(cfg)
		ck := do(h, "POST", "/api/v1/login", right, nil).Result().Cookies()
		if len(ck) != 1 || ck[0].Name != c.name || !ck[0].HttpOnly || ck[0].Secure != c.tls || ck[0].SameSite != http.SameSiteStrictMode || ck[0].Path != "/" {
			t.Fatalf("cookies %+v", ck)
		}
		with := func(r *http.Request) { r.AddCookie(ck[0]) }
		if w := do(h, "GET", "/api/v1/me", "", with); w.Code != 200 {
			t.Errorf("me by cookie: %d", w.Code)
		}
		w := do(h, "POST", "/api/v1/logout", "", with)
		if got := w.Result().Cookies(); w.Code != 204 || len(got) != 1 || got[0].MaxAge >= 0 {
			t.Errorf("logout by cookie: %d %+v", w.Code, got)
		}
	}
}

// After five failures a delay grows, and a right password does not get through it; the answer is the same for a user
// nobody has.
func TestLoginDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, u := config()
		h := New(cfg)
		var bodies []string
		for _, user := range []string{"ana", "nobody"} {
			n := 0
			from := func(r *http.Request) { n++; r.RemoteAddr = user + "-" + string(rune('a'+n)) + ":1" } // only the account is slowed
			for range freeFails {
				w := do(h, "POST", "/api/v1/login", `{"user":"`+user+`","password":"wrong"}`, from)
				if w.Code != 401 {
					t.Fatalf("wrong password: %d", w.Code)
				}
				bodies = append(bodies, w.Body.String())
			}
			tries := u.tries
			w := do(h, "POST", "/api/v1/login", `{"user":"`+user+`","password":"right"}`, from)
			if w.Code != 429 || w.Header().Get("Retry-After") != "2" || code(t, w) != "rate_limited" || u.tries != tries {
				t.Errorf("%s after %d failures: %d, Retry-After %q", user, freeFails, w.Code, w.Header().Get("Retry-After"))
			}
		}
		if slices.Sort(bodies); bodies[0] != bodies[len(bodies)-1] {
			t.Errorf("answers differ: %q and %q", bodies[0], bodies[len(bodies)-1])
		}
		pass(2 * time.Second)
		if w := do(h, "POST", "/api/v1/login", right, nil); w.Code != 200 {
			t.Errorf("after the delay: %d", w.Code)
		}
	})
}

func TestGuardIsBounded(t *testing.T) {
	g, now := newGuard(), time.Now()
	for i := range 3 * maxGuarded {
		g.fail(string(rune(i)), "addr", now)
	}
	if len(g.rows) > maxGuarded || g.order.Len() != len(g.rows) {
		t.Errorf("%d rows, %d in order", len(g.rows), g.order.Len())
	}
	for range triesPerMinute {
		if d := newGuardTry(g, now); d != 0 {
			t.Fatalf("held up for %v", d)
		}
	}
	if newGuardTry(g, now) == 0 {
		t.Error("no bound on the tries of one address")
	}
}

func newGuardTry(g *guard, now time.Time) time.Duration { return g.wait("u", "one address", now) }

func TestBadBodies(t *testing.T) {
	cfg, u := config()
	h := New(cfg)
	for body, want := range map[string]string{
		`{"user":"ana"`: "bad_request", `[]`: "bad_request", right + right: "bad_request", `{"user":"","password":"x"}`: "bad_request",
		`{"user":"` + strings.Repeat("a", maxBody) + `"}`: "too_large",
	} {
		if w := do(h, "POST", "/api/v1/login", body, nil); code(t, w) != want {
			t.Errorf("%.20s: %s", body, w.Body)
		}
	}
	if w := do(h, "GET", "/api/v1/nothing", "", nil); w.Code != 404 || code(t, w) != "not_found" {
		t.Errorf("unknown address: %d", w.Code)
	}
	u.down = errors.New("disk on fire")
	if w := do(h, "POST", "/api/v1/login", right, nil); w.Code != 503 || strings.Contains(w.Body.String(), "fire") || code(t, w) != "overloaded" {
		t.Errorf("a failure of ours: %d %s", w.Code, w.Body)
	}
}

// A page of another site can make no request that changes something.
func TestCrossOrigin(t *testing.T) {
	cfg, _ := config()
	cfg.Origins = []string{"https://crm.test"}
	h := New(cfg)
	for origin, want := range map[string]int{"https://evil.test": 403, "https://crm.test": 200, "http://desk.test": 200} {
		w := do(h, "POST", "/api/v1/login", right, func(r *http.Request) {
			r.Header.Set("Origin", origin)
			if origin != "http://desk.test" {
				r.Header.Set("Sec-Fetch-Site", "cross-site")
			}
		})
		if w.Code != want {
			t.Errorf("from %s: %d, want %d", origin, w.Code, want)
		}
	}
}

func TestHealth(t *testing.T) {
	cfg, _ := config()
	var reasons []string
	cfg.Ready = func() []string { return reasons }
	h := New(cfg)
	if w := do(h, "GET", "/readyz", "", nil); w.Code != 200 || strings.TrimSpace(w.Body.String()) != `{"ready":true,"reasons":[]}` {
		t.Errorf("ready: %d %s", w.Code, w.Body)
	}
	reasons = []string{"london1: connection lost"}
	if w := do(h, "GET", "/readyz", "", nil); w.Code != 503 || !strings.Contains(w.Body.String(), "london1") {
		t.Errorf("not ready: %d %s", w.Code, w.Body)
	}
	if w := do(h, "GET", "/healthz", "", nil); w.Code != 200 {
		t.Errorf("alive: %d", w.Code)
	}
	if w := do(h, "GET", "/metrics", "", nil); w.Code != 404 {
		t.Errorf("/metrics on the web listener: %d", w.Code)
	}
	m := MetricsHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("up 1")) }))
	if w := do(m, "GET", "/metrics", "", nil); w.Code != 200 || do(m, "GET", "/healthz", "", nil).Code != 404 {
		t.Errorf("/metrics on its own: %d", w.Code)
	}
}

func TestPageAndHeaders(t *testing.T) {
	cfg, _ := config()
	h := New(cfg)
	w := do(h, "GET", "/desk/", "", nil)
	if w.Code != 200 || !strings.Contains(w.Body.String(), "desk.js") {
		t.Fatalf("the page: %d", w.Code)
	}
	csp := w.Header().Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'self'", "connect-src 'self' ws://desk.test", "object-src 'none'", "frame-ancestors 'self'"} {
		if !strings.Contains(csp, part) {
			t.Errorf("CSP lacks %q: %s", part, csp)
		}
	}
	if strings.Contains(csp, "unsafe") || w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("headers %v", w.Header())
	}
	if js := do(h, "GET", "/desk/client.js", "", nil); js.Code != 200 || !strings.HasPrefix(js.Header().Get("Content-Type"), "text/javascript") {
		t.Errorf("client.js: %d %s", js.Code, js.Header().Get("Content-Type"))
	}
	if s := socketSource(`a; script-src *`, false); s != "" {
		t.Errorf("a host got into the policy: %q", s)
	}
}

// The wallboard is a page of its own among the same files, under the same headers.
func TestWallboardPage(t *testing.T) {
	cfg, _ := config()
	h := New(cfg)
	w := do(h, "GET", "/wallboard/", "", nil)
	if w.Code != 200 || !strings.Contains(w.Body.String(), `src="wallboard.js"`) || strings.Contains(w.Body.String(), "<style") || w.Header().Get("Cache-Control") != "no-cache" ||
		!strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Errorf("the page: %d %v", w.Code, w.Header())
	}
	if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'self'") || strings.Contains(csp, "unsafe") {
		t.Errorf("its policy is %q", csp)
	}
	for path, want := range map[string]int{"/wallboard/wallboard.js": 200, "/wallboard/vendor/preact.js": 200, "/wallboard": 307, "/wallboard/x.js": 404} {
		if w := do(h, "GET", path, "", nil); w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}

// Nobody sits at a wallboard who could log in again every morning; who can do something has to.
func TestAWallboardStaysLoggedIn(t *testing.T) {
	cfg, u := config()
	cfg.Plain, cfg.Session, cfg.Wallboard = true, time.Hour, 1000*time.Hour
	h := New(cfg)
	for user, want := range map[string]time.Duration{"ana": time.Hour, "hall": 1000 * time.Hour} {
		w := do(h, "POST", "/api/v1/login", `{"user":"`+user+`","password":"right"}`, nil)
		var in loginBody
		if err := json.Unmarshal(w.Body.Bytes(), &in); err != nil || w.Code != 200 {
			t.Fatalf("%s: %d %v", user, w.Code, err)
		}
		who, err := u.WhoByToken(t.Context(), in.Token)
		if left := time.Until(who.Until); err != nil || left > want || left < want-time.Minute || in.Who.Until.Sub(who.Until).Abs() > time.Minute {
			t.Errorf("%s: %v left, told until %v, %v", user, left, in.Who.Until, err)
		}
		if c := w.Result().Cookies(); len(c) != 1 || c[0].MaxAge != int(want.Seconds()) {
			t.Errorf("%s: the cookies are %v", user, c)
		}
	}
}

// The routes and the file name the same addresses and methods.
func TestOpenAPIIsTheMux(t *testing.T) {
	var file struct {
		Paths map[string]map[string]any `yaml:"paths"`
	}
	if err := yaml.Unmarshal(openapiFile, &file); err != nil {
		t.Fatal(err)
	}
	var inFile, inMux []string
	for path, methods := range file.Paths {
		for m := range methods {
			inFile = append(inFile, strings.ToUpper(m)+" "+path)
		}
	}
	cfg, _ := config()
	for _, r := range newServer(cfg).routes() {
		inMux = append(inMux, r.method+" "+strings.TrimSuffix(r.path, "{$}"))
	}
	slices.Sort(inFile)
	slices.Sort(inMux)
	if !slices.Equal(inFile, inMux) {
		t.Errorf("file %v\nmux  %v", inFile, inMux)
	}
}
