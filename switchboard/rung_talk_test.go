package switchboard

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/ari/aritest"
)

// dials is a script of one step to the number outside, which answers after a second.
func dials(t *testing.T, step string, f func(t *testing.T, c *centre)) {
	t.Helper()
	inCentre(t, rungScript(strings.ReplaceAll(step, "X", `"`+outsider+`"`)), func(t *testing.T, c *centre) {
		c.others(map[string]aritest.Behaviour{outsider: aritest.AnswerAfter(time.Second), second: aritest.AnswerAfter(2 * time.Second)})
		f(t, c)
	})
}

// wantRung checks the record's one attempt and where the script ended.
func wantRung(t *testing.T, r *ctid.CallRecord, outcome, node string, talked time.Duration) {
	t.Helper()
	if len(r.Parties) != 1 {
		t.Fatalf("parties %+v", r.Parties)
	}
	p := r.Parties[0]
	if d := time.Duration(p.TalkMS)*time.Millisecond - talked; p.Outcome != outcome || lastNode(r) != node || d < -time.Second/5 || d > time.Second/5 {
		t.Errorf("the attempt was %s, of %d ms, and the script went to %s; want %s, %v, %s", p.Outcome, p.TalkMS, lastNode(r), outcome, talked, node)
	}
}

// The caller hears ringing and pays nothing until he is joined; when the other hangs up, the script has him again.
func TestDialAnswered(t *testing.T) {
	dials(t, "dial: {to: X}", func(t *testing.T, c *centre) {
		p := c.pbx.Call(caller)
		c.settle(500 * time.Millisecond)
		if !slices.Contains(p.Hears(), "ringing") || p.Answered() {
			t.Errorf("while it rings the caller hears %v, answered %v", p.Hears(), p.Answered())
		}
		if from := c.pbx.Outside(outsider).Invite().From; from != shownAs {
			t.Errorf("outside sees %q", from)
		}
		c.settle(time.Second)
		c.hears(p.ID(), c.pbx.Outside(outsider).Leg(), true)
		if slices.Contains(p.Hears(), "ringing") || !p.Answered() {
			t.Errorf("in the talk the caller hears %v, answered %v", p.Hears(), p.Answered())
		}
		c.settle(3 * time.Second)
		c.pbx.Outside(outsider).Hangup()
		c.settle(500 * time.Millisecond)
		if !p.HeardAny("answered") || len(c.pbx.Bridges()) != 0 {
			t.Errorf("then he has heard %v; bridges %v", p.Heard(), c.pbx.Bridges())
		}
		rec := c.clean(1)[0]
		wantRung(t, rec, "answered", "answered", 3500*time.Millisecond)
		wantEnd(t, rec, ctid.SideAgent, "hangup", "answered")
	})
}

// The caller hangs up at each moment: nobody rings on, and the record says how far it had come.
func TestDialCallerHangsUp(t *testing.T) {
	for _, x := range []struct {
		name, step string
		after      time.Duration
		outcome    string
		talked     time.Duration
	}{
		{"while it rings", "dial: {to: X}", 500 * time.Millisecond, "cancelled", 0},
		{"while the other is told who calls", "dial: {to: X, whisper: tell}", 1500 * time.Millisecond, "cancelled", 0},
		{"while the other decides", "dial: {to: X, screen: true}", 5 * time.Second, "cancelled", 0},
		{"in the talk", "dial: {to: X}", 5 * time.Second, "answered", 4 * time.Second},
		{"in a transfer", "transfer: {to: X}", 5 * time.Second, "answered", 4 * time.Second},
	} {
		t.Run(x.name, func(t *testing.T) {
			dials(t, x.step, func(t *testing.T, c *centre) {
				p := c.pbx.Call(caller)
				c.settle(x.after)
				p.Hangup()
				c.settle(100 * time.Millisecond)
				if leg := c.pbx.Outside(outsider).Leg(); leg != "" {
					t.Errorf("outside still has %s", leg)
				}
				rec := c.clean(1)[0]
				wantRung(t, rec, x.outcome, "a", x.talked)
				if rec.End.Side != ctid.SideCaller {
					t.Errorf("end %+v", rec.End)
				}
			})
		})
	}
}

