package ivr

import (
	"errors"
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

// fail takes an error up: to the step's own error, the file's on_error, the site's last resort, and last to hanging up
// with an apology. A fault on one level is handled on the next, so it cannot go round.
func (m *Machine) fail(code string) {
	m.x.code, m.x.node = code, m.at.node.name
	m.log(code, "error in "+m.at.node.name)
	limit := strings.HasPrefix(code, "limit.")
	t, own := m.at.exit("error")
	// What the step's own error led to may be the fault: a limit, or a repeat or back with nothing to go to.
	if own && !limit && !strings.HasPrefix(code, "script.") {
		m.goTo(t)
		return
	}
	m.settle()
	if m.gone {
		m.finish()
		return
	}
	if limit {
		m.ran, m.grace = 0, m.grace+200
		m.timers.budget = m.now.Add(5 * time.Minute)
	}
	m.level++
	if m.level == 1 {
		switch {
		case m.s.onError != nil:
			m.enter(m.s.onError)
			return
		case m.s.failed != nil && m.s.failed.kind == toNode:
			m.enter(m.s.failed.node)
			return
		}
		m.level = 2
	}
	if m.level == 2 && m.resort != nil {
		m.emptyBuffer()
		m.enter(m.resort.node)
		return
	}
	m.level = 3
	m.pending = nil
	if p := m.s.apology; p != nil && p.in(m.x.lang) != nil {
		m.sayPrompt(p, m.x.lang, nil)
	}
	m.end("normal", code)
}
