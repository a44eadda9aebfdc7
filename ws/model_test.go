package ws_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"

	"ctid"
	"ctid/ws"
	"ctid/ws/wsclient"
)

// desktop is a model of a page: it folds what it gets and must end where the hub is.
type desktop struct {
	agent ctid.AgentID
	c     *wsclient.Client
	revs  map[string]uint64
	got   map[uint64]int // seq → times applied
}

// modelRun is one random history of a hub and its desktops.
type modelRun struct {
	*rig
	rnd     *rand.Rand
	epoch   int
	desks   []*desktop
	rev     map[string]uint64
	calls   []ctid.CallID
	on      map[ctid.CallID]ctid.AgentID
	resumes int
	snaps   int
	pubBy   map[ctid.AgentID][]uint64 // what each agent was to get in this epoch
}

func (m *modelRun) config(c *ws.Config) {
	c.Epoch = fmt.Sprint("E", m.epoch)
	c.Ring.Events = 5 + m.rnd.IntN(60)
	c.Limits.ReplayEvents = 5 + m.rnd.IntN(60)
	c.Limits.SnapPartBytes = 500
}

// connect brings a desktop (back) in, by its position if it has one.
func (m *modelRun) connect(d *desktop) {
	pos := wsclient.Position{}
	if d.c != nil {
		pos = d.c.Pos()
	}
	d.c = m.dial(string(d.agent), func(c *wsclient.Config) {
		if pos.Epoch != "" {
			c.Resume = &pos
		}
	})
}

// read applies what has come.
func (m *modelRun) read(d *desktop) {
	for _, f := range drain(d.c) {
		switch {
		case f.K == "welcome" && f.Resumed:
			m.resumes++
		case f.K == "welcome":
			m.snaps++
			d.revs, d.got = map[string]uint64{}, map[uint64]int{}
		case f.K == "snap":
			d.snap(m.t, f)
		case f.K == "event" && !f.Repeat:
			d.got[f.Seq]++
			d.apply(f)
		}
	}
	if err := d.c.Err(); err != nil {
		m.t.Fatalf("%s: %v", d.agent, err)
	}
}

func (d *desktop) snap(t *testing.T, f wsclient.Frame) {
	s := decode[struct {
		Agent *struct{ Rev uint64 }
		Calls []struct {
			Call string
			Rev  uint64
		}
		Pops []struct {
			Pop string
			Rev uint64
		}
	}](t, f.Data)
	if s.Agent != nil && s.Agent.Rev > 0 {
		d.revs["agent:"+string(d.agent)] = s.Agent.Rev
	}
	for _, c := range s.Calls {
		d.revs["call:"+c.Call] = c.Rev
	}
	for _, p := range s.Pops {
		d.revs["pop:"+p.Pop] = p.Rev
	}
}

func (d *desktop) apply(f wsclient.Frame) {
	var data struct {
		From  ctid.AgentID `json:"from_agent"`
		Agent ctid.AgentID `json:"agent"`
	}
	_ = json.Unmarshal(f.Data, &data)
	switch f.Type {
	case "agent.state_changed":
		d.revs["agent:"+f.Agent] = f.Rev
	case "pop.offered", "pop.updated":
		d.revs["pop:"+f.Pop] = f.Rev
	case "pop.closed":
		delete(d.revs, "pop:"+f.Pop)
	case "call.cleared":
		delete(d.revs, "call:"+f.Call)
	default:
		if data.From == d.agent || f.Type == "call.party_left" && data.Agent == d.agent {
			delete(d.revs, "call:"+f.Call)
			return
		}
		d.revs["call:"+f.Call] = f.Rev
	}
}

// step publishes a random event for a random agent.
func (m *modelRun) step() {
	agent := []ctid.AgentID{"ana", "ben"}[m.rnd.IntN(2)]
	e := ctid.Event{Agent: agent, Agents: []ctid.AgentID{agent}}
	next := func(name string) uint64 { m.rev[name]++; return m.rev[name] }
	switch n := m.rnd.IntN(6); {
	case n == 0 || len(m.calls) == 0:
		e.Call = ctid.CallID(fmt.Sprint("c_", len(m.rev)))
		m.calls, m.on[e.Call] = append(m.calls, e.Call), agent
		e.Pop, e.Rev = ctid.PopID("p_"+e.Call), next("pop:p_"+string(e.Call))
		e.Body = ctid.PopOffered{}
	case n == 1:
		e.Rev, e.Body = next("agent:"+string(agent)), ctid.AgentStateChanged{AgentView: ctid.AgentView{Agent: agent, State: ctid.Ready}}
	default:
		e.Call = m.calls[m.rnd.IntN(len(m.calls))]
		e.Agent = m.on[e.Call]
		e.Agents = []ctid.AgentID{e.Agent}
		e.Rev = next("call:" + string(e.Call))
		e.Body = m.callBody(&e, n)
	}
	m.pubBy[e.Agents[0]] = append(m.pubBy[e.Agents[0]], m.publish(e))
}

