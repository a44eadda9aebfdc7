package storetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/store"
)

var ivrTests = []test{
	{"ivr: sets are kept whole, found by their first digits, and dropped", scriptSets},
	{"ivr: a set that is too large is refused", scriptSetTooLarge},
	{"ivr: what is in force, and what was before", scriptVersions},
	{"ivr: inputs are kept sealed, once, and erased with their person", scriptInputs},
	{"ivr: ended calls are counted by set, a caller's later ones as such", scriptedCalls},
	{"ivr: a canary's state lives through a restart", canaryState},
	{"ivr: old inputs are dropped with what was sealed", oldInputs},
	{"ivr: traffic counts the ways of ended calls", scriptTraffic},
}

func sum(c string) string { return strings.Repeat(c, 64) }

func scriptSets(t *testing.T, r Rig) {
	s := r.start(t)
	set := store.ScriptSet{Sum: sum("a"), Files: map[string][]byte{"front.yaml": []byte(strings.Repeat("version: 1\n", 1000)), "lib/x.yaml": {0, 1, 255}},
		Site: json.RawMessage(`{"Queues":["sales"]}`)}
	ok(t, s.KeepScripts(t.Context(), set))
	ok(t, s.KeepScripts(t.Context(), store.ScriptSet{Sum: "a" + sum("c")[1:], Files: map[string][]byte{"b.yaml": nil}}))
	if got := must(s.Scripts(t.Context(), set.Sum))(t); !reflect.DeepEqual(got, set) {
		t.Errorf("the set reads back as %+v", got)
	}
	if got := must(s.Scripts(t.Context(), "aaaaaaaa"))(t); got.Sum != set.Sum {
		t.Errorf("its first digits find %s", got.Sum)
	}
	for _, digits := range []string{"", "a", "b", "A", "%", "aaaaaaab", "g"} {
		_, err := s.Scripts(t.Context(), digits)
		wantErr(t, err, store.ErrNotFound)
	}
	if n := must(s.DropScripts(t.Context(), []string{set.Sum}))(t); n != 1 {
		t.Errorf("%d sets dropped", n)
	}
	if got := must(s.ScriptSums(t.Context()))(t); !slices.Equal(got, []string{set.Sum}) {
		t.Errorf("left are %v", got)
	}
	sound(t, s)
}

func scriptSetTooLarge(t *testing.T, r Rig) {
	s := r.start(t)
	noise := make([]byte, 50<<20)
	for i := range noise {
		noise[i] = byte(i)
	}
	err := s.KeepScripts(t.Context(), store.ScriptSet{Sum: sum("a"), Files: map[string][]byte{"a.yaml": noise}})
	wantErr(t, err, store.ErrSetTooLarge)
}

func scriptVersions(t *testing.T, r Rig) {
	s := r.start(t)
	for _, step := range []struct{ digit, why string }{{"a", "start"}, {"a", "reload"}, {"b", "reload"}, {"a", "rollback"}} {
		ok(t, s.UseScripts(t.Context(), store.ScriptSet{Sum: sum(step.digit), Files: map[string][]byte{}}, step.why))
	}
	closeStore(t, s)
	s = r.start(t)
	var got []string
	for _, v := range must(s.ScriptVersions(t.Context(), 10))(t) {
		got = append(got, v.Sum[:1]+" "+v.Why)
	}
	if want := []string{"a rollback", "b reload", "a start"}; !slices.Equal(got, want) {
		t.Errorf("in force were %v, want %v", got, want)
	}
	if got := must(s.ScriptVersions(t.Context(), 1))(t); len(got) != 1 || got[0].Sum != sum("a") {
		t.Errorf("in force is %v", got)
	}
}

// inputsOf are three inputs of a script, one of them masked.
func inputsOf(at time.Time) []ctid.ScriptInput {
	return []ctid.ScriptInput{
		{N: 1, At: at, Script: "balance", Node: "account", Step: 1, Verb: "collect", Kind: ctid.InputKeys, Outcome: "done", Count: 10, Told: ctid.ScriptTold{Keys: "4929123456"}},
		{N: 2, At: at.Add(time.Second), Script: "balance", Node: "pin", Step: 1, Verb: "collect", Kind: ctid.InputKeys, Outcome: "done", Count: 4, Masked: true},
		{N: 3, At: at.Add(2 * time.Second), Script: "balance", Node: "pin", Step: 2, Verb: "query", Kind: ctid.InputAnswer, Outcome: "done",
			Told: ctid.ScriptTold{Asked: "statement pin_ok", Answer: ctid.PrivateValue{V: map[string]any{"rows": []any{map[string]any{"holder": "Mei Tan"}}}}}},
	}
}

