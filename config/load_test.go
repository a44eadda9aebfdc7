package config

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"ctid"
	"ctid/acd"
	"ctid/calendar"
	"ctid/phone"
)

var update = flag.Bool("update", false, "rewrite the generated files")

// full loads the full configuration from a copy that has the secrets and certificates it names.
func full(t *testing.T) *Config {
	t.Helper()
	return load(t, filepath.Join(copied(t), "full.yaml"))
}

func copied(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(data)); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{"secrets/pbx1", "secrets/pbx2", "secrets/ami1", "tls/web.pem", "tls/web.key"} {
		name := filepath.Join(dir, f)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("swordfish-"+filepath.Base(f)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestSmallest(t *testing.T) {
	password(t)
	file := filepath.Join(data, "smallest.yaml")
	if n := strings.Count(read(t, file), "\n"); n >= 25 {
		t.Errorf("%d lines", n)
	}
	t.Setenv("CTID_IVR_DIR", data+"/ivr")
	c, fs := Load(Options{File: file})
	if len(fs) != 0 {
		t.Fatalf("findings in the smallest configuration: %v", fs)
	}
	if c.Listen.Web != "127.0.0.1:8443" || c.Queues[0].Ring.D() != 20*time.Second || c.Asterisk.Nodes[0].App != "ctid" || c.Log.Keep.String() != "30d" {
		t.Errorf("defaults: %s", c.Text())
	}
	if want := filepath.Join(data, "secrets/ari"); c.Asterisk.Nodes[0].PasswordFile != want {
		t.Errorf("the password's file is %s, want %s", c.Asterisk.Nodes[0].PasswordFile, want)
	}
	if want := "sqlite:" + filepath.Join(data, "ctid.db"); c.Store.DSN != want {
		t.Errorf("the store is %s, want %s", c.Store.DSN, want)
	}
}

func TestFull(t *testing.T) {
	dir := copied(t)
	c, fs := Load(Options{File: filepath.Join(dir, "full.yaml")})
	if c == nil || len(fs) != 0 {
		t.Fatal(fs)
	}
	if got := c.Asterisk.Nodes[1].Password.Reveal(); got != "swordfish-pbx2" {
		t.Errorf("password %q", got)
	}
	if a := c.Asterisk.Nodes[0].AMI; a.Address != "10.0.0.11:5038" || a.User != "harbour" || a.Password.Reveal() != "swordfish-ami1" {
		t.Errorf("manager interface %+v", a)
	}
	if a := c.Asterisk.Nodes[1].AMI; a.Address != "" {
		t.Errorf("a node without manager interface has %+v", a)
	}
	if c.Numbers[2].DNIS != "0123" || c.Numbers[1].DNIS != "+85231230001" || c.DialAllow[2] != "+44" {
		t.Errorf("numbers are not as typed: %+v %q", c.Numbers, c.DialAllow)
	}
	if len(c.Agents) != 2 || len(c.Queues) != 3 || c.Queues[0].WrapUp.D() != 90*time.Second {
		t.Errorf("included lists: %+v", c)
	}
	if want := []Pair{{"mon-fri", []string{"09:00-13:00", "14:00-18:00"}}, {"sat", []string{"09:00-13:00"}}}; !reflect.DeepEqual(c.Calendars[0].Open, want) {
		t.Errorf("open %v", c.Calendars[0].Open)
	}
}

// The full file is the example of every key: a row of the table that is missing there is undocumented.
func TestFullHasEveryKey(t *testing.T) {
	var text strings.Builder
	for _, f := range []string{"full.yaml", "parts/queues.yaml", "parts/agents-day.yaml"} {
		text.WriteString(read(t, filepath.Join(data, f)))
	}
	var walk func(reflect.Type, string)
	walk = func(ty reflect.Type, path string) {
		for ty.Kind() == reflect.Slice {
			ty = ty.Elem()
		}
		if ty.Kind() != reflect.Struct || ty == reflect.TypeFor[Pair]() {
			return
		}
		for _, f := range fields(ty) {
			if !strings.Contains(text.String(), f.name+":") {
				t.Errorf("full.yaml has no %s%s", path, f.name)
			}
			walk(ty.Field(f.index).Type, path+f.name+".")
		}
	}
	walk(reflect.TypeFor[Config](), "")
}

// Each default passes its own row, each form named exists, each row has its meaning.
func TestTable(t *testing.T) {
	var walk func(reflect.Type, string)
	walk = func(ty reflect.Type, path string) {
		for ty.Kind() == reflect.Slice {
			ty = ty.Elem()
		}
		if ty.Kind() != reflect.Struct || ty == reflect.TypeFor[Pair]() {
			return
		}
		for _, f := range fields(ty) {
			if f.doc == "" {
				t.Errorf("%s%s has no doc", path, f.name)
			}
			if _, ok := forms[f.form]; f.form != "" && !ok {
				t.Errorf("%s%s has the unknown form %q", path, f.name, f.form)
			}
			if ft := ty.Field(f.index).Type; f.def != "" {
				if err := setScalar(reflect.New(ft).Elem(), f, f.def); err != nil {
					t.Errorf("%s%s: its default: %v", path, f.name, err)
				}
			}
			walk(ty.Field(f.index).Type, path+f.name+".")
		}
	}
	walk(reflect.TypeFor[Config](), "")
}

func TestPrecedence(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, FileName)
	write := func(log string) {
		text := "asterisk: {nodes: [{name: pbx, url: 'http://127.0.0.1:8088'}]}\n" + log
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	password(t)
	level := func(flags *pflag.FlagSet) string {
		c, fs := Load(Options{Search: []string{t.TempDir(), dir}, Flags: flags})
		if c == nil {
			t.Fatal(fs)
		}
		return c.Log.Level
	}
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	Flags(flags)

	write("")
	if got := level(flags); got != "info" {
		t.Errorf("default: %s", got)
	}
	write("log: {level: warn}\n")
	if got := level(flags); got != "warn" {
		t.Errorf("the file over the default: %s", got)
	}
	t.Setenv("CTID_LOG_LEVEL", "error")
	if got := level(flags); got != "error" {
		t.Errorf("the environment over the file: %s", got)
	}
	if err := flags.Parse([]string{"--log-level", "debug", "--web-plain", "--listen-web=0.0.0.0:80"}); err != nil {
		t.Fatal(err)
	}
	if got := level(flags); got != "debug" {
		t.Errorf("the flag over the environment: %s", got)
	}
	if got := level(nil); got != "error" {
		t.Errorf("without flags: %s", got)
	}
	t.Setenv("CTID_LIMITS_CALLS", "lots")
	t.Setenv("CTID_LOG_LEVLE", "debug")
	t.Setenv("CTID_SOMETHING_ELSE", "1") // of another program, perhaps
	_, fs := Load(Options{File: file})
	if len(fs) != 2 {
		t.Errorf("%v", fs)
	}
	want := []string{`CTID_LIMITS_CALLS: error CFG009: `, `CTID_LOG_LEVLE: warning CFG051: no setting has this variable; DID YOU MEAN "CTID_LOG_LEVEL"?`}
	for _, w := range want {
		if !slices.ContainsFunc(fs, func(f Finding) bool { return strings.HasPrefix(f.String(), w) }) {
			t.Errorf("want %q among %v", w, fs)
		}
	}
}

func TestNoFile(t *testing.T) {
	for _, o := range []Options{{Search: []string{t.TempDir()}}, {File: filepath.Join(t.TempDir(), "none.yaml")}, {File: t.TempDir()}} {
		c, fs := Load(o)
		if c != nil || len(fs) != 1 || fs[0].Code != "CFG001" {
			t.Errorf("%+v: %v", o, fs)
		}
	}
}

func TestWarnings(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "ari")
	if err := os.WriteFile(secret, []byte("swordfish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(secret, 0o644); err != nil {
		t.Fatal(err)
	}
	text := "asterisk: {nodes: [{name: pbx, url: 'http://127.0.0.1:8088', password_file: ari}]}\nqueues: [{name: sales}]\n" +
		"agents: [{name: ana, device: {endpoint: PJSIP/1}}]\n"
	file := filepath.Join(dir, FileName)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, fs := Load(Options{File: file})
	var codes []string
	for _, f := range fs {
		codes = append(codes, fmt.Sprint(f.Pos.Line, " ", f.Severity, " ", f.Code))
	}
	if want := []string{"1 warning CFG050", "2 warning CFG052", "3 warning CFG052"}; c == nil || !slices.Equal(codes, want) {
		t.Errorf("want %q, got %v", want, fs)
	}
}

// Secrets are never printed, by nothing that prints.
func TestSecretsStayHidden(t *testing.T) {
	c := full(t)
	var b bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&b, nil))
	log.Info("x", "node", c.Asterisk.Nodes[0], "secret", c.Asterisk.Nodes[0].Password)
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "config", c, "secret", c.Asterisk.Nodes[0].Password)
	js, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	b.Write(js)
	fmt.Fprintf(&b, "%v %+v %#v %s %q", c, c.Asterisk, c.Asterisk.Nodes, c.Asterisk.Nodes[0].Password, c.Asterisk.Nodes[0].Password)
	for _, verb := range []string{"%x", "%X", "%d", "%q", "%o"} {
		fmt.Fprintf(&b, verb, c.Asterisk.Nodes[0])
		fmt.Fprintf(&b, verb, c.Asterisk.Nodes[0].Password)
	}
	b.WriteString(c.Text())
	for _, leak := range []string{"swordfish", fmt.Sprintf("%x", "swordfish"), fmt.Sprintf("%d", []byte("swordfish"))} {
		if strings.Contains(b.String(), strings.Trim(leak, "[]")) {
			t.Errorf("%s is in what was printed", leak)
		}
	}
	if !strings.Contains(b.String(), hidden) {
		t.Error("nothing was hidden, so nothing was printed")
	}
}

