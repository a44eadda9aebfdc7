// Package queuelog writes what app_queue would have written into its queue_log, out of ctid's own facts, so that programs
// which read that file read ctid's queues. State turns facts into lines; Log owns the file.
package queuelog

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The events of a queue_log, with their parameters. Ring times are milliseconds, but for that of a connect; all else is in
// whole seconds.
const (
	queueStart       = "QUEUESTART"
	configReload     = "CONFIGRELOAD"
	enterQueue       = "ENTERQUEUE"       // url, caller's number, place
	connect          = "CONNECT"          // hold, agent's channel, ring
	completeAgent    = "COMPLETEAGENT"    // hold, talk, place at entry
	completeCaller   = "COMPLETECALLER"   // the same
	blindTransfer    = "BLINDTRANSFER"    // extension, context, hold, talk, place at entry
	attendedTransfer = "ATTENDEDTRANSFER" // method, its data, hold, talk, place at entry
	abandon          = "ABANDON"          // place, place at entry, wait
	exitEmpty        = "EXITEMPTY"        // the same
	exitWithTimeout  = "EXITWITHTIMEOUT"  // the same
	exitWithKey      = "EXITWITHKEY"      // key, place, place at entry, wait
	ringNoAnswer     = "RINGNOANSWER"     // ring
	ringCanceled     = "RINGCANCELED"     // ring
	addMember        = "ADDMEMBER"
	removeMember     = "REMOVEMEMBER"
	pause            = "PAUSE" // reason
	unpause          = "UNPAUSE"
	pauseAll         = "PAUSEALL"
	unpauseAll       = "UNPAUSEALL"
	penalty          = "PENALTY"    // the new one
	callStatus       = "CALLSTATUS" // the disposition
)

// none stands where a line is about no call, queue or agent.
const none = "NONE"

// maxField is the longest field, in bytes.
const maxField = 128

// Line is one line: what happened, when, to whom, and the event's parameters.
type Line struct {
	At                        time.Time
	Call, Queue, Agent, Event string // empty: NONE
	Params                    []string
}

// Append writes the line to b, with its end, as Asterisk does: a bar behind each field, and between parameters.
func (l Line) Append(b []byte) []byte {
	b = strconv.AppendInt(b, l.At.Unix(), 10)
	for _, f := range [...]string{l.Call, l.Queue, l.Agent, l.Event} {
		if f = Clean(f); f == "" {
			f = none
		}
		b = append(append(b, '|'), f...)
	}
	b = append(b, '|')
	for i, p := range l.Params {
		if i > 0 {
			b = append(b, '|')
		}
		b = append(b, Clean(p)...)
	}
	return append(b, '\n')
}

// Parse reads a line, with or without its end. What is no line of a queue_log is told as such.
func Parse(text string) (l Line, ok bool) {
	f := strings.Split(strings.TrimRight(text, "\r\n"), "|")
	if len(f) < 5 {
		return l, false
	}
	at, err := strconv.ParseInt(f[0], 10, 64)
	if err != nil {
		return l, false
	}
	l.At, l.Event, l.Params = time.Unix(at, 0).UTC(), f[4], f[5:]
	for i, to := range [...]*string{&l.Call, &l.Queue, &l.Agent} {
		if f[i+1] != none {
			*to = f[i+1]
		}
	}
	return l, l.Event != ""
}

// param is a parameter of a line that was read; empty: it has none so far back.
func (l Line) param(i int) string {
	if i < len(l.Params) {
		return l.Params[i]
	}
	return ""
}

// Clean takes out of a text what would end a field or a line, and what no file of lines should hold: bars, controls, what
// is not seen, line ends of any script, and what is no UTF-8. What is left is cut to 128 bytes.
func Clean(s string) string {
	if plain(s) {
		return s
	}
	out := make([]byte, 0, min(len(s), maxField))
	for _, r := range s {
		if unclean(r) {
			continue
		}
		if len(out)+utf8.RuneLen(r) > maxField {
			break
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out)
}

// plain tells whether a text needs no cleaning: most are short, of printable ASCII.
func plain(s string) bool {
	if len(s) > maxField {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == '|' {
			return false
		}
	}
	return true
}

func unclean(r rune) bool {
	return r == '|' || r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}
