package media

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain lets this program stand in for the synthesiser: it "speaks" a tone whose length is the text's.
func TestMain(m *testing.M) {
	switch os.Getenv("SPEAKER") {
	case "":
		os.Exit(m.Run())
	case "fails":
		_, _ = os.Stderr.WriteString("no such voice\n")
		os.Exit(3)
	case "hangs":
		select {}
	case "floods":
		for {
			if _, err := os.Stdout.Write(make([]byte, 1<<20)); err != nil {
				os.Exit(1)
			}
		}
	}
	text, _ := io.ReadAll(os.Stdin)
	if f := os.Getenv("SPEAKER_COUNT"); f != "" {
		h, _ := os.OpenFile(f, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		_, _ = h.WriteString("x")
		_ = h.Close()
	}
	_, _ = os.Stdout.Write(wav(tone(440, rate*len(text)/100)))
}

func tone(hz float64, n int) []int16 {
	out := make([]int16, n)
	for i := range out {
		out[i] = int16(8000 * math.Sin(2*math.Pi*hz*float64(i)/rate))
	}
	return out
}

func newMedia(t *testing.T, speaker string, change func(*Config)) *Media {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Voices: []Voice{{"en", "en-gb"}}, Command: []string{exe}, Env: []string{"SPEAKER=" + speaker},
		CacheDir: t.TempDir(), Key: []byte("key"), Peers: []string{"192.0.2.1"}}
	if change != nil {
		change(&cfg)
	}
	m, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

func fetch(m *Media, path, from string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.RemoteAddr = from + ":5000"
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, r)
	return w
}

