package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"ctid"
)

// e164 is the written form of a number by ITU-T E.164: at most 15 digits after the plus.
var e164 = regexp.MustCompile(`^\+[1-9][0-9]{2,14}$`)

// CaseRow is a case with what the database knows beyond what a desktop is shown. Case.AgeDays is computed when read.
type CaseRow struct {
	Case     ctid.Case
	Customer ctid.CustomerID
	Opened   time.Time
}

// Seed is a set of customers and cases to begin with, such as the demo's.
type Seed struct {
	Customers []ctid.Customer // their companies are made too
	Cases     []CaseRow
}

// PutSeed writes a seed in one transaction: all of it or nothing.
func (s *Store) PutSeed(ctx context.Context, seed Seed) error {
	err := s.w.do(ctx, func(t *tx) error {
		for i := range seed.Customers {
			if err := t.putCustomer(&seed.Customers[i]); err != nil {
				return err
			}
		}
		for _, c := range seed.Cases {
			if err := t.putCase(c); err != nil {
				return err
			}
		}
		return nil
	})
	return wrapf(err, "store: seed")
}

// PutCustomer writes a customer with his company and numbers, in place of an earlier version, and returns his id,
// which is made when c has none. Numbers must be E.164.
func (s *Store) PutCustomer(ctx context.Context, c ctid.Customer) (ctid.CustomerID, error) {
	if c.ID == "" {
		c.ID = ctid.CustomerID("cu_" + ulid.Make().String())
	}
	err := s.w.do(ctx, func(t *tx) error { return t.putCustomer(&c) })
	return c.ID, wrapf(err, "store: customer %s", c.ID)
}

func (t *tx) putCustomer(c *ctid.Customer) error {
	if c.ID == "" {
		return errors.New("a customer needs an id")
	}
	tags, err := json.Marshal(append([]string{}, c.Tags...))
	if err != nil {
		return err
	}
	fields, err := json.Marshal(c.Fields)
	if err != nil {
		return err
	}
	var company any
	if c.Company != nil {
		company = c.Company.ID
		if err := t.exec("INSERT INTO companies (id, name) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name", c.Company.ID, string(c.Company.Name)); err != nil {
			return err
		}
	}
	err = t.exec(`INSERT INTO customers (id, name, company, lang, vip, tier, account, last_agent, tags, fields, changed_us)
 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
 ON CONFLICT (id) DO UPDATE SET name = excluded.name, company = excluded.company, lang = excluded.lang, vip = excluded.vip,
 tier = excluded.tier, account = excluded.account, last_agent = excluded.last_agent, tags = excluded.tags,
 fields = excluded.fields, changed_us = excluded.changed_us, erased_us = NULL`,
		string(c.ID), string(c.Name), company, c.Lang, c.VIP, c.Tier, string(c.Account), string(c.LastAgent), string(tags), string(fields), t.c.s.nowUS())
	if err != nil {
		return err
	}
	return t.putNumbers(c)
}

func (t *tx) putNumbers(c *ctid.Customer) error {
	if err := t.exec("DELETE FROM customer_numbers WHERE customer = ?", string(c.ID)); err != nil {
		return err
	}
	seen := map[ctid.Private]bool{}
	for i, n := range c.Numbers {
		if !e164.MatchString(string(n)) {
			return fmt.Errorf("number %d of customer %s is not E.164: write + and the country's code first, digits only", i+1, c.ID)
		}
		if seen[n] {
			continue
		}
		seen[n] = true
		if err := t.exec("INSERT INTO customer_numbers (customer, n, e164) VALUES (?, ?, ?)", string(c.ID), i, string(n)); err != nil {
			return err
		}
	}
	return nil
}

// RememberLanguage notes the language that a customer has chosen; an unknown customer is no error.
func (s *Store) RememberLanguage(ctx context.Context, id ctid.CustomerID, lang string) error {
	err := s.w.do(ctx, func(t *tx) error {
		return t.exec("UPDATE customers SET lang = ? WHERE id = ? AND erased_us IS NULL", lang, string(id))
	})
	return wrapf(err, "store: language of customer %s", id)
}

