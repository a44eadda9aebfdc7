package desktop

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"ctid"
)

// The libraries are the files that scripts/vendor.sh fetched, and no others lie beside them.
func TestVendorHashes(t *testing.T) {
	sums, err := fs.ReadFile(Files(), "vendor/SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{"SHA256SUMS": true}
	for lines := bufio.NewScanner(bytes.NewReader(sums)); lines.Scan(); {
		want, name, ok := strings.Cut(lines.Text(), "  ")
		if !ok {
			t.Fatalf("line %q", lines.Text())
		}
		listed[name] = true
		b, err := fs.ReadFile(Files(), "vendor/"+name)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := sha256.Sum256(b); hex.EncodeToString(got[:]) != want {
			t.Errorf("vendor/%s was changed: run scripts/vendor.sh", name)
		}
	}
	entries, err := fs.ReadDir(Files(), "vendor")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !listed[e.Name()] {
			t.Errorf("vendor/%s has no hash", e.Name())
		}
	}
	if len(listed) < 7 {
		t.Errorf("only %d files listed", len(listed))
	}
}

// The reference reducer stays small enough to be read at one sitting.
func TestClientIsSmall(t *testing.T) {
	b, err := fs.ReadFile(Files(), "client.js")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(b, []byte("\n")); n > 600 {
		t.Errorf("client.js has %d lines, more than 600", n)
	}
}

// Whatever a caller or a colleague sends is text: no file of the page makes markup of a string, or code.
func TestNoMarkupFromStrings(t *testing.T) {
	names, err := fs.Glob(Files(), "*.js")
	if err != nil || len(names) < 20 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	for _, name := range names {
		b, err := fs.ReadFile(Files(), name)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "dangerouslySetInnerHTML", "document.write", "eval(", "new Function"} {
			if bytes.Contains(b, []byte(bad)) {
				t.Errorf("%s uses %s", name, bad)
			}
		}
	}
}

// Each word that the page asks for is in the table once; each error code has its sentence, each op of a call its button.
func TestWords(t *testing.T) {
	table := map[string]bool{}
	en, err := fs.ReadFile(Files(), "en.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`"([a-z_0-9.-]+)": "`).FindAllStringSubmatch(string(en), -1) {
		if table[m[1]] {
			t.Errorf("%s is there twice", m[1])
		}
		table[m[1]] = true
	}
	if len(table) < 200 {
		t.Fatalf("only %d words found", len(table))
	}
	names, err := fs.Glob(Files(), "*.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		b, err := fs.ReadFile(Files(), name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\b(?:t|parts)\("([^"]+)"[,)]`).FindAllStringSubmatch(string(b), -1) {
			if !table[m[1]] {
				t.Errorf("%s asks for %s, which has no words", name, m[1])
			}
		}
	}
	for _, c := range ctid.Codes {
		if c.Code != ctid.AlreadyDone && !table["error."+string(c.Code)] {
			t.Errorf("error %s has no words", c.Code)
		}
	}
	for _, op := range ctid.ControlOps {
		if !table["do."+op] {
			t.Errorf("%s has no words", op)
		}
	}
}
