package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"ctid/config"
	"ctid/ivr/canary"
)

// ivrVersionCommands change which version of the scripts the running daemon has in force.
func ivrVersionCommands() []*cobra.Command {
	return []*cobra.Command{ivrReloadCommand(), ivrRollbackCommand(), ivrSetsCommand(), ivrCanaryCommand(), ivrReplayCommand()}
}

// asking finds the daemon for a command.
type asking struct {
	file, control string
	asJSON        bool
}

func (a *asking) flags(c *cobra.Command) {
	configFlag(c, &a.file)
	c.Flags().StringVar(&a.control, "control", "", "the daemon's control socket (default: beside the database that the configuration names)")
}

// ask sends a request and prints what the daemon says. What it says no to is told with status 1.
func (a *asking) ask(c *cobra.Command, req controlRequest) (controlResponse, error) {
	path := a.control
	if path == "" {
		cfg, err := loadConfig(c, a.file)
		if err != nil {
			fmt.Fprintln(c.ErrOrStderr(), "nothing has changed; --control names the daemon's socket where the configuration has errors")
			return controlResponse{}, err
		}
		path = controlPath(cfg)
	}
	resp, err := askDaemon(c.Context(), path, req)
	if err != nil {
		return resp, err
	}
	to := c.OutOrStdout()
	if resp.Error != "" {
		to = c.ErrOrStderr()
	}
	for _, s := range resp.Said {
		fmt.Fprintln(to, s)
	}
	if resp.Error != "" {
		return resp, errors.New(resp.Error)
	}
	return resp, nil
}

func ivrReloadCommand() *cobra.Command {
	var a asking
	var force bool
	c := &cobra.Command{Use: "reload", Short: "Let the running ctid read its configuration and scripts again", Args: noArgs,
		Long: `Lets the running ctid read ctid.yaml, the scripts, the libraries and the statements again, as SIGHUP does. With one error nothing
changes, and the answer lists it with file, line and column; else new calls use the new version, and calls in progress keep theirs.`,
		RunE: func(c *cobra.Command, _ []string) error {
			resp, err := a.ask(c, controlRequest{Op: "reload", Force: force})
			if err != nil && resp.Error != "" {
				return fmt.Errorf("nothing has changed: %w", err)
			}
			return err
		}}
	a.flags(c)
	c.Flags().BoolVar(&force, "force", false, "put a version in force too that was rolled back, or stopped as a canary")
	return c
}

func ivrRollbackCommand() *cobra.Command {
	var a asking
	c := &cobra.Command{Use: "rollback [SET]", Short: "Put an earlier version of the scripts in force at once", Args: cobra.MaximumNArgs(1),
		Long: `Puts the version of the scripts in force that was there before, or the set that is named: ctid ivr sets lists them. New calls use it at
once. The folder stays as it is, and its version stays out of force until it is changed or reloaded with --force.`,
		RunE: func(c *cobra.Command, args []string) error {
			req := controlRequest{Op: "rollback"}
			if len(args) > 0 {
				req.Set = args[0]
			}
			_, err := a.ask(c, req)
			return err
		}}
	a.flags(c)
	return c
}

func ivrSetsCommand() *cobra.Command {
	var a asking
	c := &cobra.Command{Use: "sets", Short: "List the versions of the scripts that are kept", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			resp, err := a.ask(c, controlRequest{Op: "sets"})
			if err != nil {
				return err
			}
			var sets []setShown
			if err := json.Unmarshal(resp.Data, &sets); err != nil {
				return err
			}
			if a.asJSON {
				return json.NewEncoder(c.OutOrStdout()).Encode(sets)
			}
			t := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(t, "set\tstate\tsince\tby\topen calls")
			for _, s := range sets {
				at := ""
				if !s.At.IsZero() {
					at = s.At.UTC().Format(time.RFC3339)
				}
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\n", shortSum(s.Sum), s.State, at, s.Why, s.Calls)
			}
			return t.Flush()
		}}
	a.flags(c)
	c.Flags().BoolVar(&a.asJSON, "json", false, "one JSON array")
	return c
}

func ivrCanaryCommand() *cobra.Command {
	c := &cobra.Command{Use: "canary", Short: "Let some of the callers hear a new version of the scripts first"}
	c.AddCommand(ivrCanaryStart(), ivrCanaryStatus(), ivrCanaryEnd("stop", "End the canary; its callers hear the stable version again"),
		ivrCanaryEnd("promote", "Put the canary's version in force for everybody"))
	return group(c)
}

func ivrCanaryStart() *cobra.Command {
	var a asking
	percent := 0
	c := &cobra.Command{Use: "start --percent N", Short: "Let N percent of the callers hear what is in the folder of scripts", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if percent < 1 || percent > 99 {
				return usageError{fmt.Errorf("--percent says how many callers in a hundred hear it: 1 to 99, not %d", percent)}
			}
			_, err := a.ask(c, controlRequest{Op: "canary.start", Percent: percent})
			return err
		}}
	a.flags(c)
	c.Flags().IntVar(&percent, "percent", 10, "callers in a hundred who hear it")
	return c
}

func ivrCanaryEnd(op, short string) *cobra.Command {
	var a asking
	c := &cobra.Command{Use: op, Short: short, Args: noArgs, RunE: func(c *cobra.Command, _ []string) error {
		_, err := a.ask(c, controlRequest{Op: "canary." + op})
		return err
	}}
	a.flags(c)
	return c
}

func ivrCanaryStatus() *cobra.Command {
	var a asking
	c := &cobra.Command{Use: "status", Short: "How the canary does against the stable version", Args: noArgs, RunE: func(c *cobra.Command, _ []string) error {
		resp, err := a.ask(c, controlRequest{Op: "canary.status"})
		if err != nil {
			return err
		}
		var s canary.State
		if err := json.Unmarshal(resp.Data, &s); err != nil {
			return err
		}
		if a.asJSON {
			return json.NewEncoder(c.OutOrStdout()).Encode(s)
		}
		return tellCanary(c.OutOrStdout(), s)
	}}
	a.flags(c)
	c.Flags().BoolVar(&a.asJSON, "json", false, "one JSON object")
	return c
}

func tellCanary(w io.Writer, s canary.State) error {
	fmt.Fprintf(w, "set %s on trial since %s with %d %% of the callers: %s\n", shortSum(s.Set), s.Since.UTC().Format(time.RFC3339), s.Percent, s.Phase)
	if s.Why != "" {
		fmt.Fprintf(w, "ended %s: %s\n", s.Ended.UTC().Format(time.RFC3339), s.Why)
	}
	fmt.Fprintf(w, "evidence that it is worse: %.2f; at 100, and with 50 callers, it stops by itself\n\n", s.Strength())
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "set\tended calls\tcallers\twith errors\tfailed questions\thang-ups in the script\tto last_resort")
	for _, side := range []struct {
		set string
		c   canary.Counts
	}{{"on trial " + shortSum(s.Set), s.New}, {"stable " + shortSum(s.Stable), s.Old}} {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\n", side.set, side.c.Calls, side.c.Callers, side.c.Bad[0], side.c.Bad[1], side.c.Bad[2], side.c.Bad[3])
	}
	return t.Flush()
}

// scriptsAt loads the scripts of a folder under a configuration; empty: its own folder.
func scriptsAt(c *cobra.Command, cfg *config.Config, dir string) (*library, error) {
	if dir != "" {
		other := *cfg
		other.IVR.Dir = dir
		cfg = &other
	}
	l, said, err := loadScripts(cfg, time.Now)
	for _, s := range said {
		fmt.Fprintln(c.ErrOrStderr(), s)
	}
	return l, err
}
