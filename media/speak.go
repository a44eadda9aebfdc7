package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// maxSpeech is the most that a synthesiser may write: ten minutes at 22.05 kHz.
const maxSpeech = 10 * 60 * 22050 * 2

// privateMark begins the names of speech about a person: the next run removes it.
const privateMark = "private-"

// FindEspeak finds espeak-ng on PATH.
func FindEspeak() (command, env []string, err error) {
	path, err := exec.LookPath("espeak-ng")
	if err != nil {
		return nil, nil, errors.New("espeak-ng is not installed: install the package espeak-ng, or record every prompt")
	}
	return []string{path}, nil, nil
}

// make has a text spoken, keeps the result, and tells those who wait.
func (m *Media) make(ctx context.Context, key, text, voice string, private bool, w *making) {
	defer func() {
		m.mu.Lock()
		delete(m.flight, key)
		m.mu.Unlock()
		close(w.done)
	}()
	m.sem <- struct{}{} // two at a time are enough, and leave the machine to the calls
	defer func() { <-m.sem }()
	ctx, cancel := context.WithTimeout(ctx, m.cfg.Timeout)
	defer cancel()
	pcm, err := m.speak(ctx, text, voice)
	if err != nil {
		w.err = err
		return
	}
	b := wav(pcm)
	name := key + ".wav"
	if private {
		name = privateMark + name
	}
	path := filepath.Join(m.cfg.CacheDir, name)
	if w.err = writeWhole(path, b); w.err != nil {
		return
	}
	w.hash = hashOf(b)
	m.put(key, w.hash, &file{path: path, bytes: int64(len(b)), private: private, cached: true, used: time.Now()})
}

// speak runs the synthesiser. The text goes over standard input: no word of it can become an option or reach a shell.
func (m *Media) speak(ctx context.Context, text, voice string) ([]int16, error) {
	args := append(append([]string{}, m.cfg.Command[1:]...), "--stdin", "--stdout", "-b", "1", "-v", voice)
	c := exec.CommandContext(ctx, m.cfg.Command[0], args...) //nolint:gosec // the operator's program; the voice is checked at load
	c.Env = append(os.Environ(), m.cfg.Env...)
	c.Stdin = strings.NewReader(text)
	c.WaitDelay = time.Second
	out := &capped{max: maxSpeech}
	var said bytes.Buffer
	c.Stdout, c.Stderr = out, &capped{max: 4096, buf: &said}
	if err := c.Run(); err != nil {
		switch {
		case out.over:
			err = fmt.Errorf("it wrote more than %d bytes", out.max)
		case ctx.Err() != nil:
			err = fmt.Errorf("it took longer than %v", m.cfg.Timeout)
		}
		return nil, fmt.Errorf("media: espeak-ng with voice %s: %w %s", voice, err, strings.TrimSpace(said.String()))
	}
	pcm, from, err := readWAV(out.bytes())
	if err != nil {
		return nil, fmt.Errorf("media: espeak-ng with voice %s: %w", voice, err)
	}
	if len(pcm) == 0 {
		return nil, fmt.Errorf("media: espeak-ng with voice %s said nothing", voice)
	}
	return resample(pcm, from, rate), nil
}

// capped keeps what is written to it up to a size; more is an error, which ends the program that writes.
type capped struct {
	max  int
	buf  *bytes.Buffer
	over bool
}

func (c *capped) Write(b []byte) (int, error) {
	if c.buf == nil {
		c.buf = &bytes.Buffer{}
	}
	if c.buf.Len()+len(b) > c.max {
		c.over = true
		return 0, fmt.Errorf("more than %d bytes", c.max)
	}
	return c.buf.Write(b)
}

func (c *capped) bytes() []byte {
	if c.buf == nil {
		return nil
	}
	return c.buf.Bytes()
}

// writeWhole writes a file so that it is there whole or not at all.
func writeWhole(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "making-")
	if err != nil {
		return fmt.Errorf("media: keeping speech: %w", err)
	}
	_, werr := f.Write(b)
	if err := errors.Join(werr, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("media: keeping speech: %w", err), os.Remove(f.Name()))
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return errors.Join(fmt.Errorf("media: keeping speech: %w", err), os.Remove(f.Name()))
	}
	return nil
}
