package config

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"ctid/acd"
	"ctid/calendar"
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
	for _, f := range []string{"secrets/pbx1", "secrets/pbx2", "secrets/ami1", "secrets/turn", "secrets/tts", "secrets/bank", "secrets/crm_token", "tls/web.pem", "tls/web.key"} {
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
	if s := c.Web.ICE; len(s) != 2 || s[1].User != "harbour" || s[1].Password.Reveal() != "swordfish-turn" || c.Asterisk.Nodes[0].SIPURL != "wss://sip.harbour.example/ws" {
		t.Errorf("for telephones in the page: %+v, %s", s, c.Asterisk.Nodes[0].SIPURL)
	}
	if c.Numbers[2].DNIS != "0123" || c.Numbers[1].DNIS != "+85231230001" || c.DialAllow[2] != "+44" {
		t.Errorf("numbers are not as typed: %+v %q", c.Numbers, c.DialAllow)
	}
	if len(c.Agents) != 2 || len(c.Queues) != 4 || c.Queues[0].WrapUp.D() != 90*time.Second {
		t.Errorf("included lists: %+v", c)
	}
	if want := []Pair{{"mon-fri", []string{"09:00-13:00", "14:00-18:00"}}, {"sat", []string{"09:00-13:00"}}}; !reflect.DeepEqual(c.Calendars[0].Open, want) {
		t.Errorf("open %v", c.Calendars[0].Open)
	}
}

// The full file is the example of every key: a row of the table that is missing there is undocumented.
func TestFullHasEveryKey(t *testing.T) {
	r := reader{}
	r.read(filepath.Join(data, "full.yaml"), 0)
	d := &decoder{findings: r.findings, at: map[string]Pos{}}
	c := reflect.ValueOf(&Config{}).Elem()
	defaults(c)
	d.top(r.files, c)
	given := map[string]bool{}
	for path := range d.at {
		given[indexRE.ReplaceAllString(path, "")] = true
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
			if !given[path+f.name] {
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
			if reserved[path+f.name] {
				t.Errorf("%s%s is there, and reserved for a later version", path, f.name)
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
	want := []string{`CTID_LIMITS_CALLS: error CFG009: `, `CTID_LOG_LEVLE: warning CFG051: no setting has this variable; did you mean "CTID_LOG_LEVEL"?`}
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
	text := "asterisk: {nodes: [{name: pbx, url: 'http://127.0.0.1:8088', password_file: ari}]}\nqueues: [{name: sales, wrapup_extends: 3}]\n" +
		"agents: [{name: ana, device: {endpoint: PJSIP/1}}]\ndial_allow: [\"+44\"]\nnumbering: {shown_as: \"+442079460000\"}\n"
	file := filepath.Join(dir, FileName)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, fs := Load(Options{File: file})
	var codes []string
	for _, f := range fs {
		codes = append(codes, fmt.Sprint(f.Pos.Line, " ", f.Severity, " ", f.Code))
	}
	if want := []string{"1 warning CFG050", "2 warning CFG052", "2 warning CFG053", "3 warning CFG052", "4 warning CFG053", "5 warning CFG053"}; c == nil || !slices.Equal(codes, want) {
		t.Errorf("want %q, got %v", want, fs)
	}
}

// A holidays' file: what it closes counts, what is not understood is a warning at its line, and a file without any event
// is an error.
func TestICS(t *testing.T) {
	dir := t.TempDir()
	load := func(ics string) (*Config, []Finding) {
		text := "asterisk: {nodes: [{name: pbx, url: 'http://127.0.0.1:8088'}]}\n" +
			"calendars: [{name: office, zone: Asia/Hong_Kong, open: {mon-fri: 09:00-18:00}, holidays: some.ics}]\n"
		for name, b := range map[string]string{FileName: text, "some.ics": ics} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(b), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return Load(Options{File: filepath.Join(dir, FileName)})
	}
	password(t)
	const head, end = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", "END:VEVENT\r\nEND:VCALENDAR\r\n"
	c, fs := load(head + "DTSTART;VALUE=DATE:20261225\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:Christmas\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\n" +
		"DTSTART:20261224T140000\r\nDTEND:20261224T180000\r\nRRULE:FREQ=MONTHLY\r\n" + end)
	if c == nil || len(fs) != 1 || !strings.HasSuffix(fs[0].Pos.String(), "some.ics:10:1") || fs[0].Code != "CFG054" || fs[0].Severity != Warning {
		t.Fatalf("%v", fs)
	}
	hours, err := c.OpeningHours()
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]calendar.State{"2026-12-25 10:00": calendar.Holiday, "2028-12-25 10:00": calendar.Holiday,
		"2026-12-24 13:59": calendar.Open, "2026-12-24 14:00": calendar.Holiday, "2027-12-24 14:00": calendar.Open} {
		when, err := time.ParseInLocation("2006-01-02 15:04", at, hours["office"].Zone())
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := hours["office"].StateAt(when); got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
	for what, file := range map[string]string{"nothing": "", "no event": "BEGIN:VCALENDAR\nEND:VCALENDAR\n", "no start": head + end,
		"no day": head + "DTSTART:soon\n" + end, "an open end": head + "DTSTART:20261225\n"} {
		c, fs := load(file)
		if c != nil || !Failed(fs) || !strings.Contains(fmt.Sprint(fs), "some.ics:") || !strings.Contains(fmt.Sprint(fs), "CFG019") {
			t.Errorf("%s: %v", what, fs)
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
		if Failed(d.findings) {
			return
		}
		if c.Hash() == "" {
			t.Error("no hash")
		}
		if err := taken(c); err != nil {
			t.Error(err)
		}
	})
}

// taken tells what the cores say of a configuration that has passed.
func taken(c *Config) error {
	_, err := acd.New(c.ACD("e1"))
	_, other := c.Traffic()
	return errors.Join(err, other)
}
