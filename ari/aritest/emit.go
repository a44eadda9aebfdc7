package aritest

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
)

// body is the part of an event that its type decides.
type body = map[string]any

// emit sends one event to one application, if its filter lets it through; about is the channel's id, for faults.
func (s *Server) emit(a *app, typ string, b body, about string) {
	if a == nil || a.socket == nil || a.disallowed[typ] || (len(a.allowed) > 0 && !a.allowed[typ]) {
		return
	}
	s.throughFaults(a.socket, frame(a.name, typ, b), typ, about)
}

// frame writes the type first and the application last, as Asterisk mostly does.
func frame(app, typ string, b body) []byte {
	var out bytes.Buffer
	head, _ := json.Marshal(typ)
	out.WriteString(`{"type":`)
	out.Write(head)
	out.WriteString(`,"timestamp":"` + now() + `",`)
	if len(b) > 0 {
		rest, err := json.Marshal(b)
		if err != nil {
			panic(err) // only values of this package are in it
		}
		out.Write(rest[1 : len(rest)-1])
		out.WriteByte(',')
	}
	name, _ := json.Marshal(app)
	out.WriteString(`"asterisk_id":"02:fc:00:00:00:01","application":`)
	out.Write(name)
	out.WriteByte('}')
	return out.Bytes()
}

// tell sends an event about a channel to all who are to hear of it: the application that has or made the channel or
// subscribed to it, once; and once more to who subscribed to its endpoint.
func (s *Server) tell(ch *channel, typ string, b body) {
	if b == nil {
		b = body{}
	}
	if typ != "Dial" {
		b["channel"] = ch.json(s)
	}
	for name, a := range s.apps {
		if ch.app == name && ch.watched || a.subs["channel:"+ch.id] {
			s.emit(a, typ, b, ch.id)
		}
		tech, _, _ := strings.Cut(ch.name, "/")
		if a.subs["endpoint:"+tech] || a.subs["endpoint:"+ch.endpoint()] {
			s.emit(a, typ, b, ch.id)
		}
	}
}

// tellBridge sends an event about a bridge to the applications that have, or had, channels in it.
func (s *Server) tellBridge(br *bridge, typ string) {
	for name, a := range s.apps {
		if br.apps[name] > 0 || a.subs["bridge:"+br.id] {
			s.emit(a, typ, body{"bridge": br.json()}, "")
		}
	}
}

// tellAbout sends an event of a playback or recording to those who hear of its target.
func (s *Server) tellAbout(uri, typ string, b body) {
	kind, id, _ := strings.Cut(uri, ":")
	for name, a := range s.apps {
		ch, br := s.channels[id], s.bridges[id]
		mine := kind == "channel" && ch != nil && ch.app == name && ch.watched ||
			kind == "bridge" && br != nil && br.apps[name] > 0
		if mine || a.subs[uri] {
			s.emit(a, typ, b, id)
		}
	}
}

// endpointChanged tells that a channel of an endpoint has come or gone; the state in it is mostly the old one.
func (s *Server) endpointChanged(ch *channel) {
	tech, number, _ := strings.Cut(ch.endpoint(), "/")
	if tech != "PJSIP" {
		return
	}
	e := body{"technology": tech, "resource": number, "state": "offline", "channel_ids": []string{}}
	if p := s.phones[number]; p != nil {
		e = p.json(s)
	}
	s.tellState("endpoint:"+tech+"/"+number, "EndpointStateChange", body{"endpoint": e})
}

// tellState sends an event of a device or endpoint to who subscribed to it.
func (s *Server) tellState(source, typ string, b body) {
	kind, name, _ := strings.Cut(source, ":")
	tech, _, _ := strings.Cut(name, "/")
	for _, a := range s.apps {
		if a.subs[source] || a.subs[kind+":"+tech] || a.subs[kind+":"] {
			s.emit(a, typ, b, "")
		}
	}
}

// Fault makes requests go wrong.
type Fault struct {
	Match  string        // "POST /channels" or any other part of "METHOD /path"; "" for all
	Times  int           // how many requests; 0 for all
	Status int           // answer so without carrying out
	Late   time.Duration // carry out at once, answer so much later
	Before bool          // break the connection without carrying out
	After  bool          // carry out, then break the connection without an answer
}

// Fault adds a fault; those added first are used first.
func (s *Server) Fault(f Fault) { s.do(func() { s.faults = append(s.faults, &f) }) }

// Heal takes all faults away. Events held back for a later order are sent.
func (s *Server) Heal() {
	s.do(func() {
		s.faults, s.eventFault = nil, nil
		s.release(func(heldEvent) bool { return true })
	})
}

func (s *Server) faultFor(line string) *Fault {
	for i, f := range s.faults {
		if !strings.Contains(line, f.Match) {
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
			}
		}
		return f
	}
	return nil
}

// EventFault makes events go wrong. Within a channel the order stays as it is, except with Delay.
type EventFault struct {
	Type      string // of the event; "" for all
	Times     int    // how many events; 0 for all
	Drop      bool
	Duplicate bool
	Delay     time.Duration
	Slow      time.Duration // hold it, and what follows it of the same channel, for so long
	Swap      bool          // hold it until an event of another channel has been sent
}

// FaultEvents adds a fault of events.
func (s *Server) FaultEvents(f EventFault) {
	s.do(func() { s.eventFault = append(s.eventFault, &f) })
}

type heldEvent struct {
	to    *session
	frame []byte
	about string
	slow  bool // it waits for its time, not for another channel
}

func (s *Server) throughFaults(to *session, frame []byte, typ, about string) {
	if first := s.heldOf(to, about); first != nil { // its own earlier event waits
		s.held = append(s.held, heldEvent{to, frame, about, first.slow})
		return
	}
	f := s.eventFaultFor(typ)
	switch {
	case f == nil:
		to.send(frame)
	case f.Drop:
		return
	case f.Duplicate:
		to.send(frame)
		to.send(frame)
	case f.Delay > 0:
		s.after(f.Delay, func() { to.send(frame) })
		return
	case f.Slow > 0 && about != "":
		s.held = append(s.held, heldEvent{to, frame, about, true})
		s.after(f.Slow, func() { s.release(func(h heldEvent) bool { return h.slow && h.to == to && h.about == about }) })
		return
	case f.Slow > 0:
		to.send(frame)
	case f.Swap:
		s.held = append(s.held, heldEvent{to, frame, about, false})
		return
	}
	if about != "" {
		s.release(func(h heldEvent) bool { return !h.slow && h.to == to && h.about != about })
	}
}

// heldOf is the first event of a channel that is held back from a socket, nil for none.
func (s *Server) heldOf(to *session, about string) *heldEvent {
	for i, h := range s.held {
		if about != "" && h.about == about && h.to == to {
			return &s.held[i]
		}
	}
	return nil
}

// release sends those of the events held back that which names.
func (s *Server) release(which func(heldEvent) bool) {
	var keep []heldEvent
	for _, h := range s.held {
		if !which(h) {
			keep = append(keep, h)
			continue
		}
		h.to.send(h.frame)
	}
	s.held = keep
}

func (s *Server) eventFaultFor(typ string) *EventFault {
	for i, f := range s.eventFault {
		if f.Type != "" && f.Type != typ {
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				s.eventFault = append(s.eventFault[:i:i], s.eventFault[i+1:]...)
			}
		}
		return f
	}
	return nil
}
