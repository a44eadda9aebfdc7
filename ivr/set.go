package ivr

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/expr-lang/expr/conf"
)

// Set is the scripts, subscripts and libraries of a folder, loaded together and found sound. It never changes; a call keeps
// the set it began with.
type Set struct {
	scripts map[string]*Script // libraries too
	names   []string           // without libraries
	files   map[string][]byte
	sounds  map[string]string
	sum     string
}

// Limits on a set.
const (
	maxScripts = 1000
	maxSound   = 256 << 20 // bytes of one recording
)

// LoadSet reads every *.yaml at the root of fsys and every lib/*.yaml, proves them sound together, and returns the set.
// Recordings lie under sounds/ of fsys; the site brings the statements. With an error among the findings, which are in the
// order of files, lines and columns, the set is nil.
func LoadSet(fsys fs.FS, site Site) (*Set, []Finding) {
	sl := newSetLoader(fsys, ".", site)
	for _, name := range sl.folder() {
		if len(sl.order) == maxScripts {
			sl.first(name).errorf(place{1, 1}, "IVR008", "the folder holds too many scripts: %d are the most", maxScripts)
			break
		}
		sl.unit(name)
	}
	return sl.finish()
}

// Load reads the script at path in fsys and what it calls and imports, as LoadSet does; other scripts are looked for beside
// it. With an error among the findings the script is nil.
func Load(fsys fs.FS, file string, site Site) (*Script, []Finding) {
	base, name := path.Dir(file), strings.TrimSuffix(path.Base(file), path.Ext(file))
	if path.Base(base) == "lib" {
		base, name = path.Dir(base), "lib/"+name
	}
	sl := newSetLoader(fsys, base, site)
	sl.read(name, file)
	set, found := sl.finish()
	if set == nil {
		return nil, found
	}
	return set.scripts[name], found
}

// Script returns a script by its name: front_desk, or lib/csat for a subscript in lib/; nil if there is none.
func (s *Set) Script(name string) *Script {
	if sc := s.scripts[name]; sc != nil && sc.kind != KindLibrary {
		return sc
	}
	return nil
}

// Names are the names of all scripts and subscripts, in alphabetical order.
func (s *Set) Names() []string { return slices.Clone(s.names) }

// Sum is the SHA-256, in 64 hex digits, of the names and texts of all scripts, libraries and statements and of the
// recordings that their prompts use.
func (s *Set) Sum() string { return s.sum }

// Files are the texts of the scripts and libraries, by their path in the folder.
func (s *Set) Files() map[string][]byte {
	out := map[string][]byte{}
	for name, b := range s.files {
		out[name] = slices.Clone(b)
	}
	return out
}

// Sounds are the recordings that the prompts use: path in the folder → SHA-256 in hex.
func (s *Set) Sounds() map[string]string { return maps.Clone(s.sounds) }

// setLoader reads scripts that call each other. Each is first declared, so that others may name what it has, then read
// whole, and last its flow is followed, those that are called before those that call.
type setLoader struct {
	fsys    fs.FS
	base    string // folder of the scripts
	site    Site
	verbs   []*verb
	units   map[string]*loader // by name
	order   []*loader
	reports []*report
	set     *Set
	listed  []string // names of all files there are; nil: not looked at yet
}

func newSetLoader(fsys fs.FS, base string, site Site) *setLoader {
	return &setLoader{fsys: fsys, base: base, site: site, verbs: verbTable(), units: map[string]*loader{},
		set: &Set{scripts: map[string]*Script{}, files: map[string][]byte{}, sounds: map[string]string{}}}
}

// names lists the scripts and libraries there are, for a hint.
func (sl *setLoader) names() []string {
	quiet := &setLoader{fsys: sl.fsys, base: sl.base}
	return quiet.folder()
}

// folder lists the names of the scripts and libraries there are, and says what cannot be read.
func (sl *setLoader) folder() []string {
	var out []string
	for _, sub := range []string{"", "lib"} {
		entries, err := fs.ReadDir(sl.fsys, path.Join(sl.base, sub))
		if err != nil {
			if sub == "" {
				sl.report(path.Join(sl.base, sub)).errorf(place{1, 1}, "IVR008", "the folder of the scripts cannot be read: %s", reason(err))
			} else if !errors.Is(err, fs.ErrNotExist) {
				sl.report(sub).errorf(place{1, 1}, "IVR008", "the folder cannot be read: %s", reason(err))
			}
			continue
		}
		for _, e := range entries {
			name, yaml := strings.CutSuffix(e.Name(), ".yaml")
			if !yaml || e.IsDir() || strings.HasPrefix(name, ".") {
				continue
			}
			if !plainName.MatchString(name) {
				sl.first(path.Join(sub, name)).errorf(place{1, 1}, "IVR004", "a script's file name is letters, digits, _ and -, and .yaml")
				continue
			}
			out = append(out, path.Join(sub, name))
		}
	}
	return out
}

func (sl *setLoader) report(file string) *report {
	r := newReport(file)
	sl.reports = append(sl.reports, r)
	return r
}

