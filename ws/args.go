package ws

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"ctid"
)

// Bounds of what requests carry.
const (
	maxDigits     = 32       // of call.dtmf
	maxText       = 500      // characters of a message
	maxData       = 16 << 10 // bytes of the values attached in one request
	maxDataKeys   = 64
	maxDataValue  = 4 << 10 // bytes of one value
	maxExtendTime = 24 * time.Hour
	maxPriority   = 100
)

var dataKey = regexp.MustCompile(`^[a-z][a-z0-9_.]{0,63}$`)

// shape refuses what no state of the world makes sense of.
func shape(a ctid.Action) *ctid.Error {
	switch a := a.(type) {
	case ctid.AgentWrapUpDone:
		if e := attachable("fields", a.Fields, nil); e != nil {
			return e
		}
		return oneOf("then", string(a.Then), "", string(ctid.Ready), string(ctid.Paused), string(ctid.Out))
	case ctid.AgentExtendWrapUp:
		if a.MS <= 0 || a.MS > maxExtendTime.Milliseconds() {
			return wrong("ms", "is a time above 0")
		}
	case ctid.CallDTMF:
		if n := len(a.Digits); n == 0 || n > maxDigits || strings.Trim(string(a.Digits), "0123456789ABCD*#") != "" {
			return wrong("digits", "are 1 to 32 of 0-9, A-D, * and #")
		}
	case ctid.CallConsult:
		return target("to", a.To, "agent", "queue", "number", "ext")
	case ctid.CallTransferBlind:
		if e := oneOf("on_fail", a.OnFail, "", "back", "queue", "hangup"); e != nil {
			return e
		}
		return target("to", a.To, "agent", "queue", "number", "ext", "ivr", "park")
	case ctid.CallPark:
		if a.BackTo != nil {
			return target("back_to", *a.BackTo, "agent", "queue", "number", "ext")
		}
	case ctid.CallPickup:
		if named := slices.DeleteFunc([]string{string(a.Call), string(a.Offer), a.Slot}, func(s string) bool { return s == "" }); len(named) != 1 {
			return wrong("call", "or offer or slot: one of them names what is picked up")
		}
	case ctid.CallSetData:
		return attachable("set", a.Set, a.Unset)
	case ctid.CallDial:
		if e := attachable("data", a.Data, nil); e != nil {
			return e
		}
		return target("to", a.To, "agent", "queue", "number", "ext")
	case ctid.MonitorStart:
		if (a.Call == "") == (a.Agent == "") {
			return wrong("call", "or agent: one of them names whom to listen to")
		}
		return oneOf("mode", a.Mode, "listen", "whisper", "barge")
	case ctid.MonitorMode:
		return oneOf("mode", a.Mode, "listen", "whisper", "barge")
	case ctid.QueueMove, ctid.QueuePrioritise, ctid.QueueRemove, ctid.QueuePick, ctid.QueueWhy:
		return ofQueue(a)
	case ctid.TeamForceState:
		return oneOf("state", string(a.State), string(ctid.Ready), string(ctid.Paused), string(ctid.Out))
	case ctid.MessageSend:
		return message(a)
	}
	return nil
}

// wrong says what an argument has to be.
func wrong(field, rule string) *ctid.Error {
	return &ctid.Error{Code: ctid.BadRequest, Text: field + " " + rule, Fields: []string{"args." + field}}
}

func oneOf(field, value string, allowed ...string) *ctid.Error {
	if slices.Contains(allowed, value) {
		return nil
	}
	words := slices.DeleteFunc(allowed, func(s string) bool { return s == "" })
	return wrong(field, "is one of "+strings.Join(words, ", "))
}

// target checks whom a call goes to: of these kinds, and named.
func target(field string, t ctid.Target, kinds ...string) *ctid.Error {
	switch {
	case !slices.Contains(kinds, t.Kind):
		return wrong(field+".kind", "is one of "+strings.Join(kinds, ", "))
	case t.Kind == "number" && t.E164 == "":
		return wrong(field+".e164", "is the number")
	case t.Kind != "number" && t.Kind != "park" && t.ID == "":
		return wrong(field+".id", "is missing")
	}
	return nil
}

