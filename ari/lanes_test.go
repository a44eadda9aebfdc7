package ari

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
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
			x.conn, _ = net.Pipe()
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
		x := taken(t, l)
		if !x.beside || time.Since(began) != lanePatience {
			t.Errorf("beside full lanes it takes another after %v: %v", time.Since(began), x.beside)
		}
		l.give(x)
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

// A lane whose connection has rested too long is closed before Asterisk does it, whether or not there is another request.
func TestLanesAreClosedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLanes(nil)
		old, young := taken(t, l), taken(t, l)
		var far net.Conn
		for _, x := range []*lane{old, young} {
			x.conn, far = net.Pipe()
		}
		l.give(old)
		time.Sleep(laneIdle / 2)
		l.give(young)
		time.Sleep(laneIdle/2 + time.Second)
		synctest.Wait()
		if len(l.rested) != 1 || len(l.cold) != laneCount-1 {
			t.Errorf("after %v of rest %d lanes rest and %d are cold", laneIdle, len(l.rested), len(l.cold))
		}
		time.Sleep(laneIdle / 2)
		synctest.Wait()
		if len(l.rested) > 0 || len(l.cold) != laneCount {
			t.Errorf("in the end %d lanes rest and %d are cold", len(l.rested), len(l.cold))
		}
		if _, err := far.Read(make([]byte, 1)); err == nil {
			t.Error("the connection of the last is open")
		}
	})
}

// server answers as h does, and tells how many connections are open.
func server(t *testing.T, h http.HandlerFunc) (p *peer, s *httptest.Server, open *atomic.Int32, closed chan struct{}) {
	open, closed = new(atomic.Int32), make(chan struct{}, 200)
	s = httptest.NewUnstartedServer(h)
	s.Config.ConnState = func(_ net.Conn, st http.ConnState) {
		switch st {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed:
			open.Add(-1)
			closed <- struct{}{}
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	base, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return peerOf(fewAtOnce((&net.Dialer{}).DialContext), base, "ctid", "secret"), s, open, closed
}

// A burst of four opens four connections; a hundred requests after it open none, and all end with close.
func TestLanesKeepTheirConnections(t *testing.T) {
	together := make(chan struct{})
	var burst atomic.Int32
	p, _, open, closed := server(t, func(http.ResponseWriter, *http.Request) {
		if burst.Add(1) == 4 {
			close(together)
		}
		<-together
	})
	l := newLanes(p)
	ask := func() {
		x := taken(t, l)
		defer l.give(x)
		if status, _, err := x.ask(t.Context(), "GET", "/", nil); err != nil || status != http.StatusOK {
			t.Error(status, err)
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

// What is asked arrives as it was meant, and what is answered is read whole; a connection that the other side closed while it rested is
// not asked again.
func TestLaneAsks(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	p, s, open, closed := server(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusConflict)
		if _, err := io.WriteString(w, strings.Join([]string{r.Method, r.RequestURI, user, password, r.Header.Get("Content-Type"), string(body), long}, "|")); err != nil {
			t.Error(err)
		}
	})
	x := &lane{peer: p}
	defer x.hangUp()
	for range 2 {
		status, got, err := x.ask(t.Context(), "POST", "/ari/channels/a%2Fb?app=x", []byte(`{"a":1}`))
		if want := "POST|/ari/channels/a%2Fb?app=x|ctid|secret|application/json|{\"a\":1}|" + long; err != nil || status != http.StatusConflict || string(got) != want {
			t.Errorf("it is answered %d %.80s, %v", status, got, err)
		}
		s.CloseClientConnections()
		<-closed
	}
	if n := open.Load(); n != 0 {
		t.Errorf("%d connections are open", n)
	}
}

// Who may wait no longer gets his context's error, and the connection, whose answer may still come, is not used again.
func TestLaneGivesUp(t *testing.T) {
	asked, held := make(chan struct{}), make(chan struct{})
	p, _, _, closed := server(t, func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
		<-held
	})
	x := &lane{peer: p}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	if _, _, err := x.ask(ctx, "GET", "/", nil); !errors.Is(err, context.Canceled) || x.conn != nil {
		t.Errorf("cancelled: %v, connected: %v", err, x.conn != nil)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	go func() { <-asked }()
	if _, _, err := x.ask(ctx, "GET", "/", nil); !errors.Is(err, context.DeadlineExceeded) || x.conn != nil {
		t.Errorf("too late: %v, connected: %v", err, x.conn != nil)
	}
	close(held)
	<-closed
	<-closed
}

// An answer that is none is an error, not a wait.
func TestLaneReadsRubbish(t *testing.T) {
	for _, said := range []string{"", "rubbish\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "HTTP/1.1 abc\r\n\r\n"} {
		here, there := net.Pipe()
		go func() {
			b := make([]byte, 1000)
			_, _ = there.Read(b)
			_, _ = io.WriteString(there, said)
			_ = there.Close()
		}()
		x := &lane{peer: &peer{head: "Host: a\r\n", addr: "a:1", dial: func(context.Context, string, string) (net.Conn, error) { return here, nil }}}
		if status, got, err := x.ask(t.Context(), "GET", "/", nil); err == nil || x.conn != nil {
			t.Errorf("%q is read as %d %q", said, status, got)
		}
	}
}
