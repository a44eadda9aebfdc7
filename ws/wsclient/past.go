package wsclient

import "slices"

// maxPast is how many wrap-ups that are over are kept.
const maxPast = 5

// wrapOver notes that the agent's wrap-up is over, if the new view of him says so.
func (t *Topic) wrapOver(x Frame, data Object) {
	old, _ := t.Agents[text(data["agent"])]["wrap"].(Object)
	now, _ := data["wrap"].(Object)
	if old == nil || now != nil && now["id"] == old["id"] {
		return
	}
	t.pastOf(Past{Wrap: text(old["id"]), Call: text(old["call"]), Queue: text(old["queue"]), Over: x.At})
}

// wrapSaved notes what was handed in; an empty text leaves what was handed in before.
func (t *Topic) wrapSaved(x Frame, data Object) {
	p := t.pastOf(Past{Wrap: text(data["wrap"]), Call: x.Call, Over: x.At})
	if d := text(data["disposition"]); d != "" {
		p.Disposition = d
	}
	if n := text(data["notes"]); n != "" {
		p.Notes = n
	}
}

func (t *Topic) pastOf(fresh Past) *Past {
	i := slices.IndexFunc(t.Past, func(p Past) bool { return p.Wrap == fresh.Wrap })
	if i < 0 {
		t.Past = append(t.Past, fresh)
		t.Past = t.Past[max(0, len(t.Past)-maxPast):]
		i = len(t.Past) - 1
	}
	return &t.Past[i]
}
