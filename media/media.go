// Package media makes what callers hear: it finds a prompt's recording, or has its text spoken by a synthesiser, keeps
// what was made, and serves it to the Asterisks over plain HTTP.
package media

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Part is one piece of a prompt: a recording by name where the site has it in that language, else its text, spoken.
type Part struct {
	Name    string // for finding LANG/NAME.wav; empty: always spoken
	File    string // the recording's base name where it is not Name
	Text    string
	Lang    string
	Voice   string // empty: the site's voice for Lang
	Private bool   // the text is about a person: nobody caches it
}

// Voice is the synthesiser's voice for a language.
type Voice struct{ Lang, Voice string }

// Config says where prompts come from and go to. Zero durations and sizes take the default in brackets.
type Config struct {
	Sounds   string        // folder of recordings, LANG/NAME.wav; empty: none
	Voices   []Voice       // first of a language counts
	Command  []string      // how to run espeak-ng; empty: nothing is spoken
	Env      []string      // additional environment of Command
	CacheDir string        // speech made is kept here; empty: in a folder that Close removes
	MaxText  int           // longest text that is spoken, in characters (2000)
	MaxCache int64         // bytes of speech kept (256 MiB); what was not used longest goes first
	Timeout  time.Duration // of one synthesis (5 s)
	Key      []byte        // makes paths that cannot be guessed
	Peers    []string      // addresses that may fetch; everybody else gets 403
	Log      *slog.Logger
}

// Media prepares and serves prompts. Its methods may be called from any goroutine.
type Media struct {
	cfg   Config
	peers map[string]bool
	made  bool // CacheDir was made by New
	sem   chan struct{}

	mu     sync.Mutex
	files  map[string]*file   // by the hash of what is heard: ready to be served
	flight map[string]*making // by the key of what is being made
	keys   map[string]string  // key of a part → hash of its sound
	size   int64
}

// file is one prompt that can be served.
type file struct {
	path    string
	bytes   int64
	private bool
	cached  bool // lies in CacheDir and may be dropped
	used    time.Time
}

// making is a synthesis that others may wait for.
type making struct {
	done chan struct{}
	hash string
	err  error
}

// Prompt is a prompt that Asterisk can fetch at Path, below the address of the listener.
type Prompt struct {
	Path     string
	File     string // where it lies on this machine
	Duration time.Duration
}

// Errors that callers tell apart.
var (
	ErrNoVoice = errors.New("there is neither a recording nor a voice")
	ErrTooLong = errors.New("the text is too long to be spoken")
)

// New makes a Media. The cache of an earlier run is taken over.
func New(cfg Config) (*Media, error) {
	if cfg.MaxText == 0 {
		cfg.MaxText = 2000
	}
	if cfg.MaxCache == 0 {
		cfg.MaxCache = 256 << 20
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 5 * time.Second
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	m := &Media{cfg: cfg, peers: map[string]bool{}, sem: make(chan struct{}, 2), files: map[string]*file{},
		flight: map[string]*making{}, keys: map[string]string{}}
	for _, p := range cfg.Peers {
		m.peers[p] = true
	}
	var err error
	if cfg.CacheDir == "" {
		m.cfg.CacheDir, err = os.MkdirTemp("", "ctid-prompts-")
		m.made = true
	} else {
		err = os.MkdirAll(cfg.CacheDir, 0o700)
	}
	if err != nil {
		return nil, fmt.Errorf("media: the folder for speech: %w", err)
	}
	return m, m.adopt()
}

// Close removes the folder that New has made.
func (m *Media) Close() error {
	if m.made {
		return os.RemoveAll(m.cfg.CacheDir)
	}
	return nil
}

// adopt takes over the speech that an earlier run has left, and removes what is no whole file of ours.
func (m *Media) adopt() error {
	entries, err := os.ReadDir(m.cfg.CacheDir)
	if err != nil {
		return fmt.Errorf("media: the folder for speech: %w", err)
	}
	for _, e := range entries {
		path := filepath.Join(m.cfg.CacheDir, e.Name())
		key, ok := strings.CutSuffix(e.Name(), ".wav")
		if !ok || len(key) != 64 {
			if strings.HasPrefix(e.Name(), "making-") || strings.HasPrefix(e.Name(), privateMark) {
				_ = os.Remove(path) // cut off by the end of that run, or about a person
			}
			continue
		}
		b, err := os.ReadFile(path) //nolint:gosec // a name that we have listed
		if err != nil || checkWAV(b) != nil {
			_ = os.Remove(path)
			continue
		}
		m.put(key, hashOf(b), &file{path: path, bytes: int64(len(b)), cached: true, used: time.Now()})
	}
	return nil
}

// put makes a file known; the mutex is not held.
func (m *Media) put(key, hash string, f *file) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keys[key] = hash
	if old := m.files[hash]; old != nil {
		old.used, old.private = f.used, old.private && f.private
		return
	}
	m.files[hash] = f
	if f.cached {
		m.size += f.bytes
		m.shrink(hash)
	}
}

// privateTime is how long speech about a person is kept after its last use: long enough to be fetched.
const privateTime = 10 * time.Minute

