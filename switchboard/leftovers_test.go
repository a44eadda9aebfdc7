package switchboard

import (
	"slices"
	"testing"

	"ctid"
	"ctid/ari"
)

func TestLeftovers(t *testing.T) {
	n, err := ari.New(ari.Config{Name: "a", URL: "http://127.0.0.1:1", User: "u", Password: "p", App: "ctid"})
	if err != nil {
		t.Fatal(err)
	}
	records := []ctid.CallRecord{
		{ID: "c_1", Node: "a", Channel: "1.1"},
		{ID: "c_2", Node: "a", Channel: "1.2"},
		{ID: "c_3", Node: "b", Channel: "1.3"},
	}
	channels := []ari.Channel{
		channelOf("1.1", "Stasis", "ctid,in,8001"), channelOf("ctid.t.c_1.l1", "AppDial2", ""),
		channelOf("1.9", "Stasis", "ctid,in,8001"), channelOf("1.8", "Stasis", "other,in,8001"), channelOf("1.7", "Queue", "x"),
		channelOf("ctid.t.c_9.l1", "AppDial2", ""), channelOf("ctid.other.c_9.l1", "AppDial2", ""),
	}
	bridges := []ari.BridgeData{{ID: "ctid.t.c_1.b1"}, {ID: "ctid.t.c_9.b1"}, {ID: "ctid.other.c_9.b1"}, {ID: "mine"}}
	got := Leftovers("t", n, records, channels, bridges)
	var ids []string
	for _, l := range got {
		ids = append(ids, l.Kind+" "+string(l.Call)+" "+l.ID)
		if l.Text == "" || l.Node != "a" {
			t.Errorf("%+v", l)
		}
	}
	want := []string{"record_without_channel c_2 1.2", "channel_without_record  1.9", "leg_without_call c_9 ctid.t.c_9.l1", "bridge_without_call c_9 ctid.t.c_9.b1"}
	if !slices.Equal(ids, want) {
		t.Errorf("got %q, want %q", ids, want)
	}
	if both := Both(got, got[1:]); len(both) != 3 {
		t.Errorf("seen twice: %+v", both)
	}
	if both := Both(nil, got); len(both) != 0 {
		t.Errorf("seen once: %+v", both)
	}
}
