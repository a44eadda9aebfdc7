package switchboard

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
	"ctid/ari/aritest"
	"ctid/ivr"
	"ctid/phone"
)

// centre is a switchboard on an Asterisk in memory, inside a synctest bubble: two queues, agents ana and ben.
type centre struct {
	t    *testing.T
	pbx  *aritest.Server
	sb   *Switchboard
	stop func()

	mu      sync.Mutex
	rows    []ctid.LogEntry
	events  []ctid.Event
	records []*ctid.CallRecord
	langs   []string // customers and the languages remembered
	matches map[string]ctid.Match
	kind    string        // of ana's device
	slow    time.Duration // of a customer look-up
	phones  time.Duration // between two looks at all phones; 500ms
	popWait time.Duration // until a pop is written
	sockets int
	late    bool // pops are never written
	home    Home // the node's, if any
	asks    Lookups
	box     Voicemails
	callers []*aritest.Caller
	got     *replies

	person func(number string) string // the keyed hash of a number, if there is one
	early  map[string]time.Duration   // how long calls may wait unanswered, by trunk

	hours   func(calendar string, at time.Time) (string, bool)
	log     *slog.Logger
	prompts Prompts       // nil: the centre's own
	change  func(*Config) // has the last word on each boot

	twoLines bool // a phone may have a second call: its agent asks a colleague with it

	history   History               // of the next boot
	set       atomic.Int64          // how far the machine's clock has been set, in ns
	zone      *time.Location        // of the machine; nil: the process's
	unhealthy atomic.Pointer[error] // of the store
}

func (c *centre) AppendAll(group []ctid.LogEntry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rows = append(c.rows, group...)
	for _, e := range group {
		if e.Record != nil {
			c.records = append(c.records, e.Record)
		}
		if e.Done != nil {
			e.Done(nil)
		}
	}
}

func (c *centre) Publish(ev ctid.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.events); n > 0 && c.events[n-1].Seq >= ev.Seq {
		c.t.Errorf("event %d came after %d", ev.Seq, c.events[n-1].Seq)
	}
	c.events = append(c.events, ev)
}

func (c *centre) PopWritten(ctx context.Context, _ ctid.AgentID, _ uint64) (int, bool) {
	if c.late {
		<-ctx.Done()
		return 0, false
	}
	select {
	case <-time.After(c.popWait):
		return c.sockets, true
	case <-ctx.Done():
		return 0, false
	}
}

func (c *centre) Lookup(ctx context.Context, q Query) (ctid.Match, error) {
	select {
	case <-time.After(c.slow):
	case <-ctx.Done():
		return ctid.Match{}, ctx.Err()
	}
	key := q.Number + q.Account + string(q.Customer)
	if m, ok := c.matches[key]; ok {
		return m, nil
	}
	return ctid.Match{State: ctid.MatchNone, Asked: []string{"ani"}}, nil
}

func (c *centre) RememberLanguage(_ context.Context, id ctid.CustomerID, lang string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.langs = append(c.langs, string(id)+"="+lang)
	return nil
}

func (c *centre) Prepare(_ context.Context, _ ctid.NodeID, parts []ivr.Part) ([]string, error) {
	var out []string
	for _, p := range parts {
		name := p.Name
		if name == "" {
			name = strings.ReplaceAll(p.Text, " ", "_")
		}
		out = append(out, "sound:"+name)
	}
	return out, nil
}

// Route implements Routes.
func (c *centre) routes(t *testing.T, script string) Routes {
	t.Helper()
	return oneRoute{Route{Label: "Main line", Script: c.script(t, script)}}
}

func (c *centre) script(t *testing.T, text string) *ivr.Script {
	t.Helper()
	site := siteOf()
	if c.hours != nil {
		site.Hours, site.Calendars = c.hours, []string{"office"}
	}
	s, found := ivr.Load(fstest.MapFS{"main.yaml": {Data: []byte(text)}}, "main.yaml", site)
	if s == nil {
		t.Fatal(found)
	}
	return s
}

type oneRoute struct{ r Route }

func (o oneRoute) Route(dnis string) (Route, bool) { return o.r, dnis == "8001" }

