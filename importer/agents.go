package importer

import (
	"slices"
	"strconv"
	"strings"
)

// pooled is an agent of agents.conf: a section of app_agent_pool, or a line agent => of the old chan_agent.
type pooled struct {
	id, full string
	at       []*Line // of his section and name
	used     bool    // a queue has him as member Agent/ID
}

// readAgents takes the sections of agents.conf.
func (im *run) readAgents() {
	for _, s := range im.agentConf {
		switch {
		case s.dead:
			s.lostAll("stands in a section that could not be read")
		case s.template:
		case foldName(s.name) == "general":
			s.line.same("it only holds settings")
			for _, st := range s.settings {
				st.lost("how agents log in is the desktop's matter, or their telephone's")
			}
		case foldName(s.name) == "agents" && slices.ContainsFunc(s.settings, func(st setting) bool { return st.key == "agent" }):
			im.oldAgents(s)
		default:
			im.poolAgent(s)
		}
	}
	for _, s := range im.agentConf {
		if s.template {
			s.unused("agent")
		}
	}
}

// agentOptions are what app_agent_pool reads of an agent, with what there is instead.
var agentOptions = []option{
	{name: "ackcall", off: notYes, lost: "an agent takes a call by answering it: with a device of kind auto or nailed, at his desktop"},
	{name: "acceptdtmf", off: empty, lost: "no key takes a call: an agent answers by hand or at his desktop"},
	{name: "autologoff", off: zero, lost: "an agent who does not answer is paused or left alone, as his queue's rona says; nobody is logged off for it"},
	{name: "wrapuptime", off: zero, lost: "the wrap-up is the queue's (wrapup), in seconds there"},
	{name: "musiconhold", off: func(s string) bool { return s == "" || s == "default" }, lost: "a line that is kept up between calls is silent"},
	{name: "recordagentcalls", off: notYes, lost: "ctid does not record calls in this version"},
	{name: "custom_beep", off: empty, lost: "no tone is played to the agent: his pop shows the call before it rings"},
}

func (im *run) poolAgent(s *section) {
	p := &pooled{id: s.name, at: []*Line{s.line}}
	im.pool = append(im.pool, p)
	last := s.last()
	for i, st := range s.settings {
		switch {
		case last[canonical(st.key)] != i:
			st.over(s.settings[last[canonical(st.key)]])
		case st.key == "fullname":
			p.full = label(st.text)
			p.at = append(p.at, st.at...)
		default:
			agentOption(st)
		}
	}
}

func agentOption(st setting) {
	for _, o := range agentOptions {
		switch {
		case o.name != st.key:
			continue
		case o.off(st.text):
			st.same("off, which leaves nothing to carry over")
		default:
			st.lost("%s", o.lost)
		}
		return
	}
	st.lost("what this setting of agents does is not carried over")
}

// oldAgents takes agent => ID,PASSWORD,NAME lines. Passwords are left behind.
func (im *run) oldAgents(s *section) {
	s.line.same("it only holds agents")
	for _, st := range s.settings {
		if st.key != "agent" {
			agentOption(st)
			continue
		}
		id, rest, _ := strings.Cut(st.text, ",")
		password, full, _ := strings.Cut(rest, ",")
		if id = strings.TrimFunc(id, blank); id == "" {
			st.lost("it names nobody: Asterisk skips the line")
			continue
		}
		im.pool = append(im.pool, &pooled{id: id, full: label(full), at: st.at})
		if strings.TrimFunc(password, blank) != "" {
			st.lost("the password is not carried over: ctid user makes one for the agent's log-in")
		}
	}
}

// pooledAs returns the agent of agents.conf whom queues know as key.
func (im *run) pooledAs(key string) *pooled {
	for _, p := range im.pool {
		if foldName("Agent/"+p.id) == key {
			return p
		}
	}
	return nil
}

// unusedAgents ends the agents of agents.conf.
func (im *run) unusedAgents() {
	for _, p := range im.pool {
		for _, l := range p.at {
			if p.used {
				l.lost("which telephone is his is not said: the agent is in the output as a comment, to be completed")
			} else {
				l.lost("he is a member of no queue: he is not in the output")
			}
		}
	}
}

// Slots for parked callers, as ctid has them where the configuration says nothing.
const (
	firstSlot = 701
	slots     = 20
)

// movePark moves the slots for parked callers where the default ones are numbers of agents' telephones.
func (im *run) movePark() {
	taken := map[int]*agent{}
	for _, a := range im.agents {
		name := strings.TrimPrefix(a.endpoint, "PJSIP/")
		if n, err := strconv.Atoi(name); err == nil && strconv.Itoa(n) == name {
			taken[n] = a
		}
	}
	for first := firstSlot; first+slots < 100000; first += 100 {
		a := clash(taken, first)
		if a == nil {
			if first != firstSlot {
				im.park = first
			}
			return
		}
		if first == firstSlot {
			a.from[0].note("%s is one of ctid's slots for parked callers: they are moved", a.endpoint)
		}
	}
}

func clash(taken map[int]*agent, first int) *agent {
	for n := first; n < first+slots; n++ {
		if a := taken[n]; a != nil {
			return a
		}
	}
	return nil
}
