package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/pressly/goose/v3"
)

// Migrate brings the schema of the database up to date without opening it for use, and tells the version it had and
// the one it has now. Open does the same.
func Migrate(ctx context.Context, cfg Config) (from, to int64, err error) {
	d, err := dialectOf(cfg.DSN)
	if err != nil {
		return 0, 0, err
	}
	from, to, err = migrate(ctx, d)
	return from, to, d.explain(err)
}

// newerError is a database that a newer ctid has made; the dialect's explain names it.
type newerError struct{ has, known int64 }

func (e newerError) Error() string {
	return fmt.Sprintf("schema version %d, this ctid knows only up to %d", e.has, e.known)
}

func migrate(ctx context.Context, d dialect) (from, to int64, err error) {
	db, err := d.open(roleMigrator)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	kind, files, err := d.migrations()
	if err != nil {
		return 0, 0, err
	}
	p, err := goose.NewProvider(kind, db.DB, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return 0, 0, fmt.Errorf("store: migrations: %w", err)
	}
	if from, err = p.GetDBVersion(ctx); err != nil {
		return 0, 0, err
	}
	known := p.ListSources()
	newest := known[len(known)-1].Version
	if from > newest {
		return from, from, newerError{from, newest}
	}
	if _, err := p.Up(ctx); err != nil {
		return from, from, fmt.Errorf("store: migrating from schema version %d to %d: %w", from, newest, err)
	}
	return from, newest, nil
}