// attachable checks values that are to travel with a call; field is where the request has them.
func attachable(field string, set map[string]ctid.PrivateValue, unset []string) *ctid.Error {
	if len(set)+len(unset) > maxDataKeys {
		return tooLarge(fmt.Sprintf("%d keys at most", maxDataKeys))
	}
	sum := 0
	for k, v := range set {
		if !dataKey.MatchString(k) {
			return wrong(field, "has keys of a-z, 0-9, _ and ., beginning with a letter, 64 long at most")
		}
		b, err := json.Marshal(v)
		if err != nil {
			return wrong(field, "holds a value that is no JSON")
		}
		if len(b) > maxDataValue {
			return tooLarge(fmt.Sprintf("the value of %s has %d bytes; %d at most", k, len(b), maxDataValue))
		}
		sum += len(k) + len(b)
	}
	for _, k := range unset {
		if !dataKey.MatchString(k) {
			return wrong("unset", "holds what is no key")
		}
	}
	if sum > maxData {
		return tooLarge(fmt.Sprintf("the values have %d bytes together; %d at most", sum, maxData))
	}
	return nil
}

func tooLarge(text string) *ctid.Error { return ctid.Refuse(ctid.TooLarge, text) }

func message(a ctid.MessageSend) *ctid.Error {
	switch n := utf8.RuneCountInString(string(a.Text)); {
	case n == 0:
		return wrong("text", "is empty")
	case n > maxText:
		return tooLarge(fmt.Sprintf("the text has %d characters; %d at most", n, maxText))
	case a.To.Kind == "supervisor":
	default:
		if e := target("to", a.To, "agent", "team", "supervisor"); e != nil {
			return e
		}
	}
	return oneOf("level", a.Level, "", "info", "warn", "urgent")
}

// ofQueue checks a request about a call that waits.
func ofQueue(a ctid.Action) *ctid.Error {
	call := ctid.CallID("")
	var e *ctid.Error
	switch a := a.(type) {
	case ctid.QueueMove:
		if call = a.Call; a.Queue == "" {
			e = wrong("queue", "is missing")
		}
	case ctid.QueuePrioritise:
		if call = a.Call; a.Priority == nil || *a.Priority < 0 || *a.Priority > maxPriority {
			e = wrong("priority", fmt.Sprintf("is a number from 0 to %d", maxPriority))
		}
	case ctid.QueueRemove:
		call, e = a.Call, oneOf("how", a.How, slices.Clone(ctid.Removals)...)
	case ctid.QueuePick:
		call = a.Call
	case ctid.QueueWhy:
		call = a.Call
	}
	if call == "" {
		return wrong("call", "is missing")
	}
	return e
}

// within refuses what the asking user's role does not reach: other teams' agents and calls. Whether a call is the asking agent's own,
// and whether it can be done now, the desk decides, which alone knows the present.
func (h *Hub) within(s *session, a ctid.Action) *ctid.Error {
	switch a := a.(type) {
	case ctid.CallPickup:
		return h.withinPickUp(s, a)
	case ctid.MonitorStart:
		if a.Agent != "" {
			return h.reaches(s, verbControl, thing{agents: []ctid.AgentID{a.Agent}})
		}
		return h.reachesCall(s, verbControl, a.Call)
	case ctid.MonitorMode:
		return h.reachesCall(s, verbControl, a.Call)
	case ctid.MonitorTakeover:
		return h.reachesCall(s, verbControl, a.Call)
	case ctid.QueueMove:
		return h.reachesWaiting(s, verbControl, a.Call)
	case ctid.QueuePrioritise:
		return h.reachesWaiting(s, verbControl, a.Call)
	case ctid.QueueRemove:
		return h.reachesWaiting(s, verbControl, a.Call)
	case ctid.QueuePick:
		if a.Agent != "" {
			if e := h.reaches(s, verbControl, thing{agents: []ctid.AgentID{a.Agent}}); e != nil {
				return e
			}
		}
		return h.reachesWaiting(s, verbControl, a.Call)
	case ctid.QueueWhy:
		return h.reachesWaiting(s, verbSee, a.Call)
	case ctid.TeamForceState:
		v := verbForce
		if a.Hard {
			v = verbHard
		}
		return h.reaches(s, v, thing{agents: []ctid.AgentID{a.Agent}})
	case ctid.MessageSend:
		return h.withinMessage(s, a)
	case ctid.PopChoose:
		return h.withinPop(s, a.Pop)
	}
	return nil
}

