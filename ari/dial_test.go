package ari

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Connections wait for their turn until those before them have been answered, are closed, or are no longer new.
func TestFewConnectionsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var far []net.Conn
		dials := atomic.Int32{}
		dial := fewAtOnce(func(context.Context, string, string) (net.Conn, error) {
			dials.Add(1)
			here, there := net.Pipe()
			far = append(far, there)
			return here, nil
		})
		var conns []net.Conn
		for range newAtOnce {
			c, err := dial(t.Context(), "tcp", "x")
			if err != nil {
				t.Fatal(err)
			}
			conns = append(conns, c)
		}
		began := time.Now()
		next := func() time.Duration {
			c, err := dial(t.Context(), "tcp", "x")
			if err != nil {
				t.Fatal(err)
			}
			conns = append(conns, c)
			return time.Since(began)
		}
		go func() { _, _ = far[0].Write([]byte("x")) }()
		if _, err := conns[0].Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		if took := next(); took != 0 {
			t.Errorf("after an answer the next one came after %v", took)
		}
		if err := conns[1].Close(); err != nil {
			t.Fatal(err)
		}
		if took := next(); took != 0 {
			t.Errorf("after an end the next one came after %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), newFor/2)
		defer cancel()
		if _, err := dial(ctx, "tcp", "x"); err == nil {
			t.Errorf("%d connections were new at once", dials.Load())
		}
		if took := next(); took != newFor {
			t.Errorf("without an answer the next one came after %v, not %v", took, newFor)
		}
		for _, c := range append(conns, far...) {
			_ = c.Close()
		}
	})
}
