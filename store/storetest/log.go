package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"ctid"
	"ctid/store"
)

var logTests = []test{
	{"log: rows are acknowledged in order and read back", logOrder},
	{"log: what waits goes down in one commit", logGroup},
	{"log: a query selects by number, kind, subject and time", logQuery},
	{"log: the end of a call is one transaction", logEnd},
	{"log: a second end is refused, its neighbours are kept", logSecondEnd},
	{"log: a taken number and a body without JSON are refused alone", logRefused},
	{"log: paperwork after the end changes record, interaction and outbox", logAmend},
	{"log: an epoch sorts after the last and starts above it", logEpoch},
	{"log: close writes what waits", logClose},
	{"log: a row keeps whom it is about", logAbout},
	{"folds: the last one is kept, over a restart", folds},
	{"records: open ones, filters, the newest first", recordQueries},
	{"records: an open one is written again and again", recordRewritten},
}

func logOrder(t *testing.T, r Rig) {
	s := r.start(t)
	const n = 9000 // more than two batches
	a := newAcks()
	for i := uint64(1); i <= n; i++ {
		e := row(i, "c_1")
		e.Done = a.done(i)
		s.Append(e)
	}
	await(t, "all rows", func() bool { return a.count() == n })
	if !slices.IsSorted(a.order) {
		t.Error("rows were acknowledged out of order")
	}
	if got := seqs(t, s); len(got) != n || got[0] != 1 || got[n-1] != n {
		t.Errorf("the log has %d rows, want %d", len(got), n)
	}
	if d := s.Depth(); d != 0 {
		t.Errorf("depth is %d after all is on disk", d)
	}
	sound(t, s)
}

// logGroup: while the first commit is held up, everything else gathers, and the next commit takes all of it.
func logGroup(t *testing.T, r Rig) {
	commits := make(chan int, 100)
	s := r.start(t, func(c *store.Config) {
		c.OnCommit = func(took time.Duration, rows int) {
			if rows > 0 {
				commits <- rows
			}
		}
	})
	release := r.Hold(t)
	s.Append(row(1, "c_1"))
	await(t, "the first commit to be under way", func() bool { return s.Depth() == 1 })
	a := newAcks()
	first := row(2, "c_1")
	first.Done = a.done(2)
	group := []ctid.LogEntry{first}
	for i := uint64(3); i <= 200; i++ {
		group = append(group, row(i, "c_1"))
	}
	s.AppendAll(group)
	release()
	await(t, "the group", func() bool { return a.count() == 1 })
	await(t, "the reports", func() bool { return len(commits) >= 1 && s.Depth() == 0 })
	total, n := 0, len(commits)
	for range n {
		total += <-commits
	}
	if n > 2 || total != 200 {
		t.Errorf("%d commits took %d rows, want at most 2 for 200", n, total)
	}
}

func logQuery(t *testing.T, r Rig) {
	s := r.start(t)
	var rows []ctid.LogEntry
	for i, kind := range []string{"in.acd.tick", "call.note", "in.acd.task", "agent.state_changed", "in.acdx.no"} {
		e := row(uint64(i+1), fmt.Sprintf("c_%d", i%2))
		e.Kind = kind
		rows = append(rows, e)
	}
	put(t, s, rows...)
	for _, x := range []struct {
		q    store.LogQuery
		want []uint64
	}{
		{store.LogQuery{}, []uint64{1, 2, 3, 4, 5}},
		{store.LogQuery{From: 2, To: 3}, []uint64{2, 3}},
		{store.LogQuery{Kinds: []string{"in.acd."}}, []uint64{1, 3}},
		{store.LogQuery{Kinds: []string{"in.acd.", "call.note"}}, []uint64{1, 2, 3}},
		{store.LogQuery{Subject: "c_1"}, []uint64{2, 4}},
		{store.LogQuery{Limit: 2}, []uint64{1, 2}},
		{store.LogQuery{Since: day.Add(2 * time.Millisecond), Until: day.Add(4 * time.Millisecond)}, []uint64{2, 3}},
	} {
		var got []uint64
		for _, r := range must(s.ReadLog(t.Context(), x.q))(t) {
			got = append(got, r.Seq)
		}
		if !slices.Equal(got, x.want) {
			t.Errorf("%+v selects %v, want %v", x.q, got, x.want)
		}
	}
	first := must(s.ReadLog(t.Context(), store.LogQuery{Limit: 1}))(t)[0]
	if first.Epoch != "e1" || !first.At.Equal(day.Add(time.Millisecond)) || first.V != 1 || string(first.Body) != `{"what":"test"}` {
		t.Errorf("row 1 reads %+v, body %s", first, first.Body)
	}
}

