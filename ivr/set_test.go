package ivr

import (
	"strings"
	"testing"
	"testing/fstest"
)

const short = "version: 1\nprompts: {hello: Hello.}\nnodes:\n  a: [{play: hello}, {hangup: normal}]\n"

func folder(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func sumOf(t *testing.T, site Site, files map[string]string) string {
	t.Helper()
	set, found := LoadSet(folder(files), site)
	if set == nil {
		t.Fatal(found)
	}
	return set.Sum()
}

// A set has every script of its folder; its sum changes with each text, name, statement and recording, and with nothing else.
func TestSet(t *testing.T) {
	files := map[string]string{"one.yaml": short, "two.yaml": short, "notes.txt": "x", ".#two.yaml": "x", "sounds/en/hello.wav": string(wav(8000, 1, 0))}
	set, found := LoadSet(folder(files), testSite())
	if set == nil || len(found) > 0 || strings.Join(set.Names(), " ") != "one two" || len(set.Files()) != 2 || len(set.Sounds()) != 1 {
		t.Fatalf("%v %v", set, found)
	}
	if set.Script("one").Version() != set.Sum()[:8] || set.Script("three") != nil || len(set.Sum()) != 64 {
		t.Error("names or sum")
	}
	for _, p := range set.Script("one").FixedParts() {
		if p.Name == "hello" && (p.Sum == "" || p.Sum != set.Sounds()["sounds/en/hello.wav"]) {
			t.Errorf("the recording of %s has the sum %q", p.Name, p.Sum)
		}
	}
	sums := map[string]string{set.Sum(): "the set"}
	if got := sumOf(t, testSite(), files); got != set.Sum() {
		t.Error("the sum is not the same twice")
	}
	change := func(what string, edit func(map[string]string, *Site)) {
		site, again := testSite(), map[string]string{}
		for k, v := range files {
			again[k] = v
		}
		edit(again, &site)
		sum := sumOf(t, site, again)
		if other, known := sums[sum]; known {
			t.Errorf("%s has the sum of %s", what, other)
		}
		sums[sum] = what
	}
	change("a text", func(f map[string]string, _ *Site) { f["one.yaml"] += "# more\n" })
	change("a name", func(f map[string]string, _ *Site) { f["three.yaml"] = f["two.yaml"]; delete(f, "two.yaml") })
	change("a recording", func(f map[string]string, _ *Site) { f["sounds/en/hello.wav"] = "RIFFRIFF" })
	change("a statement", func(_ map[string]string, s *Site) { s.Statements = []Statement{{Name: "pin_ok", SQL: "select 1"}} })
	files["notes.txt"] = "y"
	if got := sumOf(t, testSite(), files); got != set.Sum() {
		t.Error("a file that is no script is in the sum")
	}
}

// Findings of all files come in order; one error and there is no set.
func TestSetFindings(t *testing.T) {
	set, found := LoadSet(folder(map[string]string{"b.yaml": "version: 1\nkinds: x\n", "a.yaml": short + "start: z\n", "bad name.yaml": short}), testSite())
	var got []string
	for _, f := range found {
		got = append(got, f.String())
	}
	want := `a.yaml:5:8: error IVR020: there is no node "z"
b.yaml:1:1: error IVR004: the file needs "nodes": name → step or list of steps
b.yaml:2:1: error IVR002: a script has no key "kinds"; did you mean "kind"?
bad name.yaml:1:1: error IVR004: a script's file name is letters, digits, _ and -, and .yaml`
	if set != nil || strings.Join(got, "\n") != want {
		t.Errorf("set %v:\n%s", set != nil, strings.Join(got, "\n"))
	}
	if _, found := LoadSet(folder(nil), testSite()); len(found) != 0 {
		t.Error(found)
	}
}
