package media

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"
)

func sumOf(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// A call whose set began with a recording hears it when the site has replaced it, over a restart too, until nobody needs it.
func TestKeptRecordings(t *testing.T) {
	var cfg Config
	r := newRig(t, "ok", func(c *Config) {
		cfg = *c
	})
	site := cfg.Sounds.(fstest.MapFS)
	old, oldWide := sumOf(site["sounds/en/hello.wav"].Data), sumOf(site["sounds/en/wide.wav"].Data)
	set := map[string]string{"sounds/en/hello.wav": old, "sounds/en/wide.wav": oldWide, "sounds/en/gone.wav": sumOf(nil)}
	if err := r.Keep(set); err != nil {
		t.Fatal(err)
	}
	r.one(Part{Name: "hello", Text: "Hello.", Lang: "en"}) // by name: the site's own file is known too
	site["sounds/en/hello.wav"] = &fstest.MapFile{Data: telephoneWAV(tone(500, 8000, 8000)), ModTime: time.Now()}
	delete(site, "sounds/en/wide.wav")
	hears := func(r *rig, sum string, want time.Duration) {
		t.Helper()
		m := r.one(Part{Name: "hello", Sum: sum, Text: "Hello.", Lang: "en"})
		if w := r.get("GET", m.Path, node); m.Duration != want || w.Code != 200 {
			t.Errorf("%+v, %d; want %s", m, w.Code, want)
		}
	}
	for range 20 { // either file may be looked at first
		hears(r, old, 500*time.Millisecond)
		hears(r, oldWide, time.Second) // converted
		hears(r, "", time.Second)
		hears(r, sumOf([]byte("another")), time.Second) // of which there is no copy
	}
	crashed := filepath.Join(cfg.CacheDir, keptDir, partial+"1")
	if err := os.WriteFile(crashed, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	next := &rig{Library: l, t: t, log: r.log}
	hears(next, old, 500*time.Millisecond)
	if err := next.Forget(map[string]bool{oldWide: true}); err != nil {
		t.Fatal(err)
	}
	hears(next, old, time.Second)
	files, err := filepath.Glob(filepath.Join(cfg.CacheDir, keptDir, "*"))
	if err != nil || len(files) != 1 || filepath.Base(files[0]) != oldWide+".wav" {
		t.Errorf("left %v, %v", files, err)
	}
	if err := os.Remove(files[0]); err != nil { // by somebody who makes room
		t.Fatal(err)
	}
	hears(next, oldWide, time.Second) // what the site has now
	if _, err := os.Stat(crashed); err == nil {
		t.Error("what a crash left is still there")
	}
}
