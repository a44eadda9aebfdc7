package ctid

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

// sealed replaces every private value as the store does, and notes what it was given.
func sealed(seen *[]string) func(string, bool) string {
	return func(text string, isJSON bool) string {
		kind := "text "
		if isJSON {
			kind = "json "
		}
		*seen = append(*seen, kind+text)
		return "ref"
	}
}

func TestMapPrivateReachesEveryValue(t *testing.T) {
	r := CallRecord{ID: "c_1", ANI: Number{E164: "+85291234567", Name: "Lee"}, Notes: "called back", Disposition: "sold",
		Attached: []Attached{{Key: "account", Value: PrivateValue{map[string]any{"no": 7}}}, {Key: "pin", Masked: "****", Secret: true}},
		End:      &End{Side: SideCaller, Reason: "hangup"}, Arrived: time.Unix(1, 0).UTC()}
	before, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	got := MapPrivate(r, sealed(&seen))
	want := []string{"text +85291234567", "text Lee", `json {"no":7}`, "text called back"}
	if !reflect.DeepEqual(seen, want) {
		t.Errorf("want %q, got %q", want, seen)
	}
	if got.ANI.E164 != "ref" || got.Notes != "ref" || got.Attached[0].Value.V != "ref" || got.ANI.Raw != "" {
		t.Errorf("%+v", got)
	}
	if got.ID != r.ID || got.Disposition != "sold" || got.Attached[1].Masked != "****" || *got.End != *r.End || !got.Arrived.Equal(r.Arrived) {
		t.Errorf("something else was changed: %+v", got)
	}
	after, err := json.Marshal(r)
	if err != nil || string(before) != string(after) {
		t.Errorf("the original was changed: %s, then %s (%v)", before, after, err)
	}
}

func TestMapPrivateGoesThroughPointersMapsAndInterfaces(t *testing.T) {
	type deep struct {
		P *Customer
		M map[string]Private
		I any
		L [][]Private
		N *Customer
	}
	in := deep{P: &Customer{Name: "Ada"}, M: map[string]Private{"k": "Bob"}, I: Case{Title: "Leak"}, L: [][]Private{{"Cy", ""}}}
	var seen []string
	out := MapPrivate(in, sealed(&seen))
	if out.P.Name != "ref" || out.M["k"] != "ref" || out.I.(Case).Title != "ref" || out.L[0][0] != "ref" || out.L[0][1] != "" || out.N != nil {
		t.Errorf("%+v", out)
	}
	if in.P.Name != "Ada" || in.M["k"] != "Bob" || in.L[0][0] != "Cy" || out.P == in.P {
		t.Errorf("the original was changed: %+v", in)
	}
}

// chain holds itself, before what it holds of a person and behind.
type chain struct {
	Next *chain
	Name Private
	Many []chain
}

func TestMapPrivateGoesThroughWhatHoldsItself(t *testing.T) {
	in := chain{Next: &chain{Name: "Ada", Many: []chain{{Name: "Bob"}}}, Many: []chain{{Next: &chain{Name: "Cy"}}}}
	var seen []string
	out := MapPrivate(in, sealed(&seen))
	if len(seen) != 3 || out.Next.Name != "ref" || out.Next.Many[0].Name != "ref" || out.Many[0].Next.Name != "ref" || in.Next.Name != "Ada" {
		t.Errorf("%q: %+v", seen, out)
	}
}

// Whatever an event body holds: no text typed Private survives, so a name cannot reach the log by a forgotten field.
func TestMapPrivateLeavesNothingInAnyBody(t *testing.T) {
	for _, b := range Bodies {
		v := reflect.New(reflect.TypeOf(b)).Elem()
		fill(v, 0)
		if !strings.Contains(render(t, v.Interface()), "personal") && holdsPrivate(v.Type(), 0) {
			t.Errorf("%s: nothing was filled in", b.Kind())
		}
		out := MapPrivate(v.Interface().(Body), func(string, bool) string { return "ref" })
		if s := render(t, out); strings.Contains(s, "personal") {
			t.Errorf("%s still holds a private text: %s", b.Kind(), s)
		}
	}
}

func render(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// fill gives every private value in v a text, with one item in each list.
func fill(v reflect.Value, depth int) {
	if depth > 8 {
		return
	}
	switch {
	case v.Type() == privateType:
		v.SetString("personal")
		return
	case v.Type() == privateValueType:
		v.Set(reflect.ValueOf(PrivateValue{"personal"}))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth+1)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(v.Field(i), depth+1)
			}
		}
	}
}

func holdsPrivate(t reflect.Type, depth int) bool {
	if t == privateType || t == privateValueType {
		return true
	}
	if depth > 8 {
		return false
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		return holdsPrivate(t.Elem(), depth+1)
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && f.Tag.Get("json") != "-" && holdsPrivate(f.Type, depth+1) {
				return true
			}
		}
	}
	return false
}
