package ivr

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestCheckContact(t *testing.T) {
	load := func(head string) *Script {
		s, found := Load(fstest.MapFS{"a.yaml": {Data: []byte("version: 1\n" + head + "nodes: {a: {hangup: normal}}\n")}}, "a.yaml", testSite())
		if s == nil {
			t.Fatal(found)
		}
		return s
	}
	list, in := load("kind: outbound\ncontact: {visit: text, at: time}\n"), load("")
	for _, x := range []struct {
		s    *Script
		row  map[string]string
		want string
	}{
		{list, nil, ""},
		{list, map[string]string{"visit": "V12", "at": "10:30"}, ""},
		{list, map[string]string{"at": ""}, ""},
		{list, map[string]string{"visits": "V12"}, `no column "visits"; did you mean "visit"?`},
		{list, map[string]string{"at": "soon"}, "at "},
		{in, nil, ""},
		{in, map[string]string{"visit": "V12"}, "only one of kind: outbound"},
	} {
		err := x.s.CheckContact(x.row)
		if (err == nil) != (x.want == "") || err != nil && !strings.Contains(err.Error(), x.want) {
			t.Errorf("%v: %v, want %q", x.row, err, x.want)
		}
	}
}

// The last four characters of what is short would be all of it.
func TestLast4(t *testing.T) {
	for text, want := range map[string]string{"": "", "1": "", "2468": "68", "12345": "45", "1234567": "567", "12345678": "5678", "4561237894": "7894", "héééé": "éé"} {
		if got := last4(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
