package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"ctid"
	"ctid/ari"
	"ctid/config"
	"ctid/store"
	"ctid/voicemail"
)

// asteriskRecorder lets the box of messages fetch them from the Asterisks.
type asteriskRecorder struct{ nodes []*ari.Node }

func (r asteriskRecorder) node(name ctid.NodeID) (*ari.Node, error) {
	for _, n := range r.nodes {
		if n.Name() == string(name) {
			return n, nil
		}
	}
	return nil, fmt.Errorf("the configuration has no asterisk %q any more", name)
}

// Recording implements voicemail.Recorder. One that runs still is not there yet.
func (r asteriskRecorder) Recording(ctx context.Context, node ctid.NodeID, name string) ([]byte, error) {
	n, err := r.node(node)
	if err != nil {
		return nil, err
	}
	if _, err := n.LiveRecording(ctx, name); err == nil {
		return nil, errors.New("it is being recorded still")
	} else if !ari.IsNotFound(err) {
		return nil, err
	}
	file, err := n.StoredRecordingFile(ctx, name)
	if ari.IsNotFound(err) {
		return nil, voicemail.ErrNoRecording
	}
	return file, err
}

// DeleteRecording implements voicemail.Recorder.
func (r asteriskRecorder) DeleteRecording(ctx context.Context, node ctid.NodeID, name string) error {
	n, err := r.node(node)
	if err != nil {
		return err
	}
	return n.DeleteStoredRecording(ctx, name)
}

// voicemails lets the switchboard keep messages.
type voicemails struct{ *voicemail.Box }

// Keep implements switchboard.Voicemails.
func (v voicemails) Keep(ctx context.Context, id ctid.VoicemailID) (bool, error) {
	err := v.Box.Keep(ctx, id)
	if errors.Is(err, voicemail.ErrTooShort) {
		return false, nil
	}
	return err == nil, err
}

// takeMessages opens the box of the messages and sweeps it now and then.
func (d *daemon) takeMessages() voicemails {
	box := voicemail.New(voicemail.Config{Dir: d.cfg.Voicemail.Dir, Rows: d.st, Recorder: asteriskRecorder{d.nodes}, Log: d.log, Now: time.Now})
	ctx, cancel := context.WithCancel(d.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		box.Run(ctx)
	}()
	d.stops = append(d.stops, func() error { cancel(); <-done; return nil })
	return voicemails{box}
}

//go:embed builtin/beep.wav
var beep []byte

// withBeep is a folder of recordings that has the tone after which a message is left, in every language that has none of its own.
type withBeep struct{ fs.FS }

// Open implements fs.FS.
func (w withBeep) Open(name string) (fs.File, error) {
	f, err := w.FS.Open(name)
	if errors.Is(err, fs.ErrNotExist) && strings.HasPrefix(name, "sounds/") && path.Base(name) == "beep.wav" {
		return &beepFile{Reader: strings.NewReader(string(beep))}, nil
	}
	return f, err
}

// beepFile is the tone as a file.
type beepFile struct{ *strings.Reader }

func (beepFile) Close() error                 { return nil }
func (b beepFile) Stat() (fs.FileInfo, error) { return b, nil }
func (beepFile) Name() string                 { return "beep.wav" }
func (beepFile) Mode() fs.FileMode            { return 0o444 }
func (beepFile) ModTime() time.Time           { return time.Time{} }
func (beepFile) IsDir() bool                  { return false }
func (beepFile) Sys() any                     { return nil }

func voicemailCommand() *cobra.Command {
	var file string
	c := &cobra.Command{Use: "voicemail", Short: "Messages that callers left: list, play, delete"}
	c.PersistentFlags().StringVarP(&file, "config", "c", "", "the configuration (default: ctid.yaml here, then in /etc/ctid)")
	c.AddCommand(voicemailList(&file), voicemailPlay(&file), voicemailDelete(&file))
	return group(c)
}

// messageLine is one message as --json writes it.
type messageLine struct {
	ID      ctid.VoicemailID `json:"id"`
	Mailbox string           `json:"mailbox"`
	At      time.Time        `json:"at"`
	Seconds float64          `json:"seconds"`
	From    ctid.Number      `json:"from"`
	Call    ctid.CallID      `json:"call"`
}

