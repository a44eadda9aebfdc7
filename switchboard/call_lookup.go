package switchboard

import (
	"context"
	"time"

	"ctid/ivr"
)

// Lookups asks the site's databases and servers for a script. The result has an outcome whatever the error, which says why
// for the log and has no value of the question in it. ctx has a deadline.
type Lookups interface {
	Query(ctx context.Context, q ivr.Query, st ivr.Statement) (ivr.Result, error)
	HTTP(ctx context.Context, h ivr.HTTP) (ivr.Result, error)
}

// longestLookup bounds a question whose step says nothing, or too much.
const longestLookup = 10 * time.Second

// query asks a database. What writes is carried out even if the caller goes, or ctid is told to stop.
func (k *call) query(s ivr.Query) {
	st, _ := k.route.Script.Statement(s.Statement)
	k.lookUp(s.ID, "query", s.Within, s.Write, func(ctx context.Context) (ivr.Result, error) {
		return k.sb.deps.Lookups.Query(ctx, s, st)
	})
}

// http asks a server; one that can be asked twice for the same thing knows it by the call and the step.
func (k *call) http(s ivr.HTTP) {
	if s.Idempotent != "" {
		s.Idempotent = string(k.id) + "/" + s.Idempotent
	}
	writes := s.Method != "GET" && s.Method != "HEAD"
	k.lookUp(s.ID, "http", s.Within, writes, func(ctx context.Context) (ivr.Result, error) {
		return k.sb.deps.Lookups.HTTP(ctx, s)
	})
}

func (k *call) lookUp(step, verb string, within time.Duration, writes bool, ask func(context.Context) (ivr.Result, error)) {
	if k.sb.deps.Lookups == nil {
		k.done(step, ivr.Result{Outcome: "error", Code: verb + ".failed"})
		return
	}
	if within <= 0 || within > longestLookup {
		within = longestLookup
	}
	k.aside(func(ctx context.Context) func(now time.Time) {
		if writes {
			ctx = context.WithoutCancel(ctx)
		}
		ctx, cancel := context.WithTimeout(ctx, within)
		defer cancel()
		r, err := ask(ctx)
		return func(now time.Time) {
			k.warn("a question of a script failed", err)
			k.input(now, ivr.DoneStep{ID: step, Result: r})
		}
	})
}
