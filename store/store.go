// Package store keeps what ctid must not forget: the numbered log, call records, customers, the CRM outbox, users and
// the audit chain, in one SQL database.
//
// One goroutine commits. Everything that waits when a commit ends goes down in the next one, so that many writers share
// one fsync; nobody who appends to the log waits for the disk. Texts about people are sealed under a key of their
// person before they reach the database, and erasing a person deletes the key.
package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
)

// Errors that callers tell apart.
var (
	ErrNotFound  = errors.New("store: not found")
	ErrUnsaved   = errors.New("store: not on disk yet")
	ErrRefused   = errors.New("store: refused by the schema")
	ErrDropped   = errors.New("store: dropped, the backlog is full")
	ErrClosed    = errors.New("store: closed")
	ErrLogin     = errors.New("store: user or password wrong")
	ErrToken     = errors.New("store: token unknown, revoked or too old")
	ErrNotErased = errors.New("store: key deleted, but copies remain in the write-ahead log")
)

// DefaultBacklog is how many rows of the log wait in memory while the database can't be written.
const DefaultBacklog = 100_000

// slowCommit is after how long a commit counts as failed for those who wait for it.
const slowCommit = 2 * time.Second

// Config says where the database is and how to run it.
type Config struct {
	DSN     string           // "sqlite:" and a path
	KeyFile string           // wraps the keys of persons; default: beside the database, with .key added
	Log     *slog.Logger     // default: slog.Default()
	Backlog int              // rows kept in memory while the disk fails; default DefaultBacklog
	Now     func() time.Time // default: time.Now
	Idle    time.Duration    // a token unused for so long is dead, a wallboard's excepted; default: an hour
	// Existing: where there is no database, none is made; Open says ErrNone.
	Existing bool
	// OnCommit, if set, is told of each commit how long it took and how many rows of the log it held. It must not block.
	OnCommit func(took time.Duration, rows int)
}

// ErrNone tells that there is no database yet.
var ErrNone = errors.New("store: there is no database")

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Backlog <= 0 {
		c.Backlog = DefaultBacklog
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Idle <= 0 {
		c.Idle = time.Hour
	}
	if c.OnCommit == nil {
		c.OnCommit = func(time.Duration, int) {}
	}
	return c
}

// Store is an open database. Its methods may be called from any goroutine.
type Store struct {
	cfg   Config
	d     dialect
	keys  keys
	read  *sqlx.DB
	write *sqlx.DB

	stmtMu sync.Mutex
	stmts  map[string]*sqlx.Stmt // of the read pool

	w      *writer
	outbox chan struct{} // one token: the outbox has new rows
	hash   passwordHasher
	lock   *os.File // held by the process that runs an epoch
	lockMu sync.Mutex
}

// Open opens the database, makes or brings up to date its schema, and starts the writer. Close must be called.
// Its errors name the file and what to do: not readable, locked by another program, damaged, made by a newer ctid.
func Open(ctx context.Context, cfg Config) (_ *Store, err error) {
	cfg = cfg.withDefaults()
	d, err := dialectOf(cfg.DSN)
	if err != nil {
		return nil, err
	}
	if cfg.KeyFile == "" {
		cfg.KeyFile = d.defaultKeyFile()
	}
	if cfg.Existing && !d.exists() {
		return nil, ErrNone
	}
	if _, _, err := migrate(ctx, d); err != nil {
		return nil, d.explain(err)
	}
	s := &Store{cfg: cfg, d: d, stmts: map[string]*sqlx.Stmt{}, outbox: make(chan struct{}, 1), hash: newPasswordHasher()}
	if s.write, err = d.open(roleWriter); err != nil {
		return nil, d.explain(err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.write.Close())
		}
	}()
	if s.read, err = d.open(roleReader); err != nil {
		return nil, d.explain(err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.read.Close())
		}
	}()
	if s.keys, err = s.loadKeys(ctx); err != nil {
		return nil, err
	}
	if s.w, err = startWriter(ctx, s); err != nil {
		return nil, d.explain(err)
	}
	return s, nil
}

// Close takes no more rows, writes all that wait, and closes the database. Rows still waiting when ctx ends are
// named in the program's log and counted in the error.
func (s *Store) Close(ctx context.Context) error {
	err := s.w.stop(ctx)
	s.stmtMu.Lock()
	defer s.stmtMu.Unlock()
	for _, st := range s.stmts {
		err = errors.Join(err, st.Close())
	}
	s.stmts = map[string]*sqlx.Stmt{}
	err = errors.Join(err, s.read.Close(), s.write.Close())
	s.lockMu.Lock()
	defer s.lockMu.Unlock()
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
		s.lock = nil
	}
	return err
}

// Healthy is nil while rows of the log reach the disk, else an error that says since when not, why, and what waits.
func (s *Store) Healthy() error { return s.w.healthy() }

// Depth is the number of rows of the log that wait for the disk.
func (s *Store) Depth() int { return s.w.q.depth() }

// Dropped is the number of rows of the log that were lost since Open because the backlog was full.
func (s *Store) Dropped() uint64 { return s.w.q.droppedTotal() }

// stmt returns a prepared statement of the read pool, made at its first use.
func (s *Store) stmt(ctx context.Context, query string) (*sqlx.Stmt, error) {
	s.stmtMu.Lock()
	defer s.stmtMu.Unlock()
	if st, ok := s.stmts[query]; ok {
		return st, nil
	}
	st, err := s.read.PreparexContext(ctx, s.read.Rebind(query))
	if err != nil {
		return nil, s.d.explain(err)
	}
	s.stmts[query] = st
	return st, nil
}

// selectAll reads rows into dest; query must be a constant, for its statement is kept.
func (s *Store) selectAll(ctx context.Context, dest any, query string, args ...any) error {
	st, err := s.stmt(ctx, query)
	if err != nil {
		return err
	}
	return s.d.explain(st.SelectContext(ctx, dest, args...))
}

// get reads one row into dest, or gives ErrNotFound; query must be a constant.
func (s *Store) get(ctx context.Context, dest any, query string, args ...any) error {
	st, err := s.stmt(ctx, query)
	if err != nil {
		return err
	}
	return s.d.explain(notFound(st.GetContext(ctx, dest, args...)))
}

func (s *Store) nowUS() int64 { return s.cfg.Now().UnixMicro() }

// us gives a time as the database keeps it: microseconds of Unix time, nil for the zero time.
func us(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

func fromUS(v int64) time.Time { return time.UnixMicro(v).UTC() }

func wrapf(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}
