// Package crmsync brings each finished contact into a CRM exactly once. Sync drains the outbox, which the store fills
// in the transaction that ends a call, into a Connector; the folders beside it hold one connector each, and
// crmsync/local also answers who is calling.
//
// The outbox gives a delivery at least once: a crash between the CRM's answer and its note here gives it again. The
// connector makes that once, for (Call, Kind) of a delivery is its key for ever.
package crmsync

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"ctid"
)

// Outbox is what Sync needs of the store.
type Outbox interface {
	// ClaimDeliveries takes up to n of what is due the longest, no two of one call, and keeps them from others for lease; where
	// nothing is due it returns none and when something will be, or the zero time.
	ClaimDeliveries(ctx context.Context, lease time.Duration, n int) (list []ctid.Delivery, next time.Time, err error)
	// Delivered ends a delivery for good; ref is what the CRM calls it.
	Delivered(ctx context.Context, id int64, ref string) error
	// RetryDelivery puts it back until at.
	RetryDelivery(ctx context.Context, id int64, at time.Time, cause error) error
	// GiveUpDelivery ends one that can never be delivered.
	GiveUpDelivery(ctx context.Context, id int64, cause error) error
	// OutboxReady carries a token when something new may be due.
	OutboxReady() <-chan struct{}
}

// Connector is one CRM. Deliver writes a contact, or its paperwork, and returns what the CRM calls it. Called again
// with the same Call and Kind it must change nothing and return the same reference. An error made by Permanent is
// not tried again.
type Connector interface {
	Name() string
	Deliver(ctx context.Context, d ctid.Delivery) (ref string, err error)
}

// Permanent marks an error that trying again can't help, such as a contact that the CRM says is malformed.
func Permanent(err error) error { return backoff.Permanent(err) }

// Config says how Sync works. The zero value is usable.
type Config struct {
	Log      *slog.Logger
	Now      func() time.Time
	Timeout  time.Duration // for one delivery; default 30 s
	MaxDelay time.Duration // between two attempts; default 15 min
	AtOnce   int           // deliveries under way at the same time, of different calls; default 16
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	if c.MaxDelay <= 0 {
		c.MaxDelay = 15 * time.Minute
	}
	if c.AtOnce <= 0 {
		c.AtOnce = 16
	}
	return c
}

// Sync drains an outbox into a connector.
type Sync struct {
	cfg Config
	out Outbox
	crm Connector
}

// New makes a Sync; Run does its work.
func New(out Outbox, crm Connector, cfg Config) *Sync {
	return &Sync{cfg: cfg.withDefaults(), out: out, crm: crm}
}

// Run delivers until ctx ends, the oldest first and those of one call one after the other, and then returns nil. Several may run on one outbox.
func (s *Sync) Run(ctx context.Context) error {
	trouble := s.newBackOff()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		next, err := s.Drain(ctx)
		var wait <-chan time.Time
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil: // the outbox itself is in trouble
			s.cfg.Log.Warn("crmsync: outbox", "crm", s.crm.Name(), "err", err)
			timer.Reset(trouble.NextBackOff())
			wait = timer.C
		default:
			trouble.Reset()
			if !next.IsZero() {
				timer.Reset(max(0, next.Sub(s.cfg.Now())))
				wait = timer.C
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.out.OutboxReady():
		case <-wait:
		}
	}
}

// Drain delivers all that is due now, and returns when the next will be: the zero time where nothing is left.
func (s *Sync) Drain(ctx context.Context) (next time.Time, err error) {
	for ctx.Err() == nil {
		// The lease outlives the delivery's time-out, so that no other worker takes what is still under way.
		list, next, err := s.out.ClaimDeliveries(ctx, 2*s.cfg.Timeout, s.cfg.AtOnce)
		if err != nil || len(list) == 0 {
			return next, err
		}
		if err := s.deliverAll(ctx, list); err != nil {
			return time.Time{}, err
		}
	}
	return time.Time{}, ctx.Err()
}

// deliverAll delivers them side by side, so that what they write shares its commits.
func (s *Sync) deliverAll(ctx context.Context, list []ctid.Delivery) error {
	errs := make([]error, len(list))
	var wg sync.WaitGroup
	for i, d := range list {
		wg.Go(func() { errs[i] = s.deliver(ctx, d) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (s *Sync) deliver(ctx context.Context, d ctid.Delivery) error {
	cctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	ref, err := s.crm.Deliver(cctx, d)
	if err == nil {
		return s.out.Delivered(ctx, d.ID, ref)
	}
	if ctx.Err() != nil { // stopping: the lease ends by itself
		return ctx.Err()
	}
	log := s.cfg.Log.With("crm", s.crm.Name(), "call", d.Call, "kind", d.Kind, "attempt", d.Attempt, "err", err)
	var permanent *backoff.PermanentError
	if errors.As(err, &permanent) {
		log.Error("crmsync: the CRM refuses a contact; it stays in the outbox as given up")
		return s.out.GiveUpDelivery(ctx, d.ID, err)
	}
	at := s.cfg.Now().Add(s.delay(d.Attempt))
	log.Warn("crmsync: not delivered, will be tried again", "at", at)
	return s.out.RetryDelivery(ctx, d.ID, at, err)
}

func (s *Sync) newBackOff() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = time.Second
	b.MaxInterval = s.cfg.MaxDelay
	return b
}

// delay is how long to wait after the given attempt. The outbox remembers only the number, so a restart changes nothing.
func (s *Sync) delay(attempt int) time.Duration {
	b := s.newBackOff()
	d := b.NextBackOff()
	for range min(attempt, 64) - 1 {
		d = b.NextBackOff()
	}
	return d
}
