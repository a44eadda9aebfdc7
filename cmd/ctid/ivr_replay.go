package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"ctid"
	"ctid/config"
	"ctid/ivr"
	"ctid/store"
)

// replayedCall is a call that does not go the same way.
type replayedCall struct {
	Call   ctid.CallID `json:"call"`
	Script string      `json:"script"`
	Node   string      `json:"node,omitempty"`  // the last node both ways have in common
	Input  string      `json:"input,omitempty"` // what was given there
	Was    string      `json:"was,omitempty"`
	Is     string      `json:"is,omitempty"`
	Why    string      `json:"why,omitempty"`
}

// replayReport is what a replay tells.
type replayReport struct {
	Set       string         `json:"set"`
	Since     time.Time      `json:"since"`
	Calls     int            `json:"calls"`
	Same      int            `json:"same"`
	MadeUp    int            `json:"made_up"` // calls with answers to masked questions, for which others of the same length were given
	Elsewhere []replayedCall `json:"elsewhere"`
	Unsure    []replayedCall `json:"unsure"`
}

func ivrReplayCommand() *cobra.Command {
	var file, dir string
	var since time.Duration
	var asJSON bool
	c := &cobra.Command{Use: "replay [--since 24h] [--dir DIR]", Short: "Which of the last calls would have gone elsewhere with the scripts of a folder", Args: noArgs,
		Long: `Feeds what the callers of the last day gave, and what look-ups answered them, to the scripts of a folder, and lists the calls that would
have gone another way: where, and at which input. It works beside the daemon, asks nobody and changes nothing. What a masked question
got was never kept: other digits, as many, take its place. Exit: 0 all went the same way, 1 some did not.`,
		RunE: func(c *cobra.Command, _ []string) error {
			if since <= 0 {
				return usageError{fmt.Errorf("--since wants a time such as 24h, not %v", since)}
			}
			return withStore(c, file, func(ctx context.Context, cfg *config.Config, s *store.Store) error {
				l, err := scriptsAt(c, cfg, dir)
				if err != nil {
					return err
				}
				r, err := replayCalls(ctx, s, l, time.Now().Add(-since), progress(c.ErrOrStderr()))
				if err != nil {
					return err
				}
				if asJSON {
					err = json.NewEncoder(c.OutOrStdout()).Encode(r)
				} else {
					err = r.tell(c.OutOrStdout())
				}
				if err == nil && len(r.Elsewhere) > 0 {
					return errFindings
				}
				return err
			})
		}}
	configFlag(c, &file)
	c.Flags().StringVar(&dir, "dir", "", "the folder of scripts to try (default: ivr.dir of the configuration)")
	c.Flags().DurationVar(&since, "since", 24*time.Hour, "how far back")
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return c
}

// replayCalls feeds every ended call since a time to the scripts.
func replayCalls(ctx context.Context, s *store.Store, l *library, since time.Time, told func(done, all int)) (*replayReport, error) {
	r := &replayReport{Set: l.sum(), Since: since, Elsewhere: []replayedCall{}, Unsure: []replayedCall{}}
	ids, err := s.IVRCalls(ctx, since)
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		told(i, len(ids))
		rec, err := s.Record(ctx, id)
		if err != nil {
			return nil, err
		}
		inputs, err := s.IVRInputs(ctx, id)
		if err != nil {
			return nil, err
		}
		r.add(l, rec, inputs)
	}
	told(len(ids), len(ids))
	return r, nil
}

func (r *replayReport) add(l *library, rec ctid.CallRecord, inputs []ctid.ScriptInput) {
	r.Calls++
	x := replayedCall{Call: rec.ID, Script: rec.IVR.Script}
	script := l.scripts[x.Script]
	if script == nil {
		x.Why = "there is no script of that name"
		r.Elsewhere = append(r.Elsewhere, x)
		return
	}
	got := ivr.Replay(script, ivr.Options{}, rec.IVR, lastScript(inputs))
	if got.MadeUp > 0 {
		r.MadeUp++
	}
	switch d := got.Different; {
	case got.Same:
		r.Same++
	case d != nil:
		x.Node, x.Input, x.Was, x.Is, x.Why = d.Node, d.Input, d.Was, d.Is, d.Why
		r.Elsewhere = append(r.Elsewhere, x)
	default:
		x.Why = got.Unsure
		r.Unsure = append(r.Unsure, x)
	}
}

// lastScript is what the last script took of a call that was sent from one to another: the record's way is of that one.
func lastScript(inputs []ctid.ScriptInput) []ctid.ScriptInput {
	at := 0
	for i, in := range inputs {
		if in.Kind == ctid.InputStart {
			at = i
		}
	}
	return inputs[at:]
}

func (r *replayReport) tell(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, part := range []struct {
		title string
		calls []replayedCall
	}{{"would have gone elsewhere", r.Elsewhere}, {"cannot be told", r.Unsure}} {
		if len(part.calls) == 0 {
			continue
		}
		fmt.Fprintf(t, "%s:\n", part.title)
		for _, x := range part.calls {
			fmt.Fprintf(t, "  %s\t%s\t%s\n", x.Call, x.Script, x.text())
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%d calls since %s: %d the same, %d elsewhere, %d cannot be told; in %d of them other digits took the place of masked ones\n",
		r.Calls, r.Since.UTC().Format(time.RFC3339), r.Same, len(r.Elsewhere), len(r.Unsure), r.MadeUp)
	return err
}

// text says where a call parts, in words.
func (x replayedCall) text() string {
	at := cmp.Or(x.Node, "the beginning")
	if x.Input != "" {
		at += " (" + x.Input + ")"
	}
	switch {
	case x.Why != "" && x.Node == "" && x.Is == "":
		return x.Why
	case x.Is == "" && x.Why != "":
		return at + ": " + x.Why
	case x.Is == "":
		return fmt.Sprintf("after %s it went on to %s, now it does not", at, x.Was)
	case x.Was == "":
		return fmt.Sprintf("after %s it ended, now it goes on to %s", at, x.Is)
	}
	return fmt.Sprintf("after %s it went to %s, now to %s", at, x.Was, x.Is)
}

// progress shows on a terminal how far a long command has come, from the third second on.
func progress(w io.Writer) func(done, all int) {
	f, ok := w.(interface{ Fd() uintptr })
	if !ok || !isTerminal(f.Fd()) {
		return func(int, int) {}
	}
	began, shown := time.Now(), time.Time{}
	return func(done, all int) {
		now := time.Now()
		switch {
		case done == all && !shown.IsZero():
			fmt.Fprint(w, "\r\x1b[K")
		case now.Sub(began) > 2*time.Second && now.Sub(shown) > 200*time.Millisecond:
			shown = now
			fmt.Fprintf(w, "\r%d of %d calls", done, all)
		}
	}
}