// PutCase writes a case of a customer who exists, in place of an earlier version.
func (s *Store) PutCase(ctx context.Context, c CaseRow) error {
	return wrapf(s.w.do(ctx, func(t *tx) error { return t.putCase(c) }), "store: case %s", c.Case.ID)
}

func (t *tx) putCase(c CaseRow) error {
	var id string
	err := t.get(&id, "SELECT id FROM customers WHERE id = ?", string(c.Customer))
	if errors.Is(err, ErrNotFound) {
		return fmt.Errorf("case %s: customer %s is not known: put the customer first", c.Case.ID, c.Customer)
	}
	if err != nil {
		return err
	}
	return t.exec(`INSERT INTO cases (id, customer, title, state, owner, opened_us) VALUES (?, ?, ?, ?, ?, ?)
 ON CONFLICT (id) DO UPDATE SET customer = excluded.customer, title = excluded.title, state = excluded.state,
 owner = excluded.owner, opened_us = excluded.opened_us`,
		c.Case.ID, string(c.Customer), string(c.Case.Title), c.Case.State, c.Case.Owner, c.Opened.UnixMicro())
}

type customerRow struct {
	ID          string  `db:"id"`
	Name        string  `db:"name"`
	Company     *string `db:"company"`
	CompanyName *string `db:"company_name"`
	Lang        string  `db:"lang"`
	VIP         bool    `db:"vip"`
	Tier        string  `db:"tier"`
	Account     string  `db:"account"`
	LastAgent   string  `db:"last_agent"`
	Tags        []byte  `db:"tags"`
	Fields      []byte  `db:"fields"`
	Numbers     *string `db:"numbers"`
}

const selectCustomer = `SELECT c.id, c.name, c.company, co.name AS company_name, c.lang, c.vip, c.tier, c.account, c.last_agent, c.tags, c.fields,
 (SELECT group_concat(e164, ' ' ORDER BY n) FROM customer_numbers x WHERE x.customer = c.id) AS numbers
 FROM customers c LEFT JOIN companies co ON co.id = c.company `

// maxCandidates bounds a look-up: a number shared by more customers than this tells nothing.
const maxCandidates = 20

// CustomersByNumber returns the customers who have this number in E.164, by id.
func (s *Store) CustomersByNumber(ctx context.Context, number string) ([]ctid.Customer, error) {
	return s.customers(ctx, selectCustomer+`JOIN customer_numbers n ON n.customer = c.id WHERE n.e164 = ? ORDER BY c.id LIMIT ?`, number)
}

// CustomersByAccount returns the customers with this account, by id.
func (s *Store) CustomersByAccount(ctx context.Context, account string) ([]ctid.Customer, error) {
	return s.customers(ctx, selectCustomer+`WHERE c.account = ? AND c.account <> '' ORDER BY c.id LIMIT ?`, account)
}

// Customer returns a customer by id, or ErrNotFound.
func (s *Store) Customer(ctx context.Context, id ctid.CustomerID) (ctid.Customer, error) {
	list, err := s.customers(ctx, selectCustomer+`WHERE c.id = ? LIMIT ?`, string(id))
	if err != nil {
		return ctid.Customer{}, err
	}
	if len(list) == 0 {
		return ctid.Customer{}, ErrNotFound
	}
	return list[0], nil
}