// first is the report of a file that is not read.
func (sl *setLoader) first(name string) *report { return sl.report(path.Join(sl.base, name+".yaml")) }

// unit returns the script of that name, declared; nil if there is none or it cannot be read. Findings in it are its own.
func (sl *setLoader) unit(name string) *loader {
	if l, known := sl.units[name]; known {
		return l
	}
	return sl.read(name, path.Join(sl.base, name+".yaml"))
}

// read reads and declares the file.
func (sl *setLoader) read(name, file string) *loader {
	r := sl.report(file)
	sl.units[name] = nil
	src, err := readAtMost(sl.fsys, file, maxFile+1)
	if err != nil {
		r.errorf(place{1, 1}, "IVR008", "the file cannot be read: %s", reason(err))
		return nil
	}
	root := readYAML(r, src)
	if root == nil {
		return nil
	}
	sl.set.files[name+".yaml"] = src
	l := &loader{report: r, sl: sl, site: sl.site, verbs: sl.verbs, nodes: map[string]*node{}, confirms: map[string]bool{}, root: root,
		s: &Script{name: name, site: sl.site, set: sl.set}}
	sl.units[name] = l
	sl.order = append(sl.order, l)
	l.declare(root)
	return l
}

// exists tells whether there is a file of that script.
func (sl *setLoader) exists(name string) bool {
	if _, known := sl.units[name]; known {
		return true
	}
	if !scriptName.MatchString(name) {
		return false
	}
	st, err := fs.Stat(sl.fsys, path.Join(sl.base, name+".yaml"))
	return err == nil && !st.IsDir()
}

// finish reads all that is declared, which may declare more, and follows the flow of those that have no error so far.
func (sl *setLoader) finish() (*Set, []Finding) {
	for i := 0; i < len(sl.order); i++ {
		sl.order[i].body(sl.order[i].root)
	}
	sl.link()
	for _, l := range sl.order {
		l.lint()
	}
	var found []Finding
	for _, r := range sl.reports {
		found = append(found, r.sorted()...)
	}
	slices.SortStableFunc(found, func(a, b Finding) int { return strings.Compare(a.File, b.File) })
	if HasErrors(found) {
		return nil, found
	}
	for _, l := range sl.order {
		l.lang.kept = map[string]*conf.Config{} // nothing is compiled any more
		sl.set.scripts[l.s.name] = l.s
		if l.s.kind != KindLibrary {
			sl.set.names = append(sl.set.names, l.s.name)
		}
	}
	slices.Sort(sl.set.names)
	sl.set.sum = sl.set.hash(sl.site.Statements)
	for _, l := range sl.order {
		l.s.version = sl.set.sum[:8]
	}
	return sl.set, found
}

// hash is the SHA-256 over all parts of the set, each with its kind, name and length, so that none runs into another.
func (s *Set) hash(statements []Statement) string {
	h := sha256.New()
	part := func(kind, name string, text []byte) { fmt.Fprintf(h, "%s %q %d\n%s\n", kind, name, len(text), text) }
	for _, name := range slices.Sorted(maps.Keys(s.files)) {
		part("file", name, s.files[name])
	}
	sts := slices.Clone(statements)
	slices.SortStableFunc(sts, func(a, b Statement) int { return strings.Compare(a.Name, b.Name) })
	for _, st := range sts {
		part("statement", st.Name, []byte(st.DB+"\n"+st.SQL))
	}
	for _, name := range slices.Sorted(maps.Keys(s.sounds)) {
		part("sound", name, []byte(s.sounds[name]))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// sound notes a recording that a prompt uses, and tells whether there is one.
func (sl *setLoader) sound(file string) (bool, error) {
	if _, known := sl.set.sounds[file]; known {
		return true, nil
	}
	if sl.site.Sounds != nil {
		sum, known := sl.site.Sounds[file]
		if known {
			sl.set.sounds[file] = sum
		}
		return known, nil
	}
	f, err := sl.fsys.Open(file)
	if err != nil {
		return false, nil //nolint:nilerr // no recording: the text is spoken
	}
	defer func() { _ = f.Close() }() // only read
	if st, err := f.Stat(); err != nil || st.IsDir() {
		return false, nil //nolint:nilerr // as above
	}
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(f, maxSound+1))
	switch {
	case err != nil:
		return false, errors.New(reason(err))
	case n > maxSound:
		return false, fmt.Errorf("it is larger than %d MiB", maxSound>>20)
	}
	sl.set.sounds[file] = hex.EncodeToString(h.Sum(nil))
	return true, nil
}

// readAtMost reads a file, but no more than n bytes of it.
func readAtMost(fsys fs.FS, name string, n int64) ([]byte, error) {
	if rf, ok := fsys.(fs.ReadFileFS); ok {
		if st, err := fs.Stat(fsys, name); err != nil || st.Size() <= n {
			return rf.ReadFile(name)
		}
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	return io.ReadAll(io.LimitReader(f, n))
}

func reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}
