package aritest

import (
	"strings"
	"time"
)

// Dial places a call of the phone's own to a number or a code; the dialplan gives it to the application with the
// arguments "phone" and the number. Without a program it is refused.
func (p *Phone) Dial(number string) *Caller {
	c := &Caller{Number: p.number, DNIS: number, App: "ctid", Context: "ctid-dialled", Args: []string{"phone", number}, s: p.s}
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.newChannel("", "PJSIP/"+p.endpoint)
	c.ch = ch
	ch.phone, ch.state, ch.number = p, "Ring", p.number
	ch.dialplan = [4]string{c.Context, number, "Stasis", ""}
	p.most = max(p.most, s.calls(p))
	if s.done || !s.enter(ch, c.App, c.Args) {
		s.end(ch, ending{cause: 34, refused: 503})
	}
	s.deviceOf(p)
	s.touch()
	return c
}

// Reject refuses the call that rings with a SIP status.
func (p *Phone) Reject(code int) {
	p.with(func(ch *channel) {
		if ch.state == "Ringing" {
			p.s.reject(ch, code)
		}
	})
}

// Vanish is what a browser's page does that is closed, or a phone whose cable is pulled: it says no more, also no BYE, and
// its contact is gone. Its calls stay until somebody ends them.
func (p *Phone) Vanish() {
	p.s.do(func() {
		for _, id := range p.s.order {
			if ch := p.s.channels[id]; ch.phone == p {
				ch.lost, ch.lostAt = true, time.Now()
				p.s.stop(ch.script)
			}
		}
		p.s.register(p, false)
	})
}

// LoseMedia is what Asterisk tells of a call whose phone has sent no media for rtp_timeout: it has ended it.
func (p *Phone) LoseMedia() {
	p.with(func(ch *channel) { p.s.end(ch, ending{cause: noMedia, request: body{"cause": noMedia, "soft": true}}) })
}

// noMedia is the cause of a call that Asterisk ends for want of media.
const noMedia = 44

// TalkElsewhere has the phone in a call of which no application hears, until end is called.
func (p *Phone) TalkElsewhere() (end func()) {
	var ch *channel
	p.s.do(func() {
		ch = p.s.newChannel("", "PJSIP/"+p.endpoint)
		ch.phone, ch.state = p, "Up"
		p.s.deviceOf(p)
	})
	return func() { p.s.do(func() { p.s.end(ch, p.s.remoteEnd()) }) }
}

// Keys are the keys that were sent to it on its newest call.
func (p *Phone) Keys() (keys string) {
	p.read(func(ch *channel) { keys = ch.keys })
	return keys
}

// Legs lists the channel ids of all its calls, the oldest first.
func (p *Phone) Legs() []string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	var ids []string
	for _, id := range p.s.order {
		if p.s.channels[id].phone == p {
			ids = append(ids, id)
		}
	}
	return ids
}

// sipCauses are the Q.850 causes that Asterisk makes of SIP statuses.
var sipCauses = map[int]int{
	401: 21, 403: 21, 404: 1, 405: 127, 407: 21, 408: 18, 409: 41, 410: 22, 420: 3, 480: 19, 481: 127, 482: 127, 483: 19, 484: 28, 485: 1,
	486: 17, 487: 127, 488: 58, 500: 38, 501: 29, 502: 27, 503: 34, 504: 102, 600: 17, 603: 21, 604: 1, 606: 58,
}

// causeOf is the cause for a SIP status; of those that Asterisk does not know, for its class.
func causeOf(status int) int {
	if cause, known := sipCauses[status]; known {
		return cause
	}
	if status/100 == 5 {
		return 34
	}
	return 127
}

// reject ends a call that a phone refuses.
func (s *Server) reject(ch *channel, status int) {
	cause, dial := causeOf(status), "NOANSWER"
	switch cause {
	case 17:
		dial = "BUSY"
	case 34:
		dial = "CONGESTION"
	case 3, 20:
		dial = "CHANUNAVAIL"
	}
	s.end(ch, ending{cause: cause, tech: status, request: body{"cause": cause}, dial: dial})
}

// redirect is a phone's 302: Asterisk drops the channel and lets a pair of Local channels dial the other number from the
// context of the phone's endpoint. What reads as a dial string it dials at once.
func (s *Server) redirect(ch *channel, b Behaviour) {
	to, over := b.To, ending{cause: 23, tech: 302, request: body{"cause": 23}}
	if b.Blank {
		over = ending{}
	}
	if strings.Contains(to, "/") {
		s.redirectPast(ch, to, over)
		return
	}
	near, far := s.localPair(to)
	near.app, near.appArgs, near.originated, near.watched = ch.app, ch.appArgs, true, true
	near.dialled = to + "@ctid-phones"
	near.callerName, near.number = ch.callerName, ch.number
	near.vars["FORWARDERNAME"], far.vars["FORWARDERNAME"] = ch.name, ch.name
	far.callerName, far.number = ch.callerName, ch.number
	s.tell(ch, "Dial", body{
		"dialstatus": "CANCEL", "forward": to, "dialstring": ch.dialled, "peer": ch.json(s), "forwarded": near.json(s),
	})
	s.end(ch, over)
	far.dialplan = [4]string{"ctid-dialled", to, "Stasis", ""}
	far.state = "Ring"
	if !s.enter(far, "ctid", []string{"forward", to, ch.name}) {
		s.end(near, ending{cause: 34})
		s.end(far, ending{cause: 34})
	}
}

// redirectPast is a phone's 302 with a dial string: no dialplan sees it.
func (s *Server) redirectPast(ch *channel, to string, over ending) {
	r := originateRequest{Endpoint: to, CallerID: `"` + ch.callerName + `" <` + ch.number + ">"}
	p, b := s.dialledBy(r)
	if p == nil || !p.registered {
		s.end(ch, over)
		return
	}
	on := s.newChannel("", "PJSIP/"+p.endpoint)
	on.phone, on.originated, on.watched, on.dialled = p, true, true, strings.TrimPrefix(to, "PJSIP/")
	on.app, on.appArgs, on.callerName, on.number = ch.app, ch.appArgs, ch.callerName, ch.number
	on.vars["FORWARDERNAME"] = ch.name
	s.tell(ch, "Dial", body{
		"dialstatus": "CANCEL", "forward": to, "dialstring": ch.dialled, "peer": ch.json(s), "forwarded": on.json(s),
	})
	s.end(ch, over)
	s.dial(on, r, b)
}

// localPair makes the two halves of a Local channel: near is dialled, far runs in the dialplan.
func (s *Server) localPair(to string) (near, far *channel) {
	near = s.newChannel("", "Local/"+to+"@ctid-phones")
	far = s.newChannel("", "Local/"+to+"@ctid-phones")
	base := near.name
	near.name, far.name = base+";1", base+";2"
	near.other, far.other = far, near
	return near, far
}
