package store

import "context"

// Fold is what was folded from the log up to the row Seq: figures, such as those of today. Body is JSON and holds nothing personal.
type Fold struct {
	Name string `db:"name"`
	Seq  uint64 `db:"seq"`
	Body []byte `db:"body"`
}

// PutFold keeps a fold under its name, in place of the one before.
func (s *Store) PutFold(ctx context.Context, f Fold) error {
	err := s.w.do(ctx, func(t *tx) error {
		return t.exec(`INSERT INTO folds (name, seq, saved_us, body) VALUES (?, ?, ?, ?)
 ON CONFLICT (name) DO UPDATE SET seq = excluded.seq, saved_us = excluded.saved_us, body = excluded.body`, f.Name, int64(f.Seq), s.nowUS(), string(f.Body))
	})
	return wrapf(err, "store: keeping the fold %s", f.Name)
}

// LastFold returns the fold of that name, or ErrNotFound.
func (s *Store) LastFold(ctx context.Context, name string) (f Fold, err error) {
	err = s.get(ctx, &f, `SELECT name, seq, body FROM folds WHERE name = ?`, name)
	return f, err
}
