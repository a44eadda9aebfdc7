// Package media turns prompts into sound files that Asterisk fetches over plain HTTP: a recording of the site's if there
// is one, else speech made by a local engine. It knows nothing of scripts or calls.
package media

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Part is one piece of a prompt: a recording by name if the site has it in that language, else the text is spoken.
type Part struct {
	Name    string // finds sounds/<lang>/<name>.wav; empty: always spoken
	File    string // the recording's base name, if it is not Name
	Text    string
	Lang    string
	Voice   string // name of a voice; empty: the first voice for Lang
	Private bool   // tells something about the caller: kept in memory only, and never cached by the PBX
}

// Voice is a way to speak a language.
type Voice struct {
	Lang   string
	Name   string // by which a script asks for it; empty: Voice
	Engine string // espeak-ng, the default and only one
	Voice  string // the engine's own name for it, as in en-gb or cmn
}

// Config says where recordings are and how the rest is spoken. The zero of a limit is its default.
type Config struct {
	Sounds   fs.FS         // holds sounds/<lang>/<name>.wav, 8000 Hz mono 16 bit; nil: no recordings
	Voices   []Voice       // in order of preference
	Command  []string      // the engine with arguments that come first; espeak-ng
	Env      []string      // the engine's environment; PATH and a UTF-8 locale
	CacheDir string        // for speech that is the same for every caller; made if it is missing; empty: memory only
	CacheMax int64         // bytes kept there; 256 MiB
	MaxText  int           // characters spoken at once; 2,000
	Timeout  time.Duration // for the engine, with one text; 5 s
	Engines  int           // engines at work at once; 2
	Key      []byte        // makes the paths unguessable, at least 16 bytes; empty: random, so that a restart makes new paths
	Nodes    []netip.Addr  // the only addresses that are answered
}

// Media is a sound file, ready to be fetched.
type Media struct {
	Path     string // /m/<hmac>/<sha256>.wav, below the address of the listener
	Name     string
	Text     string
	Duration time.Duration
	Private  bool
}

// Library makes and keeps sound files. It is safe for concurrent use and owns no goroutine.
type Library struct {
	cfg    Config
	slots  chan struct{}
	cache  *cache
	nodes  map[netip.Addr]bool
	mu     sync.Mutex
	flight map[string]*flight
	sounds map[string]clip // recordings by their path, with the size and time they had
}

// flight is one text being spoken now; others who want it wait for it.
type flight struct {
	done chan struct{}
	c    clip
	err  error
}

// clip is a sound in the cache, or a recording.
type clip struct {
	id   string // 64 hex digits
	dur  time.Duration
	size int64
	mod  time.Time
}

// New makes a library.
func New(cfg Config) (*Library, error) {
	def := func(n *int, d int) {
		if *n <= 0 {
			*n = d
		}
	}
	def(&cfg.MaxText, 2000)
	def(&cfg.Engines, 2)
	if cfg.Timeout <= 0 {
		cfg.Timeout = 5 * time.Second
	}
	if cfg.CacheMax <= 0 {
		cfg.CacheMax = 256 << 20
	}
	if len(cfg.Command) == 0 {
		cfg.Command = []string{"espeak-ng"}
	}
	for i, v := range cfg.Voices {
		if v.Engine != "" && v.Engine != "espeak-ng" {
			return nil, fmt.Errorf("voice %d (%s): there is no engine %q; espeak-ng is the one", i+1, v.Lang, v.Engine)
		}
		if !engineVoice.MatchString(v.Voice) || v.Lang == "" {
			return nil, fmt.Errorf("voice %d (%s): %q is no name of an engine's voice; write one such as en-gb or cmn", i+1, v.Lang, v.Voice)
		}
	}
	switch {
	case len(cfg.Key) == 0:
		cfg.Key = make([]byte, 32)
		if _, err := rand.Read(cfg.Key); err != nil {
			return nil, fmt.Errorf("media: no random key: %w", err)
		}
	case len(cfg.Key) < 16:
		return nil, fmt.Errorf("media: the key has %d bytes; it needs at least 16", len(cfg.Key))
	}
	c, err := newCache(cfg.CacheDir, cfg.CacheMax)
	if err != nil {
		return nil, err
	}
	l := &Library{cfg: cfg, slots: make(chan struct{}, cfg.Engines), cache: c, nodes: map[netip.Addr]bool{}, flight: map[string]*flight{}, sounds: map[string]clip{}}
	for _, a := range cfg.Nodes {
		l.nodes[a.Unmap().WithZone("")] = true
	}
	return l, nil
}

