package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"ctid"
)

const (
	tokenPrefix = "ctid_u_"
	tokenTTL    = 12 * time.Hour   // a token lives so long where nothing else is said
	tokenTouch  = 30 * time.Second // use is written down at most this often
)

// tokenHash is what is stored: a token is 256 random bits, so a plain hash can't be tried backwards.
func tokenHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// NewToken gives a user a token that ends after ttl (12 hours when 0) or, unless he only watches, after Config.Idle without use.
// Its text is shown here only.
func (s *Store) NewToken(ctx context.Context, user string, ttl time.Duration) (text string, err error) {
	if ttl <= 0 {
		ttl = tokenTTL
	}
	user = strings.ToLower(user)
	secret := make([]byte, 32)
	rand.Read(secret)
	text = tokenPrefix + base64.RawURLEncoding.EncodeToString(secret)
	now := s.cfg.Now()
	err = s.w.do(ctx, func(t *tx) error {
		var name string
		if err := t.get(&name, `SELECT name FROM users WHERE name = ? AND disabled = ?`, user, false); err != nil {
			return err
		}
		if err := t.exec(`DELETE FROM tokens WHERE expires_us <= ?`, now.UnixMicro()); err != nil {
			return err
		}
		return t.exec(`INSERT INTO tokens (hash, user, created_us, expires_us, used_us) VALUES (?, ?, ?, ?, ?)`,
			tokenHash(text), name, now.UnixMicro(), now.Add(ttl).UnixMicro(), now.UnixMicro())
	})
	if err != nil {
		return "", fmt.Errorf("store: token for user %s: %w", user, err)
	}
	return text, nil
}

// WhoByToken tells whose token this is, with the roles he has now, and counts as use. ErrToken: log in again.
func (s *Store) WhoByToken(ctx context.Context, text string) (ctid.Who, error) {
	if !strings.HasPrefix(text, tokenPrefix) {
		return ctid.Who{}, ErrToken
	}
	return s.WhoByTokenID(ctx, tokenHash(text))
}

// WhoByTokenID does the same for who has shown his token before: id is the TokenID that WhoByToken returned.
func (s *Store) WhoByTokenID(ctx context.Context, id string) (ctid.Who, error) {
	var row struct {
		userRow
		ExpiresUS int64 `db:"expires_us"`
		UsedUS    int64 `db:"used_us"`
	}
	err := s.get(ctx, &row, `SELECT u.name, u.hash, u.roles, u.agent, u.disabled, t.expires_us, t.used_us
 FROM tokens t JOIN users u ON u.name = t.user WHERE t.hash = ?`, id)
	if errors.Is(err, ErrNotFound) {
		return ctid.Who{}, ErrToken
	}
	if err != nil {
		return ctid.Who{}, err
	}
	u, err := row.user()
	if err != nil {
		return ctid.Who{}, err
	}
	now := s.cfg.Now()
	expires, used := fromUS(row.ExpiresUS), fromUS(row.UsedUS)
	who := ctid.Who{User: u.Name, Roles: u.Roles, Agent: u.Agent, Until: expires, TokenID: id}
	idle := now.Sub(used) > s.cfg.Idle && !who.OnlyWatches() // nobody is at a wallboard who could log in again on Monday
	if row.Disabled || !now.Before(expires) || idle {
		return ctid.Who{}, ErrToken
	}
	if now.Sub(used) > tokenTouch {
		s.w.later(func(t *tx) error {
			return t.exec(`UPDATE tokens SET used_us = ? WHERE hash = ? AND used_us < ?`, now.UnixMicro(), id, now.UnixMicro())
		})
	}
	return who, nil
}

// RevokeToken ends a token at once. An unknown one is ErrToken.
func (s *Store) RevokeToken(ctx context.Context, text string) error {
	var n int64
	err := s.w.do(ctx, func(t *tx) (err error) {
		n, err = t.change(`DELETE FROM tokens WHERE hash = ?`, tokenHash(text))
		return err
	})
	if err == nil && n == 0 {
		return ErrToken
	}
	return wrapf(err, "store: revoking a token")
}
