package acd

import (
	"fmt"
	"slices"

	"ctid"
)

// restoreMixed puts back an agent's work in several media. Offers of it come with the others.
func (s *State) restoreMixed(a *agent, sn *mixedSnap) error {
	x := &mixed{voice: sn.Voice, shown: sn.Shown}
	a.media = x
	for _, ss := range sn.Slots {
		sl := newSlot(a.id, ss.Medium)
		sl.max, sl.weight, sl.blocks, sl.paused, sl.idle, sl.until, sl.misses = ss.Max, ss.Weight, slices.Clone(ss.Blocks), ss.Paused, ss.Idle, ss.Until, ss.Misses
		s.rearm(&sl.gap, ss.Until)
		x.slots = append(x.slots, sl)
	}
	for _, is := range sn.Items {
		it := &item{agent: a, medium: is.Medium, work: is.Work.work(), state: is.State, since: is.Since, wrap: is.Wrap, wrapFrom: is.WrapFrom}
		if x.slot(it.medium) == nil || it.wrap == nil != (it.state != ctid.ItemWrapUp) {
			return fmt.Errorf("acd: the snapshot's agent %q cannot have %s on %s", a.id, it.work.task, it.medium)
		}
		if it.wrap != nil {
			it.wrapEnd = timer{kind: itemWrapOver, id: string(it.wrap.ID)}
			s.rearm(&it.wrapEnd, is.WrapEnd)
			s.wraps[it.wrap.ID] = it
		}
		x.items = append(x.items, it)
	}
	return nil
}

// restoreItemOffer puts back an offer of work other than a call.
func (s *State) restoreItemOffer(os offerSnap, t *task, a *agent) error {
	var it *item
	if a != nil { // he may be at work on it, too, if it was queued again meanwhile
		it = a.itemWhere(func(x *item) bool { return x.work.task == os.Task && x.state == ctid.ItemOffered && x.offer == nil })
	}
	if it == nil || t == nil {
		return fmt.Errorf("acd: the snapshot's offer %q has no task %q or agent %q of its own", os.ID, os.Task, os.Agent)
	}
	o := &offer{id: os.ID, n: os.N, task: t, work: os.Work.work(), item: it, agent: a, idle: os.Idle, seen: os.Seen, ring: timer{kind: ringOver, id: string(os.ID)}}
	s.rearm(&o.ring, os.Ring)
	s.offers[o.id], it.offer = o, o
	s.rings(t, o)
	return nil
}
