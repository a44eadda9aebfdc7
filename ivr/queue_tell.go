package ivr

import (
	"time"
)

// telling is what a caller is told while he waits, and how often; zero: never.
type telling struct {
	position, wait, every time.Duration
	comfort               []*prompt
	place, next           *prompt // his place; that he is the next
	waits                 waitPrompts
}

// inLine is how far it has come with what a waiting caller is told and asked. Its times are when each is due next; zero: never.
type inLine struct {
	Position time.Time `json:"position,omitzero"`
	Wait     time.Time `json:"wait,omitzero"`
	Comfort  time.Time `json:"comfort,omitzero"`
	Stay     time.Time `json:"stay,omitzero"`
	By       time.Time `json:"by,omitzero"`    // until when he must have said that he stays
	With     bool      `json:"with,omitempty"` // he speaks with an agent, and is told nothing
	saying   string    // the question that is being said: offer, confirm or stay
	asked    string    // the open Standing
	silent   bool      // he has not said that he stays, and Leave is asked
}

const (
	sayingOffer   = "offer"
	sayingConfirm = "confirm"
	sayingStay    = "stay"
)

const (
	everyTime = time.Minute
	// lookAgain is how soon it is tried again to tell a caller something for whom a telephone was ringing.
	lookAgain = 5 * time.Second
	// confirmTime is how long a caller has to say that the number that was read to him is right.
	confirmTime = 10 * time.Second
)

var announceOptions = []option{{"position", "never", false}, {"wait", "never", false}, {"comfort", "", false}, {"every", "60s", false}}

func (l *loader) telling(st *step, v *yval) *telling {
	if v == nil {
		return nil
	}
	o := l.options(&verb{name: "announce", options: announceOptions}, &yval{text: "announce", at: v.at}, v)
	a := &telling{position: o.duration("position", 0), wait: o.duration("wait", 0), every: o.duration("every", everyTime), comfort: o.promptList("comfort")}
	if e := o.get("every"); e != nil && len(a.comfort) == 0 {
		l.errorf(e.at, "IVR004", "every says how often comfort is said, and there is no comfort")
	}
	if len(o.set) == 0 {
		l.errorf(v.at, "IVR004", "announce needs position, wait or comfort, as in {position: 60s}")
	}
	if a.position > 0 {
		a.place, a.next = l.built(promptPosition, st.at), l.built(promptNext, st.at)
	}
	if a.wait > 0 {
		a.waits = l.waitPrompts(st)
	}
	return a
}

// begin sets when each thing is due of what the caller is told, who waits from now on.
func (a *queueStep) begin(m *Machine) {
	ln := &inLine{}
	due := func(every time.Duration) (t time.Time) {
		if every > 0 {
			t = m.now.Add(every)
		}
		return t
	}
	if t := a.tells; t != nil {
		ln.Position, ln.Wait = due(t.position), due(t.wait)
		if len(t.comfort) > 0 {
			ln.Comfort = due(t.every)
		}
	}
	if a.stay != nil {
		ln.Stay = due(a.stay.every)
	}
	m.memo.Line = ln
	a.plan(m)
}

// plan sets the timer to what is due first. While something is said or asked that comes first, and what ends it plans anew.
func (a *queueStep) plan(m *Machine) {
	ln, o := m.memo.Line, m.memo.Offer
	m.timers.tell = time.Time{}
	first := func(ts ...time.Time) {
		for _, t := range ts {
			if !t.IsZero() && (m.timers.tell.IsZero() || t.Before(m.timers.tell)) {
				m.timers.tell = t
			}
		}
	}
	switch {
	case ln == nil || ln.With || ln.asked != "" || ln.silent || m.speaks():
	case o != nil && o.Booking != "":
	case o != nil && o.Asked:
		first(o.By)
	case !ln.By.IsZero():
		first(ln.By)
	default:
		first(ln.Position, ln.Wait, ln.Comfort, ln.Stay)
		if o != nil && !o.Heard {
			first(o.At)
		}
	}
}

// speaks tells whether something is being said, or about to be.
func (m *Machine) speaks() bool { return m.playing != nil || len(m.pending) > 0 }

func (m *Machine) due(t time.Time) bool { return !t.IsZero() && !m.now.Before(t) }

