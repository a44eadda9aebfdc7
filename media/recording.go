package media

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
)

var (
	baseName = regexp.MustCompile(`^[\pL\pN_][\pL\pM\pN_-]{0,63}(\.[1-9][0-9]{0,2})?$`)
	langName = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
)

// recording finds the recording that the set of scripts began with, else sounds/<lang>/<name>.wav as it is now. The error
// says why a file that is there cannot be played.
func (l *Library) recording(p Part) (clip, bool, error) {
	base := p.File
	if base == "" {
		base = p.Name
	}
	if l.cfg.Sounds == nil || base == "" || !baseName.MatchString(base) || !langName.MatchString(p.Lang) {
		return clip{}, false, nil
	}
	file := "sounds/" + p.Lang + "/" + base + ".wav"
	if c, ok, err := l.keptRecording(p.Sum); err != nil {
		return clip{}, false, fmt.Errorf("%s: %w", file, err)
	} else if ok {
		return c, true, nil
	}
	st, err := fs.Stat(l.cfg.Sounds, file)
	if errors.Is(err, fs.ErrNotExist) {
		return clip{}, false, nil
	}
	if err != nil {
		return clip{}, false, fmt.Errorf("%s: %w", file, err)
	}
	l.mu.Lock()
	c, ok := l.sounds[file]
	l.mu.Unlock()
	if ok && c.size == st.Size() && c.mod.Equal(st.ModTime()) && !l.evicted(c) {
		return c, true, nil
	}
	if c, err = l.readRecording(file, st); err != nil {
		return clip{}, false, fmt.Errorf("%s: %w", file, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sounds[file] = c
	return c, true, nil
}

// evicted tells whether a converted recording is no longer in the cache.
func (l *Library) evicted(c clip) bool {
	if !c.made {
		return false
	}
	_, ok := l.cache.find(c.id)
	return !ok
}

// readRecording reads a recording of the site's.
func (l *Library) readRecording(file string, st fs.FileInfo) (clip, error) {
	if st.Size() > maxWAV {
		return clip{}, fmt.Errorf("%d bytes is too large; %d MiB are the most", st.Size(), maxWAV>>20)
	}
	data, err := fs.ReadFile(l.cfg.Sounds, file)
	if err != nil {
		return clip{}, err
	}
	c, err := l.clipOf(data)
	c.size, c.mod = st.Size(), st.ModTime()
	return c, err
}

// clipOf is a recording as Asterisk can play it: one that it would not play as it is is converted.
func (l *Library) clipOf(data []byte) (clip, error) {
	w, err := parseWAV(data)
	if err != nil {
		return clip{}, err
	}
	sum := sha256.Sum256(data)
	if w.telephone() {
		return clip{id: hex.EncodeToString(sum[:]), dur: w.duration()}, nil
	}
	sum = sha256.Sum256(append([]byte("converted 1\x00"), sum[:]...))
	id := hex.EncodeToString(sum[:])
	c, ok := l.cache.find(id)
	if !ok {
		samples, err := w.forTelephone()
		if err != nil {
			return clip{}, err
		}
		if c, err = l.cache.put(id, telephoneWAV(samples), false); err != nil {
			return clip{}, err
		}
	}
	return clip{id: id, dur: c.dur, made: true}, nil
}
