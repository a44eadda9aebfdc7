// Package acd decides which agent gets which waiting task. It is pure: Decide takes one event with its time and returns
// what the world should do; no clock, no I/O, no goroutine. Its State is held by one desk. An agent or a task is moved
// only here, an offer ends exactly once, and an answer that carries the number of another offer is ignored.
package acd

import (
	"time"

	"ctid"
)

// Version rises whenever a change makes Decide decide differently on the same events.
const Version = 4

// Config is the centre: its queues and agents. Epoch goes into the ids that the core makes.
type Config struct {
	Epoch  string
	Seed   uint64
	Queues []Queue
	Agents []Agent

	Skills     []string      `json:",omitempty"` // what needs and agents may name
	Next       string        `json:",omitempty"` // which of the tasks that a free agent may take he gets: first-come (default), primary-first, urgent, fair
	PointWorth time.Duration `json:",omitempty"` // what a point of priority is worth in time waited; 0: the higher priority always goes first

	Media         []Medium `json:",omitempty"` // how much of an agent the work of each medium takes; what is not named has its defaults
	Pauses        []Pause  // the reasons agents may pause with; none: any
	PauseReserved string   // a pause asked for while the phone rings: finish (default) lets it ring, revoke takes the offer back

	DeskGrace time.Duration // how long an agent with desk required may be without an awake desktop (30 s)
	WrapMax   time.Duration // a wrap-up that owes a code and has lasted this long becomes paused(no-disposition) (10 min)
}

// Pause is a reason to pause. Quota is how much of it an agent has in a shift; 0: no limit. A shift begins with the first
// log-in after ShiftGap off duty.
type Pause struct {
	Code  string
	Quota time.Duration
}

// Queue is one queue's rules. A zero takes the default in brackets.
type Queue struct {
	ID         ctid.QueueID
	Name       string
	Medium     ctid.Medium   `json:",omitempty"` // of the tasks in it (voice)
	Strategy   string        // longest-idle
	Ring       time.Duration // how long an agent's phone rings (20 s)
	Wrap       time.Duration // wrap-up after a conversation; 0: none
	ForceCode  bool          // a wrap-up ends only with a disposition; needs Wrap
	Extends    int           // how often an agent may make a wrap-up longer
	RONA       string        // what a missed offer does: pause (default), retry, or none (default where several are rung)
	RetryGap   time.Duration // with RONA retry or none: not offered again for this long (10 s)
	MaxMisses  int           // with RONA retry: misses in a row that pause the agent anyway (3)
	RejectGap  time.Duration // after a rejection not offered again for this long (5 s)
	Rejected   string        // what a rejected offer does: gap (default) or pause
	MaxWaiting int           // with this many waiting, ringing ones included, it is full; 0: no limit
	Priority   int           // of a task that names none, 1–100 (50)

	Weight        int           `json:",omitempty"` // 0–100: of queues that share agents the one of more weight goes first, before any priority
	Share         int           `json:",omitempty"` // its part where Next is fair, 1–100 (1)
	Target        time.Duration `json:",omitempty"` // within which a task should be answered (20 s), for Next urgent
	Needs         []Need        `json:",omitempty"` // skills that an agent must have, all of them
	Steps         []Step        `json:",omitempty"` // how that changes while a task waits, by rising After
	AgeFrom       string        `json:",omitempty"` // queue (default) or call: whether time in the system before the queue counts for the order
	ProgressEvery time.Duration `json:",omitempty"` // ring-progressively: another agent each (5 s)
	JoinEmpty     []string      `json:",omitempty"` // in which states an agent does not count as there (EmptyWords): if none counts, nobody is let in; empty: all are
	LeaveEmpty    []string      `json:",omitempty"` // the same, and who waits has to leave; a phone lost less than PhoneReturn ago is no reason, and a callback stays
	DivertWait    time.Duration `json:",omitempty"` // nobody is let in while the wait to be expected is longer; 0: no limit
	DivertRatio   float64       `json:",omitempty"` // nobody is let in while more than this wait for each agent on duty; 0: no limit
	Overflow      []Overflow    `json:",omitempty"` // where a task goes instead of leaving
	AtMost        time.Duration `json:",omitempty"` // the longest wait of a task that came from another queue; 0: what is left of the one it had there
	Resume        time.Duration `json:",omitempty"` // for how long a caller who hung up waiting finds his place again when he calls once more; 0: not at all
}

