package switchboard

import (
	"time"

	"ctid"
	"ctid/acd"
)

// do carries out a request of a user. Whether his role may ask it was decided at the edge; whether the thing is his is
// decided here.
func (d *desk) do(now time.Time, who ctid.Who, a ctid.Action, reply func(ctid.Reply)) {
	by := ctid.By{Kind: "agent", ID: string(who.Agent), Req: who.Session + "/" + who.Req}
	if who.Agent == "" {
		by.Kind, by.ID = "supervisor", who.User
	}
	switch r := a.(type) {
	case ctid.DeskPresence:
		p := d.pops[r.Agent]
		d.decide(now, acd.DeskChanged{Agent: r.Agent, Awake: r.Awake, Seen: !r.Awake && p != nil && p.seen})
		reply(ctid.Reply{Phase: ctid.Done})
	case ctid.PopAck:
		d.popAcked(now, who.Agent, r)
		reply(ctid.Reply{Phase: ctid.Done})
	case ctid.AgentLogin:
		d.login(now, who, r, by, reply)
	case ctid.AgentSetDevice:
		d.setDevice(now, who, r, by, reply)
	case ctid.AgentLogout:
		d.agent(now, who, acd.AgentLogout{Agent: who.Agent, By: by}, reply)
	case ctid.AgentReady:
		d.withPhone(now, who.Agent, func(now time.Time) { d.agent(now, who, acd.AgentReady{Agent: who.Agent, By: by}, reply) })
	case ctid.AgentPause:
		d.agent(now, who, acd.AgentPause{Agent: who.Agent, Reason: r.Reason, By: by}, reply)
	case ctid.AgentCancelNext:
		d.agent(now, who, acd.AgentCancelNext{Agent: who.Agent, By: by}, reply)
	case ctid.AgentWrapUpDone:
		d.wrapUpDone(now, who, r, by, reply)
	case ctid.AgentExtendWrapUp:
		d.agent(now, who, acd.ExtendWrapUp{Agent: who.Agent, Wrap: r.Wrap, For: time.Duration(r.MS) * time.Millisecond, By: by}, reply)
	case ctid.TeamForceState:
		by.Kind, by.ID = "supervisor", who.User
		d.request(now, acd.ForceState{Agent: r.Agent, State: r.State, Reason: r.Reason, Hard: r.Hard, By: by}, reply)
	case ctid.QueueMove, ctid.QueuePrioritise, ctid.QueueRemove, ctid.QueuePick:
		by.Kind, by.ID = "supervisor", who.User
		d.supervise(now, who, a, by, reply)
	case ctid.QueueWhy:
		d.why(now, r, reply)
	case ctid.MessageSend:
		d.send(now, r, by, who, reply)
	case ctid.MessageAck:
		d.acknowledged(now, r, by, who, reply)
	default:
		d.doCall(now, who, a, by, reply)
	}
}

// monitoring hands a request of a supervisor about his part in a call to the call.
func (d *desk) monitoring(who ctid.Who, a ctid.Action, id ctid.CallID, by ctid.By, reply func(ctid.Reply)) {
	k := d.calls[id]
	if k == nil {
		reply(failed(ctid.Refuse(ctid.CallOver, "this call is over")))
		return
	}
	k.post(func(now time.Time) { k.monitorWish(now, a, &wish{agent: who.Agent, by: by, op: a.Op(), reply: reply}) })
}

// doCall carries out a request about a call.
func (d *desk) doCall(now time.Time, who ctid.Who, a ctid.Action, by ctid.By, reply func(ctid.Reply)) {
	switch r := a.(type) {
	case ctid.CallDial:
		d.dial(now, who, r, by, reply)
	case ctid.CallPickup:
		d.pickup(now, who, r, by, reply)
	case ctid.PopChoose:
		d.choose(who, r, by, reply)
	case ctid.MonitorStart:
		d.monitor(now, who, r, by, reply)
	case ctid.MonitorMode:
		d.monitoring(who, a, r.Call, by, reply)
	case ctid.MonitorStop:
		d.monitoring(who, a, r.Call, by, reply)
	case ctid.MonitorTakeover:
		d.monitoring(who, a, r.Call, by, reply)
	case ctid.CallAnswer:
		d.control(who, a, r.Call, nil, by, reply)
	case ctid.CallReject:
		d.control(who, a, r.Call, nil, by, reply)
	case ctid.CallHold:
		d.control(who, a, r.Call, nil, by, reply)
	case ctid.CallRetrieve:
		if d.isParked(r.Call) {
			d.pickup(now, who, ctid.CallPickup{Call: r.Call}, by, reply)
			return
		}
		d.control(who, a, r.Call, nil, by, reply)
	case ctid.CallHangup:
		d.control(who, a, r.Call, nil, by, reply)
	case ctid.CallDTMF:
		d.control(who, a, r.Call, nil, by, reply)
	case ctid.CallConsult:
		d.control(who, a, r.Call, &r.To, by, reply)
	case ctid.CallTransferComplete:
		d.control(who, a, r.Call, nil, by, reply)
	case ctid.CallTransferCancel:
		d.control(who, a, r.Call, nil, by, reply)
	case ctid.CallSwap:
		d.control(who, a, r.Call, nil, by, reply)
	case ctid.CallTransferBlind:
		d.control(who, a, r.Call, &r.To, by, reply)
	case ctid.CallConference:
		d.control(who, a, r.Call, nil, by, reply)
	case ctid.CallDropParty:
		d.control(who, a, r.Call, nil, by, reply)
	case ctid.CallPark:
		d.control(who, a, r.Call, r.BackTo, by, reply)
	case ctid.CallSetData:
		d.control(who, a, r.Call, nil, by, reply)
	default:
		reply(failed(ctid.Refuse(ctid.UnknownOp, "there is no request "+a.Op())))
	}
}

func failed(err *ctid.Error) ctid.Reply { return ctid.Reply{Phase: ctid.Failed, Err: err} }

// agent gives the core a request about the asking agent. done leaves when its row is on disk.
func (d *desk) agent(now time.Time, who ctid.Who, ev acd.Event, reply func(ctid.Reply)) {
	if who.Agent == "" {
		reply(failed(ctid.Refuse(ctid.Forbidden, "this user has no agent record")))
		return
	}
	d.request(now, ev, reply)
}

func (d *desk) request(now time.Time, ev acd.Event, reply func(ctid.Reply)) bool {
	seq := d.seq
	var refused *ctid.Error
	// The row's Done runs after the flush that follows this letter, so refused is known by then.
	refused = d.asked(now, ev, func(e *ctid.LogEntry) {
		e.Done = func(err error) {
			switch {
			case refused != nil && refused.Code == ctid.AlreadyDone:
				reply(ctid.Reply{Phase: ctid.Done, Seq: seq, Already: true})
			case refused != nil:
				reply(failed(refused))
			default:
				reply(ctid.Reply{Phase: ctid.Done, Seq: seq, Unsaved: err != nil})
			}
		}
	})
	return refused == nil
}

// replyAfterCommit answers a request when all that was stamped before it is on disk.
func (d *desk) replyAfterCommit(now time.Time, call ctid.CallID, op string, reply func(ctid.Reply)) {
	seq := d.seq
	d.fact(now, ctid.Event{By: ctid.BySystem, Call: call, Body: ctid.CallNote{What: "done", Data: map[string]any{"op": op}}}, func(e *ctid.LogEntry) {
		e.Done = func(err error) { reply(ctid.Reply{Phase: ctid.Done, Seq: seq, Unsaved: err != nil}) }
	})
}
