package ami

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The events of Asterisk 22, as they came, with the fields that do not matter cut to a few.
const listing = `Response: Success
ID
EventList: start
Message: Queue status will follow

Event: QueueParams
ID
Queue: sales
Max: 0
Strategy: rrmemory
Calls: 1
Holdtime: 3
TalkTime: 12
Completed: 7
Abandoned: 2
ServiceLevel: 20
ServicelevelPerf: 85.7
Weight: 0

Event: QueueMember
ID
Queue: sales
Name: Ana
Location: PJSIP/1001
StateInterface: PJSIP/1001
Membership: static
Penalty: 0
CallsTaken: 3
InCall: 0
Status: 5
Paused: 1
PausedReason: lunch
Wrapuptime: 0

Event: QueueEntry
ID
Queue: sales
Position: 1
Channel: PJSIP/carrier-00000001
Uniqueid: 1.1
CallerIDNum: +85251230000
Wait: 65
Priority: 0

Event: QueueStatusComplete
ID
EventList: Complete
ListItems: 3

`

const happening = `Event: QueueCallerJoin
Privilege: agent,all
Channel: PJSIP/carrier-00000002
CallerIDNum: +85251230001
Uniqueid: 2.1
Queue: sales
Position: 2
Count: 2

Event: AgentCalled
Privilege: agent,all
Uniqueid: 2.1
DestUniqueid: 3.1
Queue: sales
Interface: PJSIP/1001
MemberName: Ana

Event: AgentRingNoAnswer
Privilege: agent,all
Uniqueid: 2.1
DestUniqueid: 3.1
Queue: sales
Interface: PJSIP/1001
MemberName: Ana
RingTime: 15000

Event: Newchannel
Privilege: call,all
Uniqueid: 4.1

Event: VarSet
Privilege: dialplan,all
Uniqueid: 2.1
Variable: MEMBERNAME
Value: Ana

Event: QueueCallerLeave
Privilege: agent,all
Uniqueid: 2.1
Queue: sales
Position: 1
Count: 1

Event: AgentConnect
Privilege: agent,all
Uniqueid: 2.1
DestUniqueid: 4.1
Queue: sales
Interface: PJSIP/1002
MemberName: Ben
HoldTime: 21
RingTime: 4

Event: QueueMemberStatus
Privilege: agent,all
Queue: sales
MemberName: Ben
Interface: PJSIP/1002
StateInterface: PJSIP/1002
Membership: dynamic
InCall: 1
Status: 2
Paused: 0

Event: HangupRequest
Privilege: call,all
Uniqueid: 2.1

Event: AgentComplete
Privilege: agent,all
Uniqueid: 2.1
DestUniqueid: 4.1
Queue: sales
Interface: PJSIP/1002
MemberName: Ben
HoldTime: 21
TalkTime: 60
Reason: caller

Event: Hangup
Privilege: call,all
Uniqueid: 2.1
Cause: 16

Event: QueueCallerAbandon
Privilege: agent,all
Uniqueid: 1.1
Queue: sales
Position: 1
OriginalPosition: 1
HoldTime: 90

Event: VarSet
Privilege: dialplan,all
Uniqueid: 1.1
Variable: QUEUESTATUS
Value: TIMEOUT

Event: AgentDump
Privilege: agent,all
Uniqueid: 5.1
Queue: sales
Interface: PJSIP/1002
MemberName: Ben

Event: AgentComplete
Privilege: agent,all
Queue: sales
Interface: PJSIP/1002
MemberName: Ben
HoldTime: 3
TalkTime: 0
Reason: caller

Event: QueueMemberRemoved
Privilege: agent,all
Queue: sales
MemberName: Ben
Interface: PJSIP/1002
Status: 1
Paused: 0

Event: AgentConnect
Privilege: agent,all
Uniqueid: 2.1
Queue: sales
Interface: PJSIP/1002
HoldTime: -1
RingTime: 4

Event: QueueCallerJoin
Privilege: agent,all
Queue: sales
Position: 2

`

var kinds = map[QueueKind]string{QueueUp: "up", QueueDown: "down", QueueListed: "listed", QueueCounters: "counters", QueueWaits: "waits", QueueMember: "member",
	QueueMemberGone: "member-gone", QueueJoined: "joined", QueueLeft: "left", QueueGivenUp: "given-up", QueueRings: "rings", QueueNotAnswered: "not-answered",
	QueueDumped: "dumped", QueueAnswered: "answered", QueueOver: "over", QueueHangsUp: "hangs-up", QueueGone: "gone", QueueResult: "result", QueueUnread: "unread"}

// told writes an event down.
func told(e QueueEvent) string {
	out := []string{kinds[e.Kind]}
	for _, s := range []string{e.Queue, e.ID, e.Interface, e.Member, e.Text} {
		if s != "" {
			out = append(out, s)
		}
	}
	for _, d := range []struct {
		name string
		v    any
	}{{"wait", e.Wait}, {"ring", e.Ring}, {"talk", e.Talk}, {"target", e.Target}, {"position", e.Position}, {"device", e.Device}, {"paused", e.Paused},
		{"completed", e.Completed}, {"gave-up", e.GivenUp}} {
		if s := fmt.Sprint(d.v); s != "0s" && s != "0" && s != "false" {
			out = append(out, d.name+"="+s)
		}
	}
	return strings.Join(out, " ")
}

