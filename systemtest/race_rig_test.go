package systemtest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"ctid"
	"ctid/ws/wsclient"
)

// lanes gives each of n agents a queue of his own and each queue a number, so that what happens to one does not touch
// another. ring is the queues' ring time, more the rest of their keys.
func lanes(t *testing.T, n int, desk, ring, more string) *Rig {
	t.Helper()
	change := func(yaml string) string {
		head, _, found := strings.Cut(yaml, "queues:\n")
		if !found {
			t.Fatal("ctid.yaml has no queues")
		}
		var b strings.Builder
		b.WriteString(head)
		for i := range n {
			fmt.Fprintf(&b, "  - {dnis: \"%s\", label: Lane, queue: lane%d}\n", lane(i), i)
		}
		b.WriteString("queues:\n")
		for i := range n {
			fmt.Fprintf(&b, "  - {name: lane%d, ring: %s%s}\n", i, ring, more)
		}
		b.WriteString("  - {name: sales}\n  - {name: support}\nagents:\n")
		for i := range n {
			fmt.Fprintf(&b, "  - {name: a%d, queues: [lane%d], desk: %s, device: {endpoint: PJSIP/%d}}\n", 1001+i, i, desk, 1001+i)
		}
		return b.String()
	}
	return Start(t, Options{Bin: program, PBX: asterisk, Agents: n, Desk: desk, Change: change})
}

// lane is the number of the i-th queue.
func lane(i int) string { return fmt.Sprint(8101 + i) }

// recordOf is the one record of a caller.
func recordOf(t *testing.T, list []ctid.CallRecord, number string) *ctid.CallRecord {
	t.Helper()
	var found *ctid.CallRecord
	for i := range list {
		if list[i].ANI.E164 != ctid.Private(e164(number)) {
			continue
		}
		if found != nil {
			t.Errorf("caller %s has two records", number)
		}
		found = &list[i]
	}
	if found == nil || found.End == nil {
		t.Fatalf("caller %s has no record with an end", number)
	}
	return found
}

// closedAs awaits the end of a pop after the from-th frame and says why it was closed.
func (d *Desk) closedAs(from int) (why string, at int) {
	d.r.T.Helper()
	f, at := d.Event(from, "pop.closed")
	var body struct{ Why string }
	if err := json.Unmarshal(f.Data, &body); err != nil {
		d.r.T.Fatal(err)
	}
	return body.Why, at
}

// becomes awaits a state with a reason after the from-th frame.
func (d *Desk) becomes(from int, want string) {
	d.r.T.Helper()
	d.Await(from, "state "+want, func(f wsclient.Frame) bool {
		var v struct{ State, Reason string }
		if f.K != "event" || f.Type != "agent.state_changed" || json.Unmarshal(f.Data, &v) != nil {
			return false
		}
		return v.State == want || v.State+"("+v.Reason+")" == want
	})
}
