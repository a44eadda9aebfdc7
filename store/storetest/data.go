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

var customerTests = []test{
	{"customers: found by number, account and id, with company", customersFound},
	{"customers: numbers must be E.164, and a bad seed leaves nothing", customersRefused},
	{"customers: open cases and the last five contacts", casesAndContacts},
}

var outboxTests = []test{
	{"outbox: claimed oldest first, done once, by call and kind", outboxClaim},
	{"outbox: paperwork waits for its contact", outboxOrder},
	{"outbox: retry comes back when due, a lost claim when its lease ends", outboxRetry},
	{"outbox: an interaction is marked once", outboxMark},
}

func customersFound(t *testing.T, r Rig) {
	s := r.start(t)
	mei := ctid.Customer{ID: "cu_19", Name: "Mei Tan", Company: &ctid.Company{ID: "co_1", Name: "Tan Ltd"}, Lang: "zh-CN", VIP: true, Tier: "gold",
		Account: "NL-4711", LastAgent: "ana", Tags: []string{"vip"}, Fields: map[string]string{"region": "EU"}, Numbers: []ctid.Private{"+6561234567", "+3225550199"}}
	id := must(s.PutCustomer(t.Context(), mei))(t)
	if id != "cu_19" {
		t.Errorf("the id became %s", id)
	}
	if got := must(s.Customer(t.Context(), id))(t); !reflect.DeepEqual(got, mei) {
		t.Errorf("the customer reads\n%+v, was\n%+v", got, mei)
	}
	made := must(s.PutCustomer(t.Context(), ctid.Customer{Name: "Household", Numbers: []ctid.Private{"+3225550199"}}))(t)
	if len(made) != len("cu_")+26 {
		t.Errorf("the id made is %q", made)
	}
	for number, want := range map[string]int{"+3225550199": 2, "+6561234567": 1, "+656123456": 0, "": 0} {
		if got := must(s.CustomersByNumber(t.Context(), number))(t); len(got) != want {
			t.Errorf("%d customers have %s, want %d", len(got), number, want)
		}
	}
	if got := must(s.CustomersByAccount(t.Context(), "NL-4711"))(t); len(got) != 1 || got[0].ID != "cu_19" {
		t.Errorf("by account: %+v", got)
	}
	if got := must(s.CustomersByAccount(t.Context(), ""))(t); len(got) != 0 {
		t.Errorf("no account finds %+v", got)
	}
	mei.Numbers = mei.Numbers[:1]
	must(s.PutCustomer(t.Context(), mei))(t)
	if got := must(s.CustomersByNumber(t.Context(), "+3225550199"))(t); len(got) != 1 {
		t.Errorf("a number taken away still finds %+v", got)
	}
	_, err := s.Customer(t.Context(), "cu_none")
	wantErr(t, err, store.ErrNotFound)
}

func customersRefused(t *testing.T, r Rig) {
	s := r.start(t)
	for _, n := range []ctid.Private{"0470111222", "+0470", "+32 470", "", "+1234567890123456"} {
		if _, err := s.PutCustomer(t.Context(), ctid.Customer{ID: "cu_1", Numbers: []ctid.Private{n}}); err == nil {
			t.Errorf("number %q was taken", n)
		}
	}
	seed := store.Seed{Customers: []ctid.Customer{{ID: "cu_1", Name: "Ann"}}, Cases: []store.CaseRow{{Case: ctid.Case{ID: "k1"}, Customer: "cu_9", Opened: day}}}
	if err := s.PutSeed(t.Context(), seed); err == nil {
		t.Error("a case of an unknown customer was taken")
	}
	_, err := s.Customer(t.Context(), "cu_1")
	wantErr(t, err, store.ErrNotFound)
}

func casesAndContacts(t *testing.T, r Rig) {
	s := r.start(t, func(c *store.Config) { c.Now = func() time.Time { return day.Add(49 * time.Hour) } })
	must(s.PutCustomer(t.Context(), ctid.Customer{ID: "cu_1", Name: "Ann"}))(t)
	for i, state := range []string{"open", "closed", "waiting"} {
		ok(t, s.PutCase(t.Context(), store.CaseRow{Case: ctid.Case{ID: fmt.Sprint("k", i), Title: "Leak", State: state, Owner: "ana"}, Customer: "cu_1", Opened: day.Add(time.Duration(i) * time.Hour)}))
	}
	want := []ctid.Case{{ID: "k2", Title: "Leak", State: "waiting", Owner: "ana", AgeDays: 1}, {ID: "k0", Title: "Leak", State: "open", Owner: "ana", AgeDays: 2}}
	if got := must(s.OpenCases(t.Context(), "cu_1"))(t); !slices.Equal(got, want) {
		t.Errorf("open cases are %+v, want %+v", got, want)
	}
	for i := range 7 {
		rec := ended(record(ctid.CallID(fmt.Sprint("c_", i)), "+32470111222"))
		rec.Customer, rec.Arrived = "cu_1", day.Add(time.Duration(i)*time.Minute)
		put(t, s, recordRow(uint64(i+1), rec))
	}
	var calls []ctid.CallID
	for _, c := range must(s.LastContacts(t.Context(), "cu_1", 5))(t) {
		calls = append(calls, c.Call)
	}
	if !slices.Equal(calls, []ctid.CallID{"c_6", "c_5", "c_4", "c_3", "c_2"}) {
		t.Errorf("the last five are %v", calls)
	}
}

