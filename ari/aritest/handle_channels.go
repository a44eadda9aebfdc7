package aritest

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func info(s *Server, _ *call) reply {
	return ok(body{"system": body{"version": s.opt.Version, "entity_id": "02:fc:00:00:00:01"}})
}

func listChannels(s *Server, _ *call) reply {
	list := []any{}
	for _, id := range s.order {
		list = append(list, s.channels[id].json(s))
	}
	return ok(list)
}

func getChannel(s *Server, c *call) reply {
	if ch := s.channels[c.PathValue("id")]; ch != nil {
		return ok(ch.json(s))
	}
	return noChannel
}

// inStasis finds a channel that obeys commands.
func inStasis(s *Server, c *call) (*channel, reply) {
	ch := s.channels[c.PathValue("id")]
	if ch == nil {
		return nil, noChannel
	}
	if !ch.inStasis {
		return nil, notStasis
	}
	return ch, reply{}
}

// soon makes a handler that answers at once and acts when it is the channel's turn.
func soon(act func(*channel, *call)) handler {
	return func(s *Server, c *call) reply {
		ch, no := inStasis(s, c)
		if ch == nil {
			return no
		}
		ch.enqueue(pending{run: func() { act(ch, c) }})
		return done()
	}
}

// inTurn answers only when it was the channel's turn.
func inTurn(ch *channel, act func() reply) reply {
	wait := make(chan reply, 1)
	ch.enqueue(pending{
		run:  func() { wait <- act() },
		gone: func() { wait <- fail(http.StatusInternalServerError, "Failed to answer channel") },
	})
	return reply{wait: wait}
}

func startMOH(ch *channel, c *call) {
	ch.moh = c.q("mohClass")
	if ch.moh == "" {
		ch.moh = "default"
	}
}

func answer(s *Server, c *call) reply {
	ch, no := inStasis(s, c)
	if ch == nil {
		return no
	}
	return inTurn(ch, func() reply {
		s.up(ch)
		return done()
	})
}

// up answers a channel that is not.
func (s *Server) up(ch *channel) {
	ch.ringing = false
	if ch.state != "Up" {
		ch.state = "Up"
		s.tell(ch, "ChannelStateChange", nil)
	}
	if near := ch.other; near != nil && near.state != "Up" { // the half that was dialled is answered with it
		near.state = "Up"
		s.tell(near, "ChannelStateChange", nil)
		s.tellDial(near, "ANSWER")
		if !near.inStasis {
			s.enter(near, near.app, near.appArgs)
		}
	}
}

var reasonCauses = map[string]int{
	"": 16, "normal": 16, "busy": 17, "congestion": 34, "no_answer": 19, "timeout": 102, "rejected": 21, "unallocated": 1,
	"normal_unspecified": 31, "number_incomplete": 28, "codec_mismatch": 58, "interworking": 127, "failure": 38,
	"answered_elsewhere": 26,
}

func hangup(s *Server, c *call) reply {
	ch := s.channels[c.PathValue("id")]
	if ch == nil {
		return noChannel
	}
	cause, known := reasonCauses[c.q("reason")]
	if !known {
		return fail(http.StatusBadRequest, "Invalid Reason")
	}
	if code := c.q("reason_code"); code != "" && s.major() > 16 {
		if c.q("reason") != "" {
			return fail(http.StatusBadRequest, "The reason and reason_code can't both be specified")
		}
		n, err := strconv.Atoi(code)
		if err != nil || n < 0 {
			return fail(http.StatusBadRequest, "Invalid Reason Code")
		}
		cause = n
	}
	e := ending{cause: cause, request: body{"cause": 32, "soft": true}, dial: "NOANSWER"}
	if ch.state != "Up" && !ch.originated {
		e.refused = refusals[cause]
	}
	s.end(ch, e)
	return done()
}

// refusals are the SIP statuses by which a caller is refused.
var refusals = map[int]int{1: 404, 17: 486, 19: 480, 21: 403, 26: 603, 34: 503}

func getVariable(s *Server, c *call) reply {
	ch := s.channels[c.PathValue("id")]
	if ch == nil {
		return noChannel
	}
	name := c.q("variable")
	if strings.HasPrefix(name, "CHANNEL(pjsip,") { // answered behind what the phone has sent
		ch.referHandled = true
		return ok(body{"value": "call-" + ch.id})
	}
	v, set := ch.vars[name]
	if !set {
		return fail(http.StatusNotFound, "Provided variable was not found")
	}
	return ok(body{"value": v})
}

func setVariable(s *Server, c *call) reply {
	ch, no := inStasis(s, c)
	if ch == nil {
		return no
	}
	name, value := c.q("variable"), c.q("value")
	if name == "" {
		return fail(http.StatusBadRequest, "Variable name is required")
	}
	return inTurn(ch, func() reply {
		ch.vars[name] = value
		s.tell(ch, "ChannelVarset", body{"variable": name, "value": value})
		return done()
	})
}

// enter brings a channel into an application; false when no program is connected.
func (s *Server) enter(ch *channel, name string, args []string) bool {
	a := s.apps[name]
	if a == nil || a.socket == nil {
		return false
	}
	ch.app, ch.appArgs, ch.inStasis, ch.watched = name, args, true, true
	ch.dialplan[2], ch.dialplan[3] = "Stasis", strings.Join(append([]string{name}, args...), ",")
	if args == nil {
		args = []string{}
	}
	b := body{"args": args}
	if ch.replaces != nil {
		b["replace_channel"] = ch.replaces.json(s)
	}
	s.tell(ch, "StasisStart", b)
	return true
}

