//go:build !nodemo

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"ctid"
	"ctid/config"
	"ctid/demo"
	"ctid/store"
)

// The variables that hold the ARI user and password of --asterisk.
const (
	demoUserEnv     = "CTID_DEMO_ARI_USER"
	demoPasswordEnv = "CTID_DEMO_ARI_PASSWORD" //nolint:gosec // the name of a variable
)

// statusInterrupted is the shell's for a program that Ctrl-C has ended.
const statusInterrupted = 130

// demoCommands is the demo; a package for servers is built without it (tag nodemo).
func demoCommands() []*cobra.Command {
	var cfg demo.Config
	c := &cobra.Command{Use: "demo", Short: "A call centre on an Asterisk of its own, with callers and agents", Args: noArgs,
		Long: "Fetches and starts a real Asterisk 22 (no root, no container), a call centre with two queues and five agents on\n" +
			"it, and lets people call. Prints the desktop's address and log-in, then a line for each call.\n" +
			"With --asterisk, " + demoUserEnv + " and " + demoPasswordEnv + " hold the user and password of its ARI.",
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkDemo(cfg); err != nil {
				return usageError{err}
			}
			return runDemo(c, cfg)
		}}
	f := c.Flags()
	f.IntVar(&cfg.Calls, "calls", 0, "how many calls; 0: one every few seconds, until Ctrl-C")
	f.BoolVar(&cfg.Exit, "exit", false, "end after --calls; status 0 only if each has its record, its pop and its conversation")
	f.BoolVar(&cfg.JSON, "json", false, "an object for each call on standard output, all else on standard error")
	f.BoolVar(&cfg.Simulated, "simulated", false, "on the simulated Asterisk")
	f.StringVar(&cfg.Asterisk, "asterisk", "", "attach to this Asterisk, such as http://127.0.0.1:8088, and only say what to dial")
	f.StringVar(&cfg.Listen, "listen", "127.0.0.1:0", "where the desktop answers; port 0: a free one")
	f.Uint64Var(&cfg.Seed, "seed", 0, "of all that is left to chance; 0: a new one each time")
	return []*cobra.Command{c}
}

func checkDemo(c demo.Config) error {
	switch {
	case c.Calls < 0:
		return errors.New("--calls is 0 or more")
	case c.Exit && c.Calls == 0:
		return errors.New("--exit needs --calls N, the number of calls to end after")
	case c.Asterisk != "" && (c.Simulated || c.Calls > 0):
		return errors.New("--asterisk goes without --simulated, --calls and --exit: nobody calls there but you")
	case c.Asterisk != "" && os.Getenv(demoPasswordEnv) == "":
		return fmt.Errorf("--asterisk needs the ARI password in the environment variable %s (and the user in %s, if it is not ctid)",
			demoPasswordEnv, demoUserEnv)
	}
	return nil
}

func runDemo(c *cobra.Command, cfg demo.Config) (err error) {
	if cfg.Dir, err = os.MkdirTemp("", "ctid-demo-"); err != nil {
		return fmt.Errorf("make the demo's folder: %w", err)
	}
	defer func() {
		if os.Getenv(demo.KeepEnv) == "1" {
			fmt.Fprintln(c.ErrOrStderr(), "kept:", cfg.Dir)
			return
		}
		err = errors.Join(err, os.RemoveAll(cfg.Dir))
	}()
	defer secondSignal(c.Context(), cfg.Dir)()
	if cfg.User, cfg.Password = os.Getenv(demoUserEnv), os.Getenv(demoPasswordEnv); cfg.User == "" {
		cfg.User = "ctid"
	}
	for cfg.Seed == 0 {
		cfg.Seed = rand.Uint64() //nolint:gosec // who calls in a demo is no secret
	}
	cfg.Out, cfg.Err = c.OutOrStdout(), c.ErrOrStderr()
	cfg.Terminal = isTerminal(os.Stderr.Fd())
	cfg.Serve = serveDemo
	err = demo.Run(c.Context(), cfg)
	if errors.Is(err, demo.ErrLacking) {
		fmt.Fprintln(cfg.Err, "ctid demo:", err)
		return errFindings
	}
	return err
}

// secondSignal: the first Ctrl-C ends the demo in order, the second one at once. Asterisk dies with us.
func secondSignal(ctx context.Context, dir string) (stop func()) {
	done := make(chan struct{})
	again := make(chan os.Signal, 1)
	go func() {
		select {
		case <-ctx.Done():
		case <-done:
			return
		}
		signal.Notify(again, os.Interrupt, syscall.SIGTERM)
		select {
		case <-again:
			for range 3 { // Asterisk may be writing there
				_ = os.RemoveAll(dir)
			}
			os.Exit(statusInterrupted)
		case <-done:
		}
	}()
	return func() { signal.Stop(again); close(done) }
}

// demoDaemon lets the demo work with the daemon and its store.
type demoDaemon struct {
	*daemon
	gone chan struct{} // closed by Stop
}

// serveDemo starts the daemon on the demo's configuration.
func serveDemo(ctx context.Context, s demo.Start) (demo.Daemon, error) {
	cfg, found := config.Load(config.Options{File: s.ConfigFile})
	if config.Failed(found) {
		var errs []error
		for _, f := range found {
			errs = append(errs, errors.New(f.String()))
		}
		return nil, errors.Join(errs...)
	}
	d, err := start(context.WithoutCancel(ctx), cfg, demoLogger(s.Log), speakWith(s.Speech, s.SpeechEnv))
	if err != nil {
		return nil, err
	}
	x := demoDaemon{d, make(chan struct{})}
	go func() {
		select {
		case err := <-d.failed:
			s.Failed(err)
		case <-x.gone:
		}
	}()
	return x, nil
}

func demoLogger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// WebURL implements demo.Daemon, as do the methods below.
func (x demoDaemon) WebURL() string { return x.webURL() }

func (x demoDaemon) Stop() error {
	close(x.gone)
	return x.stop(nil)
}

func (x demoDaemon) Seed(ctx context.Context, s demo.Seed) error {
	rows := store.Seed{Customers: s.Customers}
	for _, c := range s.Cases {
		rows.Cases = append(rows.Cases, store.CaseRow{Case: c.Case, Customer: c.Customer, Opened: c.Opened})
	}
	if err := x.st.PutSeed(ctx, rows); err != nil {
		return err
	}
	saved := make(chan error, len(s.Past))
	var past []ctid.LogEntry
	for i := range s.Past {
		past = append(past, ctid.LogEntry{Record: &s.Past[i], Done: func(err error) { saved <- err }})
	}
	x.st.AppendAll(past)
	for range past {
		select {
		case err := <-saved:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (x demoDaemon) AddUser(ctx context.Context, agent ctid.AgentID, password string) error {
	return x.st.AddUser(ctx, store.User{Name: string(agent), Roles: []ctid.Role{ctid.RoleAgent}, Agent: agent}, password)
}

func (x demoDaemon) Records(ctx context.Context, since time.Time) ([]ctid.CallRecord, error) {
	return x.st.Records(ctx, store.RecordQuery{Since: since})
}
