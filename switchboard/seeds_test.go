package switchboard

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/ari/aritest"
)

// seedsFrom reads which seeds to run: RACE_SEEDS says how many, RACE_SEED the first.
func seedsFrom(t *testing.T) (first, n uint64) {
	t.Helper()
	read := func(name string, otherwise uint64) uint64 {
		v := os.Getenv(name)
		if v == "" {
			return otherwise
		}
		x, err := strconv.ParseUint(v, 10, 32)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return x
	}
	return read("RACE_SEED", 1), read("RACE_SEEDS", 150)
}

// A day at the centre, drawn from a seed, with news doubled, late, unknown and (of different channels) in another order,
// and requests that fail or are answered late: it ends in a state that the tables of docs/states.md allow, with nothing
// left. Every third one keeps its events so far apart that faults cross nothing: it ends as it does without faults.
func TestSeeds(t *testing.T) {
	first, n := seedsFrom(t)
	for seed := first; seed < first+n; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			if seed%3 == 0 {
				liveCalmDay(t, seed)
				return
			}
			d := wildDay(seed)
			defer d.show(t)
			d.run(t, true)
		})
	}
}

// liveCalmDay lives a day with and without faults. Of the days that a seed may stand for it takes the first on which
// without faults no timer ends near an act.
func liveCalmDay(t *testing.T, seed uint64) {
	t.Helper()
	for try := range uint64(30) {
		d := calmDay(seed + try<<32)
		defer d.show(t)
		plain, tight := d.run(t, false)
		if tight {
			continue
		}
		faulty, _ := d.run(t, true)
		if !reflect.DeepEqual(plain, faulty) {
			t.Errorf("without faults:\n%s\nwith faults:\n%s", strings.Join(plain, "\n"), strings.Join(faulty, "\n"))
		}
		return
	}
	t.Error("no calm day was found")
}

// show prints the day of a test that failed.
func (d *day) show(t *testing.T) {
	if t.Failed() {
		t.Logf("the day:\n%s", d)
	}
}

// day is what happens, and when.
type day struct {
	script string
	calls  int
	end    time.Duration
	acts   []act
}

// act is one thing that happens. A fault is left out of the ordered run.
type act struct {
	at    time.Duration
	what  string
	fault bool
	do    func(r *dayRun)
}

func (d *day) String() string {
	var b strings.Builder
	for _, a := range d.acts {
		fmt.Fprintf(&b, "%8v %s\n", a.at, a.what)
	}
	return b.String()
}

func (d *day) add(at time.Duration, what string, do func(r *dayRun)) {
	d.acts = append(d.acts, act{at, what, false, do})
}

func (d *day) addFault(at time.Duration, what string, do func(r *dayRun)) {
	d.acts = append(d.acts, act{at, what, true, do})
}

// dayRun is a day being lived.
type dayRun struct {
	c       *centre
	phones  [2]*aritest.Phone
	callers []*aritest.Caller
}

var names = [2]ctid.AgentID{"ana", "ben"}

// run lives the day and returns how it ended, in words, and whether a timer ended near an act.
func (d *day) run(t *testing.T, faults bool) (end []string, tight bool) {
	t.Helper()
	slices.SortStableFunc(d.acts, func(a, b act) int { return cmp.Compare(a.at, b.at) })
	inCentre(t, d.script, func(t *testing.T, c *centre) {
		r := &dayRun{c: c, callers: make([]*aritest.Caller, d.calls)}
		for i, number := range []string{"1001", "1002"} {
			r.phones[i] = c.pbx.Phone(number, aritest.AnswerAfter(510*time.Millisecond))
		}
		c.ready("ana", "ben")
		began := time.Now()
		for _, a := range d.acts {
			if a.fault && !faults {
				continue
			}
			if wait := time.Until(began.Add(a.at)); wait > 0 {
				c.settle(wait)
			}
			a.do(r)
		}
		c.settle(time.Until(began.Add(d.end)))
		c.pbx.Heal()
		for _, k := range r.callers {
			if k != nil {
				k.Hangup()
			}
		}
		c.settle(15 * time.Second) // a wrap-up takes 10
		end = r.check(t)
		tight = d.tight(c, began)
	})
	return end, tight
}

// tight says whether something happened by itself within 150 ms of an act, or a talk was about as long as one must be to
// count. In virtual time, without faults, what an act causes at once has the very time of the act.
func (d *day) tight(c *centre, began time.Time) bool {
	const near = 150 * time.Millisecond
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.events {
		for _, a := range d.acts {
			if off := e.At.Sub(began) - a.at; !a.fault && off.Abs() > 0 && off.Abs() < near {
				return true
			}
		}
	}
	return slices.ContainsFunc(c.records, func(r *ctid.CallRecord) bool {
		return r.End != nil && r.TalkMS > 0 && (ms(int(r.TalkMS))-time.Second).Abs() < near
	})
}

