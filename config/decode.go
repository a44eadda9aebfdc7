package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// decoder turns mappings into structs by the table, and remembers where each value stood.
type decoder struct {
	offline  bool // secrets are left out
	findings []Finding
	at       map[string]Pos // of keys and values by path: queues[2].ring; its key: queues[2].ring#
}

func (d *decoder) err(p Pos, code, format string, a ...any) {
	d.findings = append(d.findings, Finding{p, Error, code, fmt.Sprintf(format, a...)})
}

func (d *decoder) warn(p Pos, code, format string, a ...any) {
	d.findings = append(d.findings, Finding{p, Warning, code, fmt.Sprintf(format, a...)})
}

// pos finds the place of a path; one that was not written down stands where the nearest thing around it does.
func (d *decoder) pos(path string) Pos {
	for {
		if p, ok := d.at[path]; ok {
			return p
		}
		i := strings.LastIndexAny(path, ".[")
		if i < 0 {
			return d.at[""]
		}
		path = path[:i]
	}
}

// top decodes all files into the configuration. A section stands in one file; lists go on from file to file.
func (d *decoder) top(files []source, v reflect.Value) {
	fs := fields(v.Type())
	type place struct {
		file string
		at   Pos
	}
	seen := map[string]place{}
	unread := Failed(d.findings) // a file that could not be read may hold what seems to be missing
	for _, s := range files {
		for _, kv := range s.body.Values {
			key, at := kv.Key.GetToken().Value, posOf(s.name, kv.Key.GetToken())
			f, ok := find(fs, key)
			list := ok && v.Field(f.index).Kind() == reflect.Slice
			if first, again := seen[key]; again && (!list || first.file == s.name) {
				d.err(at, "CFG005", "`%s` is given twice, first at %s", clip(key), first.at)
				continue
			}
			seen[key] = place{s.name, at}
			if key == "include" {
				continue
			}
			if !ok {
				d.unknown(at, key, key, fs)
				continue
			}
			d.at[key+"#"], d.at[key] = at, nodePos(s.name, kv.Value)
			d.value(item{s.name, kv.Value, key, f}, v.Field(f.index))
		}
	}
	for _, f := range fs {
		if _, ok := seen[f.name]; f.need && !ok && !unread {
			d.err(d.at[""], "CFG011", "section `%s` is missing: %s", f.name, f.doc)
		}
	}
}

