package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"ctid"
)

// writeEntry writes one row of the log with all that hangs on it: record, interaction, outbox row, paperwork.
func (t *tx) writeEntry(e *ctid.LogEntry) error {
	if e.Kind != "" {
		if err := t.writeLogRow(e); err != nil {
			return err
		}
	}
	if e.Record != nil {
		if err := t.writeRecord(e); err != nil {
			return fmt.Errorf("record of call %s: %w", e.Record.ID, err)
		}
	}
	if len(e.Inputs) > 0 {
		if err := t.writeInputs(e); err != nil {
			return fmt.Errorf("inputs of the script of call %s: %w", e.Subject, err)
		}
	}
	if e.Amend != nil {
		if err := t.amend(e); err != nil {
			return fmt.Errorf("paperwork of call %s: %w", e.Amend.Call, err)
		}
	}
	return nil
}

func logOwner(seq uint64) string        { return "log/" + strconv.FormatUint(seq, 10) }
func callOwner(id ctid.CallID) string   { return "call/" + string(id) }
func noteOwner(id ctid.CallID) string   { return "note/" + string(id) }
func auditOwner(n int64) string         { return "audit/" + strconv.FormatInt(n, 10) }
func unknownPerson(about string) string { return "s_" + about }

// personOf names whose texts an entry holds: as the desk says; else as the record says which it carries; else whose call
// it is about. Where nobody is known it is one made of the subject, so that there is always a key to delete.
func (t *tx) personOf(e *ctid.LogEntry) (string, error) {
	if e.Person != "" {
		return e.Person, nil
	}
	if e.Record != nil {
		return t.c.s.holder(e.Record), nil
	}
	about := e.Subject
	if e.Amend != nil {
		about = string(e.Amend.Call)
	}
	var person string
	err := t.get(&person, "SELECT person FROM calls WHERE id = ?", about)
	if errors.Is(err, ErrNotFound) {
		return unknownPerson(about), nil
	}
	return person, err
}

// holder is the person of a record: its customer, or the hash of its caller's number, or the call itself.
func (s *Store) holder(r *ctid.CallRecord) string {
	if r.Customer != "" {
		return string(r.Customer)
	}
	if h := s.callerHash(r); h != "" {
		return h
	}
	return unknownPerson(string(r.ID))
}

// callerHash is the hash of the number a call came from, or of what the PBX gave in its place.
func (s *Store) callerHash(r *ctid.CallRecord) string {
	if r.ANI.E164 != "" {
		return s.PersonHash(string(r.ANI.E164))
	}
	return s.PersonHash(string(r.ANI.Raw))
}

// pack takes the texts out of v and seals them under person.
func (t *tx) pack(v any, person, owner string) (body string, personal any, err error) {
	raw, texts, err := takeOut(v)
	if err != nil {
		return "", nil, fmt.Errorf("%w: body: %w", ErrRefused, err)
	}
	personal, err = t.seal(person, owner, texts)
	return string(raw), personal, err
}

