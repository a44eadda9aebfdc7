package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"maps"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ctid"
	"ctid/config"
	"ctid/switchboard"
	"ctid/web"
)

// sipNode remembers the passwords that it was given.
type sipNode struct {
	mu   sync.Mutex
	now  map[string]string
	err  error
	sets int
}

// set changes what it knows, or how it answers.
func (n *sipNode) set(f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f()
}

func (n *sipNode) known() map[string]string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return maps.Clone(n.now)
}

func (n *sipNode) SetPhonePassword(_ context.Context, name, password string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.err == nil {
		n.now[name] = password
		n.sets++
	}
	return n.err
}

func (n *sipNode) DropPhonePassword(_ context.Context, name string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.err == nil {
		delete(n.now, name)
	}
	return n.err
}

// seat is where the agent is logged in.
type seat struct{ agent, client string }

func (s seat) HoldsSeat(_ context.Context, agent ctid.AgentID, client string) bool {
	return s == seat{string(agent), client}
}

// chose is the telephone that ana chose.
type chose string

func (c chose) Status(context.Context) (switchboard.Status, error) {
	return switchboard.Status{AgentList: []ctid.AgentView{{Agent: "ben"}, {Agent: "ana", Phone: string(c)}}}, nil
}

func webPhonesOf(log *bytes.Buffer) (*webPhones, *sipNode) {
	c := &config.Config{Agents: []config.Agent{
		{Name: "ana", Device: config.Device{Kind: "web", Endpoint: "PJSIP/1003"}, Devices: []config.Telephone{
			{Name: "desk", Kind: "phone", Endpoint: "PJSIP/1004"}, {Name: "home", Kind: "web", Endpoint: "PJSIP/1005"}}},
		{Name: "ben", Device: config.Device{Kind: "phone", Endpoint: "PJSIP/1002"}}}}
	c.Asterisk.Nodes = []config.Node{{Name: "pbx", SIPURL: "wss://sip.test:8443/ws"}}
	c.Web.ICE = []config.ICE{{URL: "turn:turn.test", User: "t", Password: config.NewSecret("u")}}
	n := &sipNode{now: map[string]string{}}
	p := newWebPhones(c, nil, seat{"ana", "tab"}, chose(""), slog.New(slog.NewTextHandler(log, nil)))
	p.nodes["pbx"] = n
	return p, n
}

func ana() ctid.Who { return ctid.Who{User: "ana", Agent: "ana"} }

// Each answer has a new password, the only one that Asterisk takes; only the desktop with the seat gets one.
func TestWebPhoneRegistration(t *testing.T) {
	var log bytes.Buffer
	p, n := webPhonesOf(&log)
	first, err := p.Registration(t.Context(), ana(), "tab")
	if err != nil {
		t.Fatal(err)
	}
	want := web.Registration{Kind: "web", URI: "sip:1003@sip.test", Server: "wss://sip.test:8443/ws", User: "1003", Password: n.now["1003"], ExpiresIn: 3600,
		ICE: []web.ICEServer{{URLs: []string{"turn:turn.test"}, Username: "t", Credential: "u"}}}
	if !reflect.DeepEqual(first, want) || len(first.Password) < 20 {
		t.Errorf("%+v, want %+v", first, want)
	}
	again, err := p.Registration(t.Context(), ana(), "tab")
	if err != nil || again.Password == first.Password || n.now["1003"] != again.Password {
		t.Errorf("the second: %v, the same password: %t", err, again.Password == first.Password)
	}
	refused := func(who ctid.Who, client string, code ctid.Code) {
		t.Helper()
		var e *ctid.Error
		if got, err := p.Registration(t.Context(), who, client); !errors.As(err, &e) || e.Code != code || got.Password != "" {
			t.Errorf("%s at %s: %+v, %v; want %s", who.Agent, client, got, err, code)
		}
	}
	refused(ana(), "other", ctid.SeatTaken)
	refused(ctid.Who{Agent: "gone"}, "tab", ctid.NotFound)
	if got, err := p.Registration(t.Context(), ctid.Who{Agent: "ben"}, "desk"); err != nil || !reflect.DeepEqual(got, web.Registration{Kind: "phone"}) {
		t.Errorf("a telephone on the desk: %+v, %v", got, err)
	}
	for name, want := range map[string]web.Registration{"desk": {Kind: "phone"}, "home": {Kind: "web", User: "1005"}, "gone": {Kind: "web", User: "1003"}} {
		p.desk = chose(name)
		if got, err := p.Registration(t.Context(), ana(), "tab"); err != nil || got.Kind != want.Kind || got.User != want.User || got.Password != n.now[got.User] {
			t.Errorf("with %q chosen: %+v, %v", name, got, err)
		}
	}
	if n.sets != 4 || strings.Contains(log.String(), first.Password) || strings.Contains(log.String(), again.Password) {
		t.Errorf("%d passwords were set, log %s", n.sets, log.String())
	}
}

// A password ends after an hour, also one of a run before, and at log-out; what cannot be taken away now is tried again.
func TestWebPhonePasswordsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		p, n := webPhonesOf(&log)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := make(chan struct{})
		go func() { defer close(done); p.run(ctx) }()
		after := func(d time.Duration, want map[string]string) {
			t.Helper()
			<-time.After(d)
			synctest.Wait()
			if got := n.known(); !maps.Equal(got, want) {
				t.Errorf("%v are known, want %v", got, want)
			}
		}
		n.set(func() { n.now["1003"] = "of the run before" })
		after(59*time.Minute+time.Second, map[string]string{"1003": "of the run before"})
		n.set(func() { n.err = errors.New("no answer") })
		after(10*time.Minute, map[string]string{"1003": "of the run before"})
		n.set(func() { n.err = nil })
		after(time.Minute, map[string]string{})
		reg, err := p.Registration(ctx, ana(), "tab")
		if err != nil {
			t.Fatal(err)
		}
		after(59*time.Minute, map[string]string{"1003": reg.Password})
		after(2*time.Minute, map[string]string{})
		if _, err := p.Registration(ctx, ana(), "tab"); err != nil {
			t.Fatal(err)
		}
		p.end(ctx, "ben")
		p.end(ctx, "ana")
		after(0, map[string]string{})
		cancel()
		<-done
	})
}

// The pages may open the SIP sockets of the configuration.
func TestSIPOrigins(t *testing.T) {
	c := &config.Config{}
	c.Asterisk.Nodes = []config.Node{{SIPURL: "wss://a.test/ws"}, {SIPURL: "wss://a.test/other"}, {}, {SIPURL: "ws://127.0.0.1:8088/ws"}}
	if got := sipOrigins(c); !reflect.DeepEqual(got, []string{"wss://a.test", "ws://127.0.0.1:8088"}) {
		t.Error(got)
	}
}
