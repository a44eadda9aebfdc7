package acd

import "cmp"

// leastTalk offers a task to the agent who has talked the shortest time in his shift, in all queues together; among equals, to the
// one who has had nothing to do for the longest time. Hold counts, wrap-up does not.
//
// A shift begins level, as with fewest-calls. mod_callcenter's agent-with-least-talk-time counts since its count was reset, so
// there a newcomer takes every call until he has caught up; app_queue has nothing like it.
func leastTalk(a, b *member) int {
	return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.talk, b.talk), a.idle.Compare(b.idle), cmp.Compare(a.id(), b.id()))
}
