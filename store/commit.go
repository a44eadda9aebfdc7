package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"ctid"
)

// committer owns the write connection and its prepared statements. Only its goroutine uses it.
type committer struct {
	s        *Store
	conn     *sqlx.Conn
	stmts    map[string]*sqlx.Stmt
	people   map[string]personKey     // keys in use; dropped, as open is, when a transaction fails or another process has written
	open     map[ctid.CallID]openCall // open records
	version  int64                    // of the data, as this connection knew it last
	reserved uint64                   // numbers of the log below this one are reserved on disk
}

// tx is the transaction under way.
type tx struct {
	c       *committer
	outbox  bool // outbox rows were written
	careful bool // what is to be written may be there already
}

// The context of the hot path can't end: database/sql would start a goroutine for each statement to watch it.
var background = context.Background()

func newCommitter(s *Store) *committer {
	return &committer{s: s, stmts: map[string]*sqlx.Stmt{}, people: map[string]personKey{}, open: map[ctid.CallID]openCall{}}
}

func (c *committer) connect(ctx context.Context) error {
	conn, err := c.s.write.Connx(ctx)
	if err != nil {
		return err
	}
	c.conn = conn
	return nil
}

func (c *committer) disconnect() error {
	var err error
	for _, st := range c.stmts {
		err = errors.Join(err, st.Close())
	}
	clear(c.stmts)
	c.forget()
	if c.conn != nil {
		err = errors.Join(err, c.conn.Close())
		c.conn = nil
	}
	return err
}

// forget drops what is remembered of rows that may not be there.
func (c *committer) forget() {
	clear(c.people)
	clear(c.open)
}

// run writes b in one transaction. When a row is refused, the others go down without it.
func (c *committer) run(b *batch) {
	start := time.Now()
	b.err = c.attempt(b, b.mayBeThere())
	if c.refuses(b.err) {
		b.err = c.attempt(b, true)
	}
	b.took = time.Since(start)
}

// refuses tells an error that trying again can't help.
func (c *committer) refuses(err error) bool {
	return err != nil && (errors.Is(err, ErrRefused) || c.s.d.classify(err) == failRefused)
}

// mayBeThere: a row whose commit failed may have reached the disk all the same.
func (b *batch) mayBeThere() bool { return len(b.items) > 0 && b.items[0].again }

// attempt runs one transaction. careful gives each row a savepoint of its own.
func (c *committer) attempt(b *batch, careful bool) (err error) {
	if err := c.s.d.here(); err != nil {
		return err
	}
	if c.conn == nil {
		if err := c.connect(background); err != nil {
			return err
		}
	}
	b.refused = map[int]error{}
	t := &tx{c: c, careful: careful}
	defer func() {
		if err != nil {
			c.undo(err)
		}
	}()
	if err := c.begin(); err != nil {
		return err
	}
	if err := t.writeItems(b); err != nil {
		return err
	}
	if err := c.reserveAhead(t, b.items); err != nil {
		return err
	}
	if b.probe {
		if err := t.setMeta("probed_us", strconv.FormatInt(c.s.nowUS(), 10)); err != nil {
			return err
		}
	}
	for _, j := range b.jobs {
		if err := t.runJob(j); err != nil {
			return err
		}
	}
	if err := t.exec("COMMIT"); err != nil {
		return err
	}
	b.outbox = t.outbox
	return nil
}

// begin starts the transaction, and forgets cached keys when another process has written since.
func (c *committer) begin() error {
	t := &tx{c: c}
	if err := t.exec(c.s.d.sql(sqlBegin)); err != nil {
		return err
	}
	var v int64
	if err := t.get(&v, c.s.d.sql(sqlDataVersion)); err != nil {
		return err
	}
	if v != c.version {
		c.forget()
		c.reserved = 0
		c.version = v
	}
	return nil
}

