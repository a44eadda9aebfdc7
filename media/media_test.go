package media

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"
)

// TestMain lets the test binary stand in for the speech engine.
func TestMain(m *testing.M) {
	if os.Getenv("FAKE_ENGINE") != "" {
		os.Exit(fakeEngine())
	}
	os.Exit(m.Run())
}

// fakeEngine notes its arguments and what it is to say, and speaks a tone of 22,050 Hz, a tenth of a second a character.
func fakeEngine() int {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return 1
	}
	f, err := os.OpenFile(os.Getenv("FAKE_LOG"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 1
	}
	fmt.Fprintf(f, "%q %q\n", os.Args[1:], text)
	if f.Close() != nil {
		return 1
	}
	if _, err := os.Stat(os.Getenv("FAKE_LOG") + ".hang"); err == nil {
		if syscall.Kill(os.Getpid(), syscall.SIGSTOP) != nil {
			return 1
		}
	}
	switch os.Getenv("FAKE_ENGINE") {
	case "fail":
		fmt.Fprintln(os.Stderr, "no such voice")
		return 3
	case "garbage":
		fmt.Println("not a sound")
		return 0
	case "endless":
		for {
			if _, err := os.Stdout.Write(make([]byte, 1<<16)); err != nil {
				return 1
			}
		}
	}
	b := telephoneWAV(tone(1000, 22050, 2205*len(strings.TrimSpace(string(text)))))
	binary.LittleEndian.PutUint32(b[24:], 22050)
	binary.LittleEndian.PutUint32(b[40:], 0x7ffff000) // as an engine that writes to a pipe
	out := os.Stdout
	if name := os.Getenv("FAKE_OUT"); name != "" {
		if out, err = os.OpenFile(name, os.O_RDWR|os.O_TRUNC, 0); err != nil {
			return 1
		}
	}
	if _, err := out.Write(b); err != nil {
		return 1
	}
	return 0
}

func tone(hz float64, rate, n int) []int16 {
	out := make([]int16, n)
	for i := range out {
		out[i] = int16(10000 * math.Sin(2*math.Pi*hz*float64(i)/float64(rate)))
	}
	return out
}

type rig struct {
	*Library
	t   *testing.T
	log string
}

func newRig(t *testing.T, mode string, change func(*Config)) *rig {
	t.Helper()
	r := &rig{t: t, log: filepath.Join(t.TempDir(), "log")}
	cfg := Config{
		Voices: []Voice{{Lang: "en", Voice: "en-gb"}, {Lang: "en", Name: "amy", Voice: "en-us"}, {Lang: "zh", Voice: "cmn"}, {Lang: "en", Engine: Flite, Voice: "slt"}},
		Programs: map[string]Program{
			Espeak: {[]string{os.Args[0], "-prefix"}, []string{"FAKE_ENGINE=" + mode, "FAKE_LOG=" + r.log}},
			Flite:  {[]string{os.Args[0]}, []string{"FAKE_ENGINE=" + mode, "FAKE_LOG=" + r.log, "FAKE_OUT=/dev/fd/3"}}},
		CacheDir: filepath.Join(t.TempDir(), "cache"), Key: []byte("0123456789abcdef"),
		Nodes: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, Timeout: 20 * time.Second,
		Sounds: fstest.MapFS{
			"sounds/en/hello.wav": {Data: telephoneWAV(tone(500, 8000, 4000))},
			"sounds/en/wide.wav":  {Data: wide()},
			"sounds/en/text.wav":  {Data: []byte("hello")},
		},
	}
	if change != nil {
		change(&cfg)
	}
	l, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.Library = l
	return r
}

func wide() []byte {
	b := telephoneWAV(tone(500, 44100, 44100))
	binary.LittleEndian.PutUint32(b[24:], 44100)
	return b
}

func (r *rig) spoken() []string {
	b, err := os.ReadFile(r.log)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		r.t.Fatal(err)
	}
	if len(b) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSpace(string(b)), "\n")
}

func (r *rig) one(p Part) Media {
	r.t.Helper()
	ms, err := r.Prepare(r.t.Context(), []Part{p})
	if err != nil || len(ms) != 1 {
		r.t.Fatalf("%v, %v", ms, err)
	}
	return ms[0]
}

func (r *rig) get(method, path, from string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, "http://x"+path, nil)
	req.RemoteAddr = from
	w := httptest.NewRecorder()
	r.Handler().ServeHTTP(w, req)
	return w
}

const node = "127.0.0.1:4711"