func voicemailList(file *string) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{Use: "list [MAILBOX]", Short: "List the messages, the oldest first",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError{errors.New("ctid voicemail list takes one mailbox at most")}
			}
			return withStore(c, *file, func(ctx context.Context, cfg *config.Config, s *store.Store) error {
				mailbox := ""
				if len(args) == 1 {
					mailbox = args[0]
				}
				list, err := s.Voicemails(ctx, mailbox)
				if err != nil {
					return err
				}
				if asJSON {
					return printMessagesJSON(c.OutOrStdout(), list)
				}
				return printMessages(c.OutOrStdout(), list, location(cfg.TimeZone))
			})
		}}
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return c
}

func printMessagesJSON(w io.Writer, list []ctid.Voicemail) error {
	enc := json.NewEncoder(w)
	for _, v := range list {
		if err := enc.Encode(messageLine{v.ID, v.Mailbox, v.At, v.Length.Seconds(), v.Caller, v.Call}); err != nil {
			return err
		}
	}
	return nil
}

func printMessages(w io.Writer, list []ctid.Voicemail, zone *time.Location) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, v := range list {
		from := string(v.Caller.Shown)
		if from == "" {
			from = "unknown"
		}
		if _, err := fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", v.ID, v.Mailbox, v.At.In(zone).Format("2006-01-02 15:04:05"), v.Length.Round(time.Second), from); err != nil {
			return err
		}
	}
	return t.Flush()
}

func voicemailPlay(file *string) *cobra.Command {
	var out string
	c := &cobra.Command{Use: "play ID", Short: "Write a message as a WAV file to standard output, or to --out", Args: oneName,
		RunE: func(c *cobra.Command, args []string) error {
			if f, ok := c.OutOrStdout().(*os.File); ok && out == "" && isTerminal(f.Fd()) {
				return usageError{errors.New("a message is sound: pipe it to a player, such as ctid voicemail play ID | aplay, or name a file with --out")}
			}
			return withStore(c, *file, func(ctx context.Context, cfg *config.Config, s *store.Store) error {
				v, err := storedMessage(ctx, s, args[0])
				if err != nil {
					return err
				}
				if err := audit(ctx, s, "voicemail.play", args[0]); err != nil {
					return err
				}
				f, err := voicemail.Open(cfg.Voicemail.Dir, v)
				if err != nil {
					return err
				}
				return errors.Join(writeMessage(c.OutOrStdout(), out, f), f.Close())
			})
		}}
	c.Flags().StringVarP(&out, "out", "o", "", "the file to write; it must not be there yet")
	return c
}

func writeMessage(w io.Writer, out string, in io.Reader) error {
	if out == "" {
		_, err := io.Copy(w, in)
		return err
	}
	f, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, in)
	return errors.Join(err, f.Close())
}

// storedMessage finds a message that is with us.
func storedMessage(ctx context.Context, s *store.Store, id string) (ctid.Voicemail, error) {
	v, err := s.Voicemail(ctx, ctid.VoicemailID(id))
	if errors.Is(err, store.ErrNotFound) || err == nil && v.State != ctid.VoicemailStored && v.State != ctid.VoicemailKept {
		return v, fmt.Errorf("there is no message %s; ctid voicemail list names them", id)
	}
	return v, err
}

func voicemailDelete(file *string) *cobra.Command {
	return &cobra.Command{Use: "delete ID", Short: "Delete a message for good", Args: oneName,
		RunE: func(c *cobra.Command, args []string) error {
			return withStore(c, *file, func(ctx context.Context, cfg *config.Config, s *store.Store) error {
				v, err := storedMessage(ctx, s, args[0])
				if err != nil {
					return err
				}
				if err := audit(ctx, s, "voicemail.delete", args[0]); err != nil {
					return err
				}
				if err := voicemail.Delete(cfg.Voicemail.Dir, v); err != nil {
					return err
				}
				if err := s.DeleteVoicemail(ctx, v.ID); err != nil {
					return err
				}
				_, err = fmt.Fprintln(c.OutOrStdout(), "deleted", v.ID)
				return err
			})
		}}
}