func TestSpokenOnceAndServed(t *testing.T) {
	count := filepath.Join(t.TempDir(), "count")
	m := newMedia(t, "speaks", func(c *Config) { c.Env = append(c.Env, "SPEAKER_COUNT="+count) })
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := m.Prepare(t.Context(), []Part{{Name: "hello", Text: "Good morning.", Lang: "en"}}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if b, _ := os.ReadFile(count); len(b) != 1 {
		t.Errorf("spoken %d times", len(b))
	}
	p, err := m.Prepare(t.Context(), []Part{{Text: "Good morning.", Lang: "en"}})
	if err != nil || len(p) != 1 || p[0].Duration < 100*time.Millisecond {
		t.Fatal(p, err)
	}
	w := fetch(m, p[0].Path, "192.0.2.1")
	if w.Code != 200 || w.Header().Get("Content-Type") != "audio/wav" || w.Header().Get("Cache-Control") != "max-age=3600" || checkWAV(w.Body.Bytes()) != nil {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	for path, want := range map[string]int{
		strings.Replace(p[0].Path, "/m/", "/m/0", 1): 404,
		"/m/../../etc/passwd":                        307,
		"/":                                          404,
		"/m/x/y.wav":                                 404,
	} {
		if w := fetch(m, path, "192.0.2.1"); w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
	if w := fetch(m, p[0].Path, "192.0.2.99"); w.Code != 403 {
		t.Errorf("a stranger got %d", w.Code)
	}
}

func TestPrivateIsNotKept(t *testing.T) {
	dir := t.TempDir()
	m := newMedia(t, "speaks", func(c *Config) { c.CacheDir = dir })
	p, err := m.Prepare(t.Context(), []Part{{Text: "Your balance is ten.", Lang: "en", Private: true}})
	if err != nil {
		t.Fatal(err)
	}
	if h := fetch(m, p[0].Path, "192.0.2.1").Header().Get("Cache-Control"); h != "no-store" {
		t.Errorf("cache control %q", h)
	}
	newMedia(t, "speaks", func(c *Config) { c.CacheDir = dir })
	if left, _ := filepath.Glob(filepath.Join(dir, "*.wav")); len(left) != 0 {
		t.Errorf("kept over a restart: %v", left)
	}
}

func TestRecordingGoesBeforeSpeech(t *testing.T) {
	sounds := t.TempDir()
	if err := errors.Join(os.MkdirAll(filepath.Join(sounds, "en"), 0o700),
		os.WriteFile(filepath.Join(sounds, "en", "hello.wav"), wav(tone(300, 800)), 0o600),
		os.WriteFile(filepath.Join(sounds, "en", "bad.wav"), []byte("no sound"), 0o600)); err != nil {
		t.Fatal(err)
	}
	m := newMedia(t, "fails", func(c *Config) { c.Sounds = sounds })
	p, err := m.Prepare(t.Context(), []Part{{Name: "hello", Text: "x", Lang: "en"}})
	if err != nil || p[0].Duration != 100*time.Millisecond || fetch(m, p[0].Path, "192.0.2.1").Code != 200 {
		t.Errorf("%v %v", p, err)
	}
	_, err = m.Prepare(t.Context(), []Part{{Name: "bad", Text: "x", Lang: "en"}})
	if err == nil || !strings.Contains(err.Error(), "bad.wav: it is no WAV file") {
		t.Error(err)
	}
}

func TestWhatCannotBeMade(t *testing.T) {
	for _, tt := range []struct{ speaker, want string }{
		{"fails", "no such voice"}, {"hangs", "longer than"}, {"floods", "more than"},
	} {
		m := newMedia(t, tt.speaker, func(c *Config) { c.Timeout = 2 * time.Second })
		p, err := m.Prepare(t.Context(), []Part{{Text: "Hello.", Lang: "en"}})
		if len(p) != 0 || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.speaker, err)
		}
	}
	m := newMedia(t, "speaks", nil)
	if _, err := m.Prepare(t.Context(), []Part{{Text: "x", Lang: "zh"}}); !errors.Is(err, ErrNoVoice) {
		t.Error(err)
	}
	if _, err := m.Prepare(t.Context(), []Part{{Text: strings.Repeat("x", 2001), Lang: "en"}}); !errors.Is(err, ErrTooLong) {
		t.Error(err)
	}
	p, err := m.Prepare(t.Context(), []Part{{Text: "one", Lang: "zh"}, {Text: "two", Lang: "en"}})
	if len(p) != 1 || err == nil {
		t.Error("what can be played must be played all the same", p, err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Prepare(gone, []Part{{Text: "never spoken before", Lang: "en"}}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestCacheIsTakenOverAndBounded(t *testing.T) {
	dir := t.TempDir()
	m := newMedia(t, "speaks", func(c *Config) { c.CacheDir = dir })
	if _, err := m.Prepare(t.Context(), []Part{{Text: "Once.", Lang: "en"}}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "making-1"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	m = newMedia(t, "fails", func(c *Config) { c.CacheDir = dir })
	if _, err := m.Prepare(t.Context(), []Part{{Text: "Once.", Lang: "en"}}); err != nil {
		t.Error("the cache was not taken over:", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "making-1")); err == nil {
		t.Error("a broken file was left")
	}
	m = newMedia(t, "speaks", func(c *Config) { c.MaxCache = 10_000 })
	for _, text := range []string{strings.Repeat("a", 50), strings.Repeat("b", 50), strings.Repeat("c", 50)} {
		if _, err := m.Prepare(t.Context(), []Part{{Text: text, Lang: "en"}}); err != nil {
			t.Fatal(err)
		}
	}
	if m.size > 10_000 {
		t.Errorf("%d bytes are kept", m.size)
	}
}

// A tone below the limit passes, one above it is gone.
func TestResample(t *testing.T) {
	for hz, passes := range map[float64]bool{400: true, 3000: true, 5000: false, 9000: false} {
		in := make([]int16, 22050)
		for i := range in {
			in[i] = int16(10000 * math.Sin(2*math.Pi*hz*float64(i)/22050))
		}
		out := resample(in, 22050, rate)
		var e float64
		for _, s := range out[800 : len(out)-800] {
			e += float64(s) * float64(s)
		}
		rms := math.Sqrt(e / float64(len(out)-1600))
		if passes && math.Abs(rms-7071) > 200 || !passes && rms > 100 {
			t.Errorf("%g Hz: rms %.0f", hz, rms)
		}
	}
}

func FuzzReadWAV(f *testing.F) {
	f.Add(wav(tone(440, 100)))
	f.Add([]byte("RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		pcm, _, err := readWAV(b)
		if err == nil && 2*len(pcm) > len(b) {
			t.Error("more samples than bytes")
		}
	})
}
