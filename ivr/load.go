package ivr

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// loader reads one script.
type loader struct {
	*report
	sl       *setLoader
	site     Site
	s        *Script
	root     *yval
	lang     *language
	verbs    []*verb
	nodes    map[string]*node
	confirms map[string]bool // prompts that read a value back, and so may name it
	steps    int
	imports  []imported
	calls    []callSite
	followed bool            // its flow has been followed
	extra    []field         // names known only in what is being read
	noted    map[string]bool // what was noted as unchecked, by kind and name
	cur      *uses           // of the step or prompt being read; nil outside
}

// declare reads what other scripts may name, and the names of the nodes.
func (l *loader) declare(root *yval) {
	l.s.kind = l.kind(root.get("kind"))
	l.keys(root)
	l.head(root)
	l.languages(root.get("languages"))
	l.s.vars = l.variables("vars", root.get("vars"))
	l.lang = newLanguage(l.site, l.s.vars)
	l.lang.script = l.s.name
	l.s.lang = l.lang
	if l.s.kind == KindLibrary {
		l.findConfirms()
		l.prompts(root.get("prompts"))
		return
	}
	l.nodeList(root)
	l.signature(root)
}

// body goes from what is named to what names it: prompts, then steps.
func (l *loader) body(root *yval) {
	if l.s.kind == KindLibrary {
		l.recordings()
		return
	}
	l.importAll(root.get("imports"))
	l.findConfirms()
	l.prompts(root.get("prompts"))
	l.defaults(root.get("defaults"))
	if v := root.get("events"); v != nil {
		l.events(v)
	}
	l.s.onError = l.nodeNamed(root.get("on_error"), "on_error")
	l.s.onHangup = l.nodeNamed(root.get("on_hangup"), "on_hangup")
	for _, n := range l.s.nodes {
		l.node(n)
	}
	for q := range l.lang.queues {
		l.s.queues = append(l.s.queues, q)
	}
	slices.Sort(l.s.queues)
	l.recordings()
	l.apology()
}

func (l *loader) head(root *yval) {
	if v := root.get("version"); v == nil {
		l.errorf(root.at, "IVR004", `the file needs "version"; write version: 1 as its first line`)
	} else if v.text != "1" || v.kind != yamlScalar {
		l.errorf(v.at, "IVR004", "version wants 1, the version of the language, not %s", v.what())
	}
	l.s.title = l.s.name
	if v := root.get("name"); v != nil {
		if v.kind != yamlScalar {
			l.errorf(v.at, "IVR004", "name wants a text, not %s", v.what())
		} else if v.text != "" {
			l.s.title = v.text
		}
	}
}

