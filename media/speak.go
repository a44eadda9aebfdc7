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

// speak has the voice say the text and returns it as a telephone WAV file. What goes wrong is told with the engine, the
// language and what helps.
func (l *Library) speak(ctx context.Context, v Voice, text string) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, v.Timeout, errSlow)
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	var data []byte
	var err error
	switch v.Engine {
	case Flite:
		data, err = l.flite(ctx, v, plain(text))
	case URL:
		data, err = l.fetch(ctx, v, plain(text))
	default:
		data, err = l.espeak(ctx, stop, v, plain(text))
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		data, err = forTelephone(data)
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot speak %s with the voice %s: %w", v.Engine, v.Lang, v.Voice, err)
	}
	return data, nil
}

// forTelephone brings what an engine made into the form that Asterisk plays.
func forTelephone(data []byte) ([]byte, error) {
	w, err := parseWAV(data)
	if err != nil {
		return nil, fmt.Errorf("it gave no sound: %w", err)
	}
	samples, err := w.forTelephone()
	if err != nil {
		return nil, err
	}
	if len(samples) == 0 {
		return nil, errors.New("it said nothing; does the voice know this script?")
	}
	return telephoneWAV(samples), nil
}

// espeak speaks with espeak-ng. The text goes in on stdin, never on the command line, where it could be read as options
// or seen by others on the machine.
func (l *Library) espeak(ctx context.Context, stop context.CancelCauseFunc, v Voice, text string) ([]byte, error) {
	out := &bounded{max: maxWAV, full: func() { stop(errLong) }}
	cmd := l.command(ctx, Espeak, "-v", v.Voice, "-b", "1", "--stdin", "--stdout")
	cmd.Stdin, cmd.Stdout = strings.NewReader(text), out
	err := run(cmd, Espeak, "espeak-ng -v "+v.Voice)
	return out.buf.Bytes(), err
}

// flite speaks with flite. It opens its output anew for each sentence, which no pipe allows: so it writes to a file that
// is in memory only.
func (l *Library) flite(ctx context.Context, v Voice, text string) ([]byte, error) {
	f, err := memoryFile()
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	cmd := l.command(ctx, Flite, "-voice", v.Voice, "-o", "/dev/fd/3")
	cmd.Stdin, cmd.ExtraFiles = strings.NewReader(text), []*os.File{f}
	if err := run(cmd, Flite, "flite -voice "+v.Voice); err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if st.Size() > maxWAV {
		return nil, errLong
	}
	data := make([]byte, st.Size())
	_, err = f.ReadAt(data, 0)
	return data, err
}

func (l *Library) command(ctx context.Context, engine string, args ...string) *exec.Cmd {
	p := l.cfg.Programs[engine]
	if len(p.Command) == 0 {
		p.Command = []string{engine}
	}
	if p.Env == nil {
		p.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8"}
	}
	cmd := exec.CommandContext(ctx, p.Command[0], append(append([]string{}, p.Command[1:]...), args...)...)
	cmd.Env, cmd.WaitDelay = p.Env, time.Second
	return cmd
}

// run runs an engine; try is what to type to see for oneself why it fails.
func run(cmd *exec.Cmd, engine, try string) error {
	complaint := &bounded{max: 4 << 10, full: func() {}}
	cmd.Stderr = complaint
	err := cmd.Run()
	switch {
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("it is not installed (%w); Debian has it: apt install %s", err, engine)
	case err != nil:
		return fmt.Errorf("%w%s; try: echo one | %s", err, firstLine(complaint.buf.Bytes()), try)
	}
	return nil
}

var (
	errSlow = errors.New("it took too long, and the text is left out; allow more with timeout, or take another voice")
	errLong = errors.New("it gave more sound than a prompt can have, and the text is left out")
)

// plain takes out what the engine would not read as text: controls, and the brackets of espeak's phoneme notation.
func plain(text string) string {
	text = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, text)
	return strings.ReplaceAll(text, "[[", "[ [") + "\n"
}

func firstLine(b []byte) string {
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
