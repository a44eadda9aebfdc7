package ivr

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// opts are the options of one step as they were written, read by the verb's loader through the getters below.
type opts struct {
	l    *loader
	verb *verb
	val  *yval // the verb's whole value
	at   place
	set  []pair // options by name
	keys []pair // phone keys
}

var phoneKey = regexp.MustCompile(`^(?:[0-9]{1,8}|star|hash|[A-D])$`)

// options sorts what stands under a verb into options and keys, and refuses what is neither.
func (l *loader) options(vb *verb, key, v *yval) *opts {
	o := &opts{l: l, verb: vb, val: v, at: key.at}
	switch {
	case vb.free:
		return o
	case v.kind == yamlScalar && v.empty || v.kind == yamlMap:
	case vb.short == "":
		l.errorf(v.at, "IVR004", "%s wants its options, not %s", vb.name, v.what())
		return o
	default:
		o.set = []pair{{&yval{text: vb.short, at: v.at}, v}}
	}
	for _, p := range v.pairs {
		switch {
		case vb.keys && phoneKey.MatchString(p.key.text):
			o.keys = append(o.keys, p)
		case slices.ContainsFunc(vb.options, func(x option) bool { return x.name == p.key.text }):
			o.set = append(o.set, p)
		default:
			l.unknownOption(vb, p.key)
		}
	}
	for _, x := range vb.options {
		if v := o.get(x.name); x.must && (v == nil || v.kind == yamlList && len(v.items) == 0) {
			l.errorf(o.at, "IVR004", "%s needs %q", vb.name, x.name)
		}
	}
	return o
}

func (l *loader) unknownOption(vb *verb, k *yval) {
	var names []string
	for _, x := range vb.options {
		names = append(names, x.name)
	}
	hint := near(k.text, names)
	if k.text == "*" || k.text == "#" {
		hint = map[string]string{"*": "; write star", "#": "; write hash"}[k.text]
	}
	l.errorf(k.at, "IVR002", "%s has no option %q%s", vb.name, k.text, hint)
}

func (o *opts) get(name string) *yval {
	for _, p := range o.set {
		if p.key.text == name {
			return p.val
		}
	}
	return nil
}

// scalar returns the option's text; ok is false if it is missing or, with a finding, not a single value.
func (o *opts) scalar(name string) (*yval, bool) {
	v := o.get(name)
	if v == nil {
		return nil, false
	}
	if v.kind != yamlScalar || v.empty {
		o.l.errorf(v.at, "IVR004", "%s wants one value, not %s", name, v.what())
		return nil, false
	}
	return v, true
}

func (o *opts) duration(name string, def time.Duration) time.Duration {
	v, ok := o.scalar(name)
	if !ok {
		return def
	}
	d := o.l.duration(name, v, def)
	o.l.usually(v.at, o.verb.name, name, d, v.text)
	return d
}

func (l *loader) duration(name string, v *yval, def time.Duration) time.Duration {
	d, ok := parseDuration(v.text)
	if v.kind != yamlScalar || !ok {
		hint := ""
		if amountText.MatchString(v.text) {
			hint = "; did you mean " + v.text + "s?"
		}
		l.errorf(v.at, "IVR004", "%s wants a duration with its unit, as in 5s, not %s%s", name, v.what(), hint)
		return def
	}
	return d
}

func (o *opts) truth(name string, def bool) bool {
	v, ok := o.scalar(name)
	if !ok {
		return def
	}
	switch v.text {
	case "true":
		return true
	case "false":
		return false
	}
	hint := ""
	switch strings.ToLower(v.text) {
	case "yes", "on", "y", "1":
		hint = "; did you mean true?"
	case "no", "off", "n", "0":
		hint = "; did you mean false?"
	}
	o.l.errorf(v.at, "IVR004", "%s wants true or false, not %s%s", name, v.what(), hint)
	return def
}

func (o *opts) count(name string, def, lo, hi int) int {
	v, ok := o.scalar(name)
	if !ok {
		return def
	}
	n := o.l.count(name, v, [3]int{def, lo, hi})
	o.l.usually(v.at, o.verb.name, name, time.Duration(n), v.text)
	return n
}

