package acd

import "cmp"

// linear offers a task to the first free agent in the order of the configuration: always to the same ones while they are free.
//
// It is mod_callcenter's sequentially-by-agent-order. app_queue's linear goes on, for each caller, from the member who was
// tried last: that is top-down here.
func linear(a, b *member) int {
	return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.agent.order, b.agent.order), cmp.Compare(a.id(), b.id()))
}

// roundRobin offers a task to the next free agent after the one who was offered a task of the queue last, in the order of the
// configuration, and begins anew at its end. The place is an agent's: it is kept over restarts, and over reloads that put others before
// or after him.
//
// It is app_queue's rrmemory and rrordered, whose place is a number in the list of members: a restart forgets it, and when a member
// comes or goes it is another's; mod_callcenter's round-robin.
func roundRobin(_ *State, t *task, best []*member) int { return after(best, t.queue.last) }

// topDown offers each task first to the first free agent in the order of the configuration, and when he does not take it, to
// the next one after him; after the last one it begins anew. It is app_queue's linear and mod_callcenter's top-down.
func topDown(_ *State, t *task, best []*member) int { return after(best, t.tried) }
