package switchboard

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/ari/aritest"
)

// rungScript is a script of one step, with a node for each of its outcomes.
func rungScript(step string) string {
	s := "version: 1\nvars: {number: text = \"" + outsider + "\"}\nprompts: {tell: A call from the front desk., missing: It is not there.}\nnodes:\n  a: {" + step + ", then: {answered: answered, busy: busy, no_answer: no_answer, failed: failed, error: refused}}\n"
	for _, n := range []string{"answered", "busy", "no_answer", "failed", "refused"} {
		s = strings.Replace(s, "prompts: {", "prompts: {"+n+": It was "+n+"., ", 1)
		s += "  " + n + ": [{play: " + n + "}, {hangup: normal}]\n"
	}
	return s
}

// second is another number outside.
const second = "+442079460002"

// others lets the numbers outside behave as said; the rest is wrong.
func (c *centre) others(of map[string]aritest.Behaviour) {
	c.pbx.OnCall(func(d aritest.Dialled) aritest.Behaviour {
		if b, ok := of[d.Number]; ok {
			return b
		}
		return aritest.Refuses(0, 404)
	})
}

// tries says whom the script rang, and what became of it: "+44… busy".
func tries(r *ctid.CallRecord) (out []string) {
	for _, p := range r.Parties {
		out = append(out, string(p.To)+" "+p.Outcome)
	}
	return out
}

// lastNode is where the script ended.
func lastNode(r *ctid.CallRecord) string {
	if n := len(r.IVR.Path); n > 0 {
		return r.IVR.Path[n-1].Node
	}
	return ""
}

// ignores rings and is never answered.
func ignores() aritest.Behaviour { return aritest.Behaviour{Do: aritest.Ignore} }

// Every way in which those who are rung do not take the call leads to its outcome, and leaves nothing behind.
func TestDialComesToNothing(t *testing.T) {
	both := fmt.Sprintf("[\"%s\", \"%s\"]", outsider, second)
	type of = map[string]aritest.Behaviour
	cases := []struct {
		name, step string
		phones     of
		node       string
		tries      []string
		took       time.Duration
	}{
		{"busy", "dial: {to: X}", of{outsider: aritest.Refuses(time.Second, 486)}, "busy", []string{"X busy"}, 2 * time.Second},
		{"refused by the one who is rung", "dial: {to: X}", of{outsider: aritest.Refuses(time.Second, 603)}, "busy", []string{"X busy"}, 2 * time.Second},
		{"nobody answers", "dial: {to: X, ring: 5s}", of{outsider: ignores()}, "no_answer", []string{"X no_answer"}, 6 * time.Second},
		{"the network gives up first", "dial: {to: X}", of{outsider: aritest.Refuses(4*time.Second, 480)}, "no_answer", []string{"X no_answer"}, 5 * time.Second},
		{"wrong number", "dial: {to: X}", nil, "failed", []string{"X failed"}, time.Second},
		{"out of order", "dial: {to: X}", of{outsider: aritest.Refuses(time.Second, 503)}, "failed", []string{"X failed"}, 2 * time.Second},
		{"a country that may not be dialled", `dial: {to: "+85212345678"}`, nil, "refused", []string{"+85212345678 refused"}, time.Second},
		{"premium", `dial: {to: "+449012345678"}`, nil, "refused", []string{"+449012345678 refused"}, time.Second},
		{"a number from data beside the step's own list", `dial: {to: "=vars.number", allow: ["+4420794601"]}`, of{outsider: aritest.AnswerAfter(0)}, "refused", []string{}, time.Second},
		{"an extension from data beside the step's list", `dial: {to: "=right(vars.number, 4)", allow: ["+44"]}`, nil, "refused", []string{}, time.Second},
		{"the centre's own number", `dial: {to: "8001"}`, nil, "failed", []string{"8001 failed"}, time.Second},
		{"an extension nobody has", `dial: {to: "1999"}`, nil, "failed", []string{"1999 failed"}, time.Second},
		{"together, one busy and one silent", "dial: {to: " + both + ", ring: 5s}", of{outsider: aritest.Refuses(time.Second, 486), second: ignores()}, "no_answer",
			[]string{"X busy", "Y no_answer"}, 6 * time.Second},
		{"in turn, silent and then busy", "dial: {to: " + both + ", order: in_turn, ring: 5s}", of{outsider: ignores(), second: aritest.Refuses(time.Second, 486)}, "no_answer",
			[]string{"X no_answer", "Y busy"}, 7 * time.Second},
		{"one forbidden, one busy", `dial: {to: ["+85212345678", X]}`, of{outsider: aritest.Refuses(time.Second, 486)}, "busy", []string{"+85212345678 refused", "X busy"}, 2 * time.Second},
		{"the same twice is rung once", "dial: {to: [X, X], ring: 5s}", of{outsider: ignores()}, "no_answer", []string{"X no_answer"}, 6 * time.Second},
		{"whoever answers does not press 1", "dial: {to: X, screen: true}", of{outsider: aritest.AnswerAfter(time.Second)}, "no_answer", []string{"X no_answer"}, 32 * time.Second},
		{"transfer busy", "transfer: {to: X}", of{outsider: aritest.Refuses(time.Second, 486)}, "busy", []string{"X busy"}, 2 * time.Second},
		{"transfer to nobody", "transfer: {to: X, ring: 5s}", of{outsider: ignores()}, "no_answer", []string{"X no_answer"}, 6 * time.Second},
		{"transfer failed", "transfer: {to: X}", nil, "failed", []string{"X failed"}, time.Second},
		{"transfer forbidden", `transfer: {to: "+85212345678"}`, nil, "refused", []string{"+85212345678 refused"}, time.Second},
	}
	names := strings.NewReplacer("X", outsider, "Y", second)
	for _, x := range cases {
		t.Run(x.name, func(t *testing.T) {
			inCentre(t, rungScript(strings.ReplaceAll(x.step, "X", `"`+outsider+`"`)), func(t *testing.T, c *centre) {
				c.others(x.phones)
				p := c.pbx.Call(caller)
				c.settle(x.took + 500*time.Millisecond)
				if !slices.ContainsFunc(p.Heard(), func(h string) bool { return h == "sound:"+x.node }) {
					t.Errorf("after %v the caller has heard %v, and not %s", x.took, p.Heard(), x.node)
				}
				rec := c.clean(1)[0]
				want := make([]string, len(x.tries))
				for i, s := range x.tries {
					want[i] = names.Replace(s)
				}
				if got := tries(rec); !slices.Equal(got, want) || lastNode(rec) != x.node {
					t.Errorf("tried %v and went to %s, want %v and %s", got, lastNode(rec), want, x.node)
				}
			})
		})
	}
}

