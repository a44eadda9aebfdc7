package ws

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ctid"
)

var update = flag.Bool("update", false, "write the goldens that do not exist yet")

// Every event body has a place on the wire, and a body nobody knows has none.
func TestReachOfEveryBody(t *testing.T) {
	for _, b := range ctid.Bodies {
		if _, err := reachOf(b); err != nil {
			t.Error(err)
		}
	}
	if _, err := reachOf(strange{}); err == nil {
		t.Error("an unknown body was let out")
	}
}

type strange struct{}

func (strange) Kind() string { return "strange" }

// filled returns a body in which every field has a value, so that a golden shows each.
func filled(b ctid.Body) ctid.Body {
	v := reflect.New(reflect.TypeOf(b)).Elem()
	fill(v, 1)
	return v.Interface().(ctid.Body)
}

func fill(v reflect.Value, depth int) {
	if v.Type() == timeType {
		v.Set(reflect.ValueOf(time.Date(2026, 11, 21, 9, 0, 4, 220_999_999, time.FixedZone("", 3600))))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint64:
		v.SetUint(7)
	case reflect.Float64:
		v.SetFloat(0.5)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth+1)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		e := reflect.New(v.Type().Elem()).Elem()
		fill(e, depth+1)
		v.SetMapIndex(reflect.ValueOf("key"), e)
	case reflect.Interface:
		v.Set(reflect.ValueOf("any"))
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), depth+1)
		}
	}
}

func goldenEvent(b ctid.Body) ctid.Event {
	return ctid.Event{Seq: 90412, Epoch: "6QZ", At: time.Date(2026, 11, 21, 9, 0, 0, 120_000_000, time.UTC), Rev: 3,
		By: ctid.By{Kind: "agent", ID: "ana", Req: "s_7f/r3"}, Call: "c_7Q3", Agent: "ana", Queue: "claims", Pop: "p_5KD",
		Can: []string{"call.hangup"}, Agents: []ctid.AgentID{"ana"}, Body: b}
}

// The wire of each event is what its golden says. Version 1 only grows: what a golden holds is never taken away, so
// -update adds files and fields, and refuses anything else.
func TestGoldens(t *testing.T) {
	for _, b := range ctid.Bodies {
		if to, _ := reachOf(b); to == toNobody {
			continue
		}
		t.Run(b.Kind(), func(t *testing.T) {
			golden(t, b.Kind()+".json", goldenFrame(t, goldenEvent(filled(b)), sight{mine: true, class: classWhole}))
		})
	}
}

// What differs for other eyes has goldens of its own.
func TestGoldensOfOtherClasses(t *testing.T) {
	for _, b := range ctid.Bodies {
		if to, _ := reachOf(b); to != toAgents {
			continue
		}
		for c, name := range map[class]string{classTeam: "team", classMasked: "masked"} {
			if !sameFor(b, c) {
				golden(t, b.Kind()+"."+name+".json", goldenFrame(t, goldenEvent(filled(b)), sight{class: c, topics: []string{TopicAll}}))
			}
		}
	}
	e := goldenEvent(filled(ctid.CallConsulted{}))
	e.Agents = []ctid.AgentID{"ana", "ben"}
	e.Cans = map[ctid.AgentID][]string{"ana": {"call.swap"}, "ben": nil}
	golden(t, "call.consulted.two.json", goldenFrame(t, e, sight{mine: true, class: classWhole, topics: []string{TopicMe, "team:north"}}))
}

// So have the figures of the state topics.
func TestGoldensOfFigures(t *testing.T) {
	for topic, v := range map[string]any{"queue.stats": &ctid.QueueStats{}, "agent.stats": &ctid.AgentStats{}} {
		x := reflect.ValueOf(v).Elem()
		fill(x, 1)
		b, err := json.MarshalIndent(stateFrame{K: "state", Topic: topic + ":text", AsOf: 90500, At: wireTime{goldenEvent(nil).At}, Data: wireTimes(x.Interface())}, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "state."+topic+".json", append(b, '\n'))
	}
}

// goldenFrame is the whole message that ana's session gets of an event.
func goldenFrame(t *testing.T, e ctid.Event, v sight) []byte {
	t.Helper()
	x, err := newRow(e, toAgents, e.At, &ctid.Number{E164: "+442079460018", Shown: "020 7946 0018", Kind: "fixed"})
	if err != nil {
		t.Fatal(err)
	}
	p := headParts{try: 1, front: true, topics: v.topics}
	if v.mine {
		p.can = x.canFor("ana")
	}
	var out bytes.Buffer
	if err := json.Indent(&out, append(eventHead(nil, 90412, 90398, p), x.body(v.class)[1:]...), "", " "); err != nil {
		t.Fatal(err)
	}
	out.WriteByte('\n')
	return out.Bytes()
}

