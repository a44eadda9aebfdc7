package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"ctid"
	"ctid/config"
	"ctid/ivr"
	"ctid/phone"
	"ctid/switchboard"
	"ctid/traffic"
)

// library is the loaded scripts of a configuration, and the routes that lead to them.
type library struct {
	set     *ivr.Set               // nil: there is no folder of scripts
	scripts map[string]*ivr.Script // by name; those that ctid makes itself too, such as queue:sales
	answers map[string]*ivr.Script // by what leads there: script:front_desk, queue:sales
	routes  map[string]numberRoute
	traffic *traffic.Table
	now     func() time.Time
}

// numberRoute is one entry of numbers: what answers while it is open and while it is closed, as keys of answers. An
// empty one: only the number's routes say where its calls go.
type numberRoute struct {
	label        string
	open, closed string
	isOpen       func(time.Time) bool // nil: always
}

// Route finds what answers a dialled number. A number is found as it was typed, with or without its plus.
func (l *library) Route(dnis string) (switchboard.Route, bool) {
	r, ok := l.routes[dnis]
	if !ok {
		r, ok = l.routes[otherForm(dnis)]
	}
	if !ok {
		return switchboard.Route{}, false
	}
	key := r.open
	if r.isOpen != nil && !r.isOpen(l.now()) {
		key = r.closed
	}
	return switchboard.Route{Label: r.label, Script: l.answers[key], Key: key}, true
}

func otherForm(dnis string) string {
	if rest, ok := strings.CutPrefix(dnis, "+"); ok {
		return rest
	}
	return "+" + dnis
}

// scriptFS is the folder of scripts with the folder of recordings under sounds/, and the scripts that ctid makes itself.
type scriptFS struct {
	dir, sounds string
	stored      fs.FS // instead of dir: a set that was stored
	made        map[string][]byte
}

// Open implements fs.FS.
func (f scriptFS) Open(name string) (fs.File, error) {
	if f.stored != nil {
		return f.stored.Open(name)
	}
	if rest, ok := strings.CutPrefix(name, "sounds/"); ok && f.sounds != "" {
		return os.DirFS(f.sounds).Open(rest)
	}
	return os.DirFS(f.dir).Open(name)
}

// ReadFile implements fs.ReadFileFS.
func (f scriptFS) ReadFile(name string) ([]byte, error) {
	if b, ok := f.made[name]; ok {
		return bytes.Clone(b), nil
	}
	return fs.ReadFile(onlyFS{f}, name)
}

// onlyFS hides ReadFile, so that fs.ReadFile goes by Open.
type onlyFS struct{ f scriptFS }

func (o onlyFS) Open(name string) (fs.File, error) { return o.f.Open(name) }

// queueScript answers a number that has no script of its own: straight into the queue.
const queueScript = `version: 1
name: Straight to the queue
nodes:
  queue:
    queue: {name: %s%s}
    then: {otherwise: hangup}
`

// errScripts ends a load whose findings say what is wrong.
var errScripts = errors.New("the scripts have errors")

// loadScripts reads every script of the folder, and says all that is wrong with them.
func loadScripts(c *config.Config, now func() time.Time) (*library, []string, error) {
	site := ivrSite(c)
	site.Now = now()
	return loadLibrary(c, scriptFS{dir: c.IVR.Dir, sounds: c.IVR.Sounds}, site, now)
}

// loadLibrary reads the scripts of files, and those that numbers need beside them, by the routes of a configuration.
func loadLibrary(c *config.Config, files scriptFS, site ivr.Site, now func() time.Time) (*library, []string, error) {
	l := &library{scripts: map[string]*ivr.Script{}, answers: map[string]*ivr.Script{}, routes: map[string]numberRoute{}, now: now}
	files.made = map[string][]byte{}
	said, bad := l.folder(c, files, site)
	load := func(t traffic.Target) string {
		key := t.String()
		if t.Kind == traffic.ToQueue && l.answers[key] == nil {
			name := "queue:" + t.ID
			files.made[name+".yaml"] = fmt.Appendf(nil, queueScript, t.ID, atMost(c, t.ID))
			s, found := ivr.Load(files, name+".yaml", site)
			said = append(said, texts(found, "")...)
			bad = bad || s == nil
			l.scripts[name], l.answers[key] = s, s
		}
		return key
	}
	for _, n := range c.Numbers {
		l.routes[n.DNIS] = routeOf(n, load, func(at time.Time) bool { o, ok := site.Hours(n.Calendar, at); return !ok || o == "open" })
	}
	off, refused := l.offWire(c)
	said, bad = append(said, off...), bad || refused
	if bad {
		return nil, said, errScripts
	}
	for key := range l.named(c) {
		if l.answers[key] == nil {
			return nil, append(said, fmt.Sprintf("numbers name %s, and these scripts have none of that name", key)), errScripts
		}
	}
	var err error
	l.traffic, err = c.Traffic()
	return l, said, err
}