// straight goes into the queue at once; menu asks first.
const (
	straight = `version: 1
nodes:
  q: {queue: {name: sales, at_most: 2m}, then: {otherwise: hangup}}
`
	menu = `version: 1
prompts: {hello: Welcome., choose: For sales press 1., busy: Nobody is free.}
nodes:
  hello:
    - play: hello
    - menu: {1: q, prompt: choose, tries: 2}
      then: {failed: hangup}
  q: {queue: {name: sales, at_most: 30s}, then: {otherwise: busy}}
  busy: [{play: busy}, {hangup: normal}]
`
)

// ringAll goes into a queue that rings everybody; hot into one that has room for one, and sends the others on to support.
const (
	ringAll = `version: 1
nodes:
  q: {queue: {name: all, at_most: 2m}, then: {otherwise: hangup}}
`
	hot = `version: 1
nodes:
  q: {queue: {name: hot, at_most: 10s}, then: {otherwise: hangup}}
`
)

// shownAs is the centre's number, as those see it whom it calls.
const shownAs = "+442079460000"

// rules allow extensions and British numbers.
func rules(t *testing.T) phone.Rules {
	t.Helper()
	r, err := phone.NewRules("GB", []string{"extensions", "+44"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func agents() []acd.Agent {
	both := []acd.Membership{{Queue: "sales", Rank: 1}, {Queue: "support", Rank: 1}, {Queue: "all", Rank: 1}}
	return []acd.Agent{{ID: "ana", Desk: ctid.DeskOptional, Queues: both}, {ID: "ben", Desk: ctid.DeskOptional, Queues: both}}
}

// inCentre runs f in a bubble with a centre on the script; afterwards nothing may be left in Asterisk or running.
func inCentre(t *testing.T, script string, f func(t *testing.T, c *centre)) {
	t.Helper()
	inCentreWith(t, script, "phone", f)
}

// inCentreWith is inCentre with the kind of ana's device.
func inCentreWith(t *testing.T, script, kind string, f func(t *testing.T, c *centre)) {
	t.Helper()
	inCentreOf(t, script, func(c *centre) { c.kind = kind }, f)
}

// inCentreOf is inCentre with what set says of the centre before it is booted.
func inCentreOf(t *testing.T, script string, set func(c *centre), f func(t *testing.T, c *centre)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &centre{t: t, kind: "phone", sockets: 1, matches: map[string]ctid.Match{}}
		set(c)
		c.pbx = aritest.New(aritest.Options{})
		defer c.pbx.Close()
		for i, a := range []string{"1001", "1002"} {
			p := c.pbx.Phone(a, aritest.AnswerAfter(time.Duration(i+1)*time.Second))
			defer func() {
				if n := p.Most(); n > 1 && !c.twoLines {
					t.Errorf("phone %s rang or talked for %d callers at once", a, n)
				}
			}()
		}
		c.boot(t, script, 1)
		defer func() { c.stop() }()
		f(t, c)
	})
}

// boot starts a switchboard on the centre's Asterisk, the run-th one.
func (c *centre) boot(t *testing.T, script string, run int) {
	t.Helper()
	cfg := c.pbx.Config()
	cfg.Name, cfg.Phones = "a", cmp.Or(c.phones, 500*time.Millisecond)
	node, err := ari.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	n := 1000 * (run - 1)
	var mu sync.Mutex
	epoch := fmt.Sprintf("E%d", run)
	conf := Config{Site: "t", Epoch: epoch, NextSeq: uint64(run-1)*100_000 + 1, Nodes: []*ari.Node{node},
		Plan: Plan{ACD: acd.Config{Epoch: epoch, Agents: agents(), Queues: []acd.Queue{
			{ID: "sales", Name: "Sales", Wrap: 10 * time.Second, Resume: time.Minute}, {ID: "support", Name: "Support"}, {ID: "all", Name: "All", Strategy: "ring-all"},
			{ID: "hot", Name: "Hot", MaxWaiting: 1, Overflow: []acd.Overflow{{On: ctid.ExitFull, To: "support"}, {On: ctid.ExitTimeout, To: "support"}}}}},
			Devices:   map[ctid.AgentID]Device{"ana": {Kind: c.kind, Endpoint: "PJSIP/1001", Node: "a"}, "ben": {Kind: "phone", Endpoint: "PJSIP/1002", Node: "a"}},
			ShortTalk: map[ctid.QueueID]time.Duration{"sales": time.Second},
			Routes:    c.routes(t, script), Country: "GB", ShownAs: shownAs, DialRules: rules(t), Park: Park{First: 701, Slots: 3, Time: time.Minute},
			Scripts: map[string]*ivr.Script{"goodbye": c.script(t, callScripts["goodbye"])},
			Teams:   map[ctid.AgentID]string{"ana": "north", "ben": "north"}, Unanswered: c.early},
		Limits:  Limits{Rescue: 20 * time.Second},
		Trunks:  map[ctid.NodeID]string{"a": "PJSIP/{number}@carrier"},
		History: c.history, Healthy: func() error {
			if err := c.unhealthy.Load(); err != nil {
				return *err
			}
			return nil
		},
		Person: c.person,
		Now:    c.now,
		NewID:  func(p string) string { mu.Lock(); defer mu.Unlock(); n++; return fmt.Sprintf("%s%d", p, n) },
	}
	conf.Log = c.log
	if c.prompts == nil {
		c.prompts = c
	}
	if c.change != nil {
		c.change(&conf)
	}
	if c.sb, err = New(conf); err != nil {
		t.Fatal(err)
	}
	at := c.set.Load()
	c.sb.clock.read = func() time.Time { return c.now().Add(time.Duration(at - c.set.Load())) }
	c.sb.clock.moved = func() time.Duration { return time.Duration(c.set.Load() - at) }
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	deps := Deps{Log: c, Desktops: c, Customers: c, Prompts: c.prompts, Lookups: c.asks, Voicemails: c.box}
	if c.home != nil {
		deps.Homes = map[ctid.NodeID]Home{"a": c.home}
	}
	go func() { ended <- c.sb.Run(ctx, deps) }()
	c.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	c.settle(time.Second)
}

// settle lets virtual time pass and waits until everybody is idle. What was read before it without the lock was read before
// anybody writes: that is what the lock says here, for the race detector does not know that all were idle.
func (c *centre) settle(d time.Duration) {
	c.mu.Lock()
	c.mu.Unlock() //nolint:staticcheck // nothing is done under it
	<-time.After(d)
	synctest.Wait()
}

// ask sends a request of an agent and returns its final reply.
func (c *centre) ask(agent ctid.AgentID, a ctid.Action) ctid.Reply {
	got := make(chan ctid.Reply, 2)
	c.sb.Do(c.t.Context(), ctid.Who{User: string(agent), Agent: agent, Session: "s", Req: "r"}, a, func(r ctid.Reply) { got <- r })
	give := time.After(10 * time.Minute) // in a bubble nobody else would end it
	for {
		select {
		case r := <-got:
			if r.Phase != ctid.Started {
				return r
			}
		case <-give:
			c.t.Errorf("%s %s was never answered", agent, a.Op())
			return ctid.Reply{Phase: ctid.Failed, Err: ctid.Refuse(ctid.Timeout, "no answer")}
		}
	}
}

func (c *centre) must(agent ctid.AgentID, a ctid.Action) {
	c.t.Helper()
	if r := c.ask(agent, a); r.Phase != ctid.Done {
		c.t.Fatalf("%s %s: %v", agent, a.Op(), r.Err)
	}
}

// ready logs agents in and makes them ready.
func (c *centre) ready(names ...ctid.AgentID) {
	c.t.Helper()
	for _, n := range names {
		c.must(n, ctid.AgentLogin{})
		c.must(n, ctid.AgentReady{})
	}
}

// kinds are the facts so far, as "kind" or "kind(agent)", of those that the filter names.
func (c *centre) kinds(prefix ...string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, e := range c.events {
		if slices.ContainsFunc(prefix, func(p string) bool { return strings.HasPrefix(e.Body.Kind(), p) }) {
			out = append(out, e.Body.Kind())
		}
	}
	return out
}

// body gives the last event body of type T.
func body[T ctid.Body](c *centre) (b T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range slices.Backward(c.events) {
		if x, ok := e.Body.(T); ok {
			return x
		}
	}
	c.t.Fatalf("no %s was told", b.Kind())
	return b
}
