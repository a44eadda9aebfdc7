package main

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"ctid/config"
	"ctid/ivr"
	"ctid/lookup"
)

// mayAsk fills in what scripts may use of the site: mailboxes, tags, databases, servers, numbers.
func mayAsk(c *config.Config, s *ivr.Site) {
	for _, m := range c.Voicemail.Mailboxes {
		s.Mailboxes = append(s.Mailboxes, m.Name)
	}
	for _, d := range c.Dispositions {
		s.Dispositions = append(s.Dispositions, d.Name)
	}
	for _, d := range c.Databases {
		s.Databases = append(s.Databases, d.Name)
	}
	for _, x := range c.IVR.Statements {
		s.Statements = append(s.Statements, ivr.Statement{Name: x.Name, DB: c.DatabaseOf(x.DB), SQL: x.Text, Params: x.SQL.Params, Write: x.SQL.Write})
	}
	for _, x := range c.IVR.Secrets {
		s.Secrets = append(s.Secrets, x.Name)
	}
	for _, a := range c.IVR.Allow {
		s.Lifted = append(s.Lifted, ivr.Lift{ID: a.ID, Script: a.Script, Reason: a.Because})
	}
	s.Skills, s.Tags, s.HTTPAllow, s.DialAllow = c.Skills, c.Tags, c.IVR.HTTPAllow, c.DialAllow
	s.Premium, s.Country, s.HolidaysEnd = c.Numbering.Premium, c.CallingCode(), c.HolidaysEnd
}

// lookups lets the switchboard ask the site's databases and servers. A reload changes the servers, not the databases.
type lookups struct {
	dbs     *lookup.Databases
	servers atomic.Pointer[lookup.Servers]
	cfg     atomic.Pointer[config.Config]
}

func newLookups(c *config.Config) (*lookups, error) {
	l := &lookups{}
	if err := l.use(c); err != nil {
		return nil, err
	}
	var list []lookup.Database
	for _, d := range c.Databases {
		list = append(list, lookup.Database{Name: d.Name, Driver: d.Driver, DSN: d.Address.Reveal(), Connections: d.Connections})
	}
	var err error
	l.dbs, err = lookup.Open(list)
	return l, err
}

// use puts the servers and secrets of a configuration in force.
func (l *lookups) use(c *config.Config) error {
	servers, err := lookup.NewServers(c.IVR.HTTPAllow, nil)
	if err != nil {
		return err
	}
	if old := l.servers.Swap(servers); old != nil {
		old.Close()
	}
	l.cfg.Store(c)
	return nil
}

// secret gives the machine of a script a secret of the site.
func (l *lookups) secret(name string) (string, error) { return l.cfg.Load().Secret(name) }

func (l *lookups) close() error {
	l.servers.Load().Close()
	return l.dbs.Close()
}

// Query implements switchboard.Lookups.
func (l *lookups) Query(ctx context.Context, q ivr.Query, st ivr.Statement) (ivr.Result, error) {
	ask := lookup.Query{DB: q.DB, SQL: q.SQL, Statement: q.Statement, With: lookupFields(q.With), MaxRows: q.MaxRows}
	var named *lookup.Statement
	if q.Statement != "" {
		sql, err := lookup.ReadSQL(st.SQL)
		if err != nil {
			return ivr.Result{Outcome: "error", Code: "query.failed"}, err
		}
		named = &lookup.Statement{Name: q.Statement, DB: q.DB, SQL: sql}
	}
	rows, err := l.dbs.Ask(ctx, ask, named)
	switch {
	case err != nil:
		return ivr.Result{Outcome: "error", Code: lookup.CodeOf(err, "query.failed")}, err
	case len(rows.List) == 0 && rows.Changed == 0:
		return ivr.Result{Outcome: "none"}, nil
	}
	return ivr.Result{Outcome: "done", Rows: rows.List}, nil
}

// HTTP implements switchboard.Lookups.
func (l *lookups) HTTP(ctx context.Context, h ivr.HTTP) (ivr.Result, error) {
	a, err := l.servers.Load().Ask(ctx, lookup.Request{Method: h.Method, URL: h.URL, Headers: lookupFields(h.Headers), JSON: lookupFields(h.JSON),
		Form: lookupFields(h.Form), Retries: h.Retries, Idempotent: h.Idempotent})
	r := ivr.Result{Outcome: "done", Status: a.Status, Body: a.Body}
	switch {
	case err != nil:
		r.Outcome, r.Code = "error", lookup.CodeOf(err, "http.failed")
	case a.Status >= h.OKFrom && a.Status <= h.OKTo:
	case a.Status >= 400 && a.Status < 500:
		r.Outcome, r.Code = "refused", "http.status"
	default:
		r.Outcome, r.Code = "error", "http.status"
	}
	return r, err
}

func lookupFields(list []ivr.Field) []lookup.Field {
	if list == nil {
		return nil
	}
	out := make([]lookup.Field, 0, len(list))
	for _, f := range list {
		out = append(out, lookup.Field{Name: f.Name, Value: f.Value})
	}
	return out
}

// offWire says what scripts would have of a live call that none can do in this version. bad: numbers lead to one of them;
// nobody is sent to the others.
func (l *library) offWire(c *config.Config) (said []string, bad bool) {
	named := l.named(c)
	for _, key := range slices.Sorted(maps.Keys(l.answers)) {
		if l.answers[key] == nil || len(l.answers[key].OffWire()) == 0 {
			continue
		}
		found := l.answers[key].OffWire()
		if !named[key] {
			for i := range found {
				found[i].Severity = ivr.Warning
			}
			delete(l.answers, key)
			delete(l.scripts, strings.TrimPrefix(key, "script:"))
		}
		said = append(said, texts(found, c.IVR.Dir)...)
		bad = bad || named[key]
	}
	return said, bad
}
