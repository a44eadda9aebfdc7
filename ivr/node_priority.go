package ivr

import (
	"math"
	"strconv"
	"strings"
)

// priorityStep sets the call's priority, or moves it.
type priorityStep struct {
	to *value // nil: by
	by int
}

func loadPriority(l *loader, _ *step, o *opts) action {
	a := &priorityStep{}
	v, ok := o.scalar("to")
	if !ok {
		return a
	}
	if strings.HasPrefix(v.text, "+") || strings.HasPrefix(v.text, "-") {
		n, err := strconv.Atoi(v.text)
		if err != nil || n < -100 || n > 100 {
			l.errorf(v.at, "IVR004", "priority wants 0 to 100, or a step such as +10 or -10, not %s", v.what())
		}
		a.by = n
		return a
	}
	if a.to = l.value(v, typ{kind: kNumber}, "priority", "shown"); a.to != nil && a.to.exp == nil {
		l.count("priority", v, [3]int{0, 0, 100})
	}
	return a
}

func (a *priorityStep) start(m *Machine) {
	n := float64(m.x.priority + a.by)
	if a.to != nil {
		v, err := a.to.get(&m.x)
		if err != nil {
			m.failWith(err)
			return
		}
		n, _ = v.(float64)
	}
	m.x.priority = int(math.Min(100, math.Max(0, n)))
	m.emit(SetPriority{Priority: m.x.priority})
	m.leave("done")
}
