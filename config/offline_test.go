package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Who checks scripts where the files are edited has no secrets there: they are not asked for, and all else is said.
func TestOffline(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "ctid.yaml")
	text := `site: x
asterisk: {nodes: [{name: pbx, url: "http://127.0.0.1:8088", password_file: nosuch, ami: {address: "127.0.0.1:5038", user: x}}]}
databases: [{name: bank, driver: postgres, dsn_file: secrets/bank}]
ivr: {secrets: [{name: crm, file: secrets/crm}], nosuch: 1}
`
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(text)
	if _, found := Load(Options{File: file, Offline: true}); len(found) != 1 || !strings.Contains(found[0].Message, "nosuch") {
		t.Errorf("%v", found)
	}
	write(strings.Replace(text, ", nosuch: 1", "", 1))
	if c, found := Load(Options{File: file, Offline: true}); c == nil || len(found) != 0 {
		t.Errorf("%v", found)
	}
	if c, found := Load(Options{File: file}); c != nil || len(found) != 4 {
		t.Errorf("with secrets: %v", found)
	}
}
