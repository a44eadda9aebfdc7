package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"ctid"
)

type outboxRow struct {
	ID        int64  `db:"id"`
	Call      string `db:"call"`
	Kind      string `db:"kind"`
	CreatedUS int64  `db:"created_us"`
	Attempts  int    `db:"attempts"`
	Body      []byte `db:"body"`
	sealed
}

// isNext tells the outbox rows that can be delivered from those that wait for an older one of the same call: paperwork
// comes to nobody who does not have the contact.
const isNext = ` state IN ('due', 'claimed') AND NOT EXISTS
 (SELECT 1 FROM outbox o WHERE o.call = outbox.call AND o.id < outbox.id AND o.state IN ('due', 'claimed'))`

// ClaimDeliveries takes up to n outbox rows, those that have been due the longest, and keeps them from others until lease has
// passed or they are ended by Delivered, RetryDelivery or GiveUpDelivery. No two are of one call. Where none is due it returns
// none and when the next will be; the zero time where there is none.
func (s *Store) ClaimDeliveries(ctx context.Context, lease time.Duration, n int) (list []ctid.Delivery, next time.Time, err error) {
	now := s.cfg.Now()
	if next, err = s.nextDelivery(ctx); err != nil || next.IsZero() || next.After(now) {
		return nil, next, err
	}
	var rows []outboxRow
	err = s.w.doInCompany(ctx, func(t *tx) error {
		rows = nil
		err := t.selectAll(&rows, `UPDATE outbox SET state = 'claimed', due_us = ?, attempts = attempts + 1 WHERE id IN
 (SELECT id FROM outbox WHERE`+isNext+` AND due_us <= ? ORDER BY due_us, id LIMIT ?)
 RETURNING id, call, kind, created_us, attempts, body`, now.Add(lease).UnixMicro(), now.UnixMicro(), n)
		for i := range rows {
			if err == nil {
				err = t.get(&rows[i].sealed, `SELECT`+sealedColumns+`FROM outbox r`+sealedJoin+`WHERE r.id = ?`, rows[i].ID)
			}
		}
		return err
	})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("store: claiming deliveries: %w", err)
	}
	slices.SortFunc(rows, func(a, b outboxRow) int { return cmp.Compare(a.ID, b.ID) })
	for _, row := range rows {
		d, err := s.deliveryOf(row)
		if err != nil {
			return nil, time.Time{}, err
		}
		list = append(list, *d)
	}
	return list, now, nil // none: another worker was faster
}

func (s *Store) nextDelivery(ctx context.Context) (time.Time, error) {
	var due *int64
	err := s.get(ctx, &due, `SELECT min(due_us) FROM outbox WHERE`+isNext)
	if err != nil || due == nil {
		return time.Time{}, err
	}
	return fromUS(*due), nil
}

func (s *Store) deliveryOf(row outboxRow) (*ctid.Delivery, error) {
	body := s.unseal(row.Body, callOwner(ctid.CallID(row.Call)), row.sealed)
	d := &ctid.Delivery{ID: row.ID, Call: ctid.CallID(row.Call), Kind: row.Kind, Created: fromUS(row.CreatedUS), Attempt: row.Attempts}
	if err := json.Unmarshal(body, &d.Record); err != nil {
		return nil, fmt.Errorf("store: outbox row %d: %w", row.ID, err)
	}
	return d, nil
}

// Delivered ends an outbox row for good; ref is what the CRM calls the contact.
func (s *Store) Delivered(ctx context.Context, id int64, ref string) error {
	return s.endClaim(ctx, id, "done", s.cfg.Now(), [2]string{ref, ""})
}

// RetryDelivery makes an outbox row due again at the given time, because of cause.
func (s *Store) RetryDelivery(ctx context.Context, id int64, at time.Time, cause error) error {
	return s.endClaim(ctx, id, "due", at, [2]string{"", cause.Error()})
}

// GiveUpDelivery ends an outbox row that can never be delivered; it stays to be seen.
func (s *Store) GiveUpDelivery(ctx context.Context, id int64, cause error) error {
	return s.endClaim(ctx, id, "given_up", s.cfg.Now(), [2]string{"", cause.Error()})
}

// endClaim: only a claimed row can be ended, so that an answer that comes after its row was put back by new
// paperwork can't end that.
func (s *Store) endClaim(ctx context.Context, id int64, state string, due time.Time, refAndError [2]string) error {
	err := s.w.doInCompany(ctx, func(t *tx) error {
		_, err := t.change(`UPDATE outbox SET state = ?, due_us = ?, ref = ?, error = ? WHERE id = ? AND state = 'claimed'`,
			state, due.UnixMicro(), refAndError[0], refAndError[1], id)
		return err
	})
	return wrapf(err, "store: outbox row %d", id)
}

// OutboxDepth is the number of outbox rows not yet delivered, without those given up.
func (s *Store) OutboxDepth(ctx context.Context) (n int, err error) {
	err = s.get(ctx, &n, `SELECT count(*) FROM outbox WHERE state IN ('due', 'claimed')`)
	return n, err
}

// Overdue is a delivery that is not where it belongs yet.
type Overdue struct {
	Call     ctid.CallID
	Kind     string
	Created  time.Time
	Attempts int
	Error    string // of the last attempt
}

// OverdueDeliveries are the outbox rows that were made before a moment and are not delivered, without those given up;
// the oldest first.
func (s *Store) OverdueDeliveries(ctx context.Context, before time.Time) ([]Overdue, error) {
	var rows []struct {
		outboxRow
		Error string `db:"error"`
	}
	if err := s.selectAll(ctx, &rows, `SELECT call, kind, created_us, attempts, error FROM outbox
 WHERE state IN ('due', 'claimed') AND created_us < ? ORDER BY created_us, id`, before.UnixMicro()); err != nil {
		return nil, err
	}
	out := make([]Overdue, 0, len(rows))
	for _, r := range rows {
		out = append(out, Overdue{ctid.CallID(r.Call), r.Kind, fromUS(r.CreatedUS), r.Attempts, r.Error})
	}
	return out, nil
}

// OutboxReady carries a token after a commit that wrote outbox rows. It is for one reader.
func (s *Store) OutboxReady() <-chan struct{} { return s.outbox }

func (s *Store) wakeOutbox() {
	select {
	case s.outbox <- struct{}{}:
	default:
	}
}

// MarkDelivered notes on a call's interaction that it is where it belongs, and tells whether this was the first time.
func (s *Store) MarkDelivered(ctx context.Context, call ctid.CallID) (first bool, err error) {
	err = s.w.doInCompany(ctx, func(t *tx) error {
		n, err := t.change(`UPDATE interactions SET delivered_us = ? WHERE call = ? AND delivered_us IS NULL`, s.nowUS(), string(call))
		first = n == 1
		if err != nil || first {
			return err
		}
		var known int
		return t.get(&known, `SELECT 1 FROM interactions WHERE call = ?`, string(call))
	})
	return first, wrapf(err, "store: interaction of call %s", call)
}
