package switchboard

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/ari/aritest"
)

// cell is a line of testdata/races/matrix.txt, which says what its columns mean.
type cell struct {
	name, script, steps                     string
	end, outcome, exit, offers, pop, agents string
}

func cells(t *testing.T) []cell {
	t.Helper()
	text, err := os.ReadFile("../testdata/races/matrix.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []cell
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		f := strings.Split(line, "|")
		if len(f) != 9 {
			t.Fatalf("%d columns: %s", len(f), line)
		}
		for i := range f {
			f[i] = strings.TrimSpace(f[i])
		}
		all = append(all, cell{f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8]})
	}
	return all
}

// Whoever hangs up, and whenever: the record says so once, no pop stays, the agent is free or at his paperwork, and
// nothing is left.
func TestHangupMatrix(t *testing.T) {
	scripts := map[string]string{"menu": menu, "straight": straight, "all": ringAll}
	for _, x := range cells(t) {
		t.Run(x.name, func(t *testing.T) {
			inCentre(t, scripts[x.script], func(t *testing.T, c *centre) {
				m := &matrixRun{c: c, phone: c.pbx.Phone("1001", aritest.Behaviour{Do: aritest.Ignore}), desk: make(chan struct{})}
				c.pbx.Phone("1002", aritest.AnswerAfter(2*time.Second))
				c.ready("ana")
				for step := range strings.FieldsSeq(x.steps) {
					m.step(t, step)
				}
				c.settle(500 * time.Millisecond)
				c.wantState("ana", x.agents)
				m.want("pops closed", x.pop, c.popsClosed())
				r := c.clean(1)[0]
				c.queueLogAgrees([]*ctid.CallRecord{r})
				m.want("end", x.end, string(r.End.Side)+"/"+r.End.Reason)
				m.want("outcome", x.outcome, r.Outcome)
				m.want("queue exits", x.exit, words(r.Queues, func(v ctid.QueueVisit) string { return string(v.Exit) }))
				m.want("offers", x.offers, words(r.Offers, func(o ctid.OfferRecord) string { return string(o.End) }))
				if got := c.kinds("call.cleared"); len(got) != 1 {
					t.Errorf("told %d ends", len(got))
				}
				if made, closed := c.kinds("pop.offered"), c.kinds("pop.closed"); len(made) != len(closed) {
					t.Errorf("%d pops, %d of them closed", len(made), len(closed))
				}
			})
		})
	}
}

// matrixRun is one line being run.
type matrixRun struct {
	c      *centre
	phone  *aritest.Phone
	caller *aritest.Caller
	desk   chan struct{} // lets the desk go
}

func (m *matrixRun) step(t *testing.T, name string) {
	t.Helper()
	c := m.c
	if d, err := time.ParseDuration(name); err == nil {
		c.settle(d)
		return
	}
	steps := map[string]func(){
		"call":       func() { m.caller = c.pbx.Call(caller) },
		"press":      func() { m.caller.Press("1") },
		"gone":       func() { m.caller.Hangup() },
		"answer":     m.phone.Answer,
		"reject":     m.phone.Hangup,
		"drop":       m.phone.Hangup,
		"unregister": m.phone.Unregister,
		"register":   m.phone.Register,
		"pause":      func() { c.must("ana", ctid.AgentPause{Reason: "break"}) },
		"ready":      func() { c.wish("ana", ctid.AgentReady{}) },
		"ben":        func() { c.ready("ben") },
		"desktop":    func() { c.wish("ana", ctid.CallHangup{Call: c.lastCall()}) },
		"stop":       func() { gate := m.desk; c.sb.desk.post(func(time.Time) { <-gate }) },
		"go":         func() { c.settle(0); close(m.desk); m.desk = make(chan struct{}) },
		"swap":       func() { c.pbx.FaultEvents(aritest.EventFault{Type: "StasisStart", Times: 1, Swap: true}) },
		"slow-music": func() { c.pbx.Fault(aritest.Fault{Match: "/moh", Times: 1, Late: 200 * time.Millisecond}) },
		"slow-join":  func() { c.pbx.Fault(aritest.Fault{Match: "/addChannel", Times: 1, Late: 200 * time.Millisecond}) },
		"no-join":    func() { c.pbx.Fault(aritest.Fault{Match: "/addChannel", Times: 1, Status: 500}) },
	}
	do, known := steps[name]
	if !known {
		t.Fatalf("unknown step %q", name)
	}
	do()
}

// want compares words; none are written as a dash.
func (m *matrixRun) want(what, want, got string) {
	m.c.t.Helper()
	if got == "" {
		got = "-"
	}
	if want != got {
		m.c.t.Errorf("%s: %s, want %s", what, got, want)
	}
}

func words[T any](list []T, word func(T) string) string {
	var all []string
	for _, x := range list {
		all = append(all, word(x))
	}
	return strings.Join(all, " ")
}

// wish sends a request of an agent without waiting for its answer.
func (c *centre) wish(agent ctid.AgentID, a ctid.Action) {
	c.sb.Do(c.t.Context(), ctid.Who{User: string(agent), Agent: agent, Session: "s", Req: "r"}, a, func(ctid.Reply) {})
}

// popsClosed are the reasons why pops were closed so far, in order.
func (c *centre) popsClosed() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []string
	for _, e := range c.events {
		if p, ok := e.Body.(ctid.PopClosed); ok {
			all = append(all, p.Why)
		}
	}
	return strings.Join(slices.Compact(all), " ")
}
