// Package media turns prompts into sound files that Asterisk fetches over plain HTTP: a recording of the site's if there
// is one, else speech made by an engine. It knows nothing of scripts or calls.
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
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"ctid/words"
)

// Part is one piece of a prompt: a recording by name if the site has it in that language, else the text is spoken.
type Part struct {
	Name    string // finds sounds/<lang>/<name>.wav; empty: always spoken
	File    string // the recording's base name, if it is not Name
	Sum     string // SHA-256 of the recording meant, in hex; empty: the one that is there
	Text    string
	Lang    string
	Voice   string // name of a voice; empty: the first voice for Lang
	Private bool   // tells something about the caller: kept in memory only, and never cached by the PBX
	Pieces  []Piece
}

// Piece is a fixed text of a prompt with holes, or what fills one of them.
type Piece struct {
	File  string      // the recording of a fixed text; empty: there can be none
	Sum   string      // SHA-256 of the recording meant, in hex; empty: the one that is there
	Text  string      // as written
	Value words.Value // what fills the hole; without a Kind it is a text
}

// Config says where recordings are and how the rest is spoken. The zero of a limit is its default.
type Config struct {
	Sounds       fs.FS              // holds sounds/<lang>/<name>.wav; nil: no recordings
	Voices       []Voice            // in order of preference
	NumberSounds []string           // languages whose numbers Asterisk's own sounds say in a recorded prompt, voice or not
	Programs     map[string]Program // how engines are run, by name; those left out are found on the PATH
	CacheDir     string             // for speech that is the same for every caller; made if it is missing; empty: memory only
	CacheMax     int64              // bytes kept there; 256 MiB
	MaxText      int                // characters spoken at once; 2,000
	Timeout      time.Duration      // for an engine, with one text; 5 s
	Engines      int                // engines at work at once; 2
	Key          []byte             // makes the paths unguessable, at least 16 bytes; empty: random, so that a restart makes new paths
	Nodes        []netip.Addr       // the only addresses that are answered
}

// Media is a sound, ready to be fetched or to be played.
type Media struct {
	Path     string // /m/<hmac>/<sha256>.wav, below the address of the listener; empty: Sound
	Sound    string // one of Asterisk's own, with the folder of its language: en/digits/20
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
	sounds map[string]clip // recordings by their path, those of the site with the size and time they had
	kept   map[string]bool // SHA-256 of the recordings that Keep has copied
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
	made bool // of a recording that had to be converted: it lies in the cache
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
	cfg.Voices = slices.Clone(cfg.Voices)
	for i := range cfg.Voices {
		if err := cfg.Voices[i].check(cfg.Timeout); err != nil {
			return nil, fmt.Errorf("voice %d (%s): %w", i+1, cfg.Voices[i].Lang, err)
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
	l := &Library{cfg: cfg, slots: make(chan struct{}, cfg.Engines), cache: c, nodes: map[netip.Addr]bool{}, flight: map[string]*flight{}, sounds: map[string]clip{}, kept: map[string]bool{}}
	if err := l.findKept(); err != nil {
		return nil, err
	}
	for _, a := range cfg.Nodes {
		l.nodes[a.Unmap().WithZone("")] = true
	}
	return l, nil
}

// speech finds the spoken text in the cache, or has it spoken; whoever wants the same text meanwhile waits for it.
func (l *Library) speech(ctx context.Context, p Part) (clip, error) {
	v, ok := l.voice(p)
	if !ok {
		return clip{}, fmt.Errorf("there is no recording and no voice for %s; record it, or add a voice to ivr.voices", p.Lang)
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

// speechID names a spoken text. A private one is named with the key, so that its name does not give the text away.
func (l *Library) speechID(v Voice, text string, private bool) string {
	s := strings.Join([]string{"speech 2", v.Engine, v.Voice, v.URL, text}, "\x00")
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
