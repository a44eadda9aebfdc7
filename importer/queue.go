package importer

import (
	"cmp"
	"math"
	"slices"

	"ctid/suggest"
)

// What app_queue does where queues.conf says nothing, in seconds.
const (
	defaultTimeout = 15
	defaultRetry   = 5
)

// Bounds of ctid's settings.
const (
	maxRing    = 300
	maxGap     = 3600
	maxWrap    = 86400
	maxWaiting = 100000
	maxWeight  = 100
	maxRank    = 100
)

// queue is one of ctid's queues in the making. Times are in seconds.
type queue struct {
	name, label string
	src         *Line

	strategy   string
	linear     bool // the order of the members counts
	weighted   bool // the penalty is a weight
	ring       int
	wrapUp     int
	retryGap   int
	rona       string
	music      string
	maxWaiting int
	target     int
	weight     int
	joinEmpty  []string
	leaveEmpty []string
	steps      []step

	members []*membership
	rule    *setting // defaultrule
	weigh   *setting // weight
	order   *setting // strategy; there is one where linear is set
}

// queue takes one section of queues.conf.
func (im *run) queue(s *section) {
	q := &queue{src: s.line, strategy: "ring-all", ring: defaultTimeout, retryGap: defaultRetry, rona: "none"}
	q.name, q.label = im.name("queue", s.name)
	if q.label != "" {
		s.line.note("the queue is called %s", q.name)
	}
	s.line.to("queues[%s]", q.name)
	im.queues = append(im.queues, q)
	last := s.last()
	for i, st := range s.settings {
		key := canonical(st.key)
		switch {
		case key == "member", key == "joinempty", key == "leavewhenempty":
		case last[key] != i:
			st.over(s.settings[last[key]])
		default:
			im.option(q, key, st)
		}
	}
	if _, said := last["ringinuse"]; !said {
		q.src.note("app_queue also rings members who are on a call, as ringinuse is not set; ctid does not")
	}
	q.joinEmpty = emptyRule(q, s, "joinempty", "join_empty")
	q.leaveEmpty = emptyRule(q, s, "leavewhenempty", "leave_empty")
	for _, st := range s.settings {
		if st.key == "member" {
			im.member(q, st)
		}
	}
}

func (im *run) option(q *queue, key string, st setting) {
	i := slices.IndexFunc(queueOptions, func(o option) bool { return o.name == key })
	if i < 0 {
		names := make([]string, 0, len(queueOptions))
		for _, o := range queueOptions {
			names = append(names, o.name)
		}
		meant := ""
		if best := suggest.Among(key, names); best != "" {
			meant = ": is " + best + " meant?"
		}
		st.lost("app_queue has no option %s%s", clip(clean(key), 60), meant)
		return
	}
	switch o := queueOptions[i]; {
	case o.off != nil && o.off(st.text):
		st.same("off, which leaves nothing to carry over")
	case o.take != nil:
		o.take(q, st)
	default:
		st.lost("%s", o.lost)
	}
}

// weights settles the queues' weights: ctid's go from 0 to 100, app_queue's anywhere. Only their order means something.
func (im *run) weights() {
	var all []int
	for _, q := range im.queues {
		all = append(all, q.weight)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) == 0 || all[0] >= 0 && all[len(all)-1] <= maxWeight {
		return
	}
	for _, q := range im.queues {
		i, _ := slices.BinarySearch(all, q.weight)
		if i > maxWeight && q.weigh != nil {
			q.weigh.lost("there are more than %d weights: all above are alike", maxWeight+1)
		}
		if q.weight = min(i, maxWeight); q.weigh != nil {
			q.weigh.note("the weights are numbered by their order, as ctid's go from 0 to %d", maxWeight)
		}
	}
}

