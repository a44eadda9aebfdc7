package config

import (
	"cmp"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"ctid/lookup"
)

// IVR is the part of the site that scripts are checked against.
type IVR struct {
	Dir          string       `cfg:"dir" form:"file" default:"ivr" flag:"yes" doc:"The folder of the scripts."`
	Voices       []Voice      `cfg:"voices" doc:"A voice for each language; without one, every prompt of that language needs a recording."`
	Sounds       string       `cfg:"sounds" form:"file" doc:"The folder of recordings, LANG/NAME.wav."`
	NumberSounds []string     `cfg:"number_sounds" form:"lang" doc:"Languages whose numbers, dates and amounts Asterisk's own sounds say between the pieces of a recorded prompt, even where there is a voice. Without a voice they do for en always, and for others that are named here."`
	LastResort   LastResort   `cfg:"last_resort" doc:"Where a caller goes when even a script's own error handling fails."`
	HTTPAllow    []string     `cfg:"http_allow" form:"origin" doc:"The servers that scripts may ask, such as https://crm.example.com; one without TLS has to be named with http://."`
	Statements   []Statement  `cfg:"statements" doc:"SQL that scripts ask by name; the only way in which a script writes."`
	Secrets      []SiteSecret `cfg:"secrets" doc:"Secrets that scripts use by name in headers, bodies and statements."`
	Allow        []Allow      `cfg:"allow" doc:"Errors IVR070 to IVR079 that are allowed in one script, each with its reason."`
	Limits       ScriptLimits `cfg:"limits" doc:"How much a script may do in one call."`
}

// ScriptLimits are what a script may do in one call before it is stopped; see ivr.Limits.
type ScriptLimits struct {
	Steps     int      `cfg:"steps" default:"200" min:"10" max:"500" doc:"Steps without waiting for anything: what goes on beyond that is taken for going round in circles."`
	AllSteps  int      `cfg:"all_steps" default:"2000" min:"50" max:"2000" doc:"Steps in the call."`
	Questions int      `cfg:"questions" default:"300" min:"5" max:"300" doc:"Questions in the call, each repetition one more."`
	InScript  Duration `cfg:"in_script" default:"1h" min:"1m" max:"4h" doc:"Time in scripts; queues and talk are not counted."`
}

// Statement is SQL with a name.
type Statement struct {
	Name string `cfg:"name" form:"name" need:"yes" doc:"Its name for scripts."`
	File string `cfg:"file" form:"file" need:"yes" doc:"The file with one statement; values stand in it as :name."`
	DB   string `cfg:"db" form:"name" doc:"One of databases; without it the only one."`

	Text string      `cfg:"-"` // what the file holds
	SQL  *lookup.SQL `cfg:"-"`
}

// SiteSecret is a secret that scripts use by name.
type SiteSecret struct {
	Name string `cfg:"name" form:"name" need:"yes" doc:"Its name for scripts."`
	File string `cfg:"file" form:"file" need:"yes" doc:"A file that holds only the secret, in one line; nobody but its owner and group may read it."`

	Secret Secret `cfg:"-"`
}

// Allow lifts one error in one script.
type Allow struct {
	ID      string `cfg:"id" form:"lift" need:"yes" doc:"The error, IVR070 to IVR079."`
	Script  string `cfg:"script" form:"script" need:"yes" doc:"The script, a file in ivr.dir without .yaml, such as front_desk or lib/csat."`
	Because string `cfg:"because" form:"text" need:"yes" doc:"Why it is allowed here; printed with the finding."`
}

// Database is a database that scripts may ask. ctid's own store is never one.
type Database struct {
	Name        string `cfg:"name" form:"name" need:"yes" doc:"Its name for scripts and statements."`
	Driver      string `cfg:"driver" enum:"sqlite|postgres" need:"yes" doc:"What it is."`
	DSN         string `cfg:"dsn" form:"text" doc:"Where it is: for sqlite the file; for postgres such as postgres://ctid@db.example.com/bank, without a password."`
	DSNFile     string `cfg:"dsn_file" form:"file" doc:"A file that holds only that, where it has a password in it."`
	Connections int    `cfg:"connections" default:"4" min:"1" max:"100" doc:"How many calls may ask it at once; others wait, no longer than their step allows."`

	Address Secret `cfg:"-"` // from either
}

// Voicemail is where messages lie, and for whom they are.
type Voicemail struct {
	Dir       string    `cfg:"dir" form:"file" default:"voicemail" doc:"The folder of the messages; nobody but ctid's own user may read it."`
	Mailboxes []Mailbox `cfg:"mailboxes" short:"name" doc:"The mailboxes that scripts may leave messages in: names, or {name, label}."`
}

// Mailbox is one of them.
type Mailbox struct {
	Name  string `cfg:"name" form:"name" need:"yes" doc:"Its name for scripts."`
	Label string `cfg:"label" form:"text" doc:"What people see; without it the name."`
}

