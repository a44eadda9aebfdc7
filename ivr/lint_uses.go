package ivr

import "strings"

// uses is what a step or a prompt needs of the rest of the file, as its loader comes upon it.
type uses struct {
	reads   []reading
	writes  []string // variables
	prompts []*prompt
}

// reading is one vars.x, args.x or secrets.x of an expression.
type reading struct {
	name string
	at   place
}

func (l *loader) reads(at place, e *expression) {
	if l.cur == nil {
		return
	}
	for _, name := range e.reads {
		l.cur.reads = append(l.cur.reads, reading{name, at})
	}
}

func (l *loader) writes(name string) {
	if l.cur != nil {
		l.cur.writes = append(l.cur.writes, name)
	}
}

// speaks notes that what is being read says the prompt, and where it is named.
func (l *loader) speaks(p *prompt, at place) *prompt {
	p.uses = append(p.uses, at)
	if l.cur != nil {
		l.cur.prompts = append(l.cur.prompts, p)
	}
	return p
}

// unused is IVR009: prompts nobody hears and variables nobody reads.
func (x *linter) unused() {
	read, heard := map[string]bool{}, map[*prompt]bool{x.s.apology: true}
	written := map[string]bool{}
	note := func(u uses) {
		for _, r := range u.reads {
			read[r.name] = true
		}
	}
	for _, st := range x.g.steps {
		note(st.uses)
		for _, w := range st.uses.writes {
			written[w] = true
		}
		for _, p := range st.uses.prompts {
			heard[p] = true
		}
	}
	for _, p := range x.s.prompts {
		note(p.needs)
		if !heard[p] && !p.built {
			x.warnf(p.at, "IVR009", "prompt %q is never used; take it out", p.name)
		}
	}
	for _, v := range x.s.vars {
		if read["vars."+v.name] {
			continue
		}
		hint := "take it out"
		if written[v.name] {
			hint = "it is set, and nothing reads it"
		}
		x.warnf(v.at, "IVR009", "variable %q is never used; %s", v.name, hint)
	}
	for _, a := range x.s.args {
		if !read["args."+a.name] {
			x.warnf(a.at, "IVR009", "argument %q is never used; take it out", a.name)
		}
	}
	x.unusedSecrets(read)
}

func (x *linter) unusedSecrets(read map[string]bool) {
	v := x.root.get("secrets")
	if v == nil {
		return
	}
	for _, s := range v.items {
		if !read["secrets."+s.text] {
			x.warnf(s.at, "IVR009", "secret %q is never used; take it out", strings.TrimSpace(s.text))
		}
	}
}