var (
	engineVoice = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]{0,63}$`)
	baseName    = regexp.MustCompile(`^[\pL\pN_][\pL\pM\pN_-]{0,63}$`)
)

// Prepare makes the parts ready, in order. Those that cannot be had are left out, and the error says which and why: the
// caller goes on without them.
func (l *Library) Prepare(ctx context.Context, parts []Part) ([]Media, error) {
	var out []Media
	var errs []error
	for _, p := range parts {
		c, err := l.one(ctx, p)
		if err != nil {
			name := p.Name
			if name == "" {
				name = "a text to say"
			}
			errs = append(errs, fmt.Errorf("prompt %s (%s): %w", name, p.Lang, err))
			continue
		}
		out = append(out, Media{Path: l.path(c.id), Name: p.Name, Text: p.Text, Duration: c.dur, Private: p.Private})
	}
	return out, errors.Join(errs...)
}

// Precompute makes ready what is the same for every caller, so that the first one need not wait.
func (l *Library) Precompute(ctx context.Context, parts []Part) error {
	var errs []error
	for _, p := range parts {
		if ctx.Err() != nil {
			return errors.Join(append(errs, ctx.Err())...)
		}
		if !p.Private {
			_, err := l.Prepare(ctx, []Part{p})
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (l *Library) one(ctx context.Context, p Part) (clip, error) {
	if c, ok, err := l.recording(p); ok || err != nil {
		return c, err
	}
	return l.speech(ctx, p)
}

// recording finds sounds/<lang>/<name>.wav. A file that is there but not as it must be is an error, not a reason to speak.
func (l *Library) recording(p Part) (clip, bool, error) {
	base := p.File
	if base == "" {
		base = p.Name
	}
	if l.cfg.Sounds == nil || base == "" || !baseName.MatchString(base) || !baseName.MatchString(p.Lang) {
		return clip{}, false, nil
	}
	file := "sounds/" + p.Lang + "/" + base + ".wav"
	st, err := fs.Stat(l.cfg.Sounds, file)
	if errors.Is(err, fs.ErrNotExist) {
		return clip{}, false, nil
	}
	if err != nil {
		return clip{}, false, fmt.Errorf("%s: %w", file, err)
	}
	l.mu.Lock()
	known, ok := l.sounds[file]
	l.mu.Unlock()
	if ok && known.size == st.Size() && known.mod.Equal(st.ModTime()) {
		return known, true, nil
	}
	if st.Size() > maxWAV {
		return clip{}, false, fmt.Errorf("%s: %d bytes is too large; %d MiB are the most", file, st.Size(), maxWAV>>20)
	}
	data, err := fs.ReadFile(l.cfg.Sounds, file)
	if err != nil {
		return clip{}, false, fmt.Errorf("%s: %w", file, err)
	}
	w, err := parseWAV(data)
	if err == nil {
		err = w.telephone()
	}
	if err != nil {
		return clip{}, false, fmt.Errorf("%s: %w", file, err)
	}
	sum := sha256.Sum256(data)
	c := clip{hex.EncodeToString(sum[:]), w.duration(), st.Size(), st.ModTime()}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sounds[file] = c
	return c, true, nil
}

// speech finds the spoken text in the cache, or has it spoken; whoever wants the same text meanwhile waits for it.
func (l *Library) speech(ctx context.Context, p Part) (clip, error) {
	v, ok := l.voice(p)
	if !ok {
		return clip{}, fmt.Errorf("there is no recording and no voice for %s; record it, or add a voice", p.Lang)
	}
	text := strings.TrimSpace(p.Text)
	switch n := utf8.RuneCountInString(text); {
	case text == "":
		return clip{}, errors.New("there is nothing to say")
	case n > l.cfg.MaxText:
		return clip{}, fmt.Errorf("the text has %d characters; %d are the most", n, l.cfg.MaxText)
	}
	id := l.speechID(v, text, p.Private)
	for {
		if c, ok := l.cache.find(id); ok {
			return c, nil
		}
		l.mu.Lock()
		f, running := l.flight[id]
		if !running {
			f = &flight{done: make(chan struct{})}
			l.flight[id] = f
		}
		l.mu.Unlock()
		if !running {
			l.lead(ctx, f, id, v, text, p.Private)
			return f.c, f.err
		}
		select {
		case <-ctx.Done():
			return clip{}, ctx.Err()
		case <-f.done:
		}
		// The one who had it spoken gave up; that is no reason for us to.
		if errors.Is(f.err, context.Canceled) || errors.Is(f.err, context.DeadlineExceeded) {
			continue
		}
		return f.c, f.err
	}
}

func (l *Library) lead(ctx context.Context, f *flight, id string, v Voice, text string, private bool) {
	defer close(f.done)
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.flight, id)
	}()
	var data []byte
	if data, f.err = l.speak(ctx, v, text); f.err == nil {
		f.c, f.err = l.cache.put(id, data, private)
	}
}

func (l *Library) voice(p Part) (Voice, bool) {
	var first *Voice
	for i, v := range l.cfg.Voices {
		if v.Lang != p.Lang {
			continue
		}
		if p.Voice != "" && (v.Name == p.Voice || v.Name == "" && v.Voice == p.Voice) {
			return v, true
		}
		if first == nil {
			first = &l.cfg.Voices[i]
		}
	}
	if first == nil {
		return Voice{}, false
	}
	return *first, true
}

// speechID names a spoken text. A private one is named with the key, so that its name does not give the text away.
func (l *Library) speechID(v Voice, text string, private bool) string {
	s := strings.Join([]string{"speech 1", v.Engine, v.Voice, text}, "\x00")
	if private {
		return l.mac("private\x00" + s)
	}
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func (l *Library) mac(s string) string {
	h := hmac.New(sha256.New, l.cfg.Key)
	h.Write([]byte(s))
	return hex.EncodeToString(h.Sum(nil))
}

// path is where the sound is fetched: unguessable without the key.
func (l *Library) path(id string) string { return "/m/" + l.token(id) + "/" + id + ".wav" }

func (l *Library) token(id string) string { return l.mac("path\x00" + id)[:32] }
