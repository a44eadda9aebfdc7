// Package crmtest holds every connector to what crmsync relies on.
package crmtest

import (
	"context"
	"testing"
	"time"

	"ctid"
	"ctid/crmsync"
)

// Rig is a connector with a way to see what its CRM now holds.
type Rig struct {
	Connector crmsync.Connector
	// Contacts counts the contacts that the CRM has for a call.
	Contacts func(t *testing.T, call ctid.CallID) int
	// Known are two calls that the CRM, or the store behind it, can take a contact for.
	Known [2]ctid.CallID
}

// Run runs the conformance suite; open is called for each test.
func Run(t *testing.T, open func(t *testing.T) Rig) {
	t.Run("one contact for each call", func(t *testing.T) {
		rig := open(t)
		for _, call := range rig.Known {
			deliver(t, rig, delivery(call, ctid.DeliverContact))
		}
		for _, call := range rig.Known {
			if n := rig.Contacts(t, call); n != 1 {
				t.Errorf("the CRM has %d contacts for call %s, want 1", n, call)
			}
		}
	})
	t.Run("the same delivery twice is one contact under one reference", func(t *testing.T) {
		rig := open(t)
		d := delivery(rig.Known[0], ctid.DeliverContact)
		first := deliver(t, rig, d)
		d.ID, d.Attempt = d.ID+1, d.Attempt+1 // only call and kind name it
		if again := deliver(t, rig, d); again != first {
			t.Errorf("the second delivery has reference %q, the first had %q", again, first)
		}
		if n := rig.Contacts(t, d.Call); n != 1 {
			t.Errorf("the CRM has %d contacts, want 1", n)
		}
	})
	t.Run("paperwork adds no contact", func(t *testing.T) {
		rig := open(t)
		deliver(t, rig, delivery(rig.Known[0], ctid.DeliverContact))
		deliver(t, rig, delivery(rig.Known[0], ctid.DeliverDisposition))
		if n := rig.Contacts(t, rig.Known[0]); n != 1 {
			t.Errorf("the CRM has %d contacts, want 1", n)
		}
	})
	t.Run("an ended context is obeyed", func(t *testing.T) {
		rig := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if ref, err := rig.Connector.Deliver(ctx, delivery(rig.Known[0], ctid.DeliverContact)); err == nil {
			t.Errorf("delivered as %q although its context had ended", ref)
		}
	})
	t.Run("it has a name", func(t *testing.T) {
		if open(t).Connector.Name() == "" {
			t.Error("the name is empty")
		}
	})
}

func deliver(t *testing.T, rig Rig, d ctid.Delivery) string {
	t.Helper()
	ref, err := rig.Connector.Deliver(t.Context(), d)
	if err != nil {
		t.Fatalf("delivering %s of call %s: %v", d.Kind, d.Call, err)
	}
	if ref == "" {
		t.Fatalf("delivering %s of call %s: no reference", d.Kind, d.Call)
	}
	return ref
}

func delivery(call ctid.CallID, kind string) ctid.Delivery {
	at := time.Date(2025, 3, 1, 9, 0, 0, 0, time.UTC)
	return ctid.Delivery{ID: 1, Call: call, Kind: kind, Created: at, Attempt: 1,
		Record: ctid.CallRecord{ID: call, Dir: "in", Arrived: at, Ended: at.Add(time.Minute), Outcome: "answered",
			End: &ctid.End{Side: ctid.SideCaller, Reason: "hangup"}}}
}
