// Package switchboard carries out what the cores decide. The desk, one goroutine, holds the ACD core, stamps every fact
// with the next number of the log, and knows which call a channel belongs to. Each call has a goroutine of its own that
// alone changes the call and its legs, and alone speaks to Asterisk about them. It is the only place where cores and
// world meet.
package switchboard

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
	"ctid/ivr"
	"ctid/phone"
	"ctid/traffic"
)

// Log takes the rows of the numbered log. AppendAll never blocks; entries given together share a transaction, and the slice is the log's from then on.
type Log interface {
	AppendAll(group []ctid.LogEntry)
}

// Desktops are the agents' screens. Publish never blocks and is called in the order of Seq. PopWritten returns when the
// event with that number has been written to each socket of the agent, with their count, or when ctx ends (false).
type Desktops interface {
	Publish(ev ctid.Event)
	PopWritten(ctx context.Context, agent ctid.AgentID, seq uint64) (sockets int, ok bool)
}

// Query is what a customer is looked up by; the first field that is set counts.
type Query struct {
	Customer ctid.CustomerID
	Account  string
	Number   string // E.164
}

// Customers says who a caller is, and remembers the language he chose.
type Customers interface {
	Lookup(ctx context.Context, q Query) (ctid.Match, error)
	RememberLanguage(ctx context.Context, id ctid.CustomerID, lang string) error
}

// Prompts turns the parts of a prompt into what Asterisk on that node can play, in order.
type Prompts interface {
	Prepare(ctx context.Context, node ctid.NodeID, parts []ivr.Part) ([]string, error)
}

// Unread are the types of events that a switchboard has no use for; a node need not send them. They are more than half
// of what a call causes: a hang-up alone sets some 20 variables with the statistics of its media.
func Unread() []string {
	return []string{"ApplicationRegistered", "BridgeCreated", "BridgeDestroyed", "BridgeVideoSourceChanged", "ChannelConnectedLine",
		"ChannelCreated", "ChannelDialplan", "ChannelEnteredBridge", "ChannelLeftBridge", "ChannelStateChange", "ChannelVarset", "Dial"}
}

// Route is what happens to a call for one number.
type Route struct {
	Label  string
	Script *ivr.Script    // that answers; nil: nothing does, or To leads elsewhere
	Key    string         // under which the plan's Answers have Script, so that a restart finds it again; may be empty
	To     traffic.Target // where the call goes instead of to a script: out of the centre; zero: it does not

	version *Version // that Script is of
}

// Routes finds the route of a dialled number. It must be safe for concurrent use and immutable.
type Routes interface {
	Route(dnis string) (Route, bool)
}

// Device is an agent's phone.
type Device struct {
	Kind     string // phone, web, auto, nailed
	Endpoint string // PJSIP/NAME
	Node     ctid.NodeID

	nail string // the channel of its line, where that stays up and is there
}

// deviceAuto is a phone that answers by itself: it rings at the desktop, and is called when the agent answers there.
const deviceAuto = "auto"

// deviceWeb is the phone in the agent's page: it is called as any other, and the page picks it up once it has been told
// that the agent's answer is under way.
const deviceWeb = "web"

// answers tells whether the agent answers at his desktop a phone that does not ring.
func (d Device) answers() bool { return d.Kind == deviceAuto || d.Kind == deviceNailed }

// Park is where parked callers wait: Slots numbers from First on, each for Time.
type Park struct {
	First, Slots int
	Time         time.Duration
}