// Medium is a kind of work: how much of an agent it takes. An agent is offered work of a medium while he is ready or talking,
// has a slot of it free, nothing that he has blocks it, and all that he would have weighs no more than 100 together.
type Medium struct {
	Name   ctid.Medium
	Max    int           // at once, of an agent who has no number of his own (voice 1, chat 3, email 5); of voice never more than 1
	Weight int           // of one, 1–100 (100 divided by Max)
	Blocks []ctid.Medium // what is not offered beside it: media, or one of all and none (voice: all; others: none)
}

// Slots is how many pieces of work of a medium an agent may have at once; Max 0: as the medium says.
type Slots struct {
	Medium ctid.Medium
	Max    int
}

// Agent is one agent's place in the centre. Rank 1 is best; 0 reads as 1.
//
// One with desk none has nowhere to say ready, so after his login he is ready whenever his phone is reachable: where
// others are paused for offers that failed he is left alone for a while instead, and he owes no disposition.
type Agent struct {
	ID     ctid.AgentID
	Desk   ctid.DeskRule
	Media  []Slots `json:",omitempty"` // what he works in (voice)
	Queues []Membership
	Skills []Skill `json:",omitempty"`
}

// Membership is an agent's rank in a queue, and with strategy weighted how often he is chosen there beside others (1–100; 0 reads as 1).
type Membership struct {
	Queue  ctid.QueueID
	Rank   int
	Weight int `json:",omitempty"`
}

// Event is one thing that happened, one of the types below. Each marshals to JSON as it is: the log keeps them, and
// replay feeds them back. EventKind gives the name in the log; DecodeEvent reads one back.
type Event interface{ EventKind() string }

