package store

import (
	"context"
	"fmt"

	"github.com/mattn/go-sqlite3"

	"ctid"
)

// LimitPages caps the size of the database for the write connection, as a full disk would, and returns how to lift it.
// It speaks to the connection below database/sql, for a transaction that fails would undo any other way of lifting.
func (s *Store) LimitPages(ctx context.Context) (lift func() error, err error) {
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
	set := func(n int) error {
		_, err := below.ExecContext(context.Background(), fmt.Sprintf("PRAGMA max_page_count = %d", n), nil)
		return err
	}
	return func() error { return set(1 << 30) }, set(1)
}

// Do runs one statement on the write connection.
func (s *Store) Do(ctx context.Context, query string, args ...any) error {
	return s.w.do(ctx, func(t *tx) error { return t.exec(query, args...) })
}

// WeakHash is password hashed at a lower cost than today's.
func (s *Store) WeakHash(ctx context.Context, password string) (string, error) {
	h := storedHash{cost: argonCost{memory: 8 * 1024, time: 1, threads: 1}, salt: []byte("0123456789abcdef")}
	var err error
	h.sum, err = s.hash.sum(ctx, password, h.salt, h.cost)
	return h.String(), err
}

// WriterPragma reads a setting of the write connection.
func (s *Store) WriterPragma(ctx context.Context, name string) (v string, err error) {
	err = s.w.do(ctx, func(t *tx) error { return t.get(&v, "PRAGMA "+name) })
	return v, err
}

// WriteByReader tries to write through the read pool.
func (s *Store) WriteByReader(ctx context.Context) error {
	_, err := s.read.ExecContext(ctx, "DELETE FROM meta")
	return err
}

// FillHashSlots takes all places where passwords are hashed.
func (s *Store) FillHashSlots() (free func()) {
	for range cap(s.hash.slots) {
		s.hash.slots <- struct{}{}
	}
	return func() {
		for range cap(s.hash.slots) {
			<-s.hash.slots
		}
	}
}

// Again puts a row before all others as one whose commit was reported as failed.
func (s *Store) Again(e ctid.LogEntry) {
	s.w.q.landed([]item{{e: e, last: true}})
	s.w.q.mu.Lock()
	s.w.q.told = 0 // unlike such a row, this one still has its Done
	s.w.q.mu.Unlock()
	s.w.q.poke()
}
