package ivr

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"ctid"
)

// What one input may cost.
const (
	mostBytes = 64 << 20
	mostTime  = 2 * time.Second
)

// worked is how long the process has had a processor: a machine that is busy with other things costs an input nothing.
func worked(t testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// bounded runs f and holds it to what one input may cost. Nothing else may run in the process meanwhile.
func bounded(t testing.TB, what string, f func()) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := worked(t)
	f()
	took := worked(t) - began
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > mostBytes || took > mostTime {
		t.Errorf("%d MiB and %s for %.300q", n>>20, took, what)
	}
}

// tryText: no bytes make the loader panic, each finding has its place, and a script that loads takes keys.
func tryText(t testing.TB, text string) {
	var s *Script
	var found []Finding
	bounded(t, text, func() { s, found = loadText(text) })
	if (s == nil) != HasErrors(found) {
		t.Errorf("script %v, findings %v of %q", s != nil, found, text)
	}
	lines := strings.Count(text, "\n") + 1
	for _, x := range found {
		if x.Line < 1 || x.Line > lines || x.Col < 1 {
			t.Errorf("%s is outside a file of %d lines: %q", x, lines, text)
		}
	}
	if s != nil && s.Kind() != KindLibrary {
		bounded(t, text, func() {
			m := NewMachine(s, Options{})
			m.Next(time.Unix(0, 0), Start{})
			for i := range 20 {
				m.Next(time.Unix(int64(10*i), 0), Key{Digit: fmt.Sprint(i % 10)})
				m.Next(time.Unix(int64(10*i+5), 0), Tick{})
			}
		})
	}
}

const exprFile = `version: 1
kind: subscript
args: {team: text, sum: money}
vars: {t: text = abc, d: digits = 0123, n: number = 7, b: bool = true, m: money = 12.5, day: date = 2026-03-02, clock: time = 09:30, long: duration = 90s,
  topic: one_of sales support = sales, l: list, r: record, pin: secret}
secrets: [crm_token]
nodes: {a: {return: done}}
`

// exprTester compiles expressions among variables of every type and works them out.
type exprTester struct {
	lang *language
	m    *Machine
}

func newExprTester(t testing.TB) *exprTester {
	s, found := loadText(exprFile)
	if s == nil {
		t.Fatal(found)
		return nil
	}
	m := NewMachine(s, Options{Secret: testSecret})
	m.Next(time.Unix(1e9, 0), Start{CallInfo{ANI: "+85291234567", DNIS: "+85231230000"}})
	m.x.figures = map[string]Figures{"sales": {Waiting: 3, Open: true}}
	m.x.memo.Rows = []map[string]any{{"name": "Chan", "balance": 12.5, "vip": true, "gone": nil, "deep": map[string]any{"a": []any{1.0}}}}
	return &exprTester{s.lang, m}
}

// try: no expression makes compiler or interpreter panic, and what it gives is of the type that was promised.
func (e *exprTester) try(t testing.TB, src string) {
	var x *expression
	var bad *problem
	bounded(t, src, func() { x, bad = e.lang.compile(src, nil) })
	if (x == nil) == (bad == nil) {
		t.Fatalf("%q: %v, %v", src, x, bad)
	}
	if bad != nil {
		if bad.off < 0 || bad.off > len([]rune(src)) || !strings.HasPrefix(bad.id, "IVR0") || bad.msg == "" {
			t.Errorf("%q: %+v", src, bad)
		}
		return
	}
	bounded(t, src, func() {
		v, err := x.run(&e.m.x)
		if err != nil {
			return
		}
		kinds := map[kind]string{kText: "string", kDigits: "string", kOneOf: "string", kSecret: "string", kDate: "string", kTime: "string",
			kNumber: "float64", kMoney: "float64", kDuration: "float64", kBool: "bool"}
		if want, known := kinds[x.typ.kind]; known && fmt.Sprintf("%T", v) != want {
			t.Errorf("%q gives %T, and %s was promised", src, v, x.typ)
		}
		textOf(v)
	})
}

// machineTester drives machines through the scripts of testdata.
type machineTester struct{ scripts []*Script }

func newMachineTester(t testing.TB) *machineTester {
	names, err := filepath.Glob(testdata + "/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatal("no scripts", err)
	}
	mt := &machineTester{}
	for _, n := range names {
		s, found := Load(os.DirFS(testdata), filepath.Base(n), testSite())
		if s == nil {
			t.Fatal(found)
		}
		mt.scripts = append(mt.scripts, s)
	}
	return mt
}

var (
	hostileRows = []map[string]any{{"name": "Chan", "balance": "12.5", "n": 1.0, "b": true, "null": nil, "deep": map[string]any{"a": []any{1.0, "x"}}}}
	outcomes    = []string{"done", "error", "found", "none", "answered", "timeout", "key", "refused", "booked", "left", "human", "failed", "sent", "gone", "odd", "several"}
)

