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
	opLookUp   = "directory.get"
	opRenew    = "auth.renew"
)

// op is one request a client may make.
type op struct {
	name        string
	verb        verb                                               // what a role must reach; see permits
	agent       bool                                               // only for those who are an agent, and hold his seat
	idem        bool                                               // a key is required
	asks        bool                                               // it only asks: its answer is not kept for a repeat
	rate, burst float64                                            // of its own, requests a second and session; 0: none
	decode      func(json.RawMessage) (ctid.Action, error)         // for the desk
	local       func(*Hub, *session, inFrame, *renewal) ctid.Reply // for the hub itself
}

// ops is the one table of requests.
var ops = []op{
	own[ctid.AgentLogin](),
	own[ctid.AgentLogout](),
	own[ctid.AgentReady](),
	own[ctid.AgentPause](),
	own[ctid.AgentCancelNext](),
	own[ctid.AgentWrapUpDone]().keyed(),
	own[ctid.AgentSetDevice](),
	own[ctid.AgentExtendWrapUp](),
	own[ctid.CallAnswer](),
	own[ctid.CallReject](),
	own[ctid.CallHold](),
	own[ctid.CallRetrieve](),
	own[ctid.CallHangup](),
	own[ctid.CallDTMF](),
	own[ctid.CallConsult](),
	own[ctid.CallTransferComplete](),
	own[ctid.CallTransferCancel](),
	own[ctid.CallSwap](),
	own[ctid.CallTransferBlind](),
	own[ctid.CallConference](),
	own[ctid.CallDropParty](),
	own[ctid.CallPark](),
	own[ctid.CallPickup]().needs(verbPickUp),
	own[ctid.CallSetData]().keyed(),
	own[ctid.CallDial]().keyed().atMost(1, 3),
	own[ctid.PopChoose](),
	own[ctid.MonitorStart]().needs(verbControl),
	own[ctid.MonitorMode]().needs(verbControl),
	own[ctid.MonitorStop]().needs(verbControl),
	own[ctid.MonitorTakeover]().needs(verbControl),
	forDesk[ctid.TeamForceState]().needs(verbForce),
	forDesk[ctid.QueueMove]().needs(verbControl),
	forDesk[ctid.QueuePrioritise]().needs(verbControl),
	forDesk[ctid.QueueRemove]().needs(verbControl),
	forDesk[ctid.QueuePick]().needs(verbControl),
	forDesk[ctid.QueueWhy]().needs(verbSee).atMost(5, 10).question(),
	forDesk[ctid.MessageSend]().needs(verbMessageUp).keyed().atMost(2, 2),
	own[ctid.MessageAck](),
	{name: opSnapshot, local: (*Hub).doSnapshot},
	{name: opSub, local: (*Hub).doSub},
	{name: opUnsub, local: (*Hub).doUnsub},
	{name: opPopGet, verb: verbSelf, agent: true, local: (*Hub).doPopGet},
	{name: opLookUp, verb: verbDirectory, local: (*Hub).doDirectory},
	{name: opRenew, local: (*Hub).doRenew},
}

// forDesk is a request that the desk carries out; its name is the action's own.
func forDesk[A ctid.Action]() op {
	var zero A
	return op{name: zero.Op(), decode: func(args json.RawMessage) (ctid.Action, error) {
		var a A
		if len(args) > 0 {
			if err := json.Unmarshal(args, &a); err != nil {
				return nil, err
			}
		}
		return a, nil
	}}
}

// own is a request of an agent from his seat.
func own[A ctid.Action]() op {
	o := forDesk[A]()
	o.verb, o.agent = verbSelf, true
	return o
}

func (o op) needs(v verb) op { o.verb = v; return o }

// keyed makes a key a duty: the request must not be done twice.
func (o op) keyed() op { o.idem = true; return o }

func (o op) question() op { o.asks = true; return o }

func (o op) atMost(rate, burst float64) op { o.rate, o.burst = rate, burst; return o }

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
	return (!o.agent || who.Agent != "") && ever(who, o.verb)
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

// Ops names every request, in the table's order.
func Ops() []string {
	out := make([]string, len(ops))
	for i, o := range ops {
		out[i] = o.name
	}
	return out
}
