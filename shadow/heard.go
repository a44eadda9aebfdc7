package shadow

import (
	"fmt"
	"time"

	"ctid/ami"
)

// heard are the observations that events of the manager interface are.
var heard = map[ami.QueueKind]Kind{
	ami.QueueUp: Up, ami.QueueDown: Down, ami.QueueListed: Listed, ami.QueueCounters: Counted, ami.QueueWaits: Waits,
	ami.QueueMember: MemberIs, ami.QueueMemberGone: MemberRemoved, ami.QueueJoined: Entered, ami.QueueLeft: Left,
	ami.QueueGivenUp: GivenUp, ami.QueueRings: Rings, ami.QueueNotAnswered: Missed, ami.QueueDumped: RingOver,
	ami.QueueAnswered: Answered, ami.QueueOver: Completed, ami.QueueHangsUp: HangsUp, ami.QueueGone: Gone,
	ami.QueueResult: Result, ami.QueueUnread: Unread,
}

// Heard makes an observation of what a listener of the manager interface node has heard.
func Heard(node string, e ami.QueueEvent) Observation {
	o := Observation{At: e.At, Kind: heard[e.Kind], Queue: e.Queue, Call: e.ID, Member: e.Member, Interface: e.Interface,
		Position: e.Position, Wait: e.Wait, Ring: e.Ring, Talk: e.Talk, Paused: e.Paused, Text: e.Text,
		Counters: Counters{Completed: e.Completed, GivenUp: e.GivenUp, Target: e.Target}}
	switch e.Device {
	case ami.DeviceUnknown, ami.DeviceFree:
	case ami.DeviceInvalid, ami.DeviceUnavailable:
		o.Device = DeviceAway
	default:
		o.Device = DeviceBusy
	}
	if e.Kind == ami.QueueAnswered {
		o.Ring += time.Second / 2 // told in whole seconds that are over, as in queue_log
	}
	if e.Kind == ami.QueueUnread {
		o.Text = fmt.Sprintf("%s: %s", node, e.Text)
	}
	return o
}
