package ws

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"ctid"
)

// The topics, and the beginnings of those that name a team, a queue or an agent.
const (
	TopicMe   = "me"
	TopicDesk = "desk"
	TopicAll  = "all"

	topicTeam    = "team:"
	topicWaiting = "queue.calls:"
	topicStats   = "queue.stats:"
	topicDay     = "agent.stats:"
	topicDays    = "team.stats:"
	everyQueue   = "*"
)

// allowed says whether a session may have a topic: an empty code, or why not.
func (h *Hub) allowed(s *session, topic string) ctid.Code {
	site := h.view.site
	known := true
	var v verb
	var t thing
	switch kind, id := cutTopic(topic); kind {
	case TopicMe:
		if s.agent == "" {
			return ctid.Forbidden
		}
		return ""
	case TopicDesk:
		v = verbDesk
	case TopicAll:
		v = verbEvents
	case topicTeam:
		v, t.team = verbSee, id
		known = slices.Contains(site.Teams, id)
	case topicWaiting:
		v, t.queue = verbWaiting, ctid.QueueID(id)
		_, known = site.Queues[t.queue]
	case topicStats:
		if id == everyQueue {
			return h.someStats(s)
		}
		v, t.queue = verbStats, ctid.QueueID(id)
		_, known = site.Queues[t.queue]
	case topicDay:
		v, t.agents = verbDay, []ctid.AgentID{ctid.AgentID(id)}
		_, known = site.Agents[ctid.AgentID(id)]
	case topicDays:
		v, t.team = verbSee, id
		known = slices.Contains(site.Teams, id)
	default:
		return ctid.NotFound
	}
	if code := site.may(s.who, v, t); code != "" {
		return code
	}
	if !known {
		return ctid.NotFound
	}
	return ""
}

// someStats says whether a session may have the figures of at least one queue.
func (h *Hub) someStats(s *session) ctid.Code {
	code := ctid.Forbidden
	if ever(s.who, verbStats) {
		code = ctid.NotYours
	}
	for q := range h.view.site.Queues {
		if h.view.site.may(s.who, verbStats, thing{queue: q}) == "" {
			return ""
		}
	}
	return code
}

// cutTopic splits a topic into its kind and what it names.
func cutTopic(topic string) (kind, id string) {
	i := strings.IndexByte(topic, ':') + 1
	if i == 0 {
		return topic, ""
	}
	return topic[:i], topic[i:]
}

// The events that carry the number of a waiting caller.
var kindQueued, kindWaiting = ctid.CallQueued{}.Kind(), ctid.CallWaitingChanged{}.Kind()

// isState tells whether a topic is of the kind whose latest value counts, and which is never replayed.
func isState(topic string) bool {
	return strings.HasPrefix(topic, topicStats) || strings.HasPrefix(topic, topicDay) || strings.HasPrefix(topic, topicDays)
}

// addTopics subscribes the session to what it may have and returns the rest with the reason.
func (h *Hub) addTopics(s *session, topics []string) []refusedTopic {
	var refused []refusedTopic
	if s.agent != "" && !s.topics[TopicMe] {
		h.subscribe(s, TopicMe)
	}
	for _, t := range topics {
		if s.topics[t] {
			continue
		}
		code := h.allowed(s, t)
		if code == "" && len(s.topics) >= h.cfg.Limits.Topics {
			code = ctid.TooLarge
		}
		if code == "" {
			h.subscribe(s, t)
			continue
		}
		refused = append(refused, refusedTopic{clip(t, 2*maxID), code})
		if len(refused) > h.cfg.Limits.Topics {
			break // a longer list is not worth an answer for each
		}
	}
	return refused
}

func (h *Hub) subscribe(s *session, topic string) {
	s.topics[topic] = true
	if topic == TopicMe {
		return // found by the agent
	}
	h.subs[topic] = append(h.subs[topic], s)
	if isState(topic) {
		h.figures.subs++
		h.wantFigures()
	}
}

func (h *Hub) unsubscribe(s *session, topic string) {
	if !s.topics[topic] {
		return
	}
	delete(s.topics, topic)
	if topic == TopicMe {
		return
	}
	// A copy: this may run inside a loop over the old list, when a send finds its reader too slow.
	h.subs[topic] = slices.DeleteFunc(slices.Clone(h.subs[topic]), func(x *session) bool { return x == s })
	if len(h.subs[topic]) == 0 {
		delete(h.subs, topic)
	}
	if isState(topic) {
		if h.figures.subs--; h.figures.subs == 0 {
			h.figures.known = nil // too old for whoever comes next
		}
	}
}

// dropTopics ends all of a session's subscriptions.
func (h *Hub) dropTopics(s *session) {
	for t := range maps.Clone(s.topics) {
		h.unsubscribe(s, t)
	}
}

// recheck takes away what a session may no longer have and tells it what is left. What teams and queues show may be
// another thing now, so that is sent anew.
func (h *Hub) recheck(s *session) {
	lost := false
	for t := range maps.Clone(s.topics) {
		if h.allowed(s, t) != "" {
			h.unsubscribe(s, t)
			lost = true
		}
	}
	if lost {
		h.send(s, sessionFrame{K: "session", What: "resync", Topics: sortedTopics(s)})
	}
	for _, t := range sortedTopics(s) {
		if watches(t) {
			h.snap(s, t)
		}
	}
}

// watches tells whether what a topic shows hangs on who belongs where.
func watches(topic string) bool {
	return strings.HasPrefix(topic, topicTeam) || strings.HasPrefix(topic, topicWaiting)
}

// outdated tells whether a session that was away has missed a change of the site that its topics hang on.
func (h *Hub) outdated(s *session) bool {
	if !h.resited || s.resume.Seq > h.resitedAt {
		return false
	}
	return slices.ContainsFunc(sortedTopics(s), watches)
}

