package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"ctid/acd"
	"ctid/config"
	"ctid/sim"
	"ctid/store"
)

func simReplay() *cobra.Command {
	var file, other, from, to string
	var asJSON bool
	c := &cobra.Command{Use: "replay --from TIME --to TIME --with NEW.yaml", Short: "What a recorded span would have been like under another configuration", Args: noArgs,
		Long: `Gives the recorded callers and agents of a span to the distributor under another configuration, and tells both beside each other.
Callers come, and give up, when they did; agents come, pause and go when they did; conversations last as long as they did. It works beside
the daemon, asks no Asterisk and changes nothing.`,
		RunE: func(c *cobra.Command, _ []string) error {
			now := time.Now()
			begin, err := momentOf(from, now)
			if err == nil && from == "" {
				err = fmt.Errorf("--from is missing: the moment at which the span begins")
			}
			if err != nil {
				return usageError{err}
			}
			end, err := momentOf(to, now)
			if err == nil && !end.After(begin) {
				err = fmt.Errorf("--to is not after --from: the span has no time")
			}
			if err != nil {
				return usageError{err}
			}
			changed, err := loadConfig(c, other)
			if err != nil {
				return err
			}
			return withStore(c, file, func(ctx context.Context, _ *config.Config, s *store.Store) error {
				start, inputs, older, err := recordedSpan(ctx, s, begin, end)
				if err != nil {
					return err
				}
				r, err := sim.Replay(start, inputs, changed.ACD(""))
				if err != nil {
					return err
				}
				if asJSON {
					return json.NewEncoder(c.OutOrStdout()).Encode(r)
				}
				return tellReplay(c.OutOrStdout(), r, older)
			})
		}}
	configFlag(c, &file)
	c.Flags().StringVar(&other, "with", "", "the other configuration")
	c.Flags().StringVar(&from, "from", "", "where the span begins, as 2026-11-22T10:00:00Z or 10:00:00 of today in UTC")
	c.Flags().StringVar(&to, "to", "", "where it ends (default: now)")
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return c
}

// recordedSpan is the core as it stood at from, and what it was given until to.
func recordedSpan(ctx context.Context, s *store.Store, from, to time.Time) (start acd.Snapshot, inputs []sim.Input, older bool, err error) {
	before, older, err := folding{from: from, to: from}.fold(ctx, s)
	if err != nil {
		return start, nil, older, err
	}
	start = before.Snapshot()
	f := folding{from: from, to: to, each: func(r store.LogRow, ev acd.Event, _ *acd.State, _ []acd.Command) {
		inputs = append(inputs, sim.Input{At: r.At, Event: ev})
	}}
	_, old, err := f.fold(ctx, s)
	return start, inputs, older || old, err
}

func tellReplay(out io.Writer, r *sim.Comparison, older bool) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if older {
		fmt.Fprintln(t, "Part of the span was decided by an older version, whose decisions may have been others.")
	}
	fmt.Fprintf(t, "%s to %s\n\n", r.From.UTC().Format(time.RFC3339), r.To.UTC().Format(time.RFC3339))
	fmt.Fprintln(t, "queue\t\toffered\tanswered\tabandoned\tother\tASA s\tservice level\tlongest s")
	for _, q := range r.Queues {
		for _, side := range []struct {
			name string
			f    sim.Figures
		}{{"recorded", q.Recorded}, {"replayed", q.Replayed}} {
			fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%d\t%d\t%.1f\t%.1f %%\t%.1f\n", q.Queue, side.name, side.f.Offered, side.f.Answered, side.f.Abandoned, side.f.Other,
				side.f.ASA().Seconds(), 100*side.f.Level(), side.f.Longest.Seconds())
		}
	}
	kinds := make([]string, 0, len(r.LeftOut))
	for k := range r.LeftOut {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	for _, k := range kinds {
		fmt.Fprintf(t, "left out: %d of %s\n", r.LeftOut[k], k)
	}
	return t.Flush()
}
