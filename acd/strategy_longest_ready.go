package acd

import "cmp"

// longestReady offers a task to the agent who has been ready without a break for the longest time; equal times go by id.
//
// It is longest-idle, but a pause starts the count anew: who returns from it is last. An offer that ended through no act of
// his leaves his place as it was. app_queue and mod_callcenter have nothing like it.
func longestReady(a, b *member) int {
	return cmp.Or(cmp.Compare(a.rank, b.rank), a.ready.Compare(b.ready), cmp.Compare(a.id(), b.id()))
}
