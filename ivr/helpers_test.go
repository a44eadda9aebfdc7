package ivr

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ctid"
)

var update = flag.Bool("update", false, "rewrite the transcripts and the wanted findings")

const testdata = "../testdata/ivr"

var hongKong = time.FixedZone("HKT", 8*3600)

// officeHours is open Monday to Friday from nine to six; 25 December 2026 is a holiday.
func officeHours(name string, at time.Time) (string, bool) {
	if name != "office" {
		return "", false
	}
	at = at.In(hongKong)
	switch {
	case at.Format(time.DateOnly) == "2026-12-25":
		return "holiday", true
	case at.Weekday() == time.Saturday || at.Weekday() == time.Sunday || at.Hour() < 9 || at.Hour() >= 18:
		return "closed", true
	}
	return "open", true
}

// holidaysEnd: nobody has fetched the holidays of this year for the calendar last_year.
func holidaysEnd(calendar string) time.Time {
	if calendar == "last_year" {
		return time.Date(2025, 12, 31, 0, 0, 0, 0, hongKong)
	}
	return time.Time{}
}

func testSite() Site {
	return Site{Queues: []string{"sales", "support", "tellers", "operators"}, Calendars: []string{"office", "last_year"}, Voices: []string{"en", "zh", "it"},
		CustomerFields: []string{"city"}, Mailboxes: []string{"sales", "desk"}, Skills: []string{"support", "billing", "technical"},
		Tags: []string{"vip", "refund"}, Dispositions: []string{"sold", "no_answer", "do_not_call"}, Databases: []string{"bank"},
		Statements: []Statement{{Name: "pin_ok", SQL: "select 1 from pins where account = :account and pin = :pin", Params: []string{"account", "pin"}},
			{Name: "confirm", DB: "bank", SQL: "update visits set ok = true where id = :visit", Params: []string{"visit"}, Write: true}},
		HTTPAllow: []string{"https://crm.example", "http://127.0.0.1:8080"}, DialAllow: []string{"extensions", "+852"}, Premium: []string{"+852900"}, Country: "852",
		Secrets:    []string{"crm_token", "vault"},
		LastResort: "operators", Zone: hongKong, Hours: officeHours, HolidaysEnd: holidaysEnd, Now: time.Date(2026, 3, 2, 9, 0, 0, 0, hongKong)}
}

// rig drives a machine through a transcript and writes down what it does.
type rig struct {
	t      *testing.T
	site   Site
	s      *Script
	m      *Machine
	opts   Options
	start  time.Time
	now    time.Time
	last   map[string]string // the open id of each kind of step
	out    strings.Builder
	masked []string // digits that must never be seen
}

func newRig(t *testing.T) *rig {
	at := time.Date(2026, 3, 2, 10, 15, 0, 0, hongKong)
	return &rig{t: t, site: testSite(), start: at, now: at, last: map[string]string{}, opts: Options{Secret: testSecret}}
}

// testSecret knows one of the two secrets of the site.
func testSecret(name string) (string, error) {
	if name != "crm_token" {
		return "", errors.New("the file is gone")
	}
	return "4539578763621486", nil
}

// limit lowers a limit of the machines that come.
func (r *rig) limit(what string, n int) {
	l := &r.opts.Limits
	for name, field := range map[string]*int{"steps": &l.Steps, "all-steps": &l.AllSteps, "questions": &l.Questions, "subscripts": &l.Subscripts,
		"variables": &l.Variables, "text": &l.Text} {
		if name == what {
			*field = n
			return
		}
	}
	if what != "seconds" {
		r.t.Fatalf("what limit is %q?", what)
	}
	l.InScript = time.Duration(n) * time.Second
}

func (r *rig) load(dir, file string) {
	r.t.Helper()
	s, found := Load(os.DirFS(dir), file, r.site)
	for _, f := range found {
		r.t.Logf("%s", f)
	}
	if s == nil {
		r.t.Fatalf("%s does not load", file)
	}
	r.s = s
	r.m = NewMachine(s, r.opts)
}

func (r *rig) next(in Input) {
	for _, st := range r.m.Next(r.now, in) {
		r.step(st)
	}
}

func (r *rig) line(format string, args ...any) {
	d := r.now.Sub(r.start)
	fmt.Fprintf(&r.out, "  %d:%04.1f  %s\n", int(d.Minutes()), (d % time.Minute).Seconds(), fmt.Sprintf(format, args...))
}

