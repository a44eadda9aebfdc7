package systemtest

import (
	"fmt"
	"slices"
	"time"

	"ctid/pbxtest/phonetest"
)

// How a run of kills is judged, from what the phones saw.

// oneEach says that each caller has one record, or is in the log of the fallback queue.
func (u *rush) oneEach() {
	u.t.Helper()
	records, fallen := map[string]int{}, u.fallen()
	u.r.Eventually("every record's end", func() error {
		clear(records)
		for _, rec := range u.r.Records() {
			records[string(rec.ANI.E164)]++
			if rec.End == nil { // the last one may be on its way to the disk
				return fmt.Errorf("the record of %s has no end", rec.ANI.E164)
			}
		}
		return nil
	})
	inCtid, inFallback := 0, 0
	for _, c := range u.all() {
		switch rec, fell := records[c.number], fallen[c.number]; {
		case rec == 1 && fell == 0:
			inCtid++
		case rec == 0 && fell == 1:
			inFallback++
		case rec == 0 && fell == 0 && c.d.Times().Answered.IsZero(): // gone before Asterisk had him: at the very end only
		default:
			u.t.Errorf("%s, dialled %s: %d records, %d times in the fallback queue", c.number, c.dialed.Format("15:04:05.000"), rec, fell)
		}
	}
	u.t.Logf("%d calls: %d with a record, %d in the fallback queue", len(u.all()), inCtid, inFallback)
}

// ring is one call of a phone.
type ring struct {
	phone int
	from  string
	span
	d *phonetest.Dialog
}

func (u *rush) allRings() []ring {
	var list []ring
	for n, p := range u.phones {
		for _, d := range p.Calls() {
			list = append(list, ring{n, d.From, span{d.Times().Invited, d.Times().Ended}, d})
		}
	}
	slices.SortFunc(list, func(a, b ring) int { return a.from0().Compare(b.from0()) })
	return list
}

func (r ring) from0() time.Time { return r.span.from }

// rings says that no phone rang for two callers, no caller rang two phones, and nobody was connected twice.
func (u *rush) rings() {
	u.t.Helper()
	list := u.allRings()
	answered := map[string]int{}
	for i, a := range list {
		if at := a.d.Times().Answered; !at.IsZero() && !u.cutOff(at, a.to) {
			answered[a.from]++
		}
		for _, b := range list[i+1:] {
			if b.span.from.After(a.to) {
				break
			}
			if a.phone == b.phone {
				u.t.Errorf("phone %d rang for %s and %s at once, %s", a.phone, a.from, b.from, b.span.from.Format("15:04:05.000"))
			}
			if a.from == b.from {
				u.t.Errorf("caller %s rang phones %d and %d at once, %s", a.from, a.phone, b.phone, b.span.from.Format("15:04:05.000"))
			}
		}
	}
	for number, n := range answered {
		if n > 1 {
			u.t.Errorf("%s was connected %d times", number, n)
		}
	}
	u.t.Logf("%d rings, %d callers connected", len(list), len(answered))
}

// cutOff: an agent who answers while ctid is dead is in no conversation; Asterisk or the next ctid hangs him up, and his
// caller is offered again.
func (u *rush) cutOff(answered, ended time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.ContainsFunc(u.blind, func(s span) bool {
		return answered.After(s.from.Add(-slack)) && answered.Before(s.to) && ended.Before(s.to.Add(3*time.Second))
	})
}

// order says that those who waited at a fault rang in the order in which they had come.
func (u *rush) order() {
	u.t.Helper()
	first := u.firstRings()
	var waited []*rushCaller
	for _, c := range u.all() {
		at, rang := first[c.number]
		for _, s := range u.blind {
			if c.dialed.Add(slack).Before(s.from) && (!rang || at.After(s.from)) && !c.d.Times().Answered.IsZero() {
				if rang {
					waited = append(waited, c)
				}
				break
			}
		}
	}
	for i, a := range waited {
		for _, b := range waited[i+1:] {
			if a.dialed.Add(slack).Before(b.dialed) && first[a.number].After(first[b.number].Add(slack)) {
				u.t.Errorf("%s came %v before %s and rang %v after him\n%s\n%s", a.number, b.dialed.Sub(a.dialed), b.number,
					first[a.number].Sub(first[b.number]), u.offers(a), u.offers(b))
			}
		}
	}
	u.t.Logf("%d callers who waited at a fault rang in the order of their entry", len(waited))
}

