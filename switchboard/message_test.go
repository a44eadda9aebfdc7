package switchboard

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ctid"
	"ctid/ari/aritest"
	"ctid/ivr"
)

// keeper is where messages are kept: what was asked of it, and what it answers.
type keeper struct {
	mu     sync.Mutex
	did    []string
	none   bool
	broken string // what fails
}

func (b *keeper) note(what string, id ctid.VoicemailID) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.did = append(b.did, what)
	if b.broken == what {
		return errors.New("broken")
	}
	_ = id
	return nil
}

func (b *keeper) Begin(_ context.Context, v ctid.Voicemail) error {
	if v.Mailbox != "sales" || v.Name == "" || v.Person == "" || v.At.IsZero() {
		return errors.New("the row is not whole")
	}
	return b.note("begin", v.ID)
}

func (b *keeper) Keep(_ context.Context, id ctid.VoicemailID) (bool, error) {
	err := b.note("keep", id)
	return err == nil && !b.none, err
}

func (b *keeper) Drop(_ context.Context, id ctid.VoicemailID) error { return b.note("drop", id) }

func (b *keeper) asked() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.did, " ")
}

// waits is a script that does nothing by itself for a while.
const waits = `version: 1
defaults: {failed: bye}
nodes:
  main: {menu: {1: bye, prompt: main, wait: 60s, tries: 5}}
  bye: {hangup: normal}
prompts: {main: Press 1.}
`

// leaving gives the script's step to the newest call, whose caller is to leave a message then.
func leaving(c *centre, s ivr.Voicemail) {
	c.t.Helper()
	s.ID, s.Mailbox, s.Lang = "m1", "sales", "en"
	if s.Max == 0 {
		s.Max, s.Min, s.Silence, s.End = 3*time.Minute, 2*time.Second, 4*time.Second, "#"
	}
	c.sb.desk.post(func(time.Time) {
		for _, k := range c.sb.desk.calls {
			k.post(func(now time.Time) { k.step(now, s) })
		}
	})
	c.settle(100 * time.Millisecond)
}

// notes are the notes of a kind that were told.
func (c *centre) notes(what string) (out []map[string]any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.events {
		if n, ok := e.Body.(ctid.CallNote); ok && n.What == what {
			out = append(out, n.Data)
		}
	}
	return out
}

// lastRecord is the newest record that was put down.
func (c *centre) lastRecord() ctid.CallRecord {
	c.mu.Lock()
	defer c.mu.Unlock()
	return *c.records[len(c.records)-1]
}

// recording waits until the caller hears the tone and is recorded.
func recording(c *centre, p *aritest.Caller) {
	c.t.Helper()
	c.settle(2500 * time.Millisecond)
	if !p.HeardAny("sound:beep") {
		c.t.Fatalf("no tone: %v", p.Heard())
	}
}

// lastLook is what Asterisk answered last to the question whether a recording runs.
func (c *centre) lastLook() (status int) {
	for _, r := range c.pbx.Requests() {
		if r.Method == http.MethodGet && strings.HasPrefix(r.Path, "/recordings/live/") {
			status = r.Status
		}
	}
	return status
}

