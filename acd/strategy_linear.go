package acd

import "cmp"

// linear offers a task to the first free agent in the order of the configuration: always to the same ones while they are free.
//
// It is mod_callcenter's sequentially-by-agent-order. app_queue's linear goes on, for each caller, from the member who was
// tried last: that is top-down here.
func linear(a, b *member) int {
	return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.agent.order, b.agent.order), cmp.Compare(a.id(), b.id()))
}
