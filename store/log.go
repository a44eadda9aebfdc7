package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ctid"
)

// seqBlock is how many numbers of the log are reserved on disk at once.
const seqBlock = 100_000

// BeginEpoch starts a new life of the daemon: a short id that sorts after all earlier ones, and the first number of
// the log it may use, which is above every number any earlier epoch can have used. Only one process at a time may hold
// an epoch; it is held until Close.
func (s *Store) BeginEpoch(ctx context.Context) (epoch string, next uint64, err error) {
	if err := s.holdEpoch(); err != nil {
		return "", 0, err
	}
	err = s.w.do(ctx, func(t *tx) error {
		epoch, next, err = t.beginEpoch()
		return err
	})
	return epoch, next, wrapf(err, "store: beginning an epoch")
}

// Hold keeps every daemon off the database until Close. It fails while one serves from it.
func (s *Store) Hold() error { return s.holdEpoch() }

func (s *Store) holdEpoch() error {
	s.lockMu.Lock()
	defer s.lockMu.Unlock()
	if s.lock != nil {
		return nil
	}
	f, err := s.d.lockEpoch()
	s.lock = f
	return err
}

func (t *tx) beginEpoch() (string, uint64, error) {
	var lastSeq int64
	var last string
	if err := t.get(&lastSeq, "SELECT coalesce(max(seq), 0) FROM log"); err != nil {
		return "", 0, err
	}
	if err := t.get(&last, "SELECT coalesce(max(epoch), '') FROM epochs"); err != nil {
		return "", 0, err
	}
	reserved, err := t.reserved()
	if err != nil {
		return "", 0, err
	}
	next := max(reserved, uint64(lastSeq)+1)
	epoch, err := nextEpoch(last, t.c.s.cfg.Now())
	if err != nil {
		return "", 0, err
	}
	if err := t.exec("INSERT INTO epochs (epoch, started_us, first_seq) VALUES (?, ?, ?)", epoch, t.c.s.nowUS(), int64(next)); err != nil {
		return "", 0, err
	}
	return epoch, next, t.reserve(next + t.c.ahead())
}

// nextEpoch is the time in seconds in base 32 of fixed width; where the clock has gone back, the last one plus one.
func nextEpoch(last string, now time.Time) (string, error) {
	n := now.Unix()
	if last != "" {
		l, err := strconv.ParseInt(last, 32, 64)
		if err != nil {
			return "", fmt.Errorf("epoch %q in the database: %w", last, err)
		}
		n = max(n, l+1)
	}
	return fmt.Sprintf("%07s", strconv.FormatInt(n, 32)), nil
}

// ReserveSeq makes sure that no later epoch begins below upTo, and returns the bound that is now on disk. The writer
// does it by itself, well ahead of the rows it writes.
func (s *Store) ReserveSeq(ctx context.Context, upTo uint64) (bound uint64, err error) {
	err = s.w.do(ctx, func(t *tx) error {
		if bound, err = t.reserved(); err != nil || bound >= upTo {
			return err
		}
		bound = upTo
		return t.reserve(upTo)
	})
	return bound, wrapf(err, "store: reserving numbers of the log")
}

// ahead is how far the reserve runs before the last row: rows of a full backlog must lie below it too.
func (c *committer) ahead() uint64 { return seqBlock + uint64(c.s.cfg.Backlog) }

func (c *committer) reserveAhead(t *tx, items []item) error {
	if len(items) == 0 {
		return nil
	}
	last := uint64(0) // what only hangs on an entry has no number
	for _, it := range items {
		last = max(last, it.e.Seq)
	}
	if c.reserved == 0 {
		r, err := t.reserved()
		if err != nil {
			return err
		}
		c.reserved = r
	}
	if last+c.ahead()-seqBlock/2 < c.reserved {
		return nil
	}
	return t.reserve(last + c.ahead())
}

