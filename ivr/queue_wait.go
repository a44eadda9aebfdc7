package ivr

import "time"

// The prompts that a waiting caller is told his place and wait with. A script's own of the name takes the place of ours.
const (
	promptPosition  = "queue_position"
	promptNext      = "queue_next"
	promptWait      = "queue_wait"
	promptWaitSoon  = "queue_wait_soon"
	promptWaitUnder = "queue_wait_under"
	promptWaitOver  = "queue_wait_over"
)

// placeValues are what those prompts may speak of beside what any prompt may; the same for every caller, so that what is made of
// them may be kept.
var placeValues = map[string][]field{
	promptPosition: {{"value", typ{kind: kNumber}}}, promptNext: nil, promptWaitSoon: nil,
	promptWait:      {{"low", typ{kind: kNumber}}, {"high", typ{kind: kNumber}}},
	promptWaitUnder: {{"high", typ{kind: kNumber}}},
	promptWaitOver:  {{"low", typ{kind: kNumber}}},
}

// scopeValues are the values that a prompt, or the check of an answer, speaks of.
type scopeValues struct {
	value     any // of the question, or of the place
	low, high float64
}

// waitPrompts tell a wait: of less than a minute, of less than high, of between low and high minutes, of more than low.
type waitPrompts struct{ soon, under, band, over *prompt }

func (l *loader) waitPrompts(st *step) waitPrompts {
	return waitPrompts{l.built(promptWaitSoon, st.at), l.built(promptWaitUnder, st.at), l.built(promptWait, st.at), l.built(promptWaitOver, st.at)}
}

// told are the minutes that a wait is told in. The longer it is, the less they are meant to the minute.
var told = []int{0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 75, 90, 120}

// minutesTold is the band of minutes in which the wait is told: both ends are rounded away from each other, so what is told holds
// whenever the estimate does. A high of 0 is more than can be told.
func minutesTold(low, high time.Duration) (from, to int) {
	for _, n := range told {
		if time.Duration(n)*time.Minute <= low {
			from = n
		}
	}
	for _, n := range told {
		if n > from && time.Duration(n)*time.Minute >= high {
			return from, n
		}
	}
	return from, 0
}

// say tells the wait, unless the estimate is not proven, or there is nothing to wait for.
func (w waitPrompts) say(m *Machine, r Result) {
	proven, _ := r.Value["proven"].(bool)
	low, _ := r.Value["low"].(float64)
	high, _ := r.Value["high"].(float64)
	if !proven || high <= 0 {
		return
	}
	from, to := minutesTold(secondsOf(low), secondsOf(high))
	v := scopeValues{low: float64(from), high: float64(to)}
	switch {
	case to == 0:
		m.sayWith(w.over, v)
	case to == 1:
		m.sayWith(w.soon, v)
	case from == 0:
		m.sayWith(w.under, v)
	default:
		m.sayWith(w.band, v)
	}
}

func secondsOf(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// sayWith says a prompt that speaks of those values.
func (m *Machine) sayWith(p *prompt, v scopeValues) {
	was := m.x.scopeValues
	m.x.scopeValues = v
	m.sayPrompt(p, m.x.lang, nil)
	m.x.scopeValues = was
}
