package main

import (
	"strings"
	"testing"
	"time"

	"ctid"
)

// The trail shows masked keys as dots, errors where they happened, and the way through a subscript.
func TestIVRTrail(t *testing.T) {
	r := newVersionsRig(t)
	at := time.Now().Add(-time.Hour).Truncate(time.Second)
	in := func(n int, after time.Duration, node, verb, kind, outcome string, told ctid.ScriptTold) ctid.ScriptInput {
		return ctid.ScriptInput{N: n, At: at.Add(after), Script: "front", Node: node, Step: 1, Verb: verb, Kind: kind, Outcome: outcome, Told: told}
	}
	pin := in(3, 4*time.Second, "lib/pay.pin", "collect", ctid.InputKeys, "done", ctid.ScriptTold{})
	pin.Masked, pin.Count = true, 4
	inputs := []ctid.ScriptInput{
		in(1, 0, "", "", ctid.InputStart, "", ctid.ScriptTold{}),
		in(2, time.Second, "start", "menu", ctid.InputSilence, "no_input", ctid.ScriptTold{}),
		pin,
		in(4, 6*time.Second, "lib/pay.pin", "query", ctid.InputAnswer, "error", ctid.ScriptTold{Asked: "statement pin_ok",
			Answer: ctid.PrivateValue{V: map[string]any{"Code": "query.timeout"}}}),
		in(5, 7*time.Second, "end", "", ctid.InputHangup, "", ctid.ScriptTold{}),
	}
	rec := &ctid.CallRecord{ID: "c_1", Node: "pbx", Dir: "in", Arrived: at, Ended: at.Add(8 * time.Second), Outcome: "script",
		Scripted: &ctid.Scripted{Set: r.d.lib.sum(), Errors: 1, Failed: 2, LastResort: true}, End: &ctid.End{Side: ctid.SideCaller},
		IVR: ctid.IVRTrail{Script: "front", Path: []ctid.PathStep{{Node: "start", MS: 2000}, {Node: "lib/pay.pin", MS: 4000}, {Node: "end", MS: 1000}}}}
	done := make(chan error, 2)
	told := func(err error) { done <- err }
	r.d.st.Append(ctid.LogEntry{Subject: "c_1", Record: rec, Inputs: inputs, Done: told})
	r.d.st.Append(ctid.LogEntry{Seq: 1_000_000, Epoch: "e", At: at.Add(6 * time.Second), Kind: "call.note", V: ctid.BodyVersion, Subject: "c_1", Done: told,
		Body: ctid.CallNote{What: "script", Data: map[string]any{"code": "query.timeout", "text": "error in lib/pay.pin"}}})
	for range 2 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	got := r.good("trail", "c_1")
	want := []string{
		"c_1 from withheld, ", "script front, set " + shortSum(r.d.lib.sum()),
		"0:00.0  start          →\n", "0:01.0  start/1        ✗ silence  menu no_input\n",
		"0:02.0  lib/pay.pin    →\n", "0:04.0  lib/pay.pin/1  > ••••  collect done\n", "0:06.0  lib/pay.pin/1  · statement pin_ok  error (query.timeout)\n",
		"0:06.0                 ✗ query.timeout: error in lib/pay.pin\n", "0:06.0  end            →\n", "0:07.0  end/1          the caller has hung up\n",
		"0:08.0                 ■ ended by caller: script\n", "went wrong: errors: 1, failed questions: 2, last_resort\n",
	}
	rest := got
	for _, w := range want {
		_, after, ok := strings.Cut(rest, w)
		if !ok {
			t.Fatalf("no %q, or not in its place, in\n%s", w, got)
		}
		rest = after
	}
	if list := r.good("trail"); !strings.Contains(list, "front   end        script   errors: 1, failed questions: 2, last_resort") {
		t.Errorf("the list:\n%s", list)
	}
	if list := r.good("trail", "--from", "+442079460018"); strings.Contains(list, "c_1") {
		t.Errorf("of another caller:\n%s", list)
	}
	r.refused("there is no call c_2", "trail", "c_2")
}
