//go:build nodemo

package main

import "github.com/spf13/cobra"

// demoCommands: a package for servers has no demo.
func demoCommands() []*cobra.Command { return nil }