// The text that the log keeps reads back as the same configuration.
func TestTextReadsBack(t *testing.T) {
	c := full(t)
	file := filepath.Join(t.TempDir(), "kept.yaml")
	if err := os.WriteFile(file, []byte(c.Text()), 0o600); err != nil {
		t.Fatal(err)
	}
	again := load(t, file)
	if c.Hash() != again.Hash() || len(Diff(c, again)) != 0 {
		t.Errorf("first\n%s\nthen\n%s", c.Text(), again.Text())
	}
	again.Queues[0].Ring++
	if c.Text() != again.Text() { // a nanosecond is below what is written
		t.Error("the text changed with what it does not hold")
	}
	again.Queues[0].Ring = Duration(time.Second)
	if c.Hash() == again.Hash() {
		t.Error("the hash stays although a queue changed")
	}
}

func TestDiff(t *testing.T) {
	a, b := full(t), full(t)
	b.Store.DSN, b.Queues = a.Store.DSN, slices.Clone(a.Queues)
	c := *a
	c.Queues = b.Queues
	if got := What(Diff(a, &c)); got != "nothing changed" {
		t.Error(got)
	}
	c.Queues[0].Ring, c.Listen.Web, c.Log.Level = Duration(time.Second), "127.0.0.1:1", "warn"
	want := []Change{{"listen", true}, {"queues", false}, {"log", false}}
	if got := Diff(a, &c); !slices.Equal(got, want) {
		t.Errorf("want %v, got %v", want, got)
	}
	if got := What(Diff(a, &c)); got != "changed: queues, log; takes effect at the next start: listen" {
		t.Error(got)
	}
	c = *a
	c.Asterisk.Nodes = slices.Clone(a.Asterisk.Nodes)
	c.Asterisk.Nodes[0].Password = NewSecret("new")
	if got := Diff(a, &c); !slices.Equal(got, []Change{{"asterisk", true}}) {
		t.Errorf("a new password: %v", got)
	}
}

