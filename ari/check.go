package ari

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Some values of a request Asterisk takes apart again: a dial string at "/", "@" and "&", arguments and lists of channels
// at ",", a caller id at quotes and angles, a SIP header at the end of its line, and a variable's value where a dialplan
// expands it a second time. Numbers and names come from people outside. So what would not arrive there with the meaning
// that it has here is refused before it is sent.

// invalid is a request that was not sent.
type invalid struct{ node, op, field, why string }

// Error names the node, the operation, the field and what is wrong with it; never the value, which may be a person's.
func (e *invalid) Error() string {
	return fmt.Sprintf("ari: node %s: %s: not sent: %s %s", e.node, e.op, e.field, e.why)
}

// IsInvalid says that a request was not sent, because one of its values can't be said to Asterisk.
func IsInvalid(err error) bool {
	var e *invalid
	return errors.As(err, &e)
}

// rule says what is wrong with a value; "" for nothing.
type rule func(value string) string

// check is a value and its rule.
type check struct {
	field, value string
	rule         rule
}

// check holds the values of an operation against their rules.
func (n *Node) check(op string, all ...check) error {
	for _, c := range all {
		if why := c.rule(c.value); why != "" {
			return &invalid{node: n.cfg.Name, op: op, field: c.field, why: why}
		}
	}
	return nil
}

// Lengths in bytes that Asterisk itself, or SIP over UDP, allows for.
const (
	maxID       = 149 // a channel's id
	maxArgs     = 1024
	maxCallerID = 256
	maxValue    = 2048
)

var (
	idRE       = regexp.MustCompile(`^[!-+\--~]+$`) // printable, without space and comma
	endpointRE = regexp.MustCompile(`^(?:PJSIP/[+*#0-9A-Za-z][+*#0-9A-Za-z_.-]{0,79}(?:@[0-9A-Za-z][0-9A-Za-z_.-]{0,79})?` +
		`|Local/[+*#0-9A-Za-z][+*#0-9A-Za-z_.-]{0,79}@[0-9A-Za-z][0-9A-Za-z_-]{0,79}(?:/n)?)$`)
	placeRE    = regexp.MustCompile(`^[+*#0-9A-Za-z_][+*#0-9A-Za-z_.-]{0,78}$`)
	argsRE     = regexp.MustCompile(`^[+*#0-9A-Za-z_.:;@/=, -]*$`)
	appRE      = regexp.MustCompile(`^[0-9A-Za-z_][0-9A-Za-z_.-]{0,78}$`)
	formatsRE  = regexp.MustCompile(`^[a-z0-9]+(?:,[a-z0-9]+)*$`)
	callerIDRE = regexp.MustCompile(`^(?:[+*#0-9]{1,64}|(?:"(?:[^"\\]|\\["\\])*" ?)?<[+*#0-9A-Za-z_]{0,64}>)$`)
	variableRE = regexp.MustCompile(`^_{0,2}[A-Za-z][A-Za-z0-9_]{0,79}$`)
	functionRE = regexp.MustCompile(`^([A-Z_]{2,40})\(([A-Za-z0-9_.,:=-]{0,120})\)$`)
	keysRE     = regexp.MustCompile(`^[0-9A-Da-d*#]{1,64}$`)
	deviceRE   = regexp.MustCompile(`^Stasis:[0-9A-Za-z_.-]{1,72}$`)
)

// functions are the dialplan functions that a request may name: none of them reads or writes what is not the channel's.
var functions = map[string]bool{
	"CALLERID": true, "CHANNEL": true, "CONNECTEDLINE": true, "JITTERBUFFER": true, "PJSIP_HEADER": true,
	"PJSIP_RESPONSE_HEADER": true, "PJSIP_TRANSFER_HANDLING": true, "REDIRECTING": true, "TALK_DETECT": true,
	"TIMEOUT": true, "TONE_DETECT": true,
}

// form is the rule that a value has a form.
func form(re *regexp.Regexp, why string) rule {
	return func(v string) string {
		if re.MatchString(v) {
			return ""
		}
		return why
	}
}

// optional lets a rule pass what is not said.
func optional(r rule) rule {
	return func(v string) string {
		if v == "" {
			return ""
		}
		return r(v)
	}
}

