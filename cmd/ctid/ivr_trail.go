package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"ctid"
	"ctid/config"
	"ctid/store"
)

func ivrTrailCommand() *cobra.Command {
	var file, from string
	var last int
	c := &cobra.Command{Use: "trail [CALL]", Short: "The way that a call took through its script; without CALL, the last calls",
		Long: `Lists the last calls that a script answered, or shows for one of them each node, what the caller pressed there, what look-ups and queues
gave, and what went wrong, with the time since the beginning. Of a masked answer there are only dots, as many as it had keys. It works
beside the daemon. Exit: 0 good, 1 there is no such call.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return withStore(c, file, func(ctx context.Context, _ *config.Config, s *store.Store) error {
				if len(args) == 0 {
					return listTrails(ctx, s, c.OutOrStdout(), store.RecordQuery{ANI: from, Limit: last})
				}
				return tellTrail(ctx, s, c.OutOrStdout(), ctid.CallID(args[0]))
			})
		}}
	configFlag(c, &file)
	c.Flags().StringVar(&from, "from", "", "only calls from this number, such as +442079460018")
	c.Flags().IntVar(&last, "last", 20, "how many of the last calls to look at")
	return c
}

// listTrails lists calls that a script answered, the latest first.
func listTrails(ctx context.Context, s *store.Store, to io.Writer, q store.RecordQuery) error {
	calls, err := s.Records(ctx, q)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "call\tarrived\tfrom\tscript\tlast node\toutcome\twent wrong")
	for _, r := range calls {
		if r.IVR.Script == "" {
			continue
		}
		node := ""
		if n := len(r.IVR.Path); n > 0 {
			node = r.IVR.Path[n-1].Node
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.Arrived.UTC().Format(time.RFC3339), callerOf(r), r.IVR.Script, node, cmp.Or(r.Outcome, "open"),
			cmp.Or(wrong(r.Scripted), "-"))
	}
	return t.Flush()
}

func callerOf(r ctid.CallRecord) string {
	return cmp.Or(string(r.ANI.E164), string(r.ANI.Raw), "withheld")
}

// wrong says what went wrong in the scripts of a call; empty: nothing.
func wrong(s *ctid.Scripted) string {
	if s == nil {
		return ""
	}
	var out []string
	if s.Errors > 0 {
		out = append(out, fmt.Sprintf("errors: %d", s.Errors))
	}
	if s.Failed > 0 {
		out = append(out, fmt.Sprintf("failed questions: %d", s.Failed))
	}
	if s.LastResort {
		out = append(out, "last_resort")
	}
	return strings.Join(out, ", ")
}

// tellTrail shows one call.
func tellTrail(ctx context.Context, s *store.Store, to io.Writer, id ctid.CallID) error {
	r, err := s.Record(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("there is no call %s; ctid ivr trail lists the last ones", id)
	}
	if err != nil {
		return err
	}
	if r.IVR.Script == "" {
		return fmt.Errorf("no script answered call %s", id)
	}
	inputs, err := s.IVRInputs(ctx, id)
	if err != nil {
		return err
	}
	said, err := scriptNotes(ctx, s, id)
	if err != nil {
		return err
	}
	set := ""
	if r.Scripted != nil {
		set = ", set " + shortSum(r.Scripted.Set)
	}
	fmt.Fprintf(to, "%s from %s, %s, script %s%s\n", r.ID, callerOf(r), r.Arrived.UTC().Format(time.RFC3339), r.IVR.Script, set)
	t := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	for _, l := range trailOf(r, inputs, said) {
		fmt.Fprintf(t, "  %s\t%s\t%s\n", since(l.at.Sub(r.Arrived)), l.where, l.what)
	}
	if r.End != nil {
		fmt.Fprintf(t, "  %s\t\t■ ended by %s: %s\n", since(r.Ended.Sub(r.Arrived)), r.End.Side, r.Outcome)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if w := wrong(r.Scripted); w != "" {
		fmt.Fprintln(to, "went wrong:", w)
	}
	return nil
}

// since is a time in a call, as the simulator writes it.
func since(d time.Duration) string {
	d = max(0, d).Round(100 * time.Millisecond)
	return fmt.Sprintf("%d:%04.1f", int(d.Minutes()), (d % time.Minute).Seconds())
}

type trailLine struct {
	at          time.Time
	node        string // of an input; empty: of whatever node is open
	where, what string
}

// scriptNotes are the lines that the scripts of a call have left in the log.
func scriptNotes(ctx context.Context, s *store.Store, id ctid.CallID) ([]trailLine, error) {
	rows, err := s.ReadLog(ctx, store.LogQuery{Subject: string(id), Kinds: []string{ctid.CallNote{}.Kind()}})
	if err != nil {
		return nil, err
	}
	var out []trailLine
	for _, r := range rows {
		var e struct {
			What string `json:"what"`
			Data struct {
				Code string `json:"code"`
				Text string `json:"text"`
			} `json:"data"`
		}
		if err := json.Unmarshal(r.Body, &e); err != nil || e.What != "script" {
			continue // another note, or one of a later version
		}
		out = append(out, trailLine{at: r.At, what: "✗ " + e.Data.Code + ": " + e.Data.Text})
	}
	return out, nil
}

// trailOf puts the nodes of the record, what their steps took, and the notes into the order in which they came. The record's
// way is of the last script; of those before it, only what was taken is known.
func trailOf(r ctid.CallRecord, inputs []ctid.ScriptInput, said []trailLine) (out []trailLine) {
	last := lastScript(inputs)
	for _, in := range inputs[:len(inputs)-len(last)] {
		out = append(out, inputLine(in))
	}
	var took []trailLine
	from := r.Arrived
	for _, in := range last {
		if in.Kind == ctid.InputStart {
			from = in.At
			continue
		}
		took = append(took, inputLine(in))
	}
	took = append(took, said...)
	slices.SortStableFunc(took, func(a, b trailLine) int { return a.at.Compare(b.at) })
	for i, p := range r.IVR.Path {
		out = append(out, trailLine{at: from, where: p.Node, what: "→"})
		from = from.Add(time.Duration(p.MS) * time.Millisecond)
		till := from.Add(time.Duration(i+1) * time.Millisecond) // the record cuts each visit to a full millisecond
		for len(took) > 0 && !took[0].at.After(till) && (took[0].node == "" || took[0].node == p.Node) {
			out, took = append(out, took[0]), took[1:]
		}
	}
	return append(out, took...)
}

// inputLine says what a step took.
func inputLine(in ctid.ScriptInput) trailLine {
	l := trailLine{at: in.At, node: in.Node, where: fmt.Sprintf("%s/%d", in.Node, in.Step)}
	switch in.Kind {
	case ctid.InputStart:
		l.where, l.what = "", "→ script "+in.Script
	case ctid.InputKeys:
		keys := string(in.Told.Keys)
		if in.Masked {
			keys = strings.Repeat("•", in.Count)
		}
		l.what = fmt.Sprintf("> %s  %s %s", keys, in.Verb, in.Outcome)
	case ctid.InputSilence:
		l.what = fmt.Sprintf("✗ silence  %s %s", in.Verb, in.Outcome)
	case ctid.InputHangup:
		l.what = "the caller has hung up"
		if in.Told.Asked != "" {
			l.what += " (" + string(in.Told.Asked) + ")"
		}
	default: // an answer, or what was heard
		l.what = fmt.Sprintf("· %s  %s", cmp.Or(string(in.Told.Asked), in.Verb), in.Outcome)
		if m, ok := in.Told.Answer.V.(map[string]any); ok && m["Code"] != nil && m["Code"] != "" {
			l.what += fmt.Sprintf(" (%v)", m["Code"])
		}
	}
	return l
}
