package ws

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
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
			body, err := encodeEvent(goldenEvent(filled(b)))
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if err := json.Indent(&got, append(eventHead(nil, 90412, 90398, 1, true), body[1:]...), "", " "); err != nil {
				t.Fatal(err)
			}
			got.WriteByte('\n')
			golden(t, b.Kind()+".json", got.Bytes())
		})
	}
}

// golden compares JSON with a file of testdata/ws/v1.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "ws", "v1", name)
	want, err := os.ReadFile(path)
	if err == nil && bytes.Equal(got, want) {
		return
	}
	if err == nil {
		var old, now any
		if json.Unmarshal(want, &old) != nil || json.Unmarshal(got, &now) != nil {
			t.Fatalf("%s or its golden is no JSON", name)
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
	b, err := encodeEvent(goldenEvent(in))
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
	b, err := encodeEvent(goldenEvent(ctid.PopOffered{PopData: ctid.PopData{Attached: []ctid.Attached{{Key: "pin", Masked: "••••", Secret: true}}}}))
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

// Every action a client may ask for is an op of the table, once, and each op has one that does it.
func TestOpsTable(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range ops {
		if seen[o.name] || (o.decode == nil) == (o.local == nil) {
			t.Errorf("op %q", o.name)
		}
		seen[o.name] = true
	}
	for _, a := range []ctid.Action{ctid.AgentLogin{}, ctid.AgentLogout{}, ctid.AgentReady{}, ctid.AgentPause{}, ctid.AgentCancelNext{}, ctid.AgentWrapUpDone{}, ctid.CallHangup{}} {
		if !seen[a.Op()] {
			t.Errorf("%s is no op", a.Op())
		}
	}
	for _, hidden := range []ctid.Action{ctid.PopAck{}, ctid.DeskPresence{}} {
		if seen[hidden.Op()] {
			t.Errorf("%s can be asked for by a client", hidden.Op())
		}
	}
	// Roles: an agent acts for himself; one who is no agent only on his session; an integration not as an agent.
	for who, n := range map[*ctid.Who]int{
		{Roles: []ctid.Role{ctid.RoleAgent}, Agent: "ana"}: len(ops), {Roles: []ctid.Role{ctid.RoleAdmin}}: 4,
		{Roles: []ctid.Role{ctid.RoleIntegration}, Agent: "ana"}: 4, {}: 4,
	} {
		if got := opsFor(*who); len(got) != n {
			t.Errorf("%+v may %v, want %d", who, got, n)
		}
	}
}

func TestDepth(t *testing.T) {
	for text, deep := range map[string]bool{`{"a":[1]}`: false, `[[[1]]]`: true, `{"a":"[[[["}`: false, `{"a":"\"[[[["}`: false, `[[],[],[]]`: false} {
		if tooDeep([]byte(text), 2) != deep {
			t.Errorf("%s: %v", text, !deep)
		}
	}
}