func (t *tx) writeLogRow(e *ctid.LogEntry) error {
	body, texts, err := takeOut(e.Body)
	if err != nil {
		return fmt.Errorf("%w: body: %w", ErrRefused, err)
	}
	var personal any
	if len(texts) > 0 {
		person, err := t.personOf(e)
		if err != nil {
			return err
		}
		if personal, err = t.seal(person, logOwner(e.Seq), texts); err != nil {
			return err
		}
	}
	return t.exec(`INSERT INTO log (seq, epoch, at_us, kind, v, subject, queue, agent, person, personal, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		int64(e.Seq), e.Epoch, e.At.UnixMicro(), e.Kind, e.V, e.Subject, string(e.Queue), string(e.Agent), e.Person, personal, string(body))
}

// isThere tells whether a row whose commit failed is on disk all the same. Its transaction was whole, so if the row is
// there, what hung on it is too.
func (t *tx) isThere(e *ctid.LogEntry) (bool, error) {
	if e.Kind == "" {
		return false, nil
	}
	var epoch string
	err := t.get(&epoch, "SELECT epoch FROM log WHERE seq = ? AND kind = ?", int64(e.Seq), e.Kind)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil && epoch == e.Epoch, err
}

// openCall is what the committer knows of a record it has written that is open, so that the next writing of it is smaller.
type openCall struct {
	head     callHead // as it stands in its row; zero where that is not known
	personal int64    // its sealed row, to which nothing else refers; 0: none
	person   string
	texts    []string // as they are in the sealed row, if that is person's
}

// callHead is what hardly ever changes of a record that is open: most of the columns that calls has indexes on.
type callHead struct {
	node      ctid.NodeID
	dir, dnis string
	arrived   int64
	e164, raw string
	customer  ctid.CustomerID
}

func headOf(r *ctid.CallRecord) callHead {
	return callHead{node: r.Node, dir: r.Dir, dnis: r.DNIS.Number, arrived: r.Arrived.UnixMicro(), e164: string(r.ANI.E164), raw: string(r.ANI.Raw),
		customer: r.Customer}
}

// maxOpen is how many open records are remembered.
const maxOpen = 20_000

// writeRecord upserts the record of a call; with an End also its interaction and outbox row, which the schema lets in once.
func (t *tx) writeRecord(e *ctid.LogEntry) error {
	r := e.Record
	person, err := t.personOf(e)
	if err != nil {
		return err
	}
	was, err := t.openCall(r.ID)
	if err != nil {
		return err
	}
	raw, texts, err := takeOut(*r)
	if err != nil {
		return fmt.Errorf("%w: body: %w", ErrRefused, err)
	}
	personal, err := t.sealAgain(was, person, callOwner(r.ID), texts)
	if err != nil {
		return err
	}
	body := string(raw)
	if err := t.writeCall(was, r, person, personal, body); err != nil {
		return err
	}
	if r.End == nil {
		n, _ := personal.(int64) // nil: none
		t.remember(r.ID, openCall{headOf(r), n, person, texts})
		return nil
	}
	delete(t.c.open, r.ID)
	if err := t.writeInteraction(r, person); err != nil {
		return err
	}
	if err := t.writeScripted(r); err != nil {
		return err
	}
	return t.putOutbox(r.ID, ctid.DeliverContact, personal, body)
}

// openCall is what is known of a record that is open; the zero openCall where it is not there yet.
func (t *tx) openCall(id ctid.CallID) (openCall, error) {
	if was, ok := t.c.open[id]; ok {
		return was, nil
	}
	var old *int64
	err := t.get(&old, "SELECT personal FROM calls WHERE id = ?", string(id))
	switch {
	case errors.Is(err, ErrNotFound):
		return openCall{}, nil
	case err != nil || old == nil:
		return openCall{}, err
	}
	return openCall{personal: *old}, nil
}

func (t *tx) remember(id ctid.CallID, now openCall) {
	if len(t.c.open) >= maxOpen {
		clear(t.c.open)
	}
	t.c.open[id] = now
}

const upsertCall = `INSERT INTO calls (id, node, dir, arrived_us, answered_us, connected_us, ended_us, queue, agent, ani, dnis,
 customer, outcome, disposition, end_side, end_reason, wait_ms, talk_ms, hold_ms, offers, person, personal, record)
 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
 ON CONFLICT (id) DO UPDATE SET node = excluded.node, dir = excluded.dir, arrived_us = excluded.arrived_us,
 answered_us = excluded.answered_us, connected_us = excluded.connected_us, ended_us = excluded.ended_us,
 queue = excluded.queue, agent = excluded.agent, ani = excluded.ani, dnis = excluded.dnis, customer = excluded.customer,
 outcome = excluded.outcome, disposition = excluded.disposition, end_side = excluded.end_side,
 end_reason = excluded.end_reason, wait_ms = excluded.wait_ms, talk_ms = excluded.talk_ms, hold_ms = excluded.hold_ms,
 offers = excluded.offers, person = excluded.person, personal = excluded.personal, record = excluded.record`

// What of an open record changes from one writing to the next. SQLite writes a column that is set in each index that has it,
// whether it changed or not.
const updateOpenCall = `UPDATE calls SET answered_us = ?, connected_us = ?, queue = ?, agent = ?, outcome = ?, disposition = ?,
 wait_ms = ?, talk_ms = ?, hold_ms = ?, offers = ?, person = ?, personal = ?, record = ? WHERE id = ? AND end_side IS NULL`

// writeCall writes the row of a record.
func (t *tx) writeCall(was openCall, r *ctid.CallRecord, person string, personal any, body string) error {
	if r.End != nil || !r.Ended.IsZero() || was.head != headOf(r) {
		return t.upsertCall(r, person, personal, body)
	}
	queue, agent := lastOf(r)
	n, err := t.change(updateOpenCall, us(r.Answered), us(r.Connected), string(queue), string(agent), r.Outcome, r.Disposition,
		r.WaitMS, r.TalkMS, r.HoldMS, len(r.Offers), person, personal, body, string(r.ID))
	if err == nil && n == 0 { // somebody took it away
		return t.upsertCall(r, person, personal, body)
	}
	return err
}

func (t *tx) upsertCall(r *ctid.CallRecord, person string, personal any, body string) error {
	queue, agent := lastOf(r)
	var side, reason any
	if r.End != nil {
		side, reason = string(r.End.Side), r.End.Reason
	}
	return t.exec(upsertCall, string(r.ID), string(r.Node), r.Dir, r.Arrived.UnixMicro(), us(r.Answered), us(r.Connected), us(r.Ended),
		string(queue), string(agent), t.c.s.callerHash(r), r.DNIS.Number, string(r.Customer), r.Outcome,
		r.Disposition, side, reason, r.WaitMS, r.TalkMS, r.HoldMS, len(r.Offers), person, personal, body)
}

// lastOf gives the queue a call was in last and the agent it spoke with last.
func lastOf(r *ctid.CallRecord) (queue ctid.QueueID, agent ctid.AgentID) {
	if n := len(r.Queues); n > 0 {
		queue = r.Queues[n-1].Queue
	}
	if n := len(r.Agents); n > 0 {
		agent = r.Agents[n-1].Agent
	}
	return queue, agent
}

func (t *tx) writeInteraction(r *ctid.CallRecord, person string) error {
	queue, agent := lastOf(r)
	note, personal, err := t.pack(r.Notes, person, noteOwner(r.ID))
	if err != nil {
		return err
	}
	tags, err := json.Marshal(append([]string{}, r.Tags...))
	if err != nil {
		return err
	}
	return t.exec(`INSERT INTO interactions (call, customer, at_us, kind, dir, agent, queue, outcome, person, personal, note, disposition, tags)
 VALUES (?, ?, ?, 'call', ?, ?, ?, ?, ?, ?, ?, ?, ?)`, string(r.ID), string(r.Customer), r.Arrived.UnixMicro(), r.Dir, string(agent),
		string(queue), r.Outcome, person, personal, note, r.Disposition, string(tags))
}

func (t *tx) putOutbox(call ctid.CallID, kind string, personal any, body string) error {
	now := t.c.s.nowUS()
	t.outbox = true
	return t.exec(`INSERT INTO outbox (call, kind, created_us, state, due_us, attempts, ref, error, personal, body)
 VALUES (?, ?, ?, 'due', ?, 0, '', '', ?, ?)`, string(call), kind, now, now, personal, body)
}

type callRow struct {
	ID     string  `db:"id"`
	Holder string  `db:"person"`
	End    *string `db:"end_side"`
	Record []byte  `db:"record"`
	sealed
}

// amend adds paperwork to a record, open or ended. The old sealed row stays: outbox rows may still refer to it.
func (t *tx) amend(e *ctid.LogEntry) error {
	a := e.Amend
	var row callRow
	err := t.get(&row, `SELECT r.id, r.person, r.end_side, r.record,`+sealedColumns+`FROM calls r`+sealedJoin+`WHERE r.id = ?`, string(a.Call))
	if errors.Is(err, ErrNotFound) {
		return fmt.Errorf("%w: there is no such call", ErrRefused)
	}
	if err != nil {
		return err
	}
	r, err := t.c.s.recordOf(row)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	a.Apply(&r)
	delete(t.c.open, a.Call)
	person := row.Holder
	body, personal, err := t.pack(r, person, callOwner(r.ID))
	if err != nil {
		return err
	}
	if err := t.exec("UPDATE calls SET disposition = ?, personal = ?, record = ? WHERE id = ?", r.Disposition, personal, body, string(r.ID)); err != nil {
		return err
	}
	if row.End == nil { // nothing else can refer to the row before
		return t.exec("DELETE FROM personal WHERE id = ?", row.Personal)
	}
	note, notePersonal, err := t.pack(r.Notes, person, noteOwner(r.ID))
	if err != nil {
		return err
	}
	if err := t.exec("UPDATE interactions SET personal = ?, note = ?, disposition = ? WHERE call = ?", notePersonal, note, r.Disposition, string(r.ID)); err != nil {
		return err
	}
	return t.amendOutbox(r.ID, personal, body)
}

// amendOutbox asks for the paperwork to be delivered; handed in again, it is delivered again.
func (t *tx) amendOutbox(call ctid.CallID, personal any, body string) error {
	now := t.c.s.nowUS()
	n, err := t.change(`UPDATE outbox SET state = 'due', due_us = ?, attempts = 0, error = '', personal = ?, body = ? WHERE call = ? AND kind = ?`,
		now, personal, body, string(call), ctid.DeliverDisposition)
	if err != nil {
		return err
	}
	if n > 0 {
		t.outbox = true
		return nil
	}
	return t.putOutbox(call, ctid.DeliverDisposition, personal, body)
}

// recordOf decodes the record of a row with its texts back in place.
func (s *Store) recordOf(row callRow) (r ctid.CallRecord, err error) {
	body := s.unseal(row.Record, callOwner(ctid.CallID(row.ID)), row.sealed)
	if err := json.Unmarshal(body, &r); err != nil {
		return r, fmt.Errorf("store: record of call %s: %w", row.ID, err)
	}
	return r, nil
}