// leave takes a channel out of its application. What waits for its turn fails.
func (s *Server) leave(ch *channel) {
	if !ch.inStasis {
		return
	}
	s.failPending(ch)
	s.leaveBridge(ch)
	ch.moh = ""
	s.tell(ch, "StasisEnd", nil)
	ch.inStasis = false
	ch.watched = ch.originated
}

func move(s *Server, c *call) reply {
	ch, no := inStasis(s, c)
	if ch == nil {
		return no
	}
	to := c.q("app")
	if a := s.apps[to]; a == nil || a.socket == nil {
		s.tell(ch, "ApplicationMoveFailed", body{"destination": to, "args": []string{c.q("appArgs")}})
		return done()
	}
	s.leave(ch)
	s.enter(ch, to, splitArgs(c.q("appArgs")))
	return done()
}

func splitArgs(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// originateRequest is the body of an originate; the query may hold the same.
type originateRequest struct {
	Endpoint, Context, Extension, App, AppArgs, CallerID, ChannelID, Originator string
	Timeout                                                                     *int
	Variables                                                                   map[string]string
}

func (c *call) originateRequest() (r originateRequest, err error) {
	if len(c.body) > 0 {
		if err := json.Unmarshal(c.body, &r); err != nil {
			return r, err
		}
	}
	for name, p := range map[string]*string{
		"endpoint": &r.Endpoint, "context": &r.Context, "extension": &r.Extension, "app": &r.App, "appArgs": &r.AppArgs,
		"callerId": &r.CallerID, "channelId": &r.ChannelID, "originator": &r.Originator,
	} {
		if v := c.q(name); v != "" {
			*p = v
		}
	}
	if v, err := strconv.Atoi(c.q("timeout")); err == nil {
		r.Timeout = &v
	}
	return r, nil
}

func originate(s *Server, c *call) reply {
	r, err := c.originateRequest()
	taken := fail(http.StatusConflict, "Channel with given unique ID already exists")
	switch {
	case err != nil:
		return fail(http.StatusBadRequest, "Bad request body")
	case r.Endpoint == "":
		return fail(http.StatusBadRequest, "Endpoint must be specified")
	case r.App == "" && r.Context == "" && r.Extension == "":
		return fail(http.StatusBadRequest, "Application or extension must be specified")
	case r.ChannelID != "" && s.channels[r.ChannelID] != nil:
		return taken
	case r.Originator != "" && s.channels[r.Originator] == nil:
		return fail(http.StatusBadRequest, "Provided originator channel was not found")
	}
	p, b := s.dialledBy(r)
	if p == nil || !p.registered {
		if r.ChannelID != "" {
			return taken // so says Asterisk when it could not make a channel of a chosen id, whatever the cause
		}
		return fail(http.StatusInternalServerError, "Allocation failed")
	}
	ch := s.newChannel(r.ChannelID, "PJSIP/"+p.endpoint)
	ch.phone, ch.originated, ch.dialled = p, r.App != "", strings.TrimPrefix(r.Endpoint, "PJSIP/")
	ch.watched = ch.originated
	ch.app, ch.appArgs = r.App, splitArgs(r.AppArgs)
	ch.callerName, ch.number = parseCallerID(r.CallerID)
	ch.connName, ch.connNumber = ch.callerName, ch.number
	ch.dialplan = [4]string{"ctid-phones", "s", "AppDial2", "(Outgoing Line)"}
	for k, v := range r.Variables {
		ch.vars[k] = v
	}
	s.dial(ch, r, b)
	return ok(ch.json(s))
}

// parseCallerID reads "Name" <number>, <number> and number.
func parseCallerID(s string) (name, number string) {
	name, number, angled := strings.Cut(s, "<")
	if !angled {
		return "", strings.TrimSpace(s)
	}
	return strings.Trim(strings.TrimSpace(name), `"`), strings.TrimSuffix(strings.TrimSpace(number), ">")
}

func snoop(s *Server, c *call) reply {
	spy, whisper := cmp.Or(c.q("spy"), "none"), cmp.Or(c.q("whisper"), "none")
	directions := []string{"none", "in", "out", "both"}
	switch {
	case !slices.Contains(directions, spy):
		return fail(http.StatusBadRequest, "Invalid direction specified for spy")
	case !slices.Contains(directions, whisper):
		return fail(http.StatusBadRequest, "Invalid direction specified for whisper")
	case spy == "none" && whisper == "none":
		return fail(http.StatusBadRequest, "Direction must be specified for at least spy or whisper")
	case c.q("app") == "":
		return fail(http.StatusBadRequest, "Application name is required")
	}
	of := s.channels[c.PathValue("id")]
	if of == nil {
		return noChannel
	}
	id := c.PathValue("snoop")
	if s.channels[id] != nil {
		return fail(http.StatusInternalServerError, "Snoop channel could not be created")
	}
	ch := s.newChannel(id, "Snoop/"+of.id)
	ch.state, ch.snoopOf, ch.spy, ch.whisper = "Up", of, spy, whisper
	s.enter(ch, c.q("app"), splitArgs(c.q("appArgs")))
	return ok(ch.json(s))
}

func externalMedia(s *Server, c *call) reply {
	id := c.q("channelId")
	if id != "" && s.channels[id] != nil {
		return fail(http.StatusConflict, "Channel with given unique ID already exists")
	}
	ch := s.newChannel(id, "UnicastRTP/"+c.q("external_host"))
	ch.state = "Up"
	s.enter(ch, c.q("app"), nil)
	out := ch.json(s)
	out["channelvars"] = map[string]string{"UNICASTRTP_LOCAL_ADDRESS": "127.0.0.1", "UNICASTRTP_LOCAL_PORT": "14000"}
	return ok(out)
}
