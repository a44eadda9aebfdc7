package acd

import (
	"time"

	"ctid"
)

// Command is one thing the world should do or know, one of the types below.
type Command interface{ command() }

// The commands.
type (
	// MakeOffer: pop, then ring the agent, until Until; then report OfferUp or OfferFailed.
	MakeOffer struct {
		Offer        ctid.OfferID
		Task         ctid.TaskID
		Kind         ctid.OfferKind // empty: of a call from a queue
		Queue        ctid.QueueID   // of an offer from a queue
		Medium       ctid.Medium    // of work other than a call; empty: voice
		Agent        ctid.AgentID
		Until        time.Time
		Entered      time.Time
		Priority     int
		OffersBefore int // offers of this task that ended without a conversation, in this queue
	}
	// EndOffer: the offer is over. Accepted: connect caller and agent. Otherwise its leg, if any is left, must go.
	EndOffer struct {
		Offer ctid.OfferID
		Task  ctid.TaskID
		Agent ctid.AgentID
		End   ctid.OfferEnd
		Why   string // no_answer, rejected, busy, unreachable, failed, caller_gone, revoked, answered_elsewhere, late …
	}
	// TaskQueued: the task waits at Position (1 is next). Entered, where it is set, is when its caller came first, who gave up then and
	// has his place again.
	TaskQueued struct {
		Task     ctid.TaskID
		Queue    ctid.QueueID
		Position int
		Priority int
		Entered  time.Time
	}
	// TaskMoved: the task waits in another queue than From, where it was or was to go, at Position. Why is what it would have
	// left for; empty: it had waited long enough there, or a supervisor (By) wanted it. It waits for at most AtMost from now; 0: no limit.
	TaskMoved struct {
		Task     ctid.TaskID
		From, To ctid.QueueID
		Position int
		Priority int
		AtMost   time.Duration
		Why      ctid.QueueExit
		By       ctid.By
	}
	// TaskChanged: a supervisor gave the task another priority.
	TaskChanged struct {
		Task     ctid.TaskID
		Queue    ctid.QueueID
		Position int
		Priority int
		By       ctid.By
	}
	// TaskEnded: the task left the queue for good, or was never let in.
	TaskEnded struct {
		Task   ctid.TaskID
		Queue  ctid.QueueID
		Exit   ctid.QueueExit
		Agent  ctid.AgentID // who took it, for answered
		Waited time.Duration
	}
	// AgentChanged carries the agent's whole view after a change; By is who caused it.
	AgentChanged struct {
		View ctid.AgentView
		By   ctid.By
	}
	// DropWork: a supervisor ends what the agent is at; report WorkEnded when it is over.
	DropWork struct {
		Agent ctid.AgentID
		Task  ctid.TaskID
		By    ctid.By
	}
	// Refused: the event was not possible; nothing changed.
	Refused struct{ Err *ctid.Error }
)

func (MakeOffer) command()    {}
func (EndOffer) command()     {}
func (TaskQueued) command()   {}
func (TaskMoved) command()    {}
func (TaskChanged) command()  {}
func (TaskEnded) command()    {}
func (AgentChanged) command() {}
func (DropWork) command()     {}
func (Refused) command()      {}

// QueueFigures is a queue at one moment, for scripts, desktops and metrics.
type QueueFigures struct {
	Waiting     int
	Callbacks   int // of them: nobody is on the line
	Longest     time.Duration
	Agents      ctid.AgentCounts // its members, by their states
	AgentsReady int
	AgentsIn    int // logged in, whatever they do
	Talking     int
	Open        bool
	Estimate    Estimate    // of who would come now
	Calibration Calibration // of the estimates that were made
}
