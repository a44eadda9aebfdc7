package systemtest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/pbxtest"
)

// 100 calls at 20 a second into a queue with 50 phones: all end well, and nothing is left of them anywhere.
func TestRealHundredCalls(t *testing.T) {
	const calls, phones = 100, 50
	ctx := t.Context()
	port, err := pbxtest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	pbx, err := pbxtest.Start(ctx, pbxtest.Config{Agents: phones, AgentContact: fmt.Sprintf("127.0.0.1:%d", port)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := pbx.Stop(); err != nil {
			t.Error(err)
		}
	}()
	answering, err := pbxtest.StartSIPp(ctx, pbxtest.Load{Scenario: pbxtest.Phones, Server: pbx.SIPAddr(), Calls: 10 * calls, Port: port, Pause: 300 * time.Millisecond, Limit: 2 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer answering.Stop() //nolint:errcheck // its figures are not asked for
	if err := answering.Await(ctx); err != nil {
		t.Fatal(err)
	}
	r := Start(t, Options{Bin: program, PBX: pbx, Agents: phones, Desk: "none", Script: QueueOnly})
	r.Eventually("all agents ready", func() error {
		if n := r.Metric(`ctid_agent_state{state="ready"}`); n != phones {
			return fmt.Errorf("%v agents are ready", n)
		}
		return nil
	})
	before, files := r.Metric("go_goroutines"), r.Metric("process_open_fds")
	got, err := pbxtest.SIPp(ctx, pbxtest.Load{Scenario: pbxtest.Callers, Server: pbx.SIPAddr(), Number: Number, Calls: calls, Rate: 20, Pause: 2 * time.Second, Limit: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if got.Successful != calls || got.Failed != 0 {
		t.Errorf("SIPp: %d good, %d failed\n%s", got.Successful, got.Failed, got.Errors)
	}
	r.Clean()
	if n := r.Metric(`ctid_agent_state{state="ready"}`); n != phones {
		t.Errorf("%v agents are ready afterwards", n)
	}
	r.Eventually("goroutines", func() error {
		opened := r.Metric("process_open_fds") - files // connections to Asterisk, each of two goroutines
		if after := r.Metric("go_goroutines"); opened > 16 || after > before+2*max(opened, 0)+5 {
			return fmt.Errorf("%v before, %v now, and %v more descriptors", before, after, opened)
		}
		return nil
	})
	if out, err := pbx.CLI(ctx, "core show channels count"); err != nil || !strings.Contains(out, "0 active channels") {
		t.Errorf("%s %v", out, err)
	}
	checkRecords(t, r.Records(), calls)
}

// checkRecords says that there are n records, each with one end and an answered talk.
func checkRecords(t *testing.T, list []ctid.CallRecord, n int) {
	t.Helper()
	if len(list) != n {
		t.Errorf("%d records of %d calls", len(list), n)
	}
	for _, rec := range list {
		if rec.End == nil || rec.Outcome != "answered" || rec.TalkMS <= 0 || rec.Offers[len(rec.Offers)-1].End != ctid.OfferAccepted {
			t.Errorf("record %s: %+v, outcome %s, talk %d ms, %d offers", rec.ID, rec.End, rec.Outcome, rec.TalkMS, len(rec.Offers))
		}
	}
}
