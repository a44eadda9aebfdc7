package desktop

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"strings"
	"testing"
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
	if len(listed) < 5 {
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
	for _, bad := range []string{"innerHTML", "dangerouslySetInnerHTML", "eval("} {
		for _, f := range []string{"client.js", "desk.js", "views.js", "pop.js"} {
			if b, _ := fs.ReadFile(Files(), f); bytes.Contains(b, []byte(bad)) {
				t.Errorf("%s uses %s", f, bad)
			}
		}
	}
}
