package switchboard

import (
	"slices"
	"time"

	"ctid"
	"ctid/acd"
)

// do carries out a request of a user. Whether his role may ask it was decided at the edge; whether the thing is his is
// decided here.
func (d *desk) do(now time.Time, who ctid.Who, a ctid.Action, reply func(ctid.Reply)) {
	by := ctid.By{Kind: "agent", ID: string(who.Agent), Req: who.Session + "/" + who.Req}
	switch r := a.(type) {
	case ctid.DeskPresence:
		d.decide(now, acd.DeskChanged{Agent: r.Agent, Awake: r.Awake})
		reply(ctid.Reply{Phase: ctid.Done})
	case ctid.PopAck:
		d.popAcked(now, who.Agent, r)
		reply(ctid.Reply{Phase: ctid.Done})
	case ctid.AgentLogin:
		d.agent(now, who, acd.AgentLogin{Agent: who.Agent, By: by}, reply)
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
	case ctid.CallHangup:
		d.hangup(who, r, by, reply)
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

// wrapUpDone saves the paperwork first, then lets the agent go on.
func (d *desk) wrapUpDone(now time.Time, who ctid.Who, r ctid.AgentWrapUpDone, by ctid.By, reply func(ctid.Reply)) {
	v, ok := d.core.AgentView(who.Agent)
	if !ok || who.Agent == "" {
		reply(failed(ctid.Refuse(ctid.Forbidden, "this user has no agent record")))
		return
	}
	wrap := v.Wrap
	accepted := d.request(now, acd.WrapUpDone{Agent: who.Agent, Wrap: r.Wrap, Coded: r.Disposition != "",
		Then: r.Then, Reason: r.Reason, By: by}, reply)
	if !accepted || wrap == nil {
		return
	}
	ms := now.Sub(v.Since).Milliseconds()
	d.fact(now, ctid.Event{By: by, Call: wrap.Call, Agent: who.Agent, Agents: []ctid.AgentID{who.Agent},
		Body: ctid.WrapUpSaved{Wrap: r.Wrap, Disposition: r.Disposition, Notes: r.Notes, WrapMS: ms}},
		func(e *ctid.LogEntry) {
			e.Amend = &ctid.Amendment{Call: wrap.Call, Agent: who.Agent, Disposition: r.Disposition, Notes: r.Notes, WrapMS: ms}
		})
}

// hangup ends the asking agent's leg of a call.
func (d *desk) hangup(who ctid.Who, r ctid.CallHangup, by ctid.By, reply func(ctid.Reply)) {
	k := d.calls[r.Call]
	v, ok := d.core.AgentView(who.Agent)
	switch {
	case k == nil:
		reply(failed(ctid.Refuse(ctid.CallOver, "this call is over")))
	case !ok || v.Call != r.Call:
		reply(failed(ctid.Refuse(ctid.NotYours, "this call is not yours")))
	case !slices.Contains(v.Can, r.Op()):
		reply(failed(&ctid.Error{Code: ctid.WrongState, Text: "there is nothing to hang up", Can: v.Can, Rev: v.Rev}))
	default:
		seq := d.seq
		reply(ctid.Reply{Phase: ctid.Started, Seq: seq})
		k.post(func(now time.Time) { k.hangupAgent(now, who.Agent, by, reply) })
	}
}

// replyAfterCommit answers a request when all that was stamped before it is on disk.
func (d *desk) replyAfterCommit(now time.Time, call ctid.CallID, reply func(ctid.Reply)) {
	seq := d.seq
	d.fact(now, ctid.Event{By: ctid.BySystem, Call: call, Body: ctid.CallNote{What: "hung_up_by_agent"}}, func(e *ctid.LogEntry) {
		e.Done = func(err error) { reply(ctid.Reply{Phase: ctid.Done, Seq: seq, Unsaved: err != nil}) }
	})
}
