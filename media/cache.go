package media

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	privateMax = 32 << 20 // bytes of private speech, in memory only
	privateFor = 10 * time.Minute
)

// cache keeps speech: what is the same for all on disk, if there is a folder, and private speech in memory for a while.
// Over its bound, what was not used for longest goes.
type cache struct {
	dir  string
	max  int64
	mu   sync.Mutex
	kept map[string]*entry
	sum  [2]int64 // bytes: fixed, private
}

type entry struct {
	clip
	data    []byte // in memory; nil: on disk
	private bool
	used    time.Time
}

func newCache(dir string, limit int64) (*cache, error) {
	c := &cache{dir: dir, max: limit, kept: map[string]*entry{}}
	if dir == "" {
		return c, nil
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("the folder for spoken prompts cannot be made: %w", err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("the folder for spoken prompts cannot be read: %w", err)
	}
	for _, f := range files {
		id, ok := strings.CutSuffix(f.Name(), ".wav")
		st, err := f.Info()
		switch {
		case err != nil:
		case ok && idText.MatchString(id) && st.Mode().IsRegular() && st.Size() > 44:
			dur := time.Duration(st.Size()-44) * time.Second / (2 * telephoneRate)
			c.kept[id] = &entry{clip: clip{id: id, dur: dur, size: st.Size()}, used: st.ModTime()}
			c.sum[0] += st.Size()
		case strings.HasPrefix(f.Name(), partial): // left by a crash
			if err := os.Remove(filepath.Join(dir, f.Name())); err != nil && !errors.Is(err, os.ErrNotExist) {
				return nil, fmt.Errorf("the folder for spoken prompts cannot be tidied: %w", err)
			}
		}
	}
	c.trim("")
	return c, nil
}

const partial = ".new-"

func (c *cache) file(id string) string { return filepath.Join(c.dir, id+".wav") }

func (c *cache) find(id string) (clip, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.kept[id]
	if !ok {
		return clip{}, false
	}
	if e.data == nil {
		if _, err := os.Stat(c.file(id)); err != nil {
			c.drop(id)
			return clip{}, false
		}
	}
	e.used = time.Now()
	return e.clip, true
}

// read returns a sound's bytes.
func (c *cache) read(id string) (data []byte, private, ok bool) {
	c.mu.Lock()
	e, ok := c.kept[id]
	if ok {
		e.used = time.Now()
		data, private = e.data, e.private
	}
	c.mu.Unlock()
	if !ok || data != nil {
		return data, private, ok
	}
	data, err := os.ReadFile(c.file(id))
	return data, false, err == nil
}

func (c *cache) put(id string, data []byte, private bool) (clip, error) {
	dur := time.Duration(len(data)-44) * time.Second / (2 * telephoneRate)
	e := &entry{clip: clip{id: id, dur: dur, size: int64(len(data))}, private: private, used: time.Now()}
	if private || c.dir == "" {
		e.data = data
	} else if err := writeWhole(c.file(id), data); err != nil {
		return clip{}, fmt.Errorf("a spoken prompt cannot be kept: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(id)
	c.kept[id] = e
	c.sum[kindOf(private)] += e.size
	c.trim(id)
	return e.clip, nil
}

// writeWhole puts a file there whole or not at all.
func writeWhole(name string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), partial)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

func kindOf(private bool) int {
	if private {
		return 1
	}
	return 0
}

// drop forgets a sound; the lock is held.
func (c *cache) drop(id string) {
	if e, ok := c.kept[id]; ok {
		c.sum[kindOf(e.private)] -= e.size
		delete(c.kept, id)
	}
}

// trim lets go what is over the bounds or, if private, too old, but never keep; the lock is held.
func (c *cache) trim(keep string) {
	old := time.Now().Add(-privateFor)
	for id, e := range c.kept {
		if e.private && id != keep && e.used.Before(old) {
			c.drop(id)
		}
	}
	for kind, limit := range [2]int64{c.max, privateMax} {
		for c.sum[kind] > limit {
			oldest := ""
			for id, e := range c.kept {
				if kindOf(e.private) == kind && id != keep && (oldest == "" || e.used.Before(c.kept[oldest].used)) {
					oldest = id
				}
			}
			if oldest == "" {
				break
			}
			if c.kept[oldest].data == nil {
				// A file that cannot be removed is found again at the next start.
				_ = os.Remove(c.file(oldest))
			}
			c.drop(oldest)
		}
	}
}