// count reads a whole number; r is default, least and most.
func (l *loader) count(name string, v *yval, r [3]int) int {
	n, err := strconv.Atoi(v.text)
	if v.kind != yamlScalar || err != nil || !digitsText.MatchString(v.text) || n < r[1] || n > r[2] {
		l.errorf(v.at, "IVR004", "%s wants a whole number from %d to %d, not %s", name, r[1], r[2], v.what())
		return r[0]
	}
	return n
}

func (o *opts) word(name, def string, words ...string) string {
	v, ok := o.scalar(name)
	if !ok {
		return def
	}
	if !slices.Contains(words, v.text) {
		o.l.errorf(v.at, "IVR004", "%s wants %s, not %q%s", name, strings.Join(words, ", "), v.text, near(v.text, words))
		return def
	}
	return v.text
}

// promptList reads the name of a prompt, or a list of names.
func (o *opts) promptList(name string) []*prompt {
	v := o.get(name)
	if v == nil {
		return nil
	}
	items := []*yval{v}
	if v.kind == yamlList {
		items = v.items
	}
	var out []*prompt
	for _, it := range items {
		if it.kind != yamlScalar || it.empty {
			o.l.errorf(it.at, "IVR004", "%s wants the name of a prompt, not %s", name, it.what())
		} else if p := o.l.prompt(it); p != nil {
			out = append(out, p)
		}
	}
	return out
}

func (l *loader) prompt(v *yval) *prompt {
	p, names := l.importedPrompt(v)
	if p != nil {
		return p
	}
	for _, p := range l.s.prompts {
		if p.name == v.text {
			return l.speaks(p, v.at)
		}
		names = append(names, p.name)
	}
	l.errorf(v.at, "IVR031", "there is no prompt %q%s", v.text, near(v.text, names))
	return nil
}

// barge is when a key stops a prompt.
type barge struct {
	mode  string // true, false, after, keys
	after time.Duration
}

func (l *loader) barge(v *yval) *barge {
	if v == nil {
		return nil
	}
	mode, rest, _ := strings.Cut(v.text, " ")
	switch {
	case v.kind != yamlScalar:
	case rest == "" && (mode == "true" || mode == "false" || mode == "keys"):
		return &barge{mode: mode}
	case mode == "after":
		if d, ok := parseDuration(strings.TrimSpace(rest)); ok {
			return &barge{mode: "after", after: d}
		}
	}
	l.errorf(v.at, "IVR004", "barge_in wants true, false, keys or after and a time, as in after 4s, not %s", v.what())
	return nil
}

// dialled turns the name of a key into the key.
func dialled(name string) string {
	switch name {
	case "star":
		return "*"
	case "hash":
		return "#"
	}
	return name
}

func spelled(key string) string {
	switch key {
	case "*":
		return "star"
	case "#":
		return "hash"
	}
	return key
}

// choices reads key: target pairs.
func (l *loader) choices(keys []pair, st *step) []choice {
	var out []choice
	for _, p := range keys {
		out = append(out, choice{dialled(p.key.text), l.target(p.val, st), p.key.at})
	}
	return out
}

// target reads the name of a node, or next, repeat, back, return, hangup.
func (l *loader) target(v *yval, st *step) target {
	t := target{kind: toHangup, at: v.at}
	if v.kind != yamlScalar || v.empty {
		l.errorf(v.at, "IVR004", "a target is the name of a node, next, repeat, back or hangup, not %s", v.what())
		return t
	}
	switch v.text {
	case "next":
		t.kind = toNext
	case "hangup":
	case "repeat":
		t.kind = toRepeat
	case "back":
		t.kind = toBack
	case "return":
		t.kind = toReturn
		l.returnTarget(v)
	default:
		if n := l.nodes[v.text]; n != nil {
			return target{kind: toNode, node: n, at: v.at}
		}
		l.errorf(v.at, "IVR020", "there is no node %q%s", v.text, near(v.text, l.nodeNames()))
	}
	if st == nil && t.kind == toNext {
		l.errorf(v.at, "IVR020", "%q has no meaning here; name a node", v.text)
	}
	return t
}

func (l *loader) nodeNames() []string {
	names := []string{"next", "repeat", "back", "hangup"}
	for _, n := range l.s.nodes {
		names = append(names, n.name)
	}
	return names
}