// golden compares JSON with a file of testdata/ws/v1.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "ws", "v1", name)
	want, err := os.ReadFile(path)
	if err == nil {
		var old, now any
		if json.Unmarshal(want, &old) != nil || json.Unmarshal(got, &now) != nil {
			t.Fatalf("%s or its golden is no JSON", name)
		}
		if reflect.DeepEqual(old, now) {
			return // the order of fields is nobody's business
		}
		if lost := missing("", old, now); len(lost) > 0 {
			t.Fatalf("version 1 may not lose or change: %s", strings.Join(lost, ", "))
		}
	}
	if !*update {
		t.Fatalf("%s: run with -update if the addition is meant\ngot  %s\nwant %s", path, got, want)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, got, 0o644); err != nil {
		t.Fatal(err)
	}
}

// missing lists what is in old and not, or not the same, in now.
func missing(at string, old, now any) []string {
	switch o := old.(type) {
	case map[string]any:
		n, ok := now.(map[string]any)
		if !ok {
			return []string{at}
		}
		var out []string
		for k, v := range o {
			if x, has := n[k]; has {
				out = append(out, missing(at+"/"+k, v, x)...)
			} else {
				out = append(out, at+"/"+k)
			}
		}
		slices.Sort(out)
		return out
	case []any:
		n, ok := now.([]any)
		if !ok || len(n) != len(o) {
			return []string{at}
		}
		var out []string
		for i := range o {
			out = append(out, missing(at, o[i], n[i])...)
		}
		return out
	}
	if !reflect.DeepEqual(old, now) {
		return []string{at}
	}
	return nil
}

// Times leave in UTC with three decimals at most, and the caller's value is not changed.
func TestWireTimes(t *testing.T) {
	in := filled(ctid.PopOffered{}).(ctid.PopOffered)
	b, err := encodeEvent(goldenEvent(in), classWhole, nil)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b, []byte("+01:00")) || !bytes.Contains(b, []byte(`"ring_until":"2026-11-21T08:00:04.22Z"`)) {
		t.Errorf("%s", b)
	}
	if in.RingUntil.Nanosecond() != 220_999_999 || in.Last[0].At.Nanosecond() != 220_999_999 {
		t.Error("the event itself was changed")
	}
}

// A secret has no value on the wire.
func TestSecretHasNoValue(t *testing.T) {
	b, err := encodeEvent(goldenEvent(ctid.PopOffered{PopData: ctid.PopData{Attached: []ctid.Attached{{Key: "pin", Masked: "••••", Secret: true}}}}), classWhole, nil)
	if err != nil || bytes.Contains(b, []byte(`"value"`)) {
		t.Errorf("%v %s", err, b)
	}
}

// Each close code gives one advice, by its hundreds.
func TestAdvice(t *testing.T) {
	want := map[CloseCode]Advice{CloseLogout: AdviceStop, CloseBug: AdviceLater, CloseSlow: AdviceNow, CloseDraining: AdviceLater,
		CloseBadTicket: AdviceLogin, CloseDisplaced: AdviceHuman, CloseMalformed: AdviceBug, CloseTooBig: AdviceBackoff, 1006: AdviceBackoff, 4999: AdviceBackoff}
	for code, a := range want {
		if code.Advice() != a {
			t.Errorf("%d: %s, want %s", code, code.Advice(), a)
		}
	}
}

// Every action but the hub's own is an op of the table, once, and each op has one that does it.
func TestOpsTable(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range ops {
		if seen[o.name] || (o.decode == nil) == (o.local == nil) {
			t.Errorf("op %q", o.name)
		}
		if o.decode != nil {
			if a, err := o.decode(nil); err != nil || a.Op() != o.name {
				t.Errorf("op %q makes %v %v", o.name, a, err)
			}
		}
		seen[o.name] = true
	}
	hidden := []string{ctid.PopAck{}.Op(), ctid.DeskPresence{}.Op()}
	for _, name := range declaredOps(t) {
		if want := !slices.Contains(hidden, name); seen[name] != want {
			t.Errorf("%s can be asked for by a client: %v, want %v", name, seen[name], want)
		}
	}
	for _, name := range []string{"call.dial", "agent.wrapup_done", "call.set_data", "message.send"} {
		if o := findOp(name); o == nil || !o.idem {
			t.Errorf("%s needs no key", name)
		}
	}
}

// declaredOps are the names of all actions, as action.go gives them.
func declaredOps(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "action.go"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range regexp.MustCompile(`\) Op\(\) string\s*\{ return "([a-z._]+)" \}`).FindAllStringSubmatch(string(b), -1) {
		out = append(out, m[1])
	}
	if len(out) < 30 {
		t.Fatalf("only %d actions found in action.go", len(out))
	}
	return out
}

func TestDepth(t *testing.T) {
	for text, deep := range map[string]bool{`{"a":[1]}`: false, `[[[1]]]`: true, `{"a":"[[[["}`: false, `{"a":"\"[[[["}`: false, `[[],[],[]]`: false} {
		if tooDeep([]byte(text), 2) != deep {
			t.Errorf("%s: %v", text, !deep)
		}
	}
}
