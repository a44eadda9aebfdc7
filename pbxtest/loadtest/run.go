package loadtest

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Offer places calls at a steady rate for so long, whatever becomes of them; when more than Config.Most are in, it ends
// with an error.
func (l *Load) Offer(ctx context.Context, rate float64, d time.Duration) error {
	return l.steadily(ctx, rate, d, func(since time.Duration) error {
		if n := l.Open(); n > l.cfg.Most {
			return fmt.Errorf("%d callers are in after %s at %.1f calls/s: the PBX or this machine does not follow", n, since.Round(time.Second), rate)
		}
		l.Call()
		return nil
	})
}

// OfferUpTo is Offer to a line that is no longer than that: who would come while so many are in does not.
func (l *Load) OfferUpTo(ctx context.Context, callers int, rate float64, d time.Duration) error {
	return l.steadily(ctx, rate, d, func(time.Duration) error {
		if l.Open() < callers {
			l.Call()
		}
		return nil
	})
}

// steadily does something at a steady rate, and catches up where it was late.
func (l *Load) steadily(ctx context.Context, rate float64, d time.Duration, do func(since time.Duration) error) error {
	began := time.Now()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for n := 0; ; {
		since := time.Since(began)
		if since >= d {
			return nil
		}
		for ; float64(n) <= since.Seconds()*rate; n++ {
			if err := do(since); err != nil {
				return err
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Play lets callers come when each does, in the order of the list, whatever becomes of them.
func (l *Load) Play(ctx context.Context, callers []Caller) error {
	began := time.Now()
	for _, c := range callers {
		select {
		case <-time.After(time.Until(began.Add(c.Comes))):
			l.Place(c)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Saturate keeps so many callers in for so long: as one ends, another calls.
func (l *Load) Saturate(ctx context.Context, callers int, d time.Duration) error {
	end := time.NewTimer(d)
	defer end.Stop()
	ramp := time.NewTicker(time.Millisecond) // at most 1,000 a second to begin with: a burst would measure repeats
	defer ramp.Stop()
	for {
		if l.Open() < callers {
			l.Call()
		}
		select {
		case <-ramp.C:
		case <-end.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Await waits until all callers are out.
func (l *Load) Await(ctx context.Context) error {
	for {
		if l.Open() == 0 {
			return nil
		}
		select {
		case <-l.ended:
		case <-ctx.Done():
			return fmt.Errorf("%d callers are still in: %w", l.Open(), ctx.Err())
		}
	}
}

// HangUp ends the calls of all who are in, at a pace that a PBX can follow, those who still wait first: nobody is to be
// rung for a caller who is about to go.
func (l *Load) HangUp(ctx context.Context) error {
	l.mu.Lock()
	var all []*dialog
	for _, d := range l.dialogs {
		if d.agent == "" {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b *dialog) int { return b.call.N - a.call.N })
	l.mu.Unlock()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for _, d := range all {
		l.mu.Lock()
		if l.dialogs[d.id] == d {
			d.giveUp()
		}
		l.mu.Unlock()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return l.Await(ctx)
}

// Ring are the times from a caller's INVITE to the first INVITE at a phone, shortest first, of those who called in the window.
func (r Result) Ring(from, to time.Time) []time.Duration {
	var out []time.Duration
	for _, c := range r.Calls {
		if !c.Offered.IsZero() && within(c.In, from, to) {
			out = append(out, c.Offered.Sub(c.In))
		}
	}
	slices.Sort(out)
	return out
}

// Idle are the times from an agent's BYE to his next INVITE, shortest first, where somebody waited at the BYE and the
// BYE is in the window.
func (r Result) Idle(from, to time.Time) []time.Duration {
	var out []time.Duration
	for _, g := range r.Gaps {
		if g.Waiting > 0 && within(g.Bye, from, to) {
			out = append(out, g.Invite.Sub(g.Bye))
		}
	}
	slices.Sort(out)
	return out
}

// Served counts the callers who were joined with an agent in the window.
func (r Result) Served(from, to time.Time) int {
	n := 0
	for _, c := range r.Calls {
		if !c.Joined.IsZero() && within(c.Joined, from, to) {
			n++
		}
	}
	return n
}

func within(t, from, to time.Time) bool { return !t.Before(from) && t.Before(to) }

// Percentile is the value below which the share p (0 … 1) of a sorted list lies; 0 of an empty one.
func Percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(p*float64(len(sorted))))]
}
