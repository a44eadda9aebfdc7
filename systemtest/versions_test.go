package systemtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"ctid/ivr/canary"
	"ctid/pbxtest/phonetest"
)

// ivr runs ctid ivr with arguments, which must end with a status, and returns its output.
func (r *Rig) ivr(status int, args ...string) string {
	r.T.Helper()
	out, got := r.Run("", append(append([]string{"ivr"}, args...), "-c", "ctid.yaml")...)
	if got != status {
		r.T.Fatalf("ctid ivr %s ended with %d, want %d:\n%s", strings.Join(args, " "), got, status, out)
	}
	return out
}

// setIn is the sum of the set that is in a state.
func (r *Rig) setIn(state string) string {
	r.T.Helper()
	var sets []struct{ Sum, State string }
	if err := json.Unmarshal([]byte(r.ivr(0, "sets", "--json")), &sets); err != nil {
		r.T.Fatal(err)
	}
	for _, s := range sets {
		if s.State == state {
			return s.Sum
		}
	}
	r.T.Fatalf("no set is %s: %v", state, sets)
	return ""
}

// callerOn is a number whose caller is, or is not, on a canary of half the callers; as it is sent.
func callerOn(set string, on bool) string {
	for i := range 100 {
		if n := fmt.Sprintf("20794600%02d", i); canary.Chosen("+44"+n, set, 50) == on {
			return "0" + n
		}
	}
	panic("all on one side")
}

// A call keeps its version through a reload and a kill; a bad reload changes nothing; a rollback is at once; a canary's
// callers hear it and the others do not; and a replay tells who would have gone elsewhere.
func TestRealVersions(t *testing.T) {
	r := Start(t, Options{Bin: program, PBX: asterisk, Desk: "none", Agents: 1, Script: fmt.Sprintf(reloadScript, "line")})
	ctx, cancel := context.WithTimeout(t.Context(), 55*time.Second)
	defer cancel()
	call := func(from string) *phonetest.Dialog {
		t.Helper()
		d, err := r.Caller().Call(ctx, Number, phonetest.CallOptions{From: from})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	var queued []*phonetest.Dialog
	hears := func(d *phonetest.Dialog, line bool) { // key 1 is the queue in the old version, and the end in the new one
		t.Helper()
		err := d.SendDTMF(ctx, "1")
		if line {
			if err != nil {
				t.Fatal(err)
			}
			queued = append(queued, d)
			awaitMetric(r, `ctid_queue_waiting{queue="sales"}`, float64(len(queued)))
			return
		}
		if _, err := d.AwaitEnd(ctx); err != nil { // it may have been over before the key was let go
			t.Fatal("the call is not on the new version:", err)
		}
	}
	inMenu := call("02079460018")
	r.Write("ivr/main.yaml", fmt.Sprintf(reloadScript, "bye"))
	if out := r.ivr(0, "reload"); !strings.Contains(out, "new calls hear it") {
		t.Errorf("reload says %s", out)
	}
	hears(call("02079460019"), false)
	r.Write("ivr/main.yaml", fmt.Sprintf(reloadScript, "nowhere"))
	if out := r.ivr(1, "reload"); !strings.Contains(out, "main.yaml:5:") || !strings.Contains(out, "nothing has changed") {
		t.Errorf("a bad reload says %s", out)
	}
	hears(call("02079460019"), false)
	r.Eventually("two ends on disk", func() error {
		ended := 0
		for _, rec := range r.Records() {
			if rec.End != nil {
				ended++
			}
		}
		if ended != 2 {
			return fmt.Errorf("%d records have an end", ended)
		}
		return nil
	})
	r.Kill()
	r.Launch() // with a broken folder: on the set that was in force
	hears(inMenu, true)
	hears(call("02079460019"), false)
	r.Write("ivr/main.yaml", fmt.Sprintf(reloadScript, "bye"))
	r.ivr(0, "rollback")
	hears(call("02079460019"), true)

	r.ivr(0, "canary", "start", "--percent", "50")
	set := r.setIn("canary")
	on, off := callerOn(set, true), callerOn(set, false)
	hears(call(on), false)
	hears(call(off), true)
	hears(call(on), false)
	if out := r.ivr(0, "canary", "status"); !strings.Contains(out, "running") {
		t.Errorf("status says %s", out)
	}
	r.ivr(0, "canary", "stop")
	hears(call(on), true)
	var errs []error
	for _, d := range queued {
		errs = append(errs, d.Hangup(ctx))
	}
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	r.replayed(set)
	r.Clean()
}

// replayed looks at what became of the calls: each record names its set, and those of the old one would end on the new.
func (r *Rig) replayed(trial string) {
	r.T.Helper()
	old, fresh := 0, 0
	for _, rec := range r.EndedRecords() {
		way := rec.IVR.Path[len(rec.IVR.Path)-1].Node
		switch {
		case rec.Scripted == nil:
			r.T.Errorf("the record of %s names no set", rec.ID)
		case rec.Scripted.Set == trial && way == "bye":
			fresh++
		case rec.Scripted.Set != trial && way == "line":
			old++
		default:
			r.T.Errorf("%s went to %s on set %s", rec.ID, way, rec.Scripted.Set)
		}
	}
	if old != 4 || fresh != 5 {
		r.T.Errorf("%d calls on the old version, %d on the new; want 4 and 5", old, fresh)
	}
	out := r.ivr(1, "replay", "--since", "1h")
	if n := strings.Count(out, "after ask (1) it went to line, now to bye"); n != old || !strings.Contains(out, fmt.Sprintf("%d the same, %d elsewhere, 0 cannot be told", fresh, old)) {
		r.T.Errorf("the replay says\n%s", out)
	}
}
