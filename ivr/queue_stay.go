package ivr

import (
	"slices"
	"time"
)

// staying is the question whether a caller goes on waiting. Who says nothing leaves the queue.
type staying struct {
	prompts []*prompt
	every   time.Duration
	wait    time.Duration
	key     string
}

var stayOptions = []option{{"prompt", "", true}, {"every", "5m", false}, {"wait", "10s", false}, {"key", "1", false}}

func (l *loader) staying(o *opts) *staying {
	v := o.get("stay")
	if v == nil {
		return nil
	}
	c := l.options(&verb{name: "stay", short: "prompt", options: stayOptions}, &yval{text: "stay", at: v.at}, v)
	a := &staying{prompts: c.promptList("prompt"), every: c.duration("every", 5*time.Minute), wait: c.duration("wait", 10*time.Second), key: "1"}
	if k, ok := c.scalar("key"); ok {
		a.key = l.ownKey(k, o)
	}
	if a.every <= 0 || a.wait <= 0 {
		l.errorf(v.at, "IVR004", "every and wait of stay want times of more than 0s")
	}
	return a
}

// ownKey reads a single key that stands beside the keys of the queue.
func (l *loader) ownKey(v *yval, o *opts) string {
	key := dialled(v.text)
	if len(key) != 1 || !phoneKey.MatchString(v.text) {
		l.errorf(v.at, "IVR004", "key wants a single key, 0 to 9, star or hash, not %s", v.what())
	}
	for _, p := range o.keys {
		if dialled(p.key.text) == key {
			l.errorf(v.at, "IVR003", "%q is already defined at line %d", v.text, p.key.at.line)
		}
	}
	return key
}

// queueOutcomes: only who is asked whether he stays can be silent about it.
func queueOutcomes(l *loader, v *yval) []outcome {
	all := l.verb("queue").outcomes
	if v.get("stay") != nil {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(o outcome) bool { return o.name == "no_input" })
}

// stays takes the key that says that the caller goes on waiting; it tells whether it was.
func (a *queueStep) stays(m *Machine, d string) bool {
	ln := m.memo.Line
	if a.stay == nil || ln == nil || d != a.stay.key || ln.saying != sayingStay && ln.By.IsZero() {
		return false
	}
	ln.saying, ln.By, ln.Stay = "", time.Time{}, m.now.Add(a.stay.every)
	m.pending = nil
	m.stopPlay()
	a.plan(m)
	return true
}
