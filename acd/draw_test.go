package acd

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"ctid"
)

// Ways to mix media, and agents who work in them.
var (
	blends = [][]Medium{nil, {{Name: ctid.Voice, Weight: 40, Blocks: []ctid.Medium{blocksNone}}, {Name: ctid.Chat, Weight: 30}},
		{{Name: ctid.Chat, Max: 2, Blocks: []ctid.Medium{ctid.Email}}, {Name: ctid.Voice, Weight: 100, Blocks: []ctid.Medium{blocksNone}}}}
	workers = [][]Slots{nil, nil, {{Medium: ctid.Voice}}, {{Medium: ctid.Voice}, {Medium: ctid.Chat, Max: 2}}, {{Medium: ctid.Chat}},
		{{Medium: ctid.Email, Max: 1}, {Medium: ctid.Chat, Max: 2}}, {{Medium: ctid.Voice}, {Medium: ctid.Email}, {Medium: ctid.Chat}}}
)

// What queues want of agents, how they loosen it, what agents can, and who counts as there.
var (
	wants      = [][]Need{nil, nil, {{"claims", 3}}, {{"en", 0}, {"claims", 1}}}
	loosenings = [][]Step{nil, nil, {{After: 10 * time.Second, Needs: &[]Need{{"claims", 1}}}, {After: 20 * time.Second, Needs: new([]Need)}},
		{{MaxRank: 1}, {After: 15 * time.Second}}}
	talents = [][]Skill{nil, {{"claims", 5}}, {{"claims", 0}, {"en", 2}}}
	empties = [][]string{nil, nil, nil, {"out"}, {"paused", "unreachable"}, {"paused", "talking", "wrapup", "reserved"}}
)

// size is how large a centre may be drawn.
type size struct{ agents, queues, tasks int }

// small is so that things meet.
var small = size{agents: 6, queues: 4, tasks: 12}

// drawConfig makes a small centre.
func drawConfig(t *rapid.T) Config { return small.config(t) }

// config makes a centre of at most that size.
func (z size) config(t *rapid.T) Config {
	sec := func(name string, max int) time.Duration {
		return time.Duration(rapid.IntRange(0, max).Draw(t, name)) * time.Second
	}
	cfg := Config{Epoch: rapid.SampledFrom([]string{"A", "B"}).Draw(t, "epoch"), WrapMax: sec("wrap max", 90), DeskGrace: sec("grace", 20),
		PauseReserved: rapid.SampledFrom([]string{"", "revoke"}).Draw(t, "pause reserved")}
	if rapid.Bool().Draw(t, "codes") {
		cfg.Pauses = []Pause{{"lunch", sec("quota", 40)}, {"training", 0}, {"something new", 0}}
	}
	cfg.Media = rapid.SampledFrom(blends).Draw(t, "blending")
	var ids []ctid.QueueID
	for i := range rapid.IntRange(1, z.queues).Draw(t, "queues") {
		q := Queue{ID: z.queue(t), Ring: sec("ring", 15), Wrap: sec("wrap", 20),
			RONA: rapid.SampledFrom([]string{"", "pause", "retry", "none"}).Draw(t, "rona"), MaxMisses: rapid.IntRange(0, 3).Draw(t, "misses"),
			Extends: rapid.IntRange(0, 2).Draw(t, "extends"), Rejected: rapid.SampledFrom([]string{"", "pause"}).Draw(t, "rejected"),
			Medium: rapid.SampledFrom([]ctid.Medium{"", ctid.Voice, ctid.Chat, ctid.Email}).Draw(t, "medium"),
			Weight: rapid.SampledFrom([]int{0, 0, 5}).Draw(t, "weight"), Share: rapid.IntRange(0, 3).Draw(t, "share"),
			Strategy: rapid.SampledFrom(append([]string{"", ""}, Strategies()...)).Draw(t, "strategy"),
			Needs:    rapid.SampledFrom(wants).Draw(t, "needs"), Steps: rapid.SampledFrom(loosenings).Draw(t, "steps"),
			AgeFrom:   rapid.SampledFrom([]string{"", "call"}).Draw(t, "age"),
			JoinEmpty: rapid.SampledFrom(empties).Draw(t, "join empty"), LeaveEmpty: rapid.SampledFrom(empties).Draw(t, "leave empty"),
			DivertWait: sec("divert", 40), DivertRatio: rapid.SampledFrom([]float64{0, 0, 1.5}).Draw(t, "ratio"), AtMost: sec("moved", 30),
			Resume: sec("resume", 60), MaxWaiting: rapid.IntRange(0, 6).Draw(t, "room"), Priority: rapid.SampledFrom([]int{0, 20, 80}).Draw(t, "priority")}
		if slices.Contains(ids, q.ID) {
			continue
		}
		q.ForceCode = q.Wrap > 0 && i%2 == 0
		ids = append(ids, q.ID)
		cfg.Queues = append(cfg.Queues, q)
	}
	drawOverflows(t, &cfg)
	cfg.Skills = []string{"claims", "en"}
	cfg.Next = rapid.SampledFrom(append([]string{""}, Nexts()...)).Draw(t, "next")
	cfg.PointWorth = rapid.SampledFrom([]time.Duration{0, 0, time.Second}).Draw(t, "point")
	cfg.Seed = 7
	for i := range rapid.IntRange(1, z.agents).Draw(t, "agents") {
		if rapid.IntRange(0, 9).Draw(t, "absent") == 0 {
			continue
		}
		a := Agent{ID: ctid.AgentID(fmt.Sprintf("a%d", i)), Desk: rapid.SampledFrom([]ctid.DeskRule{"", ctid.DeskOptional, ctid.DeskNone}).Draw(t, "desk"),
			Media: rapid.SampledFrom(workers).Draw(t, "media"), Skills: rapid.SampledFrom(talents).Draw(t, "skills")}
		for _, q := range ids {
			if rapid.Bool().Draw(t, "serves") {
				a.Queues = append(a.Queues, Membership{q, rapid.IntRange(0, 2).Draw(t, "rank"), rapid.IntRange(0, 3).Draw(t, "weight")})
			}
		}
		cfg.Agents = append(cfg.Agents, a)
	}
	return cfg
}