// shrink drops speech about persons that has served, and what was not used longest, but never keep, until the cache is
// within its size.
func (m *Media) shrink(keep string) {
	for h, f := range m.files {
		if f.cached && f.private && h != keep && time.Since(f.used) > privateTime {
			m.drop(h)
		}
	}
	for m.size > m.cfg.MaxCache {
		oldest := ""
		for h, f := range m.files {
			if f.cached && h != keep && (oldest == "" || f.used.Before(m.files[oldest].used)) {
				oldest = h
			}
		}
		if oldest == "" {
			return
		}
		m.drop(oldest)
	}
}

func (m *Media) drop(hash string) {
	m.size -= m.files[hash].bytes
	_ = os.Remove(m.files[hash].path) // what cannot be removed is found by the next run
	delete(m.files, hash)
	for k, h := range m.keys {
		if h == hash {
			delete(m.keys, k)
		}
	}
}

// Prepare makes every part ready to be fetched. A part that cannot be made is left out of the answer and is in the
// error; what is returned can be played all the same.
func (m *Media) Prepare(ctx context.Context, parts []Part) ([]Prompt, error) {
	var out []Prompt
	var errs []error
	for _, p := range parts {
		if p.Text == "" && p.Name == "" && p.File == "" {
			continue
		}
		prompt, err := m.prepare(ctx, p)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out = append(out, prompt)
	}
	return out, errors.Join(errs...)
}

// Precompute makes parts ahead, so that no caller waits for their speech.
func (m *Media) Precompute(ctx context.Context, parts []Part) error {
	_, err := m.Prepare(ctx, parts)
	return err
}

func (m *Media) prepare(ctx context.Context, p Part) (Prompt, error) {
	if prompt, ok, err := m.recording(p); ok || err != nil {
		return prompt, err
	}
	text := strings.TrimSpace(p.Text)
	voice := m.voice(p)
	switch {
	case text == "" || voice == "" || len(m.cfg.Command) == 0:
		return Prompt{}, fmt.Errorf("media: prompt %q in %s: %w", p.Name, p.Lang, ErrNoVoice)
	case len([]rune(text)) > m.cfg.MaxText:
		return Prompt{}, fmt.Errorf("media: prompt %q in %s: %w (%d characters; %d are allowed)", p.Name, p.Lang, ErrTooLong, len([]rune(text)), m.cfg.MaxText)
	}
	return m.spoken(ctx, text, voice, p.Private)
}

func (m *Media) voice(p Part) string {
	if p.Voice != "" {
		return p.Voice
	}
	for _, v := range m.cfg.Voices {
		if v.Lang == p.Lang {
			return v.Voice
		}
	}
	return ""
}

// recording finds the site's recording of a part. A file that Asterisk could not play is an error that says why.
func (m *Media) recording(p Part) (Prompt, bool, error) {
	name := p.File
	if name == "" {
		name = p.Name
	}
	if m.cfg.Sounds == "" || name == "" || !fs.ValidPath(p.Lang) || !fs.ValidPath(name) || strings.Contains(name, "/") {
		return Prompt{}, false, nil
	}
	path := filepath.Join(m.cfg.Sounds, p.Lang, name+".wav")
	b, err := os.ReadFile(path) //nolint:gosec // parts of a valid path below the site's folder
	if errors.Is(err, fs.ErrNotExist) {
		return Prompt{}, false, nil
	}
	if err == nil {
		err = checkWAV(b)
	}
	if err != nil {
		return Prompt{}, false, fmt.Errorf("media: recording %s: %w", path, err)
	}
	hash := hashOf(b)
	m.put("recording "+path, hash, &file{path: path, bytes: int64(len(b)), used: time.Now()})
	return m.prompt(hash, path, len(b)), true, nil
}

// spoken gives the speech of a text, made once for all who want it at the same time.
func (m *Media) spoken(ctx context.Context, text, voice string, private bool) (Prompt, error) {
	sum := sha256.Sum256([]byte(voice + "\x00" + text))
	key := hex.EncodeToString(sum[:])
	m.mu.Lock()
	if f := m.files[m.keys[key]]; f != nil {
		f.used = time.Now()
		hash := m.keys[key]
		m.mu.Unlock()
		return m.prompt(hash, f.path, int(f.bytes)), nil
	}
	w := m.flight[key]
	if w == nil {
		w = &making{done: make(chan struct{})}
		m.flight[key] = w
		go m.make(context.WithoutCancel(ctx), key, text, voice, private, w) // bounded by Timeout; others may wait for it too
	}
	m.mu.Unlock()
	select {
	case <-w.done:
	case <-ctx.Done():
		return Prompt{}, fmt.Errorf("media: speech: %w", ctx.Err())
	}
	if w.err != nil {
		return Prompt{}, w.err
	}
	m.mu.Lock()
	f := m.files[w.hash]
	m.mu.Unlock()
	if f == nil {
		return Prompt{}, errors.New("media: speech was dropped at once: media.max_cache is too small")
	}
	return m.prompt(w.hash, f.path, int(f.bytes)), nil
}

func (m *Media) prompt(hash, path string, size int) Prompt {
	return Prompt{Path: "/m/" + m.mac(hash) + "/" + hash + ".wav", File: path,
		Duration: time.Duration(max(0, size-wavHead)/2) * time.Second / rate}
}

// mac is the part of a path that nobody can guess.
func (m *Media) mac(hash string) string {
	h := hmac.New(sha256.New, m.cfg.Key)
	h.Write([]byte(hash))
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
