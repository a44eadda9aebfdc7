package lookup

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// crm is a server, and the Servers that may ask it alone.
func crm(t *testing.T, h http.HandlerFunc) (*Servers, string) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	s, err := NewServers([]string{srv.URL}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, srv.URL
}

func says(status int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestBodies(t *testing.T) {
	for _, c := range []struct {
		name, kind, body string
		status           int
		want             any
		code             string
	}{
		{"json", "application/json; charset=utf-8", ` {"a": [1, 2.5, 9007199254740993, 123456789012345678901234567890, true, null, "x"]} `, 200,
			map[string]any{"a": []any{1.0, 2.5, "9007199254740993", "123456789012345678901234567890", true, nil, "x"}}, ""},
		{"text", "text/plain", "12", 200, "12", ""},
		{"text that looks like json", "text/plain", `{"a":1}`, 200, map[string]any{"a": 1.0}, ""},
		{"html", "text/html", "<p>", 404, "<p>", ""},
		{"nothing", "application/json", "", 200, nil, ""},
		{"broken json", "application/json", `{"a":`, 200, nil, "http.json"},
		{"two values", "application/json", `{} {}`, 200, nil, "http.json"},
		{"broken json of an error", "application/json", `oops`, 500, nil, ""},
		{"no utf-8", "text/plain", "a\xffb", 200, "a\uFFFDb", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, url := crm(t, says(c.status, c.kind, c.body))
			got, err := s.Ask(within(t, 5*time.Second), Request{Method: "GET", URL: url})
			if CodeOf(err, "") != c.code || got.Status != c.status || c.code == "" && !reflect.DeepEqual(got.Body, c.want) {
				t.Errorf("%+v %v", got, err)
			}
		})
	}
}

func TestWhatIsSent(t *testing.T) {
	var got []string
	s, url := crm(t, func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got = append(got, fmt.Sprint(r.Method, " ", r.URL.RequestURI(), " ", r.Header.Get("Content-Type"), " ", r.Header.Get("X-Key"), " ", r.Header.Get("Idempotency-Key"), " ", string(b)))
	})
	for _, r := range []Request{
		{Method: "GET", URL: url + "/a?b=c", Headers: []Field{{"X-Key", "k"}}},
		{Method: "POST", URL: url, JSON: []Field{{"n", 5.0}, {"t", "5"}, {"deep", map[string]any{"a": []any{true, nil}}}}, Idempotent: "c_1/s2"},
		{Method: "PUT", URL: url, JSON: []Field{}},
		{Method: "POST", URL: url, Form: []Field{{"a", "x y"}, {"b", 1e6}, {"c", nil}}},
	} {
		if _, err := s.Ask(within(t, 5*time.Second), r); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"GET /a?b=c  k  ", `POST / application/json  c_1/s2 {"deep":{"a":[true,null]},"n":5,"t":"5"}`, "PUT / application/json   {}",
		"POST / application/x-www-form-urlencoded   a=x+y&b=1000000&c="}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// No server, however it behaves, takes more than the time and the memory that a question has.
func TestServersThatBehaveBadly(t *testing.T) {
	stopped := func(w http.ResponseWriter, r *http.Request, every time.Duration, what string) {
		f, _ := w.(http.Flusher)
		for {
			if _, err := io.WriteString(w, what); err != nil {
				return
			}
			f.Flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(every):
			}
		}
	}
	for name, c := range map[string]struct {
		h    http.HandlerFunc
		code string
	}{
		"two gigabytes": {func(w http.ResponseWriter, _ *http.Request) {
			block := make([]byte, 1<<20)
			for range 2048 {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		}, "http.too_large"},
		"never":           {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "http.timeout"},
		"drips":           {func(w http.ResponseWriter, r *http.Request) { stopped(w, r, 10*time.Millisecond, "x") }, "http.timeout"},
		"large header":    {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) }, "http.failed"},
		"round and round": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/again", http.StatusFound) }, "http.redirect"},
		"elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/x", http.StatusFound)
		}, "http.redirect"},
		"to a password": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://u:p@"+r.Host+"/x", http.StatusFound)
		}, "http.redirect"},
		"hangs up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "http.failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, url := crm(t, c.h)
			began := time.Now()
			_, err := s.Ask(within(t, 500*time.Millisecond), Request{Method: "GET", URL: url + "/secret?of=somebody"})
			if took := time.Since(began); CodeOf(err, "") != c.code || took > 5*time.Second {
				t.Errorf("after %v: %v", took, err)
			}
			if err != nil && strings.Contains(err.Error(), "somebody") {
				t.Errorf("it tells the address: %v", err)
			}
		})
	}
}

