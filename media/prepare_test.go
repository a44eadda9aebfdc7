package media

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"ctid/words"
)

// balance is a prompt with two holes: an amount and a name.
func balance(lang string) Part {
	return Part{Text: "Your balance is HKD 20.50, Ms Chan. Goodbye.", Lang: lang, Private: true, Pieces: []Piece{
		{File: "balance.1", Text: "Your balance is "},
		{Text: "HKD 20.50", Value: words.Value{Kind: words.Money, Number: 20.5, Currency: "HKD"}},
		{Text: ", "},
		{Text: "Ms Chan"},
		{File: "balance.2", Text: ". Goodbye."},
	}}
}

// how writes down what is played: a recording by its length, speech by its text, Asterisk's sounds by name.
func how(ms []Media) string {
	var out []string
	for _, m := range ms {
		switch {
		case m.Sound != "":
			out = append(out, m.Sound)
		default:
			out = append(out, m.Duration.String())
		}
	}
	return strings.Join(out, " ")
}

func recorded(names ...string) func(*Config) {
	return func(c *Config) {
		fs := fstest.MapFS{}
		for i, n := range names {
			fs["sounds/"+n+".wav"] = &fstest.MapFile{Data: telephoneWAV(tone(500, 8000, 8*111*(i+1)))}
		}
		c.Sounds = fs
	}
}

func both(a, b func(*Config)) func(*Config) { return func(c *Config) { a(c); b(c) } }

func TestPromptInPieces(t *testing.T) {
	mute := func(c *Config) { c.Voices = nil }
	bySounds := func(c *Config) { c.NumberSounds = []string{"en"} }
	pieces := recorded("en/balance.1", "en/balance.2")
	for name, x := range map[string]struct {
		change func(*Config)
		lang   string
		played string
		spoken []string
		err    string
	}{
		"nothing is recorded: one text, the amount in words": {nil, "en", "7.5s",
			[]string{"Your balance is twenty Hong Kong dollars and fifty cents, Ms Chan. Goodbye."}, ""},
		"recorded: the voice fills the holes": {pieces, "en", "111ms 4s 700ms 222ms", []string{"twenty Hong Kong dollars and fifty cents", "Ms Chan"}, ""},
		"half recorded: the rest is spoken": {recorded("en/balance.2"), "en", "1.5s 4s 700ms 111ms",
			[]string{"Your balance is", "twenty Hong Kong dollars and fifty cents", "Ms Chan"}, ""},
		"recorded, numbers by Asterisk's sounds":                {both(pieces, bySounds), "en", "111ms en/digits/20 en/digits/dollars en/vm-and en/digits/50 700ms 222ms", []string{"Ms Chan"}, ""},
		"no voice: Asterisk's sounds, and the name is left out": {both(pieces, mute), "en", "111ms en/digits/20 en/digits/dollars en/vm-and en/digits/50 222ms", nil, "no voice for en"},
		"no voice in Chinese": {both(recorded("zh-HK/balance.1", "zh-HK/balance.2"), mute), "zh-HK",
			"111ms zh/digits/20 zh/letters/dot zh/digits/5 zh/digits/0 zh/digits/dollars 222ms", nil, "no voice for zh-HK"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "ok", x.change)
			ms, err := r.Prepare(t.Context(), []Part{balance(x.lang)})
			if x.err == "" && err != nil || x.err != "" && (err == nil || !strings.Contains(err.Error(), x.err)) {
				t.Error(err)
			}
			got := r.spoken()
			for i, s := range x.spoken {
				if i >= len(got) || !strings.Contains(got[i], `"`+s) {
					t.Errorf("%q is not spoken: %q", s, got)
				}
			}
			if how(ms) != x.played || len(got) != len(x.spoken) {
				t.Errorf("played %s, not %s; spoken %q", how(ms), x.played, got)
			}
		})
	}
}

// What is fixed lies on disk, what fills a hole never does.
func TestPiecesOnDisk(t *testing.T) {
	r := newRig(t, "ok", recorded("en/balance.2"))
	p := balance("en")
	for i := range p.Pieces {
		if p.Pieces[i].File == "" {
			p.Pieces[i] = Piece{}
		}
	}
	if err := r.Precompute(t.Context(), []Part{p}); err != nil {
		t.Fatal(err)
	}
	if got := r.spoken(); len(got) != 1 || !strings.Contains(got[0], "Your balance is") {
		t.Fatalf("made ahead: %q", got)
	}
	ms, err := r.Prepare(t.Context(), []Part{balance("en")})
	if err != nil || len(r.spoken()) != 3 {
		t.Fatalf("%v, %q", err, r.spoken())
	}
	files, err := os.ReadDir(r.cfg.CacheDir)
	if err != nil || len(files) != 1 || !strings.Contains(ms[0].Path, files[0].Name()) {
		t.Errorf("%v, %v", files, err)
	}
	if ms[0].Private || !ms[1].Private || !ms[2].Private || ms[3].Private {
		t.Errorf("%+v", ms)
	}
}

func TestFliteWritesToMemory(t *testing.T) {
	r := newRig(t, "ok", nil)
	if m := r.one(Part{Text: "ten letter", Lang: "en", Voice: "slt"}); m.Duration.Seconds() != 1 {
		t.Errorf("%+v", m)
	}
	if got := r.spoken(); len(got) != 1 || got[0] != `["-voice" "slt" "-o" "/dev/fd/3"] "ten letter\n"` {
		t.Errorf("%q", got)
	}
}