// check says that all is well after the day.
func (r *dayRun) check(t *testing.T) (end []string) {
	t.Helper()
	c := r.c
	calls := 0
	for _, k := range r.callers {
		if k != nil {
			calls++
		}
	}
	records := c.clean(calls)
	c.queueLogAgrees(records)
	for _, rec := range records {
		allowed(t, rec)
		end = append(end, fmt.Sprintf("%s: %s/%s %s; queue: %s; offers: %s; agents: %s", rec.ANI.Raw, rec.End.Side, rec.End.Reason, rec.Outcome,
			words(rec.Queues, func(v ctid.QueueVisit) string { return string(v.Exit) }),
			words(rec.Offers, func(o ctid.OfferRecord) string { return string(o.Agent) + " " + string(o.End) }),
			words(rec.Agents, func(p ctid.AgentPart) string { return string(p.Agent) })))
	}
	slices.Sort(end)
	if got := len(c.kinds("call.cleared")); got != calls {
		t.Errorf("%d ends were told of %d calls", got, calls)
	}
	if made, closed := len(c.kinds("pop.offered")), len(c.kinds("pop.closed")); made != closed {
		t.Errorf("%d pops, %d of them closed", made, closed)
	}
	for _, name := range names {
		st := c.state(name)
		if st == "reserved" || st == "talking" || st == "wrapup" {
			t.Errorf("%s is %s after the day", name, st)
		}
		end = append(end, string(name)+" is "+st)
	}
	st, err := c.sb.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for id, q := range st.Queues {
		if q.Waiting != 0 || q.Talking != 0 {
			t.Errorf("%s: %d wait, %d talk", id, q.Waiting, q.Talking)
		}
	}
	return end
}

// legalEnds are the ends that a call may have, by outcome.
var legalEnds = map[string][]string{
	"answered":         {"caller/hangup", "agent/hangup", "caller/before_talk", "script/script", "system/left_application"},
	"abandoned":        {"caller/hangup", "caller/before_talk", "system/left_application"},
	"hangup_in_script": {"caller/hangup", "system/left_application"},
	"script":           {"script/script"},
}

// allowed says that a record agrees with itself and with the tables.
func allowed(t *testing.T, r *ctid.CallRecord) {
	t.Helper()
	how := string(r.End.Side) + "/" + r.End.Reason
	if !slices.Contains(legalEnds[r.Outcome], how) {
		t.Errorf("%s: end %s with outcome %q", r.ID, how, r.Outcome)
	}
	accepted := 0
	for _, o := range r.Offers {
		if o.End == "" {
			t.Errorf("%s: offer %s has no end", r.ID, o.Offer)
		}
		if o.End == ctid.OfferAccepted {
			accepted++
		}
	}
	if accepted < len(r.Agents) {
		t.Errorf("%s: %d talks of %d accepted offers", r.ID, len(r.Agents), accepted)
	}
	var waited int64
	for _, v := range r.Queues {
		if v.Exit == "" {
			t.Errorf("%s: a stay in %s has no exit", r.ID, v.Queue)
		}
		waited += v.WaitMS
	}
	if waited != r.WaitMS || r.WaitMS > r.Ended.Sub(r.Arrived).Milliseconds()+1 {
		t.Errorf("%s: waited %d ms in the queue, %d in all, of %v", r.ID, waited, r.WaitMS, r.Ended.Sub(r.Arrived))
	}
	if r.Outcome == "answered" && len(r.Agents) == 0 || r.End.Reason == "before_talk" && len(r.Offers) == 0 {
		t.Errorf("%s: outcome %s, %s, of %d offers and %d talks", r.ID, r.Outcome, how, len(r.Offers), len(r.Agents))
	}
}

// someCaller calls with a number of his own.
func someCaller(i int) aritest.Caller {
	return aritest.Caller{Number: fmt.Sprintf("0207946%04d", i), DNIS: "8001"}
}

func (d *day) call(at time.Duration, i int) {
	d.add(at, fmt.Sprintf("caller %d calls", i), func(r *dayRun) { r.callers[i] = r.c.pbx.Call(someCaller(i)) })
}

func (d *day) gone(at time.Duration, i int) {
	d.add(at, fmt.Sprintf("caller %d hangs up", i), func(r *dayRun) {
		if r.callers[i] != nil {
			r.callers[i].Hangup()
		}
	})
}