func logEnd(t *testing.T, r Rig) {
	s := r.start(t)
	put(t, s, recordRow(1, record("c_1", "+32470111222")))
	if n := must(s.OutboxDepth(t.Context()))(t); n != 0 {
		t.Errorf("an open record has %d outbox rows", n)
	}
	rec := ended(record("c_1", "+32470111222"))
	rec.Customer, rec.Notes = "cu_1", "wants a refund"
	put(t, s, recordRow(2, rec))
	got := must(s.Record(t.Context(), "c_1"))(t)
	if got.End == nil || got.End.Reason != "hangup" || got.ANI.E164 != "+32470111222" || got.Notes != "wants a refund" {
		t.Errorf("the record reads %+v", got)
	}
	last := must(s.LastContacts(t.Context(), "cu_1", 5))(t)
	if len(last) != 1 || last[0].Call != "c_1" || last[0].Agent != "ana" || last[0].Queue != "sales" || last[0].Note != "wants a refund" {
		t.Errorf("the customer's last contacts are %+v", last)
	}
	if n := must(s.OutboxDepth(t.Context()))(t); n != 1 {
		t.Errorf("the outbox has %d rows, want 1", n)
	}
	_, err := s.Record(t.Context(), "c_2")
	wantErr(t, err, store.ErrNotFound)
	sound(t, s)
}

func logSecondEnd(t *testing.T, r Rig) {
	s := r.start(t)
	put(t, s, recordRow(1, ended(record("c_1", "+32470111222"))))
	again := ended(record("c_1", "+32470111222"))
	again.End = &ctid.End{Side: ctid.SideSystem, Reason: "error"}
	a := newAcks()
	reopened := recordRow(4, record("c_1", "+32470111222"))
	for _, e := range []ctid.LogEntry{row(2, "c_9"), recordRow(3, again), reopened, row(5, "c_9"), recordRow(6, ended(record("c_2", "+32470111223")))} {
		e.Done = a.done(e.Seq)
		s.Append(e)
	}
	await(t, "all five", func() bool { return a.count() == 5 })
	for seq, refused := range map[uint64]bool{2: false, 3: true, 4: true, 5: false, 6: false} {
		if err := a.of(t, seq); errors.Is(err, store.ErrRefused) != refused {
			t.Errorf("row %d was told %v; refused should be %v", seq, err, refused)
		}
	}
	if got := seqs(t, s); !slices.Equal(got, []uint64{1, 2, 5, 6}) {
		t.Errorf("the log has %v", got)
	}
	if rec := must(s.Record(t.Context(), "c_1"))(t); rec.End.Side != ctid.SideCaller {
		t.Errorf("the end was overwritten: %+v", rec.End)
	}
	ok(t, s.Healthy())
	sound(t, s)
}

func logRefused(t *testing.T, r Rig) {
	s := r.start(t)
	put(t, s, row(1, "c_1"))
	bad := row(2, "c_1")
	bad.Body = map[string]any{"f": func() {}}
	a := newAcks()
	other := row(1, "c_2")
	other.Done = a.done(1)
	bad.Done = a.done(2)
	good := row(3, "c_1")
	good.Done = a.done(3)
	s.AppendAll([]ctid.LogEntry{other, bad, good})
	await(t, "three answers", func() bool { return a.count() == 3 })
	for seq, refused := range map[uint64]bool{2: true, 3: false} {
		if err := a.of(t, seq); errors.Is(err, store.ErrRefused) != refused {
			t.Errorf("row %d was told %v", seq, err)
		}
	}
	if err := a.of(t, 1); err == nil {
		rows := must(s.ReadLog(t.Context(), store.LogQuery{To: 1}))(t)
		t.Errorf("another row under number 1 was accepted; the log has %+v", rows)
	}
	if got := seqs(t, s); !slices.Equal(got, []uint64{1, 3}) {
		t.Errorf("the log has %v", got)
	}
}