// Plan is the part of the configuration that a reload replaces as a whole.
type Plan struct {
	Hash      string
	ACD       acd.Config
	Others    map[ctid.AgentID]map[string]Device // an agent's other telephones, by name
	Devices   map[ctid.AgentID]Device
	Routes    Routes
	Traffic   *traffic.Table                 // where a call goes before its number answers; nil: nowhere else
	Answers   map[string]*ivr.Script         // by the targets of Traffic, as they are written: script:shut, queue:sales
	Music     map[ctid.QueueID]string        // music-on-hold class; empty: the channel's own
	ShortTalk map[ctid.QueueID]time.Duration // a caller who hangs up within this time of a talk counts as abandoned
	Sticky    map[ctid.QueueID]Sticky        // whom of its agents a queue offers a caller first
	Callbacks map[ctid.QueueID]Callbacks     // how a queue calls customers back
	// Unanswered is how long a call of a trunk may hear something before it is answered; 45 s of one that is not named.
	Unanswered map[string]time.Duration
	Country    string                 // default region of national numbers, such as GB
	Scripts    map[string]*ivr.Script // by name, for callers who are handed to one
	Set        string                 // the sum of the set that Answers and Scripts are of
	Canary     *Canary                // nil: everybody hears that set
	DialRules  phone.Rules            // what may be dialled
	ShownAs    string                 // the number that others see of calls that ctid makes
	Park       Park
	Teams      map[ctid.AgentID]string

	ScreenHosts []string // whose pages a script's pop may open, in small letters
}

// Limits of the switchboard. Zero fields take the default in brackets.
type Limits struct {
	Calls     int           // calls at once (1000); more are handed to the fallback dialplan
	DeskDelay time.Duration // a desk this far behind hands new calls to the fallback (500 ms)
	PopWait   time.Duration // how long the ring waits for the pop to be written (100 ms)
	Lookup    time.Duration // how long a pop waits for the customer look-up (300 ms)
	Cleanup   time.Duration // after a call's end its channels have this long to go (5 s)
	NodeLost  time.Duration // the calls of a node that is away for so long are ended (5 min)
	Rescue    time.Duration // an agent whose phone was lost in mid-call is rung again for so long; 0: not at all
}

func (l Limits) withDefaults() Limits {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	if l.Calls == 0 {
		l.Calls = 1000
	}
	def(&l.DeskDelay, 500*time.Millisecond)
	def(&l.PopWait, 100*time.Millisecond)
	def(&l.Lookup, 300*time.Millisecond)
	def(&l.Cleanup, 5*time.Second)
	def(&l.NodeLost, 5*time.Minute)
	return l
}

// Config is what the switchboard is made from.
type Config struct {
	Site    string // part of the ids of channels and bridges: letters, digits, - and _
	Epoch   string // from the store
	NextSeq uint64 // from the store
	Plan    Plan
	History History // of the run before
	Limits  Limits
	Nodes   []*ari.Node
	Trunks  map[ctid.NodeID]string // the endpoint to dial out by, PJSIP/{number}@NAME; empty: nobody dials out there
	// Extensions are how telephones inside that are no agent's are rung, PJSIP/{number}; empty: so.
	Extensions map[ctid.NodeID]string
	Now        func() time.Time // the one clock; nil: time.Now
	Log        *slog.Logger

	NewID  func(prefix string) string // makes business ids: c_…, p_…
	Person func(number string) string // keyed hash of an unmatched caller's number
	// Healthy says why rows of the log do not reach the disk, if they do not: then new calls go to the fallback dialplan,
	// where their records do not depend on it. It must not block; nil: always healthy.
	Healthy func() error
	Meters  Meters
}

// Meters are told what metrics count. Each may be nil, is called from the desk or a call, and must not block.
type Meters struct {
	Decided func(took time.Duration)                                            // one decision of the ACD core
	Popped  func(took time.Duration)                                            // an offer decided until its pop was written
	Waited  func(queue ctid.QueueID, exit ctid.QueueExit, waited time.Duration) // a stay in a queue ended
	Rescued func(back bool)                                                     // an agent lost in mid-call was rung again: he came back, or not
}

func (m Meters) withDefaults() Meters {
	if m.Decided == nil {
		m.Decided = func(time.Duration) {}
	}
	if m.Popped == nil {
		m.Popped = func(time.Duration) {}
	}
	if m.Waited == nil {
		m.Waited = func(ctid.QueueID, ctid.QueueExit, time.Duration) {}
	}
	if m.Rescued == nil {
		m.Rescued = func(bool) {}
	}
	return m
}

// Deps are the edges that the switchboard speaks to.
type Deps struct {
	Log        Log
	Desktops   Desktops
	Customers  Customers
	Prompts    Prompts
	Lookups    Lookups                           // nil: no script asks any
	Voicemails Voicemails                        // nil: no messages are taken
	Secret     func(name string) (string, error) // the site's secrets, for scripts; nil: there are none
	Homes      map[ctid.NodeID]Home              // of the nodes that have one; it may be nil
}

