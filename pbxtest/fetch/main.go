// Command fetch puts what the real-Asterisk tests need into the cache: Asterisk
// of the suites named (default: the newest), SIPp, espeak-ng and flite. It prints what
// it has, so that a second call, which fetches nothing, is a check.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"ctid/pbxtest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := fetch(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "fetch:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to clean: the context's signals end with the process
	}
}

func fetch(ctx context.Context, suites []string) error {
	if len(suites) == 0 {
		suites = []string{pbxtest.SuiteDefault}
	}
	for _, suite := range suites {
		root, version, err := pbxtest.Fetch(ctx, suite)
		if err != nil {
			return err
		}
		fmt.Printf("asterisk %s (%s) in %s\n", version, suite, root.Dir)
	}
	for _, tool := range []string{"sipp", "espeak-ng", "flite"} {
		cmd, _, err := pbxtest.Tool(ctx, tool)
		if err != nil {
			return err
		}
		fmt.Printf("%s: %s\n", tool, cmd[len(cmd)-1])
	}
	return nil
}
