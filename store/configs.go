package store

import (
	"context"
	"database/sql"
	"errors"
)

// PutConfig keeps the text of a configuration under its hash, for whoever reads the log of its time. Keeping it again
// changes nothing.
func (s *Store) PutConfig(ctx context.Context, hash, text string) error {
	err := s.w.do(ctx, func(t *tx) error {
		return t.exec(`INSERT INTO configs (hash, first_us, text) VALUES (?, ?, ?) ON CONFLICT (hash) DO NOTHING`, hash, s.nowUS(), text)
	})
	return wrapf(err, "store: keeping the text of the configuration")
}

// ConfigText returns the configuration with that hash, or ErrNotFound.
func (s *Store) ConfigText(ctx context.Context, hash string) (text string, err error) {
	err = s.read.GetContext(ctx, &text, s.read.Rebind("SELECT text FROM configs WHERE hash = ?"), hash)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrNotFound
	}
	return text, wrapf(err, "store: reading a configuration")
}
