package ivr

import (
	"strings"
	"time"
)

// press takes one key.
func (m *Machine) press(d string) {
	if len(d) != 1 || !strings.Contains("0123456789*#ABCD", d) || m.gone || m.ending != nil {
		m.dropped++
		return
	}
	if m.endKey != "" {
		needless := d == m.endKey && m.now.Before(m.endTill)
		m.endKey = ""
		if needless {
			return
		}
	}
	if m.playing != nil && m.playing.barge.mode == "false" {
		m.dropped++
		m.log("key.dropped", "a key pressed while a prompt had to be heard was thrown away")
		return
	}
	if p, ok := m.at.do.(pressed); ok && m.phase == phaseAnswer {
		p.press(m, d)
		return
	}
	if len(m.buf) >= maxKeys {
		m.dropped++
		m.log("key.dropped", "more than 32 keys were typed ahead; this one was thrown away")
		return
	}
	m.buf = append(m.buf, d)
	m.hush()
	// A prompt that must be heard has begun meanwhile and taken the key, or stands between: the question must wait.
	if m.phase == phaseAsk && len(m.buf) > 0 && !m.legalAhead() {
		m.asking.Stage = stageBetween
		m.drain()
	}
}

// answered takes the answer to an open step; one with a spent id is dropped.
func (m *Machine) answered(in DoneStep) {
	switch {
	case in.ID != "" && m.playing != nil && in.ID == m.playing.id:
		m.played(in.Result)
	case in.ID != "" && in.ID == m.picked:
		m.picked = ""
		if in.Result.Outcome == "error" { // the hang-up that follows says the rest
			m.log("answer.failed", "the call could not be answered: "+in.Result.Code)
		}
	case in.ID != "" && in.ID == m.ear.id:
		m.unheardOf(in.Result)
	case in.ID != "" && m.memo.Offer != nil && in.ID == m.memo.Offer.Booking:
		m.at.do.(tells).booked(m, in.Result)
	case in.ID != "" && m.memo.Line != nil && in.ID == m.memo.Line.asked:
		m.at.do.(tells).stands(m, in.Result)
	case in.ID != "" && in.ID == m.open && m.phase == phaseAnswer:
		m.open = ""
		m.timers.answer, m.timers.flush, m.timers.hold = time.Time{}, time.Time{}, time.Time{}
		m.result(in.Result)
	default:
		m.dropped++
	}
}

func (m *Machine) result(r Result) {
	m.tookAnswer(r)
	m.x.outcome = r.Outcome
	if r.Outcome == "error" {
		m.x.code, m.x.node = r.Code, m.place()
		if r.Code == "" {
			m.x.code = m.at.verb.name + ".failed"
		}
	}
	m.at.do.(answered).answer(m, r)
}

// expect waits for the DoneStep of the id, no longer than within; zero is as long as it takes.
func (m *Machine) expect(id string, within time.Duration) {
	m.phase, m.open = phaseAnswer, id
	if within > 0 {
		m.timers.answer = m.now.Add(within)
	}
}

// Deadline is when Next wants a Tick; zero is never.
func (m *Machine) Deadline() time.Time {
	var least time.Time
	for _, t := range []time.Time{m.timers.ask, m.timers.stop, m.timers.flush, m.timers.hold, m.timers.tell, m.timers.answer, m.timers.budget, m.timers.after} {
		if !t.IsZero() && (least.IsZero() || t.Before(least)) {
			least = t
		}
	}
	return least
}

// tick lets every timer act that is due, the gravest first.
func (m *Machine) tick() {
	due := func(t *time.Time) bool {
		if t.IsZero() || m.now.Before(*t) {
			return false
		}
		*t = time.Time{}
		return true
	}
	if due(&m.timers.after) {
		m.log("limit.time", "on_hangup took more than 10 seconds")
		m.floor = 0
		m.finish()
		return
	}
	if due(&m.timers.budget) && m.ending == nil && !m.gone {
		m.fail("limit.time")
		return
	}
	if due(&m.timers.stop) {
		m.stopPlay()
		m.pump()
	}
	if due(&m.timers.flush) {
		m.flush()
	}
	if due(&m.timers.hold) {
		if h, ok := m.at.do.(interface{ held(*Machine) }); ok {
			h.held(m)
		}
	}
	if due(&m.timers.tell) {
		if t, ok := m.inQueue(); ok {
			t.tell(m)
		}
	}
	if due(&m.timers.answer) && m.phase == phaseAnswer {
		m.open = ""
		if w, ok := m.at.do.(timed); ok {
			w.elapsed(m)
		} else {
			m.result(Result{Outcome: "error", Code: m.at.verb.name + ".timeout"})
		}
	}
	if due(&m.timers.ask) && m.phase == phaseAsk {
		m.askTimer()
	}
}

// mask tells the world when keys become secret, and when they no longer are.
func (m *Machine) mask() {
	on := !m.over && !m.gone && m.at != nil && m.maskAhead()
	if on != m.masking {
		m.masking = on
		m.emitFirst(Mask{On: on}, on)
	}
}

// emitFirst puts a step before all others of this input, or, if not first, behind them but before the end.
func (m *Machine) emitFirst(s Step, first bool) {
	if first {
		m.did(s)
		m.out = append([]Step{s}, m.out...)
		return
	}
	if n := len(m.out); n > 0 && m.over {
		m.did(s)
		m.out = append(m.out[:n-1], s, m.out[n-1])
		return
	}
	m.emit(s)
}
