package ivr

import (
	"time"

	"ctid"
)

// queueStep puts the caller into a queue.
type queueStep struct {
	name     *value
	priority *value // nil: the call's
	attach   []attachment
	atMost   time.Duration
	music    string
	skills   []need
	agent    *value // who alone is to have him first; nil: as the queue says
	alone    time.Duration
	tells    *telling
	stay     *staying
	whisper  []*prompt // to the agent, before he is joined
	callback *queueOffer
	keys     []choice
}

func loadQueue(l *loader, st *step, o *opts) action {
	a := &queueStep{atMost: o.duration("at_most", 15*time.Minute)}
	if v, ok := o.scalar("name"); ok {
		a.name = l.siteName("queue", l.site.Queues, v)
	}
	if v, ok := o.scalar("priority"); ok {
		a.priority = l.value(v, typ{kind: kNumber}, "priority", "shown")
		if a.priority != nil && a.priority.exp == nil {
			l.count("priority", v, [3]int{0, 0, 100})
		}
	}
	if v := o.get("attach"); v != nil {
		a.attach = l.attachments(v)
	}
	if v, ok := o.scalar("music"); ok {
		a.music = v.text
		l.musicClass(v)
	}
	a.skills, a.tells, a.callback = l.needs(o.get("skills")), l.telling(st, o.get("announce")), loadOffer(l, st, o)
	a.stay, a.whisper = l.staying(o), o.promptList("whisper")
	if a.stay != nil && a.callback != nil && a.stay.key == a.callback.key {
		l.errorf(o.get("stay").at, "IVR003", "key %q takes the offer of a call back already", spelled(a.stay.key))
	}
	a.agent, a.alone = o.optText("agent"), o.duration("agent_wait", agentWait)
	if v := o.get("agent_wait"); v != nil && a.agent == nil {
		l.errorf(v.at, "IVR004", "agent_wait says how long agent alone is waited for, and there is no agent")
	}
	for _, p := range o.keys {
		if len(dialled(p.key.text)) != 1 {
			l.errorf(p.key.at, "IVR002", "a key in a queue is a single key, 0 to 9, star or hash, not %q", p.key.text)
			continue
		}
		a.keys = append(a.keys, l.choices([]pair{p}, st)...)
	}
	return a
}

func (a *queueStep) targets() []target {
	var out []target
	for _, c := range a.keys {
		out = append(out, c.to)
	}
	return out
}

// start first lets the caller hear what was said.
func (a *queueStep) start(m *Machine) { m.atRest() }

func (a *queueStep) quiet(m *Machine) {
	m.emptyBuffer()
	e, err := a.entry(m)
	if err == nil {
		err = m.attach(a.attach)
	}
	if err == nil && a.callback != nil {
		err = a.callback.later(m, string(e.Queue))
	}
	if err != nil {
		m.failWith(err)
		return
	}
	e.ID = m.id()
	m.key = ""
	m.handOn(e.ID)
	m.emit(e)
	a.begin(m)
}

// entry works out how the caller enters the queue.
func (a *queueStep) entry(m *Machine) (Enqueue, error) {
	e := Enqueue{Priority: -1, AtMost: a.atMost, Music: a.music, Early: m.answer == "early"}
	ts, err := m.texts(a.name, a.agent)
	if err != nil {
		return e, err
	}
	if e.Queue, e.Prefer = ctid.QueueID(ts[0]), ctid.AgentID(ts[1]); e.Prefer != "" {
		e.PreferWait = a.alone
	}
	if a.priority != nil {
		p, err := a.priority.get(&m.x)
		if err != nil {
			return e, err
		}
		f, _ := p.(float64)
		e.Priority = int(min(100, max(0, f)))
	}
	e.Skills, err = m.needs(a.skills)
	return e, err
}

// Whisper is what an agent is to hear before he is joined with the caller, who waits in a queue; empty: nothing.
func (m *Machine) Whisper() []Part {
	if a, ok := m.at.do.(*queueStep); ok && m.phase == phaseAnswer {
		return m.parts(a.whisper)
	}
	return nil
}

// press asks to leave for a key; the desk refuses once an agent has been offered the call.
func (a *queueStep) press(m *Machine, d string) {
	if a.stays(m, d) || a.callback != nil && a.callback.press(m, d) {
		a.plan(m)
		return
	}
	for _, c := range a.keys {
		if c.keys == d {
			m.key = d
			m.emit(Leave{ID: m.open, Key: d})
			return
		}
	}
	m.dropped++
	m.log("key.dropped", "a key that means nothing in the queue was thrown away")
}

func (a *queueStep) answer(m *Machine, r Result) {
	m.handedBack()
	m.pending = nil // what was being said to who waits is of no use any more
	m.stopPlay()
	key := m.key
	m.key = ""
	if r.Outcome == "key" {
		for _, c := range a.keys {
			if c.keys == key {
				m.mark(spelled(key))
				m.goTo(c.to)
				return
			}
		}
		r.Outcome = "timeout"
	}
	if key != "" {
		m.dropped++
		m.log("key.dropped", "a key came when an agent had already been offered the call")
	}
	m.leave(r.Outcome)
}

func lastResort(name string) *step {
	n := &node{name: "last_resort"}
	vb := &verb{name: "queue", outcomes: []outcome{{"answered", "hangup", false}}}
	n.steps = []*step{{node: n, verb: vb, do: &queueStep{name: &value{konst: name}, atMost: 15 * time.Minute},
		exits: []exit{{"answered", target{kind: toHangup}}}}}
	return n.steps[0]
}

// resume: the caller keeps his place.
func (a *queueStep) resume(m *Machine) bool {
	if a.callback != nil {
		a.callback.resume(m)
	}
	switch ln := m.memo.Line; {
	case ln == nil:
		a.begin(m)
	case a.stay != nil && !ln.With && ln.Stay.IsZero(): // he was being asked, and is asked again
		ln.By, ln.Stay = time.Time{}, m.now
	}
	a.plan(m)
	return true
}

func (a *queueStep) booked(m *Machine, r Result) {
	if a.callback.booked(m, r) {
		a.answer(m, Result{Outcome: "callback"})
		return
	}
	a.plan(m)
}
