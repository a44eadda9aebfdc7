// Command go is an agent's desktop for a terminal: an example of a client of one's own, written by docs/events.md alone. It
// shows who calls and what can be done, and makes the requests that are typed: an op, and its arguments as JSON where
// they do not follow from what is shown. The end of the input ends it. screen.go is what the frames
// add up to, frame.go what they look like, back.go how one comes back.
//
//	$ CTID_PASSWORD=… go run ./examples/go http://127.0.0.1:8443 ana
//	agent.login
//	agent.ready
//	call.hold
//	agent.wrapup_done {"disposition":"order"}
package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

const (
	silence = 45 * time.Second // three ticks: a path that says nothing so long is dead
	lost    = websocket.CloseAbnormalClosure
	over    = websocket.CloseNormalClosure
	hole    = 4002
)

// line is the connection: what outlives one socket.
type line struct {
	base, user, password, token string
	id                          string // one for each installation: a real program keeps it
	ws                          *websocket.Conn
	screen                      screen
	bye                         frame             // what the server said before it closed
	asked                       map[string]string // requests without a final answer: id → op
	tries, n                    int
}

func main() {
	if len(os.Args) != 3 || os.Getenv("CTID_PASSWORD") == "" {
		fmt.Fprintln(os.Stderr, "usage: CTID_PASSWORD=… go run ./examples/go http://host:port user")
		os.Exit(2)
	}
	typed := make(chan string)
	go func() {
		defer close(typed)
		for s := bufio.NewScanner(os.Stdin); s.Scan(); {
			typed <- s.Text()
		}
	}()
	l := &line{base: os.Args[1], user: os.Args[2], password: os.Getenv("CTID_PASSWORD"), id: rand.Text()}
	if err := l.run(context.Background(), typed); err != nil {
		fmt.Fprintln(os.Stderr, "ended:", err)
		os.Exit(1)
	}
	fmt.Println("ended")
}

// run comes back after each close, as its code says. Nil: the person has ended it.
func (l *line) run(ctx context.Context, typed <-chan string) error {
	for {
		code, err := l.session(ctx, typed)
		if err != nil || code == over {
			return err
		}
		for id, op := range l.asked { // none is made again by itself
			fmt.Println(id, op+": not sure, the events will tell")
		}
		l.asked = nil
		wait, again := l.advice(code)
		if !again {
			return fmt.Errorf("closed with %d: %s", code, l.bye.Text)
		}
		fmt.Printf("closed %d: back in %d ms\n", code, wait.Milliseconds())
		if !sleep(wait, typed) {
			return nil
		}
	}
}

// session is the life of one socket. It returns the code of its end; an error ends the program.
func (l *line) session(ctx context.Context, typed <-chan string) (int, error) {
	l.bye = frame{}
	if l.token == "" {
		if gone, err := l.logIn(ctx); gone || err != nil {
			return lost, err
		}
	}
	d := websocket.Dialer{Subprotocols: []string{"ctid.v1"}, HandshakeTimeout: 10 * time.Second}
	ws, _, err := d.DialContext(ctx, "ws"+strings.TrimPrefix(l.base, "http")+"/ws", http.Header{"Authorization": {"Bearer " + l.token}})
	if err != nil {
		return lost, nil // nobody is there: it is tried again
	}
	defer ws.Close()
	l.ws, l.asked = ws, map[string]string{}
	l.send(l.screen.hello(l.id))
	frames, ended, stop := make(chan frame), make(chan int, 1), make(chan struct{})
	defer close(stop)
	go func() { ended <- read(ws, frames, stop) }()
	for {
		select {
		case f := <-frames:
			if l.take(f) != nil {
				return l.close(hole), nil
			}
		case s, more := <-typed:
			if !more {
				return l.close(over), nil
			}
			l.request(s)
		case code := <-ended:
			return cmp.Or(l.bye.Code, code), nil
		}
	}
}

// read hands on the frames of a socket and returns the code of its end.
func read(ws *websocket.Conn, frames chan<- frame, stop <-chan struct{}) int {
	for {
		var f frame
		_ = ws.SetReadDeadline(time.Now().Add(silence))
		if err := ws.ReadJSON(&f); err != nil {
			if said := (*websocket.CloseError)(nil); errors.As(err, &said) {
				return said.Code
			}
			return lost
		}
		select {
		case frames <- f:
		case <-stop:
			return over
		}
	}
}

// take does what a frame asks for. Its error says that an event is missing.
func (l *line) take(f frame) error {
	shown, err := l.screen.take(f)
	for _, p := range shown { // they are on the screen: only now are they acknowledged
		l.send(object{"k": "ack", "pop": p.Pop, "rev": p.Rev, "what": "shown"})
	}
	switch {
	case errors.Is(err, errDesync):
		fmt.Println(err)
		l.request("snapshot")
	case f.K == "welcome":
		l.tries = 0
	case f.K == "tick":
		l.send(object{"k": "tock", "n": f.N, "visible": true, "front": true})
	case f.K == "res": // started says that it is tried; done and failed are final
		fmt.Println(f.ID, l.asked[f.ID]+":", f.Phase, f.Error.Code, f.Error.Text)
		if f.Phase != "started" {
			delete(l.asked, f.ID)
		}
	case f.K == "bye":
		l.bye = f
	}
	if errors.Is(err, errHole) {
		return err
	}
	return nil
}

// request makes the request of a typed line, with a key of its own so that it cannot be done twice.
func (l *line) request(typed string) {
	op, text, _ := strings.Cut(strings.TrimSpace(typed), " ")
	args := object{}
	if err := json.Unmarshal([]byte(text), &args); text != "" && err != nil {
		fmt.Println("the arguments are no JSON object:", err)
		return
	}
	l.n++
	id := fmt.Sprint("r", l.n)
	l.asked[id] = op
	l.send(object{"k": "req", "id": id, "op": op, "args": l.screen.fill(op, args), "idem": l.id + id})
}

// send writes a frame. That nobody is there any more is told by reading.
func (l *line) send(f object) {
	_ = l.ws.SetWriteDeadline(time.Now().Add(5 * time.Second))
	_ = l.ws.WriteJSON(f)
}

func (l *line) close(code int) int {
	_ = l.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(time.Second))
	return code
}