// setSite puts another site in force.
func (h *Hub) setSite(site Site) {
	h.view.setSite(site.indexed())
	h.resited, h.resitedAt = true, h.ring.head
	for _, s := range h.all() {
		h.recheck(s)
	}
}

// setWho puts another user's record in force for a session: the same user, with what he may do now.
func (h *Hub) setWho(s *session, who ctid.Who) {
	same := slices.Equal(s.who.Roles, who.Roles) && slices.Equal(s.who.Teams, who.Teams) && slices.Equal(s.who.Scopes, who.Scopes)
	s.who.Roles, s.who.Teams, s.who.Scopes = who.Roles, who.Teams, who.Scopes
	s.who.Until, s.who.TokenID = who.Until, who.TokenID
	h.startToken(s)
	if !same {
		h.recheck(s)
	}
}

// sight is how a session sees an event.
type sight struct {
	ok     bool
	mine   bool // as the agent's own
	class  class
	topics []string // of the session that carry it; nil where it is "me" alone, or no topic matters
}

// sight tells whether and how a session sees an event: the audience is of then, the permission of now. Of several
// topics it gets the one body that says most.
func (h *Hub) sight(s *session, x *row) sight {
	switch x.reach {
	case toEveryone:
		return sight{ok: true, class: classWhole}
	case toDesk:
		if s.topics[TopicDesk] || s.wantsOfAll(x) {
			return sight{ok: true, class: classWhole}
		}
		return sight{}
	case toNobody:
		return sight{}
	case toAgents:
	}
	var v sight
	cut := false // the caller's number, whatever else the session gets: a snapshot would not show it either
	add := func(topic string, c class) {
		v.ok, v.class, v.topics = true, max(v.class, c), append(v.topics, topic)
	}
	if s.topics[TopicMe] && slices.Contains(x.agents, s.agent) {
		v.mine = true
		add(TopicMe, classWhole)
	}
	for _, t := range x.teams {
		if s.topics[topicTeam+t] {
			add(topicTeam+t, classTeam)
		}
	}
	for _, q := range x.queues {
		if s.topics[topicWaiting+string(q)] {
			c := h.numbers(s, q)
			cut = cut || c == classMasked && (x.kind == kindQueued || x.kind == kindWaiting)
			add(topicWaiting+string(q), c)
		}
	}
	if s.wantsOfAll(x) {
		add(TopicAll, h.wholly(s))
	}
	if v.mine && len(v.topics) == 1 {
		v.topics = nil
	}
	if cut {
		v.class = classMasked
	}
	return v
}

// wantsOfAll tells whether the topic "all" carries an event to the session.
func (s *session) wantsOfAll(x *row) bool {
	return s.topics[TopicAll] && (len(s.types) == 0 || slices.Contains(s.types, x.kind))
}

// numbers is how much of a waiting call's number a session sees.
func (h *Hub) numbers(s *session, q ctid.QueueID) class {
	if h.view.site.may(s.who, verbNumber, thing{queue: q}) == "" {
		return classTeam
	}
	return classMasked
}

// wholly is how much of every event a session sees by the topic "all".
func (h *Hub) wholly(s *session) class {
	if h.view.site.may(s.who, verbNumber, thing{}) == "" {
		return classWhole
	}
	return classMasked
}

type topicArgs struct {
	Topics []string `json:"topics"`
	Types  []string `json:"types"` // for the topic "all"
}

func (h *Hub) doSub(s *session, f inFrame, _ *renewal) ctid.Reply {
	var a topicArgs
	if err := json.Unmarshal(f.Args, &a); err != nil {
		return failed(badArgs(err))
	}
	if len(a.Topics) > h.cfg.Limits.Topics || len(a.Types) > h.cfg.Limits.Topics {
		return failed(ctid.Refuse(ctid.TooLarge, "too many topics or types"))
	}
	slices.Sort(a.Topics)
	added := slices.DeleteFunc(slices.Compact(a.Topics), func(t string) bool { return s.topics[t] })
	if slices.Contains(a.Topics, TopicAll) {
		s.types = a.Types
	}
	refused := h.addTopics(s, added)
	for _, t := range added {
		if s.topics[t] {
			h.begin(s, t)
		}
	}
	return done(map[string]any{"topics": sortedTopics(s), "refused": orEmpty(refused)})
}

// begin sends what a topic begins with: its snapshot, or its latest value if there is one.
func (h *Hub) begin(s *session, topic string) {
	if isState(topic) {
		h.sendLatest(s, topic)
	} else {
		h.snap(s, topic)
	}
}

func (h *Hub) doUnsub(s *session, f inFrame, _ *renewal) ctid.Reply {
	var a topicArgs
	if err := json.Unmarshal(f.Args, &a); err != nil {
		return failed(badArgs(err))
	}
	for _, t := range a.Topics {
		if t != TopicMe { // always on
			h.unsubscribe(s, t)
		}
	}
	return done(map[string]any{"topics": sortedTopics(s)})
}

func (h *Hub) doSnapshot(s *session, f inFrame, _ *renewal) ctid.Reply {
	var a topicArgs
	if len(f.Args) > 0 {
		if err := json.Unmarshal(f.Args, &a); err != nil {
			return failed(badArgs(err))
		}
	}
	if len(a.Topics) == 0 {
		a.Topics = sortedTopics(s)
	}
	for _, t := range a.Topics {
		if !s.topics[t] {
			return failed(ctid.Refuse(ctid.NotFound, "not subscribed to "+clip(t, maxID)))
		}
	}
	slices.Sort(a.Topics)
	for _, t := range slices.Compact(a.Topics) {
		h.begin(s, t)
	}
	return done(nil)
}
