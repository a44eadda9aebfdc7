package main

import (
	"context"
	"errors"
	"time"

	"ctid"
	"ctid/crmsync/local"
	"ctid/ivr"
	"ctid/media"
	"ctid/store"
	"ctid/switchboard"
)

// Each edge declares the small interface that it needs; the types here join them.

// users lets the web edge ask the store for users and tokens.
type users struct{ s *store.Store }

func (u users) Authenticate(ctx context.Context, user, password string) (ctid.Who, error) {
	w, err := u.s.Authenticate(ctx, user, password)
	return w, unauthorized(err)
}

func (u users) NewToken(ctx context.Context, who ctid.Who, ttl time.Duration) (string, error) {
	return u.s.NewToken(ctx, who.User, ttl)
}

func (u users) WhoByToken(ctx context.Context, token string) (ctid.Who, error) {
	w, err := u.s.WhoByToken(ctx, token)
	return scoped(w), unauthorized(err)
}

func (u users) WhoByTokenID(ctx context.Context, id string) (ctid.Who, error) {
	w, err := u.s.WhoByTokenID(ctx, id)
	return scoped(w), unauthorized(err)
}

// scoped gives an integration that logs in as a user what it may have without a key of its own: the events, with
// numbers cut.
func scoped(w ctid.Who) ctid.Who {
	if w.Has(ctid.RoleIntegration) {
		w.Scopes = []string{"events:read"}
	}
	return w
}

func (u users) Revoke(ctx context.Context, token string) error { return u.s.RevokeToken(ctx, token) }

// unauthorized turns the store's refusals into the wire's; a failing database stays what it is.
func unauthorized(err error) error {
	switch {
	case errors.Is(err, store.ErrLogin):
		return ctid.Refuse(ctid.Unauthorized, "user or password wrong")
	case errors.Is(err, store.ErrToken):
		return ctid.Refuse(ctid.Unauthorized, "the session is over; log in again")
	}
	return err
}

// customers lets the switchboard ask the directory who calls.
type customers struct {
	dir *local.Directory
	st  *store.Store
}

func (c customers) RememberLanguage(ctx context.Context, id ctid.CustomerID, lang string) error {
	return c.st.RememberLanguage(ctx, id, lang)
}

func (c customers) Lookup(ctx context.Context, q switchboard.Query) (ctid.Match, error) {
	if q.Customer != "" {
		return c.dir.ByID(ctx, q.Customer)
	}
	return c.dir.Who(ctx, ctid.Number{E164: ctid.Private(q.Number)}, ctid.Private(q.Account))
}

// prompts lets the switchboard ask media for what Asterisk can play.
type prompts struct {
	m     *media.Library
	bases map[ctid.NodeID]string // where a node fetches media, without the path
}

func (p prompts) Prepare(ctx context.Context, node ctid.NodeID, parts []ivr.Part) ([]string, error) {
	list, err := p.m.Prepare(ctx, mediaParts(parts))
	uris := make([]string, 0, len(list))
	for _, x := range list {
		if x.Sound != "" {
			uris = append(uris, "sound:"+x.Sound)
			continue
		}
		uris = append(uris, "sound:"+p.bases[node]+x.Path)
	}
	return uris, err
}

func mediaParts(parts []ivr.Part) []media.Part {
	out := make([]media.Part, len(parts))
	for i, p := range parts {
		out[i] = media.Part{Name: p.Name, File: p.File, Sum: p.Sum, Text: p.Text, Lang: p.Lang, Voice: p.Voice, Private: p.Private}
		for _, q := range p.Pieces {
			out[i].Pieces = append(out[i].Pieces, media.Piece(q))
		}
	}
	return out
}
