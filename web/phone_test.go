package web

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"ctid"
)

// phones has a telephone in the page for ana's desktop "tab".
type phones struct{ asked []string }

var registration = Registration{Kind: "web", URI: "sip:1003@sip.test", Server: "wss://sip.test/ws", User: "1003", Password: "SWORDFISHSWORDFISH", ExpiresIn: 3600,
	ICE: []ICEServer{{URLs: []string{"turn:turn.test"}, Username: "t", Credential: "SWORDFISH"}}}

func (p *phones) Registration(_ context.Context, who ctid.Who, client string) (Registration, error) {
	p.asked = append(p.asked, string(who.Agent)+" "+client)
	if client != "tab" {
		return Registration{}, ctid.Refuse(ctid.SeatTaken, "another desktop has the seat")
	}
	return registration, nil
}

// Only the agent himself, at the desktop that he says he is at, gets what his page registers with; nobody keeps it.
func TestPhone(t *testing.T) {
	cfg, u := config()
	var log bytes.Buffer
	p := &phones{}
	cfg.Phones, cfg.Log = p, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	token, _ := u.NewToken(t.Context(), ctid.Who{User: "ana", Agent: "ana"}, time.Hour)
	boss, _ := u.NewToken(t.Context(), ctid.Who{User: "boss"}, time.Hour)
	ask := func(token, client string) (int, http.Header, []byte) {
		w := do(New(cfg), "GET", "/api/v1/me/phone", "", func(r *http.Request) {
			if token != "" {
				bearer(token)(r)
			}
			if client != "" {
				r.Header.Set("Ctid-Client", client)
			}
		})
		return w.Code, w.Header(), w.Body.Bytes()
	}
	status, head, body := ask(token, "tab")
	var got Registration
	if err := json.Unmarshal(body, &got); err != nil || status != 200 || !reflect.DeepEqual(got, registration) {
		t.Errorf("%d %s: %v", status, body, err)
	}
	if head.Get("Cache-Control") != "no-store" {
		t.Errorf("Cache-Control %q", head.Get("Cache-Control"))
	}
	for _, x := range []struct {
		token, client string
		want          int
	}{{"", "tab", 401}, {token, "", 400}, {token, strings.Repeat("x", 65), 400}, {boss, "tab", 404}, {token, "other", 409}} {
		if status, _, body := ask(x.token, x.client); status != x.want || bytes.Contains(body, []byte("SWORDFISH")) {
			t.Errorf("%q at %q: %d %s, want %d", x.token, x.client, status, body, x.want)
		}
	}
	if want := []string{"ana tab", "ana other"}; !reflect.DeepEqual(p.asked, want) {
		t.Errorf("asked for %q, want %q", p.asked, want)
	}
	cfg.Phones = nil
	if status, _, _ := ask(token, "tab"); status != 404 {
		t.Errorf("without telephones in pages: %d", status)
	}
	if strings.Contains(log.String(), "SWORDFISH") {
		t.Error("a password was logged")
	}
}

// A page may open the SIP websockets that are named, and no others.
func TestPolicyNamesTheSIPSockets(t *testing.T) {
	cfg, _ := config()
	cfg.SIP = []string{"wss://sip.test", "ws://127.0.0.1:8088"}
	csp := do(New(cfg), "GET", "/desk/", "", nil).Header().Get("Content-Security-Policy")
	if !strings.Contains(csp, "connect-src 'self' ws://desk.test wss://sip.test ws://127.0.0.1:8088;") {
		t.Error(csp)
	}
}