func (t *tx) reserved() (uint64, error) {
	var v string
	err := t.get(&v, "SELECT value FROM meta WHERE name = 'seq_reserved'")
	if errors.Is(err, ErrNotFound) {
		return 1, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(v, 10, 63)
}

// reserve raises the bound; the cached one is forgotten, for the transaction may yet fail.
func (t *tx) reserve(upTo uint64) error {
	t.c.reserved = 0
	return t.setMeta("seq_reserved", strconv.FormatUint(upTo, 10))
}

func (t *tx) setMeta(name, value string) error {
	return t.exec("INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
}

// Append hands a row to the writer and returns at once; see ctid.LogEntry for Done. Record, Amend and Body must not
// change afterwards. An entry without a Kind writes only what hangs on it.
// After Close the row is lost, and Done is told so from the caller's goroutine.
func (s *Store) Append(e ctid.LogEntry) { s.AppendAll([]ctid.LogEntry{e}) }

// AppendAll hands over rows that belong in one transaction, such as an input and the facts that came of it.
func (s *Store) AppendAll(group []ctid.LogEntry) {
	if s.w.q.add(group) {
		return
	}
	for _, e := range group {
		s.cfg.Log.Error("store: a row of the log came after the store was closed, and is lost", rowAttrs(e)...)
		if e.Done != nil {
			e.Done(ErrClosed)
		}
	}
}

// LogRow is a row of the log as it is read: its texts are back in Body, or read Erased.
type LogRow struct {
	Seq     uint64
	Epoch   string
	At      time.Time
	Kind    string
	V       int
	Subject string
	Queue   ctid.QueueID // of a fact, where there is one; so is Agent. Rows of before schema version 5 have neither
	Agent   ctid.AgentID
	Person  string
	Body    json.RawMessage
}

// LogQuery selects rows of the log, in rising order of Seq.
type LogQuery struct {
	From, To uint64    // first and last number, both included; To 0: no end
	Since    time.Time // zero: no beginning
	Until    time.Time // zero: no end; not included
	Kinds    []string  // exact kinds, or with a dot at the end all kinds that begin so; empty: all
	Subject  string
	Limit    int  // rows at most; default 1000
	Last     bool // the last rows instead of the first; still in rising order
}

const defaultLimit = 1000

type logRow struct {
	Seq     int64  `db:"seq"`
	Epoch   string `db:"epoch"`
	AtUS    int64  `db:"at_us"`
	Kind    string `db:"kind"`
	V       int    `db:"v"`
	Subject string `db:"subject"`
	Queue   string `db:"queue"`
	Agent   string `db:"agent"`
	Of      string `db:"person"`
	Body    []byte `db:"body"`
	sealed
}

// ReadLog returns the rows that q selects. When it returns q.Limit rows, ask again from the last Seq plus one.
func (s *Store) ReadLog(ctx context.Context, q LogQuery) ([]LogRow, error) {
	c := newClauses()
	c.add("r.seq >= ?", int64(q.From))
	if q.To > 0 {
		c.add("r.seq <= ?", int64(q.To))
	}
	if !q.Since.IsZero() {
		c.add("r.at_us >= ?", q.Since.UnixMicro())
	}
	if !q.Until.IsZero() {
		c.add("r.at_us < ?", q.Until.UnixMicro())
	}
	if q.Subject != "" {
		c.add("r.subject = ?", q.Subject)
	}
	c.addKinds(q.Kinds)
	var rows []logRow
	query := `SELECT r.seq, r.epoch, r.at_us, r.kind, r.v, r.subject, r.queue, r.agent, r.person, r.body,` + sealedColumns + `FROM log r` + sealedJoin +
		c.where() + ` ORDER BY r.seq` + descending(q.Last) + ` LIMIT ?`
	c.args = append(c.args, limitOr(q.Limit))
	if err := s.read.SelectContext(ctx, &rows, s.read.Rebind(query), c.args...); err != nil {
		return nil, s.d.explain(err)
	}
	if q.Last {
		slices.Reverse(rows)
	}
	out := make([]LogRow, 0, len(rows))
	for _, r := range rows {
		body := s.unseal(r.Body, logOwner(uint64(r.Seq)), r.sealed)
		out = append(out, LogRow{Seq: uint64(r.Seq), Epoch: r.Epoch, At: fromUS(r.AtUS), Kind: r.Kind, V: r.V, Subject: r.Subject,
			Queue: ctid.QueueID(r.Queue), Agent: ctid.AgentID(r.Agent), Person: r.Of, Body: body})
	}
	return out, nil
}

func descending(yes bool) string {
	if yes {
		return " DESC"
	}
	return ""
}

func limitOr(n int) int {
	if n <= 0 {
		return defaultLimit
	}
	return n
}

// clauses builds the condition of a query from constant texts and arguments.
type clauses struct {
	parts []string
	args  []any
}

func newClauses() *clauses { return &clauses{} }

func (c *clauses) add(cond string, args ...any) {
	c.parts = append(c.parts, cond)
	c.args = append(c.args, args...)
}

func (c *clauses) addKinds(kinds []string) {
	var any []string
	for _, k := range kinds {
		if strings.HasSuffix(k, ".") {
			any = append(any, "(r.kind >= ? AND r.kind < ?)")
			c.args = append(c.args, k, strings.TrimSuffix(k, ".")+"/") // '/' follows '.' in ASCII
		} else {
			any = append(any, "r.kind = ?")
			c.args = append(c.args, k)
		}
	}
	if len(any) > 0 {
		c.parts = append(c.parts, "("+strings.Join(any, " OR ")+")")
	}
}

func (c *clauses) where() string {
	if len(c.parts) == 0 {
		return " "
	}
	return " WHERE " + strings.Join(c.parts, " AND ")
}
