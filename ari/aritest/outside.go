package aritest

import (
	"maps"
	"strings"
	"time"
)

// trunk is the endpoint behind which the world outside is.
const trunk = "carrier"

// Dialled is a call as it arrives at a telephone.
type Dialled struct {
	Number   string            // whom it is for
	From     string            // caller's number
	FromName string            // caller's name
	Headers  map[string]string // that were added to the INVITE
}

// OnCall says how telephones in the world outside take calls that are made to PJSIP/NUMBER@carrier; before it is said, all
// numbers there are wrong (404). f must not call the server's methods.
func (s *Server) OnCall(f func(Dialled) Behaviour) { s.do(func() { s.onCall = f }) }

// CarrierDown lets the trunk be out of reach: calls to it can't be made.
func (s *Server) CarrierDown(down bool) { s.do(func() { s.carrierDown = down }) }

// Outside is the telephone with a number in the world outside, from the first call to it on.
func (s *Server) Outside(number string) *Phone {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.outsider(number)
}

func (s *Server) outsider(number string) *Phone {
	p := s.outsiders[number]
	if p == nil {
		p = &Phone{s: s, number: number, endpoint: trunk}
		s.outsiders[number] = p
	}
	p.registered = !s.carrierDown
	return p
}

func (p *Phone) outside() bool { return p.endpoint == trunk }

// Number is the phone's.
func (p *Phone) Number() string { return p.number }

// Invite is the newest call that was made to the phone, as it arrived there.
func (p *Phone) Invite() Dialled {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	d := p.invite
	d.Headers = maps.Clone(d.Headers)
	return d
}

// dialledBy finds the phone that an originate is for, and how it takes the call; nil when there is none.
func (s *Server) dialledBy(r originateRequest) (*Phone, Behaviour) {
	resource, isSIP := strings.CutPrefix(r.Endpoint, "PJSIP/")
	if !isSIP {
		return nil, Behaviour{}
	}
	d := Dialled{Headers: headers(r.Variables)}
	d.FromName, d.From = parseCallerID(r.CallerID)
	number, through, trunked := strings.Cut(resource, "@")
	d.Number = number
	if !trunked {
		p := s.phones[number]
		if p == nil {
			return nil, Behaviour{}
		}
		p.invite = d
		return p, p.behaviour
	}
	if through != trunk {
		return nil, Behaviour{}
	}
	p := s.outsider(number)
	p.invite = d
	b := Behaviour{Do: Refuse, Code: 404}
	if s.onCall != nil {
		b = s.onCall(d)
	}
	return p, b
}

// headers reads the SIP headers out of an originate's variables.
func headers(variables map[string]string) map[string]string {
	out := map[string]string{}
	for name, value := range variables {
		if h, ok := strings.CutPrefix(name, "PJSIP_HEADER(add,"); ok {
			out[strings.TrimSuffix(h, ")")] = value
		}
	}
	return out
}

// autoAnswer says whether an INVITE asks a phone to answer by itself, in one of the ways that phones know.
func autoAnswer(variables map[string]string) bool {
	for name, value := range headers(variables) {
		switch strings.ToLower(name) {
		case "call-info":
			if strings.Contains(value, "answer-after=0") {
				return true
			}
		case "alert-info":
			if strings.Contains(strings.ToLower(value), "auto") {
				return true
			}
		}
	}
	return false
}

// AutoAnswers is a phone that answers at once when the INVITE asks for it (Call-Info with answer-after=0, or Alert-Info
// with "auto"), and else rings for the time and answers.
func AutoAnswers(d time.Duration) Behaviour { return Behaviour{After: d, Do: Answer, Auto: true} }

// Refuses rings for the time and refuses with a SIP status.
func Refuses(d time.Duration, code int) Behaviour { return Behaviour{After: d, Do: Refuse, Code: code} }

// Redirects rings for the time and says (302) that the call is to go to another number.
func Redirects(d time.Duration, to string) Behaviour {
	return Behaviour{After: d, Do: Redirect, To: to}
}
