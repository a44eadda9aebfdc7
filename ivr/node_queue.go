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
	announce *announcing
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
	a.skills, a.announce, a.callback = l.needs(o.get("skills")), l.announcing(o.get("announce")), loadOffer(l, st, o)
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
}

// entry works out how the caller enters the queue.
func (a *queueStep) entry(m *Machine) (Enqueue, error) {
	e := Enqueue{Priority: -1, AtMost: a.atMost, Music: a.music, Announce: a.announce.announce(m)}
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

// press asks to leave for a key; the desk refuses once an agent has been offered the call.
func (a *queueStep) press(m *Machine, d string) {
	if a.callback != nil && a.callback.press(m, d) {
		return
	}
	for _, c := range a.keys {
		if c.keys == d {
			m.key = d
			m.emit(Leave{ID: m.open})
			return
		}
	}
	m.dropped++
	m.log("key.dropped", "a key that means nothing in the queue was thrown away")
}

func (a *queueStep) answer(m *Machine, r Result) {
	m.handedBack()
	if m.memo.Offer != nil { // what was being said about it is of no use any more
		m.pending = nil
		m.stopPlay()
	}
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
	return true
}

// offer is made when its time has come, and counts once it has been said.
func (a *queueStep) offer(m *Machine) { a.callback.make(m) }

func (a *queueStep) said(m *Machine) {
	if o := m.memo.Offer; o != nil {
		o.Heard = true
	}
}

func (a *queueStep) booked(m *Machine, r Result) {
	if a.callback.booked(m, r) {
		a.answer(m, Result{Outcome: "callback"})
	}
}
