package config

import (
	"reflect"
	"strings"
)

// field is one row of the table: a struct field with what its tags say.
type field struct {
	name    string // the key
	index   int
	form    string // of a text, or of each text of a list
	enum    []string
	def     string
	min     string // inclusive; of an int or Duration
	max     string
	need    bool
	flag    bool   // has a command line flag
	restart bool   // a change takes effect only with a restart
	short   string // a list's item may be a bare text for this key; "yes": a list of texts may be one text
	doc     string
}

// fields returns the rows of a struct type, in order. Fields with the key - are not of the file.
func fields(t reflect.Type) []field {
	var out []field
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		name, ok := tag.Lookup("cfg")
		if !ok || name == "-" {
			continue
		}
		f := field{name: name, index: i, form: tag.Get("form"), def: tag.Get("default"), min: tag.Get("min"), max: tag.Get("max"),
			need: tag.Get("need") == "yes", flag: tag.Get("flag") == "yes", restart: tag.Get("restart") == "yes",
			short: tag.Get("short"), doc: tag.Get("doc")}
		if e := tag.Get("enum"); e != "" {
			f.enum = strings.Split(e, "|")
		}
		out = append(out, f)
	}
	return out
}

var (
	durationType = reflect.TypeFor[Duration]()
	pairsType    = reflect.TypeFor[[]Pair]()
	textsType    = reflect.TypeFor[[]string]()
)

// isScalar tells whether a field of type t is written as one text.
func isScalar(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64:
		return true
	default:
		return false
	}
}

// setting is a scalar outside every list: it can be given by flag and environment too.
type setting struct {
	path  string // store.dsn
	index []int
	field field
}

func (s setting) env() string  { return "CTID_" + strings.ToUpper(strings.ReplaceAll(s.path, ".", "_")) }
func (s setting) flag() string { return strings.NewReplacer(".", "-", "_", "-").Replace(s.path) }

// settings lists them all, in the order of the table.
func settings() []setting { return settingsOf(reflect.TypeFor[Config](), "", nil) }

func settingsOf(t reflect.Type, prefix string, index []int) []setting {
	var out []setting
	for _, f := range fields(t) {
		ft := t.Field(f.index).Type
		at := append(append([]int(nil), index...), f.index)
		switch {
		case isScalar(ft):
			out = append(out, setting{prefix + f.name, at, f})
		case ft.Kind() == reflect.Struct:
			out = append(out, settingsOf(ft, prefix+f.name+".", at)...)
		}
	}
	return out
}

// defaults fills v, a struct, with the defaults of its table.
func defaults(v reflect.Value) {
	for _, f := range fields(v.Type()) {
		fv := v.Field(f.index)
		switch {
		case isScalar(fv.Type()) && f.def != "":
			// A default that its own row refuses is a mistake in the table, found by the table's test.
			_ = setScalar(fv, f, f.def)
		case fv.Kind() == reflect.Struct:
			defaults(fv)
		}
	}
}
