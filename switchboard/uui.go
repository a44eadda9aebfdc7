package switchboard

import (
	"encoding/hex"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"ctid"
)

// User-to-user information is what another exchange says about a call beside its number, in the SIP header User-to-User
// (RFC 7433). It travels as the attached value uui.
const (
	uuiKey   = "uui"
	uuiSrc   = "sip:User-to-User"
	uuiBytes = 128 // more than that exchanges need not carry (RFC 7433, section 4.1)
)

// readUUI reads the header's value as the dialplan hands it over, percent-encoded. It is text where that is what was sent,
// else the bytes in hexadecimal digits; false if there is none that could be read.
func readUUI(arg string) (value string, ok bool) {
	header, err := url.PathUnescape(arg)
	if err != nil || header == "" || len(header) > 4*uuiBytes+64 {
		return "", false
	}
	data, params, _ := strings.Cut(header, ";")
	data = strings.Trim(strings.TrimSpace(data), `"`)
	encoding := "hex"
	for p := range strings.SplitSeq(params, ";") {
		name, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(name, "encoding") {
			encoding = strings.ToLower(strings.Trim(v, `"`))
		}
	}
	if encoding != "hex" {
		if data == "" || len(data) > uuiBytes || !isText(data) {
			return "", false
		}
		return data, true
	}
	raw, err := hex.DecodeString(data)
	if err != nil || len(raw) == 0 || len(raw) > uuiBytes {
		return "", false
	}
	if isText(string(raw)) {
		return string(raw), true
	}
	return strings.ToLower(data), true
}

// isText tells what people can read from what only programs can.
func isText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// writeUUI is the header's value for what is attached, in hexadecimal digits whatever it is; empty if there is nothing
// that may leave the centre.
func writeUUI(attached []ctid.Attached) string {
	for _, a := range attached {
		text, ok := a.Value.V.(string)
		if a.Key != uuiKey || a.Secret || !ok || text == "" || len(text) > uuiBytes {
			continue
		}
		return hex.EncodeToString([]byte(text)) + ";encoding=hex"
	}
	return ""
}

// arrivedWith attaches what the exchange before said of the call.
func (k *call) arrivedWith(args []string, at time.Time) {
	if len(args) < 3 {
		return
	}
	if text, ok := readUUI(args[2]); ok {
		k.rec.Attached = append(k.rec.Attached, ctid.Attached{Key: uuiKey, Value: ctid.PrivateValue{V: text}, Src: uuiSrc, At: at})
	}
}
