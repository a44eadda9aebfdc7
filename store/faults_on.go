//go:build faults

package store

import (
	"context"
	"fmt"

	"github.com/mattn/go-sqlite3"
)

// FillDisk lets the database grow no further, as a full disk would, until lift is called. This file is only in the test
// build. It speaks to the connection below database/sql, for the transactions that fail would undo any other way.
func (s *Store) FillDisk(ctx context.Context) (lift func() error, err error) {
	var below *sqlite3.SQLiteConn
	err = s.w.do(ctx, func(t *tx) error {
		return t.c.conn.Raw(func(c any) error {
			below = c.(*sqlite3.SQLiteConn)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	set := func(pages int) error {
		_, err := below.ExecContext(context.WithoutCancel(ctx), fmt.Sprintf("PRAGMA max_page_count = %d", pages), nil)
		return err
	}
	return func() error { return set(1 << 30) }, set(1) // never less than it has
}
