package acd

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"ctid"
)

// This file has which media an agent works in, and what of them he may be offered. The call that he has stands in the agent
// himself; an agent who works in voice alone has nothing of what is here.

// maxWeight is how much work an agent can have.
const maxWeight = 100

// The words of Medium.Blocks beside media.
const (
	blocksAll  ctid.Medium = "all"
	blocksNone ctid.Medium = "none"
)

// mixed is an agent's work in media other than voice.
type mixed struct {
	slots []*slot // by medium; voice is among them for an agent who takes calls
	items []*item // in the order they came
	voice bool    // he takes calls
	shown look    // of one who takes none
}

// slot is an agent's places for work of one medium.
type slot struct {
	medium ctid.Medium
	max    int // 0: none any more
	weight int
	blocks []ctid.Medium
	paused string    // why he is offered none; empty: he may be
	idle   time.Time // since when nothing of it came to him
	until  time.Time // not offered anything before this
	misses int       // offers missed in a row
	inFree bool      // stands in the free lists of his queues of this medium
	gap    timer     // slotGap
}

// look is the state that others see of an agent who takes no calls.
type look struct {
	State  ctid.AgentState
	Since  time.Time
	Was    ctid.AgentState
	Lasted time.Duration
}

// rules are how work of a medium is mixed, with every default filled in.
func (c *Config) rules(name ctid.Medium) Medium {
	m := Medium{Name: name}
	for _, x := range c.Media {
		if x.Name == name {
			m = x
			break
		}
	}
	m.Max = cmp.Or(m.Max, map[ctid.Medium]int{ctid.Voice: 1, ctid.Chat: 3, ctid.Email: 5}[name])
	m.Weight = cmp.Or(m.Weight, maxWeight/m.Max)
	if m.Blocks == nil && name == ctid.Voice {
		m.Blocks = []ctid.Medium{blocksAll}
	}
	return m
}

// takesCalls tells whether a works in voice.
func (a *agent) takesCalls() bool { return a.media == nil || a.media.voice }

// hasItems tells whether a has work other than a call.
func (a *agent) hasItems() bool { return a.media != nil && len(a.media.items) > 0 }

// occupied tells whether a has work of any medium in hand, so that he cannot go.
func (a *agent) occupied() bool { return a.busy() || a.hasItems() }

// working tells whether the state that others see is one of work, after which a state he asks for begins.
func (a *agent) working() bool { return a.busy() || a.hasItems() && !a.media.voice }

func (x *mixed) slot(m ctid.Medium) *slot {
	for _, sl := range x.slots {
		if sl.medium == m {
			return sl
		}
	}
	return nil
}

// blocked tells whether work of this medium keeps the other away.
func (sl *slot) blocked(other ctid.Medium) bool {
	return sl.medium != other && (slices.Contains(sl.blocks, blocksAll) || slices.Contains(sl.blocks, other))
}

// hasRoom tells whether one more piece of work of sl fits beside what a has.
func (a *agent) hasRoom(sl *slot) bool {
	used, weight := 1, sl.weight
	fits := true
	count := func(has *slot) {
		if has == nil { // the medium of a call that he had when he still took calls
			return
		}
		if has == sl {
			used++
		}
		weight += has.weight
		fits = fits && !has.blocked(sl.medium)
	}
	if a.busy() {
		count(a.media.slot(ctid.Voice))
	}
	for _, it := range a.media.items {
		count(a.media.slot(it.medium))
	}
	return fits && used <= sl.max && weight <= maxWeight
}

// stays tells whether a wants more work: he has not asked to go or to pause.
func (a *agent) stays() bool { return !a.removed && (a.next == nil || a.next.State == ctid.Ready) }

// mayTakeCall tells whether the rest of a's work leaves room for a call of a queue.
func (a *agent) mayTakeCall() bool {
	sl := a.media.slot(ctid.Voice)
	return a.media.voice && a.stays() && a.hasRoom(sl)
}