// The events.
type (
	// AgentLogin puts an agent on duty: paused(login), or, with desk none, ready at once. By is who asked.
	AgentLogin struct {
		Agent ctid.AgentID
		By    ctid.By
	}
	// SetDevice: which of his telephones an agent is rung at from now on, by its name in the configuration; off duty or paused.
	// Whether that one is reachable, DeviceChanged has to say.
	SetDevice struct {
		Agent  ctid.AgentID
		Device string
		By     ctid.By
	}
	// AgentLogout: out, at once or when his work is over.
	AgentLogout struct {
		Agent ctid.AgentID
		By    ctid.By
	}
	// AgentReady: ready, at once or when his work is over. It ends the pauses of single media too.
	AgentReady struct {
		Agent ctid.AgentID
		By    ctid.By
	}
	// AgentPause: paused with Reason, at once or when his work is over.
	AgentPause struct {
		Agent  ctid.AgentID
		Reason string
		By     ctid.By
	}
	// AgentCancelNext drops what he asked for after his work.
	AgentCancelNext struct {
		Agent ctid.AgentID
		By    ctid.By
	}
	// WrapUpDone ends wrap-up Wrap; Coded says that a disposition was given; Then is the state afterwards (ready if empty).
	WrapUpDone struct {
		Agent  ctid.AgentID
		Wrap   ctid.WrapID
		Coded  bool
		Then   ctid.AgentState
		Reason string
		By     ctid.By
	}
	// ExtendWrapUp makes wrap-up Wrap longer by For, if it may still be made longer.
	ExtendWrapUp struct {
		Agent ctid.AgentID
		Wrap  ctid.WrapID
		For   time.Duration
		By    ctid.By
	}
	// ForceState is a supervisor's wish for an agent: ready, paused with Reason, or out. Without Hard it is as if the agent
	// had asked. Hard ends his work (DropWork) and, with paused, lasts until a supervisor makes him ready or he logs in anew.
	ForceState struct {
		Agent  ctid.AgentID
		State  ctid.AgentState
		Reason string
		Hard   bool
		By     ctid.By
	}
	// DeskChanged: the agent has, or no longer has, an awake desktop. Seen: when it was lost it had shown him who rings.
	DeskChanged struct {
		Agent ctid.AgentID
		Awake bool
		Seen  bool `json:",omitempty"`
	}
	// DeviceChanged: the agent's phone can, or cannot, be reached.
	DeviceChanged struct {
		Agent     ctid.AgentID
		Reachable bool
	}
	// Enqueue puts a task into a queue. Entered is when it entered the queue first (its place); AtMost is its longest
	// wait from now, zero for none. Priority 0–100, negative for the queue's own. Arrived is when it came into the system.
	// Needs, if any, stand in for the queue's. For PreferFor only agent Prefer may take it; at once all may if he is off
	// duty or does not serve the queue, and as soon as he goes or does not take it. Of a callback nobody is on the line.
	// A queue that lets nobody in hands the task to one that it overflows to (TaskMoved), or it ends (TaskEnded). Again: it was in a
	// queue before and has its place there (ctid was restarted, an agent was lost, a callback is tried once more), so that no rule
	// of entry is asked; only a queue that is no longer configured does not take it.
	Enqueue struct {
		Task      ctid.TaskID
		Queue     ctid.QueueID
		Priority  int
		Entered   time.Time
		AtMost    time.Duration
		Arrived   time.Time     `json:",omitzero"`
		Needs     []Need        `json:",omitempty"`
		Prefer    ctid.AgentID  `json:",omitempty"`
		PreferFor time.Duration `json:",omitempty"`
		Callback  bool          `json:",omitempty"`
		Again     bool          `json:",omitempty"`
		// Ahead: the customer is called before his agent, who is kept for him for AheadTime, until OnLine.
		Ahead bool `json:",omitempty"`
		// Caller stands for who calls, in a way that tells nothing about him: within Resume of the queue he has the place again that
		// he gave up. Empty: nobody knows.
		Caller string `json:",omitempty"`
	}
	// Leave asks for a waiting task back. Refused (command Refused) once an offer for it is taken. Why is the exit, By who
	// wants it (none: the system).
	Leave struct {
		Task ctid.TaskID
		Why  ctid.QueueExit
		By   ctid.By `json:",omitzero"`
	}
	// Move puts a waiting task, or one that rings, into another queue. Its age goes with it.
	Move struct {
		Task ctid.TaskID
		To   ctid.QueueID
		By   ctid.By
	}
	// Prioritise gives a task in a queue another priority, 0–100.
	Prioritise struct {
		Task     ctid.TaskID
		Priority int
		By       ctid.By
	}
	// TakeCallback: the caller of Task hangs up and is called back. Task ends (callback), and task As waits at its place. By is who
	// wants it (none: the caller).
	// Ahead: as of Enqueue. Late: As waits as one that came now, not at the caller's place.
	TakeCallback struct {
		Task, As ctid.TaskID
		By       ctid.By `json:",omitzero"`
		Ahead    bool    `json:",omitempty"`
		Late     bool    `json:",omitempty"`
	}
	// OnLine: the customer of a callback has answered: somebody is on the line now. The telephones of the agents who are kept for one
	// who is called ahead ring from now on, for as long as the queue says.
	OnLine struct{ Task ctid.TaskID }
	// WaitTold: the caller of a waiting task is told how long he is likely to wait, as Standing has it now. It is held against his wait,
	// and changes nothing else. Where there is nothing to tell, nothing was told.
	WaitTold struct{ Task ctid.TaskID }
	// TaskGone: the caller has gone; the task ends whatever its state, an open offer with it.
	TaskGone struct{ Task ctid.TaskID }
	// OfferUp: the agent's leg is up for offer Offer. If the offer is over already, EndOffer tells so and nothing changes.
	OfferUp struct{ Offer ctid.OfferID }
	// OfferFailed: the offer's leg ended before it was up. Why: rejected, busy, unreachable, failed.
	OfferFailed struct {
		Offer ctid.OfferID
		Why   string
	}
	// Direct offers a task to one agent past every queue: a colleague asks him, hands a call on, or he picks one up. He may be
	// ready or paused, and is there again afterwards; else the event is refused (target_busy, no_route, device_unreachable).
	// Ring is how long his phone rings (20 s). If nobody answers, nothing is held against him.
	Direct struct {
		Task  ctid.TaskID
		Agent ctid.AgentID
		Kind  ctid.OfferKind
		Ring  time.Duration
		By    ctid.By
	}
	// Pick offers a waiting task, or one that rings at another, to the agent who asks for it, past its queue's order.
	Pick struct {
		Task  ctid.TaskID
		Agent ctid.AgentID
		By    ctid.By
	}
	// Revoke takes an open offer back: its task, if it came from a queue, waits again at its place.
	Revoke struct {
		Offer ctid.OfferID
		Why   string // revoked (default), caller_gone
	}
	// WorkBegun: the agent is at work that no offer brought: a call he makes himself, or one that his phone is in. Queue, if
	// any, gives the rules of his wrap-up.
	WorkBegun struct {
		Agent ctid.AgentID
		Task  ctid.TaskID
		Queue ctid.QueueID
		Doing ctid.Doing
		By    ctid.By
	}
	// WorkOwned: the agent, who is at work on Task, is the one who answers for it now, by the rules of Queue.
	WorkOwned struct {
		Agent ctid.AgentID
		Task  ctid.TaskID
		Queue ctid.QueueID
	}
	// WorkDoing: what the agent does in his work on Task has changed.
	WorkDoing struct {
		Agent ctid.AgentID
		Task  ctid.TaskID
		Doing ctid.Doing
		By    ctid.By
	}
	// LegGone: of offer Offer nothing is left at the agent's phone. Until then he is offered nothing else, whatever his
	// state, so that no phone rings for two callers; LineLimit after the end of offer or conversation that is not waited
	// for any longer. OfferFailed says it too.
	LegGone struct {
		Agent ctid.AgentID
		Offer ctid.OfferID
	}
	// WorkEnded: the conversation of task Task is over for the agent. Without NoWrap it leads to wrap-up if the queue has
	// one. Dropped: his phone answered and was gone before the two heard each other; it counts as a phone that failed.
	WorkEnded struct {
		Agent   ctid.AgentID
		Task    ctid.TaskID
		NoWrap  bool
		Dropped bool `json:",omitempty"`
	}
	// Tick lets timers act; Deadline says when the next one is due.
	Tick struct{}
	// Restarted: whoever carried out the decisions is a new process, and no phone rings any more. Open offers are lost
	// without blame, waiting tasks are forgotten (those whose callers are still there enter again, at their old places), and no desktop is connected.
	// An agent who was ready and needs a desktop is offered nothing until it is back, and is paused after SeatReturn.
	Restarted struct{}
	// Adopt: the agent is in conversation on Task, as found in the PBX after a restart. Nothing but his leg's offer, which
	// LegGone will name, changes if that is known.
	Adopt struct {
		Agent ctid.AgentID
		Task  ctid.TaskID
		Queue ctid.QueueID
		Offer ctid.OfferID `json:",omitempty"`
	}
	// Reconfigure replaces the configuration. An agent removed finishes his work and is then out; a queue removed keeps
	// its tasks until they leave, served by the agents it had, and takes no new ones (closed). An agent added is out: his
	// phone and desktop are to be told by DeviceChanged and DeskChanged as at the start.
	Reconfigure struct{ Config Config }
)