// folder reads the set of scripts. A site without a folder, whose numbers all lead to queues, has none.
func (l *library) folder(c *config.Config, files scriptFS, site ivr.Site) (said []string, bad bool) {
	if _, err := fs.Stat(files, "."); errors.Is(err, fs.ErrNotExist) && len(l.named(c)) == 0 {
		return nil, false
	}
	set, found := ivr.LoadSet(files, site)
	said = texts(found, c.IVR.Dir)
	if set == nil {
		return said, true
	}
	l.set = set
	for _, name := range set.Names() {
		l.scripts[name], l.answers["script:"+name] = set.Script(name), set.Script(name)
	}
	return said, false
}

// named are the scripts that numbers lead to, as keys of answers.
func (l *library) named(c *config.Config) map[string]bool {
	out := map[string]bool{}
	note := func(t traffic.Target) string {
		if t.Kind == traffic.ToScript {
			out[t.String()] = true
		}
		return t.String()
	}
	for _, n := range c.Numbers {
		routeOf(n, note, nil)
	}
	return out
}

// sum is the set's; empty: there is none.
func (l *library) sum() string {
	if l.set == nil {
		return ""
	}
	return l.set.Sum()
}

// atMost is how long a queue keeps who comes straight into it, as an option of its script.
func atMost(c *config.Config, queue string) string {
	for _, q := range c.Queues {
		if q.Name == queue && q.AtMost > 0 {
			return ", at_most: " + q.AtMost.String()
		}
	}
	return ""
}

func texts(found []ivr.Finding, dir string) []string {
	var out []string
	for _, f := range found {
		f.File = filepath.Join(dir, f.File)
		out = append(out, f.String())
	}
	return out
}

// routeOf loads all that can answer a number, and says what does while no route of the number takes the call. load
// returns a key of the library's answers.
func routeOf(n config.Number, load func(traffic.Target) string, isOpen func(time.Time) bool) numberRoute {
	r := numberRoute{label: n.Label}
	answers := func(t traffic.Target) bool { return t.Kind == traffic.ToScript || t.Kind == traffic.ToQueue }
	if over := n.Over.Target(); answers(over) {
		load(over)
	}
	for _, t := range n.Targets() {
		if answers(t) {
			r.open = load(t) // of the last such route, if the number has no answer of its own
		}
	}
	if own := (config.Way{Script: n.Script, Queue: n.Queue}).Target(); answers(own) {
		r.open = load(own)
	}
	if n.Calendar != "" {
		r.closed, r.isOpen = load(config.Way{Script: n.Closed}.Target()), isOpen
	}
	return r
}

// sayFound logs what was found in the scripts.
func (d *daemon) sayFound(said []string, err error) {
	level := slog.LevelWarn
	if err != nil {
		level = slog.LevelError
	}
	for _, s := range said {
		d.log.Log(d.ctx, level, s)
	}
}

// ivrSite is the part of the configuration that scripts are checked against.
func ivrSite(c *config.Config) ivr.Site {
	s := ivr.Site{LastResort: c.IVR.LastResort.Queue, Zone: location(c.TimeZone)}
	for _, q := range c.Queues {
		if q.Medium == string(ctid.Voice) {
			s.Queues = append(s.Queues, q.Name)
		}
	}
	for _, v := range c.IVR.Voices {
		s.Voices = append(s.Voices, v.Lang)
	}
	s.NumberSounds = numberSounds(c)
	s.Limits = ivr.Limits{Steps: c.IVR.Limits.Steps, AllSteps: c.IVR.Limits.AllSteps, Questions: c.IVR.Limits.Questions, InScript: c.IVR.Limits.InScript.D()}
	calendars, _ := c.OpeningHours() // checked at load
	for name := range calendars {
		s.Calendars = append(s.Calendars, name)
	}
	sort.Strings(s.Calendars)
	s.Hours = func(name string, at time.Time) (string, bool) {
		cal, ok := calendars[name]
		if !ok {
			return "", false
		}
		state, _ := cal.StateAt(at)
		return string(state), true
	}
	s.CalendarZone = func(name string) *time.Location {
		if cal, ok := calendars[name]; ok {
			return cal.Zone()
		}
		return nil
	}
	mayAsk(c, &s)
	s.ValidPhone = func(number string) bool { return phone.Parse(number, c.Numbering.Country).E164 != "" }
	return s
}

func location(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil { // checked at load
		return time.UTC
	}
	return z
}