// The caller hangs up at the moment of the answer: whoever was first, nothing is left.
func TestDialHangupAtAnswer(t *testing.T) {
	for range 20 {
		dials(t, "dial: {to: X}", func(t *testing.T, c *centre) {
			p := c.pbx.Call(caller)
			time.AfterFunc(time.Second, p.Hangup)
			c.settle(2 * time.Second)
			rec := c.clean(1)[0]
			if got := rec.Parties[0].Outcome; got != "cancelled" && got != "answered" && got != "failed" {
				t.Errorf("the attempt was %q", got)
			}
		})
	}
}

// The one who answers hangs up at the moment when the time to answer is over.
func TestDialAnswerAtTimeout(t *testing.T) {
	for range 20 {
		dials(t, "dial: {to: X, ring: 1s}", func(t *testing.T, c *centre) {
			p := c.pbx.Call(caller)
			c.settle(2 * time.Second)
			c.pbx.Outside(outsider).Hangup()
			rec := c.clean(1)[0]
			if got := rec.Parties[0].Outcome; got != lastNode(rec) || got != "answered" && got != "no_answer" {
				t.Errorf("the attempt was %q and led to %s; heard %v", got, lastNode(rec), p.Heard())
			}
		})
	}
}

func TestDialLimit(t *testing.T) {
	dials(t, "dial: {to: X, max: 3s}", func(t *testing.T, c *centre) {
		p := c.pbx.Call(caller)
		c.settle(4500 * time.Millisecond)
		if !p.HeardAny("answered") || c.pbx.Outside(outsider).Leg() != "" {
			t.Errorf("after the longest talk the caller has heard %v, and outside has %q", p.Heard(), c.pbx.Outside(outsider).Leg())
		}
		wantRung(t, c.clean(1)[0], "answered", "answered", 3*time.Second)
	})
}

// What the other is told before the join only he hears, and the caller hears ringing meanwhile.
func TestDialWhisper(t *testing.T) {
	for _, step := range []string{"dial: {to: X, whisper: tell}", "transfer: {to: X, mode: announced, announce: tell}"} {
		dials(t, step, func(t *testing.T, c *centre) {
			p := c.pbx.Call(caller)
			c.settle(1500 * time.Millisecond)
			out := c.pbx.Outside(outsider)
			if !slices.Contains(out.Hears(), "sound:tell") || !slices.Contains(p.Hears(), "ringing") {
				t.Errorf("outside hears %v, the caller %v", out.Hears(), p.Hears())
			}
			c.settle(time.Second)
			c.hears(p.ID(), out.Leg(), true)
			if p.HeardAny("tell") {
				t.Errorf("the caller has heard %v", p.Heard())
			}
			out.Hangup()
			wantRung(t, c.clean(1)[0], "answered", "answered", 500*time.Millisecond)
		})
	}
	dials(t, "dial: {to: X, whisper: tell}", func(t *testing.T, c *centre) { // he hears who it is, and hangs up
		c.pbx.Call(caller)
		c.settle(1500 * time.Millisecond)
		c.pbx.Outside(outsider).Hangup()
		wantRung(t, c.clean(1)[0], "busy", "busy", 0)
	})
	dials(t, "dial: {to: X, whisper: missing}", func(t *testing.T, c *centre) {
		p := c.pbx.Call(caller)
		c.settle(1500 * time.Millisecond)
		c.hears(p.ID(), c.pbx.Outside(outsider).Leg(), true) // what cannot be played keeps nobody waiting
		p.Hangup()
		c.clean(1)
	})
}