func scriptInputs(t *testing.T, r Rig) {
	s := r.start(t)
	in := inputsOf(day)
	a := newAcks()
	for i := range 2 { // the second time is a row whose commit was thought lost
		s.Append(ctid.LogEntry{Subject: "c_1", Person: "h_mei", Inputs: in, Done: a.done(uint64(i + 1))})
	}
	await(t, "both", func() bool { return a.count() == 2 })
	ok(t, a.of(t, 1))
	ok(t, a.of(t, 2))
	if got := must(s.IVRInputs(t.Context(), "c_1"))(t); !reflect.DeepEqual(got, in) {
		t.Errorf("the inputs read\n%+v\nwere\n%+v", got, in)
	}
	for _, text := range []string{"4929123456", "Mei Tan", "pin_ok"} {
		if r.Holds(t, text) {
			t.Errorf("the database holds %q in the clear", text)
		}
	}
	sound(t, s)
	ok(t, s.Erase(t.Context(), "h_mei"))
	got := must(s.IVRInputs(t.Context(), "c_1"))(t)
	if len(got) != 3 || got[0].Told.Keys != store.Erased || got[2].Told.Answer.V != store.Erased || got[1].Count != 4 {
		t.Errorf("after the erasure they read %+v", got)
	}
}

func scriptedCalls(t *testing.T, r Rig) {
	s := r.start(t)
	for i, number := range []ctid.Private{"+3225550100", "", "+3225550100", "", "+3225550199"} {
		rec := ended(record(ctid.CallID(fmt.Sprint("c_", i)), number))
		rec.ANI.Raw = ""
		rec.Scripted = &ctid.Scripted{Set: sum("a"), Errors: i, Failed: 1, LastResort: i == 3}
		rec.Outcome = "hangup_in_script"
		put(t, s, recordRow(uint64(i+1), rec))
	}
	got := must(s.ScriptedCalls(t.Context(), 0, 1, 3))(t)
	want := []store.ScriptedCall{
		{N: 2, Set: sum("a"), Errors: 1, Failed: 1, HungUp: true},
		{N: 3, Set: sum("a"), Again: true, Errors: 2, Failed: 1, HungUp: true},
		{N: 4, Set: sum("a"), Errors: 3, Failed: 1, HungUp: true, LastResort: true},
	}
	if !slices.Equal(got, want) {
		t.Errorf("counted are %+v, want %+v", got, want)
	}
	if got := must(s.ScriptedCalls(t.Context(), 1, 1, 9))(t); len(got) != 4 || got[1].Again {
		t.Errorf("behind row 1 there are %+v", got)
	}
}

func canaryState(t *testing.T, r Rig) {
	s := r.start(t)
	_, err := s.LastCanary(t.Context())
	wantErr(t, err, store.ErrNotFound)
	must(s.BeginCanary(t.Context(), []byte(`{"set":"a"}`)))(t)
	c := must(s.BeginCanary(t.Context(), []byte(`{"set":"b"}`)))(t)
	c.Upto, c.State = 17, []byte(`{"set":"b","phase":"stopped"}`)
	ok(t, s.PutCanary(t.Context(), c))
	closeStore(t, s)
	s = r.start(t)
	if got := must(s.LastCanary(t.Context()))(t); !reflect.DeepEqual(got, c) {
		t.Errorf("the canary reads %+v, was %+v", got, c)
	}
}

func oldInputs(t *testing.T, r Rig) {
	s := r.start(t)
	for i, at := range []time.Time{day, day.Add(48 * time.Hour)} {
		put(t, s, ctid.LogEntry{Subject: fmt.Sprint("c_", i), Person: "h_1", Inputs: inputsOf(at)})
	}
	ok(t, s.DropIVR(t.Context(), day.Add(24*time.Hour)))
	if a, b := must(s.IVRInputs(t.Context(), "c_0"))(t), must(s.IVRInputs(t.Context(), "c_1"))(t); len(a) != 0 || len(b) != 3 {
		t.Errorf("%d old ones and %d new ones are left", len(a), len(b))
	}
	sound(t, s)
}

func scriptTraffic(t *testing.T, r Rig) {
	s := r.start(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	want := map[store.IVREdge]int{}
	for i := range 40 {
		rec := ended(record(ctid.CallID(fmt.Sprint("c_", i)), "+3225550100"))
		rec.IVR = ctid.IVRTrail{Script: "front", Version: "1111aaaa", Path: []ctid.PathStep{{Node: "hello"}, {Node: "main", Key: fmt.Sprint(1 + rnd.IntN(2))}, {Node: "sales"}}}
		put(t, s, recordRow(uint64(i+1), rec))
		e := store.IVREdge{Script: "front", Version: "1111aaaa"}
		for j, p := range rec.IVR.Path {
			e.From, e.Key, e.To = p.Node, p.Key, ""
			if j < 2 {
				e.To = rec.IVR.Path[j+1].Node
			}
			want[e]++
		}
	}
	put(t, s, recordRow(41, record("c_open", "+3225550100")))
	got := map[store.IVREdge]int{}
	for _, e := range must(s.IVRTraffic(t.Context(), day.Add(-time.Hour)))(t) {
		n := e.Count
		e.Count = 0
		got[e] = n
	}
	if !maps.Equal(got, want) {
		t.Errorf("counted are %v, want %v", got, want)
	}
	if late := must(s.IVRTraffic(t.Context(), day.Add(240*time.Hour)))(t); len(late) != 0 {
		t.Errorf("after the calls there are %v", late)
	}
}
