package switchboard

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ctid"
	"ctid/ari"
)

// Kinds of leftovers.
const (
	RecordWithoutChannel = "record_without_channel"
	ChannelWithoutRecord = "channel_without_record"
	LegWithoutCall       = "leg_without_call"
	BridgeWithoutCall    = "bridge_without_call"
)

// Leftover is something on a node or in the store that has lost its other half.
type Leftover struct {
	Kind string      `json:"kind"`
	Node string      `json:"node,omitempty"`
	Call ctid.CallID `json:"call,omitempty"`
	ID   string      `json:"id,omitempty"` // in Asterisk
	Text string      `json:"text"`
}

// Leftovers compares the open records of a node with the channels and bridges that it has, in the order: records as
// given, then channels and bridges as given. Its channels are those in Stasis under the node's application and those
// whose id has the site in it.
func Leftovers(site string, n *ari.Node, records []ctid.CallRecord, channels []ari.Channel, bridges []ari.BridgeData) []Leftover {
	var out []Leftover
	add := func(kind string, call ctid.CallID, id, format string, args ...any) {
		out = append(out, Leftover{kind, n.Name(), call, id, fmt.Sprintf(format, args...)})
	}
	open, there, callers := map[ctid.CallID]bool{}, map[string]bool{}, map[string]bool{}
	for _, c := range channels {
		there[c.ID] = true
	}
	for _, r := range records {
		if string(r.Node) != n.Name() {
			continue
		}
		open[r.ID], callers[r.Channel] = true, true
		if !there[r.Channel] && !owes(r) { // of a callback nobody is on the line
			add(RecordWithoutChannel, r.ID, r.Channel, "the record of a call that arrived %s has no end, but its channel is gone", r.Arrived.UTC().Format(time.RFC3339))
		}
	}
	prefix := "ctid." + site + "."
	for _, c := range channels {
		app, _, _ := strings.Cut(c.Dialplan.AppData, ",")
		call := callInID(c.ID)
		switch {
		case call != "" && strings.HasPrefix(c.ID, prefix):
			if !open[call] {
				add(LegWithoutCall, call, c.ID, "%s is %s for a call that has no open record", c.Name, strings.ToLower(c.State))
			}
		case call == "" && c.Dialplan.AppName == "Stasis" && app == n.App() && !callers[c.ID]:
			add(ChannelWithoutRecord, "", c.ID, "%s is in the application since %s and has no open record", c.Name, c.Created.Time().UTC().Format(time.RFC3339))
		}
	}
	for _, b := range bridges {
		if call := callInID(b.ID); call != "" && strings.HasPrefix(b.ID, prefix) && !open[call] {
			add(BridgeWithoutCall, call, b.ID, "a bridge with %d channels for a call that has no open record", len(b.ChannelIDs))
		}
	}
	return out
}

// Both are the leftovers of one look that a second one has seen too: what was only on its way is not in it.
func Both(first, second []Leftover) []Leftover {
	return slices.DeleteFunc(slices.Clone(second), func(x Leftover) bool {
		return !slices.ContainsFunc(first, func(y Leftover) bool { return x.Kind == y.Kind && x.Node == y.Node && x.Call == y.Call && x.ID == y.ID })
	})
}
