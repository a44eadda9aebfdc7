package importer

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// agent is one of ctid's agents in the making.
type agent struct {
	key      string // by which members of several queues are known for one
	name     string
	full     string
	endpoint string // empty: to be completed by hand
	guess    string // what the endpoint may be
	kind     string // of the device; empty: phone
	why      string // why it is to be completed by hand
	place    int    // in the list
	from     []*Line
	queues   []*membership
}

// membership is an agent's part in a queue.
type membership struct {
	queue   *queue
	agent   *agent
	penalty int
	rank    int
	weight  int // 0: not said
	st      setting
}

// member reads member => interface,penalty,name,state interface,ringinuse,wrapuptime,paused.
func (im *run) member(q *queue, st setting) {
	args := arguments(st.text)
	if args[0] == "" {
		st.lost("it names nobody: Asterisk skips the line")
		return
	}
	d := im.device(args[0], args[3])
	a := im.agentOf(d, args[2], st)
	m := &membership{queue: q, agent: a, st: st, penalty: max(0, penaltyOf(args[1], st))}
	for i, old := range q.members {
		if old.agent != a {
			continue
		}
		old.st.lost("the same telephone is a member of %s again at %s", q.name, st.at[0].at())
		q.members = slices.Delete(q.members, i, i+1)
		a.leave(old)
		break
	}
	q.members = append(q.members, m)
	a.queues = append(a.queues, m)
	if a.endpoint == "" {
		st.lost("%s; the agent is in the output as a comment, to be completed", a.why)
	} else {
		st.to("agents[%s].queues[%s]", a.name, q.name)
	}
	if d.note != "" {
		st.note("%s", d.note)
	}
	if d.lost != "" {
		st.lost("%s", d.lost)
	}
	im.memberExtras(q, args, st)
}

func (a *agent) leave(m *membership) {
	a.queues = slices.DeleteFunc(a.queues, func(o *membership) bool { return o == m })
}

func penaltyOf(arg string, st setting) int {
	n, whole := atoi(arg)
	switch {
	case arg == "":
	case !whole:
		st.lost("the penalty %q is no number: it is read as %d, as Asterisk does", clip(clean(arg), 40), max(0, n))
	case n < 0:
		st.note("a penalty below 0 is read as 0")
	}
	return n
}

// memberExtras says what of a member's further settings is lost.
func (im *run) memberExtras(q *queue, args [memberArgs]string, st setting) {
	if truth(args[4]) {
		st.lost("ctid never rings an agent who is on a call")
	} else if args[4] != "" && !falsehood(args[4]) {
		st.lost("%q is no value for ringinuse", clip(clean(args[4]), 40))
	}
	if n, whole := atoi(args[5]); n > 0 && n != q.wrapUp {
		st.lost("the wrap-up is the queue's, %s: this member's own, %s, is not carried over", span(q.wrapUp), span(n))
	} else if args[5] != "" && !whole {
		st.lost("%q is no time for wrapuptime", clip(clean(args[5]), 40))
	}
	if truth(args[6]) {
		st.lost("nobody is paused by the configuration: an agent without a desktop is ready once he is logged in")
	} else if args[6] != "" && !falsehood(args[6]) {
		st.lost("%q is no value for paused", clip(clean(args[6]), 40))
	}
	if args[7] != "" {
		st.lost("app_queue does not read what follows the seventh comma")
	}
}

// memberArgs is how many arguments a member has, with one for what follows them.
const memberArgs = 8

// arguments splits a member's line at its commas, but for those in quotes, parentheses or brackets or behind a \.
func arguments(s string) (out [memberArgs]string) {
	var b strings.Builder
	n, depth, quoted := 0, 0, false
	put := func() {
		out[n] = strings.TrimFunc(b.String(), blank)
		b.Reset()
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
			continue
		case c == '"':
			quoted = !quoted
			continue
		case quoted:
		case c == '(' || c == '[':
			depth++
		case (c == ')' || c == ']') && depth > 0:
			depth--
		case c == ',' && depth == 0 && n < memberArgs-1:
			put()
			n++
			continue
		}
		b.WriteByte(c)
	}
	put()
	return out
}

