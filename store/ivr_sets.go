package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// ScriptSet is one version of all scripts: the files as they were read, and what of the site they were checked against.
type ScriptSet struct {
	Sum   string            `json:"-"` // 64 hex digits
	Files map[string][]byte `json:"files"`
	Site  json.RawMessage   `json:"site,omitempty"`
}

// maxSet is how large a set may be before it is compressed.
const maxSet = 64 << 20

// ErrSetTooLarge is a set of scripts that is not kept.
var ErrSetTooLarge = errors.New("store: the scripts and libraries of one set are more than 64 MiB; recordings do not belong in the folder of scripts")

// ScriptVersion is a set that was put in force.
type ScriptVersion struct {
	Sum string
	At  time.Time
	Why string // reload, rollback, promote
}

// UseScripts keeps a set and puts it in force, in one transaction. Putting the one in force in force again changes
// nothing but what of the site is kept with it.
func (s *Store) UseScripts(ctx context.Context, set ScriptSet, why string) error {
	body, err := packSet(set)
	if err != nil {
		return err
	}
	err = s.w.do(ctx, func(t *tx) error {
		if err := t.putSet(set.Sum, body); err != nil {
			return err
		}
		return t.exec(`INSERT INTO ivr_versions (sum, at_us, why) SELECT ?, ?, ?
 WHERE ? <> coalesce((SELECT sum FROM ivr_versions ORDER BY n DESC LIMIT 1), '')`, set.Sum, s.nowUS(), why, set.Sum)
	})
	return wrapf(err, "store: keeping set %s of the scripts", short(set.Sum))
}

// KeepScripts keeps a set without putting it in force.
func (s *Store) KeepScripts(ctx context.Context, set ScriptSet) error {
	body, err := packSet(set)
	if err != nil {
		return err
	}
	err = s.w.do(ctx, func(t *tx) error { return t.putSet(set.Sum, body) })
	return wrapf(err, "store: keeping set %s of the scripts", short(set.Sum))
}

func (t *tx) putSet(sum string, body []byte) error {
	now := t.c.s.nowUS()
	return t.exec(`INSERT INTO ivr_sets (sum, first_us, used_us, body) VALUES (?, ?, ?, ?)
 ON CONFLICT (sum) DO UPDATE SET used_us = excluded.used_us, body = excluded.body`, sum, now, now, body)
}

func short(sum string) string { return sum[:min(8, len(sum))] }

func packSet(set ScriptSet) ([]byte, error) {
	plain, err := json.Marshal(set)
	if err != nil {
		return nil, err
	}
	if len(plain) > maxSet {
		return nil, ErrSetTooLarge
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(plain); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Scripts returns a set by its sum or the digits that it begins with. ErrNotFound: none is kept that does, or several.
func (s *Store) Scripts(ctx context.Context, sum string) (ScriptSet, error) {
	if sum == "" || strings.Trim(sum, "0123456789abcdef") != "" {
		return ScriptSet{}, ErrNotFound
	}
	var rows []struct {
		Sum  string `db:"sum"`
		Body []byte `db:"body"`
	}
	if err := s.selectAll(ctx, &rows, `SELECT sum, body FROM ivr_sets WHERE sum >= ? AND sum < ? LIMIT 2`, sum, sum+"g"); err != nil {
		return ScriptSet{}, err
	}
	if len(rows) != 1 {
		return ScriptSet{}, ErrNotFound
	}
	set := ScriptSet{Sum: rows[0].Sum}
	z, err := gzip.NewReader(bytes.NewReader(rows[0].Body))
	if err != nil {
		return set, fmt.Errorf("store: set %s of the scripts: %w", short(set.Sum), err)
	}
	plain, err := io.ReadAll(io.LimitReader(z, maxSet+1))
	if err == nil {
		err = json.Unmarshal(plain, &set)
	}
	return set, wrapf(err, "store: set %s of the scripts", short(set.Sum))
}

// ScriptSums returns the sums of all sets that are kept, the one used last first.
func (s *Store) ScriptSums(ctx context.Context) ([]string, error) {
	var sums []string
	err := s.selectAll(ctx, &sums, `SELECT sum FROM ivr_sets ORDER BY used_us DESC, sum`)
	return sums, err
}

// ScriptVersions returns what was put in force, the latest first, no more than limit.
func (s *Store) ScriptVersions(ctx context.Context, limit int) ([]ScriptVersion, error) {
	var rows []struct {
		Sum  string `db:"sum"`
		AtUS int64  `db:"at_us"`
		Why  string `db:"why"`
	}
	if err := s.selectAll(ctx, &rows, `SELECT sum, at_us, why FROM ivr_versions ORDER BY n DESC LIMIT ?`, limit); err != nil {
		return nil, err
	}
	out := make([]ScriptVersion, 0, len(rows))
	for _, r := range rows {
		out = append(out, ScriptVersion{r.Sum, fromUS(r.AtUS), r.Why})
	}
	return out, nil
}

// DropScripts drops the sets that are not named, and returns how many those were.
func (s *Store) DropScripts(ctx context.Context, keep []string) (dropped int, err error) {
	err = s.w.do(ctx, func(t *tx) error {
		var sums []string
		if err := t.selectAll(&sums, `SELECT sum FROM ivr_sets`); err != nil {
			return err
		}
		for _, sum := range sums {
			if slices.Contains(keep, sum) {
				continue
			}
			if err := t.exec(`DELETE FROM ivr_sets WHERE sum = ?`, sum); err != nil {
				return err
			}
			dropped++
		}
		return nil
	})
	return dropped, wrapf(err, "store: dropping sets of the scripts")
}

// DropIVR drops what is older than before: inputs of scripts, what became of calls in them, and all but the newest
// hundred of what was put in force.
func (s *Store) DropIVR(ctx context.Context, before time.Time) error {
	err := s.w.do(ctx, func(t *tx) error {
		at := before.UnixMicro()
		for _, q := range []string{
			`DELETE FROM personal WHERE id IN (SELECT personal FROM ivr_inputs WHERE at_us < ?)`,
			`DELETE FROM ivr_inputs WHERE at_us < ?`,
			`DELETE FROM ivr_calls WHERE ended_us < ?`,
			`DELETE FROM ivr_versions WHERE at_us < ? AND n <= (SELECT max(n) FROM ivr_versions) - 100`,
		} {
			if err := t.exec(q, at); err != nil {
				return err
			}
		}
		return nil
	})
	return wrapf(err, "store: dropping old inputs of scripts")
}
