package acd

// topDown offers each task first to the first free agent in the order of the configuration, and when he does not take it, to
// the next one after him; after the last one it begins anew. It is app_queue's linear and mod_callcenter's top-down.
func topDown(_ *State, t *task, best []*member) int { return after(best, t.tried) }
