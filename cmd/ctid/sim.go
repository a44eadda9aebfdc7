package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"ctid/sim"
)

func simCommand() *cobra.Command {
	c := &cobra.Command{Use: "sim", Short: "Try a call centre in virtual time"}
	c.AddCommand(simACD(), simReplay())
	return group(c)
}

func simACD() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{Use: "acd MODEL.yaml [--json]", Short: "Run the distributor on a model of calls and agents",
		Long: "Runs the distributor itself, the same code that serves live calls, on calls drawn at random, and tells waits, service\n" +
			"level and occupancy. docs/simulation.md has the model's keys; testdata/sim has examples.",
		Args: oneModel,
		RunE: func(c *cobra.Command, args []string) error {
			m, err := loadModel(c.ErrOrStderr(), args[0])
			if err != nil {
				return err
			}
			var arrived atomic.Int64
			stop := func() {}
			if isTerminal(os.Stderr.Fd()) {
				total := m.Total()
				stop = watchShare(c.ErrOrStderr(), func() float64 { return float64(arrived.Load()) / total })
			}
			r, err := sim.Run(c.Context(), m, sim.Options{Arrived: &arrived})
			stop()
			if err != nil {
				return err
			}
			if !asJSON {
				return r.Table(c.OutOrStdout())
			}
			out := json.NewEncoder(c.OutOrStdout())
			out.SetIndent("", "  ")
			return out.Encode(r)
		}}
	c.Flags().BoolVar(&asJSON, "json", false, "the figures as one object on standard output")
	return c
}

func oneModel(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{fmt.Errorf("%s takes one file, the model", c.CommandPath())}
	}
	return nil
}

// maxModel is the most bytes of a model that are read; sim.Load refuses one that is longer.
const maxModel = 2 << 20

// loadModel reads a model and tells its mistakes on w.
func loadModel(w io.Writer, file string) (*sim.Model, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("the model cannot be read: %w", err)
	}
	defer f.Close() //nolint:errcheck // opened for reading
	src, err := io.ReadAll(io.LimitReader(f, maxModel))
	if err != nil {
		return nil, fmt.Errorf("the model cannot be read: %w", err)
	}
	m, found := sim.Load(file, src)
	for _, x := range found {
		fmt.Fprintln(w, x)
	}
	if m == nil {
		return nil, errFindings
	}
	return m, nil
}

// Progress is shown after watchAfter, and then as often as watchEvery.
const (
	watchAfter = 2 * time.Second
	watchEvery = 500 * time.Millisecond
)

// watchShare shows on w how much is done, once it has taken a while, until stop is called, which takes the line away.
func watchShare(w io.Writer, share func() float64) (stop func()) {
	done, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		late := time.NewTimer(watchAfter)
		defer late.Stop()
		select {
		case <-done:
			return
		case <-late.C:
		}
		again := time.NewTicker(watchEvery)
		defer again.Stop()
		for {
			fmt.Fprintf(w, "\r%3.0f %% ", 100*min(1, share()))
			select {
			case <-done:
				fmt.Fprint(w, "\r       \r")
				return
			case <-again.C:
			}
		}
	}()
	return func() {
		close(done)
		<-gone
	}
}
