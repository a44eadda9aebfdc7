package ari_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ctid/ari"
	"ctid/ari/aritest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Over TCP, with real time: one socket, pooled requests, and nothing left behind.
func TestOverTCP(t *testing.T) {
	fake := aritest.New(aritest.Options{})
	defer fake.Close()
	var conns atomic.Int32
	srv := httptest.NewUnstartedServer(fake)
	srv.Config.ConnState = countNew(&conns)
	srv.Start()
	defer srv.Close()
	var logged strings.Builder
	cfg := fake.Config()
	cfg.Dial, cfg.URL = nil, srv.URL+"/ari"
	cfg.Log = slog.New(slog.NewTextHandler(&logged, nil))
	node, err := ari.New(cfg)
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	done := make(chan error, 1)
	go func() { done <- node.Run(ctx) }()
	if m := <-node.Events(); m.Kind != ari.KindUp {
		t.Fatalf("first told: %+v", m)
	}
	for i := range 50 { // a 404's body must be read to its end too, or each request opens a connection
		if err := node.Answer(ctx, fmt.Sprint("none", i)); !ari.IsNotFound(err) {
			t.Fatal(err)
		}
	}
	if m := <-node.Events(); m.Kind != ari.KindPhones {
		t.Fatalf("then told: %+v", m)
	}
	c := fake.Call(aritest.Caller{DNIS: "8001"})
	if m := <-node.Events(); m.Event.Subject().Channel != c.ID() {
		t.Errorf("told %+v", m)
	}
	cancel()
	<-done
	if _, open := <-node.Events(); open {
		t.Error("Events is still open")
	}
	srv.Close()
	if conns.Load() > 3 {
		t.Errorf("%d connections for one socket and some requests in a row", conns.Load())
	}
	for _, text := range []string{logged.String(), fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg)} {
		if strings.Contains(text, "secret") {
			t.Errorf("the password is shown: %s", text)
		}
	}
}

func TestConfigSaysWhatIsWrong(t *testing.T) {
	for url, say := range map[string]string{
		"": "http://host:8088", "ftp://h": "http://host:8088", "http://u:hunter2@h:8088": "do not belong", "u:hunter2@h": "http://host:8088",
	} {
		_, err := ari.New(ari.Config{Name: "a", User: "u", URL: url})
		if err == nil || !strings.Contains(err.Error(), say) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func countNew(n *atomic.Int32) func(net.Conn, http.ConnState) {
	return func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			n.Add(1)
		}
	}
}
