package store

import (
	"cmp"
	"context"

	"ctid"
)

// writeScripted notes what became of an ended call in the scripts it began with.
func (t *tx) writeScripted(r *ctid.CallRecord) error {
	x := r.Scripted
	if x == nil || x.Set == "" {
		return nil
	}
	caller := cmp.Or(t.c.s.callerHash(r), unknownPerson(string(r.ID)))
	return t.exec(`INSERT INTO ivr_calls (call, sum, caller, ended_us, errors, failed, hung_up, last_resort) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
 ON CONFLICT (call) DO NOTHING`, string(r.ID), x.Set, caller, r.Ended.UnixMicro(), x.Errors, x.Failed, r.Outcome == "hangup_in_script", x.LastResort)
}

// ScriptedCall is what became of an ended call in the scripts it began with. Again: an earlier call of its caller is among
// those that were asked for.
type ScriptedCall struct {
	N          int64  `db:"n"`
	Set        string `db:"sum"`
	Again      bool   `db:"again"`
	Errors     int    `db:"errors"`
	Failed     int    `db:"failed"`
	HungUp     bool   `db:"hung_up"`
	LastResort bool   `db:"last_resort"`
}

// ScriptedCalls returns the calls that ended behind row after, no more than limit; first is the row behind which callers
// count as new.
func (s *Store) ScriptedCalls(ctx context.Context, first, after int64, limit int) ([]ScriptedCall, error) {
	var rows []ScriptedCall
	err := s.selectAll(ctx, &rows, `SELECT c.n, c.sum, c.errors, c.failed, c.hung_up, c.last_resort,
 EXISTS (SELECT 1 FROM ivr_calls o WHERE o.caller = c.caller AND o.n < c.n AND o.n > ?) AS again
 FROM ivr_calls c WHERE c.n > ? ORDER BY c.n LIMIT ?`, first, after, limit)
	return rows, err
}

// Canary is a canary as the store keeps it.
type Canary struct {
	N     int64  `db:"n"`     // which one it is
	First int64  `db:"first"` // the calls that ended behind this row are its
	Upto  int64  `db:"upto"`  // the last row that its state has counted
	State []byte `db:"state"` // JSON
}

// BeginCanary keeps a new canary.
func (s *Store) BeginCanary(ctx context.Context, state []byte) (c Canary, err error) {
	err = s.w.do(ctx, func(t *tx) error {
		if err := t.get(&c.First, `SELECT coalesce(max(n), 0) FROM ivr_calls`); err != nil {
			return err
		}
		c.Upto, c.State = c.First, state
		return t.get(&c.N, `INSERT INTO ivr_canaries (first, upto, state) VALUES (?, ?, ?) RETURNING n`, c.First, c.Upto, string(state))
	})
	return c, wrapf(err, "store: beginning a canary")
}

// PutCanary keeps the state of a canary.
func (s *Store) PutCanary(ctx context.Context, c Canary) error {
	err := s.w.do(ctx, func(t *tx) error {
		return t.exec(`UPDATE ivr_canaries SET upto = ?, state = ? WHERE n = ?`, c.Upto, string(c.State), c.N)
	})
	return wrapf(err, "store: keeping the state of the canary")
}

// LastCanary returns the latest canary, or ErrNotFound.
func (s *Store) LastCanary(ctx context.Context) (c Canary, err error) {
	err = s.get(ctx, &c, `SELECT n, first, upto, state FROM ivr_canaries ORDER BY n DESC LIMIT 1`)
	return c, err
}
