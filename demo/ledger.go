package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ctid"
)

// recordLimit is how long after its caller has hung up a call's record may take to be complete in the store.
const recordLimit = 8 * time.Second

// ledger joins who has called with what the store has of it, and tells each call once, when it is over.
type ledger struct {
	show    *show
	since   time.Time // records from here on are of interest
	guests  []*guest  // whose record has not been seen
	open    map[ctid.CallID]*guest
	told    map[ctid.CallID]time.Time // when it arrived
	lacking []string
	names   map[ctid.CustomerID]string
}

func newLedger(s *show) *ledger {
	l := &ledger{show: s, since: time.Now().Add(-time.Second), open: map[ctid.CallID]*guest{}, told: map[ctid.CallID]time.Time{},
		names: map[ctid.CustomerID]string{}}
	for i, p := range people {
		l.names[customerID(i)] = p.name
		if p.company != "" {
			l.names[customerID(i)] += ", " + p.company
		}
	}
	return l
}

func (l *ledger) expect(g *guest) { l.guests = append(l.guests, g) }

// busy is how many guests are not through.
func (l *ledger) busy() int { return len(l.guests) + len(l.open) }

// settled: nobody is on the telephone, and every call has been told.
func (l *ledger) settled() bool { return l.busy() == 0 }

// poll looks at what the store has, and tells what is over.
func (l *ledger) poll(ctx context.Context) error {
	records, err := l.show.daemon.Records(ctx, l.since)
	if err != nil {
		return fmt.Errorf("read the records: %w", err)
	}
	now := time.Now()
	oldest := now.Add(-recordLimit)
	for _, r := range slices.Backward(records) { // they come newest first
		if _, told := l.told[r.ID]; told {
			continue
		}
		g, known := l.open[r.ID]
		if !known {
			g = l.whose(r)
			l.open[r.ID] = g
		}
		if over(g) && (r.End != nil || late(g, now)) {
			delete(l.open, r.ID)
			l.told[r.ID] = r.Arrived
			l.tell(g, &r)
			continue
		}
		if r.Arrived.Before(oldest) {
			oldest = r.Arrived
		}
	}
	l.giveUp(now)
	l.since = oldest
	for id, arrived := range l.told {
		if arrived.Before(l.since) {
			delete(l.told, id)
		}
	}
	return nil
}

// over tells whether the guest's own part is over; a call of somebody else has none.
func over(g *guest) bool {
	if g == nil {
		return true
	}
	select {
	case <-g.done:
		return true
	default:
		return false
	}
}

// late: the record of a guest who is through should have had its end.
func late(g *guest, now time.Time) bool {
	return g != nil && now.Sub(g.left) > recordLimit
}

// whose finds the guest of a record: the first one with that number who had dialled by then.
func (l *ledger) whose(r ctid.CallRecord) *guest {
	i := slices.IndexFunc(l.guests, func(g *guest) bool {
		return g.number == string(r.ANI.E164) && !g.dialled.After(r.Arrived.Add(time.Second))
	})
	if i < 0 {
		return nil
	}
	g := l.guests[i]
	l.guests = slices.Delete(l.guests, i, i+1)
	return g
}

// giveUp tells of guests who are through and of whom the store knows nothing.
func (l *ledger) giveUp(now time.Time) {
	l.guests = slices.DeleteFunc(l.guests, func(g *guest) bool {
		if !over(g) || !late(g, now) {
			return false
		}
		l.tell(g, nil)
		return true
	})
}

func (l *ledger) complain(text string) { l.lacking = append(l.lacking, text) }

// tell prints a call, and keeps what it lacks.
func (l *ledger) tell(g *guest, r *ctid.CallRecord) {
	line := newLine(g, r, l.names)
	line.Simulated = l.show.Simulated
	line.Lacks = l.lacks(g, r)
	if len(line.Lacks) > 0 {
		l.complain(fmt.Sprintf("call %s lacks: %s", line.title(), strings.Join(line.Lacks, "; ")))
	}
	line.write(l.show.Out, l.show.JSON)
}

// lacks lists what a call should have and does not.
func (l *ledger) lacks(g *guest, r *ctid.CallRecord) []string {
	out := []string{}
	if g != nil && g.cut { // the demo's end, not the call's
		return out
	}
	if g != nil && g.err != nil {
		out = append(out, g.err.Error())
	}
	switch {
	case r == nil:
		return append(out, "its record")
	case r.End == nil:
		return append(out, "the end of its record")
	case r.Outcome != "answered" && g != nil && g.conduct == stays:
		return append(out, "an answer: it ended as "+r.Outcome)
	case r.Outcome != "answered":
		return out
	}
	return append(out, l.lacksOfAnswered(g, r)...)
}

func (l *ledger) lacksOfAnswered(g *guest, r *ctid.CallRecord) (out []string) {
	o := accepted(r)
	if o == nil {
		return []string{"an accepted offer"}
	}
	robot := l.show.robotOf(o.Agent)
	if o.PopBeforeRing == "none" || robot != nil && !robot.saw(r.ID) {
		out = append(out, "its pop on the desktop of "+string(o.Agent))
	}
	if r.TalkMS <= 0 {
		return append(out, "its conversation: no time was talked")
	}
	if g == nil || g.conduct != stays {
		return out
	}
	switch {
	case !g.heard:
		out = append(out, "its conversation: the caller heard nobody")
	case !l.show.pbx.spoke(phoneOf(o.Agent), r.Connected.Add(-time.Second), r.Ended.Add(time.Second)):
		out = append(out, "its conversation: "+string(o.Agent)+" heard nobody")
	}
	return out
}

// accepted is the offer that led to the conversation.
func accepted(r *ctid.CallRecord) *ctid.OfferRecord {
	for i := range r.Offers {
		if r.Offers[i].End == ctid.OfferAccepted {
			return &r.Offers[i]
		}
	}
	return nil
}
