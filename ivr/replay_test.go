package ivr

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ctid"
)

// taped is a call through a script, with what its steps took.
type taped struct {
	m      *Machine
	now    time.Time
	inputs []ctid.ScriptInput
	open   map[string]string // step ids by what they asked for
}

func tape(s *Script) *taped {
	c := &taped{m: NewMachine(s, Options{}), now: time.Date(2026, 3, 2, 10, 15, 0, 0, hongKong), open: map[string]string{}}
	c.next(Start{Call: CallInfo{ANI: "+85291234567", DNIS: "100"}})
	return c
}

func (c *taped) next(in Input) {
	for _, s := range c.m.Next(c.now, in) {
		switch s := s.(type) {
		case Play:
			defer c.next(DoneStep{ID: s.ID, Result: Result{Outcome: "done"}})
		case Lookup, Enqueue, Query, HTTP:
			c.open[AskedFor(s)] = stepID(s)
		}
	}
	// As the store gives them back.
	for _, in := range c.m.Taken() {
		b, err := json.Marshal(in)
		if err != nil {
			panic(err)
		}
		var back ctid.ScriptInput
		if err := json.Unmarshal(b, &back); err != nil {
			panic(err)
		}
		c.inputs = append(c.inputs, back)
	}
}

func (c *taped) keys(digits string) {
	for i := range digits {
		c.next(Key{Digit: digits[i : i+1]})
	}
}

func (c *taped) wait() {
	if due := c.m.Deadline(); !due.IsZero() {
		c.now = due
		c.next(Tick{})
	}
}

func (c *taped) replay(s *Script) Replayed { return Replay(s, Options{}, c.m.Trail(c.now), c.inputs) }

func loadFile(t *testing.T, name string) *Script {
	t.Helper()
	s, found := Load(os.DirFS(testdata), name, testSite())
	if s == nil {
		t.Fatalf("%s does not load: %v", name, found)
	}
	return s
}

// Whatever a caller does, his call goes the same way again through the same version, and nothing of a masked answer is kept.
func TestReplayOfTheSameVersionGoesTheSameWay(t *testing.T) {
	for _, name := range []string{"main.yaml", "pin.yaml", "confirm.yaml", "collect.yaml", "queue.yaml", "language.yaml", "customer.yaml", "hours.yaml", "errors.yaml"} {
		s := loadFile(t, name)
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				c := tape(s)
				secret := false
				for range rapid.IntRange(0, 25).Draw(rt, "inputs") {
					masked := c.m.Masked()
					switch rapid.IntRange(0, 6).Draw(rt, "what") {
					case 0, 1:
						c.keys(rapid.StringOfN(rapid.RuneFrom([]rune("0123456789*#")), 1, 1, -1).Draw(rt, "key"))
					case 2:
						c.keys(rapid.SampledFrom([]string{"7391", "1234567897", "1", "2", "0", "1234#"}).Draw(rt, "digits"))
					case 3:
						c.wait()
					case 4:
						c.next(DoneStep{ID: c.open["customer"], Result: Result{Outcome: rapid.SampledFrom([]string{"found", "unknown", "error"}).Draw(rt, "customer"),
							Customer: &ctid.Customer{ID: "c77", Name: "Mei", VIP: true}}})
					case 5:
						for asked, id := range c.open {
							if strings.HasPrefix(asked, "queue ") {
								c.next(DoneStep{ID: id, Result: Result{Outcome: rapid.SampledFrom([]string{"answered", "timeout", "full", "closed"}).Draw(rt, "queue")}})
							}
						}
					case 6:
						if rapid.IntRange(0, 9).Draw(rt, "hangs up") == 0 {
							c.next(Hangup{Side: ctid.SideCaller})
						}
					}
					secret = secret || masked
				}
				got := c.replay(s)
				if !got.Same && got.Unsure == "" {
					b, _ := json.MarshalIndent(c.inputs, "", " ")
					rt.Fatalf("it went another way: %+v\nwas %+v\n%s", *got.Different, c.m.Trail(c.now).Path, b)
				}
			})
		})
	}
}