// mayTake tells whether a may be offered another piece of work of sl now. He is offered one thing at a time.
func (s *State) mayTake(a *agent, sl *slot) bool {
	st := a.stateShown()
	return (st == ctid.Ready || st == ctid.Talking) && a.stays() && !a.held && a.deskOK() && sl.paused == "" && !sl.until.After(s.now) &&
		!a.media.offered() && a.hasRoom(sl)
}

// mix brings the free lists in line with what a may be offered.
func (s *State) mix(a *agent) {
	call := a.state == ctid.Ready && !a.held && a.line == "" && !a.until.After(s.now) && a.mayTakeCall()
	switch {
	case call && !a.inFree:
		s.listCall(a)
	case !call && a.inFree:
		s.unlistCall(a)
	}
	for _, sl := range a.media.slots {
		if sl.medium == ctid.Voice {
			continue
		}
		switch free := s.mayTake(a, sl); {
		case free && !sl.inFree:
			sl.inFree = true
			for _, m := range a.serves {
				if m.queue.cfg.Medium == sl.medium {
					s.listIn(m, sl.idle, sl.idle)
				}
			}
		case !free && sl.inFree:
			s.unlistSlot(a, sl)
		}
	}
}

func (s *State) unlistSlot(a *agent, sl *slot) {
	sl.inFree = false
	for _, m := range a.serves {
		if m.queue.cfg.Medium == sl.medium {
			s.unlistIn(m)
		}
	}
}

// unmix takes a out of every free list but those of calls.
func (s *State) unmix(a *agent) {
	for _, sl := range a.media.slots {
		if sl.inFree {
			s.unlistSlot(a, sl)
		}
	}
}

// rest lets a be offered nothing of sl for a while.
func (s *State) rest(sl *slot, gap time.Duration) {
	sl.until = s.now.Add(gap)
	s.timers.set(&sl.gap, sl.until)
}

// restOver finds the slot of a timer, and lets its agent be offered work of it again.
func (s *State) restOver(id string) {
	medium, agent, _ := strings.Cut(id, " ")
	a := s.agents[ctid.AgentID(agent)]
	a.media.slot(ctid.Medium(medium)).until = time.Time{}
	s.mix(a)
}

// fresh ends the pauses of single media.
func (s *State) fresh(a *agent) {
	if a.media == nil {
		return
	}
	for _, sl := range a.media.slots {
		sl.paused, sl.misses, sl.until = "", 0, time.Time{}
		s.timers.stop(&sl.gap)
	}
}

// pausedMedia is why a is offered nothing of any medium; empty: there is one that he may be offered.
func (x *mixed) pausedMedia() (why string) {
	for _, sl := range x.slots {
		if sl.paused == "" && sl.max > 0 {
			return ""
		}
		why = cmp.Or(why, sl.paused)
	}
	return why
}

// anyPaused tells whether saying ready would end the pause of a medium.
func (x *mixed) anyPaused() bool {
	return slices.ContainsFunc(x.slots, func(sl *slot) bool { return sl.paused != "" })
}

// wantsLess tells whether a, who is ready, is offered less than all he could be, by his own wish or for what he did.
func (a *agent) wantsLess() bool { return a.media != nil && (a.next != nil || a.media.anyPaused()) }

// anyWrap tells whether a is writing up work for which it holds.
func (a *agent) anyWrap(holds func(*ctid.Wrap) bool) bool {
	if a.state == ctid.WrapUp && holds(a.wrap) {
		return true
	}
	return a.media != nil && slices.ContainsFunc(a.media.items, func(it *item) bool { return it.wrap != nil && holds(it.wrap) })
}

// stateShown is the state that others see: that of his call, else, if he takes none, that of his strongest work.
func (a *agent) stateShown() ctid.AgentState {
	if a.busy() || a.takesCalls() {
		return a.state
	}
	st := a.state
	for _, it := range a.media.items {
		switch {
		case it.state == ctid.ItemActive:
			return ctid.Talking
		case it.state == ctid.ItemOffered:
			st = ctid.Reserved
		case st != ctid.Reserved:
			st = ctid.WrapUp
		}
	}
	return st
}

