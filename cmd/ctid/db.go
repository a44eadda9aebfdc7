package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"ctid/config"
	"ctid/store"
)

func dbCommand() *cobra.Command {
	var file string
	c := &cobra.Command{Use: "db", Short: "The database: migrate, backup, verify"}
	c.PersistentFlags().StringVarP(&file, "config", "c", "", "the configuration (default: ctid.yaml here, then in /etc/ctid)")
	c.AddCommand(
		&cobra.Command{Use: "migrate", Short: "Bring the schema up to date", Args: noArgs, RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := loadConfig(c, file)
			if err != nil {
				return err
			}
			from, to, err := store.Migrate(c.Context(), store.Config{DSN: cfg.Store.DSN, KeyFile: cfg.Store.KeyFile})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "schema %d, was %d\n", to, from)
			return err
		}},
		&cobra.Command{Use: "verify", Short: "Check the database and the audit chain", Args: noArgs, RunE: func(c *cobra.Command, _ []string) error {
			return withStore(c, file, func(ctx context.Context, _ *config.Config, s *store.Store) error {
				found, err := s.Verify(ctx)
				if err != nil {
					return err
				}
				for _, f := range found {
					fmt.Fprintln(c.OutOrStdout(), f)
				}
				if len(found) > 0 {
					return errFindings
				}
				_, err = fmt.Fprintln(c.OutOrStdout(), "good")
				return err
			})
		}},
		&cobra.Command{Use: "backup FILE", Short: "Write a copy of the database while it is in use", Args: oneName, RunE: func(c *cobra.Command, args []string) error {
			return withStore(c, file, func(ctx context.Context, _ *config.Config, s *store.Store) error { return s.Backup(ctx, args[0]) })
		}},
	)
	return group(c)
}
