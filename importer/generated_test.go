package importer

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// large makes the configuration of a centre of 40 queues and 300 members, and counts its lines. Its settings are such as
// large centres have; some are written wrongly.
func large(seed uint64) (out fstest.MapFS, lines int) {
	g := &generator{rng: rand.New(rand.NewPCG(seed, 40)), texts: map[string]*strings.Builder{}}
	g.put("queues.conf", "[general]")
	g.some("queues.conf", "persistentmembers = yes", "autofill = yes", "shared_lastcall = yes", "updatecdr = no", "strange = 1")
	for i := range 4 {
		g.put("queues.conf", fmt.Sprintf("[t%d](!)", i))
		g.settings("queues.conf", 6)
	}
	for i := range 40 {
		file := "queues.conf"
		if i%4 == 3 {
			file = fmt.Sprintf("queues.d/%02d.conf", i)
			g.put("queues.conf", "#include "+file)
		}
		g.put(file, fmt.Sprintf("[queue %d](t%d)", i, g.rng.IntN(4)))
		g.settings(file, 5)
		for range 3 + g.rng.IntN(12) {
			g.member(file)
		}
	}
	for i := range 8 {
		g.put("queuerules.conf", fmt.Sprintf("[rule%d]", i))
		for range 1 + g.rng.IntN(5) {
			g.put("queuerules.conf", "penaltychange => "+g.one("30,+1", "60,5", "90,10,2", "120,,+1", "15,-1,,3", "x,y", "45"))
		}
	}
	g.put("agents.conf", "[general]")
	for i := range 20 {
		g.put("agents.conf", fmt.Sprintf("[%d]", 500+i))
		g.some("agents.conf", fmt.Sprintf("fullname = Pool %d", i), "ackcall = yes", "autologoff = 10", "unheard = of")
	}
	out = fstest.MapFS{}
	for name, b := range g.texts {
		out[name] = &fstest.MapFile{Data: []byte(b.String())}
	}
	return out, g.lines
}

type generator struct {
	rng   *rand.Rand
	texts map[string]*strings.Builder
	lines int
}

// put writes a line, at times with comments and spaces around it.
func (g *generator) put(file, text string) {
	b := g.texts[file]
	if b == nil {
		b = &strings.Builder{}
		g.texts[file] = b
	}
	if g.rng.IntN(6) == 0 {
		b.WriteString(g.one("\n", "; a comment\n", "  \t\n", ";-- more\nstrategy = linear\n--;\n"))
	}
	b.WriteString(g.one("", "", " ", "\t") + text + g.one("", "", " ", " ; a comment", " ;-- two --;") + g.one("\n", "\r\n"))
	g.lines++
}

func (g *generator) one(list ...string) string { return list[g.rng.IntN(len(list))] }

func (g *generator) some(file string, list ...string) {
	for _, text := range list {
		if g.rng.IntN(2) == 0 {
			g.put(file, text)
		}
	}
}

var values = []string{"yes", "no", "0", "1", "5", "30", "600", "-1", "", "ringall", "linear", "wrandom", "rrmemory", "leastrecent", "all", "strict",
	"paused,inuse,penalty", "loose", "rule1", "rule7", "rule9", "ctx", "default", "a b", "12x"}

func (g *generator) settings(file string, n int) {
	for range n {
		o := queueOptions[g.rng.IntN(len(queueOptions))].name
		if g.rng.IntN(3) == 0 {
			o = g.one("strategy", "defaultrule", "joinempty", "timeout", "mistyped")
		}
		g.put(file, o+g.one(" = ", "=", " => ", "=>")+values[g.rng.IntN(len(values))])
	}
}

func (g *generator) member(file string) {
	n := g.rng.IntN(300)
	iface := fmt.Sprintf("PJSIP/%d", 600+n)
	switch g.rng.IntN(8) {
	case 0:
		iface = fmt.Sprintf("SIP/%d", 600+n)
	case 1:
		iface = fmt.Sprintf("Local/%d@agents/n", 600+n)
	case 2:
		iface = fmt.Sprintf("Agent/%d", 500+n%25)
	}
	g.put(file, "member => "+iface+g.one("", ",0", ",1", ",7", ",250", ",x")+g.one("", fmt.Sprintf(",Agent No. %d", n)))
}