func (d *day) behave(at time.Duration, i int, b aritest.Behaviour) {
	d.add(at, fmt.Sprintf("%s's phone from now on: %+v", names[i], b), func(r *dayRun) { r.phones[i].Behave(b) })
}

func (d *day) ask(at time.Duration, i int, a ctid.Action) {
	d.add(at, fmt.Sprintf("%s asks %s", names[i], a.Op()), func(r *dayRun) { r.c.wish(names[i], a) })
}

func draw(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// calmDay has 1.7 s between two acts, and only faults that keep news back for a moment, double it or add what nobody
// knows.
func calmDay(seed uint64) *day {
	r := draw(seed)
	const step = 1700 * time.Millisecond
	acts := 8 + r.IntN(9)
	d := &day{script: straight, calls: 1 + r.IntN(4), end: time.Duration(acts+1) * step}
	next := 0
	for i := range d.calls {
		d.gone(d.end+time.Duration(i)*step, i)
	}
	d.end += time.Duration(d.calls) * step
	for i := range acts {
		at := time.Duration(i) * step
		agent := r.IntN(2)
		switch n := r.IntN(10); {
		case n < 4 && next < d.calls:
			d.call(at, next)
			next++
		case n < 6 && next > 0:
			d.gone(at, r.IntN(next))
		case n < 8:
			do := []aritest.Outcome{aritest.Answer, aritest.Answer, aritest.Busy, aritest.Decline}[r.IntN(4)]
			d.behave(at, agent, aritest.Behaviour{After: 510 * time.Millisecond, Do: do})
		case n < 9:
			d.add(at, string(names[agent])+" hangs up on his phone", func(r *dayRun) { r.phones[agent].Hangup() })
		default:
			d.ask(at, agent, []ctid.Action{ctid.AgentPause{Reason: "break"}, ctid.AgentReady{}}[r.IntN(2)])
		}
		if r.IntN(3) == 0 {
			d.unknown(at+ms(r.IntN(1000)), r)
		}
	}
	late := aritest.Fault{Late: ms(1 + r.IntN(10)), Times: 1 + r.IntN(5)}
	d.addFault(ms(r.IntN(int(d.end/time.Millisecond))), "answers to requests come late", func(r *dayRun) { r.c.pbx.Fault(late) })
	switch r.IntN(3) {
	case 0:
		d.addFault(0, "all news is doubled", func(r *dayRun) { r.c.pbx.FaultEvents(aritest.EventFault{Duplicate: true}) })
	case 1:
		typ := eventTypes[r.IntN(len(eventTypes))]
		d.addFault(0, typ+" come late", func(r *dayRun) { r.c.pbx.FaultEvents(aritest.EventFault{Type: typ, Slow: 5 * time.Millisecond}) })
	default:
		for range 3 {
			d.swapped(ms(r.IntN(int(d.end/time.Millisecond))), 20*time.Millisecond)
		}
	}
	return d
}

var eventTypes = []string{"StasisStart", "StasisEnd", "ChannelHangupRequest", "ChannelDestroyed", "ChannelStateChange",
	"ChannelDtmfReceived", "PlaybackFinished", "PlaybackStarted", "Dial"}

// unknown brings news of things and of kinds that nobody knows.
func (d *day) unknown(at time.Duration, r *rand.Rand) {
	frames := []string{
		`{"type":"ChannelMutated","channel":{"id":"pbx-1"},"application":"ctid"}`,
		`{"type":"ChannelDestroyed","cause":16,"channel":{"id":"pbx-777"},"application":"ctid"}`,
		`{"type":"StasisStart","args":["leg","c_9"],"channel":{"id":"ctid.t.c_9.l1","state":"Up"},"application":"ctid"}`,
		`{"type":"PlaybackFinished","playback":{"id":"ctid.t.c_1001.p77","state":"done"},"application":"ctid"}`,
		`{"type":"BridgeDestroyed","bridge":{"id":"ctid.t.c_1.b9"},"application":"ctid"}`,
		`{"type":"ChannelHangupRequest","channel":{"id":"ctid.t.c_1.l99"},"application":"ctid"}`,
		`{"kind":"not an event"}`,
		`]`,
	}
	f := frames[r.IntN(len(frames))]
	d.addFault(at, "news of "+f, func(r *dayRun) { r.c.pbx.SendFrame("ctid", []byte(f)) })
}

// swapped lets the next news be told after news of another channel, or when the time is over.
func (d *day) swapped(at, within time.Duration) {
	d.addFault(at, "news in another order", func(r *dayRun) { r.c.pbx.FaultEvents(aritest.EventFault{Times: 1, Swap: true}) })
	d.addFault(at+within, "heal", func(r *dayRun) { r.c.pbx.Heal() })
}