func TestRecordingComesBeforeSpeech(t *testing.T) {
	r := newRig(t, "ok", nil)
	m := r.one(Part{Name: "hello", Text: "Hello.", Lang: "en"})
	if m.Duration != 500*time.Millisecond || m.Private || len(r.spoken()) != 0 {
		t.Errorf("%+v, spoken %v", m, r.spoken())
	}
	w := r.get("GET", m.Path, node)
	sum := sha256.Sum256(w.Body.Bytes())
	if w.Code != 200 || !strings.Contains(m.Path, hex.EncodeToString(sum[:])) {
		t.Errorf("%d, %s", w.Code, m.Path)
	}
	if m := r.one(Part{Name: "greeting", File: "hello", Text: "Hello.", Lang: "en"}); len(r.spoken()) != 0 || m.Name != "greeting" {
		t.Errorf("file: was not used: %+v", m)
	}
}

// A recording in another form is converted; one that is no sound is spoken, and told; without a voice it is left out.
func TestRecordingsThatAreNotAsTheyShouldBe(t *testing.T) {
	r := newRig(t, "ok", nil)
	parts := []Part{{Name: "wide", Text: "x", Lang: "en"}, {Name: "hello", Text: "Hello.", Lang: "en"}, {Name: "text", Text: "ten letter", Lang: "en"}}
	ms, err := r.Prepare(t.Context(), parts)
	if len(ms) != 3 || err == nil || !strings.Contains(err.Error(), "not a WAV") || len(r.spoken()) != 1 {
		t.Fatalf("%v, %v, %v", ms, err, r.spoken())
	}
	if ms[0].Duration != time.Second || ms[2].Duration != time.Second {
		t.Errorf("the converted lasts %s, the spoken %s", ms[0].Duration, ms[2].Duration)
	}
	w, err := parseWAV(r.get("GET", ms[0].Path, node).Body.Bytes())
	if err != nil || !w.telephone() || len(w.data) != 16000 {
		t.Errorf("%v, %d bytes", err, len(w.data))
	}
	if err := os.RemoveAll(r.cfg.CacheDir); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(r.cfg.CacheDir, 0o700); err != nil {
		t.Fatal(err)
	}
	if m := r.one(parts[0]); r.get("GET", m.Path, node).Code != 200 {
		t.Error("a converted recording does not come back")
	}
	ms, err = newRig(t, "ok", func(c *Config) { c.Voices = nil }).Prepare(t.Context(), parts)
	if len(ms) != 2 || err == nil || !strings.Contains(err.Error(), "no voice for en") {
		t.Errorf("%v, %v", ms, err)
	}
}

func TestNamesCannotLeaveTheFolder(t *testing.T) {
	r := newRig(t, "ok", nil)
	for _, p := range []Part{{Name: "../en/hello", Lang: "en", Text: "a"}, {Name: "hello", Lang: "../sounds/en", Text: "b"}} {
		if _, found, err := r.recording(p); found || err != nil {
			t.Errorf("%+v: %v, %v", p, found, err)
		}
	}
}

