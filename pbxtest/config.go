package pbxtest

import (
	"fmt"
	"slices"
	"strconv"
)

// Config says what instance Start makes. The zero value is good for most
// tests: the newest suite, ten agents' phones 1001 … 1010, a carrier.
type Config struct {
	// Suite of Debian's archive; empty is TestSuite.
	Suite string
	// Dir is the parent of the instance's folder; empty is the system's
	// temporary folder. A long path fails: a UNIX socket lies in it.
	Dir string
	// Node is Asterisk's system name, as the events' asterisk_id tells apart
	// instances; empty is "pbx".
	Node string

	// Agents is how many agents' phones are configured: FirstAgent,
	// FirstAgent+1, … 0 is 10; -1 is none.
	Agents int
	// FirstAgent is the first one's number; 0 is 1001.
	FirstAgent int
	// WebPhones are the agents' numbers whose telephone is in a page: it speaks
	// SIP by websocket at ws://HTTPAddr/ws, and has no password until one is
	// pushed through ARI.
	WebPhones []int
	// AgentContact, a "host:port", makes the agents' phones static: nothing
	// registers, and a call to 1007 goes to sip:1007@host:port. That is how one
	// SIPp is many phones.
	AgentContact string
	// Qualify is how many seconds pass between two looks at a phone that
	// registers; 0 leaves the 30 of the shipped configuration. Asterisk 16
	// takes that long after a restart to know that a phone is there.
	Qualify int
	// CarrierContact, a "host:port", is where calls out over the endpoint
	// "carrier" go. Empty: to the phone that registered as "carrier" (it needs
	// no password).
	CarrierContact string
	// FallbackMembers are the agents' numbers in the fallback queue.
	FallbackMembers []int

	// Dialplan is appended to extensions.conf. Contexts may be continued: an
	// extension added to [ctid-in] wins over the shipped patterns.
	Dialplan string
	// Extra is text appended to the named configuration file, for what the
	// fields above don't cover.
	Extra map[string]string
	// Modules are loaded besides the usual ones, by name without ".so".
	Modules []string
	// RTPPorts is how many ports media may use, two a channel; 0 is 480.
	RTPPorts int
}

func (c Config) withDefaults() Config {
	if c.Suite == "" {
		c.Suite = TestSuite
	}
	if c.Node == "" {
		c.Node = "pbx"
	}
	if c.Agents == 0 {
		c.Agents = 10
	}
	if c.FirstAgent == 0 {
		c.FirstAgent = 1001
	}
	if c.RTPPorts == 0 {
		c.RTPPorts = 480
	}
	return c
}

func (c Config) check() error {
	if c.Agents > 1000 {
		return fmt.Errorf("Config.Agents is %d: at most 1000 phones are configured", c.Agents)
	}
	for what, list := range map[string][]int{"FallbackMembers": c.FallbackMembers, "WebPhones": c.WebPhones} {
		for _, n := range list {
			if n < c.FirstAgent || n >= c.FirstAgent+c.Agents {
				return fmt.Errorf("%s of Config names %d, but the agents are %d to %d", what, n, c.FirstAgent, c.FirstAgent+c.Agents-1)
			}
		}
	}
	return nil
}

// inPage tells whether the telephone of an agent's number is in a page.
func (c Config) inPage(user string) bool {
	return slices.ContainsFunc(c.WebPhones, func(n int) bool { return strconv.Itoa(n) == user })
}

// agents lists the agents' numbers as text.
func (c Config) agents() []string {
	var users []string
	for i := range max(c.Agents, 0) {
		users = append(users, strconv.Itoa(c.FirstAgent+i))
	}
	return users
}
