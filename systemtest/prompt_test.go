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

// spoken reads the prompts that this ctid has made and serves, by their text: the file of the cache that sounds like the
// text spoken anew. It is the served file that is compared with what the caller hears, not the text.
func (r *Rig) spoken(texts map[string]string) map[string][]int16 {
	r.T.Helper()
	want := map[string][]int16{}
	for name, text := range texts {
		want[name] = speak(r.T, text)
	}
	return r.servedLike(want, 0.9)
}

// servedLike are the files of the cache that sound most like what is wanted, each at least so much.
func (r *Rig) servedLike(want map[string][]int16, least float64) map[string][]int16 {
	r.T.Helper()
	out := map[string][]int16{}
	files := map[string][]int16{}
	r.Eventually("prompts made ahead", func() error {
		list, err := filepath.Glob(filepath.Join(r.Dir, "prompts", "*.wav"))
		fresh := map[string][]int16{}
		for _, f := range list {
			if b, err := os.ReadFile(f); err == nil && files[f] == nil {
				if pcm, _, err := pbxtest.ReadWAV(b); err == nil {
					files[f], fresh[f] = pcm, pcm
				}
			}
		}
		for name, pcm := range want {
			if out[name] != nil || len(fresh) == 0 {
				continue
			}
			if best := hear.Recognise(pcm, fresh); len(best) > 0 && best[0].Score >= least {
				out[name] = files[best[0].Name]
			}
		}
		for name := range want {
			if err == nil && out[name] == nil {
				err = fmt.Errorf("prompt %s is not among the served files", name)
			}
		}
		return err
	})
	return out
}

var texts = map[string]string{
	"hello":  "Welcome to the harbour trading company.",
	"choose": "For sales press one. For support press two.",
	"wrong":  "That key is not on this menu.",
	"ask":    "Please enter your four digit account number.",
	"shut":   "All our agents are out for lunch today.",
}

// Each prompt that the caller hears is the right one, told by its sound.
func TestRealPromptsHeard(t *testing.T) {
	r := Start(t, Options{Bin: program, PBX: asterisk, Script: strings.ReplaceAll(DefaultScript, "at_most: 1m", "at_most: 2s")})
	served := r.spoken(texts)
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	call, err := r.Caller().Call(ctx, Number, phonetest.CallOptions{From: "02079460018"})
	if err != nil {
		t.Fatal(err)
	}
	r.Eventually("the menu", func() error { return hear.Expect(call.Heard(), "choose", served) })
	if err := call.SendDTMF(ctx, "9"); err != nil {
		t.Fatal(err)
	}
	r.Eventually("the whole word on a wrong key", func() error {
		m := hear.Recognise(call.Heard(), only(served, "wrong"))[0]
		if m.Score < hear.Same || !m.Whole {
			return fmt.Errorf("%+v", m)
		}
		return nil
	})
	if err := call.SendDTMF(ctx, "1"); err != nil {
		t.Fatal(err)
	}
	r.Eventually("the question", func() error { return hear.Expect(call.Heard(), "ask", only(served, "ask")) })
	if err := call.SendDTMF(ctx, "4711"); err != nil {
		t.Fatal(err)
	}
	if _, err := call.AwaitEnd(ctx); err != nil {
		t.Fatal(err)
	}
	heard := call.Heard()
	if err := hear.Sequence(heard, []string{"hello", "choose", "wrong", "ask", "shut"}, served); err != nil {
		t.Error(err)
	}
	for _, m := range hear.Recognise(heard, served) {
		t.Logf("%-7s %.2f at %v for %v", m.Name, m.Score, m.Start.Round(10*time.Millisecond), m.Duration.Round(10*time.Millisecond))
		if m.Score < hear.Same {
			t.Errorf("%s was heard with %.2f only", m.Name, m.Score)
		}
	}
	notPlayed(t, heard, served)
	r.Clean()
}

// notPlayed shows that the check can fail: prompts that were not played, one of them different in one word only, are not
// taken for heard.
func notPlayed(t *testing.T, heard []int16, served map[string][]int16) {
	t.Helper()
	for name, text := range map[string]string{
		"other words": "Thank you for calling, goodbye until tomorrow morning.",
		"one word":    "All our agents are out for supper today.",
	} {
		pcm, err := pbxtest.Speak(t.Context(), "en-gb", text)
		if err != nil {
			t.Fatal(err)
		}
		with := map[string][]int16{name: pcm}
		for n, p := range served {
			if n != "shut" || name != "one word" {
				with[n] = p
			}
		}
		m := hear.Recognise(heard, map[string][]int16{name: pcm})
		t.Logf("%-11s %.2f", name, m[0].Score)
		if m[0].Score >= hear.Same || name == "other words" && m[0].Score > 0.5 {
			t.Errorf("%q was not played, but is told as heard with %.2f", text, m[0].Score)
		}
		if err := hear.Expect(heard, name, with); err == nil {
			t.Errorf("the check takes %q for heard", text)
		}
	}
}

func only(all map[string][]int16, names ...string) map[string][]int16 {
	out := map[string][]int16{}
	for _, n := range names {
		out[n] = all[n]
	}
	return out
}
