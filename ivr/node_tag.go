package ivr

import "slices"

// tagStep adds tags of the site to the call.
type tagStep struct{ tags []*value }

const maxTags = 20 // of one step

func loadTag(l *loader, _ *step, o *opts) action {
	a := &tagStep{}
	v := o.get("tags")
	for _, it := range listOf(v) {
		if t := l.siteName("tag", l.site.Tags, it); t != nil {
			a.tags = append(a.tags, t)
		}
	}
	if n := len(listOf(v)); n > maxTags {
		l.errorf(v.at, "IVR004", "tag wants at most %d tags, not %d", maxTags, n)
	}
	return a
}

func (a *tagStep) start(m *Machine) {
	tags, err := m.texts(a.tags...)
	if err != nil {
		m.failWith(err)
		return
	}
	m.memo.tag(tags)
	m.emit(Tag{Tags: slices.Clone(tags)})
	m.leave("done")
}
