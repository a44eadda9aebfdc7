package media

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// keptDir holds, in the cache's folder, copies of the recordings that sets of scripts were loaded with, by their SHA-256.
// A call whose set began with a recording hears it, though the site has replaced it or taken it away since. What is there
// stays as it is: no bound of the cache makes room of it, only Forget.
const keptDir = "recordings"

// keptMark and the SHA-256 stand for the path of a kept recording.
const keptMark = "kept:"

func (l *Library) keptFile(sum string) string {
	return filepath.Join(l.cfg.CacheDir, keptDir, sum+".wav")
}

// Keep copies the recordings of a set of scripts: path in the folder of sounds → SHA-256 in hex. One that is not there any
// more with that sum is left out. Without a folder for the cache nothing is kept, and calls hear what the site has.
func (l *Library) Keep(sums map[string]string) error {
	if l.cfg.CacheDir == "" || l.cfg.Sounds == nil || len(sums) == 0 {
		return nil
	}
	if err := os.MkdirAll(filepath.Join(l.cfg.CacheDir, keptDir), 0o750); err != nil {
		return fmt.Errorf("the folder for recordings in use cannot be made: %w", err)
	}
	var errs []error
	for file, sum := range sums {
		if l.keeps(sum) || !idText.MatchString(sum) {
			continue
		}
		data, err := fs.ReadFile(l.cfg.Sounds, file)
		if got := sha256.Sum256(data); err != nil || hex.EncodeToString(got[:]) != sum {
			continue
		}
		if err := writeWhole(l.keptFile(sum), data); err != nil {
			errs = append(errs, fmt.Errorf("the recording %s cannot be kept for the calls that begin with it: %w", file, err))
			continue
		}
		l.mu.Lock()
		l.kept[sum] = true
		l.mu.Unlock()
	}
	return errors.Join(errs...)
}

// Forget removes the copies that are not in use, by their SHA-256.
func (l *Library) Forget(inUse map[string]bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for sum := range l.kept {
		if inUse[sum] {
			continue
		}
		if err := os.Remove(l.keptFile(sum)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
			continue
		}
		delete(l.kept, sum)
		delete(l.sounds, keptMark+sum)
	}
	return errors.Join(errs...)
}

func (l *Library) keeps(sum string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept[sum]
}

// findKept notes the copies of an earlier run, and tidies up what a crash left.
func (l *Library) findKept() error {
	if l.cfg.CacheDir == "" {
		return nil
	}
	dir := filepath.Join(l.cfg.CacheDir, keptDir)
	files, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the folder for recordings in use cannot be read: %w", err)
	}
	for _, f := range files {
		if sum, ok := strings.CutSuffix(f.Name(), ".wav"); ok && idText.MatchString(sum) && f.Type().IsRegular() {
			l.kept[sum] = true
		} else if strings.HasPrefix(f.Name(), partial) {
			if err := os.Remove(filepath.Join(dir, f.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("the folder for recordings in use cannot be tidied: %w", err)
			}
		}
	}
	return nil
}

// keptRecording finds the copy of a recording by its sum.
func (l *Library) keptRecording(sum string) (clip, bool, error) {
	if sum == "" {
		return clip{}, false, nil
	}
	l.mu.Lock()
	there := l.kept[sum]
	c, known := l.sounds[keptMark+sum]
	l.mu.Unlock()
	if !there {
		return clip{}, false, nil
	}
	if _, err := os.Stat(l.keptFile(sum)); errors.Is(err, fs.ErrNotExist) { // somebody has emptied the folder
		return clip{}, false, nil
	}
	if known && !l.evicted(c) {
		return c, true, nil
	}
	data, err := os.ReadFile(l.keptFile(sum))
	if err == nil {
		c, err = l.clipOf(data)
	}
	if err != nil {
		return clip{}, false, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sounds[keptMark+sum] = c
	return c, true, nil
}
