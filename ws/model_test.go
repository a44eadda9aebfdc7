package ws_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ctid"
	"ctid/ws"
	"ctid/ws/wsclient"
)

// desktop is a page: it folds what it gets and must end where the hub is.
type desktop struct {
	token string
	could []string // topics it may want
	want  map[string]bool
	c     *wsclient.Client
	fold  *wsclient.Fold
	got   map[uint64]int // seq → times applied
}

// modelRun is one random history of a hub and its desktops.
type modelRun struct {
	*rig
	rnd      *rand.Rand
	world    *world
	epoch    int
	looks    int
	desks    []*desktop
	alter    func(f *wsclient.Frame) bool // breaks a rule of the clients
	resumes  int
	snaps    int
	states   int
	problems []string
}

func (m *modelRun) config(c *ws.Config) {
	c.Epoch = fmt.Sprint("E", m.epoch)
	c.Ring.Events = 5 + m.rnd.IntN(60)
	c.Limits.ReplayEvents = 5 + m.rnd.IntN(60)
	c.Limits.SnapPartBytes = 500
	c.QueueStats = func(context.Context) map[ctid.QueueID]any {
		m.looks++
		return map[ctid.QueueID]any{"claims": map[string]int{"look": m.looks}, "sales": map[string]int{"look": m.looks}}
	}
}

func (m *modelRun) problem(format string, args ...any) {
	m.problems = append(m.problems, fmt.Sprintf(format, args...))
}

// connect brings a desktop (back) in, by its position if it has one.
func (m *modelRun) connect(d *desktop) {
	pos := wsclient.Position{}
	if d.c != nil {
		pos = d.c.Pos()
	}
	topics := d.fold.Whole()
	known := slices.Contains(topics, "me") || d.token == "root" || d.token == "crm" // a page that has seen nothing has nothing to resume
	for _, t := range slices.Sorted(maps.Keys(d.want)) {
		if strings.HasPrefix(t, "queue.stats:") {
			topics = append(topics, t)
		}
	}
	d.c = m.dial(d.token, func(c *wsclient.Config) {
		c.Topics, c.Alter = topics, m.alter
		c.Buffer = []int{3, 4096}[m.rnd.IntN(2)]
		if pos.Epoch != "" && known {
			c.Resume = &pos
		}
	})
}

// drainAll returns all that comes until the line is quiet.
func drainAll(c *wsclient.Client) []wsclient.Frame {
	var out []wsclient.Frame
	for {
		got := drain(c)
		if len(got) == 0 {
			return out
		}
		out = append(out, got...)
	}
}

// some returns up to n frames, and leaves the rest on the way.
func some(c *wsclient.Client, n int) []wsclient.Frame {
	var out []wsclient.Frame
	for range n {
		synctest.Wait()
		select {
		case f, ok := <-c.Frames:
			if ok {
				out = append(out, f)
			}
		default:
		}
	}
	return out
}

// take applies frames.
func (m *modelRun) take(d *desktop, frames []wsclient.Frame) {
	for _, f := range frames {
		if err := d.fold.Apply(f); err != nil {
			m.problem("%s: %v in %s", d.token, err, f.Raw)
		}
		switch {
		case f.K == "welcome":
			m.welcomed(d, f)
		case f.K == "state":
			m.states++
		case f.K == "res":
			var data struct{ Topics []string }
			if json.Unmarshal(f.Data, &data) == nil && data.Topics != nil {
				d.fold.Keep(data.Topics)
			}
		case f.K == "event" && !f.Repeat:
			if d.got[f.Seq]++; d.got[f.Seq] > 1 {
				m.problem("%s applied event %d twice", d.token, f.Seq)
			}
		}
	}
	if n := d.fold.Desync; n > 0 {
		m.problem("%s: its revs are not the server's", d.token)
		d.fold.Desync = 0
	}
}