// Who is asked takes the call with 1 alone. While one is asked the others ring on.
func TestDialScreen(t *testing.T) {
	for _, step := range []string{"dial: {to: X, screen: true, whisper: tell}", "transfer: {to: X, mode: attended, announce: tell}"} {
		dials(t, step, func(t *testing.T, c *centre) {
			p := c.pbx.Call(caller)
			c.settle(2500 * time.Millisecond) // he hears what he is to press
			out := c.pbx.Outside(outsider)
			if !slices.Contains(out.Hears(), "sound:screen") {
				t.Errorf("outside hears %v", out.Hears())
			}
			out.Press("1")
			c.settle(100 * time.Millisecond)
			c.hears(p.ID(), out.Leg(), true)
			out.Press("2") // means nothing any more
			c.settle(time.Second)
			c.hears(p.ID(), out.Leg(), true)
			out.Hangup()
			wantRung(t, c.clean(1)[0], "answered", "answered", 1100*time.Millisecond)
		})
		dials(t, step, func(t *testing.T, c *centre) {
			c.pbx.Call(caller)
			c.settle(2 * time.Second)
			c.pbx.Outside(outsider).Press("2")
			c.settle(100 * time.Millisecond)
			if leg := c.pbx.Outside(outsider).Leg(); leg != "" {
				t.Errorf("who refused still has %s", leg)
			}
			wantRung(t, c.clean(1)[0], "busy", "busy", 0)
		})
	}
	dials(t, `dial: {to: [X, "`+second+`"], screen: true}`, func(t *testing.T, c *centre) {
		p := c.pbx.Call(caller)
		c.settle(4 * time.Second)
		c.pbx.Outside(second).Press("1")
		c.settle(100 * time.Millisecond)
		c.hears(p.ID(), c.pbx.Outside(second).Leg(), true)
		if leg := c.pbx.Outside(outsider).Leg(); leg != "" {
			t.Errorf("the other still has %s", leg)
		}
		p.Hangup()
		if rec := c.clean(1)[0]; !slices.Equal(tries(rec), []string{outsider + " cancelled", second + " answered"}) {
			t.Errorf("tries %v", tries(rec))
		}
	})
}

// Rung together, the first who answers has the caller and the others stop; in turn, one after the other.
func TestDialSeveral(t *testing.T) {
	dials(t, `dial: ["`+second+`", X]`, func(t *testing.T, c *centre) {
		p := c.pbx.Call(caller)
		c.settle(1500 * time.Millisecond)
		c.hears(p.ID(), c.pbx.Outside(outsider).Leg(), true)
		if leg := c.pbx.Outside(second).Leg(); leg != "" {
			t.Errorf("the other still has %s", leg)
		}
		p.Hangup()
		if rec := c.clean(1)[0]; !slices.Equal(tries(rec), []string{second + " cancelled", outsider + " answered"}) {
			t.Errorf("tries %v", tries(rec))
		}
	})
	dials(t, `dial: {to: ["`+second+`", X], order: in_turn, ring: 1500ms}`, func(t *testing.T, c *centre) {
		p := c.pbx.Call(caller)
		c.settle(500 * time.Millisecond)
		if leg := c.pbx.Outside(outsider).Leg(); leg != "" {
			t.Error("the second rings beside the first")
		}
		c.settle(2500 * time.Millisecond)
		c.hears(p.ID(), c.pbx.Outside(outsider).Leg(), true)
		p.Hangup()
		if rec := c.clean(1)[0]; !slices.Equal(tries(rec), []string{second + " no_answer", outsider + " answered"}) {
			t.Errorf("tries %v", tries(rec))
		}
	})
	for range 20 { // two answer at one moment: one of them has the caller
		dials(t, `dial: [X, "`+second+`"]`, func(t *testing.T, c *centre) {
			c.others(map[string]aritest.Behaviour{outsider: aritest.AnswerAfter(time.Second), second: aritest.AnswerAfter(time.Second)})
			p := c.pbx.Call(caller)
			c.settle(2 * time.Second)
			if a, b := c.pbx.Outside(outsider).Leg(), c.pbx.Outside(second).Leg(); (a == "") == (b == "") {
				t.Errorf("legs %q and %q", a, b)
			}
			p.Hangup()
			c.clean(1)
		})
	}
}

// Where the two cannot be joined the caller goes on with failed, and the one who answered is hung up.
func TestDialNotJoined(t *testing.T) {
	dials(t, "dial: {to: X}", func(t *testing.T, c *centre) {
		c.pbx.Fault(aritest.Fault{Match: "addChannel", Status: 500})
		p := c.pbx.Call(caller)
		c.settle(2500 * time.Millisecond)
		c.pbx.Heal()
		if !p.HeardAny("failed") {
			t.Errorf("the caller has heard %v", p.Heard())
		}
		wantRung(t, c.clean(1)[0], "failed", "failed", 0)
	})
	dials(t, "dial: {to: X}", func(t *testing.T, c *centre) { // no trunk
		c.pbx.CarrierDown(true)
		c.pbx.Call(caller)
		wantRung(t, c.clean(1)[0], "failed", "failed", 0)
	})
}
