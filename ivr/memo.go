package ivr

import (
	"encoding/json"
	"slices"
)

// memo is what a call has gathered on its way that no variable holds. It goes into the snapshot as it is.
type memo struct {
	Tags       []string         `json:"tags,omitempty"`
	AnsweredBy string           `json:"answered_by,omitempty"` // as detect found
	Rows       []map[string]any `json:"rows,omitempty"`        // of the last look-up
	Status     int              `json:"status,omitempty"`
	Body       any              `json:"body,omitempty"`
	Posted     map[string]int   `json:"posted,omitempty"`   // how often an idempotent request was carried out, by step
	Consents   []string         `json:"consents,omitempty"` // prompts of that kind that were heard
	Survey     *surveying       `json:"survey,omitempty"`
	Offer      *offering        `json:"offer,omitempty"`
	Line       *inLine          `json:"line,omitempty"`
	Popped     int              `json:"popped,omitempty"` // bytes
}

// maxResult is how much of a look-up's answer a snapshot keeps, in bytes of JSON.
const maxResult = 64 << 10

// stored is the memo for a snapshot; an answer too large for it is left out.
func (k memo) stored() memo {
	b, err := json.Marshal([]any{k.Rows, k.Body})
	if err != nil || len(b) > maxResult {
		k.Rows, k.Status, k.Body = nil, 0, nil
	}
	return k
}

// keep makes the answer of a look-up what result stands for.
func (k *memo) keep(r Result, maxRows int) {
	k.Rows, k.Status, k.Body = r.Rows[:min(len(r.Rows), maxRows)], r.Status, r.Body
}

func (k *memo) tag(names []string) {
	for _, n := range names {
		if !slices.Contains(k.Tags, n) {
			k.Tags = append(k.Tags, n)
		}
	}
}

func (k *memo) tags() []any {
	out := []any{}
	for _, t := range k.Tags {
		out = append(out, t)
	}
	return out
}

// result is the record of that name in expressions. Without a row, every column of row is empty.
func (k *memo) result(outcome string) map[string]any {
	rows := []any{}
	for _, r := range k.Rows {
		rows = append(rows, r)
	}
	row := map[string]any{}
	if len(k.Rows) > 0 {
		row = k.Rows[0]
	}
	return map[string]any{"outcome": outcome, "row": row, "rows": rows, "count": float64(len(rows)), "status": float64(k.Status), "body": k.Body}
}
