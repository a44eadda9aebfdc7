package aritest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// channel is a channel of the fake. The server's lock guards it.
type channel struct {
	id, name, state         string
	number, callerName      string
	connNumber, connName    string
	dialplan                [4]string // context, exten, application, its data
	priority                int
	vars                    map[string]string
	created                 string
	app                     string
	appArgs                 []string
	inStasis                bool // commands reach it
	watched                 bool // its application hears of it
	originated              bool // by an application, which hears of its end
	dead                    bool
	bridge                  *bridge
	moh                     string
	muted                   map[string]bool
	ringing, progress, hold bool
	holding                 bool // its phone has put the partner on hold
	listener                bool // in its bridge it is not heard
	silent                  bool // who is at it says nothing
	lost                    bool // its phone is gone without a word
	lostAt, made            time.Time
	playing                 *playback // what takes up the channel
	recording               *recording
	pending                 []pending
	heard                   []string
	keys                    string // DTMF sent to its phone
	snoopOf                 *channel
	other                   *channel // the other half of a Local channel
	replaces                *channel // whose place it has taken
	spy, whisper            string   // directions of a snoop
	dialled                 string   // what was dialled: 1001, 4930555@carrier
	referring               bool     // its phone waits for the outcome of a transfer
	referHandled            bool     // whoever is to answer that has waited until Asterisk was through with the REFER
	referTo                 body     // where it asked for
	consult                 *channel // its phone's own consultation, when it asked for that
	timeout                 *timer   // of an originate
	script                  *timer   // of the phone's behaviour
	phone                   *Phone
	cause, techCause        int
	ended                   chan struct{}
}

// pending is a command that waits its turn on a channel.
type pending struct {
	run  func()
	gone func() // the channel has ended first
}

// enqueue carries a command out at once, or when what takes up the channel has ended.
func (ch *channel) enqueue(p pending) {
	if ch.busy() || len(ch.pending) > 0 {
		ch.pending = append(ch.pending, p)
		return
	}
	p.run()
}

func (ch *channel) busy() bool { return ch.playing != nil || ch.recording != nil }

// turn lets the next commands have their turn.
func (ch *channel) turn() {
	for !ch.busy() && len(ch.pending) > 0 && !ch.dead {
		p := ch.pending[0]
		ch.pending = ch.pending[1:]
		p.run()
	}
}

func (ch *channel) endpoint() string {
	if i := strings.LastIndexByte(ch.name, '-'); i > 0 {
		return ch.name[:i]
	}
	return ch.name
}

func party(name, number string) map[string]string {
	return map[string]string{"name": name, "number": number}
}

func (ch *channel) json(s *Server) map[string]any {
	m := map[string]any{
		"id": ch.id, "name": ch.name, "state": ch.state, "accountcode": "", "language": "en", "creationtime": ch.created,
		"caller": party(ch.callerName, ch.number), "connected": party(ch.connName, ch.connNumber),
		"dialplan": map[string]any{
			"context": ch.dialplan[0], "exten": ch.dialplan[1], "priority": ch.priority,
			"app_name": ch.dialplan[2], "app_data": ch.dialplan[3],
		},
	}
	if s.major() >= 16 {
		m["protocol_id"] = "call-" + ch.id
	}
	return m
}

func (s *Server) newChannel(id, endpoint string) *channel {
	n := s.next
	s.next++
	if id == "" {
		id = fmt.Sprintf("%s-%d.%d", s.opt.Prefix, time.Now().Unix(), n)
	}
	ch := &channel{
		id: id, name: fmt.Sprintf("%s-%08x", endpoint, n), state: "Down", created: now(), priority: 1,
		made: time.Now(), vars: map[string]string{}, muted: map[string]bool{}, ended: make(chan struct{}),
	}
	s.channels[id] = ch
	s.order = append(s.order, id)
	s.endpointChanged(ch)
	return ch
}

// bridge is a bridge of the fake.
type bridge struct {
	id, name, typ, created string
	features               []string
	members                []*channel
	apps                   map[string]int // that hear of it: one for each of their channels that came and was not taken out
	moh                    string
	playing                []*playback
}

func (b *bridge) json() map[string]any {
	ids := make([]string, 0, len(b.members))
	for _, m := range b.members {
		ids = append(ids, m.id)
	}
	slices.Sort(ids)
	tech := "simple_bridge"
	if b.typ == "holding" {
		tech = "holding_bridge"
	}
	return map[string]any{
		"id": b.id, "technology": tech, "bridge_type": b.typ, "bridge_class": "stasis", "creator": "Stasis",
		"name": b.name, "channels": ids, "creationtime": b.created, "video_mode": "talker",
	}
}

// silent says that media pass by Asterisk, so that no key is told.
func (b *bridge) silent() bool {
	return len(b.members) == 2 && !slices.Contains(b.features, "dtmf_events") && !slices.Contains(b.features, "proxy_media")
}

// playback is a playback of the fake.
type playback struct {
	id, uri, state, lang string
	media                []string
	at                   int
	ch                   *channel
	br                   *bridge
	timer                *timer
}

func (p *playback) json() map[string]any {
	m := map[string]any{
		"id": p.id, "media_uri": p.media[min(p.at, len(p.media)-1)], "target_uri": p.uri,
		"language": cmp.Or(p.lang, "en"), "state": p.state,
	}
	if p.at+1 < len(p.media) {
		m["next_media_uri"] = p.media[p.at+1]
	}
	return m
}

// recording is a recording of the fake.
type recording struct {
	name, format, state, uri string
	ch                       *channel
	br                       *bridge
	began                    time.Time
	ends                     string        // the key that ends it: none, any, #, *
	maxSilence               time.Duration // that ends it; 0: none does
	quiet                    time.Time     // since when nothing is said; zero: something is
}

func (r *recording) json() map[string]any {
	m := map[string]any{"name": r.name, "format": r.format, "state": r.state, "target_uri": r.uri}
	if r.state == "done" {
		talk, all := r.said()
		m["duration"] = int(all.Seconds())
		if r.maxSilence > 0 {
			m["talking_duration"], m["silence_duration"] = int(talk.Seconds()), int((all - talk).Seconds())
		}
	}
	return m
}

// DefaultMediaLength lets tones and music play for ever, silence/N for N seconds, a key or number 300 ms for each
// character, and anything else one second; a name with "nosuch" or "missing" in it is not there.
func DefaultMediaLength(uri string) (time.Duration, bool) {
	kind, what, _ := strings.Cut(uri, ":")
	var n int
	switch {
	case strings.Contains(uri, "nosuch") || strings.Contains(uri, "missing"):
		return 0, false
	case kind == "tone":
		return -1, true
	case kind == "digits" || kind == "number" || kind == "characters":
		return time.Duration(len(what)) * 300 * time.Millisecond, true
	}
	if _, err := fmt.Sscanf(uri, "sound:silence/%d", &n); err == nil {
		return time.Duration(n) * time.Second, true
	}
	return time.Second, true
}

// major is the version's first number.
func (s *Server) major() int {
	var n int
	_, _ = fmt.Sscanf(s.opt.Version, "%d", &n)
	return n
}
