package ami

import (
	"strconv"
	"time"
)

// QueueKind says what a QueueEvent is about.
type QueueKind int

// What a listener hears. The names in brackets are Asterisk's events.
const (
	QueueUp          QueueKind = iota + 1 // connected: what is heard from here on is whole
	QueueDown                             // the connection was lost at At
	QueueListed                           // the state of all queues has been told (QueueStatusComplete)
	QueueCounters                         // of one queue: Completed, GivenUp, Target (QueueParams)
	QueueWaits                            // a caller who waits, of the state: Wait, Position (QueueEntry)
	QueueMember                           // a member as he is now: Paused, Device (QueueMember, QueueMemberAdded, …Status, …Pause, …Penalty, …Ringinuse)
	QueueMemberGone                       // (QueueMemberRemoved)
	QueueJoined                           // a caller has entered: Position (QueueCallerJoin)
	QueueLeft                             // a caller has left, however (QueueCallerLeave); QueueAnswered may follow
	QueueGivenUp                          // nobody will answer him: he has hung up, or his time is over, or the queue is empty: Wait (QueueCallerAbandon)
	QueueRings                            // a member's phone rings for him (AgentCalled)
	QueueNotAnswered                      // it has not been answered: Ring, exactly (AgentRingNoAnswer)
	QueueDumped                           // the member has hung up before the two talked (AgentDump)
	QueueAnswered                         // the two talk: Wait, Ring, in whole seconds (AgentConnect)
	QueueOver                             // they do not talk any more: Wait, Talk; ID may be missing (AgentComplete)
	QueueHangsUp                          // the channel ID hangs up, whether or not it is a caller's (HangupRequest, SoftHangupRequest)
	QueueGone                             // the channel ID is gone (Hangup)
	QueueResult                           // Text is the QUEUESTATUS of channel ID (VarSet)
	QueueUnread                           // an event that cannot be read; Text says which, and why
)

// QueueEvent is what a listener hears of app_queue. What a kind does not have is zero.
type QueueEvent struct {
	At        time.Time // when it was read
	Kind      QueueKind
	Queue     string
	ID        string // of the caller's channel
	Member    string // the member's name; without one it is his interface
	Interface string
	Position  int
	Wait      time.Duration // in the queue
	Ring      time.Duration
	Talk      time.Duration
	Paused    bool
	Device    int // the state of the member's telephone, as Asterisk numbers them (DeviceFree …)
	Text      string
	Completed int           // conversations that are over, since the counters began
	GivenUp   int           // callers whom nobody answered, since the counters began
	Target    time.Duration // the queue's servicelevel
}

// The states of a device that matter here, by their numbers in Asterisk's include/asterisk/devicestate.h.
const (
	DeviceUnknown     = 0
	DeviceFree        = 1
	DeviceInvalid     = 4
	DeviceUnavailable = 5
)

// names are the events that are read; what needs more than a caller, a queue and a member is in read.
var names = map[string]QueueKind{
	"QueueStatusComplete": QueueListed, "QueueParams": QueueCounters, "QueueEntry": QueueWaits,
	"QueueMember": QueueMember, "QueueMemberAdded": QueueMember, "QueueMemberStatus": QueueMember, "QueueMemberPause": QueueMember,
	"QueueMemberPenalty": QueueMember, "QueueMemberRinginuse": QueueMember, "QueueMemberRemoved": QueueMemberGone,
	"QueueCallerJoin": QueueJoined, "QueueCallerLeave": QueueLeft, "QueueCallerAbandon": QueueGivenUp,
	"AgentCalled": QueueRings, "AgentRingNoAnswer": QueueNotAnswered, "AgentDump": QueueDumped, "AgentConnect": QueueAnswered,
	"AgentComplete": QueueOver, "HangupRequest": QueueHangsUp, "SoftHangupRequest": QueueHangsUp, "Hangup": QueueGone, "VarSet": QueueResult,
}

// queueEventOf reads a message; false: it is none that matters.
func queueEventOf(m message) (QueueEvent, bool) {
	name := m.get("Event")
	kind, ok := names[name]
	if !ok || kind == QueueResult && m.get("Variable") != "QUEUESTATUS" {
		return QueueEvent{}, false
	}
	r := &eventReader{m: m}
	e := r.read(kind)
	if r.wrong != "" {
		return QueueEvent{Kind: QueueUnread, Text: name + ": " + r.wrong}, true
	}
	return e, true
}

// eventReader reads the fields of one event, and keeps what is wrong with the first that cannot be read.
type eventReader struct {
	m     message
	wrong string
}

func (r *eventReader) read(kind QueueKind) QueueEvent {
	e := QueueEvent{Kind: kind}
	switch kind {
	case QueueListed:
		return e
	case QueueHangsUp, QueueGone:
		e.ID = r.must("Uniqueid")
		return e
	case QueueResult:
		e.ID, e.Text = r.must("Uniqueid"), r.m.get("Value")
		return e
	}
	e.Queue = r.must("Queue")
	switch kind {
	case QueueCounters:
		e.Completed, e.GivenUp, e.Target = r.count("Completed"), r.count("Abandoned"), r.seconds("ServiceLevel")
		return e
	case QueueMember, QueueMemberGone:
		r.member(&e)
		e.Paused, e.Device = r.m.get("Paused") == "1", r.count("Status")
		return e
	}
	if e.ID = r.m.get("Uniqueid"); kind != QueueOver { // where the caller's channel was gone before Asterisk looked, AgentComplete does not name it
		e.ID = r.must("Uniqueid")
	}
	switch kind {
	case QueueWaits:
		e.Position, e.Wait = r.count("Position"), r.seconds("Wait")
	case QueueJoined:
		e.Position = r.count("Position")
	case QueueGivenUp:
		e.Wait = r.seconds("HoldTime")
	case QueueLeft:
	default:
		r.member(&e)
	}
	switch kind {
	case QueueNotAnswered:
		e.Ring = time.Duration(r.count("RingTime")) * time.Millisecond
	case QueueAnswered:
		e.Wait, e.Ring = r.seconds("HoldTime"), r.seconds("RingTime")
	case QueueOver:
		e.Wait, e.Talk = r.seconds("HoldTime"), r.seconds("TalkTime")
	}
	return e
}

// member reads who it is: the state of the queues names him otherwise than the events do.
func (r *eventReader) member(e *QueueEvent) {
	e.Interface, e.Member = r.m.get("Interface"), r.m.get("MemberName")
	if e.Interface == "" {
		e.Interface, e.Member = r.must("Location"), r.m.get("Name")
	}
	if e.Member == "" {
		e.Member = e.Interface
	}
}

func (r *eventReader) must(key string) string {
	v := r.m.get(key)
	if v == "" && r.wrong == "" {
		r.wrong = "no " + key
	}
	return v
}

// count reads a whole number that is not negative, and no larger than a year has seconds.
func (r *eventReader) count(key string) int {
	n, err := strconv.Atoi(r.m.get(key))
	if (err != nil || n < 0 || n > maxWait) && r.wrong == "" {
		r.wrong = key + " is no number that there can be"
	}
	return n
}

func (r *eventReader) seconds(key string) time.Duration {
	return time.Duration(r.count(key)) * time.Second
}
