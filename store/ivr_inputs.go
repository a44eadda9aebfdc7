package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"ctid"
)

func inputOwner(call string, n int) string { return "ivr/" + call + "/" + strconv.Itoa(n) }

// writeInputs keeps what a script took. A row that is there already, from a commit that was thought lost, stays.
func (t *tx) writeInputs(e *ctid.LogEntry) error {
	person := e.Person
	if person == "" {
		person = unknownPerson(e.Subject)
	}
	for i := range e.Inputs {
		if err := t.writeInput(e.Subject, person, &e.Inputs[i]); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) writeInput(call, person string, in *ctid.ScriptInput) error {
	if t.careful {
		var there int
		if err := t.get(&there, `SELECT count(*) FROM ivr_inputs WHERE call = ? AND n = ?`, call, in.N); err != nil || there > 0 {
			return err
		}
	}
	told, personal, err := t.pack(in.Told, person, inputOwner(call, in.N))
	if err != nil {
		return err
	}
	return t.exec(`INSERT INTO ivr_inputs (call, n, at_us, script, node, step, verb, kind, outcome, keys, masked, personal, told)
 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		call, in.N, in.At.UnixMicro(), in.Script, in.Node, in.Step, in.Verb, in.Kind, in.Outcome, in.Count, in.Masked, personal, told)
}

type inputRow struct {
	Call    string `db:"call"`
	N       int    `db:"n"`
	AtUS    int64  `db:"at_us"`
	Script  string `db:"script"`
	Node    string `db:"node"`
	Step    int    `db:"step"`
	Verb    string `db:"verb"`
	Kind    string `db:"kind"`
	Outcome string `db:"outcome"`
	Keys    int    `db:"keys"`
	Masked  bool   `db:"masked"`
	Told    []byte `db:"told"`
	sealed
}

// IVRInputs returns what the script of a call took, in its order. Texts of an erased person read Erased.
func (s *Store) IVRInputs(ctx context.Context, call ctid.CallID) ([]ctid.ScriptInput, error) {
	var rows []inputRow
	err := s.selectAll(ctx, &rows, `SELECT r.call, r.n, r.at_us, r.script, r.node, r.step, r.verb, r.kind, r.outcome, r.keys, r.masked, r.told,`+
		sealedColumns+`FROM ivr_inputs r`+sealedJoin+`WHERE r.call = ? ORDER BY r.n`, string(call))
	if err != nil {
		return nil, err
	}
	out := make([]ctid.ScriptInput, 0, len(rows))
	for _, r := range rows {
		in := ctid.ScriptInput{N: r.N, At: fromUS(r.AtUS), Script: r.Script, Node: r.Node, Step: r.Step, Verb: r.Verb, Kind: r.Kind,
			Outcome: r.Outcome, Count: r.Keys, Masked: r.Masked}
		if err := json.Unmarshal(s.unseal(r.Told, inputOwner(r.Call, r.N), r.sealed), &in.Told); err != nil {
			return nil, fmt.Errorf("store: input %d of the script of call %s: %w", r.N, r.Call, err)
		}
		out = append(out, in)
	}
	return out, nil
}

// IVRCalls returns the ended calls since a time of whose scripts inputs are kept, the oldest first.
func (s *Store) IVRCalls(ctx context.Context, since time.Time) ([]ctid.CallID, error) {
	var ids []ctid.CallID
	err := s.selectAll(ctx, &ids, `SELECT c.id FROM calls c WHERE c.arrived_us >= ? AND c.end_side IS NOT NULL
 AND EXISTS (SELECT 1 FROM ivr_inputs i WHERE i.call = c.id) ORDER BY c.arrived_us, c.id`, since.UnixMicro())
	return ids, err
}

// IVREdge is a way between two nodes of a script, and how many times calls have gone it. Key is what was answered at
// From, *masked* or the count of digits where it is not shown; empty where nothing was asked. To is empty where the
// script ended.
type IVREdge struct {
	Script, Version string
	From, Key, To   string
	Count           int
}

// IVRTraffic counts the ways that ended calls have gone through the scripts since a time, in the order of script,
// version, from, key and to.
func (s *Store) IVRTraffic(ctx context.Context, since time.Time) ([]IVREdge, error) {
	rows, err := s.read.QueryxContext(ctx, s.read.Rebind(`SELECT record FROM calls WHERE arrived_us >= ? AND end_side IS NOT NULL`), since.UnixMicro())
	if err != nil {
		return nil, s.d.explain(err)
	}
	defer rows.Close()
	count := map[IVREdge]int{}
	for rows.Next() {
		var body []byte
		var r struct {
			IVR ctid.IVRTrail `json:"ivr"`
		}
		if err := rows.Scan(&body); err != nil {
			return nil, s.d.explain(err)
		}
		if err := json.Unmarshal(body, &r); err != nil {
			return nil, fmt.Errorf("store: a record cannot be read: %w", err)
		}
		for i, p := range r.IVR.Path {
			e := IVREdge{Script: r.IVR.Script, Version: r.IVR.Version, From: p.Node, Key: p.Key}
			if i+1 < len(r.IVR.Path) {
				e.To = r.IVR.Path[i+1].Node
			}
			count[e]++
		}
	}
	if err := rows.Err(); err != nil {
		return nil, s.d.explain(err)
	}
	return sortedEdges(count), nil
}

func sortedEdges(count map[IVREdge]int) []IVREdge {
	out := make([]IVREdge, 0, len(count))
	for e, n := range maps.All(count) {
		e.Count = n
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b IVREdge) int {
		return cmp.Or(cmp.Compare(a.Script, b.Script), cmp.Compare(a.Version, b.Version), cmp.Compare(a.From, b.From), cmp.Compare(a.Key, b.Key), cmp.Compare(a.To, b.To))
	})
	return out
}
