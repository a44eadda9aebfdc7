package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"ctid"
)

// User is who may log in. Agent is set when he is one.
type User struct {
	Name     string
	Roles    []ctid.Role
	Agent    ctid.AgentID
	Disabled bool
}

var userName = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{0,63}$`)

// Bounds of a password, in bytes.
const (
	minPassword = 8
	maxPassword = 1024
)

func (u User) check() error {
	if !userName.MatchString(u.Name) {
		return fmt.Errorf("user name %q: use 1 to 64 of a-z, 0-9 and . _ @ -, beginning with a letter or digit", u.Name)
	}
	if len(u.Roles) == 0 {
		return fmt.Errorf("user %s needs a role: agent, supervisor, admin, integration or wallboard", u.Name)
	}
	for _, r := range u.Roles {
		if !slices.Contains(ctid.Roles, r) {
			return fmt.Errorf("user %s: there is no role %q: use agent, supervisor, admin, integration or wallboard", u.Name, r)
		}
	}
	return nil
}

func checkPassword(password string) error {
	if len(password) < minPassword || len(password) > maxPassword {
		return fmt.Errorf("a password has %d to %d characters", minPassword, maxPassword)
	}
	return nil
}

// AddUser adds a user; an existing name is an error.
func (s *Store) AddUser(ctx context.Context, u User, password string) error {
	u.Name = strings.ToLower(u.Name)
	if err := errors.Join(u.check(), checkPassword(password)); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	hash, err := s.hash.make(ctx, password)
	if err != nil {
		return err
	}
	roles, err := json.Marshal(u.Roles)
	if err != nil {
		return err
	}
	err = s.w.do(ctx, func(t *tx) error {
		return t.exec(`INSERT INTO users (name, hash, roles, agent, created_us, disabled) VALUES (?, ?, ?, ?, ?, ?)`,
			u.Name, hash, string(roles), string(u.Agent), s.nowUS(), u.Disabled)
	})
	if s.d.classify(err) == failRefused {
		return fmt.Errorf("store: there is a user %s already", u.Name)
	}
	return wrapf(err, "store: user %s", u.Name)
}

// SetPassword gives a user a new password and revokes all his tokens.
func (s *Store) SetPassword(ctx context.Context, name, password string) error {
	if err := checkPassword(password); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	hash, err := s.hash.make(ctx, password)
	if err != nil {
		return err
	}
	return s.changeUser(ctx, name, `UPDATE users SET hash = ? WHERE name = ?`, hash)
}

// DisableUser keeps a user out and revokes all his tokens; his name stays taken.
func (s *Store) DisableUser(ctx context.Context, name string) error {
	return s.changeUser(ctx, name, `UPDATE users SET disabled = ? WHERE name = ?`, true)
}

func (s *Store) changeUser(ctx context.Context, name, query string, value any) error {
	name = strings.ToLower(name)
	err := s.w.do(ctx, func(t *tx) error {
		n, err := t.change(query, value, name)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrNotFound
		}
		return t.exec(`DELETE FROM tokens WHERE user = ?`, name)
	})
	return wrapf(err, "store: user %s", name)
}

type userRow struct {
	Name     string `db:"name"`
	Hash     string `db:"hash"`
	Roles    []byte `db:"roles"`
	Agent    string `db:"agent"`
	Disabled bool   `db:"disabled"`
}

func (r userRow) user() (User, error) {
	u := User{Name: r.Name, Agent: ctid.AgentID(r.Agent), Disabled: r.Disabled}
	err := json.Unmarshal(r.Roles, &u.Roles)
	return u, wrapf(err, "store: roles of user %s", r.Name)
}

// Users returns all users by name.
func (s *Store) Users(ctx context.Context) ([]User, error) {
	var rows []userRow
	if err := s.selectAll(ctx, &rows, `SELECT name, hash, roles, agent, disabled FROM users ORDER BY name`); err != nil {
		return nil, err
	}
	out := make([]User, 0, len(rows))
	for _, r := range rows {
		u, err := r.user()
		if err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	return out, nil
}

// Authenticate checks a password. An unknown user, a disabled one and a wrong password give the same ErrLogin after the
// same work. A hash made at a lower cost than today's is renewed.
func (s *Store) Authenticate(ctx context.Context, name, password string) (ctid.Who, error) {
	name = strings.ToLower(name)
	var row userRow
	err := s.get(ctx, &row, `SELECT name, hash, roles, agent, disabled FROM users WHERE name = ?`, name)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return ctid.Who{}, err
	}
	stored := s.hash.decoy
	if err == nil {
		if stored, err = parseHash(row.Hash); err != nil {
			return ctid.Who{}, fmt.Errorf("user %s: %w", name, err)
		}
	}
	ok, err := s.hash.matches(ctx, password[:min(len(password), maxPassword+1)], stored)
	if err != nil {
		return ctid.Who{}, err
	}
	if !ok || row.Name == "" || row.Disabled {
		return ctid.Who{}, ErrLogin
	}
	if stored.cost != passwordCost {
		s.renewHash(ctx, row, password)
	}
	u, err := row.user()
	return ctid.Who{User: u.Name, Roles: u.Roles, Agent: u.Agent}, err
}

// renewHash raises the cost of a hash; where that fails the old one goes on working.
func (s *Store) renewHash(ctx context.Context, row userRow, password string) {
	hash, err := s.hash.make(ctx, password)
	if err == nil {
		err = s.w.do(ctx, func(t *tx) error {
			return t.exec(`UPDATE users SET hash = ? WHERE name = ? AND hash = ?`, hash, row.Name, row.Hash)
		})
	}
	if err != nil {
		s.cfg.Log.Warn("store: a password hash could not be renewed", "user", row.Name, "err", err)
	}
}
