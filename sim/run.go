package sim

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
)

// Options say how a model is run. They change nothing in its result.
type Options struct {
	Workers int           // replications at a time; 0: as many as there are cores
	Arrived *atomic.Int64 // if not nil, counts the calls that have arrived so far in all replications; Model.Total is its end
}

// Run runs all replications of the model and returns their figures. The same model gives the same result on however many
// cores. An error is that of ctx, or says that the core did what the model does not allow.
func Run(ctx context.Context, m *Model, o Options) (*Result, error) {
	tallies, err := runAll(ctx, m, o, nil)
	if err != nil {
		return nil, err
	}
	return summarise(m, tallies), nil
}

// runAll runs each replication by itself, some at a time, and returns what they counted in their order. place is for tests.
func runAll(ctx context.Context, m *Model, o Options, place func(arrived int64, n int) int64) ([]*tally, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	tallies, errs := make([]*tally, m.Replications), make([]error, m.Replications)
	var taken atomic.Int64
	var wg sync.WaitGroup
	for range min(m.Replications, cmp.Or(o.Workers, runtime.GOMAXPROCS(0))) {
		wg.Go(func() {
			for i := int(taken.Add(1)) - 1; i < m.Replications; i = int(taken.Add(1)) - 1 {
				if tallies[i], errs[i] = replicate(ctx, m, i+1, o, place); errs[i] != nil {
					cancel()
				}
			}
		})
	}
	wg.Wait()
	var cancelled error
	for _, err := range errs {
		switch {
		case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
			cancelled = err
		case err != nil:
			return nil, err
		}
	}
	return tallies, cancelled
}
