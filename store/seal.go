package store

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ctid"
)

// What a text reads as whose person was erased, and one that can't be opened though it should.
const (
	Erased     = "(erased)"
	Unreadable = "(unreadable)"
)

// A reference stands in a body where a private text was: § and the text's place among those sealed together for that
// row, with a j where the text is JSON. The row's personal column says which sealed row it is.
const (
	refText = "§"
	refJSON = "§j"
)

// takeOut returns v as JSON with a reference for each private text, and the texts.
func takeOut(v any) (body []byte, texts []string, err error) {
	index := map[string]int{}
	clean := ctid.MapPrivate(v, func(text string, isJSON bool) string {
		ref := refText
		if isJSON {
			ref = refJSON
		}
		n, seen := index[ref+text]
		if !seen {
			n = len(texts)
			texts = append(texts, text)
			index[ref+text] = n
		}
		return ref + strconv.Itoa(n)
	})
	body, err = json.Marshal(clean)
	return body, texts, err
}

// putBack replaces each reference in body by what get returns for it. Strings that only look like a reference, and
// the keys of objects, stay.
func putBack(body []byte, get func(n int) (string, bool)) []byte {
	if !bytes.Contains(body, []byte(`"`+refText)) {
		return body
	}
	out := make([]byte, 0, 2*len(body))
	for i := 0; i < len(body); {
		if body[i] != '"' {
			out = append(out, body[i])
			i++
			continue
		}
		end := stringEnd(body, i)
		lit := body[i:end]
		if repl, ok := resolve(lit, get); ok && (end >= len(body) || body[end] != ':') {
			lit = repl
		}
		out = append(out, lit...)
		i = end
	}
	return out
}

// stringEnd returns the index after the string literal that begins at i.
func stringEnd(b []byte, i int) int {
	for i++; i < len(b) && b[i] != '"'; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return min(i+1, len(b))
}

func resolve(lit []byte, get func(int) (string, bool)) ([]byte, bool) {
	digits, ok := strings.CutPrefix(strings.Trim(string(lit), `"`), refText)
	if !ok {
		return nil, false
	}
	digits, isJSON := strings.CutPrefix(digits, "j")
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 {
		return nil, false
	}
	text, ok := get(n)
	if !ok {
		return nil, false
	}
	if isJSON && json.Valid([]byte(text)) {
		return []byte(text), true
	}
	enc, err := json.Marshal(text)
	return enc, err == nil
}

// personKey is the key of one person as the writer holds it.
type personKey struct {
	id   int64
	aead cipher.AEAD
}

const maxCachedKeys = 4096

// seal keeps texts under the key of person, making that key at first use, and returns the number of the sealed row.
// owner binds the row to the one it belongs to: it opens nowhere else.
func (t *tx) seal(person, owner string, texts []string) (any, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	key, sealed, err := t.sealed(person, owner, texts)
	if err != nil {
		return nil, err
	}
	return t.insert("INSERT INTO personal (key_id, person, sealed) VALUES (?, ?, ?)", key, person, sealed)
}

func (t *tx) sealed(person, owner string, texts []string) (key int64, sealed []byte, err error) {
	pk, err := t.personKey(person)
	if err != nil {
		return 0, nil, err
	}
	plain, err := json.Marshal(texts)
	if err != nil {
		return 0, nil, err
	}
	return pk.id, pk.aead.Seal(nil, nil, plain, []byte(owner)), nil
}

// sealAgain is seal in the place of the sealed row that an open record has to itself.
func (t *tx) sealAgain(was openCall, person, owner string, texts []string) (any, error) {
	if was.personal == 0 {
		return t.seal(person, owner, texts)
	}
	if was.person == person && slices.Equal(was.texts, texts) {
		return was.personal, nil
	}
	if len(texts) == 0 {
		return nil, t.exec("DELETE FROM personal WHERE id = ?", was.personal)
	}
	key, sealed, err := t.sealed(person, owner, texts)
	if err != nil {
		return nil, err
	}
	n, err := t.change("UPDATE personal SET key_id = ?, person = ?, sealed = ? WHERE id = ?", key, person, sealed, was.personal)
	if err == nil && n == 0 { // it went when its person was erased
		return t.seal(person, owner, texts)
	}
	return was.personal, err
}

func (t *tx) personKey(person string) (personKey, error) {
	if pk, ok := t.c.people[person]; ok {
		return pk, nil
	}
	var row struct {
		ID      int64  `db:"id"`
		Wrapped []byte `db:"wrapped"`
	}
	err := t.get(&row, "SELECT id, wrapped FROM person_keys WHERE person = ?", person)
	pk := personKey{id: row.ID}
	var key []byte
	switch {
	case errors.Is(err, ErrNotFound):
		key = make([]byte, 32)
		rand.Read(key)
		wrapped := t.c.s.keys.wrap.Seal(nil, nil, key, []byte(person))
		pk.id, err = t.insert("INSERT INTO person_keys (person, wrapped) VALUES (?, ?)", person, wrapped)
	case err == nil:
		key, err = t.c.s.keys.wrap.Open(nil, nil, row.Wrapped, []byte(person))
	}
	if err == nil {
		pk.aead, err = newAEAD(key)
	}
	if err != nil {
		return personKey{}, fmt.Errorf("key of person %s: %w", person, err)
	}
	if len(t.c.people) >= maxCachedKeys {
		clear(t.c.people)
	}
	t.c.people[person] = pk
	return pk, nil
}

// sealed is a sealed row as it is read beside the row that owns it; Wrapped is nil when the person was erased.
type sealed struct {
	Personal *int64  `db:"personal"`
	Person   *string `db:"sealed_person"`
	Sealed   []byte  `db:"sealed"`
	Wrapped  []byte  `db:"wrapped"`
}

// sealedColumns and sealedJoin bring a sealed row into a query whose main table is called r.
const (
	sealedColumns = ` r.personal, p.person AS sealed_person, p.sealed, k.wrapped `
	sealedJoin    = ` LEFT JOIN personal p ON p.id = r.personal LEFT JOIN person_keys k ON k.id = p.key_id `
)

// unseal returns body with its texts back in place. What was erased reads Erased. A damaged text reads Unreadable and
// is named in the program's log: a recovery must not fail because of one row.
func (s *Store) unseal(body []byte, owner string, row sealed) []byte {
	if row.Personal == nil {
		return body
	}
	if row.Wrapped == nil || row.Sealed == nil || row.Person == nil {
		return putBack(body, func(int) (string, bool) { return Erased, true })
	}
	texts, err := s.openSealed(owner, row)
	if err != nil {
		s.cfg.Log.Error("store: sealed texts can't be opened; ctid db verify lists all such rows", "of", owner, "err", err)
		return putBack(body, func(int) (string, bool) { return Unreadable, true })
	}
	return putBack(body, func(n int) (string, bool) {
		if n >= len(texts) {
			return "", false
		}
		return texts[n], true
	})
}

func (s *Store) openSealed(owner string, row sealed) (texts []string, err error) {
	key, err := s.keys.wrap.Open(nil, nil, row.Wrapped, []byte(*row.Person))
	if err != nil {
		return nil, err
	}
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, row.Sealed, []byte(owner))
	if err != nil {
		return nil, err
	}
	err = json.Unmarshal(plain, &texts)
	return texts, err
}
