package ivrsim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ctid/ivr"
	"ctid/suggest"
)

// File is a file of tests, tests/balance.test.yaml.
type File struct {
	Name   string // as it was named
	Script string
	Cases  []Case
}

// Case is one test: what is given, what is done, what must come of it.
type Case struct {
	Name  string
	Given Given
	When  []Act
	Then  []Want
	Each  string // languages: once for each of them
	Line  int
	Col   int
}

// Act is one action, Want one expectation, with where it stands.
type Act struct {
	Do, Arg   string
	Line, Col int
}

// Want is one expectation.
type Want struct {
	Key       string
	Value     ivr.Tree
	Line, Col int
}

// reader collects what is wrong with a file.
type reader struct {
	file  string
	zone  *time.Location
	found []string
}

func (r *reader) bad(t ivr.Tree, format string, args ...any) {
	line, col := t.Place()
	r.found = append(r.found, fmt.Sprintf("%s:%d:%d: %s", r.file, line, col, fmt.Sprintf(format, args...)))
}

// keys refuses keys that are not among those known.
func (r *reader) keys(t ivr.Tree, what string, known ...string) {
	if !t.IsMap() {
		r.bad(t, "%s wants a mapping, not %s", what, t.What())
		return
	}
	for _, p := range t.Pairs() {
		if k, _ := p.Key.Scalar(); !slices.Contains(known, k) {
			hint := ""
			if n := suggest.Among(k, known); n != "" {
				hint = fmt.Sprintf("; did you mean %q?", n)
			}
			r.bad(p.Key, "%s has no key %q%s", what, k, hint)
		}
	}
}

func (r *reader) text(t ivr.Tree, what string) string {
	s, ok := t.Scalar()
	if !ok {
		r.bad(t, "%s wants one value, not %s", what, t.What())
	}
	return s
}

// Read reads a file of tests. Its mistakes are told as file:line:col: message, and then the file is nil.
func Read(name string, src []byte, zone *time.Location) (*File, []string) {
	root, found := ivr.ReadTree(name, src)
	if root == nil {
		var out []string
		for _, f := range found {
			out = append(out, fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Col, f.Message))
		}
		return nil, out
	}
	if zone == nil {
		zone = time.UTC
	}
	r := &reader{file: name, zone: zone}
	f := &File{Name: name}
	r.keys(*root, "a file of tests", "script", "given", "cases")
	if s, ok := root.Get("script"); ok {
		f.Script = r.text(s, "script")
	} else {
		r.bad(*root, `the file needs "script", the name of the script that it tests`)
	}
	base := Given{Zone: zone, ANI: DefaultANI}
	if g, ok := root.Get("given"); ok {
		r.given(&base, g)
	}
	cases, ok := root.Get("cases")
	if !ok || !cases.IsList() || len(cases.Items()) == 0 {
		r.bad(*root, `the file needs "cases", a list`)
	} else {
		names := map[string]bool{}
		for _, it := range cases.Items() {
			c := r.oneCase(base, it)
			if names[c.Name] {
				r.bad(it, "there are two cases %q", c.Name)
			}
			names[c.Name] = true
			f.Cases = append(f.Cases, c)
		}
	}
	if len(r.found) > 0 {
		return nil, r.found
	}
	return f, nil
}

// Read reads a file that holds what stands under given, over what g has already. Its mistakes are told as
// file:line:col: message.
func (g *Given) Read(name string, src []byte) []string {
	root, found := ivr.ReadTree(name, src)
	if root == nil {
		return []string{fmt.Sprintf("%s:%d:%d: %s", found[0].File, found[0].Line, found[0].Col, found[0].Message)}
	}
	if g.Zone == nil {
		g.Zone = time.UTC
	}
	r := &reader{file: name, zone: g.Zone}
	r.given(g, *root)
	return r.found
}

// SetQueue gives a queue one figure, as Queue.Set does.
func (g *Given) SetQueue(name, figure, value string) string {
	if g.Queues == nil {
		g.Queues = map[string]Queue{}
	}
	q, ok := g.Queues[name]
	if !ok {
		q.Open = true
	}
	msg := q.Set(figure, value)
	g.Queues[name] = q
	return msg
}