// welcomed subscribes to what was wanted and did not come whole before.
func (m *modelRun) welcomed(d *desktop, f wsclient.Frame) {
	if f.Resumed {
		m.resumes++
	} else {
		m.snaps++
		d.got = map[uint64]int{}
	}
	var missing []string
	for _, t := range slices.Sorted(maps.Keys(d.want)) {
		if !slices.Contains(f.Topics, t) {
			missing = append(missing, t)
		}
	}
	if len(missing) > 0 {
		m.sub(d, "sub", missing...)
	}
}

func (m *modelRun) sub(d *desktop, op string, topics ...string) {
	_ = d.c.Send(map[string]any{"k": "req", "id": fmt.Sprint("t", m.rnd.Int()), "op": op, "args": map[string]any{"topics": topics}})
}

// read applies all that has come. A line that has ended is taken up again.
func (m *modelRun) read(d *desktop) {
	for {
		m.take(d, drainAll(d.c))
		err := d.c.Err()
		if err == nil {
			return
		}
		if errors.Is(err, wsclient.ErrHole) {
			m.problem("%s: a hole where none is: %v", d.token, err)
			return
		}
		m.connect(d)
	}
}

// cut drops the line; what the client had taken by then counts.
func (m *modelRun) cut(d *desktop) {
	d.c.Cut()
	m.take(d, drain(d.c))
	if errors.Is(d.c.Err(), wsclient.ErrHole) {
		m.problem("%s: a hole where none is: %v", d.token, d.c.Err())
	}
}

// restart ends the daemon and starts another, in a new epoch; it knows nothing of before.
func (m *modelRun) restart() {
	m.stop()
	m.epoch++
	seq := m.seq
	m.rig = newRig(m.t, m.config)
	m.seq = seq + 1000
	m.world = newWorld(m.rnd)
	for _, d := range m.desks {
		m.cut(d)
		m.connect(d)
	}
}

// settle lets everything arrive and compares each desktop with one that comes fresh: no loss, no double, no false hole.
func (m *modelRun) settle() {
	for _, d := range m.desks {
		if m.read(d); len(m.problems) > 0 {
			return
		}
		fresh := &desktop{token: d.token, fold: wsclient.NewFold(), got: map[uint64]int{}}
		fresh.c = m.dial(d.token, func(c *wsclient.Config) { c.Topics = d.fold.Whole() })
		first := drainAll(fresh.c)
		m.take(fresh, first)
		fresh.c.Cut()
		if what := wsclient.Difference(d.fold, fresh.fold); what != "" {
			m.problem("%s, its own and fresh: %s", d.token, what)
		}
		if !maps.Equal(d.fold.Revs(), first[0].Revs) {
			m.problem("%s knows %v, the hub says %v", d.token, d.fold.Revs(), first[0].Revs)
		}
	}
}

func (m *modelRun) publishOne() { m.publish(m.world.event()) }

// act does one random thing.
func (m *modelRun) act() {
	d := m.desks[m.rnd.IntN(len(m.desks))]
	switch n := m.rnd.IntN(40); {
	case n < 3:
		m.read(d)
		m.cut(d)
		for range m.rnd.IntN(40) {
			m.publishOne()
		}
		m.connect(d)
	case n < 5:
		m.cut(d) // with frames under way: they were not applied, so they are not below its position
		m.connect(d)
	case n == 5:
		if m.rnd.IntN(6) == 0 {
			m.restart()
		}
	case n < 9:
		pass(1100 * time.Millisecond)
	case n < 12:
		m.take(d, some(d.c, 1+m.rnd.IntN(4)))
	case n == 12:
		m.changeTopics(d)
	case n == 13:
		if m.rnd.IntN(4) == 0 {
			site := centre()
			site.Agents["ben"] = ws.Member{Team: []string{"north", "south", ""}[m.rnd.IntN(3)], Queues: []ctid.QueueID{"claims"}}
			m.hub.SetSite(site)
		}
	default:
		m.publishOne()
	}
}