func logAmend(t *testing.T, r Rig) {
	s := r.start(t)
	rec := ended(record("c_1", "+32470111222"))
	rec.Customer = "cu_1"
	put(t, s, recordRow(1, rec))
	e := row(2, "ana")
	e.Kind, e.Body = "agent.wrapup_saved", ctid.WrapUpSaved{Wrap: "w_1", Disposition: "sale", Notes: "call back on Monday"}
	e.Person = "cu_1"
	e.Amend = &ctid.Amendment{Call: "c_1", Agent: "ana", Disposition: "sale", Notes: "call back on Monday", WrapMS: 9000}
	put(t, s, e)
	got := must(s.Record(t.Context(), "c_1"))(t)
	if got.Disposition != "sale" || got.Notes != "call back on Monday" || got.Agents[0].WrapMS != 9000 || got.End == nil {
		t.Errorf("the record reads %+v", got)
	}
	last := must(s.LastContacts(t.Context(), "cu_1", 5))(t)
	if len(last) != 1 || last[0].Note != "call back on Monday" {
		t.Errorf("last contacts are %+v", last)
	}
	if n := must(s.OutboxDepth(t.Context()))(t); n != 2 {
		t.Errorf("the outbox has %d rows, want contact and disposition", n)
	}
	a := newAcks()
	lost := row(3, "ana")
	lost.Amend, lost.Done = &ctid.Amendment{Call: "c_none"}, a.done(3)
	s.Append(lost)
	await(t, "an answer", func() bool { return a.count() == 1 })
	err := a.of(t, 3)
	wantErr(t, err, store.ErrRefused)
	sound(t, s)
}

func logEpoch(t *testing.T, r Rig) {
	clock := day
	fixed := func(c *store.Config) { c.Now = func() time.Time { return clock } }
	var lastEpoch string
	var lastSeq uint64
	for i := range 4 {
		clock = clock.Add(-time.Hour) // the clock going back changes nothing
		s := r.start(t, fixed)
		epoch, next, err := s.BeginEpoch(t.Context())
		ok(t, err)
		if epoch <= lastEpoch || next <= lastSeq {
			t.Errorf("epoch %q from %d does not come after %q with %d", epoch, next, lastEpoch, lastSeq)
		}
		e := row(next+60_000*uint64(i), "c_1") // past half a block: the writer must have reserved more
		put(t, s, e)
		bound := must(s.ReserveSeq(t.Context(), 0))(t)
		if bound <= e.Seq+store.DefaultBacklog/2 {
			t.Errorf("only numbers below %d are reserved after row %d", bound, e.Seq)
		}
		lastEpoch, lastSeq = epoch, e.Seq
		closeStore(t, s)
	}
	s := r.start(t)
	_, _, err := s.BeginEpoch(t.Context())
	ok(t, err)
	second := r.start(t)
	if _, _, err := second.BeginEpoch(t.Context()); err == nil {
		t.Error("two stores hold an epoch of one database")
	}
}

func logClose(t *testing.T, r Rig) {
	s := r.start(t)
	release := r.Hold(t)
	for i := uint64(1); i <= 500; i++ {
		s.Append(row(i, "c_1"))
	}
	closed := make(chan struct{})
	go func() { closeStore(t, s); close(closed) }()
	release()
	<-closed
	a := newAcks()
	late := row(501, "c_1")
	late.Done = a.done(501)
	s.Append(late)
	err := a.of(t, 501)
	wantErr(t, err, store.ErrClosed)
	if got := seqs(t, r.start(t)); len(got) != 500 {
		t.Errorf("the log has %d rows, want 500", len(got))
	}
}

func recordQueries(t *testing.T, r Rig) {
	s := r.start(t)
	for i := range 4 {
		rec := record(ctid.CallID(fmt.Sprintf("c_%d", i)), ctid.Private(fmt.Sprintf("+3247011122%d", i%2)))
		rec.Arrived = day.Add(time.Duration(i) * time.Hour)
		if i > 0 {
			rec = ended(rec)
		}
		put(t, s, recordRow(uint64(i+1), rec))
	}
	ids := func(list []ctid.CallRecord, err error) (out []ctid.CallID) {
		ok(t, err)
		for _, r := range list {
			out = append(out, r.ID)
		}
		return out
	}
	if got := ids(s.OpenRecords(t.Context())); !slices.Equal(got, []ctid.CallID{"c_0"}) {
		t.Errorf("open records are %v", got)
	}
	for _, x := range []struct {
		q    store.RecordQuery
		want []ctid.CallID
	}{
		{store.RecordQuery{}, []ctid.CallID{"c_3", "c_2", "c_1", "c_0"}},
		{store.RecordQuery{Since: day.Add(time.Hour), Until: day.Add(3 * time.Hour)}, []ctid.CallID{"c_2", "c_1"}},
		{store.RecordQuery{ANI: "+32470111221"}, []ctid.CallID{"c_3", "c_1"}},
		{store.RecordQuery{Queue: "sales", Agent: "ana", Outcome: "answered", EndReason: "hangup", Limit: 1}, []ctid.CallID{"c_3"}},
		{store.RecordQuery{Agent: "ben"}, nil},
	} {
		if got := ids(s.Records(t.Context(), x.q)); !slices.Equal(got, x.want) {
			t.Errorf("%+v selects %v, want %v", x.q, got, x.want)
		}
	}
}

