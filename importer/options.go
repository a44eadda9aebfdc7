package importer

import (
	"regexp"
	"slices"
	"strings"
)

// option is one of app_queue's options of a queue. With a value that off takes nothing is to be carried over; else take
// carries it over; without take it is lost, and that says what ctid does instead.
type option struct {
	name string
	off  func(value string) bool
	take func(q *queue, st setting)
	lost string
}

func zero(s string) bool   { n, _ := atoi(s); return n <= 0 }
func empty(s string) bool  { return s == "" }
func notYes(s string) bool { return !truth(s) }
func nothing(string) bool  { return true }

const (
	byScript  = "ctid says nothing to those who wait: what a caller hears is up to the script of the number, before its queue node, and to the music"
	seen      = "the agent is told nothing by ear: his pop shows who calls, for which queue, and how long he has waited"
	variables = "ctid sets no channel variables: the record and the events of the call have it"
	noLog     = "ctid has a numbered log of its own instead of queue_log"
)

// queueOptions are all that app_queue of Asterisk 11 to 23 reads in a queue's section, but for members.
var queueOptions = []option{
	{name: "strategy", take: takeStrategy},
	{name: "timeout", take: takeTimeout},
	{name: "retry", take: takeRetry},
	{name: "wrapuptime", take: takeWrapUp},
	{name: "maxlen", take: takeMaxLen},
	{name: "servicelevel", take: takeServiceLevel},
	{name: "weight", take: takeWeight},
	{name: "musicclass", off: empty, take: takeMusic},
	{name: "autopause", take: takeAutoPause},
	{name: "defaultrule", off: empty, take: func(q *queue, st setting) { q.rule = &st }},
	{name: "joinempty"},
	{name: "leavewhenempty"},
	{name: "autofill", take: takeAutofill},
	{name: "ringinuse", take: takeRingInUse},
	{name: "timeoutpriority", take: takeTimeoutPriority},

	{name: "context", off: empty, lost: "keys that leave the queue are options of the queue node in a script, such as 1: operator; the context itself is in the dialplan, which is not read"},
	{name: "penaltymemberslimit", off: zero, lost: "ranks hold however few agents there are"},
	{name: "autopausedelay", off: zero, lost: "an agent is paused for a call that he misses, however long ago his last one was"},
	{name: "autopausebusy", off: notYes, lost: "a phone that is busy is left alone for 5s; after three times in a row an agent with a desktop is paused"},
	{name: "autopauseunavail", off: notYes, lost: "a phone that fails is left alone for 5s; after three times in a row an agent with a desktop is paused"},
	{name: "memberdelay", off: zero, lost: "caller and agent are joined at once"},
	{name: "timeoutrestart", off: notYes, lost: "each offer has its own time, from when it is made"},
	{name: "setinterfacevar", off: notYes, lost: variables},
	{name: "setqueuevar", off: notYes, lost: variables},
	{name: "setqueueentryvar", off: notYes, lost: variables},
	{name: "reportholdtime", off: notYes, lost: seen},
	{name: "announce", off: empty, lost: seen},
	{name: "membergosub", off: empty, lost: "no dialplan runs when an agent answers"},
	{name: "membermacro", off: empty, lost: "no dialplan runs when an agent answers"},
	{name: "monitor-format", off: empty, lost: "ctid does not record calls in this version"},
	{name: "monitor-type", off: nothing},
	{name: "monitor-join", off: nothing},
	{name: "log-restricted-caller-id", off: truth, lost: "a withheld number is kept as the Asterisk gives it"},
	{name: "eventwhencalled", off: notYes, lost: "ctid's own events say who is rung; see docs/events.md"},
	{name: "eventmemberstatus", off: notYes, lost: "ctid's own events say what agents do; see docs/events.md"},

	{name: "announce-frequency", off: zero, lost: byScript},
	{name: "min-announce-frequency", off: zero, lost: byScript},
	{name: "announce-round-seconds", off: zero, lost: byScript},
	{name: "announce-holdtime", off: func(s string) bool { return !truth(s) && !oneOf(s, "once") }, lost: byScript},
	{name: "announce-position", off: func(s string) bool { return !truth(s) && !oneOf(s, "limit", "more") }, lost: byScript},
	{name: "announce-position-limit", off: zero, lost: byScript},
	{name: "announce-position-only-up", off: notYes, lost: byScript},
	{name: "announce-to-first-user", off: notYes, lost: byScript},
	{name: "periodic-announce", off: empty, lost: byScript},
	{name: "periodic-announce-frequency", off: zero, lost: byScript},
	{name: "periodic-announce-startdelay", off: zero, lost: byScript},
	{name: "relative-periodic-announce", off: notYes, lost: byScript},
	{name: "random-periodic-announce", off: notYes, lost: byScript},
	{name: "queue-callerannounce", off: empty, lost: byScript},
	{name: "queue-youarenext", off: empty, lost: byScript},
	{name: "queue-thereare", off: empty, lost: byScript},
	{name: "queue-callswaiting", off: empty, lost: byScript},
	{name: "queue-quantity1", off: empty, lost: byScript},
	{name: "queue-quantity2", off: empty, lost: byScript},
	{name: "queue-holdtime", off: empty, lost: byScript},
	{name: "queue-minute", off: empty, lost: byScript},
	{name: "queue-minutes", off: empty, lost: byScript},
	{name: "queue-seconds", off: empty, lost: byScript},
	{name: "queue-lessthan", off: empty, lost: byScript},
	{name: "queue-thankyou", off: empty, lost: byScript},
	{name: "queue-reporthold", off: empty, lost: seen},
}

