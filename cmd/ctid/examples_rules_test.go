//go:build !nodemo

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// What a server seldom does, each example meets here: a repeat, an event of an old rev, a figure that overtakes, a hole, a
// snapshot that is owed, and a close of each kind. It does what docs/events.md says.
func TestExamplesKeepTheRules(t *testing.T) {
	for name, args := range exampleCommands(t) {
		t.Run(name, func(t *testing.T) {
			s := newScripted(t, []func(*peer){repeatsAndHole, resumedThenDraining, tokenEnded, desyncThenDisplaced})
			c := openConsole(t, append(slices.Clone(args), s.URL, "ana"), "CTID_PASSWORD=secret")
			c.await(`^pop:p_1 updated .*"cu_2"`)
			if c.try("call.reject") {
				t.Error("an offer that is over was rejected")
			}
			for n := range 4 {
				select {
				case err := <-s.done:
					if err != nil {
						t.Fatalf("connection %d: %v\n%s", n+1, err, c.text())
					}
				case <-time.After(20 * time.Second):
					t.Fatalf("connection %d does not end:\n%s", n+1, c.text())
				}
			}
			err := c.wait()
			if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 1 {
				t.Errorf("ended with %v:\n%s", err, c.text())
			}
			if n := s.logins.Load(); n != 2 {
				t.Errorf("it has logged in %d times", n)
			}
			for pattern, times := range map[string]int{
				`(?m)^call:c_1 held can=call\.retrieve$`: 2, `(?m)^call:c_1 parked `: 0, `(?m)^call:c_1 retrieved can=call\.hold$`: 1,
				`(?m)^pop:p_1 inbound: Mei Tan, 020 7946 0018, to Claims line for Claims`: 1, `(?m)^call:c_1 conferenced `: 0,
				`(?m)^closed 4002: back in \d{1,4} ms$`: 1, `(?m)^closed 4100: back in 3[01] ms$`: 1, `(?m)^closed 4200: back in \d{1,4} ms$`: 1,
				`(?m)^(the screen is not|.*is not what the server said)`: 1, `(?m)^ended: closed with 4300: ben has it`: 1,
			} {
				if got := len(regexp.MustCompile(pattern).FindAllString(c.text(), -1)); got != times {
					t.Errorf("%s is there %d times, want %d:\n%s", pattern, got, times, c.text())
				}
			}
		})
	}
}

// scripted is a server that plays what it is told, one part for each websocket.
type scripted struct {
	*httptest.Server
	logins atomic.Int64
	parts  chan func(*peer)
	done   chan error
}

