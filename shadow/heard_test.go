package shadow

import (
	"testing"
	"time"

	"ctid/ami"
)

// Every kind of event is an observation, with the state of the telephone as far as it matters and the ring time to the half second.
func TestHeard(t *testing.T) {
	for k := ami.QueueUp; k <= ami.QueueUnread; k++ {
		if heard[k] == Other {
			t.Errorf("event %d is no observation", k)
		}
	}
	for device, want := range map[int]Device{0: DeviceFree, 1: DeviceFree, 2: DeviceBusy, 3: DeviceBusy, 4: DeviceAway, 5: DeviceAway, 6: DeviceBusy, 7: DeviceBusy, 8: DeviceBusy} {
		if got := Heard("pbx", ami.QueueEvent{Kind: ami.QueueMember, Device: device}).Device; got != want {
			t.Errorf("device %d is %d, not %d", device, got, want)
		}
	}
	o := Heard("pbx", ami.QueueEvent{Kind: ami.QueueAnswered, Queue: "q", ID: "1", Member: "Ana", Interface: "PJSIP/1", Wait: 3 * time.Second, Ring: 2 * time.Second})
	if want := (Observation{Kind: Answered, Queue: "q", Call: "1", Member: "Ana", Interface: "PJSIP/1", Wait: 3 * time.Second, Ring: 2500 * time.Millisecond}); o != want {
		t.Errorf("%+v, not %+v", o, want)
	}
	if o := Heard("pbx", ami.QueueEvent{Kind: ami.QueueUnread, Text: "why"}); o.Text != "pbx: why" {
		t.Errorf("%+v", o)
	}
}
