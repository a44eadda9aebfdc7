package main

import "github.com/spf13/cobra"

// ivrCommand holds what is done with scripts.
func ivrCommand() *cobra.Command {
	c := &cobra.Command{Use: "ivr", Short: "The scripts: reload, rollback, sets, canary, replay"}
	c.AddCommand(ivrVersionCommands()...)
	return group(c)
}
