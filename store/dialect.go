package store

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3"
)

// role says what a connection is for.
type role int

const (
	roleWriter   role = iota // the one connection that writes
	roleReader               // the pool that only reads
	roleMigrator             // short-lived, changes the schema
)

// failure says what an error of the database means to the writer.
type failure int

const (
	failEnvironment failure = iota // disk, lock, connection: try again later
	failRefused                    // the row itself is wrong: trying again can't help
	failOther                      // not the database's error
)

// dialect is all that differs between databases. SQLite's is in dialect_sqlite.go.
type dialect interface {
	open(role) (*sqlx.DB, error)
	classify(error) failure
	explain(error) error
	files
}

// files is the part of a dialect that concerns the database as a whole.
type files interface {
	migrations() (goose.Dialect, fs.FS, error)
	defaultKeyFile() string
	lockEpoch() (*os.File, error)
	sql(statement) string
	lost(error) bool // the connection must be opened again before the next attempt
	exists() bool    // there is a database already, or it cannot be told
	here() error     // the database is no longer the one that was opened
}

// statement names SQL that every dialect writes in its own way.
type statement int

const (
	sqlBegin       statement = iota // start a writing transaction, taking the lock at once
	sqlBackup                       // one argument: the path of the copy
	sqlCheckpoint                   // empty the write-ahead log; a row whose first column is 0 when it is empty
	sqlIntegrity                    // rows of text, "ok" alone when the database is sound
	sqlDataVersion                  // a number that changes when another process has written
)

func dialectOf(dsn string) (dialect, error) {
	kind, rest, ok := strings.Cut(dsn, ":")
	if !ok || rest == "" || kind != "sqlite" {
		return nil, fmt.Errorf("store: dsn %q is not understood: write sqlite: and the path of a file, such as sqlite:/var/lib/ctid/ctid.db", redactDSN(dsn))
	}
	return newSQLite(rest)
}

// redactDSN cuts what may hold a password.
func redactDSN(dsn string) string {
	kind, _, ok := strings.Cut(dsn, ":")
	if !ok {
		return dsn
	}
	return kind + ":…"
}

func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}