// oneOf is the rule that a value is one of a few words.
func oneOf(words ...string) rule {
	return func(v string) string {
		for _, w := range words {
			if v == w {
				return ""
			}
		}
		return "is none of " + strings.Join(words, ", ")
	}
}

// text is the rule for what people read or telephones get: whole characters, none that controls, none that a dialplan
// would expand.
func text(most int) rule {
	return func(v string) string {
		switch {
		case len(v) > most:
			return fmt.Sprintf("has more than %d bytes", most)
		case !utf8.ValidString(v):
			return "is not UTF-8"
		case strings.ContainsFunc(v, unicode.IsControl):
			return "has a control character, such as the end of a line"
		case strings.Contains(v, "${") || strings.Contains(v, "$["):
			return "has ${ or $[, which a dialplan expands"
		}
		return ""
	}
}

// both is the rule of two rules.
func both(a, b rule) rule {
	return func(v string) string {
		if why := a(v); why != "" {
			return why
		}
		return b(v)
	}
}

func idRule(v string) string {
	switch {
	case v == "" || v == "." || v == "..":
		return "is no id"
	case len(v) > maxID:
		return fmt.Sprintf("has more than %d bytes", maxID)
	case !idRE.MatchString(v):
		return "has a character that ids don't have"
	}
	return ""
}

// variableRule is for the name of a variable, or a call of one of functions.
func variableRule(v string) string {
	if variableRE.MatchString(v) {
		return ""
	}
	m := functionRE.FindStringSubmatch(v)
	if m == nil {
		return "is neither the name of a variable nor a function with plain arguments"
	}
	if !functions[m[1]] {
		return "is a dialplan function that is not meant for this"
	}
	return ""
}

var (
	endpointRule = form(endpointRE, "is none of PJSIP/NAME, PJSIP/NUMBER@TRUNK and Local/EXTENSION@CONTEXT")
	callerIDRule = both(text(maxCallerID), form(callerIDRE, `is neither NUMBER nor "NAME" <NUMBER> (see FormatCallerID)`))
	placeRule    = form(placeRE, "is no name of a place in the dialplan")
	argsRule     = both(text(maxArgs), form(argsRE, "has quotes, brackets or others of which Asterisk makes something else"))
	appRule      = form(appRE, "is no name of an application")
	classRule    = text(80)
)

// ids is the rule for each channel of a list.
func ids(field string, list []string) []check {
	if len(list) == 0 {
		return []check{{field, "", idRule}}
	}
	all := make([]check, len(list))
	for i, id := range list {
		all[i] = check{field, id, idRule}
	}
	return all
}

// checkOriginate holds all of an OriginateRequest against the rules.
func (n *Node) checkOriginate(r *OriginateRequest) error {
	all := []check{
		{"channel id", r.ChannelID, idRule}, {"other channel id", r.OtherChannelID, optional(idRule)},
		{"originator", r.Originator, optional(idRule)}, {"endpoint", r.Endpoint, endpointRule},
		{"caller id", r.CallerID, optional(callerIDRule)}, {"context", r.Context, optional(placeRule)},
		{"extension", r.Extension, optional(placeRule)}, {"label", r.Label, optional(placeRule)},
		{"application", r.App, optional(appRule)}, {"application's arguments", r.AppArgs, argsRule},
		{"formats", r.Formats, optional(form(formatsRE, "is no list of codecs such as ulaw,alaw"))},
	}
	for name, value := range r.Variables {
		all = append(all, check{"variable's name", name, variableRule}, check{"value of variable " + shown(name), value, text(maxValue)})
	}
	if r.Originator != "" && r.Formats != "" {
		return &invalid{node: n.cfg.Name, op: "originate", field: "formats", why: "can't be said beside an originator"}
	}
	return n.check("originate", all...)
}

// shown is a name that may stand in an error; its own rule comes first.
func shown(name string) string {
	if variableRule(name) == "" {
		return name
	}
	return "?"
}

// FormatCallerID writes a name and a number as a request has them: "NAME" <NUMBER>, with quotes in the name escaped. The
// number may have digits, letters, + * # and _, and the name no control character; else the request is refused.
func FormatCallerID(c CallerID) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(c.Name) + `" <` + c.Number + `>`
}
