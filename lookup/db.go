package lookup

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"
)

// Bounds of an answer.
const (
	MaxRows     = 200      // whatever a question asks for
	maxColumns  = 100      // of a row
	maxValue    = 16 << 10 // bytes of one text
	maxAnswer   = 64 << 10 // bytes of all texts
	idleTime    = 5 * time.Minute
	connections = 4
)

// Database is one that may be asked.
type Database struct {
	Name        string
	Driver      string // sqlite, postgres
	DSN         string // the file, or a postgres URL or key=value list; it may hold a password
	Connections int    // at once; 0: 4
}

// Statement is SQL with a name.
type Statement struct {
	Name string
	DB   string
	SQL  *SQL
}

// Query is one question. Either SQL, which must be one SELECT, or Statement.
type Query struct {
	DB        string
	SQL       string
	Statement string
	With      []Field
	MaxRows   int // 0: 20
}

// Rows is the answer: column → text, float64, bool or nil. Changed is how many rows a writing statement has changed.
type Rows struct {
	List    []map[string]any
	Changed int64
}

// driver is what differs between databases.
type driver interface {
	open(dsn string, readOnly bool) (*sqlx.DB, error)
	dollars() bool
	// explain turns an error of the database into what may be told: its kind, and what it is about without any value.
	explain(err error, with []Field) *Error
	busy(err error) bool // locked by another; asking again soon may help
}

var drivers = map[string]driver{"sqlite": sqlite{}, "postgres": postgres{}}

// Databases are the databases of a site, and its statements. It is safe for concurrent use. Nothing is connected to
// before it is first asked.
type Databases struct {
	dbs map[string]*database
}

type database struct {
	name        string
	driver      driver
	read, write *sqlx.DB
}

// Open makes ready what a site may ask.
func Open(list []Database) (*Databases, error) {
	d := &Databases{dbs: map[string]*database{}}
	for _, c := range list {
		drv, ok := drivers[c.Driver]
		if !ok {
			return nil, errors.Join(fmt.Errorf("database %s: there is no driver %q", c.Name, c.Driver), d.Close())
		}
		b := &database{name: c.Name, driver: drv}
		d.dbs[c.Name] = b
		for _, side := range []struct {
			db   **sqlx.DB
			only bool
		}{{&b.read, true}, {&b.write, false}} {
			db, err := drv.open(c.DSN, side.only)
			if err != nil {
				return nil, errors.Join(fmt.Errorf("database %s: %w", c.Name, err), d.Close())
			}
			n := cmp.Or(c.Connections, connections)
			db.SetMaxOpenConns(n)
			db.SetMaxIdleConns(n)
			db.SetConnMaxIdleTime(idleTime)
			*side.db = db
		}
	}
	return d, nil
}

// Close closes all connections.
func (d *Databases) Close() error {
	var errs []error
	for _, b := range d.dbs {
		for _, db := range []*sqlx.DB{b.read, b.write} {
			if db != nil {
				errs = append(errs, db.Close())
			}
		}
	}
	return errors.Join(errs...)
}

// Ask asks a database. ctx must have a deadline: at it the database is told to give up. statement is that of q.Statement,
// else nil. Errors are of type *Error.
func (d *Databases) Ask(ctx context.Context, q Query, statement *Statement) (Rows, error) {
	rows, err := d.ask(ctx, q, statement)
	if err == nil {
		return rows, nil
	}
	if ctx.Err() != nil {
		return Rows{}, failed("query.timeout", "database %s did not answer in time", q.DB)
	}
	return Rows{}, err
}

func (d *Databases) ask(ctx context.Context, q Query, statement *Statement) (Rows, error) {
	b := d.dbs[q.DB]
	if b == nil {
		return Rows{}, failed("query.failed", "there is no database %q", q.DB)
	}
	text, write := (*SQL)(nil), false
	if statement != nil {
		text, write = statement.SQL, statement.SQL.Write
	} else {
		var err error
		if text, err = ReadSQL(q.SQL); err != nil {
			return Rows{}, failed("query.failed", "%v", err)
		}
		if text.Write {
			return Rows{}, failed("query.failed", "only a SELECT may stand in a script; what writes is a statement of the site")
		}
	}
	stmt, args, err := text.bind(q.With, b.driver.dollars())
	if err != nil {
		return Rows{}, err
	}
	most := min(cmp.Or(max(q.MaxRows, 0), 20), MaxRows)
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		var rows Rows
		if write {
			rows, err = b.writes(ctx, text, stmt, args, most)
		} else {
			rows, err = b.reads(ctx, stmt, args, most)
		}
		if err == nil || !b.driver.busy(err) || !wait(ctx, pause) {
			return rows, b.explain(err, q.With)
		}
	}
}

