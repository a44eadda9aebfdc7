// Package local is the CRM that ctid brings along: it answers who is calling from the store's own customers, and notes
// on an interaction that it is where it belongs.
package local

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"ctid"
)

// Finder finds customers.
type Finder interface {
	CustomersByNumber(ctx context.Context, e164 string) ([]ctid.Customer, error)
	CustomersByAccount(ctx context.Context, account string) ([]ctid.Customer, error)
	Customer(ctx context.Context, id ctid.CustomerID) (ctid.Customer, error)
}

// History is what there was with a customer.
type History interface {
	OpenCases(ctx context.Context, id ctid.CustomerID) ([]ctid.Case, error)
	LastContacts(ctx context.Context, id ctid.CustomerID, n int) ([]ctid.Contact, error)
}

// Store is what a Directory needs of the store.
type Store interface {
	Finder
	History
}

// Marker notes that an interaction is where it belongs.
type Marker interface {
	MarkDelivered(ctx context.Context, call ctid.CallID) (first bool, err error)
}

// lastContacts is how many past contacts a pop shows.
const lastContacts = 5

// Scores. An account is said or typed by the caller; a number may be used by another, and when several customers share
// it, it speaks for each of them so much the less.
const (
	scoreAccount = 0.98
	scoreANI     = 0.9
	scoreBoth    = 1.0
)

// Directory tells who is calling.
type Directory struct {
	store Store
	now   func() time.Time
}

// NewDirectory makes a Directory; now is the clock that TookMS is measured with, time.Now where it is nil.
func NewDirectory(s Store, now func() time.Time) *Directory {
	if now == nil {
		now = time.Now
	}
	return &Directory{store: s, now: now}
}

// Who looks the caller up by his account, where he gave one, and by his number. Exactly one best candidate is chosen,
// and then his open cases and last contacts are in the answer. Several that are equally good: none is chosen, for a
// wrong name on the screen is worse than a question. On an error the match has state failed.
func (d *Directory) Who(ctx context.Context, ani ctid.Number, account ctid.Private) (m ctid.Match, err error) {
	start := d.now()
	m = ctid.Match{State: ctid.MatchNone, Asked: []string{}, Customers: []ctid.Candidate{}}
	defer func() {
		m.TookMS = d.now().Sub(start).Milliseconds()
		if err != nil {
			m.State, m.Chosen = ctid.MatchFailed, ""
			err = fmt.Errorf("crmsync/local: look-up of a caller: %w", err)
		}
	}()
	if account != "" {
		m.Asked = append(m.Asked, "account")
		found, err := d.store.CustomersByAccount(ctx, string(account))
		if err != nil {
			return m, err
		}
		m.Customers = rate(m.Customers, found, "account", scoreAccount)
	}
	if ani.E164 != "" {
		m.Asked = append(m.Asked, "ani")
		found, err := d.store.CustomersByNumber(ctx, string(ani.E164))
		if err != nil {
			return m, err
		}
		m.Customers = rate(m.Customers, found, "ani", scoreANI)
	}
	choose(&m)
	return d.history(ctx, m)
}

// ByID answers for a customer whose id is known already.
func (d *Directory) ByID(ctx context.Context, id ctid.CustomerID) (ctid.Match, error) {
	start := d.now()
	c, err := d.store.Customer(ctx, id)
	if err != nil {
		return ctid.Match{State: ctid.MatchFailed, Asked: []string{"id"}}, fmt.Errorf("crmsync/local: look-up of a customer: %w", err)
	}
	m := ctid.Match{State: ctid.MatchOne, Asked: []string{"id"}, Chosen: c.ID,
		Customers: []ctid.Candidate{{Customer: c, Score: scoreBoth, Why: []string{"id"}}}}
	m, err = d.history(ctx, m)
	m.TookMS = d.now().Sub(start).Milliseconds()
	return m, err
}

// history adds the chosen customer's open cases and last contacts.
func (d *Directory) history(ctx context.Context, m ctid.Match) (_ ctid.Match, err error) {
	if m.Chosen == "" {
		return m, nil
	}
	if m.Cases, err = d.store.OpenCases(ctx, m.Chosen); err != nil {
		return m, err
	}
	m.Last, err = d.store.LastContacts(ctx, m.Chosen, lastContacts)
	return m, err
}

// rate adds what one question found to the candidates.
func rate(to []ctid.Candidate, found []ctid.Customer, by string, score float64) []ctid.Candidate {
	why := by + " exact"
	if n := len(found); n > 1 {
		why = fmt.Sprintf("%s shared by %d", by, n)
		score /= float64(n)
	}
	for _, c := range found {
		i := slices.IndexFunc(to, func(x ctid.Candidate) bool { return x.ID == c.ID })
		if i < 0 {
			to = append(to, ctid.Candidate{Customer: c, Score: score, Why: []string{why}})
			continue
		}
		to[i].Why = append(to[i].Why, why)
		if to[i].Score += score; to[i].Score > scoreBoth {
			to[i].Score = scoreBoth
		}
	}
	return to
}

// choose sorts the candidates and picks the best where nobody is as good.
func choose(m *ctid.Match) {
	slices.SortStableFunc(m.Customers, func(a, b ctid.Candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	switch c := m.Customers; {
	case len(c) == 0:
		m.State = ctid.MatchNone
	case len(c) == 1:
		m.State, m.Chosen = ctid.MatchOne, c[0].ID
	default:
		m.State = ctid.MatchMany
		if c[0].Score > c[1].Score {
			m.Chosen = c[0].ID
		}
	}
}

// Connector is the end of the road for sites without another CRM: the interaction is in the store already, and is
// marked as delivered.
type Connector struct{ store Marker }

// NewConnector makes a Connector.
func NewConnector(s Marker) *Connector { return &Connector{store: s} }

// Name is "local".
func (*Connector) Name() string { return "local" }

// Deliver marks the call's interaction; the reference is the call's id.
func (c *Connector) Deliver(ctx context.Context, d ctid.Delivery) (ref string, err error) {
	if _, err := c.store.MarkDelivered(ctx, d.Call); err != nil {
		return "", fmt.Errorf("crmsync/local: %w", err)
	}
	return string(d.Call), nil
}
