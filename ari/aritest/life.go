package aritest

import (
	"net/http"
	"slices"
	"time"
)

// ending is how a channel comes to its end.
type ending struct {
	cause, tech int
	refused     int    // SIP status that we gave, which only the last event tells
	request     body   // the ChannelHangupRequest; nil for none
	dial        string // last Dial status of a channel that was not answered; "" for none
}

var causeTexts = map[int]string{
	0: "Unknown", 1: "Unallocated (unassigned) number", 16: "Normal Clearing", 17: "User busy", 19: "User alerting, no answer",
	20: "Subscriber absent", 21: "Call Rejected", 26: "Answered elsewhere", 34: "Circuit/channel congestion",
	127: "Interworking, unspecified",
}

// remoteEnd is a hang-up by the far end of an answered call.
func (s *Server) remoteEnd() ending {
	e := ending{cause: 16, request: body{}}
	if s.major() <= 16 {
		e.request["cause"] = 16
	}
	return e
}

// withTech adds the SIP status where this version tells it.
func (s *Server) withTech(b body, tech int) body {
	if tech > 0 && s.major() >= 22 {
		b["tech_cause"] = tech
	}
	return b
}

// end ends a channel in the order in which Asterisk tells it: request, playback, bridge, application, snoops, death.
func (s *Server) end(ch *channel, e ending) {
	if ch.dead {
		return
	}
	ch.dead = true
	s.stop(ch.timeout)
	s.stop(ch.script)
	if e.request != nil {
		s.tell(ch, "ChannelHangupRequest", s.withTech(e.request, e.tech))
	}
	s.dropWork(ch)
	entered := ch.inStasis
	s.leave(ch)
	for _, id := range slices.Clone(s.order) {
		if sn := s.channels[id]; sn != nil && sn.snoopOf == ch {
			s.end(sn, ending{cause: 16})
		}
	}
	if entered && !ch.originated && ch.snoopOf == nil { // the dialplan behind Stasis() comes to its end
		s.tell(ch, "ChannelHangupRequest", s.withTech(body{"cause": 16, "soft": true}, e.tech))
	}
	if ch.originated && !entered && e.dial != "" {
		s.tellDial(ch, e.dial)
	}
	ch.cause, ch.techCause = e.cause, e.tech
	s.tell(ch, "ChannelDestroyed", s.withTech(body{"cause": e.cause, "cause_txt": causeTexts[e.cause]}, max(e.tech, e.refused)))
	delete(s.channels, ch.id)
	s.order = slices.DeleteFunc(s.order, func(id string) bool { return id == ch.id })
	s.endpointChanged(ch)
	if ch.phone != nil {
		s.deviceOf(ch.phone)
	}
	close(ch.ended)
	if ch.other != nil {
		s.end(ch.other, ending{cause: e.cause, request: body{"cause": e.cause}, dial: "NOANSWER"})
	}
}

// dropWork ends what takes up the channel and fails what waits for its turn.
func (s *Server) dropWork(ch *channel) {
	if p := ch.playing; p != nil {
		ch.playing = nil
		s.finish(p, "failed")
	}
	if r := ch.recording; r != nil {
		ch.recording = nil
		s.finishRecording(r)
	}
	s.failPending(ch)
}

func (s *Server) failPending(ch *channel) {
	waiting := ch.pending
	ch.pending = nil
	for _, p := range waiting {
		if p.gone != nil {
			p.gone()
		}
	}
}

// Hop is what the dialplan does with a channel that was continued to a place.
type Hop struct {
	After  time.Duration // what it takes
	App    string        // the application it comes back to; "" and Hangup false: it stays away
	Args   []string
	Hangup bool
}

// Hop sets what happens at "context,extension". A channel continued to a place without one stays away until its far
// end hangs up.
func (s *Server) Hop(place string, h Hop) { s.do(func() { s.hops[place] = h }) }

func continueInDialplan(s *Server, c *call) reply {
	ch, no := inStasis(s, c)
	if ch == nil {
		return no
	}
	to := [2]string{c.q("context"), c.q("extension")}
	ch.enqueue(pending{run: func() {
		s.leave(ch)
		for i, v := range to {
			if v != "" {
				ch.dialplan[i] = v
			}
		}
		ch.dialplan[2], ch.dialplan[3] = "", ""
		s.hop(ch)
	}})
	return done()
}

func (s *Server) hop(ch *channel) {
	h, known := s.hops[ch.dialplan[0]+","+ch.dialplan[1]]
	if !known || h.App == "" && !h.Hangup {
		return
	}
	ch.script = s.after(h.After, func() {
		if h.Hangup || !s.enter(ch, h.App, h.Args) {
			s.end(ch, ending{cause: 16, request: body{"cause": 16, "soft": true}})
		}
	})
}

// dial lets a phone ring and behave.
func (s *Server) dial(ch *channel, r originateRequest, b Behaviour) {
	ch.phone.most = max(ch.phone.most, s.calls(ch.phone))
	s.tellDial(ch, "")
	limit := 30
	if r.Timeout != nil && *r.Timeout != 0 {
		limit = *r.Timeout
	}
	if limit > 0 {
		ch.timeout = s.after(time.Duration(limit)*time.Second, func() {
			e := ending{cause: 19, tech: 480}
			if s.major() <= 16 {
				e.cause = 0
			}
			s.end(ch, e)
		})
	}
	if b.Do == Silent {
		return
	}
	ch.script = s.after(b.Ring, func() {
		ch.state = "Ringing"
		s.tell(ch, "ChannelStateChange", nil)
		s.tellDial(ch, "RINGING")
		s.deviceOf(ch.phone)
		if b.Auto && autoAnswer(r.Variables) {
			s.phoneAnswers(ch)
			return
		}
		if b.Do != Ignore {
			ch.script = s.after(b.After, func() { s.behave(ch, b) })
		}
	})
}

// behave is what the phone does after it has rung for its time.
func (s *Server) behave(ch *channel, b Behaviour) {
	switch b.Do {
	case Answer:
		s.phoneAnswers(ch)
		if b.Talk > 0 && !ch.dead {
			ch.script = s.after(b.Talk, func() { s.end(ch, s.remoteEnd()) })
		}
	case Busy:
		s.reject(ch, 486)
	case Decline:
		s.reject(ch, 603)
	case Unavailable:
		s.reject(ch, 480)
	case Congestion:
		s.reject(ch, 503)
	case Refuse:
		s.reject(ch, b.Code)
	case Redirect:
		s.redirect(ch, b)
	case Ignore, Silent:
	}
}

// phoneAnswers brings a dialled channel into the application that dialled it.
func (s *Server) phoneAnswers(ch *channel) {
	s.stop(ch.timeout)
	s.up(ch)
	s.tellDial(ch, "ANSWER")
	s.deviceOf(ch.phone)
	if ch.app == "" {
		s.hop(ch)
		return
	}
	if !s.enter(ch, ch.app, ch.appArgs) {
		s.end(ch, ending{cause: 16})
	}
}

func (s *Server) tellDial(ch *channel, status string) {
	s.tell(ch, "Dial", body{"dialstatus": status, "forward": "", "dialstring": ch.dialled, "peer": ch.json(s)})
}

func unknownPlayback() reply { return fail(http.StatusNotFound, "Playback not found") }
