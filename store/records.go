package store

import (
	"context"
	"time"

	"ctid"
)

// RecordQuery selects call records, the newest first.
type RecordQuery struct {
	Since, Until time.Time // of the arrival; zero: no bound; Until is not included
	Queue        ctid.QueueID
	Agent        ctid.AgentID
	Customer     ctid.CustomerID
	ANI          string // E.164
	Outcome      string
	EndReason    string
	Limit        int // default 1000
}

const selectRecord = `SELECT r.id, r.person, r.end_side, r.record,` + sealedColumns + `FROM calls r` + sealedJoin

// Record returns the record of a call, or ErrNotFound.
func (s *Store) Record(ctx context.Context, id ctid.CallID) (ctid.CallRecord, error) {
	var row callRow
	if err := s.get(ctx, &row, selectRecord+`WHERE r.id = ?`, string(id)); err != nil {
		return ctid.CallRecord{}, err
	}
	return s.recordOf(row)
}

// OpenRecords returns the records without an end, the oldest first: the calls a restarted daemon has to look for.
func (s *Store) OpenRecords(ctx context.Context) ([]ctid.CallRecord, error) {
	var rows []callRow
	if err := s.selectAll(ctx, &rows, selectRecord+`WHERE r.end_side IS NULL ORDER BY r.arrived_us, r.id`); err != nil {
		return nil, err
	}
	return s.recordsOf(rows)
}

// Records returns the records that q selects.
func (s *Store) Records(ctx context.Context, q RecordQuery) ([]ctid.CallRecord, error) {
	c := newClauses()
	if !q.Since.IsZero() {
		c.add("r.arrived_us >= ?", q.Since.UnixMicro())
	}
	if !q.Until.IsZero() {
		c.add("r.arrived_us < ?", q.Until.UnixMicro())
	}
	for _, f := range []struct{ cond, value string }{
		{"r.queue = ?", string(q.Queue)}, {"r.agent = ?", string(q.Agent)}, {"r.customer = ? AND r.customer <> ''", string(q.Customer)},
		{"r.ani = ? AND r.ani <> ''", s.PersonHash(q.ANI)}, {"r.outcome = ?", q.Outcome}, {"r.end_reason = ?", q.EndReason},
	} {
		if f.value != "" {
			c.add(f.cond, f.value)
		}
	}
	var rows []callRow
	query := selectRecord + c.where() + ` ORDER BY r.arrived_us DESC, r.id DESC LIMIT ?`
	if err := s.read.SelectContext(ctx, &rows, s.read.Rebind(query), append(c.args, limitOr(q.Limit))...); err != nil {
		return nil, s.d.explain(err)
	}
	return s.recordsOf(rows)
}

func (s *Store) recordsOf(rows []callRow) ([]ctid.CallRecord, error) {
	out := make([]ctid.CallRecord, 0, len(rows))
	for _, row := range rows {
		r, err := s.recordOf(row)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}