func newScripted(t *testing.T, parts []func(*peer)) *scripted {
	t.Helper()
	s := &scripted{parts: make(chan func(*peer), len(parts)), done: make(chan error, len(parts))}
	for _, p := range parts {
		s.parts <- p
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/login", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"token":"t%d"}`, s.logins.Add(1))
	})
	mux.HandleFunc("POST /api/v1/ws-tickets", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"ticket":"%s","expires_in":30}`, strings.Repeat("A", 43))
	})
	mux.HandleFunc("GET /ws", s.play)
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func (s *scripted) play(w http.ResponseWriter, r *http.Request) {
	up := websocket.Upgrader{Subprotocols: []string{"ctid.v1"}, CheckOrigin: func(*http.Request) bool { return true }}
	ws, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	_ = ws.SetReadDeadline(time.Now().Add(15 * time.Second))
	p := &peer{ws: ws}
	select {
	case part := <-s.parts:
		part(p)
		s.done <- p.err
	default:
		s.done <- errors.New("it came once more")
	}
}

// peer is the server's end of one websocket; its first error ends the part.
type peer struct {
	ws  *websocket.Conn
	err error
}

// say sends frames as they are written.
func (p *peer) say(frames ...string) {
	for _, f := range frames {
		if p.err == nil {
			p.err = p.ws.WriteMessage(websocket.TextMessage, []byte(f))
		}
	}
}

// hear expects the next frame to have these values, by dotted names; null: there is none.
func (p *peer) hear(want map[string]string) {
	if p.err != nil {
		return
	}
	_, b, err := p.ws.ReadMessage()
	if err != nil {
		p.err = fmt.Errorf("in the place of %v: %w", want, err)
		return
	}
	for name, value := range want {
		var v any
		if err := json.Unmarshal(b, &v); err != nil {
			p.err = err
			return
		}
		for part := range strings.SplitSeq(name, ".") {
			o, _ := v.(map[string]any)
			v = o[part]
		}
		if got, _ := json.Marshal(v); string(got) != value {
			p.err = fmt.Errorf("%s is %s, want %s: %s", name, got, value, b)
		}
	}
}

// hangUp says bye and closes.
func (p *peer) hangUp(code int, bye string) {
	p.say(bye)
	_ = p.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(time.Second))
	p.closed(code)
}

// closed expects the other side's close frame.
func (p *peer) closed(code int) {
	for p.err == nil {
		_, _, err := p.ws.ReadMessage()
		var closed *websocket.CloseError
		switch {
		case errors.As(err, &closed) && closed.Code == code:
			return
		case err != nil:
			p.err = fmt.Errorf("closed with %w, want %d", err, code)
		}
	}
}

const (
	fresh = `{"k":"welcome","session":"s_1","epoch":"E1","seq":10,"at":"2026-11-21T09:03:00.000Z","resumed":false,"why":"first","replay":0,"revs":{},` +
		`"who":{"user":"ana","roles":["agent"],"agent":"ana"},"topics":["me"],"limits":{},"timings":{},"ops":[],"codes":{"pause":[],"disposition":{}},"notice":[]}`
	again = `{"k":"welcome","session":"s_2","epoch":"E1","seq":25,"at":"2026-11-21T09:03:00.000Z","resumed":true,"replay":%d,"revs":%s,` +
		`"who":{"user":"ana","roles":["agent"],"agent":"ana"},"topics":["me"],"limits":{},"timings":{},"ops":[],"codes":{"pause":[],"disposition":{}},"notice":[]}`
	thePop = `{"kind":"inbound","offer":"o_1","leg":"l_1","ani":{"e164":"+442079460018","shown":"020 7946 0018","kind":"fixed"},"dnis":{"number":"+448081570123","label":"Claims line"},` +
		`"queue":{"id":"claims","name":"Claims"},"match":{"state":"one","asked":["ani"],"customers":[{"id":"cu_1","name":"Mei Tan"}],"chosen":"cu_1"},"later":{"a":[1]}}`
	event = `{"k":"event","seq":%d,"prev":%d,"at":"2026-11-21T09:03:01.000Z","type":"%s","call":"c_1","agent":"ana","rev":%d,"by":{"kind":"agent"},"can":["%s"],"data":{}}`
)

// repeatsAndHole: in two parts comes the snapshot; of the events after it three are to be shown.
func repeatsAndHole(p *peer) {
	p.hear(map[string]string{"k": `"hello"`, "resume": "null"})
	p.say(fresh,
		`{"k":"snap","topic":"me","as_of":10,"part":1,"last":false,"data":{"agent":{"agent":"ana","rev":3,"state":"talking","can":[],"wrap":null},"calls":[{"call":"c_1","rev":5,"state":"talking","legs":[],"can":["call.hold"]}],"links":[]}}`,
		`{"k":"snap","topic":"me","as_of":10,"part":2,"last":true,"data":{"pops":[{"pop":"p_1","rev":1,"call":"c_1","seen":false,"can":[],"data":`+thePop+`}]}}`)
	p.hear(map[string]string{"k": `"ack"`, "pop": `"p_1"`, "rev": "1", "what": `"shown"`})
	held := fmt.Sprintf(event, 11, 10, "call.held", 6, "call.retrieve")
	p.say(held, held, // a repeat
		fmt.Sprintf(event, 12, 11, "call.parked", 6, "x"), // of a rev that is there already
		`{"k":"event","seq":13,"prev":12,"at":"2026-11-21T09:03:01.000Z","type":"pop.updated","call":"c_1","agent":"ana","pop":"p_1","rev":2,"by":{"kind":"system"},"data":{"why":"chosen","patch":{"match":{"chosen":"cu_2"}}}}`)
	p.hear(map[string]string{"k": `"req"`, "id": `"r1"`, "op": `"call.reject"`, "args.offer": `"o_1"`})
	p.say(`{"k":"res","id":"r1","phase":"started","seq":13}`,
		`{"k":"res","id":"r1","phase":"failed","seq":14,"error":{"code":"offer_over","text":"this offer is over","retry":"never"}}`,
		`{"k":"wink"}`, `{"k":"state","topic":"queue.stats:claims","as_of":50,"at":"2026-11-21T09:11:00.000Z","data":{"waiting":4}}`, // overtakes
		`{"k":"tick","n":7,"seq":20,"at":"2026-11-21T09:11:00.000Z"}`)
	p.hear(map[string]string{"k": `"tock"`, "n": "7", "visible": "true"})
	p.say(fmt.Sprintf(event, 21, 20, "call.retrieved", 7, "call.hold"), fmt.Sprintf(event, 30, 25, "call.conferenced", 9, "x")) // 25 is missing
	p.closed(4002)
}

func resumedThenDraining(p *peer) {
	p.hear(map[string]string{"k": `"hello"`, "resume.epoch": `"E1"`, "resume.seq": "21"})
	p.say(fmt.Sprintf(again, 1, `{"agent:ana":3,"call:c_1":8,"pop:p_1":2}`), fmt.Sprintf(event, 25, 21, "call.held", 8, "call.retrieve"))
	p.hangUp(4100, `{"k":"bye","code":4100,"retry_ms":30,"spread_ms":1,"text":"stopping"}`)
}

func tokenEnded(p *peer) {
	p.hear(map[string]string{"k": `"hello"`, "resume.seq": "25"})
	p.hangUp(4200, `{"k":"bye","code":4200,"text":"the token has ended"}`)
}

func desyncThenDisplaced(p *peer) {
	p.hear(map[string]string{"k": `"hello"`, "resume.seq": "25"})
	p.say(fmt.Sprintf(again, 0, `{"agent:ana":4}`))
	p.hear(map[string]string{"k": `"req"`, "op": `"snapshot"`})
	p.say(`{"k":"session","what":"displaced","by":"desk"}`)
	p.hangUp(4300, `{"k":"bye","code":4300,"text":"ben has it"}`)
}