func TestACD(t *testing.T) {
	got := full(t).ACD("e1")
	if got.Epoch != "e1" || got.Seed == 0 || got.Seed == full(t).ACD("e2").Seed || got.DeskGrace != 45*time.Second || got.WrapMax != 15*time.Minute {
		t.Errorf("%+v", got)
	}
	want := acd.Queue{ID: "sales", Name: "Sales", Strategy: "longest-idle", Ring: 15 * time.Second, Wrap: 90 * time.Second, ForceCode: true,
		RONA: "retry", RetryGap: 8 * time.Second, MaxMisses: 2, RejectGap: 10 * time.Second, MaxWaiting: 40, Priority: 60}
	if got.Queues[0] != want {
		t.Errorf("want %+v, got %+v", want, got.Queues[0])
	}
	ana := acd.Agent{ID: "ana", Desk: ctid.DeskOptional, Queues: []acd.Membership{{Queue: "sales", Rank: 1}, {Queue: "operators", Rank: 1}, {Queue: "support", Rank: 2}}}
	if !reflect.DeepEqual(got.Agents[0], ana) {
		t.Errorf("want %+v, got %+v", ana, got.Agents[0])
	}
}

// What the distributor itself says of the full configuration: nothing.
func TestACDTakesIt(t *testing.T) {
	if _, err := acd.New(full(t).ACD("e1")); err != nil {
		t.Error(err)
	}
	f, _ := find(fields(reflect.TypeFor[Queue]()), "strategy")
	if !slices.Equal(f.enum, acd.Strategies()) {
		t.Errorf("strategies in the table %q, in the distributor %q", f.enum, acd.Strategies())
	}
}

