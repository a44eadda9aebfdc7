package aritest

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Caller is someone who calls in over the carrier. Fill in what matters and give it to Call.
type Caller struct {
	Number, Name string
	DNIS         string
	App          string   // the application that the dialplan calls; "ctid"
	Args         []string // of the application; "in" and the DNIS when nil
	Context      string   // where it is in the dialplan; "ctid-arrive"

	s        *Server
	ch       *channel
	fallback bool
}

// Call places a call and returns the caller. When no program is connected, the call goes on in the dialplan.
func (s *Server) Call(c Caller) *Caller {
	p := &c
	p.s = s
	if p.App == "" {
		p.App = "ctid"
	}
	if p.Context == "" {
		p.Context = "ctid-arrive"
	}
	if p.Args == nil {
		p.Args = []string{"in", p.DNIS}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.newChannel("", "PJSIP/carrier")
	p.ch = ch
	ch.state, ch.number, ch.callerName = "Ring", p.Number, p.Name
	ch.dialplan = [4]string{p.Context, p.DNIS, "Stasis", ""}
	if s.done || !s.enter(ch, p.App, p.Args) {
		p.fallback = true
		ch.vars["STASISSTATUS"], ch.vars["CTID_DNIS"] = "FAILED", p.DNIS
		ch.dialplan[2], ch.dialplan[3] = "Queue", "ctid-fallback,,,,1800"
	}
	s.touch()
	return p
}

// ID is the channel's.
func (c *Caller) ID() string { return c.ch.id }

// get reads something under the lock.
func get[T any](c *Caller, f func() T) T {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return f()
}

// Fallback says that the call was not taken by a program and went on in the dialplan.
func (c *Caller) Fallback() bool { return get(c, func() bool { return c.fallback }) }

// Answered says that the call has been answered.
func (c *Caller) Answered() bool { return get(c, func() bool { return c.ch.state == "Up" }) }

// Ended says that the call is over, and with which Q.850 cause.
func (c *Caller) Ended() (bool, int) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.ch.dead, c.ch.cause
}

// Done is closed when the call is over.
func (c *Caller) Done() <-chan struct{} { return c.ch.ended }

// Hangup ends the call from the caller's side.
func (c *Caller) Hangup() {
	c.s.do(func() {
		if c.ch.state == "Up" {
			c.s.end(c.ch, c.s.remoteEnd())
			return
		}
		c.s.end(c.ch, ending{cause: 127, tech: 487, request: body{"cause": 127}})
	})
}

// Press presses keys, one after the other.
func (c *Caller) Press(keys string) { c.s.do(func() { c.s.press(c.ch, keys) }) }

// press tells the keys, unless the channel's media pass by Asterisk.
func (s *Server) press(ch *channel, keys string) {
	if ch.dead || ch.bridge != nil && ch.bridge.silent() {
		return
	}
	for _, k := range keys {
		s.tell(ch, "ChannelDtmfReceived", body{"digit": string(k), "duration_ms": 140})
		if r := ch.recording; r != nil && (r.ends == "any" || r.ends == string(k)) {
			s.finishRecording(r)
		}
	}
}

// Talk has the caller say something from now on, which he does unless told otherwise, or nothing.
func (c *Caller) Talk(on bool) {
	c.s.do(func() {
		c.ch.silent = !on
		if r := c.ch.recording; r != nil && on {
			r.quiet = time.Time{}
		} else if r != nil {
			c.s.fallSilent(r)
		}
	})
}

// Heard lists all media that has been played to the caller so far.
func (c *Caller) Heard() []string { return get(c, func() []string { return slices.Clone(c.ch.heard) }) }

// HeardAny says whether some media with that text in its URI has been played to the caller.
func (c *Caller) HeardAny(part string) bool {
	return slices.ContainsFunc(c.Heard(), func(uri string) bool { return strings.Contains(uri, part) })
}

// Hears lists what is to be heard now: a media URI, "moh:CLASS", "ringing", "hold", and the ids of the channels that are
// heard (see Server.Hears). A playback of his own keeps all else out.
func (c *Caller) Hears() []string { return get(c, func() []string { return c.s.hears(c.ch) }) }

// Redirect sends him from the fallback back to where calls come in, as the manager interface does; false when he is not
// in the fallback or no program is connected.
func (c *Caller) Redirect(dnis string) bool {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if !c.fallback || c.ch.dead || c.ch.inStasis {
		return false
	}
	c.ch.dialplan[1], c.ch.state = dnis, "Up" // the fallback has answered
	c.fallback = !c.s.enter(c.ch, c.App, []string{"in", dnis})
	c.s.touch()
	return !c.fallback
}

// Keys are the keys that were sent to him.
func (c *Caller) Keys() string { return get(c, func() string { return c.ch.keys }) }

// Variable is a channel variable.
func (c *Caller) Variable(name string) string {
	return get(c, func() string { return c.ch.vars[name] })
}

// Where is "context,extension" and application in the dialplan.
func (c *Caller) Where() (place, app string) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.ch.dialplan[0] + "," + c.ch.dialplan[1], c.ch.dialplan[2]
}

func (s *Server) hears(ch *channel) []string {
	switch {
	case ch.dead:
		return nil
	case ch.playing != nil:
		return []string{ch.playing.media[ch.playing.at]}
	}
	var out []string
	if ch.ringing {
		out = append(out, "ringing")
	}
	if ch.hold {
		out = append(out, "hold")
	}
	if ch.moh != "" {
		out = append(out, "moh:"+ch.moh)
	}
	for _, v := range s.heardBy(ch) {
		out = append(out, v.id)
	}
	if br := ch.bridge; br != nil && br.typ != "holding" {
		if len(br.members) == 2 && slices.ContainsFunc(br.members, func(m *channel) bool { return m != ch && m.holding }) {
			out = append(out, "moh:default")
		}
		for _, p := range br.playing {
			out = append(out, p.media[p.at])
		}
		if br.moh != "" {
			out = append(out, "moh:"+br.moh)
		}
	}
	return out
}

// Channel is a channel as a test sees it.
type Channel struct{ ID, Name, State, App, Bridge string }

// Channels lists all channels in the order of their creation.
func (s *Server) Channels() []Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Channel
	for _, id := range s.order {
		ch := s.channels[id]
		c := Channel{ID: id, Name: ch.name, State: ch.state, App: ch.app}
		if ch.bridge != nil {
			c.Bridge = ch.bridge.id
		}
		list = append(list, c)
	}
	return list
}

// Bridges lists all bridges with the ids of their channels, sorted.
func (s *Server) Bridges() map[string][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := map[string][]string{}
	for id, br := range s.bridges {
		ids := []string{}
		for _, m := range br.members {
			ids = append(ids, m.id)
		}
		slices.Sort(ids)
		list[id] = ids
	}
	return list
}

// Stored lists the names of the recordings that lie on the server.
func (s *Server) Stored() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.stored))
}