// offers is what the record of a caller says of his offers.
func (u *rush) offers(c *rushCaller) string {
	out := "  " + c.number
	for _, rec := range u.r.Records() {
		if string(rec.ANI.E164) == c.number {
			out += fmt.Sprintf(": queues %+v, offers %+v", rec.Queues, rec.Offers)
		}
	}
	return out
}

// silence is a time in which a phone got no audio.
type silence struct {
	who   string
	begin time.Time
	long  time.Duration
}

func (s silence) meets(o silence) bool {
	return o.begin.Before(s.begin.Add(s.long)) && s.begin.Before(o.begin.Add(o.long))
}

func silences(who string, d *phonetest.Dialog, least time.Duration, from, to time.Time) []silence {
	var list []silence
	var last time.Time
	for _, f := range d.Frames() {
		if f.At.Before(from) || f.At.After(to) {
			continue
		}
		if long := f.At.Sub(last); !last.IsZero() && long > least {
			list = append(list, silence{who, last, long})
		}
		last = f.At
	}
	return list
}

// machines tells whether a silence is the machine's: half of those who waited just then, to whose music nothing happens
// in a fault, had one as well.
func (u *rush) machines(s silence, first map[string]time.Time) bool {
	witnesses, silent := 0, 0
	for _, c := range u.all() {
		ti := c.d.Times()
		end := ti.Ended
		if rang, ok := first[c.number]; ok {
			end = rang
		}
		if ti.Answered.IsZero() || ti.Answered.Add(500*time.Millisecond).After(s.begin) || end.Before(s.begin.Add(s.long)) {
			continue
		}
		witnesses++
		for _, o := range silences(c.number, c.d, s.long/2, s.begin.Add(-time.Second), s.begin.Add(s.long+time.Second)) {
			if s.meets(o) {
				silent++
				break
			}
		}
	}
	return witnesses >= 3 && 2*silent >= witnesses
}

// gaps says that no talker in a fault heard a silence over the limit that is longer than those without a fault.
func (u *rush) gaps() {
	u.t.Helper()
	first := u.firstRings()
	var calm, during time.Duration
	talkers, stalls := 0, 0
	for _, r := range u.allRings() {
		ti := r.d.Times()
		if ti.Answered.IsZero() || ti.Ended.IsZero() {
			continue
		}
		begin, end := ti.Answered.Add(time.Second), ti.Ended.Add(-300*time.Millisecond)
		if !end.After(begin) {
			continue
		}
		hit := slices.ContainsFunc(u.blind, func(s span) bool { return !s.to.Before(begin) && !s.from.After(end) })
		gap := min(gapLimit, r.d.LargestGap(begin, end))
		for _, s := range silences(r.from, r.d, gapLimit, begin, end) {
			if u.machines(s, first) {
				stalls++
				continue
			}
			gap = max(gap, s.long)
			u.t.Logf("the agent of %s heard nothing for %v, in a fault: %v", s.who, s.long, hit)
		}
		if hit {
			talkers++
			during = max(during, gap)
		} else {
			calm = max(calm, gap)
		}
	}
	u.t.Logf("%d talkers in a fault: the largest gap is %v; without a fault %v; %d gaps were those of the whole machine",
		talkers, during.Round(time.Millisecond), calm.Round(time.Millisecond), stalls)
	if during > max(calm, gapLimit) {
		u.t.Errorf("a talker heard nothing for %v; without a fault the most is %v", during, calm)
	}
	if talkers == 0 {
		u.t.Error("nobody talked at a fault")
	}
}

// firstRings is when an agent's phone first rang for each caller.
func (u *rush) firstRings() map[string]time.Time {
	first := map[string]time.Time{}
	for _, r := range u.allRings() {
		if _, ok := first[r.from]; !ok {
			first[r.from] = r.span.from
		}
	}
	return first
}