// ranks turns the members' penalties into ranks, or into weights where the strategy takes them for that.
func (im *run) ranks(q *queue) {
	penalties := q.penalties()
	if q.weighted {
		for i, w := range shares(penalties) {
			m := q.members[i]
			if m.rank, m.weight = 1, w; m.penalty > 0 {
				m.st.note("wrandom: penalty %d makes him come first with weight %d of %d; that is his part while everybody is free", m.penalty, w, maxWeight)
			}
		}
		return
	}
	s := newScale(penalties)
	for _, m := range q.members {
		if m.rank = s.rank(m.penalty); m.penalty > 0 {
			m.st.note("penalty %d is rank %d: 1 is the best", m.penalty, m.rank)
		}
		if s.crowded && m.rank == maxRank {
			m.st.lost("the queue has more different penalties than there are ranks: the last ones are alike")
		}
	}
}

func (q *queue) penalties() []int {
	out := make([]int, len(q.members))
	for i, m := range q.members {
		out[i] = m.penalty
	}
	return out
}

// scale is how the penalties of a queue become ranks: penalty + 1 where that fits, else by their order, from 2.
type scale struct {
	byOrder []int // the penalties there are, rising; nil: penalty + 1
	crowded bool
}

func newScale(penalties []int) scale {
	if len(penalties) == 0 || slices.Max(penalties) < maxRank {
		return scale{}
	}
	sorted := slices.Clone(penalties)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	return scale{byOrder: sorted, crowded: len(sorted) >= maxRank}
}

// rank is the rank of a member.
func (s scale) rank(penalty int) int {
	if s.byOrder == nil {
		return penalty + 1
	}
	i, _ := slices.BinarySearch(s.byOrder, penalty)
	return min(i+2, maxRank)
}

// atMost is the rank that stands for QUEUE_MAX_PENALTY: nobody of a higher rank may take the call. 0: no limit.
func (s scale) atMost(penalty int) int {
	switch {
	case s.byOrder == nil && penalty >= maxRank:
		return 0
	case s.byOrder == nil:
		return penalty + 1
	}
	i, found := slices.BinarySearch(s.byOrder, penalty)
	if found {
		i++
	}
	return min(i+1, maxRank) // 1: nobody has so low a penalty
}

// atLeast is the rank that stands for QUEUE_MIN_PENALTY. 0: no limit.
func (s scale) atLeast(penalty int) int {
	switch {
	case penalty <= 0:
		return 0
	case s.byOrder == nil:
		return min(penalty+1, maxRank)
	}
	i, _ := slices.BinarySearch(s.byOrder, penalty)
	return min(i+2, maxRank)
}

// shares returns for each member of a queue with strategy wrandom the weight that he needs to come first as often as there.
// app_queue draws for each a number below 1000 times his penalty + 1, and rings the lowest; so, with r for penalty + 1, he is
// first with probability ∫ 1/r ∏ (1 − x/rₒ) dx over the others, from 0 to the least r of all. The greatest weight is 100.
func shares(penalties []int) []int {
	out := make([]int, len(penalties))
	if len(out) == 0 {
		return out
	}
	low := float64(slices.Min(penalties) + 1)
	if slices.Max(penalties) == slices.Min(penalties) {
		for i := range out {
			out[i] = 1
		}
		return out
	}
	parts := make([]float64, len(out))
	const pieces = 400
	for p := range pieces {
		x := low * (float64(p) + 0.5) / pieces
		logs := 0.0 // of the product over all
		for _, o := range penalties {
			logs += math.Log1p(-x / float64(o+1))
		}
		for i, own := range penalties {
			r := float64(own + 1)
			parts[i] += math.Exp(logs-math.Log1p(-x/r)) / r
		}
	}
	greatest := slices.Max(parts)
	for i, p := range parts {
		out[i] = max(1, int(math.Round(maxWeight*p/greatest)))
	}
	return out
}

// order says where the order of the members cannot be kept: ctid's strategies go by the order of the agents' list, which is
// the same for all queues.
func (im *run) order(q *queue) {
	if !q.linear || slices.IsSortedFunc(q.members, func(a, b *membership) int { return cmp.Compare(a.agent.place, b.agent.place) }) {
		return
	}
	q.order.lost("the members of %s come in another order than in an earlier queue: ctid goes by the order of the list agents, for all queues", q.name)
}

// canonical is the name under which an option's other names are known too.
func canonical(key string) string {
	if key == "music" || key == "musiconhold" {
		return "musicclass"
	}
	return key
}
