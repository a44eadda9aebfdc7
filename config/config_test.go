package config

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const data = "../testdata/config"

// password gives the node "pbx" of the test files its password.
func password(t *testing.T) { t.Setenv("CTID_ASTERISK_PBX_PASSWORD", "swordfish") }

func load(t *testing.T, file string) *Config {
	t.Helper()
	c, fs := Load(Options{File: file})
	if c == nil {
		t.Fatalf("%s: %v", file, fs)
	}
	return c
}

// Each bad file says in its first line where which error must be found: no more, no fewer.
func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob(data + "/bad/*.yaml")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d bad files: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			password(t)
			t.Setenv("CTID_IVR_DIR", data+"/ivr")
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(b), "\n")
			want := strings.Split(strings.TrimPrefix(first, "# want: "), ";")
			c, fs := Load(Options{File: file})
			if c != nil {
				t.Fatal("it was taken for good")
			}
			var got []Finding
			for _, f := range fs {
				if f.Severity == Error {
					got = append(got, f)
				}
			}
			if len(got) != len(want) {
				t.Fatalf("want %q, got %v", want, got)
			}
			for i, w := range want {
				check(t, file, w, got[i])
			}
		})
	}
}

// check holds a finding against `line:column CODE fragment`.
func check(t *testing.T, file, want string, got Finding) {
	t.Helper()
	w := strings.SplitN(strings.TrimSpace(want), " ", 3)
	head := fmt.Sprintf("%s:%s: error %s: ", file, w[0], w[1])
	if s := got.String(); !strings.HasPrefix(s, head) || len(w) == 3 && !strings.Contains(s, w[2]) {
		t.Errorf("want %s …%s…\n got %s", head, w[2:], s)
	}
}

// Every code that the package can give is proven by a bad file, or below.
func TestEveryCodeHasABadFile(t *testing.T) {
	elsewhere := map[string]bool{"CFG001": true, "CFG050": true, "CFG051": true, "CFG052": true, "CFG053": true, "CFG054": true}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	proven := map[string]bool{}
	re := regexp.MustCompile(`CFG\d{3}`)
	bad, err := filepath.Glob(data + "/bad/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range bad {
		for _, c := range re.FindAllString(read(t, f), -1) {
			proven[c] = true
		}
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		for _, c := range re.FindAllString(strings.ReplaceAll(read(t, f), "// CFG001 …", ""), -1) {
			if !proven[c] && !elsewhere[c] {
				t.Errorf("%s gives %s, and no file in %s/bad proves it", f, c, data)
			}
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
