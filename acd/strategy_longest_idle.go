package acd

import "cmp"

// longestIdle offers a task to the agent who has had nothing to do for the longest time; equal times go by id.
//
// It counts from the end of his last work, wrap-up included, or of the last offer that he let ring, refused or could not take,
// or from his log-in. A pause goes on counting: who returns from it is where he would have been. An offer that ended
// through no act of his (the caller hung up, another was faster) leaves his place as it was.
//
// Beside the others: app_queue's leastrecent and mod_callcenter's longest-idle-agent count from the end of the last call, so
// that wrap-up adds to the time; with both one who let a call ring is offered the next one at once.
func longestIdle(a, b *member) int {
	return cmp.Or(cmp.Compare(a.rank, b.rank), a.idle.Compare(b.idle), cmp.Compare(a.id(), b.id()))
}
