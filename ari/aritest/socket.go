package aritest

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// session is one event socket. Its queue has no limit, as Asterisk's kernel buffer is not what is tested here.
type session struct {
	conn  *websocket.Conn
	mu    sync.Mutex
	queue [][]byte
	stuck chan struct{} // closed when the socket is frozen
	wake  chan struct{}
	gone  chan struct{}
	once  sync.Once
}

func (c *session) send(frame []byte) {
	c.mu.Lock()
	c.queue = append(c.queue, frame)
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// open gives the session its connection; false, and the connection closed, when the session was closed meanwhile.
func (c *session) open(conn *websocket.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn = conn
	select {
	case <-c.gone:
		_ = conn.Close()
		return false
	default:
		return true
	}
}

func (c *session) close() {
	c.once.Do(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		close(c.gone)
		if c.conn != nil {
			_ = c.conn.Close()
		}
	})
}

// write sends what is queued until the socket is gone.
func (c *session) write() {
	defer c.close()
	for {
		select {
		case <-c.stuck:
			<-c.gone
			return
		default:
		}
		c.mu.Lock()
		batch := c.queue
		c.queue = nil
		c.mu.Unlock()
		for _, frame := range batch {
			if c.conn.WriteMessage(websocket.TextMessage, frame) != nil {
				return
			}
		}
		if len(batch) > 0 {
			continue
		}
		select {
		case <-c.wake:
		case <-c.gone:
			return
		}
	}
}

// events serves GET /ari/events: it takes the applications over and reads (for pings and the end) until it is over.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	names := strings.Split(r.URL.Query().Get("app"), ",")
	if names[0] == "" {
		writeReply(w, fail(http.StatusBadRequest, "HTTP request is missing param: [app]"))
		return
	}
	if !websocket.IsWebSocketUpgrade(r) {
		writeReply(w, fail(http.StatusUpgradeRequired, "Upgrade Required"))
		return
	}
	c := &session{wake: make(chan struct{}, 1), gone: make(chan struct{}), stuck: make(chan struct{})}
	// The applications are there before the handshake is answered, so that who has the answer can set their filters.
	s.do(func() {
		for _, name := range names {
			s.takeOver(name, c)
		}
	})
	defer s.do(func() { s.socketGone(c) })
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	if !c.open(conn) {
		return
	}
	var writer sync.WaitGroup
	defer writer.Wait()
	writer.Go(c.write)
	defer c.close()
	ping := conn.PingHandler()
	conn.SetPingHandler(func(data string) error {
		select {
		case <-c.stuck:
			return nil
		default:
			return ping(data)
		}
	})
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			break
		}
	}
}

// app is a Stasis application.
type app struct {
	name       string
	socket     *session // nil when no program is connected
	subs       map[string]bool
	allowed    map[string]bool
	disallowed map[string]bool
}

func (s *Server) app(name string) *app {
	a := s.apps[name]
	if a == nil {
		a = &app{name: name, subs: map[string]bool{}}
		s.apps[name] = a
	}
	return a
}

func (s *Server) takeOver(name string, c *session) {
	a := s.app(name)
	if a.socket != nil {
		s.emit(a, "ApplicationReplaced", nil, "")
	}
	a.socket = c
}

// socketGone forgets the socket, and as Asterisk 22 does the application too when it has no channel left.
func (s *Server) socketGone(c *session) {
	for name, a := range s.apps {
		if a.socket != c {
			continue
		}
		a.socket = nil
		if !s.owns(name) {
			delete(s.apps, name)
		}
	}
}

func (s *Server) owns(app string) bool {
	for _, ch := range s.channels {
		if ch.app == app && ch.inStasis {
			return true
		}
	}
	return false
}

func (a *app) cut() {
	if a.socket != nil {
		a.socket.close()
	}
}

// CutSocket breaks the connection of an application as a network failure would.
func (s *Server) CutSocket(name string) {
	s.do(func() {
		if a := s.apps[name]; a != nil && a.socket != nil {
			a.socket.close()
			s.socketGone(a.socket)
		}
	})
}

// Freeze lets the present socket of an application stand still: no event and no pong comes any more.
func (s *Server) Freeze(name string) {
	s.do(func() {
		if a := s.apps[name]; a != nil && a.socket != nil {
			close(a.socket.stuck)
		}
	})
}

// Deafen takes an application from its socket, which stays open, as the late end of an older socket does.
func (s *Server) Deafen(name string) {
	s.do(func() {
		a := s.app(name)
		a.socket = nil
		if len(a.subs) == 0 && !s.owns(name) {
			delete(s.apps, name)
		}
	})
}

// ReplaceApp takes an application away from its program as another ctid would.
func (s *Server) ReplaceApp(name string) {
	s.do(func() {
		a := s.app(name)
		s.emit(a, "ApplicationReplaced", nil, "")
		a.socket = nil
	})
}

// SendFrame sends raw bytes to an application's socket, whatever they are.
func (s *Server) SendFrame(name string, frame []byte) {
	s.do(func() {
		if a := s.apps[name]; a != nil && a.socket != nil {
			a.socket.send(frame)
		}
	})
}

// Connected says whether a program is connected under that name.
func (s *Server) Connected(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.apps[name]
	return a != nil && a.socket != nil
}

// now is the time as Asterisk writes it.
func now() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000-0700") }
