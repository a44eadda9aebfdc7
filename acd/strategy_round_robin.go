package acd

// roundRobin offers a task to the next free agent after the one who was offered a task of the queue last, in the order of the
// configuration, and begins anew at its end. The place is an agent's: it is kept over restarts, and over reloads that put others before
// or after him.
//
// It is app_queue's rrmemory and rrordered, whose place is a number in the list of members: a restart forgets it, and when a member
// comes or goes it is another's; mod_callcenter's round-robin.
func roundRobin(_ *State, t *task, best []*member) int { return after(best, t.queue.last) }
