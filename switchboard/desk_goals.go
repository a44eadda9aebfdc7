package switchboard

import (
	"slices"
	"strings"

	"ctid"
	"ctid/phone"
)

// goal is a number of a dial or transfer step as the plan in force reads it: one of agent, endpoint, own, refused and failed
// is set.
type goal struct {
	to       string
	agent    ctid.AgentID // on duty: the core is asked
	endpoint string       // what is rung
	inside   bool         // it belongs to the centre
	own      *Route       // one of the centre's own numbers: its script has the caller
	number   string       // of own
	refused  string       // error.code: it must not be dialled
	failed   string       // error.code: there is no way to it
}

// Codes of a number that is not rung.
const (
	codeDialRefused = "dial.refused"     // neither dial_allow nor the step allows it
	codeNoRoute     = "dial.no_route"    // there is no way there
	codeUnreachable = "dial.unreachable" // a telephone that is not rung now
	codeMoves       = "limit.moves"      // the call has been sent to own numbers too often
)

// goals reads the numbers of a step. What a script was allowed when it was loaded is asked again: numbers may come from
// callers, and the rules may be others now.
func (d *desk) goals(k *call, to, allow []string) []goal {
	var all []goal
	seen := map[string]bool{}
	for _, raw := range to {
		if seen[raw] || len(all) >= mostRung {
			continue
		}
		seen[raw] = true
		g := d.goal(k, strings.TrimSpace(raw), allow)
		g.to = clip(raw, maxCallerNumber)
		all = append(all, g)
	}
	return all
}

func (d *desk) goal(k *call, raw string, allow []string) goal {
	if allow != nil && !d.allowedBy(raw, allow) {
		return goal{refused: codeDialRefused}
	}
	r, err := d.extension(reach{target: ctid.Target{Kind: "ext", ID: raw}}, raw)
	if err == nil && r.agent != "" {
		return d.agentGoal(r.agent)
	}
	if number, own := d.ownNumber(raw, r.number); own != nil {
		return goal{own: own, number: number, inside: true}
	}
	if err != nil {
		return goal{refused: codeDialRefused}
	}
	endpoint, bad := k.endpointFor(r.number)
	if bad != nil {
		return goal{failed: codeNoRoute}
	}
	return goal{endpoint: endpoint, inside: !strings.HasPrefix(r.number, "+")}
}

// allowedBy tells whether one of the step's own prefixes covers the number.
func (d *desk) allowedBy(raw string, allow []string) bool {
	n := phone.Parse(raw, d.plan.Country)
	return slices.ContainsFunc(allow, func(a string) bool {
		if a == "extensions" {
			return n.Kind == phone.Internal
		}
		return strings.HasPrefix(n.E164, a) || strings.HasPrefix(raw, a)
	})
}

// ownNumber is the route of one of the centre's own numbers, however it is written. Such a call never leaves by the trunk,
// to come in again.
func (d *desk) ownNumber(raw, dialled string) (string, *Route) {
	e164 := phone.Parse(raw, d.plan.Country).E164
	for _, n := range []string{raw, dialled, e164} {
		if n == "" {
			continue
		}
		if route, ok := d.plan.Routes.Route(n); ok {
			return n, &route
		}
	}
	return "", nil
}

// agentGoal is an agent's telephone. One who is not on duty is rung as any other extension, unless his telephone answers by
// itself: nobody would be there.
func (d *desk) agentGoal(agent ctid.AgentID) goal {
	v, known := d.core.AgentView(agent)
	if known && v.State != ctid.Out {
		return goal{agent: agent, inside: true}
	}
	dev, ok := d.deviceOf(agent)
	if !ok || dev.answers() {
		return goal{failed: codeUnreachable, inside: true}
	}
	return goal{endpoint: dev.Endpoint, inside: true}
}