func TestSpeech(t *testing.T) {
	r := newRig(t, "ok", nil)
	m := r.one(Part{Text: "ten letter", Lang: "en"})
	if m.Duration != time.Second {
		t.Errorf("lasts %s", m.Duration)
	}
	r.one(Part{Text: "ten letter", Lang: "en"})
	r.one(Part{Text: "--help [[x]]\n", Lang: "en", Voice: "amy"})
	r.one(Part{Text: "你好", Lang: "zh"})
	want := []string{
		`["-prefix" "-v" "en-gb" "-b" "1" "--stdin" "--stdout"] "ten letter\n"`,
		`["-prefix" "-v" "en-us" "-b" "1" "--stdin" "--stdout"] "--help [ [x]]\n"`,
		`["-prefix" "-v" "cmn" "-b" "1" "--stdin" "--stdout"] "你好\n"`,
	}
	if got := r.spoken(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	// A new library finds what the folder holds.
	again := newRig(t, "fail", func(c *Config) { c.CacheDir = r.cfg.CacheDir })
	if m2 := again.one(Part{Text: "ten letter", Lang: "en"}); m2.Path != m.Path || m2.Duration != m.Duration {
		t.Errorf("%+v is not %+v", m2, m)
	}
}

func TestEngineFailures(t *testing.T) {
	for mode, want := range map[string]string{"fail": "no such voice", "garbage": "gave no sound", "endless": "more sound"} {
		ms, err := newRig(t, mode, nil).Prepare(t.Context(), []Part{{Text: "Hello.", Lang: "en"}, {Name: "hello", Text: "Hello.", Lang: "en"}})
		if len(ms) != 1 || err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "espeak-ng cannot speak en with the voice en-gb") {
			t.Errorf("%s: %v, %v", mode, ms, err)
		}
	}
	for name, change := range map[string]func(*Config){
		"missing": func(c *Config) { c.Programs = map[string]Program{Espeak: {Command: []string{"/nonexistent/engine"}}} },
		"long":    func(c *Config) { c.MaxText = 3 },
		"voice":   func(c *Config) { c.Voices = nil },
	} {
		if _, err := newRig(t, "ok", change).Prepare(t.Context(), []Part{{Text: "Hello.", Lang: "en"}}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestSlowEngineIsStopped(t *testing.T) {
	r := newRig(t, "ok", func(c *Config) { c.Timeout = 300 * time.Millisecond })
	r.hang(true)
	ms, err := r.Prepare(t.Context(), []Part{{Text: "Hello.", Lang: "en"}, {Name: "hello", Lang: "en"}, {Text: "Not asked again.", Lang: "en"}})
	if !errors.Is(err, errSlow) || len(ms) != 1 || len(r.spoken()) != 1 {
		t.Errorf("%v, %v, spoken %v", ms, err, r.spoken())
	}
}

func (r *rig) hang(on bool) {
	r.t.Helper()
	err := os.Remove(r.log + ".hang")
	if on {
		err = os.WriteFile(r.log+".hang", nil, 0o600)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) until(cond func() bool) {
	r.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(20 * time.Second)
	for !cond() {
		select {
		case <-tick.C:
		case <-late:
			r.t.Fatal("it never came to be")
		}
	}
}

func TestHandler(t *testing.T) {
	r := newRig(t, "ok", nil)
	fixed, private := r.one(Part{Name: "greet", Text: "Hello.", Lang: "en"}), r.one(Part{Text: "Hello Ms Chan.", Lang: "en", Private: true})
	for _, c := range []struct {
		method, path, from string
		code               int
	}{
		{"GET", fixed.Path, node, 200}, {"HEAD", fixed.Path, node, 200}, {"GET", private.Path, "[::ffff:127.0.0.1]:9", 200},
		{"GET", fixed.Path, "192.0.2.1:4711", 403}, {"GET", fixed.Path, "nonsense", 403},
		{"POST", fixed.Path, node, 405}, {"DELETE", fixed.Path, node, 405},
		{"GET", "/", node, 404}, {"GET", fixed.Path + "x", node, 404},
		{"GET", "/m/" + strings.Repeat("0", 32) + fixed.Path[35:], node, 404},
		{"GET", "/m/" + r.token(strings.Repeat("0", 64)) + "/" + strings.Repeat("0", 64) + ".wav", node, 404},
	} {
		if w := r.get(c.method, c.path, c.from); w.Code != c.code {
			t.Errorf("%s %s from %s: %d, want %d", c.method, c.path, c.from, w.Code, c.code)
		}
	}
	w := r.get("HEAD", fixed.Path, node)
	h := w.Header()
	if h.Get("Content-Type") != "audio/wav" || h.Get("Cache-Control") != "max-age=3600" || h.Get("ETag") == "" || w.Body.Len() != 0 ||
		h.Get("Content-Length") != fmt.Sprint(44+2*int(fixed.Duration.Seconds()*8000)) {
		t.Errorf("%v", h)
	}
	if h := r.get("GET", private.Path, node).Header(); h.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", h)
	}
	req := httptest.NewRequest("GET", "http://x"+fixed.Path, nil)
	req.RemoteAddr = node
	req.Header.Set("If-None-Match", h.Get("ETag"))
	w = httptest.NewRecorder()
	if r.Handler().ServeHTTP(w, req); w.Code != http.StatusNotModified {
		t.Errorf("known ETag: %d", w.Code)
	}
}

func TestConfigIsChecked(t *testing.T) {
	for name, c := range map[string]Config{
		"engine": {Voices: []Voice{{Lang: "en", Engine: "festival", Voice: "x"}}},
		"option": {Voices: []Voice{{Lang: "en", Voice: "--path=/"}}},
		"flite":  {Voices: []Voice{{Lang: "en", Engine: Flite, Voice: "amy"}}},
		"url":    {Voices: []Voice{{Lang: "en", Engine: URL, Voice: "amy"}}},
		"key":    {Key: []byte("short")},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
