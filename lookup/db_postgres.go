package lookup

import (
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"
)

// postgres asks a PostgreSQL server.
type postgres struct{}

// connectTime bounds making one connection.
const connectTime = 5 * time.Second

func (postgres) open(dsn string, readOnly bool) (*sqlx.DB, error) {
	c, err := pgx.ParseConfig(dsn)
	if err != nil { // its text may have the password in it
		return nil, errors.New("the dsn is not understood: write it as postgres://USER@HOST/NAME")
	}
	if c.ConnectTimeout == 0 || c.ConnectTimeout > connectTime {
		c.ConnectTimeout = connectTime
	}
	c.RuntimeParams["application_name"] = "ctid"
	if readOnly {
		c.RuntimeParams["default_transaction_read_only"] = "on"
	}
	// Whoever gives up has the server give up too: else it would go on with what nobody waits for.
	c.BuildContextWatcherHandler = func(p *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: p, DeadlineDelay: 200 * time.Millisecond}
	}
	return sqlx.NewDb(stdlib.OpenDB(*c), "pgx"), nil
}

func (postgres) dollars() bool { return true }

func (postgres) busy(error) bool { return false }

func (postgres) explain(err error, with []Field) *Error {
	var e *pgconn.PgError
	if errors.As(err, &e) { // Detail and Where repeat values: they are left out
		return failed("query.failed", "%s", withoutValues(fmt.Sprintf("%s (SQLSTATE %s)", e.Message, e.Code), with))
	}
	var c *pgconn.ConnectError
	if errors.As(err, &c) {
		return failed("query.failed", "no connection")
	}
	return failed("query.failed", "%s", withoutValues(err.Error(), with))
}
