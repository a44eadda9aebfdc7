package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"ctid"
	"ctid/ami"
	"ctid/config"
	"ctid/shadow"
)

func shadowCommand() *cobra.Command {
	var s shadowing
	c := &cobra.Command{Use: "shadow -c ctid.yaml [--queue NAME…] [--for 30m] | --queue-log FILE… [--from TIME] [--to TIME]", Args: noArgs,
		Short: "Beside a live app_queue: what ctid would have done with the same calls",
		Long: `Watches Asterisk's own queues, by the manager interface of a node (asterisk.nodes[].ami, read=agent,call) or by queue_log
files, keeps an exact account of their figures, gives the same callers to ctid's distributor under the configuration, and puts
both beside each other. It only reads. A live watch ends with --for or Ctrl-C, and reports what it has seen by then.
docs/migration.md tells how to read the report. The status is 1 if there is something to be looked at.`,
		RunE: func(c *cobra.Command, _ []string) error { return s.run(c) }}
	configFlag(c, &s.file)
	f := c.Flags()
	f.StringArrayVar(&s.queues, "queue", nil, "report this queue alone, as app_queue calls it; may be repeated")
	f.StringArrayVar(&s.logs, "queue-log", nil, "read this queue_log, instead of the manager interface; may be repeated, for rotated ones (.gz too)")
	f.StringVar(&s.from, "from", "", "with --queue-log: who entered then or later, as 2026-11-22T10:00:00Z or 10:00:00 of today in UTC")
	f.StringVar(&s.to, "to", "", "with --queue-log: who entered before (default: the end of the files)")
	f.DurationVar(&s.lasts, "for", 0, "watch for so long; with --queue-log: follow the file, through rotations")
	f.StringVar(&s.node, "node", "", "the node whose manager interface is watched (default: the first that has one)")
	f.BoolVar(&s.asJSON, "json", false, "one JSON object")
	return c
}

// shadowing is one watch as the command line asks for it.
type shadowing struct {
	file, node, from, to string
	queues, logs         []string
	lasts                time.Duration
	asJSON               bool
}

func (s *shadowing) run(c *cobra.Command) error {
	now := time.Now()
	opt, err := s.options(now)
	if err != nil {
		return usageError{err}
	}
	cfg, _, err := readConfig(c, config.Options{File: s.file, Offline: len(s.logs) > 0}) // a queue_log may be read where no secrets are
	if err != nil {
		return err
	}
	site := shadowSite(cfg)
	for _, q := range s.queues {
		if id, meant := site.Counterpart(q); id == "" {
			return usageError{fmt.Errorf("%s", noCounterpart(q, meant))}
		}
	}
	r, err := s.watch(c, cfg, site, opt)
	if err != nil {
		return err
	}
	if s.asJSON {
		e := json.NewEncoder(c.OutOrStdout())
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		err = e.Encode(r)
	} else {
		err = r.Table(c.OutOrStdout())
	}
	if err == nil && len(r.Findings) > 0 {
		return errFindings
	}
	return err
}

func noCounterpart(queue, meant string) string {
	text := fmt.Sprintf("ctid.yaml has no queue of app_queue's name %q", queue)
	if meant != "" {
		text += fmt.Sprintf("; did you mean %q?", meant)
	}
	return text
}

// options are what of the watch is reported.
func (s *shadowing) options(now time.Time) (shadow.Options, error) {
	o := shadow.Options{Queues: s.queues}
	var err error
	switch {
	case len(s.logs) == 0 && (s.from != "" || s.to != ""):
		return o, errors.New("--from and --to go with --queue-log: a live watch begins now, and --for says how long it lasts")
	case s.lasts < 0:
		return o, errors.New("--for is no time")
	case s.lasts > 0 && (s.from != "" || s.to != "" || len(s.logs) > 1):
		return o, errors.New("--for follows one queue_log from now on: it takes neither --from and --to nor a second file")
	case len(s.logs) > 0 && s.node != "":
		return o, errors.New("--node says whose manager interface is watched; with --queue-log none is")
	}
	if s.from != "" {
		if o.From, err = momentOf(s.from, now); err != nil {
			return o, err
		}
	}
	if s.to != "" {
		if o.To, err = momentOf(s.to, now); err != nil {
			return o, err
		}
		if !o.To.After(o.From) {
			return o, errors.New("--to is not after --from: the span has no time")
		}
	}
	if len(s.logs) > 0 && s.lasts > 0 {
		o.From, o.To = now, now.Add(s.lasts)
	}
	return o, nil
}

