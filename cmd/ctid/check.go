package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"ctid/config"
)

func checkCommand() *cobra.Command {
	var file string
	var offline bool
	c := &cobra.Command{Use: "check", Short: "Check the configuration and its scripts", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, _, err := readConfig(c, config.Options{File: file, Offline: offline})
			if err != nil {
				return err
			}
			l, said, err := loadScripts(cfg, time.Now)
			for _, s := range said {
				fmt.Fprintln(c.ErrOrStderr(), s)
			}
			if err != nil {
				return errFindings
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "good: %d numbers, %d scripts, %d queues, %d agents\n",
				len(cfg.Numbers), len(l.scripts), len(cfg.Queues), len(cfg.Agents))
			return err
		}}
	configFlag(c, &file)
	config.Flags(c.Flags())
	c.Flags().BoolVar(&offline, "offline", false, "leave out passwords and secrets, where the files are edited and have none")
	return c
}
