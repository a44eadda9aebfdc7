package aritest

import (
	"net/http"
	"slices"
)

// Refer asks (by REFER) on its newest call that its partner be sent to a number. Where the channel is not marked with
// PJSIP_TRANSFER_HANDLING()=ari-only, or this is Asterisk 16, Asterisk carries it out itself: one half of a Local channel
// takes the place of the phone's leg, the other comes from the phone's context.
func (p *Phone) Refer(to string) {
	p.with(func(ch *channel) { p.s.refer(ch, to, nil) })
}

// ReferTo asks that the partner of its other call be joined with the partner of the call on this leg, which is the phone's
// own consultation. Where Asterisk would carry that out itself nothing happens: the fake does not know how.
func (p *Phone) ReferTo(leg string) {
	p.s.do(func() {
		consult := p.s.channels[leg]
		if consult == nil || consult.phone != p {
			return
		}
		for _, id := range p.s.order {
			if ch := p.s.channels[id]; ch.phone == p && ch != consult {
				to := consult.number
				if !consult.originated {
					to = consult.dialplan[1]
				}
				p.s.refer(ch, to, consult)
				return
			}
		}
	})
}

func (s *Server) refer(ch *channel, to string, consult *channel) {
	switch {
	case ch.state != "Up":
		return
	case ch.vars["PJSIP_TRANSFER_HANDLING()"] == "ari-only" && s.major() >= 22:
	case consult == nil && ch.bridge != nil:
		s.referByAsterisk(ch, to)
		return
	default:
		return
	}
	ch.referring, ch.referHandled = true, false
	ch.referTo = body{"requested_destination": body{"destination": to}}
	if consult != nil {
		ch.referTo["requested_destination"] = body{"destination": to, "protocol_id": "call-" + consult.id}
	}
	s.tellTransfer(ch, consult, "")
}

// referByAsterisk is a blind transfer of Asterisk's own.
func (s *Server) referByAsterisk(ch *channel, to string) {
	br := ch.bridge
	near, far := s.localPair(to)
	far.state, near.replaces = "Ring", ch
	b := body{"context": "ctid-phones", "exten": to, "result": "Success", "is_external": true, "bridge": br.json()}
	for _, m := range br.members {
		if m != ch && len(br.members) == 2 {
			b["transferee"] = m.json(s)
		}
	}
	s.tell(ch, "ChannelUnhold", nil)
	s.leaveBridge(ch)
	s.enter(near, ch.app, nil)
	near.bridge = br
	br.members = append(br.members, near)
	br.apps[near.app]++
	s.tell(near, "ChannelEnteredBridge", body{"bridge": br.json()})
	b["replace_channel"] = near.json(s)
	s.tell(ch, "BridgeBlindTransfer", b)
	ch.phone.notified = append(ch.phone.notified, http.StatusOK)
	ch.originated = false // its end is told no more
	e := ending{cause: 16, request: body{"cause": 16}}
	if s.major() <= 16 {
		e.request = body{}
	}
	s.end(ch, e)
	far.dialplan = [4]string{"ctid-dialled", to, "Stasis", ""}
	if !s.enter(far, "ctid", []string{"phone", to}) {
		s.end(far, ending{cause: 34})
	}
}

// Referring says whether it waits for the outcome of a transfer on its newest call.
func (p *Phone) Referring() (yes bool) {
	p.read(func(ch *channel) { yes = ch.referring })
	return yes
}

// Notified lists the SIP statuses that it was told of its transfers: 100 for "it goes on", then 200, or why it came to
// nothing.
func (p *Phone) Notified() []int {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return slices.Clone(p.notified)
}

// transferStatus is what a phone is told for each state.
var transferStatus = map[string]int{
	"channel_progress": http.StatusContinue, "channel_answered": http.StatusOK, "channel_unavailable": http.StatusServiceUnavailable,
	"channel_declined": 603,
}

// tellTransfer sends a ChannelTransfer of a phone's wish, or with a state the echo of what it was told.
func (s *Server) tellTransfer(ch, consult *channel, state string) {
	if consult != nil {
		ch.consult = consult
	}
	to := body{"requested_destination": ch.referTo["requested_destination"]}
	if c := ch.consult; c != nil {
		to["destination_channel"] = c.json(s)
		s.tellBridgeOf(c, to)
	}
	by := body{"source_channel": ch.json(s)}
	s.tellBridgeOf(ch, by)
	b := body{"refer_to": to, "referred_by": by}
	if state != "" {
		b["state"] = state
	}
	for name, a := range s.apps {
		if ch.app == name && ch.watched || a.subs["channel:"+ch.id] {
			s.emit(a, "ChannelTransfer", b, ch.id)
		}
	}
}

// tellBridgeOf adds a channel's bridge, and its partner where there is just one.
func (s *Server) tellBridgeOf(ch *channel, b body) {
	br := ch.bridge
	if br == nil {
		return
	}
	b["bridge"] = br.json()
	if len(br.members) != 2 {
		return
	}
	for _, other := range br.members {
		if other != ch {
			b["connected_channel"] = other.json(s)
		}
	}
}

func transferProgress(s *Server, c *call) reply {
	ch, no := inStasis(s, c)
	if ch == nil {
		return no
	}
	state := c.q("states")
	status, known := transferStatus[state]
	if !known {
		return fail(http.StatusBadRequest, "Invalid states value")
	}
	if !ch.referring { // nobody waits for the news
		return done()
	}
	if !ch.referHandled {
		return fail(http.StatusInternalServerError, "the real one dies here: nobody waited until it was through with the REFER")
	}
	ch.phone.notified = append(ch.phone.notified, status)
	echo := state
	if state == "channel_unavailable" {
		echo = "channel_declined" // so Asterisk tells it back, though the phone gets 503
	}
	s.tellTransfer(ch, nil, echo)
	if ch.referring = state == "channel_progress"; !ch.referring {
		ch.consult = nil
	}
	if state == "channel_answered" {
		s.after(0, func() { s.end(ch, s.remoteEnd()) }) // a phone hangs up on this news
	}
	return done()
}