// Whatever is in a large configuration, each of its lines is carried over or reported, and what is written can be read.
func TestGeneratedCentres(t *testing.T) {
	for seed := range uint64(60) {
		dir, lines := large(seed)
		o := plain
		if seed%2 == 1 {
			o = Options{Local: "PJSIP/{number}", MaxPenalty: 3, MinPenalty: 0}
		}
		r, w := imported(t, dir, o)
		if len(r.Lines) != lines {
			t.Errorf("seed %d: %d lines of %d are accounted for", seed, len(r.Lines), lines)
		}
		if len(w.Queues) != 40 || len(w.Agents) < 100 {
			t.Errorf("seed %d: %d queues and %d agents", seed, len(w.Queues), len(w.Agents))
		}
		sound(t, w)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// The same files always give the same output.
func TestGeneratedTwice(t *testing.T) {
	dir, _ := large(7)
	again, _ := large(7)
	if !slices.Equal(slices.Sorted(maps.Keys(dir)), slices.Sorted(maps.Keys(again))) {
		t.Fatal("the generator is not one")
	}
	a, _ := imported(t, dir, plain)
	b, _ := imported(t, again, plain)
	if string(a.YAML()) != string(b.YAML()) {
		t.Error("two imports of the same files differ")
	}
}

// sound holds what ctid's configuration asks for: names of its form, each once; ranks, weights and references that exist.
func sound(t *testing.T, w wrote) {
	t.Helper()
	queues, agents, phones := map[string]bool{}, map[string]bool{}, map[string]bool{}
	once := func(seen map[string]bool, name string) {
		if seen[strings.ToLower(name)] {
			t.Errorf("%q is there twice", name)
		}
		seen[strings.ToLower(name)] = true
	}
	for _, q := range w.Queues {
		once(queues, q.Name)
		if !nameRE.MatchString(q.Name) || q.Weight < 0 || q.Weight > 100 || q.RONA != "none" && q.RONA != "pause" {
			t.Errorf("%+v", q)
		}
		for i, s := range q.Steps {
			if s.MinRank < 0 || s.MinRank > 100 || s.MaxRank < 0 || s.MaxRank > 100 || i > 0 && s.After == q.Steps[i-1].After {
				t.Errorf("%s: %v", q.Name, q.Steps)
			}
		}
	}
	for _, a := range w.Agents {
		once(agents, a.Name)
		once(phones, a.Device.Endpoint)
		if !nameRE.MatchString(a.Name) || !endpointRE.MatchString(a.Device.Endpoint) || len(a.Queues) == 0 {
			t.Errorf("%+v", a)
		}
		in := map[string]bool{}
		for _, m := range a.Queues {
			once(in, m.Name)
			if !queues[strings.ToLower(m.Name)] || m.Rank < 1 || m.Rank > 100 || m.Weight < 0 || m.Weight > 100 {
				t.Errorf("%s: %+v", a.Name, m)
			}
		}
	}
}

// FuzzImport: whatever is in the files, the import ends, accounts for each line, and writes what can be read.
func FuzzImport(f *testing.F) {
	for _, seed := range []uint64{1, 2} {
		dir, _ := large(seed)
		f.Add(dir["queues.conf"].Data, dir["queuerules.conf"].Data, dir["agents.conf"].Data, "PJSIP/{number}", 3)
	}
	f.Add([]byte("[a](!,b\n[\n]\n#include a/*.conf\n#include queues.conf\n;--\n"), []byte("[r\npenaltychange=>"), []byte("[agents]\nagent=>,,"), "", -1)
	f.Add([]byte("[q]\nmember=>Local/\"1\\\x00,0\xff,\u2028\nstrategy=wrandom\nmember=>PJSIP/1,999999999999\n"), []byte{}, []byte("[1](+)\n"), "PJSIP/{number}", 0)
	f.Fuzz(func(t *testing.T, queues, rules, agents []byte, local string, high int) {
		dir := fstest.MapFS{"queues.conf": &fstest.MapFile{Data: queues}, "queuerules.conf": &fstest.MapFile{Data: rules},
			"agents.conf": &fstest.MapFile{Data: agents}, "a/b.conf": &fstest.MapFile{Data: queues}}
		r, err := Queues(dir, Options{Local: local, MaxPenalty: high})
		if err != nil {
			if len(queues)+len(rules)+len(agents) < maxFile {
				t.Fatal(err)
			}
			return
		}
		accounted(t, r)
		sound(t, parsed(t, r))
	})
}
