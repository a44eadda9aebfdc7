package switchboard

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari/aritest"
	"ctid/ivr"
)

// What goes wrong while callers wait: none of them is lost, and the log says it once.

// officeHours waits for two minutes, and then says whether the office is open.
const officeHours = `version: 1
prompts: {open: We are open., shut: We are closed.}
nodes:
  q:
    queue: {name: sales, at_most: 2m, announce: {position: 20s}}
    then: {timeout: hours, otherwise: hangup}
  hours: {hours: office, then: {open: open, otherwise: shut}}
  open: [{play: open}, {hangup: normal}]
  shut: [{play: shut}, {hangup: normal}]
`

// The machine's clock is set, or summer time begins or ends, while a caller waits: he waits as long as he may by the time that really passes, is told
// his place each time that it is due, and calendars go by the clock as it is then.
func TestClocksWhileWaiting(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	midday := time.Date(2000, 1, 3, 12, 0, 0, 0, time.UTC)
	for _, x := range []struct {
		name   string
		from   time.Time
		set    time.Duration // the clock, after half a minute
		closes int           // hour of London
		hears  string
	}{
		{"set on by an hour", midday.Add(30 * time.Minute), time.Hour, 13, "shut"},
		{"set back by two hours", midday.Add(-time.Minute), -2 * time.Hour, 12, "open"},
		{"not set", midday.Add(-time.Minute), 0, 12, "shut"},
		{"summer time begins", time.Date(2000, 3, 26, 0, 59, 0, 0, time.UTC), 0, 2, "shut"},
		{"summer time ends", time.Date(2000, 10, 29, 0, 59, 0, 0, time.UTC), 0, 2, "open"},
	} {
		t.Run(x.name, func(t *testing.T) {
			said := &said{}
			inCentreOf(t, officeHours, func(c *centre) {
				<-time.After(time.Until(x.from))
				c.hours = func(_ string, at time.Time) (string, bool) {
					if at.In(london).Hour() < x.closes {
						return "open", true
					}
					return "closed", true
				}
				c.log = slog.New(slog.NewTextHandler(said, nil))
			}, func(t *testing.T, c *centre) {
				p := c.call()
				c.settle(30 * time.Second)
				c.set.Add(int64(x.set))
				c.settle(80 * time.Second)
				if over, _ := p.Ended(); over || counted(p, "queue_next") != 5 || !hearsMusic(p) {
					t.Errorf("after 110 s he heard %v, and is gone: %v", p.Heard(), over)
				}
				c.settle(30 * time.Second)
				if !p.HeardAny(x.hears) {
					t.Errorf("he heard %v, not %s", p.Heard(), x.hears)
				}
				want := 0
				if x.set != 0 {
					want = 1
					if b := body[ctid.ClockStepped](c); b.StepMS != x.set.Milliseconds() {
						t.Errorf("the clock was told to be set by %d ms", b.StepMS)
					}
				}
				if n := said.count("the machine's clock was set"); n != want {
					t.Errorf("the log says %d times that the clock was set", n)
				}
				if r := c.clean(1)[0]; r.Queues[0].WaitMS != (2*time.Minute).Milliseconds() || r.Queues[0].Exit != ctid.ExitTimeout {
					t.Errorf("he left the queue by %s after %d ms", r.Queues[0].Exit, r.Queues[0].WaitMS)
				}
			})
		})
	}
}

// said is a log that is counted.
type said struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *said) count(part string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Count(s.text.String(), part)
}

// mute cannot say anything in a language.
type mute struct{ lang string }

func (m mute) Prepare(_ context.Context, _ ctid.NodeID, parts []ivr.Part) (media []string, err error) {
	for _, p := range parts {
		if p.Lang == m.lang {
			err = fmt.Errorf("prompt %s (%s): there is no recording and no voice", p.Name, p.Lang)
			continue
		}
		media = append(media, "sound:"+p.Name)
	}
	return media, err
}

const inChinese = `version: 1
languages: [zh]
prompts: {hold: 请稍候。}
nodes:
  q:
    queue: {name: sales, at_most: 10m, announce: {comfort: hold, every: 20s}}
    then: {otherwise: hangup}
`

