package ivrsim

import (
	"strings"
	"testing"

	"ctid/ivr"
)

// A session asks what a look-up gives, hides the PIN, and passes as the test it is saved as.
func TestConsole(t *testing.T) {
	s := workedSet(t).Script("balance")
	var out strings.Builder
	var saved []byte
	in := "1234567897\n0000\nmaybe\nnone\n:vars\n:why\n\nhang up\n:save x.test.yaml\n:save x\n:nope\n:quit\n"
	k := Console{In: strings.NewReader(in), Out: &out, Script: s, Given: Given{ANI: DefaultANI, Zone: hongKong},
		Save: func(_ string, text []byte) error { saved = text; return nil }}
	if err := k.Run(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"> ****\n", "? query pin_ok (account: 1234567897, pin: •••)", `not "maybe"`, "pin = (secret)", "pin/2 query: none leads to wrong",
		"no-input 1 of 3", "■ the caller has hung up", "saved as x.test.yaml", "name the file", "there is no :nope"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q", want)
		}
	}
	if t.Failed() || strings.Contains(out.String(), "0000") {
		t.Fatal(out.String())
	}
	f, found := Read("x.test.yaml", saved, hongKong)
	if f == nil {
		t.Fatal(found)
	}
	for _, o := range f.Run(s, ivr.Options{}) {
		if len(o.Failures) > 0 {
			t.Errorf("%s\n%s", strings.Join(o.Failures, "\n"), saved)
		}
	}
}

// Mistakes in a file of tests are told with their place, and what does not hold with its own.
func TestMistakes(t *testing.T) {
	_, found := Read("x.test.yaml", []byte("script: balance\ncases:\n  - name: a\n    givn: {}\n    when: [{pres: \"1\"}]\n    then: {ended: never}\n"), hongKong)
	want := []string{`x.test.yaml:4:5: a case has no key "givn"; did you mean "given"?`, `x.test.yaml:5:13: an action has no key "pres"; did you mean "press"?`,
		`x.test.yaml:6:19: ended wants script, caller, agent, transfer, error, not "never"`}
	if strings.Join(found, "\n") != strings.Join(want, "\n") {
		t.Error(strings.Join(found, "\n"))
	}
	f, found := Read("x.test.yaml", []byte("script: balance\ncases:\n  - name: no stub\n    when: [{press: \"12345678970000\"}]\n"+
		"  - name: shown\n    when: [{press: \"1234567897\"}]\n    then: {hidden: [\"1234567897\"], visited: [account], ended: caller}\n"), hongKong)
	if f == nil {
		t.Fatal(found)
	}
	got := f.Run(workedSet(t).Script("balance"), ivr.Options{})
	for i, want := range []string{"x.test.yaml:4:13: nothing is given for query pin_ok", "x.test.yaml:7:12: \"1234567897\" is not hidden"} {
		if len(got[i].Failures) == 0 || !strings.HasPrefix(got[i].Failures[0], want) {
			t.Errorf("%q", got[i].Failures)
		}
	}
	var b strings.Builder
	if err := WriteJUnit(&b, []Suite{{File: "x.test.yaml", Script: "balance", Cases: got}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`tests="2" failures="2"`, `message="x.test.yaml:4:13: nothing`, "<system-out>0:00.0  account"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}