// drawOverflows lets tasks go from a queue to one that stands after it, so that there are no loops.
func drawOverflows(t *rapid.T, cfg *Config) {
	for i := range cfg.Queues {
		q := &cfg.Queues[i]
		for _, to := range cfg.Queues[i+1:] {
			if rapid.IntRange(0, 2).Draw(t, "overflows") > 0 || cmp.Or(to.Medium, ctid.Voice) != cmp.Or(q.Medium, ctid.Voice) {
				continue
			}
			on := rapid.SampledFrom(append([]ctid.QueueExit{""}, overflowing...)).Draw(t, "on")
			o := Overflow{On: on, To: to.ID}
			if on == "" {
				o.After = time.Duration(rapid.IntRange(1, 30).Draw(t, "after")) * time.Second
			}
			q.Overflow = append(q.Overflow, o)
		}
	}
}

// crowd draws events; most make sense, since it knows the offers, wrap-ups and conversations there are.
type crowd struct {
	size
	offers []ctid.OfferID
	wraps  []ctid.WrapID
	talks  []ctid.TaskID
}

// queue is one of those that there may be, or one that there is not.
func (z size) queue(t *rapid.T) ctid.QueueID {
	return ctid.QueueID(fmt.Sprintf("q%d", rapid.IntRange(0, z.queues+1).Draw(t, "queue")))
}

func (c *crowd) saw(cmds []Command) {
	for _, cmd := range cmds {
		switch x := cmd.(type) {
		case MakeOffer:
			c.offers = append(c.offers, x.Offer)
			c.talks = append(c.talks, x.Task)
		case AgentChanged:
			if x.View.Wrap != nil {
				c.wraps = append(c.wraps, x.View.Wrap.ID)
			}
		}
	}
}

func late[T any](t *rapid.T, list []T, name string, bogus T) T {
	if len(list) == 0 || rapid.IntRange(0, 19).Draw(t, "bogus "+name) == 0 {
		return bogus
	}
	back := min(rapid.IntRange(0, 5).Draw(t, name), len(list)-1)
	return list[len(list)-1-back]
}

func (c *crowd) draw(t *rapid.T, now time.Time) Event {
	agent := ctid.AgentID(fmt.Sprintf("a%d", rapid.IntRange(0, c.agents).Draw(t, "agent")))
	task := ctid.TaskID(fmt.Sprintf("c%d", rapid.IntRange(0, c.tasks).Draw(t, "task")))
	by := ctid.By{Kind: "agent", ID: string(agent)}
	yes := rapid.IntRange(0, 3).Draw(t, "yes") > 0
	reason := rapid.SampledFrom([]string{"", "lunch", "training"}).Draw(t, "reason")
	switch n := rapid.IntRange(0, 67).Draw(t, "event"); {
	case n < 3:
		return AgentLogin{agent, by}
	case n < 4:
		return AgentLogout{agent, by}
	case n < 9:
		return AgentReady{agent, by}
	case n < 10:
		return AgentPause{agent, reason, by}
	case n < 11:
		return AgentCancelNext{agent, by}
	case n < 14:
		then := rapid.SampledFrom([]ctid.AgentState{"", ctid.Ready, ctid.Paused, ctid.Out, ctid.Talking}).Draw(t, "then")
		return WrapUpDone{agent, late(t, c.wraps, "wrap", "w_9"), yes, then, reason, by}
	case n < 16:
		return DeskChanged{agent, yes, rapid.Bool().Draw(t, "seen")}
	case n < 19:
		return DeviceChanged{agent, yes}
	case n < 26:
		return c.drawEnqueue(t, now, task, agent)
	case n < 27:
		return Leave{task, rapid.SampledFrom(append([]ctid.QueueExit{"", "nonsense"}, ctid.QueueExits...)).Draw(t, "exit"), ctid.By{}}
	case n < 29:
		return TaskGone{task}
	case n < 34:
		return OfferUp{late(t, c.offers, "offer", "o_9")}
	case n < 37:
		return OfferFailed{late(t, c.offers, "offer", "o_9"), rapid.SampledFrom([]string{"rejected", "busy", "unreachable", "failed", "odd"}).Draw(t, "why")}
	case n < 42:
		return WorkEnded{agent, late(t, c.talks, "talk", "c9"), !yes, rapid.Bool().Draw(t, "dropped")}
	case n < 43:
		return Reconfigure{c.config(t)}
	case n < 44:
		return Restarted{}
	case n < 48:
		return LegGone{agent, late(t, c.offers, "offer", "o_9")}
	case n < 50:
		return Tick{}
	default:
		return c.drawDirect(t, n, agent, task, by)
	}
}