// strategies are app_queue's strategies in ctid's words.
var strategies = []struct {
	theirs, ours, note string
	linear, weighted   bool
}{
	{theirs: "ringall", ours: "ring-all"},
	{theirs: "leastrecent", ours: "longest-idle"},
	{theirs: "fewestcalls", ours: "fewest-calls"},
	{theirs: "random", ours: "random"},
	{theirs: "rrmemory", ours: "round-robin"},
	{theirs: "roundrobin", ours: "round-robin", note: "roundrobin is an old name of rrmemory"},
	{theirs: "rrordered", ours: "round-robin", linear: true},
	{theirs: "linear", ours: "top-down", linear: true, note: "app_queue's linear goes on, for each caller, from the member tried last: that is top-down here"},
	{theirs: "wrandom", ours: "weighted", weighted: true},
}

func takeStrategy(q *queue, st setting) {
	for _, s := range strategies {
		if !strings.EqualFold(s.theirs, st.text) {
			continue
		}
		if q.strategy, q.linear, q.weighted, q.order = s.ours, s.linear, s.weighted, &st; s.note != "" {
			st.note("%s", s.note)
		}
		st.to("queues[%s].strategy", q.name)
		return
	}
	st.lost("app_queue has no strategy %q and takes ringall: so it is ring-all", clip(clean(st.text), 40))
}

func takeTimeout(q *queue, st setting) {
	switch n := st.number(); {
	case n == 0:
		q.ring = maxRing
		st.lost("0 lets a phone ring without end: ctid lets it ring for %s, the most there is", span(maxRing))
	case n > maxRing:
		q.ring = maxRing
		st.lost("a phone rings for %s at most", span(maxRing))
	case n > 0:
		q.ring = n
	default:
		st.note("below 0 stands for %s", span(defaultTimeout))
	}
	st.to("queues[%s].ring", q.name)
}

func takeRetry(q *queue, st setting) {
	n := st.number()
	if n <= 0 {
		n = defaultRetry
		st.note("0 stands for %s", span(n))
	}
	if n > maxGap {
		st.lost("%s is the most there is", span(maxGap))
	}
	q.retryGap = min(n, maxGap)
	st.to("queues[%s].retry_gap", q.name)
	st.note("the agent who did not answer is left alone for so long; the caller is offered to others at once")
}

func takeWrapUp(q *queue, st setting) {
	n := max(0, st.number())
	if n > maxWrap {
		st.lost("%s is the most there is", span(maxWrap))
	}
	q.wrapUp = min(n, maxWrap)
	st.to("queues[%s].wrapup", q.name)
}

func takeMaxLen(q *queue, st setting) {
	n := max(0, st.number())
	if n > maxWaiting {
		st.lost("%d is the most there is", maxWaiting)
	}
	q.maxWaiting = min(n, maxWaiting)
	st.to("queues[%s].max_waiting", q.name)
}