func (m *modelRun) callBody(e *ctid.Event, n int) ctid.Body {
	switch n {
	case 2:
		return ctid.CallEstablished{Talk: "main"}
	case 3:
		return ctid.CallDataChanged{DataRev: int(e.Rev)}
	case 4:
		e.Pop, e.Rev = ctid.PopID("p_"+e.Call), m.rev["pop:p_"+string(e.Call)]+1
		m.rev["pop:p_"+string(e.Call)]++
		if m.rnd.IntN(2) == 0 && m.popOpen(e.Pop) {
			return ctid.PopUpdated{Why: "late_match"}
		}
		m.rev["closed:"+string(e.Pop)] = 1
		return ctid.PopClosed{Why: "done"}
	}
	m.calls = slices.DeleteFunc(m.calls, func(c ctid.CallID) bool { return c == e.Call })
	if m.rnd.IntN(2) == 0 {
		return ctid.CallDiverted{FromAgent: e.Agent, Why: "no_answer"}
	}
	return ctid.CallCleared{}
}

func (m *modelRun) popOpen(p ctid.PopID) bool { return m.rev["closed:"+string(p)] == 0 }

// restart ends the daemon and starts another, in a new epoch; it knows nothing of before.
func (m *modelRun) restart() {
	m.stop()
	m.epoch++
	seq := m.seq
	m.rig = newRig(m.t, m.config)
	m.seq = seq + 1000
	m.calls, m.pubBy = nil, map[ctid.AgentID][]uint64{}
	for _, d := range m.desks {
		d.c.Cut()
		drain(d.c)
		m.connect(d)
	}
}

// settle lets everything arrive, reconnects each desktop once more and compares it with the hub's own revs: no loss, no
// double, no false hole.
func (m *modelRun) settle() {
	for _, d := range m.desks {
		m.read(d)
		for seq, n := range d.got {
			if n != 1 {
				m.t.Errorf("%s applied event %d %d times", d.agent, seq, n)
			}
		}
		fresh := m.dial(string(d.agent), nil)
		fs := drain(fresh)
		fresh.Cut()
		if !maps.Equal(d.revs, fs[0].Revs) {
			m.t.Errorf("%s knows %v, the hub says %v", d.agent, d.revs, fs[0].Revs)
		}
	}
}

// Cuts, restarts, short rings and slow returns, at random: what a desktop knows is what the hub says, every time.
func TestModel(t *testing.T) {
	resumes, snaps := 0, 0
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) {
			m := &modelRun{rnd: rand.New(rand.NewPCG(seed, 1)), epoch: 1, rev: map[string]uint64{}, on: map[ctid.CallID]ctid.AgentID{}, pubBy: map[ctid.AgentID][]uint64{}}
			m.rig = newRig(t, m.config)
			for _, a := range []ctid.AgentID{"ana", "ana", "ben"} {
				d := &desktop{agent: a, revs: map[string]uint64{}, got: map[uint64]int{}}
				m.desks = append(m.desks, d)
				m.connect(d)
			}
			m.run(60)
			resumes, snaps = resumes+m.resumes, snaps+m.snaps
			for _, d := range m.desks {
				d.c.Cut()
			}
			m.stop()
		})
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if resumes < 500 || snaps < 500 {
		t.Errorf("only %d resumes and %d snapshots were tried", resumes, snaps)
	}
	t.Logf("%d resumes, %d snapshots", resumes, snaps)
}

func (m *modelRun) run(steps int) {
	for range steps {
		switch d := m.desks[m.rnd.IntN(len(m.desks))]; m.rnd.IntN(20) {
		case 0, 1:
			m.read(d)
			d.c.Cut()
			for range m.rnd.IntN(40) {
				m.step()
			}
			m.connect(d)
		case 2:
			d.c.Cut() // with frames under way: they were not applied, so they are not below its position
			for _, f := range drain(d.c) {
				m.applyLate(d, f)
			}
			m.connect(d)
		case 3:
			if m.rnd.IntN(6) == 0 {
				for _, d := range m.desks {
					m.read(d)
				}
				m.restart()
			}
		default:
			m.step()
		}
	}
	m.settle()
}

// applyLate applies what the client had taken before its cut.
func (m *modelRun) applyLate(d *desktop, f wsclient.Frame) {
	switch {
	case f.K == "welcome" && !f.Resumed:
		d.revs, d.got = map[string]uint64{}, map[uint64]int{}
	case f.K == "snap":
		d.snap(m.t, f)
	case f.K == "event" && !f.Repeat:
		d.got[f.Seq]++
		d.apply(f)
	}
}