// checkScripting holds what scripts may ask for against the rest.
func (d *decoder) checkScripting(c *Config) {
	dbs := d.collect("database", "databases", len(c.Databases), func(i int) string { return c.Databases[i].Name })
	d.collect("statement", "ivr.statements", len(c.IVR.Statements), func(i int) string { return c.IVR.Statements[i].Name })
	d.collect("secret", "ivr.secrets", len(c.IVR.Secrets), func(i int) string { return c.IVR.Secrets[i].Name })
	d.collect("mailbox", "voicemail.mailboxes", len(c.Voicemail.Mailboxes), func(i int) string { return c.Voicemail.Mailboxes[i].Name })
	for i := range c.Databases {
		d.database(c, &c.Databases[i], indexed("databases", i, ""))
	}
	for i, s := range c.IVR.Statements {
		at := indexed("ivr.statements", i, "")
		switch {
		case s.DB != "":
			d.refer(dbs, s.DB, at+".db")
		case len(c.Databases) != 1:
			d.err(d.pos(at), "CFG021", "statement %q needs `db`: there are %d databases", s.Name, len(c.Databases))
		}
		d.statement(&c.IVR.Statements[i], at+".file")
	}
	for i := range c.IVR.Secrets {
		d.siteSecret(&c.IVR.Secrets[i], indexed("ivr.secrets", i, "file"))
	}
	for i, l := range c.IVR.Allow {
		d.script(c, l.Script, indexed("ivr.allow", i, "script"))
	}
}

// statement reads a statement's file.
func (d *decoder) statement(s *Statement, path string) {
	if s.File == "" {
		return
	}
	b, err := readFile(s.File)
	if err != nil {
		d.err(d.pos(path), "CFG014", "the statement's file %s %v", s.File, err)
		return
	}
	s.Text = string(b)
	if s.SQL, err = lookup.ReadSQL(s.Text); err != nil {
		d.err(d.pos(path), "CFG009", "the statement's file %s: %v", s.File, err)
	}
}

// database finds a database's address, and refuses one in the open that should be hidden, and ctid's own store.
func (d *decoder) database(c *Config, b *Database, path string) {
	at := d.pos(path + ".dsn")
	switch {
	case (b.DSN == "") == (b.DSNFile == ""):
		d.err(d.pos(path), "CFG021", "database %q needs `dsn` or `dsn_file`", b.Name)
		return
	case b.DSNFile != "":
		at = d.pos(path + ".dsn_file")
		b.Address = d.secretFile(at, b.DSNFile)
	case b.Driver == "postgres" && hasPassword(b.DSN):
		d.err(at, "CFG015", "a password is not written here: put the dsn into a file and name that with `dsn_file`")
		return
	default:
		b.Address = NewSecret(b.DSN)
	}
	if b.Driver != "sqlite" || b.Address.Empty() {
		return
	}
	file := beside(at.File, strings.TrimPrefix(b.Address.Reveal(), "sqlite:"))
	if strings.ContainsAny(file, "?#") || strings.HasPrefix(file, "file:") || strings.HasPrefix(file, ":") {
		d.err(at, "CFG009", "database %q: write the path of a file, without ? or #", b.Name)
		return
	}
	b.Address = NewSecret(file)
	if b.DSN != "" {
		b.DSN = file
	}
	if sameFile(file, strings.TrimPrefix(c.Store.DSN, "sqlite:")) {
		d.err(at, "CFG021", "database %q is ctid's own store: scripts cannot ask that", b.Name)
	}
}

func hasPassword(dsn string) bool {
	if u, err := url.Parse(dsn); err == nil && u.User != nil {
		if _, has := u.User.Password(); has {
			return true
		}
	}
	return strings.Contains(strings.ToLower(dsn), "password")
}

// sameFile tells whether two names lead to one file, which need not be there.
func sameFile(a, b string) bool {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	if err1 == nil && err2 == nil {
		return os.SameFile(x, y)
	}
	p, err1 := filepath.Abs(a)
	q, err2 := filepath.Abs(b)
	return err1 == nil && err2 == nil && p == q
}

// siteSecret reads a secret of scripts. A file that everybody can read is refused: here no program but ctid wants it.
func (d *decoder) siteSecret(s *SiteSecret, path string) {
	if s.File == "" || d.offline {
		return
	}
	if st, err := os.Stat(s.File); err == nil && st.Mode().Perm()&0o007 != 0 {
		d.err(d.pos(path), "CFG015", "everybody can read %s: chmod 600 it", s.File)
		return
	}
	s.Secret = d.secretFile(d.pos(path), s.File)
}

// DatabaseOf is the database of a statement: the one it names, else the only one.
func (c *Config) DatabaseOf(name string) string {
	if name == "" && len(c.Databases) == 1 {
		return c.Databases[0].Name
	}
	return name
}

// Secret gives a secret of scripts by name.
func (c *Config) Secret(name string) (string, error) {
	i := slices.IndexFunc(c.IVR.Secrets, func(s SiteSecret) bool { return s.Name == name })
	if i < 0 {
		return "", fmt.Errorf("ivr.secrets has no %q", name)
	}
	return c.IVR.Secrets[i].Secret.Reveal(), nil
}

// Title is what people see of the mailbox.
func (m Mailbox) Title() string { return cmp.Or(m.Label, m.Name) }

// HolidaysEnd is the last day that the holidays' files of a calendar name; zero: it has none.
func (c *Config) HolidaysEnd(name string) time.Time {
	var last time.Time
	for _, k := range c.Calendars {
		if k.Name != name {
			continue
		}
		for _, d := range k.days {
			if t, err := time.Parse(time.DateOnly, d.Date); err == nil && t.After(last) {
				last = t
			}
		}
		for _, x := range k.closures {
			if x.To.After(last) {
				last = x.To
			}
		}
	}
	return last
}

// CallingCode is the calling code of numbering.country, without its plus, such as 852; empty without a country.
func (c *Config) CallingCode() string {
	if n := phonenumbers.GetCountryCodeForRegion(c.Numbering.Country); n > 0 {
		return strconv.Itoa(n)
	}
	return ""
}
