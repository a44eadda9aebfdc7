package storetest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"ctid"
	"ctid/store"
)

var personTests = []test{
	{"person: no text about a person is in the files, and all come back when read", sealedAtRest},
	{"person: an erased one reads (erased) everywhere, and is in no file", erase},
	{"person: an erasure takes joined callers with it, and leaves shared numbers", eraseJoined},
	{"person: rows that name nobody are erased with the customer of their call", eraseUnnamed},
	{"person: a text that looks like a reference stays as it is", lookalike},
	{"person: the hash of a number is keyed and stable", personHash},
}

// Planted texts: what must be found nowhere.
const (
	plantedName   = "Zebulon Quackenbush"
	plantedNumber = "+32470987654"
	plantedNote   = "allergic to marzipan \"§0\" \\ ok"
	plantedValue  = "POLICY-77-WOMBAT"
)

func planted(id ctid.CallID) ctid.CallRecord {
	r := ended(record(id, plantedNumber))
	r.ANI.Name, r.ANI.Shown, r.Notes, r.Customer = plantedName, "0470 98 76 54", plantedNote, "cu_1"
	r.Attached = []ctid.Attached{{Key: "policy", Value: ctid.PrivateValue{V: map[string]any{"no": plantedValue, "n": 7.0}}, Src: "ivr", At: day}}
	return r
}

func hasPlanted(r Rig, t *testing.T) (found []string) {
	for _, text := range []string{plantedName, plantedNumber, "470987654", "0470 98 76 54", "marzipan", plantedValue} {
		if r.Holds(t, text) {
			found = append(found, text)
		}
	}
	return found
}

func sealedAtRest(t *testing.T, r Rig) {
	s := r.start(t)
	rec := planted("c_1")
	put(t, s, recordRow(1, record("c_1", plantedNumber)), recordRow(2, rec))
	ok(t, s.Audit(t.Context(), store.AuditRow{Who: "ana", Op: "customer.read", Target: "cu_1", Person: "cu_1", Detail: map[string]any{"name": ctid.Private(plantedName)}}))
	if found := hasPlanted(r, t); len(found) > 0 {
		t.Errorf("the files hold %q", found)
	}
	got := must(s.Record(t.Context(), "c_1"))(t)
	a, b := must(json.Marshal(rec))(t), must(json.Marshal(got))(t)
	if string(a) != string(b) {
		t.Errorf("the record came back as\n%s\nit was\n%s", b, a)
	}
	rows := must(s.ReadLog(t.Context(), store.LogQuery{}))(t)
	if !strings.Contains(string(rows[0].Body), plantedNumber) {
		t.Errorf("row 1 reads %s", rows[0].Body)
	}
	if rows[0].Person != "" {
		t.Errorf("row 1 is of %q", rows[0].Person)
	}
}

func erase(t *testing.T, r Rig) {
	s := r.start(t)
	c := ctid.Customer{ID: "cu_1", Name: plantedName, Account: plantedValue, Numbers: []ctid.Private{plantedNumber}, Tags: []string{"marzipan"}}
	ok(t, s.PutSeed(t.Context(), store.Seed{Customers: []ctid.Customer{c, {ID: "cu_2", Name: "Bob Other"}},
		Cases: []store.CaseRow{{Case: ctid.Case{ID: "k1", Title: plantedNote, State: "open"}, Customer: "cu_1", Opened: day}}}))
	rec := planted("c_1")
	other := ended(record("c_2", "+32470000001"))
	other.Customer, other.Notes = "cu_2", "stays"
	early := recordRow(1, record("c_1", plantedNumber)) // before he was matched: under the hash of his number
	put(t, s, early, recordRow(2, rec), recordRow(3, other))
	before := seqs(t, s)
	if len(hasPlanted(r, t)) == 0 {
		t.Fatal("the customer's plain columns should be found before the erasure: the test sees nothing")
	}

	ok(t, s.Erase(t.Context(), "cu_1"))
	if found := hasPlanted(r, t); len(found) > 0 {
		t.Errorf("after the erasure the files hold %q", found)
	}
	if got := seqs(t, s); !slices.Equal(got, before) {
		t.Errorf("the log has %v, had %v", got, before)
	}
	got := must(s.Record(t.Context(), "c_1"))(t)
	if got.ANI.E164 != store.Erased || got.Notes != store.Erased || got.Attached[0].Value.V != store.Erased || got.End == nil {
		t.Errorf("the record reads %+v", got)
	}
	first := must(s.ReadLog(t.Context(), store.LogQuery{To: 1}))(t)[0]
	if strings.Contains(string(first.Body), "470987654") || !strings.Contains(string(first.Body), store.Erased) {
		t.Errorf("row 1 reads %s", first.Body)
	}
	if c := must(s.Customer(t.Context(), "cu_1"))(t); c.Name != store.Erased || len(c.Numbers)+len(c.Tags) > 0 || c.Account != "" {
		t.Errorf("the customer reads %+v", c)
	}
	if stays := must(s.Record(t.Context(), "c_2"))(t); stays.Notes != "stays" {
		t.Errorf("another's record reads %+v", stays)
	}
	d, _, err := claim(t, s, patience)
	ok(t, err)
	if d.Call != "c_1" || d.Record.Notes != store.Erased {
		t.Errorf("the outbox gives %+v", d)
	}
	// Life goes on: a new key, and what was erased stays so.
	again := planted("c_3")
	put(t, s, recordRow(4, again))
	if got := must(s.Record(t.Context(), "c_3"))(t); got.Notes != plantedNote {
		t.Errorf("a later record reads %+v", got)
	}
	if got := must(s.Record(t.Context(), "c_1"))(t); got.Notes != store.Erased {
		t.Errorf("the erased record came back: %+v", got)
	}
	sound(t, s)
}

