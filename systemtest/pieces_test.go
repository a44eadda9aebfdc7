package systemtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ctid/pbxtest"
	"ctid/pbxtest/hear"
	"ctid/pbxtest/phonetest"
)

// listened calls the line and returns what was heard until it hung up.
func (r *Rig) listened(from string) []int16 {
	r.T.Helper()
	ctx, cancel := context.WithTimeout(r.T.Context(), 60*time.Second)
	defer cancel()
	call, err := r.Caller().Call(ctx, Number, phonetest.CallOptions{From: from})
	if err != nil {
		r.T.Fatal(err)
	}
	if _, err := call.AwaitEnd(ctx); err != nil {
		r.T.Fatal(err)
	}
	return call.Heard()
}

// asteriskSound is one of the sounds that Asterisk brings, as samples.
func (r *Rig) asteriskSound(name string) []int16 {
	r.T.Helper()
	root, _, err := pbxtest.Fetch(r.T.Context(), "")
	if err != nil {
		r.T.Fatal(err)
	}
	out := filepath.Join(r.T.TempDir(), "sound.wav")
	if _, err := r.PBX.CLI(r.T.Context(), "file convert "+root.Path("usr/share/asterisk/sounds/en", name+".gsm")+" "+out); err != nil {
		r.T.Fatal(err)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		r.T.Fatal(err)
	}
	pcm, _, err := pbxtest.ReadWAV(b)
	if err != nil {
		r.T.Fatal(err)
	}
	return pcm
}

// A recorded prompt with a hole: its pieces are heard as they were recorded, and Asterisk's own sounds say the amount
// between them, each in its place.
func TestRealPromptInPieces(t *testing.T) {
	sounds := t.TempDir()
	if err := os.Mkdir(filepath.Join(sounds, "en"), 0o750); err != nil {
		t.Fatal(err)
	}
	prompts := map[string][]int16{}
	for base, text := range map[string]string{"balance.1": "Dear customer, the balance of your account with us is", "balance.2": "We thank you for your call, and wish you a pleasant day."} {
		pcm, err := pbxtest.Speak(t.Context(), "en-us", text)
		if err != nil {
			t.Fatal(err)
		}
		prompts[base] = pcm
		if err := os.WriteFile(filepath.Join(sounds, "en", base+".wav"), pbxtest.WAV(pcm), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := Start(t, Options{Bin: program, PBX: asterisk, Change: func(yaml string) string {
		return strings.Replace(yaml, "ivr: {", fmt.Sprintf("ivr: {number_sounds: [en], sounds: %s, ", sounds), 1)
	}, Script: `version: 1
vars: {balance: money = 17014.50}
prompts:
  balance: Dear customer, the balance of your account with us is ${money(vars.balance, "HKD")}. We thank you for your call, and wish you a pleasant day.
nodes:
  main: [{play: balance}, {hangup: normal}]
`})
	order := []string{"balance.1"}
	for _, s := range []string{"digits/17", "digits/thousand", "digits/14", "digits/dollars", "digits/50"} {
		prompts[s] = r.asteriskSound(s)
		order = append(order, s)
	}
	heard := r.listened("02079460071")
	if err := hear.Sequence(heard, append(order, "balance.2"), prompts); err != nil {
		t.Error(err)
	}
	if err := hear.Sequence(heard, []string{"balance.2", "digits/17"}, prompts); err == nil {
		t.Error("the check takes any order for the right one")
	}
	r.Clean()
}

// A site whose voice is flite's: the caller hears what flite said, and not espeak-ng.
func TestRealEngines(t *testing.T) {
	const text = "Welcome to the harbour trading company. Please call again tomorrow."
	r := Start(t, Options{Bin: program, PBX: asterisk, Change: func(yaml string) string {
		return strings.Replace(yaml, "voice: en-gb", "voice: slt, engine: flite", 1)
	}, Script: "version: 1\nprompts: {hello: " + text + "}\nnodes:\n  main: [{play: hello}, {hangup: normal}]\n"})
	heard := r.listened("02079460072")
	files, err := filepath.Glob(filepath.Join(r.Dir, "prompts", "*.wav"))
	if err != nil {
		t.Fatal(err)
	}
	served := map[string][]int16{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if served[filepath.Base(f)], _, err = pbxtest.ReadWAV(b); err != nil {
			t.Fatal(err)
		}
	}
	best := hear.Recognise(heard, served)
	if len(best) == 0 || best[0].Score < hear.Same || !best[0].Whole || best[0].Duration < 2*time.Second {
		t.Errorf("the prompt was not heard: %+v", best)
	}
	other, err := pbxtest.Speak(t.Context(), "en-gb", text)
	if err != nil {
		t.Fatal(err)
	}
	if err := hear.ExpectNone(heard, map[string][]int16{"espeak-ng": other}); err != nil {
		t.Error(err)
	}
	r.Clean()
}