// A language has neither recording nor voice, or Asterisk plays no music, for a hundred callers: they wait on in their places, hear the rest, and the
// log says it once.
func TestLineWithoutWords(t *testing.T) {
	const many = 100
	for _, x := range []struct {
		name, script, log string
		prompts           Prompts
		fault             string
	}{
		{"no voice", inChinese, "a prompt is left out", mute{"zh"}, ""},
		{"no music", told, "music failed", nil, "/moh"},
	} {
		t.Run(x.name, func(t *testing.T) {
			said := &said{}
			storm{script: x.script, queue: acd.Queue{Ring: stormRing}, agents: 1, behave: func(int) aritest.Behaviour { return aritest.AnswerAfter(time.Second) },
				set: func(c *centre) { c.prompts, c.log = x.prompts, slog.New(slog.NewTextHandler(said, nil)) },
			}.run(t, func(t *testing.T, c *centre) {
				c.must(stormAgent(0), ctid.AgentPause{Reason: "lunch"})
				if x.fault != "" {
					c.pbx.Fault(aritest.Fault{Match: x.fault, Status: 500})
				}
				c.come(many)
				c.settle(45 * time.Second)
				for n, p := range c.callers {
					if over, _ := p.Ended(); over {
						t.Fatalf("caller %d is gone", n+1)
					}
					if words := counted(p, "sound:"); x.fault != "" && words < 2 || x.fault == "" && (words > 0 || !hearsMusic(p)) {
						t.Fatalf("caller %d heard %v and hears %v", n+1, p.Heard(), p.Hears())
					}
				}
				if n := said.count(x.log); n != 1 {
					t.Errorf("the log says %d times: %s", n, x.log)
				}
				c.pbx.Heal()
				c.settle(40 * time.Second)
				if !hearsMusic(c.callers[many-1]) && counted(c.callers[many-1], "sound:") == 0 {
					t.Error("there is no music again")
				}
				c.must(stormAgent(0), ctid.AgentReady{})
				c.settle(5 * time.Second)
				if _, first, came := c.rung(); len(first) != 1 || first[0] != came[0] {
					t.Errorf("the phone rang for %v; first came %s", first, came[0])
				}
				for _, p := range c.callers {
					p.Hangup()
				}
				c.clean(many)
			})
		})
	}
}

// What every caller meets is said once in ten minutes, with how often it was meanwhile; beyond so many kinds each is said.
func TestWarnedOnce(t *testing.T) {
	said := &said{}
	log, w, now := slog.New(slog.NewTextHandler(said, nil)), &warned{}, time.Unix(0, 0)
	for range 1000 {
		w.warn(log, now, "no music", "jazz", errors.New("gone"), "class", "jazz")
	}
	w.warn(log, now, "no music", "rock", errors.New("gone"))
	w.warn(log, now.Add(warnEvery), "no music", "jazz", errors.New("gone"))
	if n := said.count("no music"); n != 3 || said.count("repeated=999") != 1 {
		t.Errorf("it was said %d times: %s", n, said.text.String())
	}
	for n := range 2 * warnKinds {
		w.warn(log, now.Add(warnEvery), "no words", fmt.Sprint(n), errors.New("gone"))
	}
	if len(w.last) > warnKinds || said.count("no words") != 2*warnKinds {
		t.Errorf("%d kinds are remembered, %d were said", len(w.last), said.count("no words"))
	}
}

// Each wait that a caller is told is held against what came of it.
func TestLineToldTheWait(t *testing.T) {
	const script = `version: 1
nodes:
  q: {queue: {name: sales, at_most: 1h, announce: {wait: 30s}}, then: {otherwise: hangup}}
`
	storm{script: script, queue: acd.Queue{Ring: stormRing}, agents: 2, behave: func(int) aritest.Behaviour {
		return aritest.Behaviour{After: time.Second, Do: aritest.Answer, Talk: 20 * time.Second}
	}}.run(t, func(t *testing.T, c *centre) {
		c.come(30)
		c.settle(8 * time.Minute)
		words := 0
		for _, p := range c.callers {
			words += counted(p, "sound:")
		}
		st, err := c.sb.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if x := st.Queues["sales"].Calibration; words < 20 || x.Told != words || x.Held < words*8/10 {
			t.Errorf("callers were told %d waits; the figure is %+v", words, x)
		}
		for _, r := range c.clean(30) {
			if r.Outcome != "answered" {
				t.Errorf("%s is %s", r.ID, r.Outcome)
			}
		}
	})
}
