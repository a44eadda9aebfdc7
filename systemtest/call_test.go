package systemtest

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"ctid"
	"ctid/pbxtest/phonetest"
	"ctid/store"
)

// One call, whole: script with keys, queue, pop, ring, talk, wrap-up, record.
func TestRealOneCall(t *testing.T) {
	r := Start(t, Options{Bin: program, PBX: asterisk, Queue: "wrapup: 30s", Seed: func(s *store.Store) error {
		return s.PutSeed(t.Context(), store.Seed{Customers: []ctid.Customer{{ID: "cu_mei", Name: "Mei Tan", Numbers: []ctid.Private{"+442079460018"},
			Company: &ctid.Company{ID: "co_1", Name: "Harbour Ltd"}}}})
	}})
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	phone := r.Phone("1001")
	phone.SetPolicy(phonetest.AnswerAfter(time.Second))
	d := r.Desk("1001")
	d.Ready()

	caller := r.Caller()
	call, err := caller.Call(ctx, Number, phonetest.CallOptions{From: "02079460018", Name: "Mei Tan"})
	if err != nil {
		t.Fatal(err)
	}
	if err := call.SendDTMF(ctx, "1"); err != nil { // over the greeting: typed ahead
		t.Fatal(err)
	}
	if err := call.SendDTMF(ctx, "4711"); err != nil {
		t.Fatal(err)
	}
	f, _ := d.Event(0, "pop.offered")
	var pop ctid.PopData
	if err := json.Unmarshal(f.Data, &pop); err != nil {
		t.Fatal(err)
	}
	if pop.ANI.E164 != "+442079460018" || pop.DNIS.Label != "Test line" || pop.Match.Chosen != "cu_mei" || pop.Queue.ID != "sales" ||
		len(pop.Attached) != 1 || len(pop.IVR.Path) < 2 || pop.Match.Customers[0].Company == nil {
		t.Errorf("pop: %s", f.Data)
	}
	ring, err := phone.AwaitCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := ring.AwaitAnswer(ctx); err != nil {
		t.Fatal(err)
	}
	if !f.Arrived.Before(ring.Times().Invited) {
		t.Error("the phone rang before the pop was there")
	}
	d.State(0, "talking")
	said := make(chan error, 1)
	go func() { said <- call.PlayTone(ctx, 700, 1200*time.Millisecond) }() // longer than a talk that does not count
	go func() { _ = ring.PlayTone(ctx, 1100, 3*time.Second) }()
	if err := ring.AwaitTone(ctx, 700); err != nil {
		t.Error("the agent does not hear the caller:", err)
	}
	if err := call.AwaitTone(ctx, 1100); err != nil {
		t.Error("the caller does not hear the agent:", err)
	}
	if err := <-said; err != nil {
		t.Error(err)
	}
	if err := call.Hangup(ctx); err != nil {
		t.Fatal(err)
	}
	w, _ := d.State(0, "wrapup")
	var view ctid.AgentView
	if err := json.Unmarshal(w.Data, &view); err != nil || view.Wrap == nil {
		t.Fatal(err, string(w.Data))
	}
	if _, err := d.Do(ctx, "agent.wrapup_done", map[string]any{"wrap": view.Wrap.ID, "disposition": "sold", "notes": "wants two"}, "w1"); err != nil {
		t.Fatal(err)
	}
	d.Event(0, "pop.closed")
	r.Clean()
	list := r.Records()
	if len(list) != 1 {
		t.Fatalf("%d records", len(list))
	}
	rec := list[0]
	if rec.End == nil || rec.End.Side != ctid.SideCaller || rec.Outcome != "answered" || rec.Customer != "cu_mei" || rec.TalkMS < 100 ||
		rec.Offers[0].PopBeforeRing != "true" || rec.Offers[0].PopSeenMS < 0 || rec.Disposition != "sold" || rec.Notes != "wants two" {
		b, _ := json.Marshal(rec)
		t.Errorf("record: %s", b)
	}
}
