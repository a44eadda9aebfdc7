package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"ctid"
)

func voicemailOwner(id ctid.VoicemailID) string { return "voicemail:" + string(id) }

// BeginVoicemail notes that a message is about to be recorded. Noting it twice is no error.
func (s *Store) BeginVoicemail(ctx context.Context, v ctid.Voicemail) error {
	err := s.w.do(ctx, func(t *tx) error {
		var there int
		if err := t.get(&there, "SELECT 1 FROM voicemails WHERE id = ?", string(v.ID)); !errors.Is(err, ErrNotFound) {
			return err
		}
		caller, personal, err := t.pack(v.Caller, v.Person, voicemailOwner(v.ID))
		if err != nil {
			return err
		}
		return t.exec(`INSERT INTO voicemails (id, mailbox, state, call, node, name, at_us, least_ms, ms, size, sha256, person, personal, caller)
 VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, '', ?, ?, ?)`, string(v.ID), v.Mailbox, ctid.VoicemailRecording, string(v.Call), string(v.Node), v.Name,
			v.At.UnixMicro(), v.Least.Milliseconds(), v.Person, personal, caller)
	})
	return wrapf(err, "store: voicemail %s", v.ID)
}

// StoreVoicemail notes where a message's file is: that it is safe with us, or, with state kept, that it is with us alone.
func (s *Store) StoreVoicemail(ctx context.Context, v ctid.Voicemail, state string) error {
	err := s.w.do(ctx, func(t *tx) error {
		n, err := t.change(`UPDATE voicemails SET state = ?, ms = ?, size = ?, sha256 = ? WHERE id = ? AND state IN ('recording', 'stored')`,
			state, v.Length.Milliseconds(), v.Size, v.SHA256, string(v.ID))
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		return err
	})
	return wrapf(err, "store: voicemail %s", v.ID)
}

// DeleteVoicemail takes a message out: its row stays, as gone, while something of it may lie at a node.
func (s *Store) DeleteVoicemail(ctx context.Context, id ctid.VoicemailID) error {
	err := s.w.do(ctx, func(t *tx) error {
		n, err := t.change("UPDATE voicemails SET state = ? WHERE id = ? AND state IN ('recording', 'stored')", ctid.VoicemailGone, string(id))
		if err != nil || n > 0 {
			return err
		}
		return t.dropVoicemail(id, "AND state = 'kept'")
	})
	return wrapf(err, "store: voicemail %s", id)
}

// ForgetVoicemail deletes the row of a message of which nothing is left anywhere.
func (s *Store) ForgetVoicemail(ctx context.Context, id ctid.VoicemailID) error {
	return wrapf(s.w.do(ctx, func(t *tx) error { return t.dropVoicemail(id, "") }), "store: voicemail %s", id)
}

func (t *tx) dropVoicemail(id ctid.VoicemailID, and string) error {
	var personal *int64
	if err := t.get(&personal, "SELECT personal FROM voicemails WHERE id = ? "+and, string(id)); err != nil {
		return err
	}
	if err := t.exec("DELETE FROM voicemails WHERE id = ?", string(id)); err != nil || personal == nil {
		return err
	}
	return t.exec("DELETE FROM personal WHERE id = ?", *personal)
}

type voicemailRow struct {
	ID      string `db:"id"`
	Mailbox string `db:"mailbox"`
	State   string `db:"state"`
	Call    string `db:"call"`
	Node    string `db:"node"`
	Name    string `db:"name"`
	AtUS    int64  `db:"at_us"`
	LeastMS int64  `db:"least_ms"`
	MS      int64  `db:"ms"`
	Size    int64  `db:"size"`
	SHA256  string `db:"sha256"`
	Holder  string `db:"holder"`
	Caller  []byte `db:"caller"`
	sealed
}

const selectVoicemail = `SELECT r.id, r.mailbox, r.state, r.call, r.node, r.name, r.at_us, r.least_ms, r.ms, r.size, r.sha256, r.person AS holder, r.caller,` +
	sealedColumns + `FROM voicemails r` + sealedJoin

// Voicemail returns one message, or ErrNotFound.
func (s *Store) Voicemail(ctx context.Context, id ctid.VoicemailID) (ctid.Voicemail, error) {
	var row voicemailRow
	if err := s.get(ctx, &row, selectVoicemail+`WHERE r.id = ?`, string(id)); err != nil {
		return ctid.Voicemail{}, wrapf(err, "store: voicemail %s", id)
	}
	return s.voicemailOf(row)
}

// Voicemails lists the messages that are with us, of one mailbox or of all, the oldest first.
func (s *Store) Voicemails(ctx context.Context, mailbox string) ([]ctid.Voicemail, error) {
	return s.voicemails(ctx, `WHERE r.state IN ('stored', 'kept') AND (? = '' OR r.mailbox = ?) ORDER BY r.at_us, r.id`, mailbox, mailbox)
}

// LooseVoicemails lists the messages for which something is left to be done, the oldest first: those whose call is over
// and that have not been fetched, those that may still lie at a node, and those of people who were erased.
func (s *Store) LooseVoicemails(ctx context.Context) ([]ctid.Voicemail, error) {
	return s.voicemails(ctx, `LEFT JOIN calls c ON c.id = r.call WHERE r.state IN ('stored', 'gone')
 OR r.state = 'recording' AND (c.end_side IS NOT NULL OR c.id IS NULL AND r.at_us < ?)
 OR r.personal IS NOT NULL AND k.id IS NULL ORDER BY r.at_us, r.id`, s.cfg.Now().Add(-24*time.Hour).UnixMicro())
}

func (s *Store) voicemails(ctx context.Context, where string, args ...any) ([]ctid.Voicemail, error) {
	var rows []voicemailRow
	if err := s.selectAll(ctx, &rows, selectVoicemail+where, args...); err != nil {
		return nil, err
	}
	out := make([]ctid.Voicemail, 0, len(rows))
	for _, row := range rows {
		v, err := s.voicemailOf(row)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func (s *Store) voicemailOf(row voicemailRow) (ctid.Voicemail, error) {
	v := ctid.Voicemail{ID: ctid.VoicemailID(row.ID), Mailbox: row.Mailbox, State: row.State, Call: ctid.CallID(row.Call), Node: ctid.NodeID(row.Node),
		Name: row.Name, At: fromUS(row.AtUS), Least: time.Duration(row.LeastMS) * time.Millisecond, Length: time.Duration(row.MS) * time.Millisecond,
		Size: row.Size, SHA256: row.SHA256, Person: row.Holder, Erased: row.Personal != nil && row.Wrapped == nil}
	if err := json.Unmarshal(s.unseal(row.Caller, voicemailOwner(v.ID), row.sealed), &v.Caller); err != nil {
		return v, fmt.Errorf("store: caller of voicemail %s: %w", row.ID, err)
	}
	return v, nil
}