// drawDirect makes one of the events about work that comes past the queues.
func (c *crowd) drawDirect(t *rapid.T, n int, agent ctid.AgentID, task ctid.TaskID, by ctid.By) Event {
	doing := rapid.SampledFrom([]ctid.Doing{ctid.DoingTalk, ctid.DoingHold, ctid.DoingConsult}).Draw(t, "doing")
	queue := c.queue(t)
	switch {
	case n < 53:
		return Direct{task, agent, rapid.SampledFrom([]ctid.OfferKind{"", ctid.OfferConsult, ctid.OfferTransfer}).Draw(t, "kind"), 0, by}
	case n < 54 && task < "c5":
		return Pick{late(t, c.talks, "talk", "c9"), agent, by}
	case n < 54:
		return Revoke{late(t, c.offers, "offer", "o_9"), ""}
	case n < 56:
		return WorkBegun{agent, task, queue, doing, by}
	case n < 57:
		return WorkOwned{agent, late(t, c.talks, "talk", "c9"), queue}
	case n < 58:
		return WorkDoing{agent, late(t, c.talks, "talk", "c9"), doing, by}
	case n < 59:
		return ExtendWrapUp{agent, late(t, c.wraps, "wrap", "w_9"), time.Duration(rapid.IntRange(0, 60).Draw(t, "for")) * time.Second, by}
	case n < 60:
		return SetDevice{agent, rapid.SampledFrom([]string{"", "home"}).Draw(t, "device"), by}
	case n < 63:
		return Move{task, c.queue(t), by}
	case n < 64:
		return Prioritise{task, rapid.IntRange(-1, 101).Draw(t, "to"), by}
	case n < 65:
		return TakeCallback{Task: task, As: ctid.TaskID(fmt.Sprintf("c%d", rapid.IntRange(0, c.tasks).Draw(t, "as"))),
			Ahead: rapid.Bool().Draw(t, "ahead"), Late: rapid.Bool().Draw(t, "late")}
	case n < 66:
		return OnLine{task}
	case n < 70:
		return WaitTold{task}
	default:
		return ForceState{agent, rapid.SampledFrom([]ctid.AgentState{ctid.Ready, ctid.Paused, ctid.Out, ctid.Talking}).Draw(t, "force"),
			rapid.SampledFrom([]string{"", "lunch"}).Draw(t, "why"), rapid.Bool().Draw(t, "hard"), ctid.By{Kind: "supervisor", ID: "sam"}}
	}
}

func (c *crowd) drawEnqueue(t *rapid.T, now time.Time, task ctid.TaskID, agent ctid.AgentID) Event {
	e := Enqueue{Task: task, Queue: c.queue(t),
		Priority: rapid.IntRange(-1, 101).Draw(t, "priority"), Entered: now.Add(time.Duration(rapid.IntRange(-100, 10).Draw(t, "entered")) * time.Second),
		AtMost: time.Duration(rapid.IntRange(0, 30).Draw(t, "at most")) * time.Second, Callback: rapid.IntRange(0, 9).Draw(t, "callback") == 0, Again: rapid.IntRange(0, 4).Draw(t, "again") == 0}
	if rapid.IntRange(0, 2).Draw(t, "sticky") == 0 {
		e.Prefer, e.PreferFor = agent, time.Duration(rapid.IntRange(0, 20).Draw(t, "prefer for"))*time.Second
	}
	if rapid.IntRange(0, 3).Draw(t, "arrived") == 0 {
		e.Arrived = e.Entered.Add(-time.Minute)
	}
	e.Ahead, e.Caller = rapid.Bool().Draw(t, "ahead"), rapid.SampledFrom([]string{"", "k1", "k2"}).Draw(t, "caller")
	e.Needs = rapid.SampledFrom(append(wants, []Need{{"nonsense", 1}})).Draw(t, "own needs")
	return e
}
