package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"ctid/acd"
	"ctid/store"
	"ctid/switchboard"
)

// errNoSnapshot: the log does not reach back to where a fold could begin.
var errNoSnapshot = errors.New("the log has no snapshot from before that; it is kept for log.keep")

// folding is a walk through the recorded inputs of the distributor.
type folding struct {
	from, to time.Time // to: not included; zero: to the end
	// begin is called with each core that the walk goes on with: at the beginning and at each snapshot.
	begin func(*acd.State)
	// each is called after each input; it may be nil.
	each func(row store.LogRow, ev acd.Event, core *acd.State, cmds []acd.Command)
}

// fold walks from the last snapshot before from on. older tells whether a part of what was folded was decided by an older version of the core, which may have decided otherwise.
func (f folding) fold(ctx context.Context, s *store.Store) (core *acd.State, older bool, err error) {
	until := f.from.Add(time.Microsecond)
	if !f.to.IsZero() && f.to.Before(until) { // the walk begins with the snapshot's row
		until = f.to
	}
	start, err := s.ReadLog(ctx, store.LogQuery{Kinds: []string{switchboard.KindSnapshot}, Until: until, Last: true, Limit: 1})
	if err != nil {
		return nil, false, err
	}
	if len(start) == 0 {
		return nil, false, errNoSnapshot
	}
	for next := start[0].Seq; ; {
		rows, err := s.ReadLog(ctx, store.LogQuery{From: next, Until: f.to, Kinds: []string{"in.acd.", switchboard.KindSnapshot}, Limit: 1000})
		if err != nil {
			return nil, older, err
		}
		for _, r := range rows {
			next = r.Seq + 1
			if r.Kind == switchboard.KindSnapshot {
				if core, err = f.restored(r); err != nil {
					return nil, older, err
				}
				older = older || r.V < acd.Version
				continue
			}
			ev, err := acd.DecodeEvent(r.Kind[len("in.acd."):], r.Body)
			if err != nil {
				return nil, older, fmt.Errorf("row %d of the log: %w", r.Seq, err)
			}
			cmds := core.Decide(r.At, ev)
			if f.each != nil && !r.At.Before(f.from) {
				f.each(r, ev, core, cmds)
			}
		}
		if len(rows) < 1000 {
			return core, older, nil
		}
	}
}

// restored is the core of a snapshot's row.
func (f folding) restored(r store.LogRow) (*acd.State, error) {
	var sn acd.Snapshot
	if err := json.Unmarshal(r.Body, &sn); err != nil {
		return nil, fmt.Errorf("the snapshot in row %d of the log cannot be read: %w", r.Seq, err)
	}
	core, err := acd.Restore(sn)
	if err != nil {
		return nil, fmt.Errorf("row %d of the log: %w", r.Seq, err)
	}
	if f.begin != nil {
		f.begin(core)
	}
	return core, nil
}
