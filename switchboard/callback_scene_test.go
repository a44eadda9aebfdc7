package switchboard

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/ari/aritest"
)

// bookedScene is a scene of many callers, of whom three in ten take the offer of a call back, and half of those are not to be had at the
// first attempt. Half of both are called before their agents.
type bookedScene struct {
	*centre
	script  string
	numbers []string // in the order of their coming
	waits   []*aritest.Caller
	takes   map[string]bool
	misses  map[string]int // the SIP status with which the first attempt ends; 0: nobody answers
	dials   map[string]int

	restarted bool
}

// cast says who does what: three in ten, and every other one of them misses the first attempt, each in one of three ways.
func (s *bookedScene) cast(callers int) {
	taken, ahead := 0, ""
	for i := range callers {
		n := fmt.Sprintf("+442079461%03d", i)
		s.numbers = append(s.numbers, n)
		if i%10 != 1 && i%10 != 4 && i%10 != 7 {
			continue
		}
		s.takes[n] = true
		if taken++; taken%2 == 0 {
			s.misses[n] = []int{486, 603, 0}[taken/2%3]
		}
		if taken%4 > 1 {
			ahead += fmt.Sprintf("%q: ahead, ", n)
		}
	}
	step := "queue: {name: sales, at_most: 2h, callback: {offer: offer, key: 1, after: 10s, confirm: false, gap: 2m, window: 3h, first: %s}}\n      then: {callback: booked, otherwise: no}"
	s.script = "version: 1\nprompts: {offer: Press 1 for a call back., booked: We will call you., no: Not now.}\nnodes:\n" +
		"  who: {branch: {value: =call.ani, is: {" + ahead + "nobody: q}, else: q}}\n" +
		"  ahead:\n    - " + fmt.Sprintf(step, "customer") + "\n  q:\n    - " + fmt.Sprintf(step, "agent") + "\n" +
		"  booked: [{play: booked}, {hangup: normal}]\n  no: [{play: no}, {hangup: normal}]\n"
}

func (s *bookedScene) answers(d aritest.Dialled) aritest.Behaviour {
	s.dials[d.Number]++
	status, misses := s.misses[d.Number]
	switch {
	case !misses || s.dials[d.Number] > 1:
		return aritest.AnswerAfter(2 * time.Second)
	case status == 0:
		return ignores()
	}
	return aritest.Refuses(2*time.Second, status)
}

// come has them all call in, and those press the key who take the offer.
func (s *bookedScene) come() {
	for _, n := range s.numbers {
		s.waits = append(s.waits, s.pbx.Call(aritest.Caller{Number: n, DNIS: "8001"}))
		s.settle(20 * time.Millisecond)
	}
	s.settle(11500 * time.Millisecond)
	for i, n := range s.numbers {
		if s.takes[n] {
			s.waits[i].Press("1")
		}
	}
	s.settle(5 * time.Second)
	for i, n := range s.numbers {
		if over, _ := s.waits[i].Ended(); over != s.takes[n] {
			s.t.Fatalf("%s took the offer: %v, and is gone: %v; he heard %v", n, s.takes[n], over, s.waits[i].Heard())
		}
	}
}

// joined tells whether somebody hears an agent.
func joined(hears []string) bool {
	return slices.ContainsFunc(hears, func(id string) bool { return strings.HasPrefix(id, "ctid.") })
}

// live lets two seconds pass in which who talks hangs up, and who is asked for the key presses it. Of those who wait the first few are looked
// at: there are two agents.
func (s *bookedScene) live() {
	s.settle(2 * time.Second)
	for i, looked := 0, 0; i < len(s.waits) && looked < 8; i++ {
		if over, _ := s.waits[i].Ended(); over {
			continue
		}
		looked++
		if joined(s.waits[i].Hears()) {
			s.waits[i].Hangup()
		}
	}
	for n := range s.dials {
		p := s.pbx.Outside(n)
		switch hears := p.Hears(); {
		case joined(hears):
			p.Hangup()
		case slices.Contains(hears, "sound:callback"):
			p.Press("1")
		}
	}
}

func (s *bookedScene) open() (n int) {
	for _, w := range s.waits {
		if over, _ := w.Ended(); !over {
			n++
		}
	}
	return n + len(s.sb.desk.booked)
}

// restart ends the switchboard as a kill would, and begins the next run.
func (s *bookedScene) restart(run int) {
	s.restarted = true
	s.stop()
	s.history.Calls = nil
	for _, r := range s.centre.open() {
		s.history.Calls = append(s.history.Calls, *r)
	}
	s.boot(s.t, s.script, run)
	s.ready("ana", "ben")
}

