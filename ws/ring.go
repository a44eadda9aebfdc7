package ws

import (
	"slices"
	"time"

	"ctid"
)

// row is one published event as the ring keeps it: its audience as computed when stamped, its body encoded once for each
// class that is asked for.
type row struct {
	seq    uint64
	at     time.Time // when it was published
	kind   string
	pop    ctid.PopID
	agents []ctid.AgentID
	teams  []string
	queues []ctid.QueueID
	reach  reach
	ev     ctid.Event
	ani    *ctid.Number
	can    []byte                  // JSON; nil: not told
	cans   map[ctid.AgentID][]byte // instead, for these
	bodies [classes][]byte         // JSON objects from "at" to their closing brace
}

// newRow encodes an event for those who get all of it.
func newRow(e ctid.Event, to reach, now time.Time, ani *ctid.Number) (*row, error) {
	x := &row{seq: e.Seq, at: now, kind: e.Body.Kind(), pop: e.Pop, agents: slices.Clone(e.Agents), reach: to, ev: e, ani: ani}
	body, err := encodeEvent(e, classWhole, ani)
	if err != nil {
		return nil, err
	}
	x.bodies[classWhole] = body
	if e.Can != nil {
		x.can = mustJSON(e.Can)
	}
	for a, can := range e.Cans {
		if x.cans == nil {
			x.cans = map[ctid.AgentID][]byte{}
		}
		x.cans[a] = mustJSON(orEmpty(can))
	}
	return x, nil
}

// canFor is what the event says that an agent may now do.
func (x *row) canFor(a ctid.AgentID) []byte {
	if can, told := x.cans[a]; told {
		return can
	}
	return x.can
}

// body returns the body for a class.
func (x *row) body(c class) []byte {
	if c != classWhole && sameFor(x.ev.Body, c) {
		c = classWhole
	}
	if x.bodies[c] == nil {
		body, err := encodeEvent(x.ev, c, x.ani)
		if err != nil {
			panic("ws: an event that was encoded whole does not encode redacted: " + err.Error())
		}
		x.bodies[c] = body
	}
	return x.bodies[c]
}

func (x *row) size() int { return rowCost + 2*len(x.bodies[classWhole]) }

// ring keeps the last events for those who come back.
type ring struct {
	size  RingSize
	rows  []*row
	bytes int
	floor uint64 // a position at or above it misses nothing
	head  uint64
}

const rowCost = 500 // bytes of bookkeeping, roughly; the event itself weighs as much as its JSON

func (r *ring) add(x *row) {
	r.rows = append(r.rows, x)
	r.bytes += x.size()
	r.head = x.seq
	r.trim(x.at)
}

// trim drops what is too old, too many or too much.
func (r *ring) trim(now time.Time) {
	drop := 0
	for drop < len(r.rows) {
		x := r.rows[drop]
		if now.Sub(x.at) <= r.size.Age && len(r.rows)-drop <= r.size.Events && r.bytes <= r.size.Bytes {
			break
		}
		r.bytes -= x.size()
		r.floor = x.seq
		r.rows[drop] = nil
		drop++
	}
	r.rows = r.rows[drop:]
}

// since returns the rows above seq.
func (r *ring) since(seq uint64) []*row {
	i, _ := slices.BinarySearchFunc(r.rows, seq+1, func(x *row, s uint64) int {
		switch {
		case x.seq < s:
			return -1
		case x.seq > s:
			return 1
		}
		return 0
	})
	return r.rows[i:]
}

// find returns the row of seq, or nil.
func (r *ring) find(seq uint64) *row {
	if seq == 0 {
		return nil
	}
	if rest := r.since(seq - 1); len(rest) > 0 && rest[0].seq == seq {
		return rest[0]
	}
	return nil
}