func TestOnlyAllowedServersAreAsked(t *testing.T) {
	asked := atomic.Int32{}
	s, url := crm(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	port := url[strings.LastIndexByte(url, ':'):]
	for _, to := range []string{"http://localhost" + port, "https://127.0.0.1" + port, "http://127.0.0.1:1", "http://127.0.0.1", "http://u:p@127.0.0.1" + port,
		"http://127.0.0.1" + port + "@evil.example", "ftp://127.0.0.1" + port, "/x", "://", "http://127.0.0.1" + port + ".evil.example/"} {
		if _, err := s.Ask(within(t, time.Second), Request{Method: "GET", URL: to}); err == nil {
			t.Errorf("%s was asked", to)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d requests", n)
	}
	if _, err := s.Ask(within(t, 5*time.Second), Request{Method: "GET", URL: strings.ToUpper(url[:7]) + url[7:]}); err != nil {
		t.Errorf("its name in capitals: %v", err)
	}
	for _, bad := range []string{"", "crm.example.com", "ftp://crm.example.com", "https://"} {
		if _, err := NewServers([]string{bad}, nil); err == nil {
			t.Errorf("%q is allowed", bad)
		}
	}
}

func TestARedirectWithinTheServerIsFollowed(t *testing.T) {
	s, url := crm(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/old" {
			http.Redirect(w, r, "/new", http.StatusMovedPermanently)
			return
		}
		says(200, "text/plain", r.URL.Path)(w, r)
	})
	if got, err := s.Ask(within(t, 5*time.Second), Request{Method: "GET", URL: url + "/old"}); err != nil || got.Body != "/new" {
		t.Errorf("%v %v", got, err)
	}
	if _, err := s.Ask(within(t, 5*time.Second), Request{Method: "POST", URL: url + "/old", JSON: []Field{{"a", 1.0}}}); CodeOf(err, "") != "http.redirect" {
		t.Errorf("a POST was sent on: %v", err)
	}
}

func TestRetries(t *testing.T) {
	for _, c := range []struct {
		name  string
		r     Request
		fails int32 // of the first answers
		sent  int32
		want  int
	}{
		{"as often as the step says", Request{Method: "GET", Retries: 2}, 2, 3, 200},
		{"no more", Request{Method: "GET", Retries: 1}, 2, 2, 503},
		{"none unless it says so", Request{Method: "GET"}, 1, 1, 503},
		{"never a POST", Request{Method: "POST", Retries: 2, JSON: []Field{{"a", 1.0}}}, 1, 1, 503},
		{"but one with a key", Request{Method: "POST", Retries: 2, Idempotent: "k", JSON: []Field{{"a", 1.0}}}, 1, 2, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int32
			s, url := crm(t, func(w http.ResponseWriter, r *http.Request) {
				if b, _ := io.ReadAll(r.Body); r.Method == "POST" && string(b) != `{"a":1}` {
					t.Errorf("body %q", b)
				}
				if n.Add(1) <= c.fails {
					w.WriteHeader(http.StatusServiceUnavailable)
				}
			})
			c.r.URL = url
			got, err := s.Ask(within(t, 5*time.Second), c.r)
			if err != nil || got.Status != c.want || n.Load() != c.sent {
				t.Errorf("%+v %v after %d", got, err, n.Load())
			}
		})
	}
}

// The time of a question holds for its tries together.
func TestRetriesEndWithTheTime(t *testing.T) {
	s, url := crm(t, says(503, "text/plain", ""))
	ctx, cancel := context.WithTimeout(t.Context(), 250*time.Millisecond)
	defer cancel()
	began := time.Now()
	if got, err := s.Ask(ctx, Request{Method: "GET", URL: url, Retries: 5}); err != nil || got.Status != 503 {
		t.Errorf("%v %v", got, err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
}
