package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a machine without zone files reads the same configuration
	"unicode"

	"github.com/nyaruka/phonenumbers"

	"ctid/media"
	"ctid/suggest"
	"ctid/traffic"
)

// form is what a text must look like: a pattern for the schema, and a check with a sentence for people.
type form struct {
	pattern string
	check   func(string) error
	say     string
}

const (
	namePattern     = `^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`
	needPattern     = `^[A-Za-z0-9][A-Za-z0-9_-]{0,63}( *>= *([1-9]|10))?$`
	skillPattern    = `^[A-Za-z0-9][A-Za-z0-9_-]{0,63}( *= *([1-9]|10))?$`
	phonePattern    = `^(\+[0-9]{4,15}|[0-9*#]{1,20})$`
	endpointPattern = `^PJSIP/[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$`
	trunkPattern    = `^PJSIP/\{number\}@[A-Za-z0-9_.-]+$`
	insidePattern   = `^PJSIP/[A-Za-z0-9_.-]{0,40}\{number\}[A-Za-z0-9_.-]{0,40}(@[A-Za-z0-9_.-]+)?$`
	dialPattern     = `^(extensions|premium|\+[1-9][0-9]{0,14})$`
	goPattern       = `^(fallback|\+[1-9][0-9]{3,14})$`
	callerPattern   = `^(anonymous|\+?[0-9]{1,15})$`
	prefixPattern   = `^\+[1-9][0-9]{0,14}$`
	liftPattern     = `^IVR07[0-9]$`
	icePattern      = `^(stuns?:[A-Za-z0-9.-]+(:[0-9]{1,5})?|turns?:[A-Za-z0-9.-]+(:[0-9]{1,5})?(\?transport=(udp|tcp))?)$`
	hostPattern     = `^[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$`
)

// forms is the table of text forms that the struct tags name.
var forms = map[string]form{
	"name":       {namePattern, nil, "a name: letters, digits, - and _, beginning with a letter or digit, at most 64"},
	"text":       {"", checkText, ""},
	"file":       {"", checkText, ""},
	"script":     {`^(lib/)?[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`, nil, "a script: the name of its file without .yaml, such as front_desk or lib/csat"},
	"lang":       {`^[a-z]{2,3}(-[A-Z]{2})?$`, nil, "a language, such as en or pt-BR"},
	"voice":      {`^[A-Za-z0-9][A-Za-z0-9_+-]{0,63}$`, nil, "a voice's name, such as en-gb"},
	"speech":     {`^https?://`, media.CheckURL, "a URL with {text} in it, such as https://tts.example.com/speak?text={text}"},
	"header":     {`^[A-Za-z0-9-]{1,64}: [^\r\n]{1,1000}$`, nil, "a header and its value, such as \"X-Key: {secret}\""},
	"zone":       {"", checkZone, ""},
	"country":    {`^[A-Z]{2}$`, checkCountry, "a country as two capital letters, such as HK"},
	"listen":     {"", checkListen, ""},
	"address":    {"", checkAddress, ""},
	"url":        {`^https?://`, checkURL, "a URL that begins with http:// or https://"},
	"template":   {`^https://`, checkTemplate, "a URL that begins with https://"},
	"origin":     {`^https?://[^/]+$`, checkURL, "an origin: scheme and host without a path, such as https://crm.example.com"},
	"host":       {hostPattern, nil, "a host name, such as crm.example.com"},
	"phone":      {phonePattern, nil, "a telephone number as the PBX gives it: digits, * and #, or + and digits"},
	"endpoint":   {endpointPattern, nil, "one endpoint, PJSIP/NAME, with letters, digits, _ . and - in NAME; & / @ and , are not allowed"},
	"trunk":      {trunkPattern, nil, "a trunk: PJSIP/{number}@NAME, with letters, digits, _ . and - in NAME"},
	"extensions": {insidePattern, nil, "how an extension is rung: PJSIP/{number}, or PJSIP/{number}@NAME, with letters, digits, _ . and - beside {number}"},
	"dialrule":   {dialPattern, nil, "a dial rule: extensions, premium, or the leading digits of public numbers such as \"+852\""},
	"prefix":     {prefixPattern, nil, "the leading digits of public numbers, such as \"+852900\""},
	"lift":       {liftPattern, nil, "one of IVR070 to IVR079"},
	"need":       {needPattern, nil, "a skill, alone or with the level that is needed, such as \"claims >= 3\" (1 to 10)"},
	"skill":      {skillPattern, nil, "a skill, alone or with a level, such as \"claims = 4\" (1 to 10)"},
	"absence":    {`^(out|paused|reserved|talking|wrapup|unreachable)$`, nil, "one of out, paused, reserved, talking, wrapup, unreachable"},
	"goto":       {goPattern, nil, "fallback, or a number outside as + and digits"},
	"caller":     {callerPattern, nil, "anonymous, or the leading digits of callers' numbers such as \"+852\""},
	"times":      {"", checkTimes, ""},
	"medium":     {`^(voice|chat|email)$`, nil, "one of voice, chat, email"},
	"blocks":     {`^(all|none|voice|chat|email)$`, nil, "all, none, or media: voice, chat, email"},
	"sipurl":     {`^wss?://`, checkSIPURL, "a websocket URL that begins with wss:// (or, to this machine only, ws://)"},
	"ice":        {icePattern, nil, "a server as stun:HOST[:PORT], stuns:…, turn:HOST[:PORT][?transport=udp|tcp] or turns:…"},
	"dsn":        {`^sqlite:.+`, nil, "a store: sqlite:FILE"},
}

