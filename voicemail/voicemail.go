// Package voicemail keeps the messages that callers leave: it fetches each from the Asterisk that recorded it, puts it
// safely into a folder, and only then has it deleted there. What an interruption leaves half done a sweep finishes.
package voicemail

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"ctid"
)

// Rows remembers messages. Unknown ones are ErrNoMessage.
type Rows interface {
	BeginVoicemail(ctx context.Context, v ctid.Voicemail) error
	StoreVoicemail(ctx context.Context, v ctid.Voicemail, state string) error
	DeleteVoicemail(ctx context.Context, id ctid.VoicemailID) error
	ForgetVoicemail(ctx context.Context, id ctid.VoicemailID) error
	Voicemail(ctx context.Context, id ctid.VoicemailID) (ctid.Voicemail, error)
	LooseVoicemails(ctx context.Context) ([]ctid.Voicemail, error)
}

// Recorder is what records: the Asterisks. Recording gives ErrNoRecording where there is none of the name.
type Recorder interface {
	Recording(ctx context.Context, node ctid.NodeID, name string) ([]byte, error)
	DeleteRecording(ctx context.Context, node ctid.NodeID, name string) error
}

// Errors that callers tell apart.
var (
	ErrNoRecording = errors.New("voicemail: there is no such recording")
	ErrTooShort    = errors.New("voicemail: too short to be a message")
)

// SweepEvery is how often what was left half done is looked for; sooner at first, for what the run before has left is
// known only when the Asterisks are there.
const (
	SweepEvery = 10 * time.Minute
	sweepFirst = 15 * time.Second
)

// forgetAfter is how long a recording that is not there is waited for.
const forgetAfter = 10 * time.Minute

// Config of a Box.
type Config struct {
	Dir      string
	Rows     Rows
	Recorder Recorder
	Log      *slog.Logger
	Now      func() time.Time
}

// Box is the folder of the messages. It is safe for concurrent use.
type Box struct {
	cfg Config
	mu  sync.Mutex // one message is fetched at a time: a sweep and a call must not fetch the same
}

// New makes a box. The folder is made when the first message comes.
func New(cfg Config) *Box { return &Box{cfg: cfg} }

// Begin notes that a message is about to be recorded.
func (b *Box) Begin(ctx context.Context, v ctid.Voicemail) error {
	if !goodName.MatchString(v.Mailbox) || !goodName.MatchString(string(v.ID)) {
		return fmt.Errorf("voicemail: %q in mailbox %q is no name", v.ID, v.Mailbox)
	}
	return b.cfg.Rows.BeginVoicemail(ctx, v)
}

var goodName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// Keep fetches a message whose recording has ended and puts it into the folder; ErrTooShort: it was none, and nothing of it
// is left. On any other error it stays where it is, and a sweep tries again.
func (b *Box) Keep(ctx context.Context, id ctid.VoicemailID) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	v, err := b.cfg.Rows.Voicemail(ctx, id)
	if err != nil {
		return err
	}
	if v.State == ctid.VoicemailRecording {
		if err := b.fetch(ctx, &v); err != nil {
			return err
		}
	}
	if v.State == ctid.VoicemailStored { // it is safe: that the node's copy goes too is no longer the caller's concern
		if err := b.clean(ctx, v); err != nil {
			b.cfg.Log.Warn("a message's recording stays on the asterisk until the next sweep", "voicemail", v.ID, "error", err)
		}
	}
	return nil
}

// fetch brings the file here, first under another name: what bears the right one is whole.
func (b *Box) fetch(ctx context.Context, v *ctid.Voicemail) error {
	file, err := b.cfg.Recorder.Recording(ctx, v.Node, v.Name)
	if err != nil {
		return err
	}
	length, said, err := measure(file)
	if err != nil {
		return fmt.Errorf("voicemail %s: %w", v.ID, err)
	}
	if said < v.Least {
		return errors.Join(ErrTooShort, b.drop(ctx, *v))
	}
	sum := sha256.Sum256(file)
	v.Length, v.Size, v.SHA256 = length, int64(len(file)), hex.EncodeToString(sum[:])
	if err := write(b.path(*v), file); err != nil {
		return fmt.Errorf("voicemail %s: %w", v.ID, err)
	}
	if err := b.cfg.Rows.StoreVoicemail(ctx, *v, ctid.VoicemailStored); err != nil {
		return err
	}
	v.State = ctid.VoicemailStored
	return nil
}