// reaches turns a refusal of may into an answer.
func (h *Hub) reaches(s *session, v verb, t thing) *ctid.Error {
	switch code := h.view.site.may(s.who, v, t); code {
	case "":
		return nil
	case ctid.NotYours:
		return ctid.Refuse(code, "that is outside of what you look after")
	default:
		return ctid.Refuse(code, "your role does not allow this")
	}
}

// reachesCall asks about a live call. Of one that the hub does not know the desk says what became of it.
func (h *Hub) reachesCall(s *session, v verb, call ctid.CallID) *ctid.Error {
	k := h.view.live[call]
	if k == nil {
		return nil
	}
	return h.reaches(s, v, thing{agents: k.agents, queue: k.waiting})
}

// reachesWaiting is reachesCall for a request about a call that waits. One that a moment ago has left its queue is nobody's, and whether
// he looks after it cannot be said any more.
func (h *Hub) reachesWaiting(s *session, v verb, call ctid.CallID) *ctid.Error {
	e := h.reachesCall(s, v, call)
	if k := h.view.live[call]; e != nil && e.Code == ctid.NotYours && k.waiting == "" && len(k.agents) == 0 {
		return &ctid.Error{Code: ctid.WrongState, Text: "this call waits in no queue, and no agent has it", Data: map[string]any{"state": "elsewhere"}}
	}
	return e
}

// withinPickUp: a parked call is for anyone who sees its slot; one that waits or rings is for those who serve its queue
// or are in the team where it rings.
func (h *Hub) withinPickUp(s *session, a ctid.CallPickup) *ctid.Error {
	call := a.Call
	for _, p := range h.view.pops {
		if a.Offer != "" && p.Data.Offer == a.Offer {
			call = p.Call
		}
	}
	k := h.view.live[call]
	if k == nil || a.Slot != "" {
		return nil
	}
	if k.parked {
		return nil
	}
	return h.reachesCall(s, verbPickUp, call)
}

func (h *Hub) withinMessage(s *session, a ctid.MessageSend) *ctid.Error {
	switch a.To.Kind {
	case "agent":
		return h.reaches(s, verbMessage, thing{agents: []ctid.AgentID{ctid.AgentID(a.To.ID)}})
	case "team":
		if e := h.reaches(s, verbMessage, thing{team: a.To.ID}); e != nil || slices.Contains(h.view.site.Teams, a.To.ID) {
			return e
		}
		return ctid.Refuse(ctid.NotFound, "there is no team "+clip(a.To.ID, maxID))
	}
	if h.view.site.Agents[s.agent].Team == "" {
		return ctid.Refuse(ctid.NotFound, "you are in no team, so nobody supervises you")
	}
	return h.reaches(s, verbMessageUp, thing{})
}

func (h *Hub) withinPop(s *session, id ctid.PopID) *ctid.Error {
	switch p := h.view.pops[id]; {
	case p == nil:
		return ctid.Refuse(ctid.NotFound, "no such pop is open for you")
	case p.agent != s.agent:
		return ctid.Refuse(ctid.NotYours, "this pop is another agent's")
	}
	return nil
}
