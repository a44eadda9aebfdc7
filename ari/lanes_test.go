package ari

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func taken(t *testing.T, l *lanes) *lane {
	t.Helper()
	x, err := l.take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// What a burst has opened is taken in turns, so that all of it stays warm; what rested too long is not taken while another did not.
func TestLanesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLanes(nil)
		burst := []*lane{taken(t, l), taken(t, l), taken(t, l)}
		for _, x := range burst {
			l.give(x)
			time.Sleep(time.Second)
		}
		for i := range 6 {
			x := taken(t, l)
			if x != burst[i%3] {
				t.Fatalf("request %d takes another lane", i)
			}
			l.give(x)
			time.Sleep(time.Second)
		}
		time.Sleep(laneRest - 2*time.Second) // now only the last of the three is fresh
		if x := taken(t, l); x != burst[2] {
			t.Error("a lane that rested too long is taken before one that did not")
		}
	})
}

// Who finds all lanes in use waits for one a moment, and then goes beside them; his deadline ends that.
func TestLanesAllInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLanes(nil)
		var all []*lane
		for range laneCount {
			all = append(all, taken(t, l))
		}
		began := time.Now()
		if x := taken(t, l); x != l.extra || time.Since(began) != lanePatience {
			t.Errorf("beside full lanes it takes another after %v: %v", time.Since(began), x == l.extra)
		}
		l.give(l.extra)
		go l.give(all[3])
		if x := taken(t, l); x != all[3] {
			t.Error("the lane that was given back is not taken by the one who waits")
		}
		ctx, cancel := context.WithTimeout(t.Context(), lanePatience/2)
		defer cancel()
		if _, err := l.take(ctx); err == nil {
			t.Error("it waits longer than its request may")
		}
	})
}

// A burst of four opens four connections; a hundred requests after it open none, and all end with close.
func TestLanesKeepTheirConnections(t *testing.T) {
	together := make(chan struct{})
	closed := make(chan struct{}, 200)
	var burst, open atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if burst.Add(1) == 4 {
			close(together)
		}
		<-together
	}))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed:
			open.Add(-1)
			closed <- struct{}{}
		}
	}
	srv.Start()
	defer srv.Close()
	l := newLanes(fewAtOnce((&net.Dialer{}).DialContext))
	ask := func() {
		x := taken(t, l)
		defer l.give(x)
		resp, err := x.client.Get(srv.URL)
		if err != nil {
			t.Error(err)
			return
		}
		defer resp.Body.Close()
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Error(err)
		}
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(ask)
	}
	all.Wait()
	for range 100 {
		ask()
	}
	if n := open.Load(); n != 4 {
		t.Errorf("%d connections are open, not 4", n)
	}
	l.close()
	for limit := time.After(5 * time.Second); open.Load() > 0; {
		select {
		case <-closed:
		case <-limit:
			t.Fatalf("%d connections are left", open.Load())
		}
	}
}
