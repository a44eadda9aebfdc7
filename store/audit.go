package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"ctid"
)

// AuditRow is one act of a user that must be accounted for. Detail holds more, such as before and after; its private
// texts are sealed under Person. Target is an id, never a name or number.
type AuditRow struct {
	At      time.Time // zero: now
	Who     string
	Role    ctid.Role
	Via     string // ws, rest, cli, phone
	Address string
	Op      string
	Target  string
	Outcome string // ok, or the code of the refusal
	Trace   string
	Person  string
	Detail  any
}

type auditRow struct {
	N        int64  `db:"n"`
	AtUS     int64  `db:"at_us"`
	Who      string `db:"who"`
	Role     string `db:"role"`
	Via      string `db:"via"`
	Address  string `db:"address"`
	Op       string `db:"op"`
	Target   string `db:"target"`
	Outcome  string `db:"outcome"`
	Trace    string `db:"trace"`
	Personal *int64 `db:"personal"`
	Detail   string `db:"detail"`
	Prev     string `db:"prev"`
	Hash     string `db:"hash"`
}

const selectAudit = `SELECT n, at_us, who, role, via, address, op, target, outcome, trace, personal, detail, prev, hash FROM audit `

// chain computes a row's hash over all its columns and the hash before it. It is keyed: who can write the database but
// has no key file can't make a chain that verifies.
func (s *Store) chain(r auditRow) (string, error) {
	r.Hash = ""
	text, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	m := hmac.New(sha256.New, s.keys.audit)
	m.Write(text)
	return hex.EncodeToString(m.Sum(nil)), nil
}

// Audit adds a row to the audit chain and returns when it is on disk. No row can be changed or deleted.
func (s *Store) Audit(ctx context.Context, a AuditRow) error {
	if a.At.IsZero() {
		a.At = s.cfg.Now()
	}
	return wrapf(s.w.do(ctx, func(t *tx) error { return t.audit(a) }), "store: audit")
}

func (t *tx) audit(a AuditRow) error {
	var last auditRow
	if err := t.get(&last, selectAudit+`ORDER BY n DESC LIMIT 1`); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	r := auditRow{N: last.N + 1, AtUS: a.At.UnixMicro(), Who: a.Who, Role: string(a.Role), Via: a.Via, Address: a.Address,
		Op: a.Op, Target: a.Target, Outcome: a.Outcome, Trace: a.Trace, Prev: last.Hash}
	person := a.Person
	if person == "" {
		person = unknownPerson(a.Target)
	}
	detail, personal, err := t.pack(a.Detail, person, auditOwner(r.N))
	if err != nil {
		return err
	}
	r.Detail = detail
	if id, ok := personal.(int64); ok {
		r.Personal = &id
	}
	if r.Hash, err = t.c.s.chain(r); err != nil {
		return err
	}
	err = t.exec(`INSERT INTO audit (n, at_us, who, role, via, address, op, target, outcome, trace, personal, detail, prev, hash)
 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, r.N, r.AtUS, r.Who, r.Role, r.Via, r.Address, r.Op, r.Target, r.Outcome, r.Trace,
		r.Personal, r.Detail, r.Prev, r.Hash)
	if err != nil {
		return err
	}
	return t.setMeta("audit_head", r.Hash)
}

// VerifyAudit walks the whole chain and returns how many rows it has. The error names the first row that was changed,
// taken out or put in, or says that rows are missing at the end.
func (s *Store) VerifyAudit(ctx context.Context) (n int, err error) {
	rows, err := s.read.QueryxContext(ctx, selectAudit+`ORDER BY n`)
	if err != nil {
		return 0, s.d.explain(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var prev auditRow
	for rows.Next() {
		var r auditRow
		if err := rows.StructScan(&r); err != nil {
			return n, s.d.explain(err)
		}
		want, err := s.chain(r)
		if err != nil {
			return n, err
		}
		if r.Hash != want || r.Prev != prev.Hash || r.N != prev.N+1 {
			return n, fmt.Errorf("store: the audit chain breaks at row %d (%s, %s by %s): it, or a row before it, was changed, removed or added outside ctid", r.N, fromUS(r.AtUS).Format(time.RFC3339), r.Op, r.Who)
		}
		prev = r
		n++
	}
	if err := rows.Err(); err != nil {
		return n, s.d.explain(err)
	}
	return n, s.checkAuditHead(ctx, prev.Hash)
}

func (s *Store) checkAuditHead(ctx context.Context, last string) error {
	var head string
	err := s.get(ctx, &head, "SELECT value FROM meta WHERE name = 'audit_head'")
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if head != last {
		var now string // a row may have come while the chain was walked
		err := s.get(ctx, &now, "SELECT hash FROM audit WHERE prev = ?", last)
		if last != "" && err == nil || last == "" && head == "" {
			return nil
		}
		return fmt.Errorf("store: the audit chain ends early: rows at its end were removed outside ctid")
	}
	return nil
}