func eraseJoined(t *testing.T, r Rig) {
	s := r.start(t)
	const own, shared, borrowed = "+32470000001", "+32470000002", "+32470000003"
	ok(t, s.PutSeed(t.Context(), store.Seed{Customers: []ctid.Customer{
		{ID: "cu_1", Name: "Ann", Numbers: []ctid.Private{own, shared}}, {ID: "cu_2", Name: "Bob", Numbers: []ctid.Private{shared}}}}))
	for i, n := range []ctid.Private{own, shared, borrowed} {
		rec := record(ctid.CallID("c_"+string(n)), n)
		rec.Notes = "note"
		put(t, s, recordRow(uint64(i+1), rec))
	}
	ok(t, s.JoinPerson(t.Context(), s.PersonHash(borrowed), "cu_1"))
	ok(t, s.JoinPerson(t.Context(), s.PersonHash(borrowed), "cu_1"))
	ok(t, s.Erase(t.Context(), "cu_1"))
	for n, want := range map[string]ctid.Private{own: store.Erased, shared: "note", borrowed: store.Erased} {
		if got := must(s.Record(t.Context(), ctid.CallID("c_"+n)))(t); got.Notes != want {
			t.Errorf("the note of the call from %s reads %q, want %q", n, got.Notes, want)
		}
	}
}

// eraseUnnamed: facts about a call may come without a person, before and after the customer is known.
func eraseUnnamed(t *testing.T, r Rig) {
	s := r.start(t)
	must(s.PutCustomer(t.Context(), ctid.Customer{ID: "cu_1", Name: "Ann"}))(t)
	said := func(seq uint64, subject string) ctid.LogEntry {
		e := row(seq, subject)
		e.Body = map[string]any{"name": ctid.Private(plantedName)}
		return e
	}
	matched := record("c_1", plantedNumber)
	matched.Customer = "cu_1"
	paper := said(5, "ana")
	paper.Amend = &ctid.Amendment{Call: "c_1", Agent: "ana", Notes: plantedNote}
	put(t, s, said(1, "c_1"), recordRow(2, record("c_1", plantedNumber)), said(3, "c_1"), recordRow(4, ended(matched)), paper, said(6, "c_1"), said(7, "c_2"))
	ok(t, s.Erase(t.Context(), "cu_1"))
	for _, row := range must(s.ReadLog(t.Context(), store.LogQuery{}))(t) {
		readable := strings.Contains(string(row.Body), plantedName) || strings.Contains(string(row.Body), plantedNumber)
		if other := row.Subject == "c_2"; readable != other {
			t.Errorf("row %d reads %s", row.Seq, row.Body)
		}
	}
	if got := must(s.Record(t.Context(), "c_1"))(t); got.Notes != store.Erased {
		t.Errorf("the record reads %+v", got)
	}
}

func lookalike(t *testing.T, r Rig) {
	s := r.start(t)
	e := row(1, "c_1")
	body := map[string]any{"§0": "§0", "plain": "§1", "far": "§99", "odd": "§-1", "name": ctid.Private("§0"), "esc": "a\"§0\"b"}
	e.Body = body
	put(t, s, e)
	got := must(s.ReadLog(t.Context(), store.LogQuery{}))(t)[0].Body
	var back map[string]string
	ok(t, json.Unmarshal(got, &back))
	// Only one text is sealed: the name. A value that is exactly §0 can't be told from a reference, and reads as that text.
	for k, want := range map[string]string{"plain": "§1", "far": "§99", "odd": "§-1", "name": "§0", "§0": "§0", "esc": "a\"§0\"b"} {
		if back[k] != want {
			t.Errorf("%s reads %q, want %q (of %s)", k, back[k], want, got)
		}
	}
}

func personHash(t *testing.T, r Rig) {
	s := r.start(t)
	a, b := s.PersonHash(plantedNumber), s.PersonHash("+32470987655")
	if a == b || a == "" || strings.Contains(a, "470987654") {
		t.Errorf("hashes are %q and %q", a, b)
	}
	if s.PersonHash("") != "" {
		t.Error("no number has a hash")
	}
	closeStore(t, s)
	if again := r.start(t).PersonHash(plantedNumber); again != a {
		t.Errorf("after a restart the hash is %q, was %q", again, a)
	}
}
