package ws

import (
	"slices"
	"time"

	"ctid"
)

// row is one published event as the ring keeps it: its audience as computed when stamped, its body encoded once.
type row struct {
	seq    uint64
	at     time.Time // when it was published
	kind   string
	pop    ctid.PopID
	agents []ctid.AgentID
	reach  reach
	body   []byte // the JSON object from "at" to its closing brace
}

// ring keeps the last events for those who come back.
type ring struct {
	size  RingSize
	rows  []*row
	bytes int
	floor uint64 // a position at or above it misses nothing
	head  uint64
}

const rowCost = 200 // bytes of bookkeeping, roughly

func (r *ring) add(x *row) {
	r.rows = append(r.rows, x)
	r.bytes += len(x.body) + rowCost
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
		r.bytes -= len(x.body) + rowCost
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
