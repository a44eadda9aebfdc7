package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"ctid/config"
)

// drainTime is how long a drain waits for talking callers before the daemon ends; their calls stay in Asterisk.
const drainTime = 30 * time.Second

func serveCommand() *cobra.Command {
	var file string
	var guarded bool
	c := &cobra.Command{Use: "serve", Short: "Run the daemon; SIGHUP reloads, SIGTERM drains", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			load := func() (*config.Config, []string, error) { return readConfig(c, config.Options{File: file}) }
			beat := beatFile()
			if beat == nil && guarded {
				return guard(c.Context(), slog.New(slog.NewTextHandler(os.Stderr, nil)))
			}
			cfg, _, err := load()
			if err != nil {
				return err
			}
			return serve(c.Context(), cfg, load, beat)
		}}
	configFlag(c, &file)
	config.Flags(c.Flags())
	c.Flags().BoolVar(&guarded, "guard", true, "run under a parent that starts the daemon again when it freezes or crashes")
	return c
}

func configFlag(c *cobra.Command, file *string) {
	c.Flags().StringVarP(file, "config", "c", "", "the configuration (default: ctid.yaml here, then in /etc/ctid)")
}

// loadConfig reads the configuration and prints what there is to say about it.
func loadConfig(c *cobra.Command, file string) (*config.Config, error) {
	cfg, _, err := readConfig(c, config.Options{File: file})
	return cfg, err
}

// readConfig is loadConfig that also returns what it printed.
func readConfig(c *cobra.Command, o config.Options) (*config.Config, []string, error) {
	o.Flags = c.Flags()
	cfg, found := config.Load(o)
	var said []string
	for _, f := range found {
		said = append(said, fmt.Sprint(f))
		fmt.Fprintln(c.ErrOrStderr(), f)
	}
	if config.Failed(found) {
		return nil, said, errFindings
	}
	return cfg, said, nil
}

// gcPercent lets the heap grow to four times what is live before it is collected: ctid's heap is small, and its share of
// the processor is taken from an Asterisk on the same machine. GOGC in the environment goes before it.
const gcPercent = 300

// serve runs the daemon until ctx ends, then drains it.
// beat, where it is not nil, is the pipe to the guard.
func serve(ctx context.Context, cfg *config.Config, load func() (*config.Config, []string, error), beat *os.File) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	log := newLogger(cfg)
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP) // before the start: a SIGHUP that comes early must not end the program
	defer signal.Stop(hup)
	d, err := start(context.WithoutCancel(ctx), cfg, log, func(d *daemon) { d.load = load })
	if err != nil {
		return err
	}
	if beat != nil {
		d.wg.Go(func() { d.beat(d.ctx, beat) })
	}
	faults(d)
	log.Info("ctid is up", "pid", os.Getpid(), "version", versionText(), "epoch", d.epoch, "web", d.webURL(), "media", d.mediaAddr, "metrics", d.metricsAddr)
	for {
		select {
		case <-hup:
			d.reopenLogs()
			if _, err := d.reloadAgain(false); err != nil {
				log.Error("reload failed, the old configuration stays in force: correct what is told above, see it good with ctid check, and send SIGHUP again", "error", err)
			}
		case err := <-d.failed:
			return d.stop(err)
		case <-ctx.Done():
			log.Info("draining: no new calls; waiting for the talking ones", "at_most", drainTime)
			drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
			defer cancel()
			if err := d.sb.Drain(drain, "shutdown"); err != nil {
				log.Warn("some calls still talk; they stay in Asterisk")
			}
			return d.stop(nil)
		}
	}
}

func newLogger(cfg *config.Config) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(cfg.Log.Level)) // checked at load
	opts := &slog.HandlerOptions{Level: level}
	if cfg.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, opts))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, opts))
}
