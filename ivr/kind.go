package ivr

import (
	"slices"
	"strings"
)

// The kinds of script.
const (
	KindInbound   = "inbound"
	KindOutbound  = "outbound"
	KindSubscript = "subscript"
	KindLibrary   = "library"
)

var scriptKinds = []string{KindInbound, KindOutbound, KindSubscript, KindLibrary}

// fileKeys are the keys a file can have; keysOfKind are those that belong to one kind alone.
var (
	fileKeys = []string{"version", "name", "kind", "start", "languages", "vars", "args", "returns", "exits", "contact", "imports", "secrets",
		"prompts", "defaults", "events", "on_error", "on_hangup", "nodes"}
	keysOfKind  = map[string]string{"args": KindSubscript, "returns": KindSubscript, "exits": KindSubscript, "contact": KindOutbound}
	libraryKeys = []string{"version", "name", "kind", "languages", "prompts"}
)

func (l *loader) kind(v *yval) string {
	if v == nil {
		return KindInbound
	}
	if v.kind != yamlScalar || !slices.Contains(scriptKinds, v.text) {
		l.errorf(v.at, "IVR004", "kind wants inbound, outbound, subscript or library, not %s%s", v.what(), near(v.text, scriptKinds))
		return KindInbound
	}
	return v.text
}

// keys refuses keys that no file has, and those that a file of this kind has not.
func (l *loader) keys(root *yval) {
	for _, p := range root.pairs {
		k, of := p.key.text, keysOfKind[p.key.text]
		switch {
		case !slices.Contains(fileKeys, k):
			l.errorf(p.key.at, "IVR002", "a script has no key %q%s", k, near(k, fileKeys))
		case l.s.kind == KindLibrary && !slices.Contains(libraryKeys, k):
			l.errorf(p.key.at, "IVR002", "a library has no key %q; it holds prompts for others to import", k)
		case of != "" && of != l.s.kind:
			l.errorf(p.key.at, "IVR002", "key %q belongs to a file of kind: %s, and this one is %s", k, of, l.s.kind)
		}
	}
}

// signature reads what a subscript takes, gives back and how it can end, and the columns of an outbound list.
func (l *loader) signature(root *yval) {
	s := l.s
	s.args, s.returns, s.contact = l.variables("args", root.get("args")), l.variables("returns", root.get("returns")), l.variables("contact", root.get("contact"))
	for _, c := range s.contact {
		if c.typ.kind == kSecret || c.typ.kind == kList || c.typ.kind == kRecord {
			l.errorf(c.at, "IVR004", "a column of the list is a text, number, date or the like, not %s", c.typ)
		}
	}
	switch s.kind {
	case KindSubscript:
		l.lang.add("args", s.args)
		l.exitNames(root.get("exits"))
	case KindOutbound:
		l.lang.add("contact", s.contact)
	}
	l.secretNames(root.get("secrets"))
	l.answerNames()
}

func (l *loader) exitNames(v *yval) {
	l.s.ends = []string{"done"}
	if v == nil {
		return
	}
	if v.kind != yamlList || len(v.items) == 0 {
		l.errorf(v.at, "IVR004", "exits wants a list such as [paid, refused], not %s", v.what())
		return
	}
	l.s.ends = nil
	for _, it := range v.items {
		switch {
		case it.kind != yamlScalar || !plainName.MatchString(it.text):
			l.errorf(it.at, "IVR004", "an exit's name is letters, digits, _ and -, not %s", it.what())
		case slices.Contains([]string{"error", "otherwise", "failed"}, it.text):
			l.errorf(it.at, "IVR003", "%q is a reserved word; give the exit another name", it.text)
		case slices.Contains(l.s.ends, it.text):
			l.errorf(it.at, "IVR003", "exit %q is there twice", it.text)
		default:
			l.s.ends = append(l.s.ends, it.text)
		}
	}
	if len(l.s.ends) == 0 {
		l.s.ends = []string{"done"}
	}
}

