package local_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ctid"
	"ctid/crmsync"
	"ctid/crmsync/crmtest"
	"ctid/crmsync/local"
	"ctid/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var day = time.Date(2025, 3, 1, 9, 0, 0, 0, time.UTC)

// open makes a store with customers who share some numbers, and n ended calls of cu_1.
func open(t *testing.T, n int) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{DSN: "sqlite:" + filepath.Join(t.TempDir(), "ctid.db"), Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	seed := store.Seed{Customers: []ctid.Customer{
		{ID: "cu_1", Name: "Ann", Account: "A1", Numbers: []ctid.Private{"+32470000001", "+32470000009"}},
		{ID: "cu_2", Name: "Bob", Account: "A2", Numbers: []ctid.Private{"+32470000009"}},
		{ID: "cu_3", Name: "Cyd", Account: "A3"}, {ID: "cu_4", Name: "Dan", Account: "A3"},
	}, Cases: []store.CaseRow{{Case: ctid.Case{ID: "k1", Title: "Leak", State: "open"}, Customer: "cu_1", Opened: day}}}
	if err := s.PutSeed(t.Context(), seed); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		rec := ctid.CallRecord{ID: ctid.CallID(fmt.Sprint("c_", i)), Dir: "in", Arrived: day.Add(time.Duration(i) * time.Minute), Customer: "cu_1",
			End: &ctid.End{Side: ctid.SideCaller, Reason: "hangup"}}
		done := make(chan error, 1)
		s.Append(ctid.LogEntry{Seq: uint64(i + 1), At: day, Kind: "call.cleared", V: 1, Subject: string(rec.ID), Record: &rec, Done: func(err error) { done <- err }})
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestWhoIsCalling(t *testing.T) {
	s := open(t, 7)
	d := local.NewDirectory(s, func() time.Time { return day })
	type who struct {
		id    ctid.CustomerID
		score float64
		why   []string
	}
	for _, x := range []struct {
		name        string
		ani         ctid.Private
		account     ctid.Private
		state       ctid.MatchState
		chosen      ctid.CustomerID
		asked       []string
		cands       []who
		cases, last int
	}{
		{"one exact number", "+32470000001", "", ctid.MatchOne, "cu_1", []string{"ani"}, []who{{"cu_1", 0.9, []string{"ani exact"}}}, 1, 5},
		{"a shared number chooses nobody", "+32470000009", "", ctid.MatchMany, "", []string{"ani"},
			[]who{{"cu_1", 0.45, []string{"ani shared by 2"}}, {"cu_2", 0.45, []string{"ani shared by 2"}}}, 0, 0},
		{"the account decides between them", "+32470000009", "A2", ctid.MatchMany, "cu_2", []string{"account", "ani"},
			[]who{{"cu_2", 1, []string{"account exact", "ani shared by 2"}}, {"cu_1", 0.45, []string{"ani shared by 2"}}}, 0, 0},
		{"both say the same", "+32470000001", "A1", ctid.MatchOne, "cu_1", []string{"account", "ani"}, []who{{"cu_1", 1, []string{"account exact", "ani exact"}}}, 1, 5},
		{"a shared account", "", "A3", ctid.MatchMany, "", []string{"account"}, []who{{"cu_3", 0.49, []string{"account shared by 2"}}, {"cu_4", 0.49, []string{"account shared by 2"}}}, 0, 0},
		{"unknown", "+32470000002", "A9", ctid.MatchNone, "", []string{"account", "ani"}, nil, 0, 0},
		{"withheld", "", "", ctid.MatchNone, "", []string{}, nil, 0, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			m, err := d.Who(t.Context(), ctid.Number{E164: x.ani}, x.account)
			if err != nil {
				t.Fatal(err)
			}
			var got []who
			for _, c := range m.Customers {
				got = append(got, who{c.ID, c.Score, c.Why})
			}
			if m.State != x.state || m.Chosen != x.chosen || !reflect.DeepEqual(m.Asked, x.asked) || !reflect.DeepEqual(got, x.cands) {
				t.Errorf("got %s chosen %q asked %v %+v", m.State, m.Chosen, m.Asked, got)
			}
			if len(m.Cases) != x.cases || len(m.Last) != x.last {
				t.Errorf("%d cases, %d contacts, want %d and %d", len(m.Cases), len(m.Last), x.cases, x.last)
			}
		})
	}
}

// broken is a store whose look-ups by number fail.
type broken struct{ local.Store }

func (broken) CustomersByNumber(context.Context, string) ([]ctid.Customer, error) {
	return nil, errors.New("locked")
}

func TestWhoFails(t *testing.T) {
	m, err := local.NewDirectory(broken{}, nil).Who(t.Context(), ctid.Number{E164: "+32470000001"}, "")
	if err == nil || m.State != ctid.MatchFailed || m.Chosen != "" {
		t.Errorf("got %+v, %v", m, err)
	}
}

func TestConnectorConforms(t *testing.T) {
	crmtest.Run(t, func(t *testing.T) crmtest.Rig {
		s := open(t, 2)
		return crmtest.Rig{Connector: local.NewConnector(s), Known: [2]ctid.CallID{"c_0", "c_1"},
			Contacts: func(t *testing.T, call ctid.CallID) (n int) {
				last, err := s.LastContacts(t.Context(), "cu_1", 100)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range last {
					if c.Call == call {
						n++
					}
				}
				return n
			}}
	})
}

// TestSyncDrainsTheStore is the whole way: ended calls, outbox, connector, empty outbox.
func TestSyncDrainsTheStore(t *testing.T) {
	s := open(t, 5)
	sync := crmsync.New(s, local.NewConnector(s), crmsync.Config{})
	if next, err := sync.Drain(t.Context()); err != nil || !next.IsZero() {
		t.Fatalf("next %v, %v", next, err)
	}
	if n, err := s.OutboxDepth(t.Context()); err != nil || n != 0 {
		t.Errorf("the outbox has %d rows: %v", n, err)
	}
	for i := range 5 {
		if first, err := s.MarkDelivered(t.Context(), ctid.CallID(fmt.Sprint("c_", i))); err != nil || first {
			t.Errorf("call %d had not been marked: %v", i, err)
		}
	}
}
