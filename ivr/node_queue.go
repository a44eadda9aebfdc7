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
	prefer   *value // the agent who is to have him first; nil: as the queue says
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
	if v, ok := o.scalar("prefer"); ok {
		a.prefer = l.value(v, typ{kind: kText}, "prefer", "shown")
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
func (a *queueStep) start(m *Machine) {
	m.emptyBuffer()
	m.phase = phaseQuiet
	m.flush()
}

func (a *queueStep) quiet(m *Machine) {
	m.emptyBuffer()
	e := Enqueue{Priority: -1, AtMost: a.atMost, Music: a.music}
	v, err := a.name.get(&m.x)
	if err == nil && a.priority != nil {
		var p any
		if p, err = a.priority.get(&m.x); err == nil {
			f, _ := p.(float64)
			e.Priority = int(min(100, max(0, f)))
		}
	}
	if err == nil && a.prefer != nil {
		var p any
		p, err = a.prefer.get(&m.x)
		e.Prefer = ctid.AgentID(textOf(p))
	}
	if err == nil {
		err = m.attach(a.attach)
	}
	if err != nil {
		m.failWith(err)
		return
	}
	m.pickUp()
	e.ID, e.Queue = m.id(), ctid.QueueID(textOf(v))
	m.key = ""
	m.left, m.timers.budget = m.timers.budget.Sub(m.now), time.Time{}
	m.expect(e.ID, 0)
	m.emit(e)
}

// press asks to leave for a key; the desk refuses once an agent has been offered the call.
func (a *queueStep) press(m *Machine, d string) {
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
	m.timers.budget = m.now.Add(m.left)
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
func (a *queueStep) resume(*Machine) bool { return true }
