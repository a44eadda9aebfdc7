package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"ctid"
	"ctid/acd"
	"ctid/config"
	"ctid/store"
)

// whySpan is how far back the decisions about an agent are told.
const whySpan = 10 * time.Minute

func whyCommand() *cobra.Command {
	var file, at string
	var asJSON bool
	c := &cobra.Command{Use: "why", Short: "Why a call is, or was, not offered to an agent: every decision, its candidates and the rule against each",
		Long: `Folds the recorded inputs of the distributor, from the nearest snapshot on, by the rules that were in force, and tells which agents could have had
the call, or which calls the agent, and which rule with which value was against each. It works beside the daemon and asks no Asterisk.`}
	sub := func(kind, arg string, tell func(w why, id string) error) *cobra.Command {
		return &cobra.Command{Use: kind + " " + arg, Short: "Why " + kind + " " + arg + " waits, or waited", Args: oneName,
			RunE: func(c *cobra.Command, args []string) error {
				moment, err := momentOf(at, time.Now())
				if err != nil {
					return usageError{err}
				}
				return withStore(c, file, func(ctx context.Context, _ *config.Config, s *store.Store) error {
					return tell(why{ctx: ctx, s: s, out: c.OutOrStdout(), at: moment, given: at != "", asJSON: asJSON}, args[0])
				})
			}}
	}
	c.AddCommand(sub("call", "ID", why.call), sub("agent", "NAME", why.agent))
	c.PersistentFlags().StringVarP(&file, "config", "c", "", "the configuration (default: ctid.yaml here, then in /etc/ctid)")
	c.PersistentFlags().StringVar(&at, "at", "", "the moment, as 2026-11-22T10:00:00Z or 10:00:00 of today in UTC (default: the end of the call's wait, or now)")
	c.PersistentFlags().BoolVar(&asJSON, "json", false, "one JSON object")
	return group(c)
}

// momentOf reads a moment; empty: now.
func momentOf(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return now, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, nil
	}
	t, err := time.Parse("2006-01-02 15:04:05.999999", now.UTC().Format("2006-01-02 ")+text)
	if err != nil {
		return t, fmt.Errorf("%q is not a moment: write 2026-11-22T10:00:00Z, or 10:00:00 for today in UTC", text)
	}
	return t, nil
}

type why struct {
	ctx    context.Context
	s      *store.Store
	out    io.Writer
	at     time.Time
	given  bool
	asJSON bool
}

// whyAnswer is what is told.
type whyAnswer struct {
	At        time.Time      `json:"at"`
	Now       []acd.Why      `json:"now"`       // at that moment
	Decisions []acd.Decision `json:"decisions"` // before it
	Older     bool           `json:"older,omitempty"`
	said      string
}

// call tells of every agent of the call's queue what kept him from it, and of each time it was offered who could have had it.
func (w why) call(id string) error {
	rows, err := w.s.ReadLog(w.ctx, store.LogQuery{Subject: id, Limit: 1})
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return fmt.Errorf("the log knows nothing of call %s; is that its id, and is it younger than log.keep?", id)
	}
	if !w.given { // what came after the call is of no interest
		last, err := w.s.ReadLog(w.ctx, store.LogQuery{Subject: id, Limit: 1, Last: true})
		if err != nil {
			return err
		}
		w.at = last[0].At
	}
	a := whyAnswer{At: w.at, said: "call " + id + " waits in no queue then"}
	f := folding{from: rows[0].At, to: w.at.Add(time.Microsecond)}
	if w.at.Before(f.from) {
		f.from = w.at
	}
	f.begin = func(core *acd.State) {
		core.Trace(func(d acd.Decision) {
			if d.Task == ctid.TaskID(id) {
				a.Decisions = append(a.Decisions, d)
			}
		})
	}
	f.each = func(r store.LogRow, _ acd.Event, core *acd.State, _ []acd.Command) {
		if now, waits := core.WhyTask(ctid.TaskID(id)); waits {
			a.Now, a.At = now, r.At
		} else if w.given {
			a.Now = nil
		}
	}
	core, older, err := f.fold(w.ctx, w.s)
	if err != nil {
		return err
	}
	a.Older = older
	if now, waits := core.WhyTask(ctid.TaskID(id)); waits {
		a.Now, a.At = now, w.at
	}
	return w.tell(a)
}

// agent tells of every call that waits in the agent's queues what keeps it from him, and of the offers of the last minutes why they were not his.
func (w why) agent(id string) error {
	a := whyAnswer{At: w.at, said: "nobody waits in a queue of agent " + id + " then"}
	f := folding{from: w.at.Add(-whySpan), to: w.at.Add(time.Microsecond)}
	f.begin = func(core *acd.State) {
		core.Trace(func(d acd.Decision) {
			if d.At.Before(f.from) {
				return
			}
			for _, c := range d.Candidates {
				if c.Agent == ctid.AgentID(id) {
					a.Decisions = append(a.Decisions, acd.Decision{At: d.At, Task: d.Task, Queue: d.Queue, Agent: d.Agent, Candidates: []acd.Why{c}})
				}
			}
		})
	}
	core, older, err := f.fold(w.ctx, w.s)
	if errors.Is(err, errNoSnapshot) { // the daemon is younger than that
		f.from = w.at
		core, older, err = f.fold(w.ctx, w.s)
	}
	if err != nil {
		return err
	}
	now, ok := core.WhyAgent(ctid.AgentID(id))
	if !ok {
		return fmt.Errorf("there was no agent %q then", id)
	}
	a.Now, a.Older = now, older
	return w.tell(a)
}

func (w why) tell(a whyAnswer) error {
	if w.asJSON {
		return json.NewEncoder(w.out).Encode(a)
	}
	t := tabwriter.NewWriter(w.out, 0, 0, 2, ' ', 0)
	if a.Older {
		fmt.Fprintln(t, "Part of this was decided by an older version, whose decisions may have been others.")
	}
	for _, d := range a.Decisions {
		fmt.Fprintf(t, "%s  %s of %s was offered to %s\n", d.At.Format(time.RFC3339Nano), d.Task, d.Queue, d.Agent)
		tellWhys(t, d.Candidates)
	}
	if len(a.Now) == 0 {
		fmt.Fprintln(t, a.said)
		return t.Flush()
	}
	fmt.Fprintf(t, "At %s\n", a.At.UTC().Format(time.RFC3339Nano))
	tellWhys(t, a.Now)
	return t.Flush()
}

func tellWhys(out io.Writer, list []acd.Why) {
	for _, y := range list {
		mark := "no"
		if y.OK {
			mark = "yes"
		}
		fmt.Fprintf(out, "  %s\t%s\t%s\t%s\t%s\n", y.Task, y.Agent, mark, y.Rule, y.Value)
	}
}
