package ivr

import (
	"fmt"
	"time"
)

// usual are the values an option has in scripts that work; outside them is allowed, and hardly meant.
type usual struct {
	least, most time.Duration // or counts
	count       bool
}

func between(least, most time.Duration) usual { return usual{least, most, false} }
func times(least, most int) usual             { return usual{time.Duration(least), time.Duration(most), true} }

// usualOf finds what is usual of an option: of the verb, or of all verbs that have it.
func usualOf(verb, option string) (usual, bool) {
	for _, name := range []string{verb + "." + option, option} {
		if u, ok := usuals[name]; ok {
			return u, true
		}
	}
	return usual{}, false
}

var usuals = map[string]usual{
	"wait":               between(time.Second, 30*time.Second),
	"announce.wait":      between(15*time.Second, 15*time.Minute),
	"position":           between(15*time.Second, 15*time.Minute),
	"every":              between(15*time.Second, 30*time.Minute),
	"stay.wait":          between(5*time.Second, time.Minute),
	"between_keys":       between(500*time.Millisecond, 10*time.Second),
	"tries":              times(1, 5),
	"times":              times(1, 3),
	"within":             between(200*time.Millisecond, 10*time.Second),
	"at_most":            between(30*time.Second, 2*time.Hour),
	"queue.wait":         between(20*time.Second, 10*time.Minute),
	"agent_wait":         between(5*time.Second, 5*time.Minute),
	"ring":               between(8*time.Second, 2*time.Minute),
	"dial.max":           between(time.Minute, 12*time.Hour),
	"listen.max":         between(2*time.Second, 20*time.Second),
	"end_silence":        between(300*time.Millisecond, 3*time.Second),
	"voicemail.max":      between(15*time.Second, 15*time.Minute),
	"min":                between(500*time.Millisecond, 10*time.Second),
	"silence":            between(2*time.Second, 15*time.Second),
	"keep":               between(24*time.Hour, 3650*24*time.Hour),
	"fax_receive.within": between(time.Minute, time.Hour),
	"detect.max":         between(2*time.Second, 10*time.Second),
	"beep":               between(5*time.Second, time.Minute),
	"wait.for":           between(100*time.Millisecond, 5*time.Minute),
	"after":              between(10*time.Second, 30*time.Minute),
	"window":             between(15*time.Minute, 7*24*time.Hour),
	"gap":                between(time.Minute, 24*time.Hour),
	"retries":            times(0, 3),
}

// usually is IVR040: it warns of a value that is allowed and not usual.
func (l *loader) usually(at place, verb, option string, got time.Duration, text string) {
	u, ok := usualOf(verb, option)
	if !ok || got >= u.least && got <= u.most {
		return
	}
	l.warnf(at, "IVR040", "%s %s is outside %s to %s; callers hardly cope with it", option, text, u.text(u.least), u.text(u.most))
}

func (u usual) text(d time.Duration) string {
	if u.count {
		return fmt.Sprint(int(d))
	}
	return shortDuration(d)
}

// shortDuration writes a duration as scripts do: 90s as 1m30s, 48h as 2d.
func shortDuration(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	out := ""
	for _, u := range []struct {
		d    time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}, {time.Millisecond, "ms"}} {
		if n := d / u.d; n > 0 {
			out += fmt.Sprint(int(n)) + u.name
			d %= u.d
		}
	}
	return out
}