// EventKind implements Event; so do the methods below.
func (AgentLogin) EventKind() string      { return "agent_login" }
func (SetDevice) EventKind() string       { return "set_device" }
func (AgentLogout) EventKind() string     { return "agent_logout" }
func (AgentReady) EventKind() string      { return "agent_ready" }
func (AgentPause) EventKind() string      { return "agent_pause" }
func (AgentCancelNext) EventKind() string { return "agent_cancel_next" }
func (WrapUpDone) EventKind() string      { return "wrapup_done" }
func (ExtendWrapUp) EventKind() string    { return "extend_wrapup" }
func (ForceState) EventKind() string      { return "force_state" }
func (DeskChanged) EventKind() string     { return "desk_changed" }
func (DeviceChanged) EventKind() string   { return "device_changed" }
func (Enqueue) EventKind() string         { return "enqueue" }
func (Leave) EventKind() string           { return "leave" }
func (TaskGone) EventKind() string        { return "task_gone" }
func (Move) EventKind() string            { return "move" }
func (Prioritise) EventKind() string      { return "prioritise" }
func (TakeCallback) EventKind() string    { return "take_callback" }
func (OnLine) EventKind() string          { return "on_line" }
func (WaitTold) EventKind() string        { return "wait_told" }
func (OfferUp) EventKind() string         { return "offer_up" }
func (OfferFailed) EventKind() string     { return "offer_failed" }
func (Direct) EventKind() string          { return "direct" }
func (Pick) EventKind() string            { return "pick" }
func (Revoke) EventKind() string          { return "revoke" }
func (WorkBegun) EventKind() string       { return "work_begun" }
func (WorkOwned) EventKind() string       { return "work_owned" }
func (WorkDoing) EventKind() string       { return "work_doing" }
func (LegGone) EventKind() string         { return "leg_gone" }
func (WorkEnded) EventKind() string       { return "work_ended" }
func (Tick) EventKind() string            { return "tick" }
func (Restarted) EventKind() string       { return "restarted" }
func (Adopt) EventKind() string           { return "adopt" }
func (Reconfigure) EventKind() string     { return "reconfigure" }

// SeatReturn is how long after a restart an agent's desktop has to come back before he is no longer ready.
const SeatReturn = 60 * time.Second

// PhoneReturn is how long an agent whose phone was lost counts as there all the same for those who wait (Queue.LeaveEmpty), and how long
// after its first event a centre sends nobody away: who is there it is only just being told.
const PhoneReturn = 60 * time.Second

// LineLimit is how long after the end of an offer or conversation LegGone is waited for.
const LineLimit = 5 * time.Second

// ShiftGap is how long an agent is off duty at least between two shifts.
const ShiftGap = 4 * time.Hour

// OverrunAlert is how long a wrap-up overruns until supervisors are told.
const OverrunAlert = time.Minute
