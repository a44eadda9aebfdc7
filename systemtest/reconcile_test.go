package systemtest

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/pbxtest/phonetest"
)

// reconcile names what has lost its other half, beside the daemon without changing anything, and ends dead records when
// no daemon runs.
func TestRealReconcile(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	r := Start(t, Options{Bin: program, PBX: asterisk, Desk: "none", Agents: 1, Script: QueueOnly})
	call := func(n int) *phonetest.Dialog {
		d, err := r.Caller().Call(ctx, Number, phonetest.CallOptions{From: from(n)})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	stays, goes := call(800), call(801)
	awaitMetric(r, `ctid_queue_waiting{queue="sales"}`, 2)
	if out, status := r.Run("", "reconcile", "--dry-run", "-c", "ctid.yaml"); status != 0 || !strings.Contains(out, "good:") {
		t.Errorf("beside a sound daemon: %d %s", status, out)
	}
	out, status := r.Run("", "reconcile", "-c", "ctid.yaml")
	if status != 1 {
		t.Errorf("a repair beside the daemon: %d %s", status, out)
	}
	says(t, out, "another ctid already serves from database", "--dry-run")

	r.Kill()
	if err := goes.Hangup(ctx); err != nil {
		t.Error(err)
	}
	r.Eventually("the channel gone", func() error {
		ids, err := asterisk.Channels(ctx)
		if err == nil && len(ids) != 1 {
			err = context.DeadlineExceeded
		}
		return err
	})
	for range 2 { // looking changes nothing
		out, status = r.Run("", "reconcile", "--dry-run", "--json", "-c", "ctid.yaml")
		var found struct {
			Findings []struct{ Kind, Node, Call, Text string }
		}
		if err := json.Unmarshal([]byte(out), &found); err != nil || status != 1 || len(found.Findings) != 1 || found.Findings[0].Kind != "record_without_channel" || found.Findings[0].Node != "pbx" {
			t.Errorf("a dead record: %d %s %v", status, out, err)
		}
	}
	if out, status = r.Run("", "reconcile", "-c", "ctid.yaml"); status != 0 || !strings.Contains(out, "ended now") {
		t.Errorf("repair: %d %s", status, out)
	}
	if out, status = r.Run("", "reconcile", "-c", "ctid.yaml"); status != 0 || !strings.Contains(out, "good:") {
		t.Errorf("after the repair: %d %s", status, out)
	}
	r.Launch()
	awaitMetric(r, `ctid_queue_waiting{queue="sales"}`, 1)
	alive(t, "the caller who stayed", stays)
	if err := stays.Hangup(ctx); err != nil {
		t.Error(err)
	}
	r.Clean()
	want := map[ctid.Private]string{ctid.Private(e164(from(800))): "hangup", ctid.Private(e164(from(801))): "reconciled"}
	for _, rec := range r.Records() {
		if rec.End == nil || rec.End.Reason != want[rec.ANI.E164] || rec.Outcome != "abandoned" {
			t.Errorf("record of %s: %+v, %s", rec.ANI.E164, rec.End, rec.Outcome)
		}
	}
	if n := len(r.Records()); n != 2 {
		t.Errorf("%d records", n)
	}
}
