package main

import (
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"ctid/pbx"
)

// pbxCommand prints the Asterisk files that are shipped.
func pbxCommand() *cobra.Command {
	c := &cobra.Command{Use: "pbx", Short: "The Asterisk files that ctid ships"}
	c.AddCommand(&cobra.Command{
		Use: "print [FILE]", Short: "List the files, or print one", Args: atMostOne,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				b, err := fs.ReadFile(pbx.Files, args[0])
				if err != nil {
					return usageError{fmt.Errorf("there is no file %q; ctid pbx print lists them", args[0])}
				}
				_, err = c.OutOrStdout().Write(b)
				return err
			}
			list, err := fs.ReadDir(pbx.Files, ".")
			for _, f := range list {
				fmt.Fprintln(c.OutOrStdout(), f.Name())
			}
			return err
		},
	})
	return group(c)
}

func atMostOne(c *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usageError{fmt.Errorf("%s takes one name at most", c.CommandPath())}
	}
	return nil
}
