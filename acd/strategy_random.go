package acd

// random offers a task to any of the free agents, all alike. The same seed and the same events give the same choices. It is
// app_queue's random; mod_callcenter's random orders all agents anew for each caller.
func random(s *State, _ *task, best []*member) int { return s.rng().IntN(len(best)) }