// undo rolls back. A connection that can't, or whose failure says it is lost, is closed; the next attempt opens another.
func (c *committer) undo(cause error) {
	c.forget()
	c.reserved = 0
	if c.conn == nil {
		return
	}
	_, err := c.conn.ExecContext(background, "ROLLBACK")
	if c.refuses(cause) && err == nil {
		return
	}
	if c.s.d.lost(cause) || (err != nil && c.s.d.lost(err)) {
		if err := c.disconnect(); err != nil {
			c.s.cfg.Log.Warn("store: closing a failed connection", "err", err)
		}
	}
}

func (t *tx) writeItems(b *batch) error {
	if !t.careful {
		return t.writeAll(b)
	}
	for i := range b.items {
		e := &b.items[i].e
		if b.items[i].again {
			there, err := t.isThere(e)
			if err != nil {
				return err
			}
			if there {
				continue
			}
		}
		err := t.guarded(func() error { return t.writeEntry(e) })
		if err != nil && !t.c.refuses(err) {
			return err
		}
		if err != nil {
			b.refused[i] = err
		}
	}
	return nil
}

// writeAll writes the rows of a batch. Of a call's open records only the last is written: nobody could ever read the others.
func (t *tx) writeAll(b *batch) error {
	last := map[ctid.CallID]int{}
	for i := range b.items {
		if r := b.items[i].e.Record; r != nil {
			last[r.ID] = i
		}
	}
	for i := range b.items {
		e := b.items[i].e
		if r := e.Record; r != nil && r.End == nil && last[r.ID] > i {
			e.Record = nil
		}
		if err := t.writeEntry(&e); err != nil {
			return err
		}
	}
	return nil
}

// guarded runs do in a savepoint, which is undone when do fails.
func (t *tx) guarded(do func() error) error {
	if err := t.exec("SAVEPOINT one"); err != nil {
		return err
	}
	err := do()
	if err == nil {
		return t.exec("RELEASE one")
	}
	if t.c.s.d.classify(err) == failEnvironment {
		return err // the whole transaction is undone, or is already
	}
	t.c.forget()
	if undo := t.exec("ROLLBACK TO one"); undo != nil {
		return errors.Join(err, fmt.Errorf("going back to the savepoint: %w", undo))
	}
	return errors.Join(err, t.exec("RELEASE one"))
}

// runJob gives the job its own error; it returns only what ends the whole transaction.
func (t *tx) runJob(j *job) error {
	if !j.begin() {
		return nil
	}
	j.err = t.guarded(func() error { return j.do(t) })
	if j.err != nil && t.c.s.d.classify(j.err) == failEnvironment {
		return j.err
	}
	return nil
}

func (t *tx) stmt(query string) (*sqlx.Stmt, error) {
	if st, ok := t.c.stmts[query]; ok {
		return st, nil
	}
	st, err := t.c.conn.PreparexContext(background, t.c.conn.Rebind(query))
	if err == nil {
		t.c.stmts[query] = st
	}
	return st, err
}

// exec runs a constant statement; it is prepared once.
func (t *tx) exec(query string, args ...any) error {
	_, err := t.change(query, args...)
	return err
}

// change is exec that tells how many rows it changed.
func (t *tx) change(query string, args ...any) (int64, error) {
	res, err := t.run(query, args)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (t *tx) run(query string, args []any) (sql.Result, error) {
	st, err := t.stmt(query)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(background, args...)
}

// insert adds a row whose id the database gives.
func (t *tx) insert(query string, args ...any) (id int64, err error) {
	res, err := t.run(query, args)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// get reads one row, or gives ErrNotFound.
func (t *tx) get(dest any, query string, args ...any) error {
	st, err := t.stmt(query)
	if err != nil {
		return err
	}
	return notFound(st.GetContext(background, dest, args...))
}

func (t *tx) selectAll(dest any, query string, args ...any) error {
	st, err := t.stmt(query)
	if err != nil {
		return err
	}
	return st.SelectContext(background, dest, args...)
}
