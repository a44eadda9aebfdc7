package main

import (
	"context"
	"encoding/json"
	"fmt"

	"ctid/acd"
	"ctid/store"
	"ctid/switchboard"
)

// history reads from the store what the run before has left.
func history(ctx context.Context, s *store.Store) (h switchboard.History, err error) {
	if h.Calls, err = s.OpenRecords(ctx); err != nil {
		return h, err
	}
	last, err := s.ReadLog(ctx, store.LogQuery{Kinds: []string{switchboard.KindSnapshot}, Last: true, Limit: 1})
	if err != nil || len(last) == 0 {
		return h, err
	}
	h.Core = &acd.Snapshot{}
	if err := json.Unmarshal(last[0].Body, h.Core); err != nil {
		return h, fmt.Errorf("the snapshot in row %d of the log cannot be read: %w", last[0].Seq, err)
	}
	for from := last[0].Seq + 1; ; {
		rows, err := s.ReadLog(ctx, store.LogQuery{From: from, Kinds: []string{"in.acd."}, Limit: 1000})
		if err != nil {
			return h, err
		}
		for _, r := range rows {
			ev, err := acd.DecodeEvent(r.Kind[len("in.acd."):], r.Body)
			if err != nil {
				return h, fmt.Errorf("row %d of the log: %w", r.Seq, err)
			}
			h.Events = append(h.Events, switchboard.Past{At: r.At, Event: ev})
			from = r.Seq + 1
		}
		if len(rows) < 1000 {
			return h, nil
		}
	}
}
