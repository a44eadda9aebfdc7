package config

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
)

// schemaNode is a JSON Schema, its keys in the order they are read in.
type schemaNode struct {
	Schema      string                 `json:"$schema,omitempty"`
	Title       string                 `json:"title,omitempty"`
	Description string                 `json:"description,omitempty"`
	Type        any                    `json:"type,omitempty"`
	Enum        []string               `json:"enum,omitempty"`
	Pattern     string                 `json:"pattern,omitempty"`
	Minimum     *int                   `json:"minimum,omitempty"`
	Maximum     *int                   `json:"maximum,omitempty"`
	Default     any                    `json:"default,omitempty"`
	Properties  map[string]*schemaNode `json:"properties,omitempty"`
	Required    []string               `json:"required,omitempty"`
	Additional  any                    `json:"additionalProperties,omitempty"`
	Items       *schemaNode            `json:"items,omitempty"`
	AnyOf       []*schemaNode          `json:"anyOf,omitempty"`
}

// Schema is the JSON Schema (draft 2020-12) of ctid.yaml, for editors; it comes from the same table as the reader. What
// goes beyond one value, such as a queue that an agent names, only Load checks.
func Schema() []byte {
	root := schemaStruct(reflect.TypeFor[Config]())
	root.Schema = "https://json-schema.org/draft/2020-12/schema"
	root.Title = FileName
	root.Properties["include"] = textOrTexts("Files whose sections and lists are added to this one; relative to this file, * allowed.", &schemaNode{Type: "string"})
	root.Required = nil // a file that another includes holds only its part
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(root); err != nil { // texts, numbers and maps of them always encode
		panic(err)
	}
	return b.Bytes()
}

func textOrTexts(doc string, text *schemaNode) *schemaNode {
	return &schemaNode{Description: doc, AnyOf: []*schemaNode{text, {Type: "array", Items: text}}}
}

func schemaStruct(t reflect.Type) *schemaNode {
	n := &schemaNode{Type: "object", Properties: map[string]*schemaNode{}, Additional: false}
	for _, f := range fields(t) {
		n.Properties[f.name] = schemaOf(t.Field(f.index).Type, f)
		if f.need {
			n.Required = append(n.Required, f.name)
		}
	}
	return n
}

func schemaOf(t reflect.Type, f field) *schemaNode {
	var n *schemaNode
	switch {
	case t == pairsType:
		n = &schemaNode{Type: "object", Additional: textOrTexts("", &schemaNode{Type: "string"})}
	case t == durationType:
		n = &schemaNode{Type: "string", Pattern: durationPattern}
	case t.Kind() == reflect.Struct:
		n = schemaStruct(t)
	case t.Kind() == reflect.Slice:
		n = schemaList(t.Elem(), f)
	case t.Kind() == reflect.Bool:
		n = &schemaNode{Type: "boolean"}
	case t.Kind() == reflect.Int:
		n = &schemaNode{Type: "integer", Minimum: bound(or(f.min, "0")), Maximum: bound(f.max)}
	default:
		n = schemaText(f)
	}
	n.Description = f.doc
	n.Default = defaultOf(t, f)
	return n
}

func schemaText(f field) *schemaNode {
	n := &schemaNode{Type: "string", Enum: f.enum, Pattern: forms[f.form].pattern}
	if f.form == "phone" || f.form == "dialrule" || f.form == "caller" {
		n.Type = []string{"string", "integer"} // an editor takes 2001 without quotes for a number; we read what is typed
	}
	return n
}

func schemaList(t reflect.Type, f field) *schemaNode {
	items := schemaOf(t, field{form: f.form})
	n := &schemaNode{Type: "array", Items: items}
	if t.Kind() == reflect.Struct && f.short != "" {
		short, _ := find(fields(t), f.short)
		n.Items = &schemaNode{AnyOf: []*schemaNode{schemaText(short), items}}
	}
	if t.Kind() == reflect.String && f.short == "yes" {
		return textOrTexts(f.doc, items)
	}
	return n
}

func bound(s string) *int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return nil
	}
	return &n
}

func defaultOf(t reflect.Type, f field) any {
	switch {
	case f.def == "" || !isScalar(t):
		return nil
	case t.Kind() == reflect.Bool:
		return f.def == "true"
	case t.Kind() == reflect.Int:
		return *bound(f.def)
	}
	return f.def
}