var compiled = compile()

func compile() map[string]*regexp.Regexp {
	out := map[string]*regexp.Regexp{}
	for name, f := range forms {
		if f.pattern != "" {
			out[name] = regexp.MustCompile(f.pattern)
		}
	}
	return out
}

// checkForm holds a text against a form of the table.
func checkForm(name, s string) error {
	f := forms[name]
	if re := compiled[name]; re != nil && !re.MatchString(s) {
		if s == "" {
			return errors.New("no value: write " + f.say)
		}
		return fmt.Errorf("%q is not %s", clip(s), f.say)
	}
	if f.check == nil {
		return nil
	}
	return f.check(s)
}

func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

func checkText(s string) error {
	if strings.TrimSpace(s) == "" {
		return errors.New("no value: write a text")
	}
	if len([]rune(s)) > 500 {
		return errors.New("the text is longer than 500 characters")
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		return errors.New("the text holds a line end or another control character")
	}
	return nil
}

func checkTimes(s string) error {
	if strings.TrimSpace(s) == "" {
		return errors.New("no value: write days, hours or both, such as mon-fri 08:00-12:00")
	}
	return traffic.CheckTimes(s)
}

func checkZone(s string) error {
	if _, err := time.LoadLocation(s); err != nil || s == "" || s == "Local" {
		return fmt.Errorf("%q is not a time zone, such as Asia/Hong_Kong or UTC", clip(s))
	}
	return nil
}

func checkCountry(s string) error {
	if !phonenumbers.GetSupportedRegions()[s] {
		return fmt.Errorf("%q is no country with a numbering plan; use its ISO 3166 letters, such as HK or GB", s)
	}
	return nil
}

func checkListen(s string) error {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return fmt.Errorf("%q is not an address; write host:port, such as 127.0.0.1:8443", clip(s))
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("%q has no port from 0 to 65535", clip(s))
	}
	if host != "" && host != "localhost" && net.ParseIP(host) == nil {
		return fmt.Errorf("%q: the host must be an IP address, localhost, or empty for all", clip(s))
	}
	return nil
}

func checkAddress(s string) error {
	host, port, err := net.SplitHostPort(s)
	if err != nil || host == "" || strings.ContainsFunc(host, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) || r == '/' || r == '@' }) {
		return fmt.Errorf("%q is not an address; write host:port, such as 127.0.0.1:5038", clip(s))
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return fmt.Errorf("%q has no port from 1 to 65535", clip(s))
	}
	return nil
}

func checkURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return fmt.Errorf("%q is not a URL with a host", clip(s))
	}
	if u.User != nil {
		return errors.New("a URL must not hold a user or password")
	}
	return nil
}

// checkSIPURL refuses what no page could use: browsers give the microphone only to pages that came over TLS, or from
// this machine, and the former may not open a socket without TLS.
func checkSIPURL(s string) error {
	if err := checkURL(s); err != nil {
		return err
	}
	u, err := url.Parse(s)
	if err != nil {
		return err
	}
	if strings.ContainsAny(u.Host, "'\";, ") || u.Fragment != "" {
		return fmt.Errorf("%q is not a URL that a page can open a websocket to", clip(s))
	}
	if u.Scheme == "ws" && !loopback(net.JoinHostPort(u.Hostname(), "0")) {
		return errors.New("ws:// has no TLS, and pages that have the microphone may not use that, but to this machine: give the address wss:// of a proxy that does TLS")
	}
	return nil
}

// places are what a screen template can fill in; a value of a masked question is never one of them.
var places = []string{"customer", "call", "ani", "dnis", "queue", "agent"}

var placeRE = regexp.MustCompile(`\{([^{}]*)\}`)

func checkTemplate(s string) error {
	for _, m := range placeRE.FindAllStringSubmatch(s, -1) {
		if !contains(places, m[1]) {
			return fmt.Errorf("{%s} cannot be filled in%s; there are %s", clip(m[1]), meant(m[1], places), strings.Join(places, ", "))
		}
	}
	host, _, _ := strings.Cut(strings.TrimPrefix(s, "https://"), "/")
	if strings.ContainsAny(host, "{}") {
		return errors.New("the host of a template must be fixed")
	}
	return checkURL(placeRE.ReplaceAllString(s, "x"))
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// meant returns "; did you mean …?" for the nearest of the known words, or nothing.
func meant(s string, known []string) string {
	best := suggest.Among(s, known)
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}