func (r *reader) oneCase(base Given, t ivr.Tree) Case {
	c := Case{}
	c.Line, c.Col = t.Place()
	c.Given = base.clone()
	r.keys(t, "a case", "name", "given", "when", "then", "each")
	if n, ok := t.Get("name"); ok {
		c.Name = r.text(n, "name")
	} else {
		r.bad(t, "the case needs a name")
	}
	if g, ok := t.Get("given"); ok {
		r.given(&c.Given, g)
	}
	if e, ok := t.Get("each"); ok {
		r.keys(e, "each", "languages")
		if l, ok := e.Get("languages"); ok {
			if c.Each = r.text(l, "languages"); c.Each != "all" {
				r.bad(l, "languages wants all, not %s", l.What())
			}
		}
	}
	if w, ok := t.Get("when"); ok {
		c.When = r.when(w)
	}
	if w, ok := t.Get("then"); ok {
		c.Then = r.then(w)
	}
	return c
}

func (r *reader) when(t ivr.Tree) []Act {
	if !t.IsList() {
		r.bad(t, "when wants a list of actions, such as press: \"1\", not %s", t.What())
		return nil
	}
	var out []Act
	for _, it := range t.Items() {
		r.keys(it, "an action", Actions()...)
		if it.IsMap() && len(it.Pairs()) != 1 {
			r.bad(it, "an action is one thing, such as press: \"1\"; write each as a line of its own")
		}
		for _, p := range it.Pairs() {
			a := Act{}
			a.Do, _ = p.Key.Scalar()
			a.Arg = r.text(p.Value, a.Do)
			a.Line, a.Col = p.Key.Place()
			out = append(out, a)
		}
	}
	return out
}

// wants are the keys of then, in the order in which they are held.
var wants = []string{"visited", "never", "heard", "vars", "queued", "attach", "tags", "popped", "sent", "outcome", "disposition", "ended", "hidden", "lang"}

func (r *reader) then(t ivr.Tree) []Want {
	r.keys(t, "then", wants...)
	var out []Want
	for _, p := range t.Pairs() {
		w := Want{Value: p.Value}
		w.Key, _ = p.Key.Scalar()
		w.Line, w.Col = p.Key.Place()
		r.shape(w)
		out = append(out, w)
	}
	return out
}

// shape sees that what is wanted is of the shape that its key takes.
func (r *reader) shape(w Want) {
	_, scalar := w.Value.Scalar()
	switch w.Key {
	case "vars", "attach":
		if !w.Value.IsMap() {
			r.bad(w.Value, "%s wants name: value, not %s", w.Key, w.Value.What())
		}
	case "outcome", "disposition", "lang":
		r.text(w.Value, w.Key)
	case "ended":
		ends := []string{"script", "caller", "agent", "transfer", "error"}
		if s := r.text(w.Value, w.Key); !slices.Contains(ends, s) {
			r.bad(w.Value, "ended wants %s, not %s", strings.Join(ends, ", "), w.Value.What())
		}
	case "queued":
		if w.Value.IsMap() {
			r.keys(w.Value, "queued", "name", "priority", "agent", "skills", "attach")
		} else if !scalar {
			r.bad(w.Value, "queued wants a queue, or name, priority, agent, skills and attach, not a list")
		}
	case "popped":
		if w.Value.IsMap() {
			r.keys(w.Value, "popped", "title", "fields", "url", "colour", "note")
		} else if !scalar {
			r.bad(w.Value, "popped wants a title, or title, fields, url, colour and note, not a list")
		}
	default: // visited, never, heard, tags, sent, hidden
		if w.Value.IsMap() {
			r.bad(w.Value, "%s wants a list, not a mapping", w.Key)
		}
	}
}

// list is a value, or a list of values, as texts.
func list(t ivr.Tree) []string {
	if s, ok := t.Scalar(); ok {
		return []string{s}
	}
	var out []string
	for _, it := range t.Items() {
		if s, ok := it.Scalar(); ok {
			out = append(out, s)
		}
	}
	return out
}