func (m *modelRun) changeTopics(d *desktop) {
	if len(d.could) == 0 {
		return
	}
	t := d.could[m.rnd.IntN(len(d.could))]
	if d.want[t] {
		delete(d.want, t)
		m.sub(d, "unsub", t)
	} else {
		d.want[t] = true
		m.sub(d, "sub", t)
	}
}

// runModel plays one history and says what went wrong.
func runModel(t *testing.T, seed uint64, alter func(f *wsclient.Frame) bool) *modelRun {
	rnd := rand.New(rand.NewPCG(seed, 1))
	m := &modelRun{rnd: rnd, world: newWorld(rnd), epoch: 1, alter: alter}
	synctest.Test(t, func(t *testing.T) {
		m.rig = newRig(t, m.config)
		for _, d := range []*desktop{{token: "ana", could: []string{"queue.calls:claims", "queue.stats:claims"}}, {token: "ana"}, {token: "ben"},
			{token: "sam", could: []string{"team:north", "queue.calls:claims", "queue.stats:*"}},
			{token: "root", could: []string{"team:north", "team:south", "queue.calls:sales", "queue.calls:claims", "desk", "queue.stats:sales"}},
			{token: "crm", could: []string{"all"}}} {
			d.fold, d.got, d.want = wsclient.NewFold(), map[uint64]int{}, map[string]bool{}
			for _, topic := range d.could {
				d.want[topic] = rnd.IntN(2) == 0
			}
			maps.DeleteFunc(d.want, func(_ string, wanted bool) bool { return !wanted })
			m.desks = append(m.desks, d)
			m.connect(d)
		}
		for range 80 {
			if m.act(); len(m.problems) > 0 {
				break
			}
		}
		if len(m.problems) == 0 {
			m.settle()
		}
		for _, d := range m.desks {
			d.c.Cut()
		}
		m.stop()
	})
	return m
}

// runs is how many histories are tried: CTID_MODEL_RUNS of them, or a few hundred.
func runs(t *testing.T, usual int) int {
	t.Helper()
	text := os.Getenv("CTID_MODEL_RUNS")
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < usual {
		t.Fatalf("CTID_MODEL_RUNS=%s is no number from %d on", text, usual)
	}
	return n
}

// Cuts, restarts, short rings, changes of topics, of teams and slow readers, at random: what a desktop has folded is what
// a fresh one is shown, every time.
func TestModel(t *testing.T) {
	resumes, snaps, states, n := 0, 0, 0, runs(t, 200)
	for seed := range uint64(n) {
		m := runModel(t, seed, nil)
		if len(m.problems) > 0 || t.Failed() {
			t.Fatalf("seed %d: %s", seed, strings.Join(m.problems, "\n"))
		}
		resumes, snaps, states = resumes+m.resumes, snaps+m.snaps, states+m.states
	}
	if resumes < 2*n || snaps < 2*n || states < n {
		t.Errorf("only %d resumes, %d snapshots and %d state frames were tried", resumes, snaps, states)
	}
	t.Logf("%d runs: %d resumes, %d snapshots, %d state frames", n, resumes, snaps, states)
}

// The model sees it when a rule is broken.
func TestModelCatches(t *testing.T) {
	for name, alter := range map[string]func(f *wsclient.Frame) bool{
		"state frames raise the position": func(f *wsclient.Frame) bool {
			if f.K == "state" {
				f.K, f.Seq = "tick", f.AsOf
			}
			return true
		},
		"snapshots do not raise the position": func(f *wsclient.Frame) bool {
			if f.K == "snap" {
				f.AsOf = 0
			}
			return true
		},
		"events come without prev": func(f *wsclient.Frame) bool {
			if f.K == "event" {
				f.Prev = f.Seq - 1
			}
			return true
		},
		"an event is lost": func(f *wsclient.Frame) bool { return f.K != "event" || f.Seq%7 != 0 },
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(100) {
				if m := runModel(t, seed, alter); len(m.problems) > 0 {
					t.Logf("seed %d: %s", seed, m.problems[0])
					return
				}
			}
			t.Error("nobody noticed in 100 histories")
		})
	}
}
