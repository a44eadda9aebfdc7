package ivr

import (
	"encoding/json"
	"slices"
	"strings"
)

// node of a JSON schema.
type jsonNode = map[string]any

// Schema is the JSON Schema (draft-07) of a script, for editors: completion, and what can be seen without knowing the
// site. It comes from the table of verbs that the loader reads scripts by.
func Schema() []byte {
	defs := formNodes()
	verbs, exits := jsonNode{}, []any{}
	var one []any
	for _, vb := range verbTable() {
		verbs[vb.name] = verbNode(vb)
		one = append(one, jsonNode{"required": []string{vb.name}})
		exits = append(exits, jsonNode{"if": jsonNode{"required": []string{vb.name}}, "then": jsonNode{"properties": jsonNode{"then": thenNode(vb)}}})
	}
	verbs["then"], verbs["if"], verbs["note"] = jsonNode{}, form("condition"), form("text")
	defs["step"] = jsonNode{"type": "object", "properties": verbs, "additionalProperties": false, "oneOf": one, "allOf": exits}
	defs["steps"] = jsonNode{"anyOf": []any{form("step"), jsonNode{"type": "array", "minItems": 1, "items": form("step")}}}
	root := jsonNode{"$schema": "http://json-schema.org/draft-07/schema#", "title": "A script of ctid", "definitions": defs,
		"type": "object", "properties": fileNode(), "additionalProperties": false, "required": []string{"version"}, "allOf": kindNodes()}
	b, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic(err) // made of strings, lists and maps above
	}
	return append(b, '\n')
}

func form(name string) jsonNode { return jsonNode{"$ref": "#/definitions/" + name} }

func fileNode() jsonNode {
	key := jsonNode{"anyOf": []any{form("target"), jsonNode{"type": "null"}}}
	names := jsonNode{"type": "array", "items": form("name")}
	variables := jsonNode{"type": "object", "propertyNames": jsonNode{"pattern": varName.String()}, "additionalProperties": jsonNode{"type": "string"}}
	return jsonNode{
		"version": jsonNode{"enum": []any{1, "1"}}, "name": form("text"), "kind": jsonNode{"enum": scriptKinds}, "start": form("name"),
		"languages": jsonNode{"type": "array", "minItems": 1, "uniqueItems": true, "items": jsonNode{"type": "string", "pattern": langCode.String()}},
		"vars":      variables, "args": variables, "returns": variables, "contact": variables,
		"exits": names, "imports": names, "secrets": names,
		"prompts": jsonNode{"type": "object", "additionalProperties": form("prompt")},
		"defaults": jsonNode{"type": "object", "additionalProperties": false, "properties": jsonNode{"failed": form("target"), "wait": form("duration"),
			"between_keys": form("duration"), "tries": form("count"), "barge_in": form("barge_in"), "voice": form("text"), "human": jsonNode{"const": "required"}}},
		"events":   jsonNode{"type": "object", "propertyNames": jsonNode{"pattern": "^(?:[0-9A-D]|star|hash)$"}, "additionalProperties": form("target")},
		"on_error": key, "on_hangup": key,
		"nodes": jsonNode{"type": "object", "minProperties": 1, "additionalProperties": form("steps"), "propertyNames": jsonNode{"not": jsonNode{"enum": reserved}}},
	}
}

// kindNodes say which keys belong to which kind of file; a file without one is inbound.
func kindNodes() []any {
	var out []any
	for _, kind := range scriptKinds {
		var not []string
		for _, k := range fileKeys {
			of := keysOfKind[k]
			if of != "" && of != kind || kind == KindLibrary && !slices.Contains(libraryKeys, k) {
				not = append(not, k)
			}
		}
		is := jsonNode{"properties": jsonNode{"kind": jsonNode{"const": kind}}}
		if kind != KindInbound {
			is["required"] = []string{"kind"}
		}
		has := jsonNode{}
		for _, k := range not {
			has[k] = false
		}
		then := jsonNode{"properties": has}
		if kind != KindLibrary {
			then["required"] = []string{"nodes"}
		}
		out = append(out, jsonNode{"if": is, "then": then})
	}
	return out
}

// verbNode is the value of a verb: its short form, its options, or nothing.
func verbNode(vb *verb) jsonNode {
	if vb.free {
		return jsonNode{"type": "object", "minProperties": 1, "additionalProperties": form("text")}
	}
	props, must := jsonNode{}, []string{}
	for _, o := range vb.options {
		props[o.name] = optionNode(vb.name, o)
		if o.must {
			must = append(must, o.name)
		}
	}
	long := jsonNode{"type": "object", "properties": props, "additionalProperties": false}
	if len(must) > 0 {
		long["required"] = must
	}
	if vb.keys {
		long["patternProperties"] = jsonNode{phoneKey.String(): form(keyForm(vb.name))}
	}
	if vb.name == "menu" { // at least one key
		long["not"] = jsonNode{"propertyNames": jsonNode{"not": jsonNode{"pattern": phoneKey.String()}}}
		return long
	}
	forms := []any{long}
	for _, o := range vb.options {
		if o.name == vb.short {
			forms = append(forms, optionNode(vb.name, o))
		}
	}
	if len(must) == 0 {
		forms = append(forms, jsonNode{"type": "null"})
	}
	return jsonNode{"anyOf": forms}
}

func optionNode(verb string, o option) jsonNode {
	n := optionForm(verb, o.name)
	if o.def == "" {
		return n
	}
	return jsonNode{"allOf": []any{n}, "description": "default: " + o.def}
}

// thenNode is where a step of the verb leads: a target, or outcome: target.
func thenNode(vb *verb) jsonNode {
	props := jsonNode{"error": form("target"), "otherwise": form("target")}
	for _, o := range vb.outcomes {
		props[o.name] = form("target")
	}
	if vb.asks() {
		props["failed"] = form("target")
	}
	long := jsonNode{"type": "object", "properties": props, "additionalProperties": false}
	if vb.vary != nil {
		long["additionalProperties"] = form("target")
	}
	if vb.good() == "" && vb.vary == nil {
		return long
	}
	return jsonNode{"anyOf": []any{form("target"), long}}
}

// optionForm is what an option takes: by its verb and name, or by its name alone.
func optionForm(verb, name string) jsonNode {
	for _, key := range []string{verb + "." + name, name} {
		if f, ok := optionForms[key]; ok {
			if words, ok := strings.CutPrefix(f, "words "); ok {
				return jsonNode{"enum": strings.Fields(words)}
			}
			return form(f)
		}
	}
	return jsonNode{}
}

func keyForm(verb string) string {
	if verb == "menu" || verb == "queue" {
		return "target"
	}
	return "name"
}
