package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"

	"ctid"
)

// JoinPerson remembers that the unmatched caller known by hash is this customer, so that erasing the customer erases
// what was sealed under the hash too. Joining twice is no error.
func (s *Store) JoinPerson(ctx context.Context, hash string, customer ctid.CustomerID) error {
	err := s.w.do(ctx, func(t *tx) error {
		return t.exec(`INSERT INTO person_joins (hash, customer, joined_us) VALUES (?, ?, ?) ON CONFLICT (hash, customer) DO NOTHING`,
			hash, string(customer), s.nowUS())
	})
	return wrapf(err, "store: joining a caller to customer %s", customer)
}

// Erase makes everything sealed under a person unreadable for ever: a customer with all hashes joined to him and those
// of numbers that he has or has called from, where they are no other customer's, or the hash of an unmatched caller. A customer's own columns, numbers and the titles
// of his cases are emptied. The log keeps every row. When Erase returns nil no copy is left in the database or its
// write-ahead log; backups made before are the site's to destroy. ErrNotErased: call it again.
func (s *Store) Erase(ctx context.Context, person string) error {
	err := s.w.do(ctx, func(t *tx) error { return t.erase(person) })
	if err != nil {
		return fmt.Errorf("store: erasing %s: %w", person, err)
	}
	return s.scrub(ctx)
}

func (t *tx) erase(person string) error {
	people, err := t.namesOf(person)
	if err != nil {
		return err
	}
	clear(t.c.open) // the sealed rows of these people go with their keys
	for _, p := range people {
		delete(t.c.people, p)
		if err := t.exec("DELETE FROM person_keys WHERE person = ?", p); err != nil {
			return err
		}
	}
	if err := t.exec("DELETE FROM customer_numbers WHERE customer = ?", person); err != nil {
		return err
	}
	if err := t.exec("UPDATE cases SET title = ? WHERE customer = ?", Erased, person); err != nil {
		return err
	}
	return t.exec(`UPDATE customers SET name = ?, account = '', tier = '', lang = '', tags = '[]', fields = '{}', company = NULL, erased_us = ?
 WHERE id = ?`, Erased, t.c.s.nowUS(), person)
}

// namesOf returns all that a person's texts may be sealed under: he himself, hashes joined to him, his calls, and the
// hashes of numbers that he has or has called from, unless they are, or have been, another customer's too.
func (t *tx) namesOf(person string) ([]string, error) {
	names := []string{person}
	shared := map[string]bool{}
	var own, others, joined []string
	for _, q := range []struct {
		to    *[]string
		query string
	}{
		{&own, `SELECT e164 FROM customer_numbers WHERE customer = ?`},
		{&others, `SELECT o.e164 FROM customer_numbers n JOIN customer_numbers o ON o.e164 = n.e164 AND o.customer <> n.customer WHERE n.customer = ?`},
		{&joined, `SELECT hash FROM person_joins WHERE customer = ?`}, // said outright, so even a shared number's
		{&names, `SELECT 's_' || id FROM calls WHERE customer = ? AND customer <> ''`},
		{&names, `SELECT DISTINCT ani FROM calls c WHERE customer = ? AND customer <> '' AND ani <> '' AND NOT EXISTS
 (SELECT 1 FROM calls o WHERE o.ani = c.ani AND o.ani <> '' AND o.customer <> c.customer AND o.customer <> '')`},
	} {
		var more []string
		if err := t.selectAll(&more, q.query, person); err != nil {
			return nil, err
		}
		*q.to = append(*q.to, more...)
	}
	for _, n := range others {
		shared[t.c.s.PersonHash(n)] = true
	}
	for _, n := range own {
		names = append(names, t.c.s.PersonHash(n))
	}
	names = slices.DeleteFunc(names, func(n string) bool { return shared[n] })
	return append(names, joined...), nil
}

// scrub empties the write-ahead log, whose frames still hold what was deleted. A reader in the middle of a query holds
// it up, so it is tried for some seconds.
func (s *Store) scrub(ctx context.Context) error {
	db, err := s.d.open(roleMigrator)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotErased, s.d.explain(err))
	}
	_, err = backoff.Retry(ctx, func() (struct{}, error) {
		var busy, pages, moved int
		err := db.QueryRowxContext(ctx, s.d.sql(sqlCheckpoint)).Scan(&busy, &pages, &moved)
		if err == nil && busy != 0 {
			err = fmt.Errorf("a reader holds the write-ahead log")
		}
		return struct{}{}, err
	}, backoff.WithBackOff(backoff.NewExponentialBackOff()), backoff.WithMaxElapsedTime(15*time.Second))
	if cerr := db.Close(); err == nil && cerr != nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotErased, s.d.explain(err))
	}
	return nil
}
