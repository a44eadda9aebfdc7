package shadow

import (
	"slices"
	"strings"

	"ctid"
	"ctid/acd"
	"ctid/suggest"
)

// Site is ctid's side: its rules, and by what names app_queue knows what is in them.
type Site struct {
	Core   acd.Config
	Agents []Agent
	// Queues are app_queue's names of queues that ctid calls otherwise.
	Queues map[string]ctid.QueueID
}

// Agent is by what an agent of ctid is known in app_queue.
type Agent struct {
	ID        ctid.AgentID
	FullName  string
	Endpoints []string // of his telephones, such as PJSIP/1001
}

// names finds ctid's side of what app_queue tells.
type names struct {
	queues  map[string]ctid.QueueID // by their names in lower case
	listed  []string
	agents  map[string]ctid.AgentID // by endpoint, name and full name, in lower case
	numbers map[string]ctid.AgentID // by what follows the / of the endpoint; empty: two have it
	known   []string                // endpoints and names, for suggestions
}

func namesOf(s Site) *names {
	n := &names{queues: map[string]ctid.QueueID{}, agents: map[string]ctid.AgentID{}, numbers: map[string]ctid.AgentID{}}
	for _, q := range s.Core.Queues {
		if q.Medium == "" || q.Medium == ctid.Voice {
			n.queues[strings.ToLower(string(q.ID))] = q.ID
			n.listed = append(n.listed, string(q.ID))
		}
	}
	for name, id := range s.Queues {
		n.queues[strings.ToLower(name)] = id
	}
	for _, a := range s.Agents { // an endpoint goes before a name
		for _, e := range a.Endpoints {
			n.agents[strings.ToLower(e)] = a.ID
			n.known = append(n.known, e)
			number := after(e)
			if _, twice := n.numbers[number]; twice {
				n.numbers[number] = ""
				continue
			}
			n.numbers[number] = a.ID
		}
	}
	for _, a := range s.Agents {
		for _, name := range []string{string(a.ID), a.FullName} {
			if key := strings.ToLower(name); name != "" && n.agents[key] == "" {
				n.agents[key] = a.ID
				n.known = append(n.known, name)
			}
		}
	}
	slices.Sort(n.known)
	return n
}

// after is the number of an interface: 1001 of PJSIP/1001, Local/1001@agents/n and SIP/1001-000a.
func after(iface string) string {
	_, rest, _ := strings.Cut(iface, "/")
	if i := strings.IndexAny(rest, "@-/"); i >= 0 {
		rest = rest[:i]
	}
	return rest
}

// queue is ctid's queue of app_queue's name; empty: there is none.
func (n *names) queue(name string) ctid.QueueID { return n.queues[strings.ToLower(name)] }

// agent is the agent who is a member, by his interface or his name; empty: none.
func (n *names) agent(member, iface string) ctid.AgentID {
	for _, s := range []string{iface, member} {
		if id := n.agents[strings.ToLower(s)]; s != "" && id != "" {
			return id
		}
	}
	for _, s := range []string{iface, member} {
		if number := after(s); number != "" && n.numbers[number] != "" {
			return n.numbers[number]
		}
	}
	return ""
}

// Counterpart is ctid's queue of app_queue's name; if there is none, the name that was meant.
func (s Site) Counterpart(queue string) (id ctid.QueueID, meant string) {
	n := namesOf(s)
	if id = n.queue(queue); id != "" {
		return id, ""
	}
	return "", suggest.Among(queue, n.listed)
}