// secretNames reads which secrets of the site's store the file uses.
func (l *loader) secretNames(v *yval) {
	if v == nil {
		return
	}
	if v.kind != yamlList {
		l.errorf(v.at, "IVR004", "secrets wants a list of names, such as [crm_token], not %s", v.what())
		return
	}
	var names []variable
	for _, it := range v.items {
		switch {
		case it.kind != yamlScalar || !varName.MatchString(it.text):
			l.errorf(it.at, "IVR004", "a secret's name is small letters, digits and _, not %s", it.what())
		case slices.Contains(l.s.secrets, it.text):
			l.errorf(it.at, "IVR003", "secret %q is there twice", it.text)
		default:
			l.siteHas(it.at, "secret", it.text, l.site.Secrets)
		}
		l.s.secrets = append(l.s.secrets, it.text)
		names = append(names, variable{name: it.text, typ: typ{kind: kSecret}})
	}
	l.lang.add("secrets", names)
}

// answerNames finds what the surveys of the file ask: a rating by keys is a number, a recorded answer a text.
func (l *loader) answerNames() {
	var look func(v *yval)
	look = func(v *yval) {
		for _, p := range v.pairs {
			if p.key.text == "survey" && p.val.kind == yamlMap {
				l.answersOf(p.val.get("questions"))
			}
		}
		for _, it := range v.items {
			look(it)
		}
	}
	for _, n := range l.s.nodes {
		look(n.src)
	}
	if len(l.s.answers) > 0 {
		l.lang.add("answers", l.s.answers)
	}
}

func (l *loader) answersOf(questions *yval) {
	if questions == nil {
		return
	}
	for _, q := range questions.items {
		name := q.get("name")
		if name == nil || !varName.MatchString(name.text) || slices.ContainsFunc(l.s.answers, func(a variable) bool { return a.name == name.text }) {
			continue // the survey itself says what is wrong
		}
		t := typ{kind: kText}
		if q.get("keys") != nil {
			t.kind = kNumber
		}
		l.s.answers = append(l.s.answers, variable{name: name.text, typ: t, def: t.zero()})
	}
}

// imported is a library whose prompts this file can name.
type imported struct {
	name string // common, for lib/common
	lib  *loader
}

func (l *loader) importAll(v *yval) {
	if v == nil {
		return
	}
	if v.kind != yamlList {
		l.errorf(v.at, "IVR004", "imports wants a list of libraries, such as [lib/common], not %s", v.what())
		return
	}
	for _, it := range v.items {
		name := it.text[strings.LastIndex(it.text, "/")+1:]
		switch {
		case it.kind != yamlScalar || it.empty:
			l.errorf(it.at, "IVR004", "imports wants the name of a library, such as lib/common, not %s", it.what())
		case !l.sl.exists(it.text):
			l.errorf(it.at, "IVR027", "there is no library %q%s", it.text, near(it.text, l.sl.known()))
		case slices.ContainsFunc(l.imports, func(x imported) bool { return x.name == name }):
			l.errorf(it.at, "IVR003", "%q is imported twice", name)
		default:
			lib := l.sl.unit(it.text)
			if lib == nil {
				continue // its own findings say why
			}
			if lib.s.kind != KindLibrary {
				l.errorf(it.at, "IVR027", "%s is of kind: %s; only a library can be imported", it.text, lib.s.kind)
				continue
			}
			l.imports = append(l.imports, imported{name, lib})
			l.s.libraries = append(l.s.libraries, lib.s)
		}
	}
}

// importedPrompt finds common.thanks among the imports; what says with which names v may have been confused.
func (l *loader) importedPrompt(v *yval) (*prompt, []string) {
	var names []string
	for _, im := range l.imports {
		for _, p := range im.lib.s.prompts {
			full := im.name + "." + p.name
			if full != v.text {
				names = append(names, full)
				continue
			}
			for _, lang := range l.s.langs {
				if p.in(lang) == nil {
					l.errorf(v.at, "IVR032", "prompt %q has no %s", full, lang)
				}
			}
			return l.speaks(p, v.at), nil
		}
	}
	return nil, names
}
