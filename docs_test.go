package ctid

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documents are the texts whose words about the tree are held against the tree.
func documents(t *testing.T) []string {
	t.Helper()
	out, err := filepath.Glob("docs/*.md")
	if err != nil || len(out) < 4 {
		t.Fatalf("%q: %v", out, err)
	}
	return append(out, "README.md", "CONTRIBUTING.md", "CHANGELOG.md")
}

var (
	codeRE = regexp.MustCompile("`([^`\n]+)`")
	linkRE = regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`)
	pathRE = regexp.MustCompile(`^\.?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*/?$`)
)

// isPath tells whether a word in code type means a file of ours: it has a folder of the tree in front, or an ending
// that only our files have. Words with <…>, * or … are patterns and mean no single file.
func isPath(word string) bool {
	if !pathRE.MatchString(word) {
		return false
	}
	first, _, deep := strings.Cut(word, "/")
	if deep {
		if st, err := os.Stat(first); err == nil && st.IsDir() {
			return true
		}
		return strings.HasSuffix(word, "/") || slices.Contains(arriving, first)
	}
	for _, end := range []string{".md", ".go", ".yml"} {
		if strings.HasSuffix(word, end) {
			return true
		}
	}
	return false
}

// arriving are folders whose first code is on its way in; once a folder is there, every path in it must be.
var arriving = []string{"media", "demo"}

func exists(path string) bool {
	if _, err := os.Stat(path); err == nil {
		return true
	}
	first, _, _ := strings.Cut(path, "/")
	_, err := os.Stat(first)
	return err != nil && slices.Contains(arriving, first)
}

// Documents that name files long gone mislead: every path they name must exist.
func TestDocsNameWhatExists(t *testing.T) {
	named := 0
	for _, doc := range documents(t) {
		b, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range codeRE.FindAllStringSubmatch(string(b), -1) {
			if isPath(m[1]) {
				named++
				if !exists(m[1]) {
					t.Errorf("%s names `%s`, which does not exist", doc, m[1])
				}
			}
		}
		for _, m := range linkRE.FindAllStringSubmatch(string(b), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			named++
			if target := filepath.Join(filepath.Dir(doc), m[1]); !exists(target) {
				t.Errorf("%s links to %s, which does not exist", doc, target)
			}
		}
	}
	if named < 40 {
		t.Errorf("only %d paths were found: the test does not see them", named)
	}
}

// Documents that point to tests must point to tests that there are.
func TestDocsNameTestsThatExist(t *testing.T) {
	test := regexp.MustCompile(`\b(?:Test|Fuzz|Benchmark)[A-Z]\w+…?`)
	there := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		for line := range strings.Lines(string(b)) {
			if f, ok := strings.CutPrefix(line, "func "); ok {
				there[test.FindString(f)] = true
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, doc := range documents(t) {
		b, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range test.FindAllString(string(b), -1) {
			if strings.HasSuffix(name, "…") {
				continue // a pattern of names
			}
			named++
			if !there[name] {
				t.Errorf("%s names %s, which is no test", doc, name)
			}
		}
	}
	if named < 30 {
		t.Errorf("only %d names of tests were found: the test does not see them", named)
	}
}

// Each complaint has a test that is named for it, and each such test stands in the table.
func TestDocsShowComplaints(t *testing.T) {
	b, err := os.ReadFile("docs/complaints.md")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`\bTest(?:Real)?Complaint[A-Z]\w*`)
	rows := 0
	for line := range strings.Lines(string(b)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 6 || strings.Contains(line, "---") || strings.Contains(line, "what happens") {
			continue
		}
		if rows++; !name.MatchString(cells[4]) {
			t.Errorf("of %q no test is named for it, but%s", strings.TrimSpace(cells[1]), cells[4])
		}
	}
	if rows != 10 {
		t.Errorf("%d complaints, and the page says that there are ten", rows)
	}
	tests, err := filepath.Glob("*/complaint_test.go")
	if err != nil || len(tests) < 3 {
		t.Fatalf("%q: %v", tests, err)
	}
	for _, file := range tests {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if f, ok := strings.CutPrefix(line, "func "); ok && name.MatchString(f) && !strings.Contains(string(b), name.FindString(f)) {
				t.Errorf("docs/complaints.md does not name %s", name.FindString(f))
			}
		}
	}
}

// The README shows the smallest configuration as it is tested.
func TestDocsShowTheSmallestConfiguration(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	smallest, err := os.ReadFile("testdata/config/smallest.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), "```yaml\n"+string(smallest)+"```\n") {
		t.Error("the configuration in README.md is not testdata/config/smallest.yaml")
	}
}
