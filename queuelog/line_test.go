package queuelog

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// Lines are as Asterisk writes them: NONE where there is nobody, and a bar behind the event even where nothing follows.
func TestLinesAreAsAsteriskWritesThem(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 999_000_000, time.UTC)
	for want, l := range map[string]Line{
		"1767225600|NONE|NONE|NONE|QUEUESTART|\n":                                {At: at, Event: queueStart},
		"1767225600|1767225599.7|sales|NONE|ENTERQUEUE||02079460018|1\n":         {At: at, Call: "1767225599.7", Queue: "sales", Event: enterQueue, Params: []string{"", "02079460018", "1"}},
		"1767225600|NONE|sales|ana|ADDMEMBER|\n":                                 {At: at, Queue: "sales", Agent: "ana", Event: addMember},
		"1767225600|NONE|sales|ana|UNPAUSE|\n":                                   {At: at, Queue: "sales", Agent: "ana", Event: unpause, Params: []string{""}},
		"1767225600|1767225599.7|sales|PJSIP/1001|CONNECT|8|ctid.t.c_1.l1|5\n":   {At: at, Call: "1767225599.7", Queue: "sales", Agent: "PJSIP/1001", Event: connect, Params: []string{"8", "ctid.t.c_1.l1", "5"}},
		"1767225600|1767225599.7|sales|NONE|ENTERQUEUE||0ENTERQUEUE|1\n":         {At: at, Call: "1767225599.7\r\n", Queue: "sa|les", Event: enterQueue, Params: []string{"", "0|ENTER\nQUEUE\x00", "1"}},
		"1767225600|1767225599.7|sales|NONE|EXITWITHKEY|*|2|3|14\n":              {At: at, Call: "1767225599.7", Queue: "sales", Event: exitWithKey, Params: []string{"*", "2", "3", "14"}},
		"1767225600|1767225599.7|sales|ana|BLINDTRANSFER|billing|queue|3|17|1\n": {At: at, Call: "1767225599.7", Queue: "sales", Agent: "ana", Event: blindTransfer, Params: []string{"billing", "queue", "3", "17", "1"}},
	} {
		if got := string(l.Append(nil)); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}

func TestParseReadsWhatAsteriskWrites(t *testing.T) {
	for text, want := range map[string]Line{
		"1292281046|psy1-1292281041.87|7100|NONE|ENTERQUEUE||4165551212|1\n": {At: time.Unix(1292281046, 0).UTC(), Call: "psy1-1292281041.87", Queue: "7100", Event: enterQueue, Params: []string{"", "4165551212", "1"}},
		"1292284222|MANAGER|7100|Local/9990@MemberConnector|REMOVEMEMBER|":   {At: time.Unix(1292284222, 0).UTC(), Call: "MANAGER", Queue: "7100", Agent: "Local/9990@MemberConnector", Event: removeMember, Params: []string{""}},
	} {
		got, ok := Parse(text)
		if !ok || got.At != want.At || got.Call != want.Call || got.Queue != want.Queue || got.Agent != want.Agent || got.Event != want.Event || !slices.Equal(got.Params, want.Params) {
			t.Errorf("%q is read as %+v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "\n", "yesterday|a|b|c|CONNECT|1", "1292284222|a|b", "1292284222|a|b|c|"} {
		if l, ok := Parse(text); ok {
			t.Errorf("%q is read as %+v", text, l)
		}
	}
}

// cleaned holds what comes of a text against what a field may hold, and that it is a field: what stands around it is read back.
func cleaned(t *testing.T, text string) {
	t.Helper()
	got := Clean(text)
	if len(got) > maxField || !utf8.ValidString(got) || strings.ContainsAny(got, "|\r\n\x00\u2028") || strings.ContainsFunc(got, unclean) {
		t.Errorf("%q becomes %q", text, got)
	}
	if Clean(got) != got {
		t.Errorf("%q is cleaned to %q, and that to %q", text, got, Clean(got))
	}
	in := Line{At: time.Unix(1767225600, 0).UTC(), Call: text, Queue: "sales", Event: enterQueue, Params: []string{"", text, "1"}}
	line := string(in.Append(nil))
	out, ok := Parse(line)
	if !ok || strings.Count(line, "\n") != 1 || out.Queue != "sales" || out.Event != enterQueue || !slices.Equal(out.Params, []string{"", got, "1"}) {
		t.Errorf("%q as a caller's number makes the line %q", text, line)
	}
}

// dirty are texts that somebody may send as his number or name.
var dirty = []string{"", "02079460018", "+44 20 7946 0018", "1|2", "1\n1767225600|x|sales|NONE|ABANDON|1|1|1", "a\r\nb", "\x00\x1b[31m", "\u2028\u2029\u0085", "\u202egnp.exe",
	"\xff\xfe", "名前", strings.Repeat("9", 500), strings.Repeat("名", 100), "a" + strings.Repeat("|", 300) + "b", "NONE", "\ufffd", "\ufeff", " "}

func TestCleanFields(t *testing.T) {
	for _, text := range dirty {
		cleaned(t, text)
	}
}

func FuzzClean(f *testing.F) {
	for _, text := range dirty {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { cleaned(t, text) })
}
