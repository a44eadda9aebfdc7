package media

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

func TestOneEngineForManyCallers(t *testing.T) {
	r := newRig(t, "ok", nil)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := r.Prepare(t.Context(), []Part{{Text: "Hello.", Lang: "en"}}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(r.spoken()); n != 1 {
		t.Errorf("spoken %d times", n)
	}
}

// The caller who had it spoken hangs up; another who waits for the same text gets it all the same.
func TestLeaderGivesUp(t *testing.T) {
	r := newRig(t, "ok", nil)
	r.hang(true)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	first, second := make(chan error, 1), make(chan error, 1)
	ask := func(ctx context.Context, to chan error) {
		_, err := r.Prepare(ctx, []Part{{Text: "Hello.", Lang: "en"}})
		to <- err
	}
	go ask(ctx, first)
	r.until(func() bool { return len(r.spoken()) == 1 })
	go ask(t.Context(), second)
	r.hang(false)
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := <-second; err != nil {
		t.Error(err)
	}
}

// Private speech is never on disk, and its path does not give the text away.
func TestPrivateSpeechStaysInMemory(t *testing.T) {
	r := newRig(t, "ok", nil)
	m := r.one(Part{Text: "Your balance is 5.", Lang: "en", Private: true})
	files, err := os.ReadDir(r.cfg.CacheDir)
	if err != nil || len(files) != 0 {
		t.Errorf("%v, %v", files, err)
	}
	if !m.Private || strings.Contains(m.Path, r.speechID(r.cfg.Voices[0], "Your balance is 5.", false)) {
		t.Errorf("%+v", m)
	}
	w := r.get("GET", m.Path, node)
	if got, err := parseWAV(w.Body.Bytes()); err != nil || !got.telephone() {
		t.Errorf("%v", err)
	}
}

func TestCacheIsBounded(t *testing.T) {
	r := newRig(t, "ok", func(c *Config) { c.CacheMax = 50_000 })
	first := r.one(Part{Text: "aaaaaaaaaa", Lang: "en"}) // 16,044 bytes each
	for _, s := range []string{"bbbbbbbbbb", "cccccccccc", "dddddddddd"} {
		r.one(Part{Text: s, Lang: "en"})
	}
	files, err := os.ReadDir(r.cfg.CacheDir)
	if err != nil || len(files) != 3 {
		t.Errorf("%d files, %v", len(files), err)
	}
	if w := r.get("GET", first.Path, node); w.Code != 404 {
		t.Errorf("the oldest is still there: %d", w.Code)
	}
	again := newRig(t, "ok", func(c *Config) { c.CacheDir, c.CacheMax = r.cfg.CacheDir, 20_000 })
	if files, err = os.ReadDir(r.cfg.CacheDir); err != nil || len(files) != 1 || len(again.cache.kept) != 1 {
		t.Errorf("%d files after the bound fell, %v", len(files), err)
	}
}

func TestReplacedRecordingIsGone(t *testing.T) {
	sounds := fstest.MapFS{"sounds/en/a.wav": {Data: telephoneWAV(tone(500, 8000, 800))}}
	r := newRig(t, "ok", func(c *Config) { c.Sounds = sounds })
	old := r.one(Part{Name: "a", Text: "A.", Lang: "en"})
	sounds["sounds/en/a.wav"] = &fstest.MapFile{Data: telephoneWAV(tone(600, 8000, 900))}
	if w := r.get("GET", old.Path, node); w.Code != 404 {
		t.Errorf("the old path gives the new sound: %d", w.Code)
	}
	if m := r.one(Part{Name: "a", Text: "A.", Lang: "en"}); m.Path == old.Path {
		t.Error("a replaced recording has its old path")
	}
}

func TestPrecompute(t *testing.T) {
	r := newRig(t, "ok", nil)
	err := r.Precompute(t.Context(), []Part{{Text: "Hello.", Lang: "en"}, {Text: "Secret.", Lang: "en", Private: true}, {Text: "x", Lang: "fr"}})
	if err == nil || !strings.Contains(err.Error(), "no voice for fr") || len(r.spoken()) != 1 {
		t.Errorf("%v, spoken %v", err, r.spoken())
	}
}