// agentOf returns the agent who has a telephone, as found first, or a new one.
func (im *run) agentOf(d device, full string, st setting) *agent {
	full = label(full)
	a := im.byKey[d.key]
	if a == nil {
		a = &agent{key: d.key, endpoint: d.endpoint, guess: d.guess, kind: d.kind, why: d.why, place: len(im.agents)}
		if p := im.pooledAs(d.key); p != nil {
			p.used = true
			full = cmp.Or(p.full, full)
		}
		a.name, a.full = im.name("agent", cmp.Or(full, d.short))
		if a.full != "" {
			st.note("the agent is called %s", a.name)
		}
		a.full = cmp.Or(full, a.full)
		im.byKey[d.key] = a
		im.agents = append(im.agents, a)
	}
	switch {
	case a.full == "" || a.full == full || full == "":
		a.full = cmp.Or(a.full, full)
	default:
		st.note("his name is %q here; ctid has %q, which came first", full, a.full)
	}
	if l := st.at[len(st.at)-1]; !slices.Contains(a.from, l) {
		a.from = append(a.from, l)
	}
	return a
}

// device is what a member's interface comes to.
type device struct {
	key, short      string // what it is known by, and called if nothing else is known
	endpoint        string // empty: to be completed by hand, for the reason in why
	guess, kind     string
	why, note, lost string
}

var (
	endpointRE = regexp.MustCompile(`^PJSIP/[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$`)
	userRE     = regexp.MustCompile(`^[A-Za-z0-9_.-]+`)
)

// pjsip returns the endpoint of an interface PJSIP/NAME or SIP/NAME.
func pjsip(iface string) (endpoint string, old, ok bool) {
	tech, name, _ := strings.Cut(iface, "/")
	endpoint = "PJSIP/" + name
	old = strings.EqualFold(tech, "SIP")
	return endpoint, old, (old || strings.EqualFold(tech, "PJSIP")) && endpointRE.MatchString(endpoint)
}

// device finds the telephone of a member.
func (im *run) device(iface, state string) device {
	tech, rest, _ := strings.Cut(iface, "/")
	user := userRE.FindString(rest)
	d := device{key: foldName(iface), short: cmp.Or(user, clean(iface))}
	if endpoint, old, ok := pjsip(iface); ok {
		d.set(endpoint)
		if old {
			d.note = "SIP/ was chan_sip, which ctid does not use: " + endpoint + " must be there"
		}
		if state != "" && !strings.EqualFold(state, iface) {
			d.lost = "ctid watches the telephone itself, not another device (" + clip(clean(state), 60) + ")"
		}
		return d
	}
	switch {
	case strings.EqualFold(tech, "PJSIP"), strings.EqualFold(tech, "SIP"):
		d.why = "ctid rings one endpoint, PJSIP/NAME, with nothing behind it"
	case strings.EqualFold(tech, "Local"):
		return im.local(d, user, state)
	case strings.EqualFold(tech, "Agent"):
		d.kind = "nailed"
		d.why = "app_agent_pool's agents log in from any telephone: ctid needs to know which one is his, and a nailed line is what comes next to that"
		return d
	default:
		d.why = "ctid rings endpoints of PJSIP only"
		return d
	}
	d.suggest(user)
	return d
}

// local finds the telephone behind Local/NUMBER@context: the device whose state is watched, or what Options.Local says.
func (im *run) local(d device, user, state string) device {
	if endpoint, _, ok := pjsip(state); ok {
		d.set(endpoint)
		d.lost = "the dialplan behind Local/ is not run: ctid rings " + endpoint + ", whose state is watched"
		return d
	}
	if endpoint := strings.ReplaceAll(im.Local, "{number}", user); user != "" && endpointRE.MatchString(endpoint) {
		d.set(endpoint)
		d.note = "the dialplan behind Local/ is not run: ctid rings " + endpoint
		return d
	}
	d.why = "what a Local/ channel rings stands in the dialplan, which is not read: --local PJSIP/{number} says it for all"
	d.suggest(user)
	return d
}

func (d *device) set(endpoint string) { d.endpoint, d.key = endpoint, foldName(endpoint) }

func (d *device) suggest(user string) {
	if endpoint := "PJSIP/" + user; endpointRE.MatchString(endpoint) {
		d.guess = endpoint
	}
}