// input makes one input of a byte; open are the ids of steps that may still expect an answer.
func (mt *machineTester) input(b byte, open []string) Input {
	arg := int(b >> 4)
	id := ""
	if len(open) > 0 {
		id = open[max(0, len(open)-1-arg%3)]
	}
	switch b & 15 {
	case 0, 1, 2, 3, 4:
		return Key{Digit: string("0123456789*#AX12"[arg])}
	case 5, 6, 7:
		return DoneStep{ID: id, Result: Result{Outcome: outcomes[arg], Code: []string{"", "dial.refused", "http.status"}[arg%3],
			Rows: hostileRows[:arg%2], Status: arg * 100, Body: []any{nil, "x", hostileRows[0], []any{1.0}}[arg%4],
			Customer: []*ctid.Customer{nil, {ID: "c1", Name: "Chan"}}[arg%2]}}
	case 8:
		return DoneStep{ID: id, Result: Result{Outcome: "done"}}
	case 9:
		return Heard{ID: id, Guesses: []Guess{{Text: "billing", Sure: float64(arg) / 15}, {Text: "\xff", Sure: 0.3}}[:arg%3]}
	case 10:
		if arg == 0 {
			return Hangup{Side: ctid.SideCaller}
		}
		return Key{Digit: "1"}
	case 11:
		return []Input{Start{}, Resume{}, DoneStep{ID: "s0"}, Key{Digit: ""}}[arg%4]
	}
	return Tick{}
}

// try: whatever comes in whatever order, the machine does not panic, ends once, and can be stored and restored.
func (mt *machineTester) try(t testing.TB, data []byte) {
	if len(data) == 0 {
		return
	}
	data = data[:min(len(data), 2000)]
	s := mt.scripts[int(data[0])%len(mt.scripts)]
	m, now, ended := NewMachine(s, Options{Secret: testSecret}), time.Unix(1e9, 0), 0
	var open []string
	next := func(in Input) {
		for _, st := range m.Next(now, in) {
			if f := reflect.ValueOf(st).FieldByName("ID"); f.IsValid() {
				open = append(open, f.String())
			}
			if _, ok := st.(End); ok {
				ended++
			}
		}
		if ended > 1 || m.Done() != (ended == 1) || m.Done() && !m.Deadline().IsZero() {
			t.Fatalf("%s: ended %d times, done %v, deadline %s, inputs %v", s.name, ended, m.Done(), m.Deadline(), data)
		}
	}
	bounded(t, fmt.Sprint(s.name, data), func() {
		next(Start{CallInfo{ANI: "+85291234567", DNIS: []string{"+1", "+2", "1"}[int(data[0])%3], DIDName: "x"}})
		for _, b := range data[1:] {
			if b&15 >= 13 {
				if d := m.Deadline(); b&15 == 13 && d.After(now) {
					now = d
				} else {
					now = now.Add(time.Duration(b>>4) * time.Second)
				}
			}
			if b == 12 && !m.Done() {
				m = mt.again(t, s, m)
				next(Resume{})
				continue
			}
			next(mt.input(b, open))
		}
		m.Trail(now)
	})
}

func (mt *machineTester) again(t testing.TB, s *Script, m *Machine) *Machine {
	snap, err := m.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	n, err := Restore(s, m.opts, snap)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func textSeeds(t testing.TB) []string {
	var out []string
	for _, pat := range []string{"/*.yaml", "/lib/*.yaml", "/bad/*/*.yaml"} {
		names, err := filepath.Glob(testdata + pat)
		if err != nil || len(names) == 0 {
			t.Fatal("no seeds", err)
		}
		for _, n := range names {
			b, err := os.ReadFile(n)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, string(b))
		}
	}
	return out
}

var (
	exprHole = regexp.MustCompile(`\$\{([^}\n]+)\}`)
	exprMark = regexp.MustCompile(`(?:: |, |\[)["']?=([^,}\]\n"]+)`)
	exprIf   = regexp.MustCompile(`if: ([^,}\n]+)`)
)

