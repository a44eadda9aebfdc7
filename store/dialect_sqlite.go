package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/jmoiron/sqlx"
	"github.com/mattn/go-sqlite3"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/sqlite/*.sql
var sqliteMigrations embed.FS

// sqliteReaders is the size of the read pool: reads are short and the machine has few cores.
const sqliteReaders = 4

type sqliteDB struct {
	path string
	file os.FileInfo // that the write connection was opened on
}

func newSQLite(path string) (*sqliteDB, error) {
	if strings.HasPrefix(path, ":memory:") || strings.ContainsAny(path, "?\x00") {
		return nil, fmt.Errorf("store: %q is not the path of a file: the log must be on disk, and a path has no ? in it", path)
	}
	abs, err := filepath.Abs(strings.TrimPrefix(path, "//"))
	if err != nil {
		return nil, fmt.Errorf("store: path of the database: %w", err)
	}
	return &sqliteDB{path: abs}, nil
}

func (d *sqliteDB) open(r role) (*sqlx.DB, error) {
	q := url.Values{
		"_journal_mode":  {"WAL"},
		"_synchronous":   {"FULL"},
		"_busy_timeout":  {"5000"},
		"_secure_delete": {"on"},
		"_foreign_keys":  {"on"},
		"_cache_size":    {"-16384"}, // KiB
		"_txlock":        {"immediate"},
	}
	if r == roleReader {
		q.Set("_query_only", "on")
		q.Set("_txlock", "deferred")
	}
	if r == roleMigrator {
		d.makePrivate()
	} else {
		q.Set("mode", "rw") // where the file is gone, no empty one may come in its place
	}
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: d.path}).EscapedPath(), RawQuery: q.Encode()}
	db, err := sqlx.Open("sqlite3", u.String())
	if err != nil {
		return nil, err
	}
	n := 1
	if r == roleReader {
		n = sqliteReaders
	}
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	if err := db.PingContext(context.Background()); err != nil { // opens a file: there is nothing to wait for
		return nil, errors.Join(err, db.Close())
	}
	if r == roleWriter {
		if d.file, err = os.Stat(d.path); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	return db, nil
}

func (d *sqliteDB) exists() bool {
	_, err := os.Stat(d.path)
	return !errors.Is(err, fs.ErrNotExist)
}

// here: SQLite would go on writing into a file that was removed, and all of it would be lost at the end of the process.
func (d *sqliteDB) here() error {
	now, err := os.Stat(d.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("store: database %s is gone, it was moved or removed: put it back and ctid goes on; or stop ctid and restore the last backup", d.path)
	case err != nil:
		return fmt.Errorf("store: database %s cannot be seen: %w", d.path, err)
	case !os.SameFile(now, d.file):
		return fmt.Errorf("store: another file is in the place of database %s: put the one that was there back and ctid goes on; or restart ctid to work with this one", d.path)
	}
	return nil
}

// makePrivate makes a new database's file readable for its owner only; SQLite gives its other files the same mode.
// Where that fails, so will opening, which says why.
func (d *sqliteDB) makePrivate() {
	if f, err := os.OpenFile(d.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); err == nil {
		_ = f.Close() // nothing was written
	}
}

func (d *sqliteDB) migrations() (goose.Dialect, fs.FS, error) {
	sub, err := fs.Sub(sqliteMigrations, "migrations/sqlite")
	return goose.DialectSQLite3, sub, err
}

func (d *sqliteDB) defaultKeyFile() string { return d.path + ".key" }

func (d *sqliteDB) sql(s statement) string {
	switch s {
	case sqlBegin:
		return "BEGIN IMMEDIATE"
	case sqlBackup:
		return "VACUUM INTO ?"
	case sqlCheckpoint:
		return "PRAGMA wal_checkpoint(TRUNCATE)"
	case sqlIntegrity:
		return "PRAGMA integrity_check"
	default:
		return "PRAGMA data_version"
	}
}

// classify: what the schema refuses, or what SQLite can't hold, stays refused; all else may be better later.
func (d *sqliteDB) classify(err error) failure {
	var e sqlite3.Error
	switch {
	case errors.As(err, &e):
		switch e.Code {
		case sqlite3.ErrConstraint, sqlite3.ErrMismatch, sqlite3.ErrTooBig, sqlite3.ErrRange:
			return failRefused
		}
		return failEnvironment
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone):
		return failEnvironment
	}
	return failOther
}

// lost: after a full disk or a lock the connection is still good; after most others nobody can know.
func (d *sqliteDB) lost(err error) bool {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return true
	}
	switch e.Code {
	case sqlite3.ErrFull, sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrConstraint, sqlite3.ErrMismatch, sqlite3.ErrTooBig:
		return false
	case sqlite3.ErrError: // "no transaction is active": the failed statement has rolled back by itself
		return false
	}
	return true
}

// explain says which file, what is wrong with it and what to do.
func (d *sqliteDB) explain(err error) error {
	var e sqlite3.Error
	var newer newerError
	if errors.As(err, &newer) {
		return fmt.Errorf("store: database %s has %w: run the newer ctid that made it, or restore a backup from before", d.path, newer)
	}
	if !errors.As(err, &e) {
		return err
	}
	hint := ""
	switch e.Code {
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		hint = "is locked by another program: see with fuser who has it open, and end that program or wait for it"
	case sqlite3.ErrCorrupt:
		hint = "is damaged: stop ctid, keep a copy of the file, and restore the last backup"
	case sqlite3.ErrNotADB:
		hint = "is no SQLite database, or damaged: check the path in store.dsn, or restore the last backup"
	case sqlite3.ErrCantOpen:
		hint = "can't be opened: check that store.dsn names a file, not a folder, that its folder exists, and that ctid's user may write in it"
	case sqlite3.ErrPerm, sqlite3.ErrReadonly, sqlite3.ErrAuth:
		hint = "can't be written: check the owner and mode of the file and its folder, and that the file system is not read-only"
	case sqlite3.ErrFull:
		hint = "can't grow, the disk is full: free space on its file system"
	case sqlite3.ErrIoErr:
		hint = "can't be read or written, the disk reports an error: look at the kernel's log"
	default:
		return fmt.Errorf("store: database %s: %w", d.path, err)
	}
	return fmt.Errorf("store: database %s %s (%w)", d.path, hint, err)
}

// lockEpoch keeps a second daemon off the same database; other programs may still open it.
func (d *sqliteDB) lockEpoch() (*os.File, error) {
	f, err := os.OpenFile(d.path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("store: lock file: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("store: another ctid already serves from database %s: stop it first (%w)", d.path, err), f.Close())
	}
	return f, nil
}
