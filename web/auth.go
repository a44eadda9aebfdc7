package web

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"sync"
	"time"

	"ctid"
)

// TicketLife is how long a websocket ticket is good for.
const TicketLife = 30 * time.Second

const (
	maxTickets     = 10_000
	ticketsPerUser = 20
)

// Tickets are the one-time tickets that let a browser open a websocket. They live in memory only.
type Tickets struct {
	mu   sync.Mutex
	rows map[string]ticket
}

// ticket is bound to the token that bought it, so that a revoked token takes its tickets along.
type ticket struct {
	token, user, origin string
	until               time.Time
}

// NewTickets returns an empty set.
func NewTickets() *Tickets { return &Tickets{rows: map[string]ticket{}} }

// sell makes a ticket of 43 characters for the bearer of token, a page of origin.
func (t *Tickets) sell(token, user, origin string, now time.Time) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	mine := 0
	for text, row := range t.rows {
		if now.After(row.until) {
			delete(t.rows, text)
		} else if row.user == user {
			mine++
		}
	}
	if len(t.rows) >= maxTickets || mine >= ticketsPerUser {
		return "", &ctid.Error{Code: ctid.RateLimited, Text: "too many unused tickets", RetryMS: TicketLife.Milliseconds()}
	}
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // never fails
	text := base64.RawURLEncoding.EncodeToString(raw[:])
	t.rows[text] = ticket{token, user, origin, now.Add(TicketLife)}
	return text, nil
}

// use consumes a ticket; used or not, it is gone afterwards.
func (t *Tickets) use(text, origin string, now time.Time) (token string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	row, ok := t.rows[text]
	delete(t.rows, text)
	if !ok || now.After(row.until) || row.origin != origin {
		return "", false
	}
	return row.token, true
}

// Auth tells the websocket hub who a ticket or a token belongs to.
type Auth struct {
	Users   Users
	Tickets *Tickets
}

// Ticket consumes a ticket that was bought by a page of origin.
func (a Auth) Ticket(ctx context.Context, text, origin string) (ctid.Who, error) {
	token, ok := a.Tickets.use(text, origin, time.Now())
	if !ok {
		return ctid.Who{}, ctid.Refuse(ctid.Unauthorized, "the ticket is unknown, used, stale or of another page")
	}
	return a.Users.WhoByToken(ctx, token)
}

// Token looks a bearer token up.
func (a Auth) Token(ctx context.Context, text string) (ctid.Who, error) {
	return a.Users.WhoByToken(ctx, text)
}

// InUse counts as use of the token that who came with, and tells what its user may do now.
func (a Auth) InUse(ctx context.Context, who ctid.Who) (ctid.Who, error) {
	return a.Users.WhoByTokenID(ctx, who.TokenID)
}
