package acd

import "cmp"

// fewestCalls offers a task to the agent who has taken the fewest tasks of this queue in his shift; among equals, to the one who
// has had nothing to do for the longest time.
//
// A shift begins level: with as many as the one of the queue's agents on duty who has taken the fewest, so that who comes at
// noon is not flooded. app_queue's fewestcalls counts since its last restart or reload, mod_callcenter's agent-with-fewest-calls
// over all queues since the count was reset; with both a newcomer takes every call until he has caught up.
func fewestCalls(a, b *member) int {
	return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.calls, b.calls), a.idle.Compare(b.idle), cmp.Compare(a.id(), b.id()))
}