// listen runs a listener of the server until f is done.
func listen(t *testing.T, s *server, cfg Config, f func(t *testing.T)) (list []QueueEvent, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s.t, s.password = t, "swordfish"
		cfg.Name, cfg.Address, cfg.User, cfg.Dial = "a", "pbx:5038", "ctid", s.dial
		if cfg.Password == "" {
			cfg.Password = "swordfish"
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- Listen(ctx, cfg, func(e QueueEvent) { list = append(list, e) }) }()
		f(t)
		cancel()
		err = <-ended
	})
	return list, err
}

// A listener tells the state of all queues and then what happens to them, and asks for nothing else.
func TestListen(t *testing.T) {
	s := &server{answer: func(action string, _ message) string {
		if action == "QueueStatus" {
			return listing + happening
		}
		return "Response: Success\nID\nPing: Pong\n\n"
	}}
	list, err := listen(t, s, Config{Look: time.Hour}, func(*testing.T) { time.Sleep(40 * time.Second) })
	want := []string{"up", "counters sales target=20s completed=7 gave-up=2", "member sales PJSIP/1001 Ana device=5 paused=true", "waits sales 1.1 wait=1m5s position=1", "listed",
		"joined sales 2.1 position=2", "rings sales 2.1 PJSIP/1001 Ana", "not-answered sales 2.1 PJSIP/1001 Ana ring=15s", "left sales 2.1",
		"answered sales 2.1 PJSIP/1002 Ben wait=21s ring=4s", "member sales PJSIP/1002 Ben device=2", "hangs-up 2.1", "over sales 2.1 PJSIP/1002 Ben wait=21s talk=1m0s", "gone 2.1",
		"given-up sales 1.1 wait=1m30s", "result 1.1 TIMEOUT", "dumped sales 5.1 PJSIP/1002 Ben",
		"over sales PJSIP/1002 Ben wait=3s", "member-gone sales PJSIP/1002 Ben device=1",
		"unread AgentConnect: HoldTime is no number that there can be", "unread QueueCallerJoin: no Uniqueid", "down"}
	var got []string
	for _, e := range list {
		got = append(got, told(e))
		if e.At.IsZero() {
			t.Errorf("%s has no time", told(e))
		}
	}
	if !slices.Equal(got, want) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v\n%s\nnot\n%s", err, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if !slices.Equal(s.actions, []string{"Challenge", "Login", "QueueStatus", "Ping", "Ping", "Logoff"}) {
		t.Errorf("actions %v", s.actions)
	}
}

// The queues are looked at again after a minute, and then as often as it is set.
func TestListenLooksAgain(t *testing.T) {
	s := &server{answer: func(string, message) string { return "Response: Success\nID\n\n" }}
	_, _ = listen(t, s, Config{Look: 10 * time.Minute, Ping: time.Minute}, func(*testing.T) { time.Sleep(22 * time.Minute) })
	looks := 0
	for _, a := range s.actions {
		if a == "QueueStatus" {
			looks++
		}
	}
	if looks != 4 {
		t.Errorf("%d looks in 22 min: %v", looks, s.actions)
	}
}

// A connection that is cut comes back, and both are told; one that falls silent was lost when something came last.
func TestListenLosesTheConnection(t *testing.T) {
	began := time.Time{}
	s := &server{}
	s.answer = func(action string, _ message) string {
		switch {
		case action == "Ping" && s.dials == 1:
			return "cut"
		case action == "Ping" && s.dials == 2:
			return "" // silence
		}
		return "Response: Success\nID\n\n"
	}
	list, _ := listen(t, s, Config{}, func(*testing.T) {
		began = time.Now()
		time.Sleep(2 * time.Minute)
	})
	var got []string
	for _, e := range list {
		got = append(got, told(e))
	}
	if !slices.Equal(got, []string{"up", "down", "up", "down", "up", "down"}) {
		t.Fatalf("%v", got)
	}
	if cut := list[1].At.Sub(began); cut != 15*time.Second {
		t.Errorf("the cut is told as of %v", cut)
	}
	if silent := list[3].At.Sub(list[2].At); silent != 0 { // nothing but the answers at its beginning had come
		t.Errorf("the silence is told as of %v after the connection", silent)
	}
}

// A listener that cannot even begin says why at once; an impossible configuration is one such case.
func TestListenCannotBegin(t *testing.T) {
	list, err := listen(t, &server{}, Config{Password: "wrong"}, func(*testing.T) { time.Sleep(time.Second) })
	var refused *Error
	if !errors.As(err, &refused) || len(list) != 0 {
		t.Errorf("a wrong password: %v, %v", err, list)
	}
	if _, err = listen(t, &server{refuse: 1}, Config{}, func(*testing.T) { time.Sleep(time.Second) }); err == nil || !strings.Contains(err.Error(), "pbx:5038") {
		t.Errorf("nobody there: %v", err)
	}
	if err := Listen(t.Context(), Config{}, nil); err == nil {
		t.Error("no address was taken")
	}
}