// Switchboard is the running thing. Do, Reload, Drain and the questions are safe from any goroutine.
type Switchboard struct {
	cfg   Config
	deps  Deps
	desk  *desk
	clock *clock
	once  warned
	wg    sync.WaitGroup // the goroutines of nodes and calls
}

// New makes a switchboard; Run starts it.
func New(cfg Config) (*Switchboard, error) {
	cfg.Limits, cfg.Meters = cfg.Limits.withDefaults(), cfg.Meters.withDefaults()
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Healthy == nil {
		cfg.Healthy = func() error { return nil }
	}
	s := &Switchboard{cfg: cfg, clock: newClock(cfg.Now, cfg.History.lastOf())}
	d, err := newDesk(s)
	if err != nil {
		return nil, err
	}
	s.desk = d
	return s, nil
}

// Run connects to the nodes and works until ctx ends; then it returns when all its goroutines have. Calls that still
// talk are left in Asterisk.
func (s *Switchboard) Run(ctx context.Context, deps Deps) error {
	s.deps = deps
	ctx, cancel := context.WithCancel(ctx)
	defer s.wg.Wait()
	defer cancel()
	for _, n := range s.cfg.Nodes {
		s.wg.Go(func() { _ = n.Run(ctx) }) // what ends it was told in its stream
		s.wg.Go(func() { s.forward(n) })
	}
	s.desk.run(ctx)
	return nil
}

// forward hands a node's stream to the desk, in its order, until the node has ended.
func (s *Switchboard) forward(n *ari.Node) {
	for m := range n.Events() {
		s.desk.post(func(now time.Time) { s.desk.onARI(now, n, m) })
	}
}

// Do carries out a request of a user. reply is called once or twice, the last time with done or failed, from a goroutine
// of the switchboard or the store; it must not block.
func (s *Switchboard) Do(_ context.Context, who ctid.Who, a ctid.Action, reply func(ctid.Reply)) {
	s.desk.post(func(now time.Time) { s.desk.do(now, who, a, reply) })
}

// Reload puts a new plan in force. Calls in progress keep the script they began with.
func (s *Switchboard) Reload(p Plan) {
	s.desk.post(func(now time.Time) { s.desk.reload(now, p) })
}

// ask runs f on the desk and waits for it, or for ctx.
func (s *Switchboard) ask(ctx context.Context, f func(now time.Time)) error {
	done := make(chan struct{})
	s.desk.post(func(now time.Time) { defer close(done); f(now) })
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Drain takes no new calls, sends those who wait or listen to the fallback dialplan, and returns when no call is left or
// ctx ends. why is told to the desktops.
func (s *Switchboard) Drain(ctx context.Context, why string) error {
	var empty chan struct{}
	if err := s.ask(ctx, func(now time.Time) { empty = s.desk.drain(now, why) }); err != nil {
		return err
	}
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Probe asks the desk for a sign of life.
func (s *Switchboard) Probe(ctx context.Context) error { return s.ask(ctx, func(time.Time) {}) }

// Status is the switchboard at one moment.
type Status struct {
	Calls     int
	Draining  bool
	NodesUp   map[ctid.NodeID]bool
	NodesWhy  map[ctid.NodeID]string // why a node is not up
	Agents    map[ctid.AgentState]int
	Queues    map[ctid.QueueID]acd.QueueFigures
	AgentList []ctid.AgentView
}

// Status asks the desk; an error means that it did not answer before ctx ended.
func (s *Switchboard) Status(ctx context.Context) (Status, error) {
	var st Status
	err := s.ask(ctx, func(now time.Time) { st = s.desk.status(now) })
	return st, err
}

// Figures asks the desk for the figures of every queue at this moment; an error means the same.
func (s *Switchboard) Figures(ctx context.Context) (map[ctid.QueueID]acd.QueueFigures, error) {
	var f map[ctid.QueueID]acd.QueueFigures
	err := s.ask(ctx, func(now time.Time) { f = s.desk.figures(now) })
	return f, err
}