// outboxOf fills an outbox with ended calls c_0, c_1 … and returns a clock that the test moves.
func outboxOf(t *testing.T, r Rig, calls int) (*store.Store, *clock) {
	t.Helper()
	c := newClock(day)
	s := r.start(t, func(cfg *store.Config) { cfg.Now = c.now })
	for i := range calls {
		put(t, s, recordRow(uint64(i+1), ended(record(ctid.CallID(fmt.Sprint("c_", i)), "+32470111222"))))
		c.add(time.Second)
	}
	return s, c
}

// claim takes one delivery; nil: none is due.
func claim(t *testing.T, s *store.Store, lease time.Duration) (*ctid.Delivery, time.Time, error) {
	t.Helper()
	list, next, err := s.ClaimDeliveries(t.Context(), lease, 1)
	if err != nil || len(list) == 0 {
		return nil, next, err
	}
	return &list[0], next, nil
}

func outboxClaim(t *testing.T, r Rig) {
	s, _ := outboxOf(t, r, 2)
	select {
	case <-s.OutboxReady():
	default:
		t.Error("no token after outbox rows were written")
	}
	for _, call := range []ctid.CallID{"c_0", "c_1"} {
		d, _, err := claim(t, s, time.Minute)
		ok(t, err)
		if d == nil || d.Call != call || d.Kind != ctid.DeliverContact || d.Attempt != 1 || d.Record.ANI.E164 != "+32470111222" {
			t.Fatalf("claimed %+v, want %s", d, call)
		}
		ok(t, s.Delivered(t.Context(), d.ID, "crm-1"))
		ok(t, s.RetryDelivery(t.Context(), d.ID, day, errors.New("too late"))) // an answer after the end changes nothing
	}
	d, next, err := claim(t, s, time.Minute)
	ok(t, err)
	if d != nil || !next.IsZero() {
		t.Errorf("an empty outbox gives %+v, next %v", d, next)
	}
}

func outboxOrder(t *testing.T, r Rig) {
	s, c := outboxOf(t, r, 2)
	paper := row(3, "ana")
	paper.Amend = &ctid.Amendment{Call: "c_0", Agent: "ana", Disposition: "sale"}
	put(t, s, paper)
	claimed := func(want ...string) (ids []int64) {
		t.Helper()
		list, _, err := s.ClaimDeliveries(t.Context(), time.Minute, 10)
		ok(t, err)
		var got []string
		for _, d := range list {
			got, ids = append(got, string(d.Call)+" "+d.Kind), append(ids, d.ID)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("claimed %q, want %q", got, want)
		}
		return ids
	}
	ids := claimed("c_0 "+ctid.DeliverContact, "c_1 "+ctid.DeliverContact)
	claimed()
	ok(t, s.RetryDelivery(t.Context(), ids[0], c.now().Add(time.Minute), errors.New("503")))
	claimed()
	c.add(time.Minute)
	ids = claimed("c_0 "+ctid.DeliverContact, "c_1 "+ctid.DeliverContact) // the lease of the second is over
	ok(t, s.GiveUpDelivery(t.Context(), ids[0], errors.New("malformed")))
	claimed("c_0 " + ctid.DeliverDisposition)
}

func outboxRetry(t *testing.T, r Rig) {
	s, c := outboxOf(t, r, 2)
	d, _, err := claim(t, s, time.Minute)
	ok(t, err)
	ok(t, s.RetryDelivery(t.Context(), d.ID, c.now().Add(10*time.Minute), errors.New("503")))
	lost, _, err := claim(t, s, time.Minute) // its worker dies
	ok(t, err)
	none, next, err := claim(t, s, time.Minute)
	ok(t, err)
	if none != nil || !next.Equal(c.now().Add(time.Minute)) {
		t.Errorf("got %+v, next %v, want the end of the lease", none, next)
	}
	c.add(time.Minute)
	again, _, err := claim(t, s, time.Minute)
	ok(t, err)
	if again == nil || again.ID != lost.ID || again.Attempt != 2 {
		t.Fatalf("after the lease: %+v", again)
	}
	ok(t, s.GiveUpDelivery(t.Context(), again.ID, errors.New("malformed")))
	c.add(10 * time.Minute)
	retried, _, err := claim(t, s, time.Minute)
	ok(t, err)
	if retried == nil || retried.ID != d.ID || retried.Attempt != 2 {
		t.Fatalf("after its time: %+v", retried)
	}
	ok(t, s.Delivered(t.Context(), retried.ID, ""))
	if n := must(s.OutboxDepth(t.Context()))(t); n != 0 {
		t.Errorf("the outbox has %d rows", n)
	}
}

func outboxMark(t *testing.T, r Rig) {
	s, _ := outboxOf(t, r, 1)
	if !must(s.MarkDelivered(t.Context(), "c_0"))(t) || must(s.MarkDelivered(t.Context(), "c_0"))(t) {
		t.Error("the first mark is the first, the second is not")
	}
	_, err := s.MarkDelivered(t.Context(), "c_none")
	wantErr(t, err, store.ErrNotFound)
}
