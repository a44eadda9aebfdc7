package aritest

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"ctid/ari"
)

// Options shape a Server. The zero value is a good Asterisk 22.
type Options struct {
	Version  string // what /asterisk/info says; "22.10.1"
	User     string // "ctid"
	Password string // "secret"
	ReadOnly bool   // the user may only read: 403 on everything else
	Prefix   string // of channel ids that Asterisk makes; "pbx"
	// MediaLength says how long a media URI plays: negative for ever, ok false for a file that is not there. nil means
	// DefaultMediaLength.
	MediaLength func(uri string) (d time.Duration, ok bool)
}

// Server is the Asterisk. Its methods may be called from any goroutine.
type Server struct {
	opt  Options
	mux  *http.ServeMux
	http *http.Server
	pipe *pipeListener

	serving  sync.WaitGroup // the HTTP server over pipes
	handlers sync.WaitGroup // requests and sockets being served

	mu          sync.Mutex
	closed      chan struct{}
	done        bool
	changed     chan struct{} // closed and made anew at each change
	timers      map[*timer]struct{}
	next        int // number of the next channel
	apps        map[string]*app
	channels    map[string]*channel
	order       []string // channel ids in the order of their creation
	bridges     map[string]*bridge
	playbacks   map[string]*playback
	live        map[string]*recording
	letGo       map[string]time.Time // when a recording that has ended is no longer told of as running
	stored      map[string][]byte    // the files of recordings, by name
	phones      map[string]*Phone
	phoneOrder  []string
	outsiders   map[string]*Phone // by number
	onCall      func(Dialled) Behaviour
	carrierDown bool
	devices     map[string]string
	hops        map[string]Hop
	faults      []*Fault
	eventFault  []*EventFault
	held        []heldEvent
	requests    []Request
}

// New makes a server that already answers on Dial and as an http.Handler. Close it.
func New(opt Options) *Server {
	def := func(p *string, v string) {
		if *p == "" {
			*p = v
		}
	}
	def(&opt.Version, "22.10.1")
	def(&opt.User, "ctid")
	def(&opt.Password, "secret")
	def(&opt.Prefix, "pbx")
	if opt.MediaLength == nil {
		opt.MediaLength = DefaultMediaLength
	}
	s := &Server{
		opt: opt, pipe: newPipeListener(), closed: make(chan struct{}), changed: make(chan struct{}),
		timers: map[*timer]struct{}{}, apps: map[string]*app{}, channels: map[string]*channel{},
		bridges: map[string]*bridge{}, playbacks: map[string]*playback{}, live: map[string]*recording{}, letGo: map[string]time.Time{}, stored: map[string][]byte{},
		phones: map[string]*Phone{}, outsiders: map[string]*Phone{}, devices: map[string]string{}, hops: map[string]Hop{},
	}
	s.mux = s.routes()
	s.http = &http.Server{Handler: s, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	s.serving.Go(func() { _ = s.http.Serve(s.pipe) })
	return s
}

// Close ends all sockets, requests and timers and waits for them.
func (s *Server) Close() {
	s.mu.Lock()
	if !s.done {
		s.done = true
		close(s.closed)
		for t := range s.timers {
			t.t.Stop()
		}
		for _, a := range s.apps {
			a.cut()
		}
	}
	s.mu.Unlock()
	_ = s.http.Close()
	s.serving.Wait()
	s.handlers.Wait()
}

// Dial connects to the server over a pipe, whatever the address: for ari.Config.Dial.
func (s *Server) Dial(ctx context.Context, _, _ string) (net.Conn, error) { return s.pipe.dial(ctx) }

// Config is what an ari.Node needs to reach the server over pipes.
func (s *Server) Config() ari.Config {
	return ari.Config{
		Name: "fake", URL: "http://asterisk.test:8088", User: s.opt.User, Password: ari.Password(s.opt.Password), Dial: s.Dial,
	}
}

// timer is a time.AfterFunc that Close stops.
type timer struct{ t *time.Timer }

// after calls f with the lock held, unless stopped or closed before.
func (s *Server) after(d time.Duration, f func()) *timer {
	t := &timer{}
	s.timers[t] = struct{}{}
	t.t = time.AfterFunc(d, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, live := s.timers[t]; live && !s.done {
			delete(s.timers, t)
			f()
			s.touch()
		}
	})
	return t
}

// stop is for a timer that may be nil.
func (s *Server) stop(t *timer) {
	if t != nil {
		t.t.Stop()
		delete(s.timers, t)
	}
}

// touch wakes Until. The lock is held.
func (s *Server) touch() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Until waits for cond, which is asked again after each change in the server; it may use all methods of the package.
// The error is the context's.
func (s *Server) Until(ctx context.Context, cond func() bool) error {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if cond() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// do runs f under the lock and wakes Until.
func (s *Server) do(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done {
		return
	}
	f()
	s.touch()
}
