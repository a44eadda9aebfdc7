package ivr

import (
	"encoding/json"
	"regexp"
	"strings"
)

// popStep adds to what the agent's screen shows about the call.
type popStep struct {
	title, colour, note *value
	url                 *template
	fields              []namedValue
}

var colourText = regexp.MustCompile(`^(?:#[0-9A-Fa-f]{6}|[a-z]{1,32})$`)

func loadPop(l *loader, _ *step, o *opts) action {
	a := &popStep{title: o.optText("title"), colour: o.optText("colour"), note: o.optText("note"),
		fields: l.named("fields", "shown", o.get("fields"))}
	if v, ok := o.scalar("url"); ok {
		a.url = l.holes(v, nil, "put in a URL")
		if scheme, _, ok := strings.Cut(headOf(v.text), "://"); !ok || scheme != "https" && scheme != "http" {
			l.errorf(v.at, "IVR004", "url wants an address that begins with https:// and a host, not %s", v.what())
		}
	}
	if v := o.get("colour"); v != nil && a.colour != nil && a.colour.konst != nil && !colourText.MatchString(v.text) {
		l.errorf(v.at, "IVR004", "colour wants a name such as red, or #rrggbb, not %s", v.what())
	}
	if len(o.set) == 0 {
		l.errorf(o.at, "IVR004", "pop needs title, fields, url, colour or note")
	}
	return a
}

// headOf is what stands before the first hole.
func headOf(text string) string {
	head, _, _ := strings.Cut(text, "${")
	return head
}

func (a *popStep) start(m *Machine) {
	p, err := a.pop(m)
	if err != nil {
		m.failWith(err)
		return
	}
	m.emit(p)
	m.leave("done")
}

// pop works everything out; it is bounded as what is attached is.
func (a *popStep) pop(m *Machine) (Pop, error) {
	ts, err := m.texts(a.title, a.colour, a.note)
	if err != nil {
		return Pop{}, err
	}
	p := Pop{Title: ts[0], Colour: ts[1], Note: ts[2]}
	if !colourText.MatchString(p.Colour) {
		p.Colour = ""
	}
	if p.Fields, err = m.fields(a.fields, false); err != nil {
		return p, err
	}
	if a.url != nil {
		if p.URL, err = a.url.fillURL(&m.x); err != nil {
			return p, err
		}
	}
	b, err := json.Marshal(p)
	if err != nil {
		return p, fault("pop.failed")
	}
	if len(b) > maxAttachStep || m.memo.Popped+len(b) > maxAttachCall {
		return p, fault("limit.pop")
	}
	m.memo.Popped += len(b)
	return p, nil
}