func exprSeeds(t testing.TB) []string {
	out := []string{`vars.t + upper(vars.t)`, `vars.n * 2 / (vars.m - 1)`, `vars.b and not (vars.n in [1, 2])`, `vars.long > minutes(1) ? "a" : vars.topic`,
		`queue("sales").waiting`, `hours("office") == "open"`, `vars.t matches "^a.c$"`, `last4(secrets.crm_token)`, `money(vars.m, "HKD")`,
		`one_of(args.team, "a", "b")`, `number(result.row.balance)`, `text(result.row.deep.a)`, `days_until(vars.day)`, `replace(vars.t, "b", "bb")`}
	for _, text := range textSeeds(t) {
		for _, re := range []*regexp.Regexp{exprHole, exprMark, exprIf} {
			for _, m := range re.FindAllStringSubmatch(text, -1) {
				out = append(out, m[1])
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func machineSeeds() []string {
	var out []string
	for i := range 64 {
		out = append(out, string([]byte{byte(i), 0x10, 0x08, 0x0d, 0x21, 0x05, 12, 0x10, 0x0a}))
	}
	return out
}

func FuzzLoad(f *testing.F) {
	for _, s := range textSeeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) { tryText(t, text) })
}

func FuzzExpr(f *testing.F) {
	for _, s := range exprSeeds(f) {
		f.Add(s)
	}
	e := newExprTester(f)
	f.Fuzz(func(t *testing.T, src string) { e.try(t, src) })
}

func FuzzMachine(f *testing.F) {
	for _, s := range machineSeeds() {
		f.Add([]byte(s))
	}
	mt := newMachineTester(f)
	f.Fuzz(func(t *testing.T, data []byte) { mt.try(t, data) })
}

// mutator makes new inputs of old ones, the same for the same seed.
type mutator struct {
	r     *rand.Rand
	seeds []string
	words []string
}

func (m *mutator) next() string {
	s := []byte(m.seeds[m.r.IntN(len(m.seeds))])
	for range 1 + m.r.IntN(6) {
		i := m.r.IntN(len(s) + 1)
		j := min(len(s), i+m.r.IntN(40))
		var middle []byte
		switch m.r.IntN(6) {
		case 0: // a span is gone
		case 1:
			middle = slices.Concat(s[i:j], s[i:j])
		case 2:
			middle = []byte(m.words[m.r.IntN(len(m.words))])
		case 3:
			o := m.seeds[m.r.IntN(len(m.seeds))]
			k := m.r.IntN(len(o) + 1)
			middle = []byte(o[k:min(len(o), k+m.r.IntN(80))])
		case 4:
			middle = slices.Clone(s[i:j])
			if len(middle) > 0 {
				middle[m.r.IntN(len(middle))] ^= byte(1 << m.r.IntN(8))
			}
		case 5:
			middle = []byte(strings.Repeat(m.words[m.r.IntN(len(m.words))], 1+m.r.IntN(60)))
		}
		s = slices.Concat(s[:i], middle, s[j:])
	}
	return string(s)
}

// TestRandomInput tries inputs made at random of those we have: for a second each, or as long as IVR_FUZZ says. CTID_SEED
// says which.
func TestRandomInput(t *testing.T) {
	long, err := time.ParseDuration(cmp.Or(os.Getenv("IVR_FUZZ"), "1s"))
	if err != nil {
		t.Fatalf("IVR_FUZZ: %v", err)
	}
	seed, err := strconv.ParseUint(cmp.Or(os.Getenv("CTID_SEED"), "1"), 10, 64)
	if err != nil {
		t.Fatalf("CTID_SEED: %v", err)
	}
	yaml := []string{":", ": ", "- ", "[", "]", "{", "}", "'", `"`, "|\n", ">-\n", "\n", "\t", "#", "&a ", "*a", "<<: ", "!!", "---\n", "${", "=", "\xff", "\u2028", "call: lib/x", "kind: subscript\n", "then: return"}
	exprs := []string{"(", ")", "[", "]", ".", "..", "?.", "??", "|", "and ", "not ", " == ", "/", "**", "%", `"`, "'", "\\", "let x = ", "vars.", "result.row.", "1e309", "9999999999999999999", "é", "\xff", "nil", "#", "{", "secrets."}
	e, mt := newExprTester(t), newMachineTester(t)
	for _, target := range []struct {
		name         string
		seeds, words []string
		try          func(*testing.T, *mutator, time.Duration)
	}{
		{"load", textSeeds(t), yaml, func(t *testing.T, m *mutator, long time.Duration) {
			randomly(t, m, long, func(s string) { tryText(t, s) })
		}},
		{"expr", exprSeeds(t), exprs, func(t *testing.T, m *mutator, long time.Duration) {
			randomly(t, m, long, func(s string) { e.try(t, s) })
		}},
		{"machine", machineSeeds(), machineSeeds(), func(t *testing.T, m *mutator, long time.Duration) {
			randomly(t, m, long, func(s string) { mt.try(t, []byte(s)) })
		}},
	} {
		m := &mutator{rand.New(rand.NewPCG(seed, 1)), target.seeds, target.words}
		t.Run(target.name, func(t *testing.T) { target.try(t, m, long) })
	}
}

// randomly gives one made input after the other to try.
func randomly(t *testing.T, m *mutator, long time.Duration, try func(string)) {
	n := 0
	for end := time.Now().Add(long); time.Now().Before(end) && !t.Failed(); n++ {
		in := m.next()
		func() {
			defer func() {
				if p := recover(); p != nil {
					t.Errorf("it panics with %v at %q", p, in)
				}
			}()
			try(in)
		}()
	}
	t.Logf("%d inputs", n)
}
