package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
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
	var q replayQuery
	c := &cobra.Command{Use: "replay --from TIME [--to TIME] [-c NEW.yaml] [--log SITE.yaml]", Short: "What a recorded span would have been like under another configuration", Args: noArgs,
		Long: `Gives the recorded callers and agents of a span to the distributor under the configuration NEW.yaml, and tells both beside each other.
Callers come, and give up, when they did; agents come, pause and go when they did; conversations last as long as they did. It works beside
the daemon, asks no Asterisk and changes nothing. The log is in the database that NEW.yaml names, or else the one that SITE.yaml does.`,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := q.span(time.Now()); err != nil {
				return usageError{err}
			}
			return q.run(c)
		}}
	c.Flags().StringVarP(&q.file, "config", "c", "", "the configuration to try (default: ctid.yaml here, then in /etc/ctid)")
	c.Flags().StringVar(&q.site, "log", "", "the configuration whose database has the log, if it is another one")
	c.Flags().StringVar(&q.from, "from", "", "where the span begins, as 2026-11-22T10:00:00Z or 10:00:00 of today in UTC")
	c.Flags().StringVar(&q.to, "to", "", "where it ends (default: now)")
	c.Flags().BoolVar(&q.asJSON, "json", false, "one JSON object")
	return c
}

// replayQuery is one replay as the command line asks for it.
type replayQuery struct {
	file, site string
	from, to   string
	begin, end time.Time
	asJSON     bool
}

// span reads where the span begins and ends.
func (q *replayQuery) span(now time.Time) (err error) {
	if q.from == "" {
		return errors.New("--from is missing: the moment at which the span begins")
	}
	if q.begin, err = momentOf(q.from, now); err != nil {
		return err
	}
	if q.end, err = momentOf(q.to, now); err != nil {
		return err
	}
	if !q.end.After(q.begin) {
		return errors.New("--to is not after --from: the span has no time")
	}
	return nil
}

func (q *replayQuery) run(c *cobra.Command) error {
	changed, err := loadConfig(c, q.file)
	if err != nil {
		return err
	}
	site := cmp.Or(q.site, q.file)
	return withStore(c, site, func(ctx context.Context, _ *config.Config, s *store.Store) error {
		rec, older, err := recordedSpan(ctx, s, q.begin, q.end)
		if errors.Is(err, errNoSnapshot) {
			return fmt.Errorf("%w. If another configuration names the database of the log, say which: --log SITE.yaml", err)
		}
		if err != nil {
			return err
		}
		r, err := sim.Replay(rec, changed.ACD(""))
		if err != nil {
			return err
		}
		if r.Older = older; q.asJSON {
			return json.NewEncoder(c.OutOrStdout()).Encode(r)
		}
		return tellReplay(c.OutOrStdout(), r)
	})
}

// recordedSpan is the core as it stood at from, and what it was given until to.
func recordedSpan(ctx context.Context, s *store.Store, from, to time.Time) (rec sim.Record, older bool, err error) {
	before, older, err := folding{from: from, to: from}.fold(ctx, s)
	if err != nil {
		return rec, older, err
	}
	rec = sim.Record{Start: before.Snapshot(), From: from, To: to}
	f := folding{from: from, to: to, each: func(r store.LogRow, ev acd.Event, _ *acd.State, _ []acd.Command) {
		rec.Inputs = append(rec.Inputs, sim.Input{At: r.At, Event: ev})
	}}
	_, old, err := f.fold(ctx, s)
	return rec, older || old, err
}

func tellReplay(out io.Writer, r *sim.Comparison) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if r.Older {
		fmt.Fprintln(t, "Part of the span was decided by an older version, whose decisions may have been others.")
	}
	fmt.Fprintf(t, "%s to %s\n\n", r.From.UTC().Format(time.RFC3339), r.To.UTC().Format(time.RFC3339))
	fmt.Fprintln(t, "queue\t\toffered\tanswered\tabandoned\tother\trefused\tASA s\tservice level\tlongest s")
	for _, q := range r.Queues {
		for _, side := range []struct {
			name string
			f    sim.Figures
		}{{"recorded", q.Recorded}, {"replayed", q.Replayed}} {
			fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%.1f\t%.1f %%\t%.1f\n", q.Queue, side.name, side.f.Offered, side.f.Answered, side.f.Abandoned, side.f.Other,
				side.f.Refused, side.f.ASA().Seconds(), 100*side.f.Level(), side.f.Longest.Seconds())
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
