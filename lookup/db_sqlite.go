package lookup

import (
	"database/sql"
	"errors"
	"net/url"
	"path/filepath"
	"sync"

	"github.com/jmoiron/sqlx"
	sqlite3 "github.com/mattn/go-sqlite3"
)

// sqlite asks a file that others may write to.
type sqlite struct{}

const (
	sqliteName = "ctid-lookup-sqlite"
	// largestValue bounds what SQLite itself makes of one value, so that none fills the memory before it is looked at.
	largestValue = 1 << 20
)

// register makes the driver known under a name of its own: database/sql has no other way to a connection's limits.
var register = sync.OnceFunc(func() {
	sql.Register(sqliteName, &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		c.SetLimit(sqlite3.SQLITE_LIMIT_LENGTH, largestValue)
		c.SetLimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
		return nil
	}})
})

func (sqlite) open(dsn string, readOnly bool) (*sqlx.DB, error) {
	name, err := filepath.Abs(dsn)
	if err != nil {
		return nil, err
	}
	// A lock is not waited for in SQLite, which cannot be interrupted in that, but by asking again.
	o := url.Values{"mode": {"rw"}, "_busy_timeout": {"20"}, "_txlock": {"immediate"}}
	if readOnly {
		o = url.Values{"mode": {"ro"}, "_busy_timeout": {"20"}, "_query_only": {"1"}}
	}
	register()
	return sqlx.Open(sqliteName, fileURL(name, o))
}

func (sqlite) dollars() bool { return false }

func (sqlite) busy(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && (e.Code == sqlite3.ErrBusy || e.Code == sqlite3.ErrLocked)
}

func (d sqlite) explain(err error, with []Field) *Error {
	var e sqlite3.Error
	switch {
	case d.busy(err):
		return failed("query.busy", "it is locked by another program")
	case errors.As(err, &e) && e.Code == sqlite3.ErrTooBig:
		return failed("query.too_large", "a value has more than %d bytes", largestValue)
	}
	return failed("query.failed", "%s", withoutValues(err.Error(), with))
}