// tell: something is due. Where the caller stands is asked first: for one for whom a telephone rings it is too late.
func (a *queueStep) tell(m *Machine) {
	ln, o := m.memo.Line, m.memo.Offer
	switch {
	case ln == nil || ln.With || m.speaks():
	case o != nil && o.Asked:
		o.Asked = false
		m.log("callback.declined", "nothing was said about the number to call back")
		a.plan(m)
	case !ln.By.IsZero():
		ln.By, ln.silent = time.Time{}, true
		m.log("queue.silent", "the caller did not say that he stays in the queue")
		m.emit(Leave{ID: m.open})
	default:
		ln.asked = m.id()
		m.emit(Standing{ID: ln.asked, Wait: a.tells != nil && m.due(ln.Wait) && !m.due(ln.Stay) && !a.callback.due(m)})
	}
}

// stands: it is known where the caller stands. A question goes before all that he is only told, one at a time.
func (a *queueStep) stands(m *Machine, r Result) {
	ln := m.memo.Line
	ln.asked = ""
	switch {
	case r.Outcome != "waits":
		a.putOff(m)
	case a.callback.due(m):
		if a.callback.make(m) {
			ln.saying = sayingOffer
		}
	case m.due(ln.Stay):
		ln.saying, ln.Stay = sayingStay, time.Time{}
		m.sayEach(a.stay.prompts)
	default:
		a.sayPlace(m, r)
	}
	m.flush()
	a.plan(m)
}

// putOff tries all that is due again in a moment.
func (a *queueStep) putOff(m *Machine) {
	ln, soon := m.memo.Line, m.now.Add(lookAgain)
	for _, t := range []*time.Time{&ln.Position, &ln.Wait, &ln.Comfort, &ln.Stay} {
		if m.due(*t) {
			*t = soon
		}
	}
	if a.callback.due(m) {
		m.memo.Offer.At = soon
	}
}

// sayPlace says what is due of place, wait and comfort, in that order.
func (a *queueStep) sayPlace(m *Machine, r Result) {
	ln, t := m.memo.Line, a.tells
	if t == nil {
		return
	}
	if m.dueAgain(&ln.Position, t.position) {
		if n, _ := r.Value["position"].(float64); n > 1 {
			m.sayWith(t.place, scopeValues{value: n})
		} else if n == 1 {
			m.sayPrompt(t.next, m.x.lang, nil)
		}
	}
	if m.dueAgain(&ln.Wait, t.wait) {
		t.waits.say(m, r)
	}
	if m.dueAgain(&ln.Comfort, t.every) {
		m.sayEach(t.comfort)
	}
}

// dueAgain tells whether t is due, and sets it to the next time at which it will be.
func (m *Machine) dueAgain(t *time.Time, every time.Duration) bool {
	if !m.due(*t) {
		return false
	}
	for !t.After(m.now) {
		*t = t.Add(every)
	}
	return true
}

func (m *Machine) sayEach(ps []*prompt) {
	for _, p := range ps {
		m.sayPrompt(p, m.x.lang, nil)
	}
}

// said: what was to be said has been heard.
func (a *queueStep) said(m *Machine) {
	ln := m.memo.Line
	if ln == nil {
		return
	}
	o, what := m.memo.Offer, ln.saying
	ln.saying = ""
	switch {
	case what == sayingOffer && o != nil:
		o.Heard = true
	case what == sayingConfirm && o != nil && o.Asked:
		o.By = m.now.Add(confirmTime)
	case what == sayingStay:
		ln.By = m.now.Add(a.stay.wait)
	}
	a.plan(m)
}

// joined: an agent speaks with the caller, so nothing is said to him.
func (a *queueStep) joined(m *Machine) {
	m.pending, m.flushing = nil, false
	m.stopPlay()
	if ln := m.memo.Line; ln != nil {
		m.memo.Line = &inLine{With: true}
		a.plan(m)
	}
	if o := m.memo.Offer; o != nil {
		o.Asked = false
	}
}

// waitsAgain: the caller stands in line as he did before, whose agent was lost, or who did so in an earlier run.
func (a *queueStep) waitsAgain(m *Machine) {
	if ln := m.memo.Line; ln != nil && ln.With {
		a.begin(m)
		return
	}
	a.resume(m)
}