func (s *Store) customers(ctx context.Context, query, arg string) ([]ctid.Customer, error) {
	var rows []customerRow
	if err := s.selectAll(ctx, &rows, query, arg, maxCandidates); err != nil {
		return nil, err
	}
	out := make([]ctid.Customer, 0, len(rows))
	for _, r := range rows {
		c, err := r.customer()
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

func (r customerRow) customer() (ctid.Customer, error) {
	c := ctid.Customer{ID: ctid.CustomerID(r.ID), Name: ctid.Private(r.Name), Lang: r.Lang, VIP: r.VIP, Tier: r.Tier,
		Account: ctid.Private(r.Account), LastAgent: ctid.AgentID(r.LastAgent)}
	if r.Company != nil && r.CompanyName != nil {
		c.Company = &ctid.Company{ID: *r.Company, Name: ctid.Private(*r.CompanyName)}
	}
	if r.Numbers != nil {
		for n := range strings.FieldsSeq(*r.Numbers) {
			c.Numbers = append(c.Numbers, ctid.Private(n))
		}
	}
	err := errors.Join(json.Unmarshal(r.Tags, &c.Tags), json.Unmarshal(r.Fields, &c.Fields))
	return c, wrapf(err, "store: customer %s", r.ID)
}

// OpenCases returns a customer's cases that are not closed, the newest first.
func (s *Store) OpenCases(ctx context.Context, id ctid.CustomerID) ([]ctid.Case, error) {
	var rows []struct {
		ID       string `db:"id"`
		Title    string `db:"title"`
		State    string `db:"state"`
		Owner    string `db:"owner"`
		OpenedUS int64  `db:"opened_us"`
	}
	err := s.selectAll(ctx, &rows, `SELECT id, title, state, owner, opened_us FROM cases WHERE customer = ? AND state <> 'closed'
 ORDER BY opened_us DESC, id LIMIT 50`, string(id))
	if err != nil {
		return nil, err
	}
	now := s.cfg.Now()
	out := make([]ctid.Case, 0, len(rows))
	for _, r := range rows {
		age := int(now.Sub(fromUS(r.OpenedUS)) / (24 * time.Hour))
		out = append(out, ctid.Case{ID: r.ID, Title: ctid.Private(r.Title), State: r.State, Owner: r.Owner, AgeDays: age})
	}
	return out, nil
}

type contactRow struct {
	Call    string `db:"call"`
	AtUS    int64  `db:"at_us"`
	Kind    string `db:"kind"`
	Dir     string `db:"dir"`
	Agent   string `db:"agent"`
	Queue   string `db:"queue"`
	Outcome string `db:"outcome"`
	Note    []byte `db:"note"`

	Disposition string `db:"disposition"`
	Tags        []byte `db:"tags"`
	sealed
}

// LastContacts returns a customer's last n interactions, the newest first.
func (s *Store) LastContacts(ctx context.Context, id ctid.CustomerID, n int) ([]ctid.Contact, error) {
	var rows []contactRow
	err := s.selectAll(ctx, &rows, `SELECT r.call, r.at_us, r.kind, r.dir, r.agent, r.queue, r.outcome, r.note, r.disposition, r.tags,`+sealedColumns+
		`FROM interactions r`+sealedJoin+`WHERE r.customer = ? AND r.customer <> '' ORDER BY r.at_us DESC LIMIT ?`, string(id), n)
	if err != nil {
		return nil, err
	}
	out := make([]ctid.Contact, 0, len(rows))
	for _, r := range rows {
		note := s.unseal(r.Note, noteOwner(ctid.CallID(r.Call)), r.sealed)
		c := ctid.Contact{At: fromUS(r.AtUS), Kind: r.Kind, Dir: r.Dir, Call: ctid.CallID(r.Call), Agent: ctid.AgentID(r.Agent),
			Queue: ctid.QueueID(r.Queue), Outcome: r.Outcome, Disposition: r.Disposition}
		if err := json.Unmarshal(r.Tags, &c.Tags); err != nil {
			return nil, fmt.Errorf("store: tags of call %s: %w", r.Call, err)
		}
		if len(c.Tags) == 0 {
			c.Tags = nil
		}
		if err := json.Unmarshal(note, &c.Note); err != nil {
			return nil, fmt.Errorf("store: note of call %s: %w", r.Call, err)
		}
		out = append(out, c)
	}
	return out, nil
}
