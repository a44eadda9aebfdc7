package acd

import "cmp"

// longestIdle offers a task to the agent of the best rank who has been free for the longest time; equal times go by id.
//
// Free counts from the moment he last became ready: after a conversation and its wrap-up, after a pause, or after an
// offer that he let ring, refused or could not take. An offer that ended through no act of his (the caller hung up,
// or left the queue) leaves his place as it was.
//
// Beside the others: app_queue's leastrecent counts from the end of the member's last call, so wrap-up and pauses add
// to his time and who returns from lunch is next; one who never had a call comes first. mod_callcenter's
// longest-idle-agent counts from the end of the last bridge, so there too a pause keeps adding. Here a pause starts the
// count anew. As with mod_callcenter's tier levels and app_queue's penalties the rank comes first, but a better-ranked
// agent who is busy holds nobody up.
func longestIdle(a, b candidate) int {
	return cmp.Or(cmp.Compare(a.rank, b.rank), a.idle.Compare(b.idle), cmp.Compare(a.id(), b.id()))
}
