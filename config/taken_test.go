package config

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// words draws the words of a configuration. One of them at most, the bad-th, is a bad one, if it has one.
type words struct {
	t      *rapid.T
	n, bad int
}

func (w *words) of(good, bad string) string {
	w.n++
	if w.n == w.bad && bad != "" {
		good = bad
	}
	return rapid.SampledFrom(strings.Split(good, "|")).Draw(w.t, fmt.Sprint(w.n))
}

// queue is a queue that overflows to one of those that come after it.
func (w *words) queue(name, after string) string {
	return fmt.Sprintf("  - {name: %s, needs: %s, steps: [{after: %s, needs: %s, max_rank: %s}, {after: %s, min_rank: %s}], overflow: [{%s, to: %s}], strategy: %s%s}\n", name,
		w.of(`[]|a|["a >= 3"]|[a, b]|none`, `[none, a]|["none >= 2"]|[a, a]|[c]|["a >= 11"]`), w.of("1s|0s", "60s"), w.of(`none|[a]|["b >= 1"]`, "[b, none]|[c]|[b, b]"),
		w.of("0|2|100", "101|-1"), w.of("30s|60s", "1s"), w.of("0|1|3", "101"), w.of("on: full|after: 1m|on: timeout", "on: full, after: 1m|on: answered|after: 0s"),
		w.of(after, name+"|five"), w.of("linear|ring-all|weighted|longest-idle", "best"),
		w.of("|, join_empty: out|, rona: none|, divert_wait: 5m|, sticky: owner", ", medium: chat|, leave_empty: [here]|, disposition: forced|, weight: 101|, share: 0"))
}

func (w *words) centre() string {
	text := "asterisk: {nodes: [{name: pbx, url: 'http://127.0.0.1:8088'}]}\nskills: " + w.of("[a, b]", "[a, a, b]|[a, b, none]|a|[]") + "\nqueues:\n" +
		w.queue("one", "two|three|four") + w.queue("two", "three|four") + w.queue("three", "four") + "  - {name: four}\n"
	return text + fmt.Sprintf("agents:\n  - {name: ana, queues: [%s], skills: %s, media: %s, device: {endpoint: PJSIP/1}}\n",
		w.of("one, two, three|{name: one, rank: 2}, two|{name: three, weight: 5}, two, four", "one, one|five|{name: one, rank: 0}|{name: one, weight: 101}"),
		w.of(`["a = 10", b]`, `[none]|["a = 0"]|[a, a]|[c]|[]`), w.of("[]|[voice, chat]|[{name: voice, max: 1}]", "[chat]|[voice, voice]|[{name: voice, max: 2}]"))
}

// Whatever skills, queues and agents say: what passes, the distributor takes.
func TestWhatPassesIsTaken(t *testing.T) {
	passed, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := &words{t: t, bad: rapid.IntRange(-34, 34).Draw(t, "bad")}
		text := w.centre()
		m, fs := parse("some.yaml", []byte(text))
		if m == nil {
			t.Fatal(fs)
		}
		d, c := &decoder{findings: fs, at: map[string]Pos{"": {"some.yaml", 1, 1}}}, &Config{}
		defaults(reflect.ValueOf(c).Elem())
		d.top([]source{{"some.yaml", m}}, reflect.ValueOf(c).Elem())
		d.check(c)
		if Failed(d.findings) {
			if w.bad <= 0 {
				t.Fatalf("nothing is wrong with it: %v\n%s", d.findings, text)
			}
			refused++
			return
		}
		passed++
		if err := taken(c); err != nil {
			t.Fatalf("it passes, and the distributor says: %v\n%s", err, text)
		}
	})
	if passed < 5 || refused < 5 {
		t.Errorf("%d passed, %d were refused: the test sees too little", passed, refused)
	}
}
