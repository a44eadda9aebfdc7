package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// speak has the engine say the text and returns it as a telephone WAV file. The text goes in on stdin, never on the
// command line, where it could be read as options or seen by others on the machine.
func (l *Library) speak(ctx context.Context, v Voice, text string) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, l.cfg.Timeout, errSlow)
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	args := append(append([]string{}, l.cfg.Command[1:]...), "-v", v.Voice, "-b", "1", "--stdin", "--stdout")
	cmd := exec.CommandContext(ctx, l.cfg.Command[0], args...)
	cmd.Env = l.cfg.Env
	if cmd.Env == nil {
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8"}
	}
	out, complaint := &bounded{max: maxWAV, full: func() { stop(errLong) }}, &bounded{max: 4 << 10, full: func() {}}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(plain(text)), out, complaint
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("the speech engine %s failed: %w%s", l.cfg.Command[0], err, said(complaint.buf.Bytes()))
	}
	w, err := parseWAV(out.buf.Bytes())
	if err != nil || w.format != 1 || w.channels != 1 || w.bits != 16 {
		return nil, fmt.Errorf("the speech engine %s gave no mono 16 bit sound%s", l.cfg.Command[0], said(complaint.buf.Bytes()))
	}
	samples, err := resample(w.samples(), w.rate)
	if err != nil {
		return nil, err
	}
	if len(samples) == 0 {
		return nil, fmt.Errorf("the speech engine %s said nothing%s", l.cfg.Command[0], said(complaint.buf.Bytes()))
	}
	return telephoneWAV(samples), nil
}

var (
	errSlow = errors.New("the speech engine took too long; the text is left out")
	errLong = errors.New("the speech engine gave more sound than a prompt can have; the text is left out")
)

// plain takes out what the engine would not read as text: controls, and the brackets of its phoneme notation.
func plain(text string) string {
	text = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, text)
	return strings.ReplaceAll(text, "[[", "[ [") + "\n"
}

func said(b []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
	if line == "" {
		return ""
	}
	return ": " + line
}

// bounded is a buffer that drops what is over its limit, and then calls full. It has no ReadFrom, which would go past it.
type bounded struct {
	buf  bytes.Buffer
	max  int
	full func()
}

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	keep := min(len(p), b.max-b.buf.Len())
	b.buf.Write(p[:keep])
	if keep < len(p) {
		b.full()
	}
	return len(p), nil
}