// recordRewritten changes one thing after another of an open record: each shows in the record and in the columns it is found by.
func recordRewritten(t *testing.T, r Rig) {
	s := r.start(t)
	rec, seq := record("c_1", "+32470111222"), uint64(0)
	for _, x := range []struct {
		what   string
		change func()
		found  store.RecordQuery
	}{
		{"it is new", func() {}, store.RecordQuery{ANI: "+32470111222"}},
		{"nothing is", func() {}, store.RecordQuery{ANI: "+32470111222", Until: day.Add(time.Microsecond)}},
		{"the queue is", func() { rec.Queues = []ctid.QueueVisit{{Queue: "sales", Entered: day}} }, store.RecordQuery{Queue: "sales"}},
		{"the note is", func() { rec.Notes = "first" }, store.RecordQuery{Queue: "sales"}},
		{"the note is again", func() { rec.Notes = "second" }, store.RecordQuery{Queue: "sales"}},
		{"the agent is, the note stays", func() { rec.Agents = []ctid.AgentPart{{Agent: "ana", From: day}} }, store.RecordQuery{Agent: "ana"}},
		{"the customer is", func() { rec.Customer = "cu_1" }, store.RecordQuery{Customer: "cu_1", Agent: "ana"}},
		{"he is another", func() { rec.Customer = "cu_2" }, store.RecordQuery{Customer: "cu_2"}},
		{"paperwork came between", func() {
			seq++
			e := row(seq, "ana")
			e.Amend = &ctid.Amendment{Call: "c_1", Agent: "ana", Notes: "paper"}
			put(t, s, e)
			rec.Notes = "after it"
		}, store.RecordQuery{Customer: "cu_2"}},
		{"the caller was erased between", func() { ok(t, s.Erase(t.Context(), "cu_2")) }, store.RecordQuery{Customer: "cu_2"}},
		{"the number is", func() { rec.ANI.E164 = "+32470111333" }, store.RecordQuery{ANI: "+32470111333"}},
		{"the time of arrival is", func() { rec.Arrived = day.Add(time.Hour) }, store.RecordQuery{Since: day.Add(time.Hour)}},
		{"the texts are gone", func() { rec.Notes, rec.ANI = "", ctid.Number{} }, store.RecordQuery{Customer: "cu_2"}},
		{"there is one again", func() { rec.Notes = "third" }, store.RecordQuery{Customer: "cu_2"}},
		{"it has ended", func() { rec = ended(rec) }, store.RecordQuery{Outcome: "answered", EndReason: "hangup"}},
	} {
		x.change()
		seq++
		put(t, s, recordRow(seq, rec))
		if got := must(s.Record(t.Context(), "c_1"))(t); !reflect.DeepEqual(got, rec) {
			t.Errorf("%s: the record reads %+v, want %+v", x.what, got, rec)
		}
		if got := must(s.Records(t.Context(), x.found))(t); len(got) != 1 {
			t.Errorf("%s: %+v finds %d records", x.what, x.found, len(got))
		}
		if open := must(s.OpenRecords(t.Context()))(t); (len(open) == 1) != (rec.End == nil) {
			t.Errorf("%s: open are %d", x.what, len(open))
		}
	}
	sound(t, s)
}

func logAbout(t *testing.T, r Rig) {
	s := r.start(t)
	e := row(1, "c_1")
	e.Queue, e.Agent = "claims", "ana"
	s.AppendAll([]ctid.LogEntry{e, row(2, "c_1")})
	closeStore(t, s)
	s = r.start(t)
	rows := must(s.ReadLog(t.Context(), store.LogQuery{}))(t)
	if len(rows) != 2 || rows[0].Queue != "claims" || rows[0].Agent != "ana" || rows[1].Queue != "" || rows[1].Agent != "" {
		t.Errorf("the log has %+v", rows)
	}
}

func folds(t *testing.T, r Rig) {
	s := r.start(t)
	_, err := s.LastFold(t.Context(), "day")
	wantErr(t, err, store.ErrNotFound)
	for _, f := range []store.Fold{{Name: "day", Seq: 7, Body: []byte(`{"n":1}`)}, {Name: "night", Seq: 8, Body: []byte(`{}`)}, {Name: "day", Seq: 9, Body: []byte(`{"n":2}`)}} {
		ok(t, s.PutFold(t.Context(), f))
	}
	closeStore(t, s)
	s = r.start(t)
	if f := must(s.LastFold(t.Context(), "day"))(t); f.Name != "day" || f.Seq != 9 || string(f.Body) != `{"n":2}` {
		t.Errorf("the last fold is %+v", f)
	}
}
