package switchboard

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/ari/aritest"
)

// told tells a caller his place, comforts him, asks whether he stays, and tells the agent what it is about.
const told = `version: 1
prompts: {hold: Please hold., still: To go on waiting press 1., bye: Goodbye., about: A call for sales.}
nodes:
  q:
    - queue: {name: sales, at_most: 10m, announce: {position: 20s, comfort: hold, every: 30s}, stay: {prompt: still, every: 2m, wait: 5s}, whisper: about}
      then: {no_input: bye, otherwise: hangup}
  bye: [{play: bye}, {hangup: normal}]
`

// counted is how often a caller has heard something.
func counted(p *aritest.Caller, part string) (n int) {
	for _, m := range p.Heard() {
		if strings.Contains(m, part) {
			n++
		}
	}
	return n
}

func hearsMusic(p *aritest.Caller) bool {
	return slices.ContainsFunc(p.Hears(), func(h string) bool { return strings.HasPrefix(h, "moh:") })
}

// What a waiting caller is told comes in its time, by his place, and the music goes on behind it.
func TestLineIsTold(t *testing.T) {
	inCentre(t, told, func(t *testing.T, c *centre) {
		first, second := c.call(), c.call()
		for _, row := range []struct {
			wait                time.Duration
			next, second, holds int
		}{{19 * time.Second, 0, 0, 0}, {3 * time.Second, 1, 1, 0}, {10 * time.Second, 1, 1, 1}, {10 * time.Second, 2, 2, 1}} {
			c.settle(row.wait)
			if n, s, h := counted(first, "queue_next"), counted(second, "You_are_number_2"), counted(first, "hold"); n != row.next || s != row.second || h != row.holds {
				t.Errorf("the first is told %d times that he is next and %d times to hold, the second %d times that he is second; want %+v", n, h, s, row)
			}
			if !hearsMusic(first) || !hearsMusic(second) {
				t.Errorf("they hear %v and %v", first.Hears(), second.Hears())
			}
		}
		first.Hangup()
		second.Hangup()
		c.clean(2)
	})
}

// What is being said is cut off when an agent is there, who hears first what it is about; the caller hears music meanwhile, and
// nothing is told over the talk.
func TestLineAgentComes(t *testing.T) {
	inCentre(t, told, func(t *testing.T, c *centre) {
		p := c.call()
		c.settle(18500 * time.Millisecond)
		c.ready("ana") // rings for a second, at the time when his place is due
		c.settle(1200 * time.Millisecond)
		phone := c.pbx.PhoneOf("1001")
		if !slices.Contains(phone.Hears(), "sound:about") || !hearsMusic(p) {
			t.Errorf("the agent hears %v, the caller %v", phone.Hears(), p.Hears())
		}
		c.settle(time.Second)
		c.hears(p.ID(), phone.Leg(), true)
		before := len(p.Heard())
		c.settle(3 * time.Minute)
		if len(p.Heard()) != before {
			t.Errorf("in the talk the caller was told %v", p.Heard()[before:])
		}
		phone.Hangup()
		c.clean(1)
	})
}

// The agent hangs up while he is told what it is about, and so does the caller: the one keeps his place, of the other nothing is left.
func TestLineWhisperCut(t *testing.T) {
	for _, caller := range []bool{true, false} {
		inCentre(t, told, func(t *testing.T, c *centre) {
			c.ready("ana")
			p := c.call()
			c.settle(1500 * time.Millisecond)
			if caller {
				p.Hangup()
				c.settle(time.Second)
				if r := c.clean(1)[0]; r.Outcome != "abandoned" || r.TalkMS != 0 {
					t.Errorf("the record says %s, %d ms of talk", r.Outcome, r.TalkMS)
				}
				return
			}
			c.pbx.PhoneOf("1001").Hangup()
			c.settle(time.Second)
			if over, _ := p.Ended(); over || !hearsMusic(p) {
				t.Errorf("the caller hears %v", p.Hears())
			}
			c.ready("ben")
			c.settle(4 * time.Second)
			c.wantState("ben", "talking")
			p.Hangup()
			c.clean(1)
		})
	}
}

// Who does not say that he stays is led out of the queue; who does is asked again.
func TestLineStays(t *testing.T) {
	inCentre(t, told, func(t *testing.T, c *centre) {
		silent, stays := c.call(), c.call()
		c.settle(2*time.Minute + 500*time.Millisecond)
		stays.Press("1")
		c.settle(10 * time.Second)
		if over, _ := silent.Ended(); !over || !silent.HeardAny("bye") {
			t.Errorf("who is silent heard %v, is gone: %v", silent.Heard(), over)
		}
		if over, _ := stays.Ended(); over || counted(stays, "still") != 1 || !hearsMusic(stays) {
			t.Errorf("who stays heard %v, is gone: %v", stays.Heard(), over)
		}
		c.settle(2 * time.Minute)
		if counted(stays, "still") != 2 {
			t.Errorf("he is asked %d times", counted(stays, "still"))
		}
		stays.Press("1")
		stays.Hangup()
		for _, r := range c.clean(2) {
			if want := map[string]ctid.QueueExit{"script": ctid.ExitTimeout, "abandoned": ctid.ExitAbandoned}[r.Outcome]; len(r.Queues) != 1 || r.Queues[0].Exit != want {
				t.Errorf("%s left the queue as %+v", r.Outcome, r.Queues)
			}
		}
	})
}