// object decodes a mapping into v, a struct whose defaults are set.
func (d *decoder) object(file string, m *ast.MappingNode, v reflect.Value, path string) {
	fs := fields(v.Type())
	seen := map[string]Pos{}
	for _, kv := range m.Values {
		key, at := kv.Key.GetToken().Value, posOf(file, kv.Key.GetToken())
		if first, ok := seen[key]; ok {
			d.err(at, "CFG005", "`%s` is given twice, first at %s", clip(key), first)
			continue
		}
		seen[key] = at
		sub := join(path, key)
		f, ok := find(fs, key)
		if !ok {
			d.unknown(at, key, sub, fs)
			continue
		}
		d.at[sub+"#"] = at
		d.at[sub] = nodePos(file, kv.Value)
		d.value(item{file, kv.Value, sub, f}, v.Field(f.index))
	}
	for _, f := range fs {
		if _, ok := seen[f.name]; f.need && !ok {
			d.err(d.pos(path), "CFG011", "`%s` is missing: %s", join(path, f.name), f.doc)
		}
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func find(fs []field, key string) (field, bool) {
	for _, f := range fs {
		if f.name == key {
			return f, true
		}
	}
	return field{}, false
}

var indexRE = regexp.MustCompile(`\[[0-9]+\]`)

func (d *decoder) unknown(at Pos, key, path string, fs []field) {
	if plain := indexRE.ReplaceAllString(path, ""); reserved[plain] {
		what := "key"
		if !strings.Contains(plain, ".") {
			what = "section"
		}
		d.err(at, "CFG007", "%s `%s` is not available in this version", what, clip(key))
		return
	}
	names := make([]string, 0, len(fs))
	for _, f := range fs {
		names = append(names, f.name)
	}
	if contains(names, key+"_file") {
		d.err(at, "CFG006", "secrets are not written here: put it into a file and name that with `%s_file`", key)
		return
	}
	d.err(at, "CFG006", "unknown key `%s`%s", clip(key), meant(key, names))
}

// item is one value to decode: its node, path and row of the table.
type item struct {
	file  string
	node  ast.Node
	path  string
	field field
}

func (d *decoder) value(it item, v reflect.Value) {
	if _, null := it.node.(*ast.NullNode); null || it.node == nil {
		d.err(d.pos(it.path+"#"), "CFG008", "`%s` has no value: give it one or remove it", it.path)
		return
	}
	switch t := v.Type(); {
	case isScalar(t):
		d.scalar(it, v)
	case t == pairsType:
		d.pairs(it, v)
	case t.Kind() == reflect.Slice:
		d.list(it, v)
	default:
		m, ok := mapping(it.node)
		if !ok {
			d.err(d.pos(it.path), "CFG008", "`%s` holds keys of its own; found %s", it.path, found(it.node))
			return
		}
		d.object(it.file, m, v, it.path)
	}
}

func found(n ast.Node) string {
	switch n.(type) {
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "keys"
	}
	return "a single value"
}

func (d *decoder) scalar(it item, v reflect.Value) {
	s, ok := scalar(it.node)
	if !ok {
		d.err(d.pos(it.path), "CFG008", "`%s` is a single value; found %s", it.path, found(it.node))
		return
	}
	if err := setScalar(v, it.field, s); err != nil {
		d.err(d.pos(it.path), codeOf(err), "`%s`: %v", it.path, err)
		return
	}
	if it.field.form == "file" {
		v.SetString(beside(it.file, s))
	}
	if it.field.form == "dsn" {
		name := strings.TrimPrefix(s, "sqlite:")
		v.SetString("sqlite:" + beside(it.file, name))
	}
}

// beside reads a file's name relative to the folder of the configuration file that gives it.
func beside(file, name string) string {
	if filepath.IsAbs(name) || strings.HasPrefix(name, ":") || strings.HasPrefix(name, "file:") {
		return name
	}
	return filepath.Join(filepath.Dir(file), name)
}

func codeOf(err error) string {
	if errors.Is(err, errNoUnit) {
		return "CFG010"
	}
	return "CFG009"
}

func (d *decoder) list(it item, v reflect.Value) {
	t := v.Type()
	seq, ok := it.node.(*ast.SequenceNode)
	if !ok {
		if _, one := scalar(it.node); one && t == textsType && it.field.short == "yes" {
			v.Set(reflect.MakeSlice(t, 1, 1))
			d.scalar(it, v.Index(0))
			return
		}
		d.err(d.pos(it.path), "CFG008", "`%s` is a list; found %s", it.path, found(it.node))
		return
	}
	base := v.Len() // a list of an included file goes on where the last one ended
	v.Set(reflect.AppendSlice(v, reflect.MakeSlice(t, len(seq.Values), len(seq.Values))))
	for j, n := range seq.Values {
		i := base + j
		sub := item{it.file, n, fmt.Sprintf("%s[%d]", it.path, i), field{form: it.field.form}}
		d.at[sub.path] = nodePos(it.file, n)
		d.at[sub.path+"#"] = d.at[sub.path]
		if t.Elem().Kind() == reflect.Struct {
			defaults(v.Index(i))
			if s, one := scalar(n); one && it.field.short != "" {
				d.shorthand(sub, v.Index(i), it.field.short, s)
				continue
			}
		}
		d.value(sub, v.Index(i))
	}
}

// shorthand reads a bare text as the object whose key it is: `sales` for {name: sales}.
func (d *decoder) shorthand(it item, v reflect.Value, key, s string) {
	f, _ := find(fields(v.Type()), key)
	if err := setScalar(v.Field(f.index), f, s); err != nil {
		d.err(d.pos(it.path), codeOf(err), "`%s`: %v", it.path, err)
	}
}

func (d *decoder) pairs(it item, v reflect.Value) {
	m, ok := mapping(it.node)
	if !ok {
		d.err(d.pos(it.path), "CFG008", "`%s` is a map of days; found %s", it.path, found(it.node))
		return
	}
	var out []Pair
	seen := map[string]Pos{}
	for _, kv := range m.Values {
		key, at := kv.Key.GetToken().Value, posOf(it.file, kv.Key.GetToken())
		if first, ok := seen[key]; ok {
			d.err(at, "CFG005", "`%s` is given twice, first at %s", clip(key), first)
			continue
		}
		seen[key] = at
		d.at[it.path+"."+key] = at
		p := Pair{Key: key}
		nodes := []ast.Node{kv.Value}
		if seq, ok := kv.Value.(*ast.SequenceNode); ok {
			nodes = seq.Values
		}
		for _, n := range nodes {
			s, ok := scalar(n)
			if !ok {
				d.err(nodePos(it.file, n), "CFG008", "`%s` is a text or a list of texts", it.path+"."+clip(key))
				continue
			}
			p.Values = append(p.Values, s)
		}
		out = append(out, p)
	}
	v.Set(reflect.ValueOf(out))
}

// setScalar reads s into v as the row says: the one way in for files, flags, environment and defaults.
func setScalar(v reflect.Value, f field, s string) error {
	switch {
	case v.Type() == durationType:
		n, err := ParseDuration(s)
		if err != nil {
			return err
		}
		v.SetInt(int64(n))
		return durationBounds(f, n)
	case v.Kind() == reflect.Bool:
		if s != "true" && s != "false" {
			return fmt.Errorf("%q is neither true nor false", clip(s))
		}
		v.SetBool(s == "true")
	case v.Kind() == reflect.Int:
		n, err := strconv.Atoi(s)
		if err != nil || strconv.Itoa(n) != s {
			return fmt.Errorf("%q is not a whole number", clip(s))
		}
		v.SetInt(int64(n))
		return intBounds(f, n)
	default:
		v.SetString(s)
		if f.enum != nil && !contains(f.enum, s) {
			return fmt.Errorf("%q is not one of %s%s", clip(s), strings.Join(f.enum, ", "), meant(s, f.enum))
		}
		if f.form != "" {
			return checkForm(f.form, s)
		}
	}
	return nil
}

func durationBounds(f field, n Duration) error {
	lo, _ := ParseDuration(or(f.min, "0s"))
	hi, _ := ParseDuration(or(f.max, "3650d"))
	if n < lo || n > hi {
		return fmt.Errorf("%s is not from %s to %s", n, lo, hi)
	}
	return nil
}

func intBounds(f field, n int) error {
	lo, _ := strconv.Atoi(or(f.min, "0"))
	hi, _ := strconv.Atoi(or(f.max, "1000000000"))
	if n < lo || n > hi {
		return fmt.Errorf("%d is not from %d to %d", n, lo, hi)
	}
	return nil
}

func or(s, instead string) string {
	if s == "" {
		return instead
	}
	return s
}