// wait waits, no longer than ctx lasts, and tells whether there is any time left.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

func (b *database) explain(err error, with []Field) error {
	if err == nil {
		return nil
	}
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	e := b.driver.explain(err, with)
	e.Text = "database " + b.name + ": " + e.Text
	return e
}

func (b *database) reads(ctx context.Context, stmt string, args []any, most int) (Rows, error) {
	tx, err := b.read.BeginTxx(ctx, &sql.TxOptions{ReadOnly: b.driver.dollars()})
	if err != nil {
		return Rows{}, err
	}
	defer tx.Rollback() //nolint:errcheck // it has only read
	return collect(ctx, tx, stmt, args, most)
}

func (b *database) writes(ctx context.Context, text *SQL, stmt string, args []any, most int) (Rows, error) {
	tx, err := b.write.BeginTxx(ctx, nil)
	if err != nil {
		return Rows{}, err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
	var rows Rows
	if text.returning {
		rows, err = collect(ctx, tx, stmt, args, most)
		rows.Changed = int64(len(rows.List))
	} else {
		var r sql.Result
		if r, err = tx.ExecContext(ctx, stmt, args...); err == nil {
			rows.Changed, err = r.RowsAffected()
		}
	}
	if err != nil {
		return Rows{}, err
	}
	return rows, tx.Commit()
}

// collect reads the rows of an answer up to the bounds.
func collect(ctx context.Context, tx *sqlx.Tx, stmt string, args []any, most int) (Rows, error) {
	var out Rows
	rows, err := tx.QueryxContext(ctx, stmt, args...)
	if err != nil {
		return out, err
	}
	defer rows.Close()
	kinds, err := rows.ColumnTypes()
	if err != nil {
		return out, err
	}
	if len(kinds) > maxColumns {
		return out, failed("query.too_large", "the answer has %d columns; %d are the most", len(kinds), maxColumns)
	}
	size := 0
	for len(out.List) < most && rows.Next() {
		values, err := rows.SliceScan()
		if err != nil {
			return out, err
		}
		row := make(map[string]any, len(values))
		for i, v := range values {
			v = plain(v, kinds[i].DatabaseTypeName())
			if s, ok := v.(string); ok {
				size += len(s)
				if len(s) > maxValue || size > maxAnswer {
					return out, failed("query.too_large", "the answer is too large: a value has at most %d bytes, all of them %d", maxValue, maxAnswer)
				}
			}
			row[kinds[i].Name()] = v
		}
		out.List = append(out.List, row)
	}
	return out, rows.Err()
}

// maxExact is up to where a float64 holds every whole number.
const maxExact = 1 << 53

// plain turns a value of a driver into one of the four types of a script. A whole number too large for a float64, such as a
// long account number, is a text.
func plain(v any, kind string) any {
	switch v := v.(type) {
	case int64:
		if v > maxExact || v < -maxExact {
			return strconv.FormatInt(v, 10)
		}
		return float64(v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return v
	case float32:
		return plain(float64(v), kind)
	case bool, nil:
		return v
	case time.Time:
		if strings.EqualFold(kind, "date") {
			return v.Format(time.DateOnly)
		}
		return v.Format(time.RFC3339)
	case []byte:
		return plain(string(v), kind)
	case string:
		if strings.EqualFold(kind, "numeric") {
			if f, err := strconv.ParseFloat(v, 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) && len(v) <= 16 {
				return f
			}
		}
		if !utf8.ValidString(v) {
			return strings.ToValidUTF8(v, "\uFFFD")
		}
		return v
	}
	return fmt.Sprint(v)
}

// fileURL is a file's name as an address, so that ? and % in it are no options.
func fileURL(name string, options url.Values) string {
	return (&url.URL{Scheme: "file", OmitHost: true, Path: name, RawQuery: options.Encode()}).String()
}
