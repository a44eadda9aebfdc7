package acd

import (
	"time"

	"ctid"
)

// agent is one agent at work. Only State.become changes state.
type agent struct {
	id      ctid.AgentID
	desk    ctid.DeskRule
	order   int // his place in the configuration
	skills  []Skill
	serves  []*member      // by rank as configured, with queues that are draining
	listed  []ctid.QueueID // what the view shows: the configured ones
	removed bool           // no longer configured: finishes his work, then out
	leaving bool           // next is out because he was removed, not by his own wish

	state    ctid.AgentState
	reason   string
	since    time.Time
	was      ctid.AgentState
	lasted   time.Duration // how long was lasted
	rev      uint64
	next     *ctid.Next
	offer    *offer
	work     *work // talking, and wrap-up afterwards
	wrap     *ctid.Wrap
	wrapFrom time.Time
	lastWrap ctid.WrapID
	back     *back // where he was before work that no queue gave him
	locked   bool  // paused by a supervisor who meant it
	shift    shift

	reachable bool      // his phone
	lost      time.Time // since when it is not, if it was before
	awake     bool
	idle      time.Time // since when he has had nothing to do, pauses included
	ready     time.Time // since when he is ready without a break
	until     time.Time // not offered anything before this
	misses    int       // offers missed in a row
	fails     int       // offers in a row at which his phone was busy or failed
	held      bool      // ready, but offered nothing until his desktop is back after a restart
	inFree    bool      // stands in the free lists of his queues

	media *mixed // his work in other media; nil: he works in voice alone

	device  string       // which of his telephones; empty: the first
	line    ctid.OfferID // of which something may be left at his phone
	clear   timer        // lineOver; armed while line is the only thing that he has
	gap     timer        // gapOver
	wrapEnd timer        // wrapOver
	wanted  []*task      // those that wait for him alone
	grace   timer        // deskGone; armed while a desktop may be lost without consequence
}

// work is the conversation an agent is in or writes up, under the rules its queue had when he took it. Without a queue it
// has no wrap-up.
type work struct {
	task    ctid.TaskID
	queue   ctid.QueueID
	wrap    time.Duration
	force   bool
	extends int
	doing   ctid.Doing
	dropped bool // a supervisor ended it: no wrap-up
}

// workOf is work on a task by a queue's rules; a queue that is not there has none.
func workOf(task ctid.TaskID, id ctid.QueueID, q *queue) work {
	w := work{task: task, queue: id, doing: ctid.DoingTalk}
	if q != nil {
		w.wrap, w.force, w.extends = q.cfg.Wrap, q.cfg.ForceCode, q.cfg.Extends
	}
	return w
}

// back is a state to return to.
type back struct {
	State  ctid.AgentState
	Reason string
}

// shift is one stay on duty, with short ones off duty in it: what it has been spent on so far, but for the state that he is in.
type shift struct {
	Out    time.Time // when he went off duty last
	Paused map[string]time.Duration
	Talk   time.Duration `json:",omitempty"`
	Busy   time.Duration `json:",omitempty"` // talk and wrap-up
	Free   time.Duration `json:",omitempty"` // ready
}

func newAgent(id ctid.AgentID) *agent {
	return &agent{id: id, state: ctid.Out,
		clear: timer{kind: lineOver, id: string(id)}, gap: timer{kind: gapOver, id: string(id)}, wrapEnd: timer{kind: wrapOver, id: string(id)},
		grace: timer{kind: deskGone, id: string(id)}}
}

// busy tells whether he has work in hand, after which a state he asks for now begins.
func (a *agent) busy() bool {
	return a.state == ctid.Reserved || a.state == ctid.Talking || a.state == ctid.WrapUp
}

// phoneOK tells whether his phone lets him be made ready.
func (a *agent) phoneOK() bool { return a.reachable || !a.takesCalls() }

// deskOK tells whether his desktop lets him be made ready.
func (a *agent) deskOK() bool { return a.desk != ctid.DeskRequired || a.awake }

// The requests that depend on an agent's state, by their names on the wire.
const (
	opLogin        = "agent.login"
	opLogout       = "agent.logout"
	opReady        = "agent.ready"
	opPause        = "agent.pause"
	opCancelNext   = "agent.cancel_next"
	opWrapUpDone   = "agent.wrapup_done"
	opExtendWrapUp = "agent.extend_wrapup"
	opSetDevice    = "agent.set_device"
	opDial         = "call.dial"
)

// can lists the requests that would do something now.
func (a *agent) can() []string {
	ops := []string{}
	add := func(op string, ok bool) {
		if ok {
			ops = append(ops, op)
		}
	}
	next := func(s ctid.AgentState) bool { return a.next != nil && a.next.State == s }
	free, occupied := !a.removed, a.occupied()
	idle := (a.state == ctid.Ready || a.state == ctid.Paused) && a.takesCalls()
	lockedNext := a.next != nil && a.next.Locked
	locked := a.locked || lockedNext // by a supervisor
	more := a.state == ctid.Ready && a.wantsLess()
	add(opLogin, a.state == ctid.Out && free)
	add(opReady, free && !locked && (a.busy() && !next(ctid.Ready) || a.state == ctid.Paused && a.phoneOK() && a.deskOK() || more))
	add(opPause, free && a.state != ctid.Out && !locked)
	add(opCancelNext, free && occupied && !lockedNext && a.next != nil)
	add(opWrapUpDone, a.anyWrap(func(*ctid.Wrap) bool { return true }))
	add(opExtendWrapUp, a.anyWrap(func(w *ctid.Wrap) bool { return w.Extends > 0 }))
	add(opSetDevice, free && a.state == ctid.Paused)
	add(opDial, free && idle && a.reachable)
	add(opLogout, free && a.state != ctid.Out && !next(ctid.Out) && (!occupied || !lockedNext))
	return ops
}

// view is what outsiders may know of him.
func (a *agent) view() ctid.AgentView {
	v := ctid.AgentView{Agent: a.id, Rev: a.rev, State: a.state, Was: a.was, Reason: a.reason, Since: a.since,
		WasMS: a.lasted.Milliseconds(), Locked: a.locked, Misses: a.misses, Device: a.reachable, Phone: a.device, Desk: a.awake,
		Queues: append([]ctid.QueueID{}, a.listed...), Can: a.can()}
	if a.next != nil {
		n := *a.next
		v.Next = &n
	}
	if a.wrap != nil {
		w := *a.wrap
		v.Wrap = &w
	}
	if a.offer != nil {
		v.Offer, v.Call = a.offer.id, ctid.CallID(a.offer.work.task)
	}
	if a.work != nil {
		v.Call = ctid.CallID(a.work.task)
	}
	if a.state == ctid.Talking {
		v.Doing = a.work.doing
	}
	v.Media.Voice.Max = 1
	if a.busy() {
		v.Media.Voice.Used = 1
	}
	if a.media != nil {
		a.media.show(&v)
	}
	return v
}