func (r *rig) step(st Step) {
	switch st := st.(type) {
	case Answer:
		r.line("answer the call")
	case Play:
		r.last["play"] = st.ID
		var parts []string
		for _, p := range st.Parts {
			name := p.Name
			if p.Private {
				name = "private"
			}
			if name == "" {
				name = "say"
			}
			parts = append(parts, fmt.Sprintf("%s (%s) “%s”", name, p.Lang+map[bool]string{true: " " + p.Voice}[p.Voice != ""], p.Text))
		}
		r.line("play %s", strings.Join(parts, " + "))
	case Stop:
		r.line("stop the prompt")
	case Lookup:
		r.last["lookup"] = st.ID
		r.line("look up number=%s account=%s id=%s within %s", st.Number, st.Account, st.Cust, st.Within)
	case Enqueue:
		r.last["queue"] = st.ID
		text := fmt.Sprintf("queue %s priority %d at most %s music %q", st.Queue, st.Priority, st.AtMost, st.Music)
		if st.Prefer != "" {
			text += fmt.Sprintf(" first %s for %s", st.Prefer, st.PreferWait)
		}
		for _, n := range st.Skills {
			text += fmt.Sprintf(" needs %s>=%d", n.Skill, n.Level)
		}
		if st.Early {
			text += " unanswered"
		}
		r.line("%s", text)
	case Standing:
		r.last["stands"] = st.ID
		r.line("ask where the caller stands")
	case Leave:
		r.line("ask to leave the queue%s", map[bool]string{true: ", for he is silent"}[st.Key == ""])
	case Attach:
		var vs []string
		for _, v := range st.Values {
			vs = append(vs, fmt.Sprintf("%s=%#v", v.Key, v.Value.V))
		}
		r.line("attach %s (%s)", strings.Join(vs, " "), st.Values[0].Src)
	case SetLanguage:
		r.line("language %s%s", st.Lang, map[bool]string{true: ", remembered"}[st.Remember])
	case Mask:
		r.line("keys are %s", map[bool]string{true: "secret", false: "plain"}[st.On])
	case Log:
		r.line("log %s: %s", st.Code, st.Text)
	case End:
		r.line("hang up: %s, by %s", st.Cause, st.Why)
	default:
		r.verb(st)
	}
}

// wait lets time pass, with a tick at each deadline on the way.
func (r *rig) wait(d time.Duration) {
	end := r.now.Add(d)
	for i := 0; i < 10000; i++ {
		at := r.m.Deadline()
		if at.IsZero() || at.After(end) || r.m.Done() {
			r.now = end
			return
		}
		if at.After(r.now) {
			r.now = at
		}
		r.next(Tick{})
	}
	r.t.Fatalf("the deadline does not move: %s", r.m.Deadline())
}

// do carries out one line of a transcript.
func (r *rig) do(line string) {
	w := strings.Fields(line)
	switch w[0] {
	case "call":
		r.next(Start{r.call(w)})
	case "key", "keys":
		for _, d := range w[1] {
			r.next(Key{Digit: string(d)})
		}
	case "heard":
		r.next(DoneStep{ID: r.last["play"], Result: Result{Outcome: "done"}})
	case "unheard":
		r.next(DoneStep{ID: r.last["play"], Result: Result{Outcome: "error", Code: "media.failed"}})
	case "wait":
		d, ok := parseDuration(w[1])
		if !ok {
			r.t.Fatalf("no duration: %s", line)
		}
		r.wait(d)
	case "query", "http", "transfer", "dial", "voicemail", "callback", "record", "fax", "message", "detect", "record_answer":
		r.next(DoneStep{ID: r.last[w[0]], Result: r.result(w)})
	case "lookup":
		r.next(DoneStep{ID: r.last["lookup"], Result: r.result(w)})
	case "queue":
		r.next(DoneStep{ID: r.last["queue"], Result: Result{Outcome: w[1], Code: strings.Join(w[2:], " ")}})
	case "stands":
		r.next(DoneStep{ID: r.last["stands"], Result: r.standing(w[1:])})
	case "whisper":
		r.line("to the agent: %s", partsText(r.m.Whisper()))
	case "joined":
		r.next(Joined{})
	case "waits":
		r.next(Waits{})
	case "speaking":
		r.next(Speaking{ID: r.last["listen"]})
	case "say":
		r.next(Heard{ID: r.last["listen"], Guesses: guessesOf(r.t, w[1:])})
	case "recogniser":
		r.next(DoneStep{ID: r.last["listen"], Result: Result{Outcome: "error", Code: "speech." + w[1]}})
	case "stale":
		r.next(DoneStep{ID: w[1], Result: Result{Outcome: "done"}})
	case "hangup":
		r.next(Hangup{Side: ctid.SideCaller, Cause: 16})
	case "figures":
		r.figures(w)
	case "restart":
		r.restart()
	case "trail", "vars", "state":
		r.show(w[0])
	default:
		r.t.Fatalf("what is %q?", line)
	}
}

func (r *rig) call(w []string) CallInfo {
	c := CallInfo{ANI: w[1]}
	if c.ANI == "withheld" {
		c.ANI = ""
	}
	for i := 2; i+1 < len(w); i += 2 {
		switch w[i] {
		case "to":
			c.DNIS = w[i+1]
		case "lang":
			c.Language = w[i+1]
		case "priority":
			c.Priority = r.number(w[i+1])
		case "label":
			c.DIDName = w[i+1]
		case "dialled":
			c.Dialled = w[i+1]
		case "contact":
			k, v, _ := strings.Cut(w[i+1], "=")
			if c.Contact == nil {
				c.Contact = map[string]string{}
			}
			c.Contact[k] = v
		}
	}
	return c
}