// shadowSite is the configuration as a watch needs it: app_queue knows a queue by its name or its label, and an agent by his
// telephone, his name or his full name.
func shadowSite(cfg *config.Config) shadow.Site {
	s := shadow.Site{Core: cfg.ACD(""), Queues: map[string]ctid.QueueID{}}
	for _, q := range cfg.Queues {
		if !slices.ContainsFunc(cfg.Queues, func(o config.Queue) bool { return o.Name == q.Label }) && q.Label != "" {
			s.Queues[q.Label] = ctid.QueueID(q.Name)
		}
	}
	for _, a := range cfg.Agents {
		x := shadow.Agent{ID: ctid.AgentID(a.Name), FullName: a.FullName, Endpoints: []string{a.Device.Endpoint}}
		for _, d := range a.Devices {
			x.Endpoints = append(x.Endpoints, d.Endpoint)
		}
		s.Agents = append(s.Agents, x)
	}
	return s
}

// watch watches until it is enough, and reports.
func (s *shadowing) watch(c *cobra.Command, cfg *config.Config, site shadow.Site, opt shadow.Options) (*shadow.Report, error) {
	switch {
	case len(s.logs) == 0:
		n, err := s.watched(cfg)
		if err != nil {
			return nil, err
		}
		opt.Source = fmt.Sprintf("app_queue of %s, by its manager interface", n.Name)
		from := ami.Config{Name: n.Name, Address: n.AMI.Address, User: n.AMI.User, Password: ami.Password(n.AMI.Password.Reveal()), Log: newLogger(cfg)}
		return s.live(c, shadow.New(site, opt), func(ctx context.Context, tell func(shadow.Observation)) error {
			return ami.Listen(ctx, from, func(e ami.QueueEvent) { tell(shadow.Heard(n.Name, e)) })
		})
	case s.lasts > 0:
		opt.Source = "app_queue, by " + s.logs[0]
		return s.live(c, shadow.New(site, opt), func(ctx context.Context, tell func(shadow.Observation)) error {
			return shadow.Follow(ctx, s.logs[0], tell)
		})
	}
	opt.Source = "app_queue, by " + s.logs[0]
	if len(s.logs) > 1 {
		opt.Source += fmt.Sprintf(" and %d more", len(s.logs)-1)
	}
	w := shadow.New(site, opt)
	if err := shadow.ReadLogs(s.logs, w.Take); err != nil {
		return nil, err
	}
	return w.Report(opt.To)
}

// watched is the node whose manager interface is watched.
func (s *shadowing) watched(cfg *config.Config) (config.Node, error) {
	for _, n := range cfg.Asterisk.Nodes {
		if n.AMI.Address != "" && (s.node == "" || s.node == n.Name) {
			return n, nil
		}
	}
	if s.node != "" {
		return config.Node{}, usageError{fmt.Errorf("asterisk.nodes has no %q with `ami`", s.node)}
	}
	return config.Node{}, usageError{errors.New("no node has `ami: {address, user, password_file}` in ctid.yaml: give it, or read a queue_log with --queue-log")}
}

// live lets source tell the watch what it sees, until it was long enough or somebody ends it, and reports.
func (s *shadowing) live(c *cobra.Command, w *shadow.Watch, source func(context.Context, func(shadow.Observation)) error) (*shadow.Report, error) {
	ctx := c.Context()
	if s.lasts > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.lasts)
		defer cancel()
	}
	told, ended := make(chan shadow.Observation, 1024), make(chan error, 1)
	go func() {
		defer close(told)
		ended <- source(ctx, func(o shadow.Observation) { told <- o })
	}()
	look := make(<-chan time.Time)
	if isTerminal(os.Stderr.Fd()) {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		look = tick.C
	}
	for open := true; open; {
		select {
		case o, more := <-told:
			if open = more; more {
				w.Take(o)
			}
		case <-look:
			fmt.Fprintf(c.ErrOrStderr(), "\r%-60s", w.Progress())
		}
	}
	if cap(look) > 0 {
		fmt.Fprintf(c.ErrOrStderr(), "\r%60s\r", "") // takes the line away
	}
	if err := <-ended; ctx.Err() == nil {
		return nil, err
	}
	return w.Report(time.Now())
}
