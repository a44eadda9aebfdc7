package store

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"ctid"
)

func entries(from uint64, n int) (out []ctid.LogEntry) {
	for i := range uint64(n) {
		out = append(out, ctid.LogEntry{Seq: from + i, Kind: "call.note"})
	}
	return out
}

// A group is never cut by the size of a batch: rows of one Decide share a transaction.
func TestTakeNeverCutsAGroup(t *testing.T) {
	q := newQueue(1 << 20)
	q.add(entries(1, maxBatch-1))
	q.add(entries(maxBatch, 10))
	q.add(entries(maxBatch+10, 5))
	items, _ := q.take()
	if len(items) != maxBatch+9 {
		t.Errorf("the batch has %d rows, want %d", len(items), maxBatch+9)
	}
	q.landed(nil)
	if items, _ = q.take(); len(items) != 5 {
		t.Errorf("the next has %d rows, want 5", len(items))
	}
}

// Whatever comes, fails and succeeds: order stays, nobody is told twice, each row is committed, dropped or waiting,
// and no record is dropped while a plain row waits.
func TestQueueKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{q: newQueue(rapid.IntRange(1, 12).Draw(t, "limit")), told: map[uint64]int{}}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			m.step(t)
			m.check(t)
		}
	})
}

type model struct {
	q         *queue
	seq       uint64
	told      map[uint64]int
	flying    []item
	committed []uint64
	lost      int
}

func (m *model) step(t *rapid.T) {
	switch rapid.IntRange(0, 5).Draw(t, "what") {
	case 0, 1:
		var group []ctid.LogEntry
		for range rapid.IntRange(1, 4).Draw(t, "group") {
			m.seq++
			seq := m.seq
			e := ctid.LogEntry{Seq: seq, Done: func(error) { m.told[seq]++ }}
			if rapid.Bool().Draw(t, "record") {
				e.Record = &ctid.CallRecord{}
			}
			group = append(group, e)
		}
		m.q.add(group)
	case 2:
		if m.flying == nil {
			m.flying, _ = m.q.take()
			for i := range m.flying {
				if done := m.flying[i].e.Done; done != nil {
					done(nil) // told, either way, when it lands
					m.flying[i].e.Done = nil
				}
			}
		}
	case 3:
		if m.flying != nil {
			for _, it := range m.flying {
				m.committed = append(m.committed, it.e.Seq)
			}
			m.q.landed(nil)
			m.flying = nil
		}
	case 4:
		if m.flying != nil {
			m.q.landed(m.flying)
			m.flying = nil
		}
	case 5:
		for _, done := range m.q.takeDones() {
			done(nil)
		}
	}
}

func (m *model) check(t *rapid.T) {
	last := uint64(0)
	for _, list := range [][]item{m.flying, m.q.items} {
		for _, it := range list {
			if it.e.Seq <= last {
				t.Fatalf("row %d stands after %d", it.e.Seq, last)
			}
			last = it.e.Seq
		}
	}
	for _, e := range m.q.takeLost() {
		m.lost++
		if e.Record != nil && m.q.light > 0 {
			for _, it := range m.q.items {
				if !it.lasting() && it.e.Seq < e.Seq {
					t.Fatalf("record %d was dropped while plain row %d waits", e.Seq, it.e.Seq)
				}
			}
		}
		if e.Done != nil {
			e.Done(ErrDropped)
		}
	}
	if got := len(m.committed) + len(m.flying) + len(m.q.items) + m.lost; got != int(m.seq) {
		t.Fatalf("%d rows are accounted for, %d came", got, m.seq)
	}
	for seq, n := range m.told {
		if n > 1 {
			t.Fatalf("row %d was told %d times", seq, n)
		}
	}
	light := 0
	for _, it := range m.q.items {
		if !it.lasting() {
			light++
		}
	}
	if light != m.q.light {
		t.Fatalf("%d plain rows wait, counted %d", light, m.q.light)
	}
	if n := len(m.q.items); n > 0 && !m.q.items[n-1].last {
		t.Fatal("the last row does not end its group")
	}
	if m.q.depth() > m.q.limit {
		t.Fatalf("%d rows wait, the limit is %d", m.q.depth(), m.q.limit)
	}
}

func TestEpochsSort(t *testing.T) {
	last := ""
	for i := range 100 {
		next, err := nextEpoch(last, fromUS(int64(i%7)*1e6*1e9/3))
		if err != nil || next <= last || len(next) != 7 {
			t.Fatalf("after %q comes %q, %v", last, next, err)
		}
		last = next
	}
	if _, err := nextEpoch("!", fromUS(0)); err == nil {
		t.Error("a damaged epoch was taken")
	}
}

func TestPutBack(t *testing.T) {
	get := func(n int) (string, bool) { return fmt.Sprintf(`<"%d">`, n), n < 3 }
	for in, want := range map[string]string{
		`{"a":"§0","b":["§1","§2"]}`: `{"a":"\u003c\"0\"\u003e","b":["\u003c\"1\"\u003e","\u003c\"2\"\u003e"]}`,
		`{"§0":"§3"}`:                `{"§0":"§3"}`,
		`"x\"§0\"y"`:                 `"x\"§0\"y"`,
		`["\\","§0"]`:                `["\\","\u003c\"0\"\u003e"]`,
		`["§","§x","§00x","§-1"]`:    `["§","§x","§00x","§-1"]`,
		`["§j0"]`:                    `["\u003c\"0\"\u003e"]`, // not JSON: read as text
		`"§0`:                        `"\u003c\"0\"\u003e"`,   // cut off: no panic
	} {
		if got := string(putBack([]byte(in), get)); got != want {
			t.Errorf("%s gives %s, want %s", in, got, want)
		}
	}
}
