package systemtest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"ctid"
	"ctid/pbxtest/phonetest"
	"ctid/store"
)

// How the scene of callbacks is judged: from what the telephones saw, and from the log.

// told is a callback as the log tells of it.
type told struct {
	id       ctid.CallbackID
	number   string
	first    string
	attempts []string // the results of those that came to nothing
	closed   []ctid.CallbackClosed
}

// callbacks reads them from the log, in the order of their booking.
func (s *backScene) callbacks() (list []*told) {
	s.r.T.Helper()
	ctx := context.WithoutCancel(s.r.T.Context())
	st := s.r.Store()
	defer st.Close(ctx) //nolint:errcheck // read only
	rows, err := st.ReadLog(ctx, store.LogQuery{Kinds: []string{"callback."}, Limit: 100_000})
	if err != nil {
		s.r.T.Fatal(err)
	}
	byID := map[ctid.CallbackID]*told{}
	for _, row := range rows {
		var b struct {
			Callback ctid.CallbackID
			To       ctid.Target
			First    string
			Result   string
			Why      string
			Attempts int
		}
		if err := json.Unmarshal(row.Body, &b); err != nil {
			s.r.T.Fatal(err)
		}
		c := byID[b.Callback]
		switch {
		case row.Kind == "callback.scheduled":
			c = &told{id: b.Callback, number: string(b.To.E164), first: b.First}
			byID[b.Callback] = c
			list = append(list, c)
		case c == nil:
			s.r.T.Errorf("%s of %s, which was never booked", row.Kind, b.Callback)
		case row.Kind == "callback.attempted":
			c.attempts = append(c.attempts, b.Result)
		case row.Kind == "callback.closed":
			c.closed = append(c.closed, ctid.CallbackClosed{Callback: b.Callback, Why: b.Why, Attempts: b.Attempts})
		}
	}
	return list
}

// booked are those that are not closed, and, as "not booked", the numbers of those who took the offer and have no callback.
func (s *backScene) booked() (open []string) {
	has := map[string]bool{}
	for _, c := range s.callbacks() {
		has[c.number] = true
		if len(c.closed) == 0 {
			open = append(open, fmt.Sprintf("%+v", *c))
		}
	}
	for _, c := range s.callers {
		if c.takes && !has[c.number] {
			open = append(open, "not booked: "+c.number)
		}
	}
	return open
}

// dialsTo are the calls to a number outside, in their order.
func (s *backScene) dialsTo(number string) (out []*phonetest.Dialog) {
	for _, d := range s.line.Calls() {
		if d.To == number {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b *phonetest.Dialog) int { return a.Times().Invited.Compare(b.Times().Invited) })
	return out
}

// oneDialEach holds that no telephone outside had two calls at once, and that only those were called who had asked for it.
func (s *backScene) oneDialEach() {
	s.r.T.Helper()
	total := 0
	for _, c := range s.callers {
		dials := s.dialsTo(c.number)
		total += len(dials)
		if !c.takes && len(dials) > 0 {
			s.r.T.Errorf("%s was called back and has not asked for it", c.number)
		}
		for i := 1; i < len(dials); i++ {
			before, at := dials[i-1].Times(), dials[i].Times().Invited
			if before.Ended.IsZero() || at.Before(before.Ended) {
				s.r.T.Errorf("%s was dialled at %s, when the dial of %s was on, which ended at %s", c.number, at.Format("15:04:05.000"),
					before.Invited.Format("15:04:05.000"), before.Ended.Format("15:04:05.000"))
			}
		}
	}
	s.r.T.Logf("%d dials to telephones outside, never two to one at once", total)
}

// turn is when it was a caller's turn: an agent's telephone rang for him, or his own, where it is rung first.
func (s *backScene) turn(c *backCaller) time.Time {
	var first time.Time
	see := func(at time.Time) {
		if first.IsZero() || at.Before(first) {
			first = at
		}
	}
	for _, p := range s.phones {
		for _, d := range p.Calls() {
			if d.From == c.number {
				see(d.Times().Invited)
			}
		}
	}
	if c.ahead {
		for _, d := range s.dialsTo(c.number) {
			see(d.Times().Invited)
		}
	}
	return first
}

// order holds that everybody from the first on had his turn in the order of his coming, whether he stayed or was called back.
func (s *backScene) order(first int) {
	s.r.T.Helper()
	for i, a := range s.callers[first:] {
		at := s.turn(a)
		if at.IsZero() {
			s.r.T.Errorf("%s, number %d, never had his turn", a.number, a.place)
			continue
		}
		for _, b := range s.callers[first+i+1:] {
			if other := s.turn(b); !other.IsZero() && at.After(other.Add(slack)) {
				s.r.T.Errorf("number %d had his turn %v after number %d", a.place, at.Sub(other), b.place)
			}
		}
	}
}

// again holds that who was not to be had was called again after the pause, in front of all who had come later and still waited.
func (s *backScene) again() {
	s.r.T.Helper()
	passed := 0
	for _, c := range s.callers {
		dials := s.dialsTo(c.number)
		if c.status == 0 || len(dials) != 2 {
			continue
		}
		due, at := dials[0].Times().Ended.Add(sceneGap), dials[1].Times().Invited
		if at.Before(due.Add(-slack)) {
			s.r.T.Errorf("%s was called again %v after he was not to be had", c.number, at.Sub(dials[0].Times().Ended))
		}
		for _, b := range s.callers[c.place+1:] {
			turn := s.turn(b)
			if turn.After(due.Add(slack)) && turn.Before(at.Add(-2*time.Second)) { // an agent who has the callback takes a moment until he dials
				s.r.T.Errorf("number %d was due, and number %d had his turn in front of him", c.place, b.place)
			}
			if turn.After(at) {
				passed++
			}
		}
	}
	if passed == 0 {
		s.r.T.Error("nobody waited any more when the second attempts were made")
	}
}

// attempts holds what the log says of each callback.
func (s *backScene) attempts() {
	s.r.T.Helper()
	result := map[int]string{486: "busy", 480: "unreachable", 603: "rejected"}
	firsts := map[string]int{}
	for _, cb := range s.callbacks() {
		c := s.callerOf(cb.number)
		var want []string
		if c.status > 0 {
			want = []string{result[c.status]}
		}
		firsts[cb.first]++
		if !slices.Equal(cb.attempts, want) || len(cb.closed) != 1 || cb.closed[0].Why != "talked" || cb.closed[0].Attempts != len(want)+1 || len(s.dialsTo(c.number)) != len(want)+1 {
			s.r.T.Errorf("of %s the log says %+v after %d dials, want %v and talked", c.number, *cb, len(s.dialsTo(c.number)), want)
		}
	}
	if firsts["agent"] != 3 || firsts["customer"] != 3 {
		s.r.T.Errorf("first were rung: %v", firsts)
	}
}

// reached holds that each callback was closed once, and that everybody who took the offer has heard an agent.
func (s *backScene) reached() {
	s.r.T.Helper()
	list, cut := s.callbacks(), 0
	for _, cb := range list {
		dials := s.dialsTo(cb.number)
		if len(cb.closed) != 1 || cb.closed[0].Why != "talked" || len(dials) == 0 || dials[len(dials)-1].Times().Answered.IsZero() {
			s.r.T.Errorf("of %s the log says %+v after %d dials", cb.number, *cb, len(dials))
			continue
		}
		cut += len(dials) - cb.closed[0].Attempts
	}
	s.r.T.Logf("%d callers, %d callbacks, each closed once and for a talk; %d dials were cut off by a kill and made again", len(s.callers), len(list), cut)
}
