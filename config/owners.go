package config

import (
	"hash/fnv"

	"ctid"
	"ctid/acd"
	"ctid/phone"
)

// ACD is the configuration of the distributor. Epoch goes into the ids it makes and seeds it, so that a replay of the
// epoch decides the same.
func (c *Config) ACD(epoch string) acd.Config {
	h := fnv.New64a()
	h.Write([]byte(epoch))
	out := acd.Config{Epoch: epoch, Seed: h.Sum64(), DeskGrace: c.Seat.Grace.D(), WrapMax: c.Seat.WrapMax.D(), PauseReserved: c.Seat.Reserved}
	for _, p := range c.PauseCodes {
		out.Pauses = append(out.Pauses, acd.Pause{Code: p.Name, Quota: p.Quota.D()})
	}
	for _, m := range c.Blending {
		x := acd.Medium{Name: ctid.Medium(m.Name), Max: m.Max, Weight: m.Weight}
		for _, b := range m.Blocks {
			x.Blocks = append(x.Blocks, ctid.Medium(b))
		}
		out.Media = append(out.Media, x)
	}
	out.Skills, out.Next, out.PointWorth = c.Skills, c.Routing.Next, c.Routing.PointWorth.D()
	for _, q := range c.Queues {
		x := acd.Queue{
			ID: ctid.QueueID(q.Name), Name: or(q.Label, q.Name), Strategy: q.Strategy,
			Ring: q.Ring.D(), Wrap: q.WrapUp.D(), ForceCode: q.Disposition == "forced",
			RONA: q.rona(), RetryGap: q.RetryGap.D(), MaxMisses: q.MaxMisses, RejectGap: q.RejectGap.D(),
			Medium: ctid.Medium(q.Medium), Extends: q.Extends, Rejected: q.Rejected,
			MaxWaiting: q.MaxWaiting, Priority: q.Priority,
		}
		q.route(&x)
		out.Queues = append(out.Queues, x)
	}
	for _, a := range c.Agents {
		x := acd.Agent{ID: ctid.AgentID(a.Name), Desk: ctid.DeskRule(a.Desk), Skills: skillsOf(a.Skills)}
		for _, m := range a.Media {
			x.Media = append(x.Media, acd.Slots{Medium: ctid.Medium(m.Name), Max: m.Max})
		}
		for _, m := range ranked(a.Queues) {
			x.Queues = append(x.Queues, acd.Membership{Queue: ctid.QueueID(m.Name), Rank: m.Rank, Weight: m.Weight})
		}
		out.Agents = append(out.Agents, x)
	}
	return out
}

// DialRules are the rules of dial_allow, for scripts, desktops and phones alike.
func (c *Config) DialRules() (phone.Rules, error) {
	return phone.NewRules(c.Numbering.Country, c.DialAllow)
}
