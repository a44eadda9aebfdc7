package ws

import (
	"encoding/json"

	"ctid"
)

// The ops that are about the session itself.
const (
	opSub      = "sub"
	opUnsub    = "unsub"
	opSnapshot = "snapshot"
	opPopGet   = "pop.get"
	opRenew    = "auth.renew"
)

// op is one request a client may make.
type op struct {
	name   string
	roles  []ctid.Role                                        // any of them; none means every session
	agent  bool                                               // only for those who are an agent, and hold his seat
	idem   bool                                               // a key is required
	decode func(json.RawMessage) (ctid.Action, error)         // for the desk
	local  func(*Hub, *session, inFrame, *renewal) ctid.Reply // for the hub itself
}

// ops is the one table of requests.
var ops = []op{
	deskOp[ctid.AgentLogin](false),
	deskOp[ctid.AgentLogout](false),
	deskOp[ctid.AgentReady](false),
	deskOp[ctid.AgentPause](false),
	deskOp[ctid.AgentCancelNext](false),
	deskOp[ctid.AgentWrapUpDone](true),
	deskOp[ctid.CallHangup](false),
	{name: opSnapshot, local: (*Hub).doSnapshot},
	{name: opSub, local: (*Hub).doSub},
	{name: opUnsub, local: (*Hub).doUnsub},
	{name: opPopGet, agent: true, roles: agents, local: (*Hub).doPopGet},
	{name: opRenew, local: (*Hub).doRenew},
}

var agents = []ctid.Role{ctid.RoleAgent, ctid.RoleSupervisor, ctid.RoleAdmin}

// deskOp is an agent's request that the desk carries out; its name is the action's own.
func deskOp[A ctid.Action](idem bool) op {
	var zero A
	return op{name: zero.Op(), roles: agents, agent: true, idem: idem,
		decode: func(args json.RawMessage) (ctid.Action, error) {
			var a A
			if len(args) > 0 {
				if err := json.Unmarshal(args, &a); err != nil {
					return nil, err
				}
			}
			return a, nil
		}}
}

func findOp(name string) *op {
	for i := range ops {
		if ops[i].name == name {
			return &ops[i]
		}
	}
	return nil
}

// may tells whether who may use the op at all.
func (o *op) may(who ctid.Who) bool {
	if o.agent && who.Agent == "" {
		return false
	}
	for _, r := range o.roles {
		if who.Has(r) {
			return true
		}
	}
	return len(o.roles) == 0
}

func opsFor(who ctid.Who) []string {
	out := []string{}
	for i := range ops {
		if ops[i].may(who) {
			out = append(out, ops[i].name)
		}
	}
	return out
}
