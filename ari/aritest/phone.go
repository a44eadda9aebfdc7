package aritest

import (
	"slices"
	"time"
)

// Outcome is what a phone does with a call.
type Outcome uint8

// Outcomes.
const (
	Answer      Outcome = iota // it answers
	Busy                       // 486
	Decline                    // 603
	Unavailable                // 480
	Congestion                 // 503
	Ignore                     // it rings until someone gives up
	Silent                     // it does not even ring
	Refuse                     // Behaviour.Code
	Redirect                   // 302 to Behaviour.To
)

// Behaviour is how a phone takes a call.
type Behaviour struct {
	Ring  time.Duration // from the INVITE to ringing
	After time.Duration // from ringing to Do
	Do    Outcome
	Talk  time.Duration // from answer to its own hang-up; 0: it does not hang up
	Code  int           // SIP status of Refuse
	To    string        // number of Redirect
	Blank bool          // Asterisk drops the channel of a Redirect before it has read why: neither cause nor request is told
	Auto  bool          // it answers at once when the INVITE asks for that (see AutoAnswers)
}

// AnswerAfter rings, then answers and stays.
func AnswerAfter(d time.Duration) Behaviour { return Behaviour{After: d, Do: Answer} }

// Phone is a telephone with an endpoint PJSIP/number, or one in the world outside that is reached through a trunk.
type Phone struct {
	s          *Server
	number     string
	endpoint   string // of its channels: the number, or the trunk's name
	registered bool
	behaviour  Behaviour
	texts      []string
	most       int
	invite     Dialled
	notified   []int
}

// Phone adds a registered phone, or changes the behaviour of the one that has that number.
func (s *Server) Phone(number string, b Behaviour) *Phone {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.phones[number]
	if p == nil {
		p = &Phone{s: s, number: number, endpoint: number, registered: true}
		s.phones[number] = p
		s.phoneOrder = append(s.phoneOrder, number)
		s.devices["PJSIP/"+number] = "NOT_INUSE"
	}
	p.behaviour = b
	return p
}

// PhoneOf is the phone with that number; one that was not added is added, and lets calls ring.
func (s *Server) PhoneOf(number string) *Phone {
	s.mu.Lock()
	p := s.phones[number]
	s.mu.Unlock()
	if p == nil {
		p = s.Phone(number, Behaviour{Do: Ignore})
	}
	return p
}

// Most is the largest number of calls that the phone has had at once.
func (p *Phone) Most() (n int) {
	p.s.do(func() { n = p.most })
	return n
}

// calls is the number of calls that the phone has.
func (s *Server) calls(p *Phone) (n int) {
	for _, ch := range s.channels {
		if ch.phone == p {
			n++
		}
	}
	return n
}

func (p *Phone) json(s *Server) body {
	ids := []string{}
	for _, id := range s.order {
		if s.channels[id].phone == p {
			ids = append(ids, id)
		}
	}
	state := "offline"
	if p.registered {
		state = "online"
	}
	return body{"technology": "PJSIP", "resource": p.number, "state": state, "channel_ids": ids}
}

// Behave changes how it takes its next call.
func (p *Phone) Behave(b Behaviour) { p.s.do(func() { p.behaviour = b }) }

// Register makes it reachable.
func (p *Phone) Register() { p.s.do(func() { p.s.register(p, true) }) }

// Unregister makes it unreachable for new calls.
func (p *Phone) Unregister() { p.s.do(func() { p.s.register(p, false) }) }

// register tells the change in the order in which Asterisk does: a new contact is first not qualified, and reachable
// when it has answered an OPTIONS.
func (s *Server) register(p *Phone, on bool) {
	if p.registered == on {
		return
	}
	peer, contact := "Unreachable", "Removed"
	if on {
		s.contact(p, "NonQualified")
		peer, contact = "Reachable", "Reachable"
	}
	p.registered = on
	s.deviceOf(p)
	src, e := "endpoint:PJSIP/"+p.number, p.json(s)
	s.tellState(src, "EndpointStateChange", body{"endpoint": e})
	s.tellState(src, "PeerStatusChange", body{"endpoint": e, "peer": body{"peer_status": peer}})
	s.contact(p, contact)
}

