package ws

import (
	"bytes"
	"encoding/json"
	"time"

	"ctid"
)

// idemKey names a request that must not be done twice: keys belong to the agent, or to the user if he is none.
type idemKey struct{ who, key string }

// asker is a request that waits for a row's replies.
type asker struct {
	s  *session
	id string
}

// idemRow is one action given to the desk, with its replies.
type idemRow struct {
	op, args string
	until    time.Time
	replies  []ctid.Reply
	waiting  []asker
}

func (r *idemRow) final() bool {
	return len(r.replies) > 0 && r.replies[len(r.replies)-1].Phase != ctid.Started
}

// idemTable keeps the first result of each key for a while.
type idemTable struct {
	rows map[idemKey]*idemRow
	line []idemKey // oldest first
	keep time.Duration
}

// look finds the row of a key or makes one; fresh says that the action is still to be done. Without a key each is new.
func (t *idemTable) look(who ctid.Who, key string, a ctid.Action, now time.Time) (row *idemRow, fresh bool, e *ctid.Error) {
	t.forget(now)
	args, err := json.Marshal(a)
	if err != nil {
		return nil, false, ctid.Refuse(ctid.BadRequest, "args do not encode")
	}
	row = &idemRow{op: a.Op(), args: string(bytes.TrimSpace(args)), until: now.Add(t.keep)}
	if key == "" {
		return row, true, nil
	}
	k := idemKey{"user:" + who.User, key}
	if who.Agent != "" {
		k.who = "agent:" + string(who.Agent)
	}
	if old := t.rows[k]; old != nil {
		if old.op != row.op || old.args != row.args {
			return nil, false, ctid.Refuse(ctid.IdemMismatch, "this idem was used for another request")
		}
		return old, false, nil
	}
	t.rows[k] = row
	t.line = append(t.line, k)
	return row, true, nil
}

func (t *idemTable) forget(now time.Time) {
	for len(t.line) > 0 && !t.rows[t.line[0]].until.After(now) {
		delete(t.rows, t.line[0])
		t.line = t.line[1:]
	}
}
