// Command ctid gives Asterisk PBXs queues, scripts, screen pops and records. See README.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit statuses.
const (
	statusGood     = 0
	statusFindings = 1
	statusUsage    = 2
)

// errFindings ends a command that has already said what it found.
var errFindings = errors.New("the configuration has errors")

func main() { os.Exit(execute(os.Args[1:])) }

// execute runs the command line and returns the exit status.
func execute(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil:
		return statusGood
	case errors.Is(err, errFindings):
		return statusFindings
	case errors.As(err, &usage):
		fmt.Fprintln(os.Stderr, "ctid:", err)
		return statusUsage
	default:
		fmt.Fprintln(os.Stderr, "ctid:", err)
		return statusFindings
	}
}

// usageError is a command line that cannot be understood.
type usageError struct{ error }

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "ctid",
		Short:         "Queues, IVR scripts, screen pops and records for Asterisk",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("there is no command %q; ctid --help lists what there is", args[0])}
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(serveCommand(), checkCommand(), reconcileCommand(), whyCommand())
	root.AddCommand(demoCommands()...)
	root.AddCommand(simCommand(), userCommand(), dbCommand(), voicemailCommand(), pbxCommand(), importCommand(), shadowCommand(), ivrCommand(), versionCommand())
	return root
}

// group makes a command that only holds others: without one of them, or with one that there is not, it is wrong usage.
func group(c *cobra.Command) *cobra.Command {
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(c *cobra.Command, args []string) error {
		var names []string
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() {
				names = append(names, sub.Name())
			}
		}
		there := strings.Join(names, ", ")
		if len(args) > 0 {
			return usageError{fmt.Errorf("%s has no command %q: it has %s", c.CommandPath(), args[0], there)}
		}
		return usageError{fmt.Errorf("%s needs a command: %s", c.CommandPath(), there)}
	}
	return c
}

// noArgs refuses arguments as wrong usage.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("%s takes no arguments; see %s --help", c.CommandPath(), c.CommandPath())}
	}
	return nil
}