func TestTakenHasNoSecret(t *testing.T) {
	s := loadFile(t, "pin.yaml")
	c := tape(s)
	c.keys("12345678977391") // the PIN is typed ahead
	c.next(DoneStep{ID: c.open["customer"], Result: Result{Outcome: "found", Customer: &ctid.Customer{ID: "c77"}}})
	b, err := json.Marshal(c.inputs)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), "7391") {
		t.Errorf("the PIN is in what was taken: %s", b)
	}
	var kinds []string
	for _, in := range c.inputs {
		kinds = append(kinds, in.Kind+" "+in.Node+" "+in.Outcome+" "+strconv.Itoa(in.Count))
	}
	want := "start   0, keys account done 10, answer account found 0, keys pin done 4"
	if got := strings.Join(kinds, ", "); got != want {
		t.Errorf("taken: %s\nwanted: %s", got, want)
	}
	if got := c.replay(s); !got.Same || got.MadeUp != 1 {
		t.Errorf("replayed with another PIN: %+v", got)
	}
}

const replayed = `version: 1
prompts: {main: For sales press 1. For support press 2., pin: Your PIN please.}
vars: {pin: secret}
defaults: {failed: hangup}
nodes:
  main: {menu: {1: sales, 2: support}}
  sales: {queue: {name: sales}, then: {otherwise: hangup}}
  support:
    - collect: {into: pin, prompt: pin, digits: 4, mask: true}
    - queue: {name: support}
      then: {otherwise: hangup}
`

func TestReplayNamesWhereACallWouldPart(t *testing.T) {
	call := func(keys ...string) *taped {
		c := tape(mustLoad(t, replayed))
		for _, k := range keys {
			switch k {
			case "wait":
				c.wait()
			case "gone":
				c.next(Hangup{Side: ctid.SideCaller})
			default:
				c.keys(k)
			}
		}
		return c
	}
	change := func(was, is string) *Script { return mustLoad(t, strings.Replace(replayed, was, is, 1)) }
	for _, x := range []struct {
		name string
		call *taped
		next *Script
		want string
	}{
		{"another node", call("1", "gone"), change("{1: sales, 2: support}", "{1: support, 2: sales}"), "main 1: sales became support "},
		{"a key that is gone", call("2", "7391", "gone"), change(", 2: support}", ", 3: support}"), "main 2: support became  main asks what the caller was not asked then"},
		{"another queue", call("1", "gone"), change("{queue: {name: sales}", "{queue: {name: support}"), "sales :  became  sales asks for queue support, which the call did not ask then"},
		{"untouched by the change", call("1", "gone"), change("name: support", "name: operators"), ""},
		{"masked, other digits", call("2", "7391", "gone"), change("prompt: pin,", "prompt: main,"), ""},
		{"silence", call("wait", "wait", "wait"), change("{1: sales, 2: support}", "{1: sales, 2: support, tries: 1}"), ""},
		{"masked and nothing fits", call("2", "7391", "gone"), change("digits: 4,", "digits: 4, match: ^0+$,"), "unsure the answer at support is masked, and no other that fits was found"},
		{"hung up at once", call("gone"), change("tries", "tries"), ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			got := x.call.replay(x.next)
			said := ""
			if got.Unsure != "" {
				said = "unsure " + got.Unsure
			}
			if d := got.Different; d != nil {
				said = d.Node + " " + d.Input + ": " + d.Was + " became " + d.Is + " " + d.Why
			}
			if said != x.want || got.Same != (x.want == "") {
				t.Errorf("%q, wanted %q", said, x.want)
			}
		})
	}
}

func TestReplayWithoutABeginning(t *testing.T) {
	s := mustLoad(t, replayed)
	for _, inputs := range [][]ctid.ScriptInput{nil, {{Kind: ctid.InputKeys}}, {{Kind: ctid.InputStart, Told: ctid.ScriptTold{Answer: ctid.PrivateValue{V: "(erased)"}}}}} {
		if got := Replay(s, Options{}, ctid.IVRTrail{}, inputs); got.Unsure == "" || got.Same {
			t.Errorf("%+v of %+v", got, inputs)
		}
	}
}
