package aritest

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

func listBridges(s *Server, _ *call) reply {
	list := []any{}
	for _, id := range slices.Sorted(maps.Keys(s.bridges)) {
		list = append(list, s.bridges[id].json())
	}
	return ok(list)
}

func getBridge(s *Server, c *call) reply {
	if br := s.bridges[c.PathValue("id")]; br != nil {
		return ok(br.json())
	}
	return noBridge
}

func createBridge(s *Server, c *call) reply {
	id := c.PathValue("id")
	if id == "" {
		id = c.q("bridgeId")
	}
	if id == "" {
		id = fmt.Sprintf("bridge-%d", len(s.bridges)+1)
	}
	if br := s.bridges[id]; br != nil {
		if s.major() <= 16 { // which takes it for a change of the name
			br.name = c.q("name")
			return ok(br.json())
		}
		return fail(http.StatusConflict, "Bridge with id '"+id+"' already exists")
	}
	features := strings.Split(c.q("type"), ",")
	br := &bridge{id: id, name: c.q("name"), typ: "mixing", created: now(), features: features, apps: map[string]int{}}
	if slices.Contains(features, "holding") {
		br.typ = "holding"
	}
	s.bridges[id] = br
	return ok(br.json())
}

// destroyBridge ends a bridge. An application whose channels were all taken out by command hears of it no more; one whose
// channel has died in it does.
func destroyBridge(s *Server, c *call) reply {
	br := s.bridges[c.PathValue("id")]
	if br == nil {
		return noBridge
	}
	for _, p := range slices.Clone(br.playing) {
		s.finish(p, "failed")
	}
	for _, ch := range slices.Clone(br.members) {
		s.takeOut(ch)
	}
	for _, r := range s.live {
		if r.br == br {
			s.finishRecording(r)
		}
	}
	s.tellBridge(br, "BridgeDestroyed")
	delete(s.bridges, br.id)
	return done()
}

// members finds the channels named in a request.
func members(s *Server, c *call) (*bridge, []*channel, reply) {
	br := s.bridges[c.PathValue("id")]
	if br == nil {
		return nil, nil, noBridge
	}
	var list []*channel
	for _, id := range strings.Split(c.q("channel"), ",") {
		ch := s.channels[id]
		if ch == nil {
			return nil, nil, fail(http.StatusBadRequest, "Channel not found")
		}
		list = append(list, ch)
	}
	return br, list, reply{}
}

func addChannel(s *Server, c *call) reply {
	br, list, no := members(s, c)
	if br == nil {
		return no
	}
	for _, ch := range list {
		if !ch.inStasis {
			return fail(http.StatusUnprocessableEntity, "Channel not in Stasis application")
		}
	}
	wait := make(chan reply, len(list))
	s.addNext(br, list, c.q("mute") == "true", wait)
	return reply{wait: wait}
}

// addNext adds one channel after the other, each in its turn, and then answers.
func (s *Server) addNext(br *bridge, list []*channel, mute bool, wait chan reply) {
	if len(list) == 0 {
		wait <- done()
		return
	}
	ch := list[0]
	ch.enqueue(pending{
		run: func() {
			s.takeOut(ch)
			ch.bridge, ch.listener = br, mute
			br.members = append(br.members, ch)
			br.apps[ch.app]++
			s.tell(ch, "ChannelEnteredBridge", body{"bridge": br.json()})
			s.addNext(br, list[1:], mute, wait)
		},
		gone: func() { wait <- fail(http.StatusConflict, "Channel not in Stasis application") },
	})
}

func removeChannel(s *Server, c *call) reply {
	br, list, no := members(s, c)
	if br == nil {
		return no
	}
	for _, ch := range list {
		if ch.bridge != br {
			return fail(http.StatusUnprocessableEntity, "Channel not in this bridge")
		}
	}
	wait := make(chan reply, len(list))
	s.removeNext(list, wait)
	return reply{wait: wait}
}

func (s *Server) removeNext(list []*channel, wait chan reply) {
	if len(list) == 0 {
		wait <- done()
		return
	}
	list[0].enqueue(pending{
		run: func() {
			s.takeOut(list[0])
			s.removeNext(list[1:], wait)
		},
		gone: func() { wait <- done() },
	})
}

// takeOut takes a channel out by command, with which its application's interest in the bridge ends.
func (s *Server) takeOut(ch *channel) {
	br, app := ch.bridge, ch.app
	s.leaveBridge(ch)
	if br != nil {
		br.apps[app]--
	}
}

func (s *Server) leaveBridge(ch *channel) {
	br := ch.bridge
	if br == nil {
		return
	}
	ch.bridge, ch.listener = nil, false
	br.members = slices.DeleteFunc(br.members, func(m *channel) bool { return m == ch })
	s.tell(ch, "ChannelLeftBridge", body{"bridge": br.json()})
}

func bridgeMOH(s *Server, c *call) reply {
	br := s.bridges[c.PathValue("id")]
	if br == nil {
		return noBridge
	}
	if c.Method == http.MethodPost {
		br.moh = cmp.Or(c.q("mohClass"), "default")
		return done()
	}
	if br.moh == "" {
		return fail(http.StatusConflict, "Bridge isn't playing music")
	}
	br.moh = ""
	return done()
}
