package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The table of allowed imports among our own packages: the only place where an edge is added. A name stands for the
// package and the folders below it, except that "ctid" is the root alone.
var (
	leaves = []string{"ctid", "calendar", "phone", "suggest", "words"}
	cores  = []string{"acd", "ivr", "traffic", "dialer", "report"}

	allowed = map[string][]string{
		"ctid": {}, "calendar": {}, "phone": {}, "suggest": {}, "words": {},
		"ari": {}, "ami": {}, "pbx": {},
		"acd": leaves, "ivr": leaves, "traffic": leaves, "dialer": leaves, "report": leaves,
		"switchboard": join(leaves, cores, []string{"ari", "ami"}),
		"store":       leaves, "crmsync": leaves, "ws": leaves, "media": leaves, "hooks": leaves, "lookup": leaves, "voicemail": leaves, "queuelog": leaves,
		"web": join(leaves, []string{"report", "ivr"}),                                                                     // formulas, lint, graph
		"sim": join(leaves, cores), "importer": join(leaves, cores), "shadow": join(leaves, cores, []string{"ami", "sim"}), // sim: the course of virtual time
		"config":   {"*"},
		"demo":     {"*"},
		"bench":    {}, // tests, but for the package's comment
		"cmd":      {"*"},
		"scripts":  {},
		"examples": {}, // they show what others can do, who have nothing of ours
	}

	// Only these files, and tests, hold a websocket.
	websockets = []string{"ws/conn.go", "ws/wsclient/client.go", "ari/socket.go", "examples/go/main.go"}

	// What a core must not import: it neither waits nor does I/O.
	forbiddenInCores = []string{"context", "sync", "sync/atomic", "net", "net/http", "os", "os/exec", "log", "log/slog", "database/sql"}
)

func join(lists ...[]string) []string { return slices.Concat(lists...) }

// source is one Go file and what it imports.
type source struct {
	file, pkg string // pkg relative to the module; "ctid" for the root
	imports   []string
	test      bool
}

func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	err := filepath.WalkDir("../..", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel("../..", p) // both are relative
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			name := d.Name()
			if rel != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules" || rel == "tools" || rel == "bin") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		s := source{file: rel, pkg: path.Dir(rel), test: strings.HasSuffix(rel, "_test.go")}
		if s.pkg == "." {
			s.pkg = "ctid"
		}
		for _, i := range f.Imports {
			v, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, v)
		}
		out = append(out, s)
		return nil
	})
	if err != nil || len(out) < 10 {
		t.Fatalf("%d files: %v", len(out), err)
	}
	return out
}

// ours returns the imports of our own packages, relative to the module.
func (s source) ours() []string {
	var out []string
	for _, i := range s.imports {
		if i == "ctid" {
			out = append(out, i)
		} else if rest, ok := strings.CutPrefix(i, "ctid/"); ok {
			out = append(out, rest)
		}
	}
	return out
}

func top(pkg string) string {
	first, _, _ := strings.Cut(pkg, "/")
	return first
}

// helper tells whether a package exists for tests and the demo only.
func helper(pkg string) bool {
	return slices.ContainsFunc(strings.Split(pkg, "/"), func(s string) bool { return strings.HasSuffix(s, "test") })
}

func TestImportsFollowTheTable(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || helper(s.pkg) {
			continue
		}
		may, listed := allowed[top(s.pkg)]
		if !listed {
			t.Errorf("%s: package %s is not in the table of allowed imports", s.file, s.pkg)
			continue
		}
		for _, i := range s.ours() {
			switch {
			case helper(i) && top(s.pkg) != "demo":
				t.Errorf("%s imports %s: only tests and the demo use helpers of tests", s.file, i)
			case top(i) == "config" && top(s.pkg) != "cmd" && top(s.pkg) != "config":
				t.Errorf("%s imports %s: only cmd reads the configuration", s.file, i)
			case top(i) == "cmd":
				t.Errorf("%s imports %s: nothing imports cmd", s.file, i)
			case top(i) == top(s.pkg), slices.Contains(may, "*"), slices.Contains(may, top(i)):
			default:
				t.Errorf("%s imports %s: that edge is not in the table of allowed imports", s.file, i)
			}
		}
	}
}

func TestImportsOfCores(t *testing.T) {
	pure := append([]string{"ctid", "calendar", "phone", "words"}, cores...)
	for _, s := range sources(t) {
		if s.test || helper(s.pkg) || !slices.Contains(pure, top(s.pkg)) {
			continue
		}
		for _, i := range s.imports {
			if s.file == "private.go" && i == "sync" { // what it knows of types is kept for all, and nobody waits for another to learn it
				continue
			}
			if slices.Contains(forbiddenInCores, i) {
				t.Errorf("%s imports %s: a core neither waits nor does I/O", s.file, i)
			}
		}
	}
}

func TestImportsOfWebsockets(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || helper(s.pkg) || slices.Contains(websockets, s.file) {
			continue
		}
		if slices.Contains(s.imports, "github.com/gorilla/websocket") {
			t.Errorf("%s imports gorilla/websocket: only %v do", s.file, websockets)
		}
	}
}

// The longest chain of imports among our own packages stays short: at most 3 edges below cmd.
func TestImportsAreShallow(t *testing.T) {
	edges := map[string][]string{}
	for _, s := range sources(t) {
		if !s.test && !helper(s.pkg) {
			edges[s.pkg] = append(edges[s.pkg], s.ours()...)
		}
	}
	var depth func(pkg string) int
	depth = func(pkg string) int {
		d := 0
		for _, i := range edges[pkg] {
			if !helper(i) {
				d = max(d, 1+depth(i))
			}
		}
		return d
	}
	for pkg := range edges {
		if d := depth(pkg); d > 3 && top(pkg) != "cmd" {
			t.Errorf("%s lies %d imports above the leaves; the most is 3", pkg, d)
		}
	}
}