func TestMessages(t *testing.T) {
	type world struct {
		*centre
		p *aritest.Caller
		b *keeper
	}
	for _, row := range []struct {
		name string
		step ivr.Voicemail
		keep *keeper
		do   func(w world)
		did  string // what was asked of the keeper
		left int    // messages that were noted
	}{
		{"the key ends it", ivr.Voicemail{}, &keeper{}, func(w world) { recording(w.centre, w.p); w.settle(5 * time.Second); w.p.Press("#") }, "begin keep", 1},
		{"silence ends it", ivr.Voicemail{}, &keeper{}, func(w world) {
			recording(w.centre, w.p)
			w.settle(5 * time.Second)
			w.p.Talk(false)
			w.settle(5 * time.Second)
		}, "begin keep", 1},
		{"its longest time ends it", ivr.Voicemail{Max: 10 * time.Second}, &keeper{}, func(w world) { recording(w.centre, w.p); w.settle(11 * time.Second) }, "begin keep", 1},
		{"another key does not", ivr.Voicemail{}, &keeper{}, func(w world) { recording(w.centre, w.p); w.p.Press("5*1"); w.settle(5 * time.Second) }, "begin", 0},
		{"he hangs up in it", ivr.Voicemail{}, &keeper{}, func(w world) { recording(w.centre, w.p); w.settle(5 * time.Second); w.p.Hangup() }, "begin keep", 1},
		{"he hangs up at once", ivr.Voicemail{}, &keeper{none: true}, func(w world) { recording(w.centre, w.p); w.p.Hangup() }, "begin keep", 0},
		{"he hangs up in the greeting", ivr.Voicemail{}, &keeper{}, func(w world) { w.p.Hangup() }, "begin drop", 0},
		{"a key skips the greeting", ivr.Voicemail{Greeting: []ivr.Part{{Name: "long"}, {Name: "longer"}, {Name: "longest"}}}, &keeper{}, func(w world) {
			w.p.Press("9")
			w.settle(1500 * time.Millisecond)
			w.p.Press("#")
		}, "begin keep", 1},
		{"it is none", ivr.Voicemail{}, &keeper{none: true}, func(w world) { recording(w.centre, w.p); w.p.Press("#") }, "begin keep", 0},
		{"it cannot be kept", ivr.Voicemail{}, &keeper{broken: "keep"}, func(w world) { recording(w.centre, w.p); w.p.Press("#") }, "begin keep", 0},
		{"its row cannot be written", ivr.Voicemail{}, &keeper{broken: "begin"}, func(w world) { w.settle(5 * time.Second) }, "begin", 0},
		{"asterisk cannot record", ivr.Voicemail{}, &keeper{}, func(w world) {
			w.pbx.Fault(aritest.Fault{Match: "/record", Status: 500, Times: 1})
			w.settle(5 * time.Second)
		}, "begin drop", 0},
		{"review: kept", ivr.Voicemail{Review: true}, &keeper{}, func(w world) {
			recording(w.centre, w.p)
			w.settle(3 * time.Second)
			w.p.Press("#")
			w.settle(500 * time.Millisecond)
			w.p.Press("3")
		}, "begin keep", 1},
		{"review: heard, another recorded, kept by silence", ivr.Voicemail{Review: true}, &keeper{}, func(w world) {
			recording(w.centre, w.p)
			w.settle(3 * time.Second)
			w.p.Press("#")
			w.settle(500 * time.Millisecond)
			w.p.Press("1")
			w.settle(1500 * time.Millisecond)
			if !w.p.HeardAny("recording:ctid.t.") {
				t.Errorf("he did not hear it: %v", w.p.Heard())
			}
			w.p.Press("2")
			w.settle(4 * time.Second)
			w.p.Press("#")
			w.settle(30 * time.Second)
		}, "begin keep", 1},
		{"review: he hangs up", ivr.Voicemail{Review: true}, &keeper{}, func(w world) {
			recording(w.centre, w.p)
			w.settle(3 * time.Second)
			w.p.Press("#")
			w.settle(500 * time.Millisecond)
			w.p.Hangup()
		}, "begin keep", 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := row.keep
			inCentreOf(t, waits, func(c *centre) { c.box = b }, func(_ *testing.T, c *centre) {
				p := c.pbx.Call(caller)
				c.settle(2 * time.Second)
				if row.step.Max > 0 {
					row.step.Silence, row.step.End, row.step.Min = 4*time.Second, "#", 2*time.Second
				} else if row.step.Review || row.step.Greeting != nil {
					row.step.Max, row.step.Min, row.step.Silence, row.step.End = 3*time.Minute, 2*time.Second, 4*time.Second, "#"
				}
				leaving(c, row.step)
				row.do(world{c, p, b})
				c.settle(time.Second)
				if got := b.asked(); got != row.did {
					t.Errorf("asked %q, want %q; heard %v", got, row.did, p.Heard())
				}
				if got := c.notes("voicemail"); len(got) != row.left {
					t.Errorf("%v, want %d", got, row.left)
				}
				if strings.HasSuffix(row.did, "keep") && c.lastLook() != http.StatusNotFound {
					t.Error("the message was fetched while Asterisk still had it in hand")
				}
			})
		})
	}
}