func (b *Box) clean(ctx context.Context, v ctid.Voicemail) error {
	if err := b.cfg.Recorder.DeleteRecording(ctx, v.Node, v.Name); err != nil {
		return err
	}
	return b.cfg.Rows.StoreVoicemail(ctx, v, ctid.VoicemailKept)
}

// drop leaves nothing of a message anywhere.
func (b *Box) drop(ctx context.Context, v ctid.Voicemail) error {
	if err := os.Remove(b.path(v)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if v.State != ctid.VoicemailKept {
		if err := b.cfg.Recorder.DeleteRecording(ctx, v.Node, v.Name); err != nil {
			return err
		}
	}
	return b.cfg.Rows.ForgetVoicemail(ctx, v.ID)
}

// Drop takes back a message that was not left after all.
func (b *Box) Drop(ctx context.Context, id ctid.VoicemailID) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	v, err := b.cfg.Rows.Voicemail(ctx, id)
	if err != nil {
		return err
	}
	return b.drop(ctx, v)
}

// Run sweeps at once, and then again and again until ctx ends.
func (b *Box) Run(ctx context.Context) {
	t := time.NewTimer(0)
	defer t.Stop()
	for wait := sweepFirst; ; wait = min(4*wait, SweepEvery) {
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
		b.Sweep(ctx)
		t.Reset(wait)
	}
}

// Sweep finishes what was left half done: messages whose calls are over and that nobody fetched, recordings that were not
// deleted, messages of people who were erased.
func (b *Box) Sweep(ctx context.Context) {
	loose, err := b.cfg.Rows.LooseVoicemails(ctx)
	if err != nil {
		b.cfg.Log.Warn("messages cannot be swept", "error", err)
		return
	}
	for _, v := range loose {
		if ctx.Err() != nil {
			return
		}
		err := b.sweep(ctx, v)
		if err != nil && !errors.Is(err, ErrTooShort) && ctx.Err() == nil {
			b.cfg.Log.Warn("a message could not be fetched yet", "voicemail", v.ID, "node", v.Node, "error", err)
		}
	}
}

func (b *Box) sweep(ctx context.Context, v ctid.Voicemail) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if v.Erased || v.State == ctid.VoicemailGone {
		return b.Drop(ctx, v.ID)
	}
	err := b.Keep(ctx, v.ID)
	if errors.Is(err, ErrNoRecording) && b.cfg.Now().Sub(v.At) > forgetAfter {
		b.cfg.Log.Warn("nothing was recorded of a message", "voicemail", v.ID, "call", v.Call)
		return b.cfg.Rows.ForgetVoicemail(ctx, v.ID)
	}
	return err
}

// Open opens a message's file, once it is sure that it is the one that was recorded.
func Open(dir string, v ctid.Voicemail) (io.ReadSeekCloser, error) {
	f, err := os.Open(path(dir, v))
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	if _, err = io.Copy(h, io.LimitReader(f, v.Size+1)); err == nil && hex.EncodeToString(h.Sum(nil)) != v.SHA256 {
		err = fmt.Errorf("%s is not what was recorded: it was changed or is damaged", f.Name())
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Delete deletes a message's file; one that is not there is no error.
func Delete(dir string, v ctid.Voicemail) error {
	if err := os.Remove(path(dir, v)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func (b *Box) path(v ctid.Voicemail) string { return path(b.cfg.Dir, v) }

func path(dir string, v ctid.Voicemail) string {
	return filepath.Join(dir, filepath.Base(v.Mailbox), filepath.Base(string(v.ID))+".wav")
}

// write puts a file down so that it is there whole or not at all, whatever happens.
func write(name string, data []byte) (err error) {
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	part := name + ".part"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(part, name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part))
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
