package main

import (
	"reflect"
	"testing"

	"ctid"
	"ctid/config"
	"ctid/queuelog"
)

// The queue_log has the queues that callers wait in, and names agents by their names or by their telephones, as it did at the start.
func TestQueueLogPlan(t *testing.T) {
	d := &daemon{cfg: &config.Config{Queues: []config.Queue{{Name: "sales", Medium: "voice"}, {Name: "web", Medium: "chat"}},
		Agents: []config.Agent{{Name: "ana", Queues: []config.Membership{{Name: "sales", Rank: 2}, {Name: "web", Rank: 1}}, Device: config.Device{Endpoint: "PJSIP/1001"}}}}}
	for phones, name := range map[bool]string{false: "ana", true: "PJSIP/1001"} {
		d.qlogPhones = phones
		want := queuelog.Plan{Queues: []ctid.QueueID{"sales"}, Agents: map[ctid.AgentID]queuelog.Agent{"ana": {Name: name, Ranks: map[ctid.QueueID]int{"sales": 2, "web": 1}}}}
		if got := d.queueLogPlan(); !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
}

// Without a file nothing is begun, and the desktops alone are told.
func TestNoQueueLog(t *testing.T) {
	d := &daemon{cfg: &config.Config{}}
	d.openQueueLog(nil)
	d.reopenLogs()
	if d.qlog != nil || len(d.stops) > 0 || d.linesLost() != 0 {
		t.Errorf("%+v", d)
	}
	if _, beside := d.desktops().(readers); beside {
		t.Error("a queue_log is told")
	}
}
