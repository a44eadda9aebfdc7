package importer

import (
	"regexp"
	"strconv"
	"strings"
)

// Bounds of ctid's names and labels, in characters.
const (
	maxName  = 64
	maxLabel = 200
)

var unfit = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// name makes a name of ctid's form out of a text, which no other of its kind has. The label is the text, for people, where
// the name is another.
func (im *run) name(kind, text string) (name, shown string) {
	shown = label(text)
	base := unfit.ReplaceAllString(shown, "-")
	base = strings.TrimLeft(base, "-_")
	if base = strings.TrimRight(base, "-"); base == "" {
		base = kind
	}
	base = cut(base, maxName)
	name = base
	for n := 2; im.taken[kind+" "+foldName(name)]; n++ {
		end := "-" + strconv.Itoa(n)
		name = cut(base, maxName-len(end)) + end
	}
	im.taken[kind+" "+foldName(name)] = true
	if name == text {
		return name, ""
	}
	im.Names = append(im.Names, Name{Kind: kind, From: shown, To: name})
	return name, shown
}

// cut shortens a name, which is ASCII.
func cut(s string, n int) string { return s[:min(len(s), n)] }

// brackets would open lists and maps for whoever counts them without reading quotes.
var brackets = strings.NewReplacer("[", "(", "]", ")", "{", "(", "}", ")")

// label returns a text as people see it.
func label(s string) string { return clip(brackets.Replace(clean(s)), maxLabel) }

// span writes seconds as ctid's configuration does.
func span(seconds int) string {
	switch {
	case seconds > 0 && seconds%3600 == 0:
		return strconv.Itoa(seconds/3600) + "h"
	case seconds > 0 && seconds%60 == 0:
		return strconv.Itoa(seconds/60) + "m"
	}
	return strconv.Itoa(seconds) + "s"
}