// ctid is started again: the caller is told his place again in its time.
func TestLineOverRestart(t *testing.T) {
	inCentre(t, told, func(t *testing.T, c *centre) {
		p := c.call()
		c.settle(15 * time.Second)
		c.again(told)
		c.settle(7 * time.Second)
		if counted(p, "queue_next") != 1 || !hearsMusic(p) {
			t.Errorf("he was told %v and hears %v", p.Heard(), p.Hears())
		}
		p.Hangup()
		c.clean(1)
	})
}

// again stops the switchboard and starts one that takes its calls over.
func (c *centre) again(script string) {
	c.t.Helper()
	c.stop()
	for _, r := range c.open() {
		c.history.Calls = append(c.history.Calls, *r)
	}
	c.boot(c.t, script, 2)
}

const early = `version: 1
prompts: {hello: Welcome., hold: Please hold.}
nodes:
  q:
    - answer: {early: true}
    - play: hello
    - queue: {name: sales, at_most: 10m, announce: {comfort: hold, every: 20s}}
      then: {otherwise: hangup}
`

// A caller whose script wants that waits without being answered, until an agent is there or his carrier would lose patience.
func TestLineUnanswered(t *testing.T) {
	for _, row := range []struct {
		name     string
		allowed  time.Duration
		agent    time.Duration // when one is ready; 0: never
		answered time.Duration // when he has been answered at last
		before   time.Duration // and when not yet
	}{
		{"an agent is there", 45 * time.Second, 25 * time.Second, 28 * time.Second, 24 * time.Second},
		{"nobody is there in time", 45 * time.Second, 0, 47 * time.Second, 44 * time.Second},
		{"the carrier does not allow it", 0, 0, time.Second, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			inCentreOf(t, early, func(c *centre) { c.early = map[string]time.Duration{"": row.allowed} }, func(t *testing.T, c *centre) {
				p := c.call()
				if row.before > 0 {
					c.settle(row.before)
					if p.Answered() || !p.HeardAny("hello") || !hearsMusic(p) && !p.HeardAny("hold") {
						t.Errorf("answered: %v; he heard %v and hears %v", p.Answered(), p.Heard(), p.Hears())
					}
				}
				if row.agent > 0 {
					c.ready("ana")
				}
				c.settle(row.answered - row.before)
				if !p.Answered() {
					t.Error("he was never answered")
				}
				if row.agent > 0 {
					c.wantState("ana", "talking")
				}
				p.Hangup()
				c.clean(1)
			})
		})
	}
}

// Who hung up waiting and calls again soon has his place in front of who came meanwhile, also where ctid was killed between; who comes too
// late has lost it.
func TestPlaceKept(t *testing.T) {
	for _, row := range []struct {
		name            string
		restart, caught bool
		away            time.Duration
	}{{"soon", false, true, 20 * time.Second}, {"soon, over a restart", true, true, 50 * time.Second}, {"late", false, false, 70 * time.Second}, {"late, over a restart", true, false, 70 * time.Second}} {
		t.Run(row.name, func(t *testing.T) {
			inCentreOf(t, straight, func(c *centre) { c.person = func(n string) string { return "h" + n } }, func(t *testing.T, c *centre) {
				first := c.call()
				c.settle(5 * time.Second)
				other := c.pbx.Call(aritest.Caller{Number: "02079460099", DNIS: "8001"})
				c.settle(5 * time.Second)
				first.Hangup()
				c.settle(row.away / 2)
				if row.restart {
					c.restarted(straight, 2)
				}
				c.settle(row.away / 2)
				back := c.call()
				c.settle(time.Second)
				served, waits := other, back
				if n := c.notes("place_resumed"); (len(n) == 1) != row.caught || row.caught && n[0]["position"] != 1 {
					t.Errorf("told was %v", n)
				}
				if row.caught {
					served, waits = back, other
				}
				c.ready("ana")
				c.settle(2 * time.Second)
				c.hears(served.ID(), c.leg("1001"), true)
				c.hears(waits.ID(), c.leg("1001"), false)
				back.Hangup()
				other.Hangup()
				c.clean(3)
			})
		})
	}
}

// A caller who hears music is with an agent so soon after a restart that no music was begun anew: what played on from before is stopped.
func TestMusicOverRestart(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		p := c.call()
		c.settle(5 * time.Second)
		c.pbx.Phone("1001", aritest.AnswerAfter(300*time.Millisecond))
		c.ready("ana")
		c.settle(100 * time.Millisecond)
		c.wantState("ana", "reserved")
		if !strings.Contains(strings.Join(p.Hears(), " "), "moh:") {
			t.Errorf("he hears %v while he waits", p.Hears())
		}
		c.restarted(straight, 2)
		c.settle(2 * time.Second)
		c.wantState("ana", "talking")
		c.hears(p.ID(), c.leg("1001"), true)
		if h := strings.Join(p.Hears(), " "); strings.Contains(h, "moh:") {
			t.Errorf("with the agent he hears %s", h)
		}
		p.Hangup()
		c.clean(1)
	})
}