var (
	langCode   = regexp.MustCompile(`^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}$`)
	plainName  = regexp.MustCompile(`^[\pL\pN_][\pL\pM\pN_-]{0,63}$`)
	varName    = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,63}$`)
	scriptName = regexp.MustCompile(`^(?:lib/)?[\pL\pN_][\pL\pM\pN_-]{0,63}$`)
	reserved   = []string{"next", "repeat", "back", "return", "hangup", "otherwise"}
)

func (l *loader) languages(v *yval) {
	l.s.langs = []string{"en"}
	if v == nil {
		return
	}
	if v.kind != yamlList || len(v.items) == 0 {
		l.errorf(v.at, "IVR004", "languages wants a list such as [en, zh], not %s", v.what())
		return
	}
	l.s.langs = nil
	for _, it := range v.items {
		switch {
		case it.kind != yamlScalar || !langCode.MatchString(it.text):
			l.errorf(it.at, "IVR004", "languages wants codes such as en, zh or zh-HK, not %s", it.what())
		case slices.Contains(l.s.langs, it.text):
			l.errorf(it.at, "IVR003", "language %q is there twice", it.text)
		default:
			l.s.langs = append(l.s.langs, it.text)
		}
	}
	if len(l.s.langs) == 0 {
		l.s.langs = []string{"en"}
	}
}

// variables reads name: type, with or without a default.
func (l *loader) variables(key string, v *yval) []variable {
	if v == nil {
		return nil
	}
	if v.kind != yamlMap {
		l.errorf(v.at, "IVR004", "%s wants a mapping such as {tries: number = 0}, not %s", key, v.what())
		return nil
	}
	var out []variable
	for _, p := range v.pairs {
		if !varName.MatchString(p.key.text) {
			l.errorf(p.key.at, "IVR004", "a variable's name is small letters, digits and _, not %q", p.key.text)
			continue
		}
		nv := variable{name: p.key.text, at: p.key.at, typ: typ{kind: kText}, def: ""}
		if p.val.kind != yamlScalar {
			l.errorf(p.val.at, "IVR004", "%s wants a type such as number = 0, not %s", p.key.text, p.val.what())
		} else if t, def, has, err := parseType(p.val.text); err != nil {
			l.errorf(p.val.at, "IVR004", "%s", err)
		} else {
			nv.typ, nv.def, nv.has = t, t.zero(), has
			if has {
				if nv.def, err = parseAs(t, def); err != nil {
					l.errorf(p.val.offset(strings.Index(p.val.text, "=")), "IVR004", "the default of %s %s", p.key.text, err)
					nv.def = t.zero()
				}
			}
		}
		out = append(out, nv)
	}
	return out
}

// nodeList makes the nodes, still empty, so that any may name any other.
func (l *loader) nodeList(root *yval) {
	v := root.get("nodes")
	if v == nil || v.kind != yamlMap || len(v.pairs) == 0 {
		at := root.at
		if v != nil {
			at = v.at
		}
		l.errorf(at, "IVR004", `the file needs "nodes": name → step or list of steps`)
		return
	}
	for _, p := range v.pairs {
		if slices.Contains(reserved, p.key.text) {
			l.errorf(p.key.at, "IVR003", "%q is a reserved word; give the node another name", p.key.text)
			continue
		}
		if !plainName.MatchString(p.key.text) {
			l.errorf(p.key.at, "IVR004", "a node's name is letters, digits, _ and -, not %q", p.key.text)
			continue
		}
		n := &node{name: p.key.text, at: p.key.at, src: p.val}
		l.nodes[n.name] = n
		l.s.nodes = append(l.s.nodes, n)
	}
	if len(l.s.nodes) == 0 {
		return
	}
	l.s.start = l.s.nodes[0]
	if n := l.nodeNamed(root.get("start"), "start"); n != nil {
		l.s.start = n
	}
}

func (l *loader) nodeNamed(v *yval, what string) *node {
	if v == nil {
		return nil
	}
	if n := l.nodes[v.text]; n != nil && v.kind == yamlScalar {
		return n
	}
	if v.kind != yamlScalar || v.empty {
		l.errorf(v.at, "IVR004", "%s wants the name of a node, not %s", what, v.what())
	} else {
		l.errorf(v.at, "IVR020", "there is no node %q%s", v.text, near(v.text, l.nodeNames()[4:]))
	}
	return nil
}

func (l *loader) defaults(v *yval) {
	d := &l.s.defaults
	*d = defaults{wait: 5 * time.Second, between: 3 * time.Second, tries: 3}
	if v == nil {
		return
	}
	if v.kind != yamlMap {
		l.errorf(v.at, "IVR004", "defaults wants a mapping, not %s", v.what())
		return
	}
	for _, p := range v.pairs {
		switch p.key.text {
		case "failed":
			t := l.target(p.val, nil)
			l.s.failed = &t
		case "wait":
			d.wait = l.duration("wait", p.val, d.wait)
			l.usually(p.val.at, "", "wait", d.wait, p.val.text)
		case "between_keys":
			d.between = l.duration("between_keys", p.val, d.between)
			l.usually(p.val.at, "", "between_keys", d.between, p.val.text)
		case "tries":
			d.tries = l.count("tries", p.val, [3]int{3, 1, 10})
			l.usually(p.val.at, "", "tries", time.Duration(d.tries), p.val.text)
		case "barge_in":
			d.barge = l.barge(p.val)
		case "voice":
			d.voice = p.val.text
		case "human":
			if d.human = p.val.text == "required"; !d.human || p.val.kind != yamlScalar {
				l.errorf(p.val.at, "IVR004", "human wants required, not %s", p.val.what())
			}
		default:
			l.errorf(p.key.at, "IVR002", "defaults has no key %q%s", p.key.text, near(p.key.text, []string{"failed", "wait", "tries", "between_keys", "barge_in", "voice", "human"}))
		}
	}
}

func (l *loader) events(v *yval) {
	if v.kind != yamlMap {
		l.errorf(v.at, "IVR004", "events wants key: target, as in {0: operator}, not %s", v.what())
		return
	}
	for _, p := range v.pairs {
		if !phoneKey.MatchString(p.key.text) || len(dialled(p.key.text)) != 1 {
			l.errorf(p.key.at, "IVR002", "events wants single keys, 0 to 9, star or hash, not %q", p.key.text)
			continue
		}
		l.s.events = append(l.s.events, l.choices([]pair{p}, nil)...)
	}
}