// closed holds that each callback was closed once, since somebody has talked with the customer, and gives the attempts that it took.
func (s *bookedScene) closed() {
	s.t.Helper()
	whose, attempts := map[ctid.CallbackID]string{}, map[string]int{}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		switch b := e.Body.(type) {
		case ctid.CallbackScheduled:
			whose[b.Callback] = string(b.To.E164)
		case ctid.CallbackClosed:
			n := whose[b.Callback]
			if attempts[n] > 0 || b.Why != callbackTalked {
				s.t.Errorf("%s was closed as %+v, after %d attempts already", n, b, attempts[n])
			}
			attempts[n] = b.Attempts
		}
	}
	for n := range s.takes {
		want := 1
		if _, missed := s.misses[n]; missed {
			want = 2
		}
		if cut := s.dials[n] - attempts[n]; s.dials[n] < want || attempts[n] == 0 || cut != 0 && !s.restarted { // a dial that a restart cut off is no attempt
			s.t.Errorf("%s was closed after %d attempts and %d dials, want %d", n, attempts[n], s.dials[n], want)
		}
	}
	if len(attempts) != len(s.takes) {
		s.t.Errorf("%d callbacks were closed, of %d", len(attempts), len(s.takes))
	}
}

// places holds that agents were offered callers in the order of their coming, whether they stayed or are called back; and who was to be
// called again had his place when it was time, in front of all who came later. Two agents may be free at the same moment.
func (s *bookedScene) places() {
	s.t.Helper()
	const moment = 200 * time.Millisecond
	came, number, due := map[string]int{}, map[ctid.CallID]string{}, map[string]time.Time{}
	for i, n := range s.numbers {
		came[n] = i
	}
	last, lastAt, offered := 0, time.Time{}, map[string]time.Time{}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		switch b := e.Body.(type) {
		case ctid.CallOriginated:
			number[e.Call] = string(b.To.E164)
		case ctid.CallbackAttempted:
			due[number[e.Call]] = b.NextAt
		case ctid.PopOffered:
			n := string(b.ANI.E164)
			if offered[n].IsZero() {
				if came[n] < last && e.At.Sub(lastAt) > moment {
					s.t.Errorf("%s, who came as number %d, was offered after number %d", n, came[n], last)
				}
				offered[n], last, lastAt = e.At, max(last, came[n]), e.At
			}
			if at, again := due[n]; again {
				s.inFrontOf(came, offered, n, at.Add(moment), e.At.Add(-moment))
				delete(due, n)
			}
		}
	}
	if len(offered) != len(s.numbers) {
		s.t.Errorf("%d were offered, of %d", len(offered), len(s.numbers))
	}
}

// inFrontOf holds that nobody who came later was offered first in the time in which n, who is to be called again, waited.
func (s *bookedScene) inFrontOf(came map[string]int, offered map[string]time.Time, n string, from, to time.Time) {
	s.t.Helper()
	for other, at := range offered {
		if came[other] > came[n] && at.After(from) && at.Before(to) {
			s.t.Errorf("%s, number %d, was due, and number %d was offered in front of him", n, came[n], came[other])
		}
	}
}

// Of two hundred callers sixty are called back, half of them twice: by one call at a time, in their places, and all callbacks are closed.
// The same goes for fewer callers while ctid begins anew again and again.
func TestBookedScene(t *testing.T) {
	for _, row := range []struct {
		callers, restarts int
	}{{200, 0}, {60, 6}} {
		t.Run(fmt.Sprintf("%d callers, %d restarts", row.callers, row.restarts), func(t *testing.T) {
			s := &bookedScene{takes: map[string]bool{}, misses: map[string]int{}, dials: map[string]int{}}
			s.cast(row.callers)
			inCentreOf(t, s.script, func(c *centre) { c.phones = 30 * time.Second }, func(t *testing.T, c *centre) {
				s.centre = c
				c.pbx.OnCall(s.answers)
				s.come()
				c.ready("ana", "ben")
				const between = 19
				for i := 1; s.open() > 0 && i < 3000; i++ {
					if i%between == 0 && i/between <= row.restarts {
						s.restart(1 + i/between)
					}
					s.live()
				}
				s.closed()
				s.places()
				for n := range s.takes {
					if most := c.pbx.Outside(n).Most(); most != 1 {
						t.Errorf("%s was dialled by %d calls at once", n, most)
					}
				}
				for i, n := range s.numbers {
					if over, _ := s.waits[i].Ended(); !over {
						t.Errorf("%s still waits", n)
					}
				}
			})
		})
	}
}
