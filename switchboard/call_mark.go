package switchboard

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ivr"
)

// Bounds of what a script may mark a call with.
const (
	maxTags       = 32
	maxCardFields = 32
	maxCardText   = 500
)

// tag adds tags to the call; one that it has already is not added again.
func (k *call) tag(names []string) {
	for _, n := range names {
		if len(k.rec.Tags) < maxTags && !slices.Contains(k.rec.Tags, n) {
			k.rec.Tags = append(slices.Clip(k.rec.Tags), n)
		}
	}
	k.note("tagged", map[string]any{"tags": k.rec.Tags})
	k.eachPop(func(agent ctid.AgentID, data *ctid.PopData) {
		data.Tags = k.rec.Tags
		k.showPop(agent, "script", map[string]any{"tags": data.Tags}, *data)
	})
}

// dispose says what the call came to, until an agent says otherwise.
func (k *call) dispose(disposition string) {
	k.rec.Disposition = disposition
	k.note("disposed", map[string]any{"disposition": disposition})
}

// usualPriority is that of a queue which says nothing else; what a script adds to or takes from begins there.
const usualPriority = 50

// prioritize changes the call's priority: where it waits already, at once.
func (k *call) prioritize(priority int) {
	k.priority = &priority
	k.note("priority", map[string]any{"priority": priority})
	if k.queue != nil && !k.queue.over {
		k.tellCore(acd.Prioritise{Task: ctid.TaskID(k.id), Priority: priority})
	}
}

var cardColour = regexp.MustCompile(`^(#[0-9a-fA-F]{6}|[a-z]{1,20})$`)

// pop adds to what the agents' screens show. An address that is not of a host of screen.hosts is left out.
func (k *call) pop(s ivr.Pop) {
	card := ctid.PopCard{}
	if k.rec.Card != nil {
		card = *k.rec.Card
		card.Fields = slices.Clone(card.Fields)
	}
	set := func(dst *ctid.Private, v string) {
		if v != "" {
			*dst = ctid.Private(cutText(v, maxCardText))
		}
	}
	set(&card.Title, s.Title)
	set(&card.Note, s.Note)
	if s.URL != "" {
		if !k.mayOpen(s.URL) {
			k.note("script", map[string]any{"code": "pop.url", "text": "the address of a pop is not https, or its host not in screen.hosts; it was left out"})
		} else {
			card.URL = ctid.Private(s.URL)
		}
	}
	if cardColour.MatchString(s.Colour) {
		card.Colour = s.Colour
	}
	for _, f := range s.Fields {
		if f.Secret { // the checker keeps them out; nothing secret goes to a screen
			continue
		}
		v := ctid.CardField{Name: cutText(f.Name, 64), Value: ctid.PrivateValue{V: cutValue(f.Value)}}
		if i := slices.IndexFunc(card.Fields, func(x ctid.CardField) bool { return x.Name == v.Name }); i >= 0 {
			card.Fields[i] = v
		} else if len(card.Fields) < maxCardFields {
			card.Fields = append(card.Fields, v)
		}
	}
	k.rec.Card = &card
	k.eachPop(func(agent ctid.AgentID, data *ctid.PopData) {
		data.Card = k.rec.Card
		k.showPop(agent, "script", map[string]any{"card": data.Card}, *data)
	})
}

// mayOpen tells whether the pages of agents may open an address.
func (k *call) mayOpen(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.User != nil || len(address) > 2000 {
		return false
	}
	var hosts []string
	_ = k.sb.ask(k.ctx, func(time.Time) { hosts = k.desk.plan.ScreenHosts })
	return slices.Contains(hosts, strings.ToLower(u.Hostname()))
}

func cutText(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// cutValue keeps a value of a card that is not too large; one that is becomes a text that says so.
func cutValue(v any) any {
	if s, ok := v.(string); ok {
		return cutText(s, maxCardText)
	}
	if jsonSize(v) > maxDataValue {
		return "…"
	}
	return v
}

// scriptMusic plays music to a caller whose script waits.
func (k *call) scriptMusic(class string) {
	k.stopMusic()
	k.musicClass = class
	err := k.node.StartMOH(k.ctx, k.channel, class)
	k.warn("music failed", err)
	k.music = err == nil
}
