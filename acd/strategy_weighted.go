package acd

// weighted offers a task to any of the free agents, the more often the greater the weight of his membership: one of weight 3
// three times as often as one of weight 1 who is as often free.
//
// app_queue's wrandom uses the penalty for it, so that there a member cannot have both; mod_callcenter has nothing like it.
func weighted(s *State, _ *task, best []*member) int {
	sum := 0
	for _, m := range best {
		sum += m.weight
	}
	n := s.rng().IntN(sum)
	for i, m := range best {
		if n -= m.weight; n < 0 {
			return i
		}
	}
	return len(best) - 1
}