func takeServiceLevel(q *queue, st setting) {
	n := st.number()
	if n <= 0 {
		st.note("app_queue measures none; ctid measures against 20s")
		return
	}
	if n > maxWrap {
		st.lost("%s is the most there is", span(maxWrap))
	}
	q.target = min(n, maxWrap)
	st.to("queues[%s].target", q.name)
}

func takeWeight(q *queue, st setting) {
	q.weight, q.weigh = st.number(), &st
	st.to("queues[%s].weight", q.name)
}

var nameRE = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

func takeMusic(q *queue, st setting) {
	if !nameRE.MatchString(st.text) {
		st.lost("the class %q has a name that ctid does not take: letters, digits, - and _, at most 64; the queue has the class default", clip(clean(st.text), 40))
		return
	}
	q.music = st.text
	st.to("queues[%s].music", q.name)
}

func takeAutoPause(q *queue, st setting) {
	st.to("queues[%s].rona", q.name)
	if !truth(st.text) && !oneOf(st.text, "all") {
		q.rona = "none"
		return
	}
	q.rona = "pause"
	st.lost("an agent who has a desktop is paused in all his queues; the agents of this import have none (desk: none), so they are left alone for a while instead")
}

func takeAutofill(_ *queue, st setting) {
	if truth(st.text) {
		st.same("ctid always serves all who wait at once")
		return
	}
	st.lost("ctid always serves all who wait at once, as with autofill=yes")
}

func takeRingInUse(_ *queue, st setting) {
	if !truth(st.text) {
		st.same("ctid never rings an agent who is on a call")
		return
	}
	st.lost("ctid never rings an agent who is on a call")
}

func takeTimeoutPriority(_ *queue, st setting) {
	if oneOf(st.text, "conf") {
		st.lost("the caller's longest wait holds, as with timeoutpriority=app")
		return
	}
	st.same("the caller's longest wait holds in ctid too")
}

// What joinempty and leavewhenempty may list, and ctid's word for it; some have none.
var emptyWords = []struct{ theirs, ours string }{
	{"paused", "paused"}, {"ringing", "reserved"}, {"inuse", "talking"}, {"wrapup", "wrapup"}, {"unavailable", "unreachable"},
	{"penalty", ""}, {"invalid", ""}, {"unknown", ""},
}

// emptyRule returns ctid's words for joinempty or leavewhenempty; what its lines list adds up.
func emptyRule(q *queue, s *section, key, ours string) []string {
	var lines []setting
	listed := map[string]bool{}
	for _, st := range s.settings {
		if st.key == key {
			lines = append(lines, st)
			readEmpty(listed, st, key == "joinempty")
		}
	}
	var out []string
	for _, w := range emptyWords {
		if listed[w.theirs] && w.ours != "" {
			out = append(out, w.ours)
		}
	}
	if len(listed) > 0 && out == nil {
		out = []string{"out"}
	}
	for _, st := range lines {
		if len(listed) == 0 {
			st.same("%s asks for nothing", key)
			continue
		}
		st.to("queues[%s].%s", q.name, ours)
		if listed["invalid"] || listed["unknown"] {
			st.note("ctid does not tell invalid and unknown devices from others")
		}
		if listed["penalty"] {
			st.note("limits of penalty do not count here: an agent whose rank is shut out counts as there")
		}
	}
	return out
}

// readEmpty adds the words of one line, of which some stand for several, and some for none.
func readEmpty(listed map[string]bool, st setting, join bool) {
	set := func(words ...string) {
		clear(listed)
		for _, w := range words {
			listed[w] = true
		}
	}
	for word := range strings.SplitSeq(strings.ToLower(st.text), ",") {
		switch {
		case word == "loose":
			set("penalty", "invalid")
		case word == "strict":
			set("penalty", "invalid", "paused", "unavailable")
		case join && falsehood(word), !join && truth(word):
			set("penalty", "invalid", "paused")
		case truth(word), falsehood(word):
			set()
		case slices.ContainsFunc(emptyWords, func(w struct{ theirs, ours string }) bool { return w.theirs == word }):
			listed[word] = true
			if word == "penalty" {
				st.lost("limits of penalty do not count: an agent whose rank is shut out counts as there")
			}
		default:
			st.lost("app_queue does not know %q here", clip(clean(word), 40))
		}
	}
}
