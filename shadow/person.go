package shadow

import (
	"slices"
	"time"

	"ctid"
)

// duty is whether a member would be given calls, as far as he and his supervisors have a say.
type duty int

// Duties.
const (
	off duty = iota
	paused
	on
)

// person is a member, whatever queues he is in.
type person struct {
	name  string // as app_queue calls him
	agent ctid.AgentID
	seats map[string]*seat // by queue, of those that are known
	state Device
	calls int   // that he answered
	talks *call // whom he talks to
}

// seat is a member's place in a queue.
type seat struct{ there, paused, routed bool }

// duty is what his places come to: in ctid an agent is ready for all his queues at once.
func (p *person) duty() duty {
	d := off
	for _, s := range p.seats {
		switch {
		case !s.routed || !s.there:
		case s.paused:
			d = max(d, paused)
		default:
			return on
		}
	}
	return d
}

// shift is what a member did in one stretch.
type shift struct {
	person  *person
	duties  []turn[duty]
	states  []turn[Device]
	engaged []Span // with calls that are given to ctid's distributor too: his phone rang, or he talked
	alien   []Span // with other calls of queues, and with those that began before
	rings   []ringing
}

// turn is a change.
type turn[T comparable] struct {
	at time.Time
	to T
}

// change notes a change, if it is one.
func change[T comparable](list []turn[T], at time.Time, to T) []turn[T] {
	if n := len(list); n > 0 && list[n-1].to == to {
		return list
	}
	return append(list, turn[T]{at, to})
}

// ringing is a time during which a member's phone rang.
type ringing struct {
	Span
	end ringEnd
}

type ringEnd int

// What ended a ringing.
const (
	rangInVain ringEnd = iota
	pickedUp
	cutShort // the caller went, or somebody else answered
)

// busy notes that he had to do with a call.
func (s *shift) busy(c *call, span Span) {
	if c.route == "" || c.alien {
		s.alien = append(s.alien, span)
		return
	}
	s.engaged = append(s.engaged, span)
}

// elsewhere are the times when a member could not be rung: his phone was busy with what no queue of ctid's gives him, or he had calls
// of other queues, or his phone was not there. The state of a phone is told a little before and after what a queue says of a call, so
// short rests are none.
func (s *shift) elsewhere(until time.Time) []Span {
	busy := append(s.in(DeviceBusy, until), s.alien...)
	engaged := make([]Span, len(s.engaged))
	for i, e := range s.engaged {
		engaged[i] = Span{e.From.Add(-stateSlack), e.To.Add(stateSlack)}
	}
	rest := without(merged(busy), merged(engaged))
	rest = slices.DeleteFunc(rest, func(x Span) bool { return x.To.Sub(x.From) < stateSlack })
	return merged(append(rest, s.in(DeviceAway, until)...))
}

// in are the times when his phone was in a state.
func (s *shift) in(state Device, until time.Time) (out []Span) {
	for i, t := range s.states {
		if t.to != state {
			continue
		}
		end := until
		if i+1 < len(s.states) {
			end = s.states[i+1].at
		}
		out = append(out, Span{t.at, end})
	}
	return out
}

// stateSlack is how much earlier or later than the queue the phone's state may be told.
const stateSlack = 2 * time.Second

// absence is a time when he was not there, though he was not paused.
type absence struct {
	Span
	rang time.Duration // how long his phone rang in vain, at most
}

// leftBefore is how long before the first ring in vain a member counts as gone, if nothing was seen of him since: ctid may ring him
// a little earlier than app_queue did.
const leftBefore = 10 * time.Second

// away are the times from the first of several rings in vain, one after the other, to the last.
func (s *shift) away() []absence {
	rings := slices.Clone(s.rings)
	slices.SortStableFunc(rings, func(a, b ringing) int { return a.From.Compare(b.From) })
	var out []absence
	var seen time.Time
	absent := false
	for _, r := range rings {
		lasted := r.To.Sub(r.From)
		switch {
		case r.end == rangInVain && absent:
			x := &out[len(out)-1]
			x.To, x.rang = later(x.To, r.To), max(x.rang, lasted)
		case r.end == rangInVain:
			out, absent = append(out, absence{Span{later(seen, r.From.Add(-leftBefore)), r.To}, lasted}), true
		case r.end == pickedUp:
			absent = false
		}
		seen = r.To
	}
	return out
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// merged puts spans in order and joins those that touch.
func merged(list []Span) []Span {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b Span) int { return a.From.Compare(b.From) })
	var out []Span
	for _, s := range list {
		if n := len(out); n > 0 && !s.From.After(out[n-1].To) {
			out[n-1].To = later(out[n-1].To, s.To)
			continue
		}
		out = append(out, s)
	}
	return out
}

// without is what is left of a where b is taken away. Both are merged.
func without(a, b []Span) []Span {
	var out []Span
	for _, s := range a {
		for len(b) > 0 && !b[0].To.After(s.From) {
			b = b[1:]
		}
		for _, x := range b {
			if !x.From.Before(s.To) {
				break
			}
			if x.From.After(s.From) {
				out = append(out, Span{s.From, x.From})
			}
			s.From = later(s.From, x.To)
		}
		if s.From.Before(s.To) {
			out = append(out, s)
		}
	}
	return out
}
