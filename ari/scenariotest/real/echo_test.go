package real

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"ctid/ari"
	"ctid/pbxtest/phonetest"
)

// Asterisk sends the event that a node asks it for: else the node would take its quiet socket for a deaf one.
func TestAQuietSocketEchoes(t *testing.T) {
	cfg := (&realSite{t: t, phones: map[string]*phonetest.Phone{}}).Config()
	cfg.Phones, cfg.Timeouts.Ping = time.Hour, 200*time.Millisecond
	var echoes atomic.Int64
	cfg.Observe = func(op string, status int, _ time.Duration) {
		if op == "echo" && status == 204 {
			echoes.Add(1)
		}
	}
	node, err := ari.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = node.Run(ctx) // its end is ctx's
	}()
	for m := range node.Events() {
		if m.Kind != ari.KindUp && m.Kind != ari.KindPhones {
			t.Errorf("told %v %v", m.Kind, m.Err)
		}
	}
	<-ended
	if n := echoes.Load(); n < 10 {
		t.Errorf("asked %d times in 4 s, each 0.2 s", n)
	}
}