func (s *Server) contact(p *Phone, status string) {
	s.tellState("endpoint:PJSIP/"+p.number, "ContactStatusChange", body{"endpoint": p.json(s), "contact_info": body{
		"uri": "sip:" + p.number + "@192.0.2.1:5060", "contact_status": status, "aor": p.number, "roundtrip_usec": "0",
	}})
}

// deviceOf works a phone's device state out of its calls.
func (s *Server) deviceOf(p *Phone) {
	if p.outside() {
		return
	}
	state := "NOT_INUSE"
	if !p.registered {
		state = "UNAVAILABLE"
	}
	for _, id := range s.order {
		ch := s.channels[id]
		switch {
		case ch.phone != p:
		case ch.state == "Up":
			s.device("PJSIP/"+p.number, "INUSE")
			return
		case ch.state == "Ringing":
			state = "RINGING"
		}
	}
	s.device("PJSIP/"+p.number, state)
}

// leg is the phone's newest call. The lock is held.
func (p *Phone) leg() *channel {
	for _, id := range slices.Backward(p.s.order) {
		if ch := p.s.channels[id]; ch.phone == p {
			return ch
		}
	}
	return nil
}

// with runs f on the phone's newest call, if there is one.
func (p *Phone) with(f func(*channel)) {
	p.s.do(func() {
		if ch := p.leg(); ch != nil {
			f(ch)
		}
	})
}

// read runs f on the phone's newest call, if there is one; it changes nothing, and so wakes nobody in Until.
func (p *Phone) read(f func(*channel)) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if ch := p.leg(); ch != nil {
		f(ch)
	}
}

// Leg is the channel id of its newest call, "" for none.
func (p *Phone) Leg() (id string) {
	p.read(func(ch *channel) { id = ch.id })
	return id
}

// Ringing says whether it rings.
func (p *Phone) Ringing() (yes bool) {
	p.read(func(ch *channel) { yes = ch.state == "Ringing" })
	return yes
}

// Answer takes the call that rings.
func (p *Phone) Answer() {
	p.with(func(ch *channel) {
		if ch.state == "Ringing" {
			p.s.stop(ch.script)
			p.s.phoneAnswers(ch)
		}
	})
}

// Hangup ends its newest call, or declines it while it rings.
func (p *Phone) Hangup() {
	p.with(func(ch *channel) {
		if ch.state == "Up" {
			p.s.end(ch, p.s.remoteEnd())
		} else {
			p.s.reject(ch, 603)
		}
	})
}

// Press presses keys.
func (p *Phone) Press(keys string) { p.with(func(ch *channel) { p.s.press(ch, keys) }) }

// Hold puts its partner on hold: that one hears music, and here nothing is heard.
func (p *Phone) Hold() { p.hold(true, "ChannelHold") }

// Unhold takes its partner back.
func (p *Phone) Unhold() { p.hold(false, "ChannelUnhold") }

func (p *Phone) hold(on bool, typ string) {
	p.with(func(ch *channel) {
		if ch.state == "Up" && ch.holding != on {
			ch.holding = on
			p.s.tell(ch, typ, nil)
		}
	})
}

// Text sends a SIP MESSAGE to the server.
func (p *Phone) Text(words string) {
	p.s.do(func() {
		p.s.tellState("endpoint:PJSIP/"+p.number, "TextMessageReceived", body{
			"endpoint": p.json(p.s),
			"message": body{
				"from": "<sip:" + p.number + "@asterisk.test>", "to": "pjsip:ctid@asterisk.test", "body": words,
				"variables": map[string]string{"Authorization": "secret"},
			},
		})
	})
}

// Texts are the messages that it was sent.
func (p *Phone) Texts() []string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return slices.Clone(p.texts)
}

// Hears is what is to be heard on its newest call; see Caller.Hears.
func (p *Phone) Hears() (what []string) {
	p.read(func(ch *channel) { what = p.s.hears(ch) })
	return what
}

// DeviceState sets the state of a device, such as one that a lamp or another PBX has.
func (s *Server) DeviceState(name, state string) { s.do(func() { s.device(name, state) }) }
