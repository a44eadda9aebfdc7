package report

import (
	"time"

	"ctid"
)

// QueueSpan is what was counted of a queue: today and lately, with the service levels of each.
type QueueSpan struct {
	Today  ctid.SpanStats
	Levels ctid.LevelStats // of today
	Recent ctid.RecentStats
}

// now is who waits in a queue.
type now struct{ waiting, late int }

// Queues are the figures of these queues at a moment.
func (f *Fold) Queues(ids []ctid.QueueID, at time.Time) map[ctid.QueueID]QueueSpan {
	f.turn(at)
	waits := map[ctid.QueueID]now{}
	for _, s := range f.calls {
		if s.waits() && !s.Callback {
			n := waits[s.Queue]
			n.waiting++
			if at.Sub(s.Since) > f.cfg.Queues[s.Queue].Target {
				n.late++
			}
			waits[s.Queue] = n
		}
	}
	first := at.Unix()/60 - f.span + 1
	out := make(map[ctid.QueueID]QueueSpan, len(ids))
	for _, id := range ids {
		q, n := f.queues[id], waits[id]
		if q == nil {
			q = &Queue{}
		}
		var lately Counts
		for _, m := range q.Minutes {
			if m.At >= first {
				lately.add(m.Counts)
			}
		}
		out[id] = QueueSpan{Today: q.Today.Span(f.begins, n.waiting), Levels: q.Today.Levels(n.late),
			Recent: ctid.RecentStats{SpanStats: lately.Span(time.Unix(60*first, 0), n.waiting), SL: lately.Levels(n.late)}}
	}
	return out
}
