package ivr

// optionForms are what options take, by name, or by verb and name where two verbs differ.
var optionForms = map[string]string{
	"answer.when": "words now", "early": "truth",
	"prompt": "prompts", "barge_in": "barge_in", "play.language": "text", "times": "count",
	"say.text": "texts", "voice": "text",
	"wait": "duration", "between_keys": "duration", "tries": "count", "no_input": "prompts_or_none", "no_match": "prompts_or_none", "reprompt": "truth", "events": "truth",
	"into": "name", "digits": "text", "end": "words hash star none", "as": "words digits number amount date time card phone yes_no",
	"order": "words dmy mdy ymd", "match": "text", "check": "condition", "mask": "truth", "confirm": "text", "speech": "truth",
	"phrases": "phrases", "sure": "number", "maybe": "number", "n_best": "count", "max": "duration", "end_silence": "duration",
	"language.set": "text", "remember": "truth",
	"arms": "arms", "value": "text", "is": "targets", "else": "target",
	"calendar": "name", "at": "text",
	"caller": "words caller", "number": "text", "account": "text", "id": "text", "within": "duration",
	"sql": "text", "statement": "text", "db": "name", "with": "values", "save": "values", "max_rows": "count",
	"url": "text", "headers": "values", "json": "values", "form": "values", "retries": "count", "idempotent": "truth", "ok": "text", "hold": "prompts",
	"queue.name": "text", "priority": "text", "attach": "values", "at_most": "duration", "music": "text", "prefer": "text", "skills": "list",
	"agent": "text", "agent_wait": "duration", "announce": "prompts", "queue.announce": "options", "stay": "options", "callback": "options",
	"queue": "text", "allow": "list", "keep_place": "truth", "first": "words agent customer", "window": "duration", "gap": "duration",
	"callback.confirm": "truth",
	"to":               "text", "mode": "words blind announced attended", "ring": "duration", "caller_id": "text",
	"dial.to": "list", "dial.order": "words together in_turn", "whisper": "prompts", "screen": "truth",
	"mailbox": "text", "greeting": "prompts", "consent": "prompts", "min": "duration", "silence": "duration", "review": "truth", "email": "text",
	"ticket": "truth", "transcribe": "truth",
	"do": "words start pause resume stop", "sides": "words both caller agent", "keep": "duration",
	"pages": "count", "file": "text",
	"name": "text", "questions": "questions", "thanks": "prompts",
	"text": "text", "template": "text", "by": "words sms whatsapp email",
	"tags": "list", "title": "text", "fields": "values", "colour": "text", "note": "text",
	"beep": "duration", "what": "words answer", "for": "duration",
	"cause": "words normal busy congestion declined", "play": "prompts", "disposition": "text",
	"script": "name", "exit": "name", "goto.to": "target",
}

// formNodes are the forms that optionForms and the rest of the schema name.
func formNodes() jsonNode {
	any1 := func(ns ...any) jsonNode { return jsonNode{"anyOf": ns} }
	list := func(of string) jsonNode { return jsonNode{"type": "array", "minItems": 1, "items": form(of)} }
	text := jsonNode{"type": []string{"string", "number", "boolean"}}
	objectOf := func(of string) jsonNode { return jsonNode{"type": "object", "additionalProperties": form(of)} }
	const duration = `(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+`
	texts := any1(form("text"), jsonNode{"type": "object", "propertyNames": jsonNode{"pattern": langCode.String()}, "additionalProperties": form("text")})
	return jsonNode{
		"text": any1(text, jsonNode{"type": "null"}), "name": jsonNode{"type": []string{"string", "integer"}, "minLength": 1}, "texts": texts,
		"truth": jsonNode{"enum": []any{true, false, "true", "false"}}, "condition": jsonNode{"type": []string{"string", "boolean"}, "minLength": 1},
		"number":   any1(jsonNode{"type": "number"}, jsonNode{"type": "string", "pattern": amountText.String()}),
		"count":    any1(jsonNode{"type": "integer", "minimum": 0}, jsonNode{"type": "string", "pattern": digitsText.String()}),
		"duration": jsonNode{"type": "string", "pattern": "^" + duration + "$"},
		"barge_in": any1(form("truth"), jsonNode{"type": "string", "pattern": "^(?:keys|after +" + duration + ")$"}),
		"target":   jsonNode{"type": []string{"string", "integer"}, "minLength": 1}, "targets": objectOf("target"),
		"prompts_or_none": any1(form("name"), jsonNode{"type": "array", "items": form("name")}),
		"prompts":         any1(form("name"), list("name")),
		"list":            any1(text, list("text")),
		"values":          jsonNode{"type": "object"}, "options": any1(text, jsonNode{"type": "object"}),
		"prompt": any1(form("text"), jsonNode{"type": "object", "properties": jsonNode{"barge_in": form("barge_in"), "file": form("name")},
			"additionalProperties": form("text")}),
		"phrases": objectOf("list"),
		"arms": jsonNode{"type": "array", "minItems": 1, "items": jsonNode{"type": "object", "additionalProperties": false,
			"properties": jsonNode{"if": form("condition"), "then": form("target"), "else": form("target"), "note": form("text")},
			"oneOf":      []any{jsonNode{"required": []string{"if", "then"}}, jsonNode{"required": []string{"else"}}}}},
		"questions": jsonNode{"type": "array", "minItems": 1, "items": jsonNode{"type": "object", "required": []string{"name"}}},
	}
}