// reshow notes since when others see what they see of an agent who takes no calls.
func (s *State) reshow(a *agent) {
	x := &a.media.shown
	if st := a.stateShown(); st != x.State {
		*x = look{State: st, Since: s.now, Was: x.State, Lasted: s.sinceThen(x.Since)}
	}
}

// show adds to the view of an agent what he has beside his call.
func (x *mixed) show(v *ctid.AgentView) {
	if !x.voice {
		v.State, v.Since, v.Was, v.WasMS = x.shown.State, x.shown.Since, x.shown.Was, x.shown.Lasted.Milliseconds()
		if v.State != ctid.Paused {
			v.Reason = ""
		}
		v.Media.Voice = ctid.SlotUse{Used: v.Media.Voice.Used}
	}
	for _, sl := range x.slots {
		if u := v.Media.Of(sl.medium); sl.medium != ctid.Voice {
			u.Max, u.Paused = sl.max, sl.paused
		}
	}
	for _, it := range x.items {
		v.Media.Of(it.medium).Used++
		v.Work = append(v.Work, it.view())
	}
}

// installMedia gives a his configured media. Work of a medium that he has no longer is finished.
func (s *State) installMedia(a *agent, want []Slots) {
	if !a.hasItems() && (len(want) == 0 || len(want) == 1 && want[0].Medium == ctid.Voice) {
		s.voiceAlone(a)
		return
	}
	if len(want) == 0 {
		want = []Slots{{Medium: ctid.Voice}}
	}
	calls := slices.ContainsFunc(want, func(w Slots) bool { return w.Medium == ctid.Voice })
	if a.media == nil {
		a.media = &mixed{voice: true}
	}
	x := a.media
	if x.voice && !calls {
		x.shown = look{State: a.state, Since: a.since, Was: a.was, Lasted: a.lasted}
	}
	if !x.voice && calls {
		s.shownAgain(a)
	}
	x.voice = calls
	before := x.slots
	x.slots = nil
	for _, w := range want {
		x.slots = append(x.slots, s.installSlot(a, find(before, w.Medium), w))
	}
	for _, sl := range before {
		used := slices.ContainsFunc(x.items, func(it *item) bool { return it.medium == sl.medium })
		switch {
		case find(x.slots, sl.medium) != nil:
		case used:
			sl.max = 0
			x.slots = append(x.slots, sl)
		default:
			s.timers.stop(&sl.gap)
		}
	}
	slices.SortFunc(x.slots, func(a, b *slot) int { return cmp.Compare(a.medium, b.medium) })
}

func find(slots []*slot, m ctid.Medium) *slot {
	x := mixed{slots: slots}
	return x.slot(m)
}

func (s *State) installSlot(a *agent, sl *slot, w Slots) *slot {
	if sl == nil {
		sl = newSlot(a.id, w.Medium)
		sl.idle = s.now
	}
	r := s.cfg.rules(w.Medium)
	sl.max, sl.weight, sl.blocks = cmp.Or(w.Max, r.Max), r.Weight, r.Blocks
	return sl
}

func newSlot(a ctid.AgentID, m ctid.Medium) *slot {
	return &slot{medium: m, gap: timer{kind: slotGap, id: string(m) + " " + string(a)}}
}

// voiceAlone lets a work in voice and nothing else.
func (s *State) voiceAlone(a *agent) {
	if a.media == nil {
		return
	}
	if !a.media.voice {
		s.shownAgain(a)
	}
	for _, sl := range a.media.slots {
		s.timers.stop(&sl.gap)
	}
	a.media = nil
}

// shownAgain: others see the state of a's voice slot from now on, and saw another before.
func (s *State) shownAgain(a *agent) {
	x := a.media.shown
	if x.State == a.state {
		a.was, a.lasted, a.since = x.Was, x.Lasted, x.Since
		return
	}
	a.was, a.lasted, a.since = x.State, s.sinceThen(x.Since), s.now
}
