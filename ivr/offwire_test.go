package ivr

import (
	"strings"
	"testing"
)

// What no live call can carry out is named with its line; the same script is sound for all else.
func TestOffWire(t *testing.T) {
	s := mustLoad(t, `version: 1
prompts: {offer: Press 1., greet: Speak now., rec: Recorded.}
defaults: {failed: bye}
nodes:
  main:
    - queue:
        name: sales
        skills: [billing]
        callback: {offer: offer, key: 1}
      then: {timeout: next}
    - fax_receive: sales
      then: {otherwise: next}
    - voicemail: {mailbox: sales, greeting: greet, consent: rec, ticket: false, transcribe: true}
      then: {left: next}
    - transfer: 2001
  bye: {hangup: normal}
`)
	var got []string
	for _, f := range s.OffWire() {
		got = append(got, f.String())
	}
	want := `ivr/x.yaml:11:7: error IVR002: fax_receive is not available on a live call in this version; lint, run, test and graph take it
ivr/x.yaml:13:81: error IVR002: option transcribe of voicemail is not available on a live call in this version; lint, run, test and graph take it`
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	if s := mustLoad(t, roundAndRound); len(s.OffWire()) > 0 {
		t.Error(s.OffWire())
	}
}

// How often a caller is told his wait, and where a survey leads that nobody answered, need no words of their own.
func TestUsualScriptsAreClean(t *testing.T) {
	for _, text := range []string{
		"kind: subscript\nprompts: {rating: Press 1 to 5.}\nnodes:\n  ask: {survey: {questions: [{name: rating, prompt: rating, keys: 1-5}]}, then: return}\n",
		"nodes:\n  q: {queue: {name: sales, announce: {position: 60s, wait: 90s}}, then: {otherwise: hangup}}\n",
	} {
		if s, found := loadText("version: 1\n" + text); s == nil || len(found) > 0 {
			t.Error(found)
		}
	}
}
