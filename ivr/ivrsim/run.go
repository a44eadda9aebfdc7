package ivrsim

import (
	"fmt"
	"slices"
	"strings"

	"ctid/ivr"
)

// Outcome is how one case went. Failures are told as file:line:col: message; none: it passed.
type Outcome struct {
	Name       string
	Failures   []string
	Transcript string
	Moves      []ivr.Move
}

// Run runs the cases of a file; a case with each: {languages: all} runs once for every language of the script.
func (f *File) Run(s *ivr.Script, o ivr.Options) []Outcome {
	var out []Outcome
	for _, c := range f.Cases {
		if c.Each != "all" {
			out = append(out, c.run(f.Name, s, o))
			continue
		}
		for _, lang := range s.Languages() {
			one := c
			one.Given.Language = lang
			one.Name += " (" + lang + ")"
			out = append(out, one.run(f.Name, s, o))
		}
	}
	return out
}

func (k Case) run(file string, s *ivr.Script, o ivr.Options) Outcome {
	out := Outcome{Name: k.Name}
	bad := func(line, col int, what any) {
		out.Failures = append(out.Failures, fmt.Sprintf("%s:%d:%d: %s", file, line, col, what))
	}
	c, err := New(s, k.Given, nil, o)
	if err != nil {
		bad(k.Line, k.Col, err)
		return out
	}
	for _, a := range k.When {
		if err := c.Do(a.Do, a.Arg); err != nil {
			bad(a.Line, a.Col, err)
			break
		}
	}
	if len(out.Failures) == 0 {
		c.Rest()
		if c.err != nil {
			bad(k.Line, k.Col, c.err)
		}
	}
	if len(out.Failures) == 0 {
		for _, w := range k.Then {
			for _, msg := range c.hold(w) {
				bad(w.Line, w.Col, msg)
			}
		}
	}
	out.Transcript, out.Moves = c.Transcript(), c.taken
	return out
}

// hold tells where the call differs from what is wanted.
func (c *Call) hold(w Want) []string {
	one, _ := w.Value.Scalar()
	many := list(w.Value)
	switch w.Key {
	case "visited":
		if got := c.Visited(); !slices.Equal(got, many) {
			return []string{fmt.Sprintf("visited %s, not %s", strings.Join(got, ", "), strings.Join(many, ", "))}
		}
	case "never":
		return each(many, func(n string) string { return say(slices.Contains(c.Visited(), n), "%s was visited", n) })
	case "heard":
		return each(many, func(t string) string { return say(c.heardAt(0, t) < 0, "%q was never heard", t) })
	case "tags":
		return each(many, func(t string) string { return say(!slices.Contains(c.tags, t), "the call has no tag %s", t) })
	case "sent":
		return each(many, func(t string) string {
			return say(!slices.ContainsFunc(c.sent, func(s string) bool { return strings.Contains(plain(s), plain(t)) }), "no message says %q", t)
		})
	case "hidden":
		return c.leaks(many)
	case "vars":
		got := map[string]any{}
		for _, v := range c.m.Vars() {
			if !v.Secret {
				got[v.Name] = v.Value
			}
		}
		return differ("vars.", w.Value, got)
	case "attach":
		return differ("attached ", w.Value, c.attached)
	case "queued":
		return c.holdQueued(w.Value)
	case "popped":
		return c.holdPopped(w.Value)
	default:
		got := map[string]string{"outcome": c.outcome, "disposition": c.dispo, "ended": c.ended, "lang": c.m.Language()}[w.Key]
		switch {
		case got == one:
		case w.Key == "ended" && got == "":
			return []string{fmt.Sprintf("the call has not ended; it is at %s", c.m.Where())}
		case got == "":
			return []string{fmt.Sprintf("there is no %s; wanted %s", w.Key, one)}
		default:
			return []string{fmt.Sprintf("%s is %s, not %s", w.Key, got, one)}
		}
	}
	return nil
}

func each(list []string, f func(string) string) []string {
	var out []string
	for _, x := range list {
		if msg := f(x); msg != "" {
			out = append(out, msg)
		}
	}
	return out
}

func say(bad bool, format string, args ...any) string {
	if !bad {
		return ""
	}
	return fmt.Sprintf(format, args...)
}

// differ compares values by how a person reads them; only those named are looked at.
func differ(what string, want ivr.Tree, got map[string]any) []string {
	var out []string
	for _, p := range want.Pairs() {
		k, _ := p.Key.Scalar()
		v := ivr.Text(plainValue(p.Value))
		g, ok := got[k]
		switch {
		case !ok:
			out = append(out, fmt.Sprintf("there is no %s%s", what, k))
		case ivr.Text(g) != v:
			out = append(out, fmt.Sprintf("%s%s is %q, not %q", what, k, ivr.Text(g), v))
		}
	}
	return out
}

// leaks finds the texts that nobody may see: in the transcript, the log, what was attached, and every snapshot.
func (c *Call) leaks(texts []string) []string {
	seen := append(slices.Clone(c.private), c.Transcript())
	return each(texts, func(t string) string {
		i := slices.IndexFunc(seen, func(s string) bool { return strings.Contains(s, t) })
		return say(i >= 0, "%q is not hidden: the transcript, the log or a snapshot has it", t)
	})
}

func (c *Call) holdQueued(want ivr.Tree) []string {
	if len(c.queued) == 0 {
		return []string{"the call was in no queue"}
	}
	q := c.queued[len(c.queued)-1]
	if name, ok := want.Scalar(); ok {
		return each([]string{name}, func(n string) string { return say(q.Name != n, "queued for %s, not %s", q.Name, n) })
	}
	got := map[string]string{"name": q.Name, "priority": fmt.Sprint(q.Priority), "agent": q.Agent, "skills": strings.Join(q.Skills, ", ")}
	var out []string
	for _, p := range want.Pairs() {
		k, _ := p.Key.Scalar()
		if k == "attach" {
			out = append(out, differ("attached ", p.Value, q.Attach)...)
			continue
		}
		if v := strings.Join(list(p.Value), ", "); got[k] != v {
			out = append(out, fmt.Sprintf("queued with %s %q, not %q", k, got[k], v))
		}
	}
	return out
}

func (c *Call) holdPopped(want ivr.Tree) []string {
	if len(c.popped) == 0 {
		return []string{"nothing was popped"}
	}
	all := Popped{}
	fields := map[string]any{}
	for _, p := range c.popped { // later ones add
		for to, from := range map[*string]string{&all.Title: p.Title, &all.URL: p.URL, &all.Colour: p.Colour, &all.Note: p.Note} {
			if from != "" {
				*to = from
			}
		}
		for _, f := range p.Fields {
			fields[f.Name] = fieldText(f)
		}
	}
	if title, ok := want.Scalar(); ok {
		return each([]string{title}, func(n string) string { return say(all.Title != n, "popped %q, not %q", all.Title, n) })
	}
	got := map[string]string{"title": all.Title, "url": all.URL, "colour": all.Colour, "note": all.Note}
	var out []string
	for _, p := range want.Pairs() {
		k, _ := p.Key.Scalar()
		if k == "fields" {
			out = append(out, differ("field ", p.Value, fields)...)
			continue
		}
		if v, _ := p.Value.Scalar(); got[k] != v {
			out = append(out, fmt.Sprintf("popped with %s %q, not %q", k, got[k], v))
		}
	}
	return out
}