func (r *rig) result(w []string) Result {
	res := Result{Outcome: w[1]}
	if w[0] != "lookup" {
		return answerOf(r.t, w)
	}
	if w[1] == "found" {
		res.Customer = &ctid.Customer{ID: "c77", Fields: map[string]string{}}
	}
	for _, x := range w[2:] {
		k, v, _ := strings.Cut(x, "=")
		switch k {
		case "name":
			res.Customer.Name = ctid.Private(strings.ReplaceAll(v, "_", " "))
		case "vip":
			res.Customer.VIP = true
		case "tier":
			res.Customer.Tier = v
		case "lang":
			res.Customer.Lang = v
		case "city":
			res.Customer.Fields["city"] = v
		case "code":
			res.Code = v
		}
	}
	return res
}

// standing reads where a caller stands: a place, and the band of his wait if that is proven; or rings.
func (r *rig) standing(w []string) Result {
	if w[0] == "rings" {
		return Result{Outcome: "rings"}
	}
	v := map[string]any{"position": float64(r.number(w[0])), "proven": len(w) > 1}
	if len(w) > 1 {
		low, _ := parseDuration(w[1])
		high, _ := parseDuration(w[2])
		v["low"], v["high"] = low.Seconds(), high.Seconds()
	}
	return Result{Outcome: "waits", Value: v}
}

func (r *rig) number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

func (r *rig) figures(w []string) {
	f := Figures{}
	for _, x := range w[2:] {
		k, v, _ := strings.Cut(x, "=")
		switch k {
		case "waiting":
			f.Waiting = r.number(v)
		case "ready":
			f.AgentsReady = r.number(v)
		case "in":
			f.AgentsIn = r.number(v)
		case "longest":
			f.Longest, _ = parseDuration(v)
		case "ewt":
			f.Expected, _ = parseDuration(v)
		case "open":
			f.Open = true
		}
	}
	r.m.SetFigures(map[string]Figures{w[1]: f})
}

func (r *rig) restart() {
	snap, err := r.m.Snapshot()
	if err != nil {
		r.t.Fatal(err)
	}
	for _, d := range r.masked {
		if strings.Contains(string(snap), d) {
			r.t.Errorf("the secret %s is in the snapshot", d)
		}
	}
	if r.m, err = Restore(r.s, r.opts, snap); err != nil {
		r.t.Fatal(err)
	}
	r.next(Resume{})
}

func (r *rig) show(what string) {
	switch what {
	case "trail":
		tr := r.m.Trail(r.now)
		var path []string
		for _, p := range tr.Path {
			s := p.Node
			if p.Key != "" {
				s += "[" + p.Key + "]"
			}
			path = append(path, fmt.Sprintf("%s %.1fs", s, float64(p.MS)/1000))
		}
		r.line("trail %s: %s", tr.Lang, strings.Join(path, " → "))
	case "vars":
		var vs []string
		for k, v := range r.m.x.vars {
			vs = append(vs, fmt.Sprintf("%s=%v", k, v))
		}
		sort.Strings(vs)
		r.line("vars %s", strings.Join(vs, " "))
	case "state":
		r.line("language %s, priority %d, done %v, dropped %d", r.m.Language(), r.m.Priority(), r.m.Done(), r.m.Dropped())
	}
}

// transcript plays the lines of a transcript and returns them with what the machine did.
func (r *rig) transcript(dir, text string) string {
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if strings.HasPrefix(line, "  ") {
			continue
		}
		fmt.Fprintln(&r.out, line)
		w := strings.Fields(line)
		switch {
		case len(w) == 0 || w[0] == "#":
		case w[0] == "script":
			r.load(dir, w[1])
			r.start = r.now
		case w[0] == "at":
			at, err := time.ParseInLocation("2006-01-02 15:04", w[1]+" "+w[2], hongKong)
			if err != nil {
				r.t.Fatal(err)
			}
			r.start, r.now = at, at
			r.last = map[string]string{}
		case w[0] == "secret":
			r.masked = append(r.masked, w[1:]...)
		case w[0] == "limit":
			r.limit(w[1], r.number(w[2]))
		case w[0] == "no-last-resort":
			r.site.LastResort = ""
		case w[0] == "again":
			r.m, r.start = NewMachine(r.s, r.opts), r.now
		case w[0] == ">":
			r.do(strings.Join(w[1:], " "))
		default:
			r.t.Fatalf("what is %q?", line)
		}
	}
	return r.out.String()
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	want, err := os.ReadFile(file)
	if err != nil && !*update {
		t.Fatal(err)
	}
	if string(want) == got {
		return
	}
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			t.Fatalf("%s:%d differs\n got: %s\nwant: %s\n(-update rewrites it)", file, i+1, g[i], append(w, "", "")[min(i, len(w))])
		}
	}
	t.Fatalf("%s has %d more lines", file, len(w)-len(g))
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	out, err := filepath.Glob(pattern)
	if err != nil || len(out) == 0 {
		t.Fatalf("nothing at %s", pattern)
	}
	slices.Sort(out)
	return out
}

// loadText loads a script given as text.
func loadText(text string) (*Script, []Finding) {
	return Load(fstest.MapFS{"ivr/x.yaml": {Data: []byte(text)}}, "ivr/x.yaml", testSite())
}
