package ivr

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ctid/words"
)

const spokenScript = `version: 1
languages: [en, zh]
vars: {n: number = 3, due: duration = 90s, day: date = 2026-03-02, at: time = 14:05, code: digits = 0407, sum: money = 20.5}
prompts:
  balance: {en: "${money(vars.sum, \"HKD\")} is left, ${call.ani}. You are ${ordinal(vars.n)}${vars.n > 1 ? digits(vars.code) : \"\"}.", zh: "余额${money(vars.sum, \"HKD\")}。", file: saldo}
  types: {en: "${vars.n} ${vars.due} ${vars.day} ${vars.at} ${vars.code} ${vars.sum} ${upper(spell(call.ani))}", zh: 零}
nodes:
  main: [{play: [balance, types]}, {play: {prompt: balance, language: zh}}, {say: "At ${say_time(vars.at)}."}, {hangup: normal}]
`

func pieces(p Part) string {
	var out []string
	for _, q := range p.Pieces {
		s := q.Text
		if q.File != "" {
			s = q.File + ":" + s
		}
		if q.Value.Kind != "" {
			w, _ := q.Value.Words(p.Lang)
			s = string(q.Value.Kind) + ":" + w
		}
		out = append(out, s)
	}
	return strings.Join(out, "|")
}

// TestPieces: what fills a hole is known by what made it, or by its type; the fixed texts between are numbered.
func TestPieces(t *testing.T) {
	s, found := Load(fstest.MapFS{"a.yaml": {Data: []byte(spokenScript)}}, "a.yaml", testSite())
	if s == nil {
		t.Fatal(found)
	}
	m := NewMachine(s, Options{})
	var got []string
	for _, st := range m.Next(time.Date(2026, 3, 2, 10, 15, 0, 0, hongKong), Start{CallInfo{ANI: "ab1"}}) {
		if p, ok := st.(Play); ok {
			for _, part := range p.Parts {
				got = append(got, fmt.Sprintf("%v %s", part.Private, pieces(part)))
			}
		}
	}
	want := []string{
		"true money:twenty Hong Kong dollars and fifty cents|saldo.1: is left, |ab1|saldo.2:. You are |ordinal:third|digits:zero four zero seven|.",
		"true number:three| |duration:one minute thirty seconds| |date:Monday, March second, twenty twenty-six| |time:two oh five p.m.| |digits:zero four zero seven| |money:twenty point five zero| |A B 1",
		"true saldo.1:余额|money:港币二十元五角|。",
		"true At |time:two oh five p.m.|.",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestRecordings lists what can be recorded, and FixedParts brings a prompt with holes in pieces, with nothing in them.
func TestRecordings(t *testing.T) {
	s, found := Load(fstest.MapFS{"a.yaml": {Data: []byte(spokenScript)}}, "a.yaml", testSite())
	if s == nil {
		t.Fatal(found)
	}
	var got []string
	for _, r := range s.Recordings() {
		got = append(got, fmt.Sprintf("%s “%s” %v of “%s”", r.File, r.Text, r.Used, r.Whole))
	}
	want := []string{
		`sounds/en/saldo.1.wav “is left,” [{a main 8} {a main 8}] of “${money(vars.sum, "HKD")} is left, ${call.ani}. You are ${ordinal(vars.n)}${vars.n > 1 ? digits(vars.code) : ""}.”`,
		`sounds/en/saldo.2.wav “. You are” [{a main 8} {a main 8}] of “${money(vars.sum, "HKD")} is left, ${call.ani}. You are ${ordinal(vars.n)}${vars.n > 1 ? digits(vars.code) : ""}.”`,
		`sounds/zh/saldo.1.wav “余额” [{a main 8} {a main 8}] of “余额${money(vars.sum, "HKD")}。”`,
		`sounds/zh/types.wav “零” [{a main 8}] of “”`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, p := range s.FixedParts() {
		for _, q := range p.Pieces {
			if q.Value != (words.Value{}) || q.File == "" && strings.ContainsAny(q.Text, "AB") {
				t.Errorf("a fixed part has something in a hole: %+v", q)
			}
		}
	}
}

// TestNoVoice: where no voice speaks, recorded pieces and values that Asterisk's sounds can say are enough.
func TestNoVoice(t *testing.T) {
	const script = "version: 1\nlanguages: [en]\nvars: {n: number = 3}\nprompts: {left: \"You have ${%s} calls left.\"}\nnodes:\n  main: [{play: left}, {hangup: normal}]\n"
	wav := &fstest.MapFile{Data: []byte("RIFF")}
	both := []string{"left.1", "left.2"}
	for _, x := range []struct {
		hole   string
		files  []string
		sounds []string
		want   string
	}{
		{"vars.n", both, []string{"en"}, ""},
		{"ordinal(vars.n)", both, []string{"en"}, ""},
		{"vars.n", both[:1], []string{"en"}, "no recording sounds/en/left.2.wav and no voice for en"},
		{"vars.n", both, nil, "nothing says ${vars.n}"},
		{"call.ani", both, []string{"en"}, "${call.ani} is a text, and there is no voice for en to speak it"},
	} {
		fsys := fstest.MapFS{"a.yaml": {Data: fmt.Appendf(nil, script, x.hole)}}
		for _, f := range x.files {
			fsys["sounds/en/"+f+".wav"] = wav
		}
		_, found := Load(fsys, "a.yaml", Site{NumberSounds: x.sounds})
		said := fmt.Sprint(found)
		if x.want == "" && strings.Contains(said, "error") || !strings.Contains(said, x.want) {
			t.Errorf("%+v: %s", x, said)
		}
	}
}