// What a script may dial is asked again when it dials: the rules may be others by then, and numbers come from callers.
func TestGoals(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.ready("ana")
		for _, x := range []struct {
			to    string
			allow []string
			want  string
		}{
			{outsider, nil, "rings PJSIP/" + outsider + "@carrier"},
			{"020 7946 0777", nil, "rings PJSIP/" + outsider + "@carrier"},
			{"020 7946 0777", []string{"+4420"}, "rings PJSIP/" + outsider + "@carrier"},
			{"02079460777", []string{"020"}, "rings PJSIP/" + outsider + "@carrier"},
			{outsider, []string{"+4430"}, "refused"},
			{outsider, []string{}, "refused"},
			{"1999", []string{"extensions"}, "rings PJSIP/1999"},
			{"1999", []string{"+44"}, "refused"},
			{"1001", nil, "agent ana"},
			{"1002", nil, "rings PJSIP/1002"}, // ben is not on duty
			{"1001", []string{"+44"}, "refused"},
			{"+85212345678", nil, "refused"},
			{"+85212345678", []string{"+852"}, "refused"},
			{"+449012345678", nil, "refused"}, // premium
			{"1001&1002", nil, "refused"},
			{"1001@evil", []string{"extensions"}, "refused"},
			{"${EXTEN}", nil, "refused"},
			{"", nil, "refused"},
			{"8001", nil, "own 8001"},
		} {
			var g goal
			if err := c.sb.ask(t.Context(), func(time.Time) { g = c.sb.desk.goal(&call{sb: c.sb, node: c.sb.cfg.Nodes[0]}, x.to, x.allow) }); err != nil {
				t.Fatal(err)
			}
			got := "rings " + g.endpoint
			switch {
			case g.refused != "":
				got = "refused"
			case g.agent != "":
				got = "agent " + string(g.agent)
			case g.own != nil:
				got = "own " + g.number
			}
			if got != x.want {
				t.Errorf("%q under %v: %s, want %s", x.to, x.allow, got, x.want)
			}
		}
	})
}
