package ivr

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// coded is the error's code; one of conversion has none of its own.
func coded(err error) fault {
	var f fault
	if errors.As(err, &f) {
		return f
	}
	return "expr.wrong_type"
}

func (m *Machine) failWith(err error) {
	m.fail(string(coded(err)))
}

// spent are the limits that leave a call no way on but out: the step's own error might only lead round again.
var spent = []string{"limit.steps", "limit.steps_in_call", "limit.questions", "limit.repeat", "limit.time"}

// fail takes an error up: to the step's own error, the file's on_error, the step that called the subscript and the on_error
// of its file, the site's last resort, and last to hanging up with an apology. A fault on one level is handled on the
// next, so it cannot go round.
func (m *Machine) fail(code string) {
	m.x.code, m.x.node = code, m.place()
	m.tally.Errors++
	m.log(code, "error in "+m.place())
	limit := slices.Contains(spent, code)
	// What the step's own error led to may be the fault: a limit, or a repeat or back with nothing to go to.
	own := !limit && !strings.HasPrefix(code, "script.")
	if limit && !m.gone {
		m.ran, m.grace = 0, m.grace+200
		m.timers.budget = m.now.Add(5 * time.Minute)
	}
	for m.level == 0 {
		if t, ok := m.at.exit("error"); ok && own {
			m.via = "error"
			m.goTo(t)
			return
		}
		m.settle()
		if !m.gone && m.handle() {
			return
		}
		if len(m.frames) <= m.floor {
			break
		}
		m.pop()
		own = !limit
	}
	m.settle()
	if m.gone {
		m.finish()
		return
	}
	m.lastly(code)
}

// handle goes to the file's own node for errors, once; a question that was answered since makes it ready again.
func (m *Machine) handle() bool {
	if m.handled {
		return false
	}
	m.handled = true
	switch {
	case m.s.onError != nil:
		m.rose(m.s.onError)
		m.enter(m.s.onError)
	case m.s.failed != nil && m.s.failed.kind == toNode:
		m.rose(m.s.failed.node)
		m.enter(m.s.failed.node)
	default:
		return false
	}
	return true
}

// lastly is what is left when no script can go on.
func (m *Machine) lastly(code string) {
	m.level++
	if m.level == 1 && m.resort != nil {
		m.tally.LastResort = true
		m.emptyBuffer()
		m.rose(m.resort.node)
		m.enter(m.resort.node)
		return
	}
	m.level = 2
	m.pending = nil
	if p := m.s.apology; p != nil && p.in(m.x.lang) != nil {
		m.sayPrompt(p, m.x.lang, nil)
	}
	m.end("normal", code)
}