func TestDialRules(t *testing.T) {
	rules, err := full(t).DialRules()
	if err != nil {
		t.Fatal(err)
	}
	for number, want := range map[string]bool{"2001": true, "+852 3123 0000": true, "3123 0000": true, "+33 1 42 68 53 00": false} {
		if _, err := phone.Dial(number, rules); (err == nil) != want {
			t.Errorf("%s: %v", number, err)
		}
	}
}

func TestOpeningHours(t *testing.T) {
	hours, err := full(t).OpeningHours()
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("Asia/Hong_Kong")
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]calendar.State{"2026-12-23 10:00": calendar.Open, "2026-12-23 13:30": calendar.Closed,
		"2026-12-24 14:30": calendar.Closed, "2026-12-31 10:00": calendar.Closed, "2027-01-01 10:00": calendar.Holiday} {
		when, err := time.ParseInLocation("2006-01-02 15:04", at, zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := hours["office"].At(when).State; got != want {
			t.Errorf("%s: want %s, got %s", at, want, got)
		}
	}
}

func TestICS(t *testing.T) {
	const head, end = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", "END:VEVENT\r\nEND:VCALENDAR\r\n"
	days, _, err := readICS([]byte(head + "DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261227\r\nSUMMARY:Christmas\r\n  and after\r\n" + end))
	if want := []calendar.Day{{Date: "2026-12-25", Name: "Christmas and after"}, {Date: "2026-12-26", Name: "Christmas and after"}}; err != nil || !slices.Equal(days, want) {
		t.Errorf("%v %v", days, err)
	}
	for what, file := range map[string]string{"nothing": "", "no event": "BEGIN:VCALENDAR\nEND:VCALENDAR\n", "no start": head + end,
		"a rule": head + "DTSTART:20261225\nRRULE:FREQ=YEARLY\n" + end, "no day": head + "DTSTART:soon\n" + end, "an open end": head + "DTSTART:20261225\n"} {
		if days, _, err := readICS([]byte(file)); err == nil {
			t.Errorf("%s: %v", what, days)
		}
	}
}

func TestSchemaIsInStep(t *testing.T) {
	const file = "../docs/ctid.schema.json"
	if *update {
		if err := os.WriteFile(file, Schema(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if read(t, file) != string(Schema()) {
		t.Errorf("%s is not what the table says: run go test ./config -update", file)
	}
}

func TestDuration(t *testing.T) {
	for s, want := range map[string]time.Duration{"0s": 0, "20s": 20 * time.Second, "1h30m": 90 * time.Minute, "30d": 720 * time.Hour,
		"2w": 336 * time.Hour, "250ms": 250 * time.Millisecond, "1m30s": 90 * time.Second} {
		got, err := ParseDuration(s)
		if err != nil || got.D() != want {
			t.Errorf("%s: %v %v", s, got.D(), err)
		}
		if again, err := ParseDuration(got.String()); err != nil || again != got {
			t.Errorf("%s writes itself as %s", s, got)
		}
	}
	for _, s := range []string{"", "20", "-5s", "1.5h", "s", "5 s", "5x", "999999999w", "36501d1d", "1h30"} {
		if got, err := ParseDuration(s); err == nil {
			t.Errorf("%q was read as %v", s, got)
		}
	}
}

func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob(data + "/bad/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range append(files, data+"/smallest.yaml", data+"/full.yaml", data+"/parts/queues.yaml") {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		m, fs := parse("fuzz", b)
		if m == nil {
			return
		}
		d := &decoder{findings: fs, at: map[string]Pos{"": {"fuzz", 1, 1}}}
		c := &Config{}
		v := reflect.ValueOf(c).Elem()
		defaults(v)
		d.top([]source{{filepath.Join(dir, "fuzz"), m}}, v)
		d.check(c)
		for _, x := range d.findings {
			if x.Pos.Line < 1 || x.Code == "" || x.Message == "" {
				t.Errorf("a finding without place or text: %v", x)
			}
		}
		if !Failed(d.findings) && c.Hash() == "" {
			t.Error("no hash")
		}
	})
}
