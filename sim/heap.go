package sim

// what tells what an event is about.
type what uint8

const (
	arrival what = iota // who: the type
	giveUp              // who: the call
	pickUp              // who: the agent; so in the next two
	legOver
	serviceOver
	newPeriod
	closing
)

// event is one thing that will happen. Those of one moment happen in the order in which they were planned.
type event struct {
	at   int64 // microseconds since the start
	seq  uint64
	gen  uint32 // of who; one that is no longer current makes the event void
	who  int32
	what what
}

func (e event) before(o event) bool { return e.at < o.at || e.at == o.at && e.seq < o.seq }

// eventHeap holds the events to come, the next one first. It is a heap of values: planning an event allocates nothing.
type eventHeap []event

func (h *eventHeap) push(e event) {
	*h = append(*h, e)
	list := *h
	i := len(list) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !e.before(list[up]) {
			break
		}
		list[i] = list[up]
		i = up
	}
	list[i] = e
}

func (h *eventHeap) pop() event {
	list := *h
	first, e := list[0], list[len(list)-1]
	list = list[:len(list)-1]
	*h = list
	i := 0
	for {
		down := 2*i + 1
		if down >= len(list) {
			break
		}
		if down+1 < len(list) && list[down+1].before(list[down]) {
			down++
		}
		if !list[down].before(e) {
			break
		}
		list[i] = list[down]
		i = down
	}
	if len(list) > 0 {
		list[i] = e
	}
	return first
}