// The caller hears what he recorded, the questions about it, and all of that once.
func TestAMessageIsHeardInOrder(t *testing.T) {
	var b keeper
	inCentreOf(t, waits, func(c *centre) { c.box = &b }, func(t *testing.T, c *centre) {
		p := c.pbx.Call(caller)
		c.settle(2 * time.Second)
		leaving(c, ivr.Voicemail{Review: true, Max: time.Minute, Min: time.Second, End: "#", Consent: []ivr.Part{{Name: "recorded"}}})
		c.settle(4500 * time.Millisecond)
		p.Press("#")
		c.settle(1500 * time.Millisecond)
		p.Press("3")
		c.settle(time.Second)
		heard := p.Heard()
		i := slices.Index(heard, "sound:voicemail_leave")
		if want := []string{"sound:voicemail_leave", "sound:recorded", "sound:beep", "sound:voicemail_review"}; i < 0 || !slices.Equal(heard[i:], want) {
			t.Errorf("heard %v", heard)
		}
		p.Hangup()
		c.settle(time.Second)
		if r := c.lastRecord(); r.Outcome != "voicemail" || r.End == nil {
			t.Errorf("outcome %q, end %v", r.Outcome, r.End)
		}
	})
}

// A restart at any moment of leaving a message goes on with it: what runs runs on, what has ended is kept.
func TestARestartWhileAMessageIsLeft(t *testing.T) {
	for _, row := range []struct {
		name         string
		before, away time.Duration
		ended        bool // before ctid is back: by the key
		after        string
	}{
		{"in the greeting", 300 * time.Millisecond, time.Second, false, "begin keep"},
		{"in the recording", 6 * time.Second, time.Second, false, "begin keep"},
		{"in the recording, which ends meanwhile", 6 * time.Second, time.Second, true, "begin keep"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var b keeper
			inCentreOf(t, waits, func(c *centre) { c.box = &b }, func(t *testing.T, c *centre) {
				p := c.pbx.Call(caller)
				c.settle(2 * time.Second)
				leaving(c, ivr.Voicemail{})
				c.settle(row.before)
				c.stop()
				if row.ended {
					p.Press("#")
				}
				c.settle(row.away)
				open := map[ctid.CallID]ctid.CallRecord{}
				for _, r := range c.records {
					if open[r.ID] = *r; r.End != nil {
						delete(open, r.ID)
					}
				}
				for _, r := range open {
					c.history.Calls = append(c.history.Calls, r)
				}
				c.boot(t, waits, 2)
				c.settle(8 * time.Second)
				if !row.ended {
					p.Press("#")
				}
				c.settle(time.Second)
				if got := b.asked(); got != row.after {
					t.Errorf("asked %q; heard %v", got, p.Heard())
				}
			})
		})
	}
}

// The script goes on with what became of the message, and its next prompt is heard whole.
func TestAScriptGoesOnAfterAMessage(t *testing.T) {
	const script = `version: 1
prompts: {leave: Leave a message., kept: It is kept., nothing: Nothing was said.}
nodes:
  main: {voicemail: {mailbox: sales, greeting: leave, min: 1s}, then: {left: kept, none: nothing, error: broken}}
  kept: [{play: kept}, {hangup: normal}]
  nothing: [{play: nothing}, {hangup: busy}]
  broken: {hangup: congestion}
`
	for name, row := range map[string]struct {
		keep  *keeper
		heard string
		cause int
	}{
		"left":  {&keeper{}, "sound:kept", 16},
		"none":  {&keeper{none: true}, "sound:nothing", 17},
		"error": {&keeper{broken: "keep"}, "", 34},
	} {
		t.Run(name, func(t *testing.T) {
			inCentreOf(t, script, func(c *centre) { c.box = row.keep }, func(t *testing.T, c *centre) {
				p := c.pbx.Call(caller)
				c.settle(4 * time.Second)
				p.Press("#")
				c.settle(4 * time.Second)
				if gone, cause := p.Ended(); !gone || cause != row.cause || row.heard != "" && !p.HeardAny(row.heard) {
					t.Errorf("ended %v with %d, heard %v", gone, cause, p.Heard())
				}
				r := c.lastRecord()
				t.Logf("%+v, answered %v to %v", r.IVR.Path, r.Answered, r.Ended)
			})
		})
	}
}
