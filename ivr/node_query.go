package ivr

import (
	"slices"
	"time"
)

// queryStep asks a database of the site, or carries out a statement of it.
type queryStep struct {
	db, sql string
	stmt    *Statement
	with    []namedValue
	save    []assignment
	maxRows int
	within  time.Duration
}

const mostRows = 200

// queryOutcomes: what a write finds is of no matter, so its none goes on.
func queryOutcomes(l *loader, v *yval) []outcome {
	write := false
	if s := v.get("statement"); s != nil {
		i := slices.IndexFunc(l.site.Statements, func(x Statement) bool { return x.Name == s.text })
		write = l.site.Unknown || i >= 0 && l.site.Statements[i].Write
	}
	if write {
		return []outcome{{"done", "next", false}, {"none", "next", false}}
	}
	return []outcome{{"done", "next", false}, {"none", "", true}}
}

func loadQuery(l *loader, _ *step, o *opts) action {
	a := &queryStep{with: l.named("with", "", o.get("with")), save: l.saves(o.get("save")), maxRows: o.count("max_rows", 20, 1, mostRows),
		within: o.duration("within", 2*time.Second)}
	sql, direct := o.scalar("sql")
	name, named := o.scalar("statement")
	var params []string
	switch {
	case direct == named:
		l.errorf(o.at, "IVR004", "query needs sql, one SELECT, or statement, the name of one of the site")
		return a
	case direct:
		a.sql = sql.text
		params = l.oneSelect(sql)
	default:
		if a.statement(l, name); a.stmt == nil {
			return a
		}
		params = a.stmt.Params
	}
	a.database(l, o)
	a.parameters(l, o, params)
	return a
}

func (a *queryStep) statement(l *loader, v *yval) {
	if l.site.Unknown {
		l.unchecked(v.at, "IVR055", "statement", v.text)
		a.stmt = &Statement{Name: v.text}
		for _, w := range a.with {
			a.stmt.Params = append(a.stmt.Params, w.key)
		}
		return
	}
	var names []string
	for i, s := range l.site.Statements {
		if names = append(names, s.Name); s.Name == v.text {
			a.stmt = &l.site.Statements[i]
		}
	}
	if a.stmt == nil {
		l.errorf(v.at, "IVR055", "the site has no statement %q%s", v.text, near(v.text, names))
	}
}

func (a *queryStep) database(l *loader, o *opts) {
	v, given := o.scalar("db")
	dbs := l.site.Databases
	switch {
	case a.stmt != nil && a.stmt.DB != "":
		if a.db = a.stmt.DB; given && v.text != a.db {
			l.errorf(v.at, "IVR004", "statement %q is of database %q; leave out db", a.stmt.Name, a.db)
		}
	case given:
		a.db = v.text
		l.siteHas(v.at, "database", v.text, dbs)
	case l.site.Unknown:
	case len(dbs) == 1:
		a.db = dbs[0]
	case len(dbs) == 0:
		l.errorf(o.at, "IVR055", "the site has no database; add one to databases")
	default:
		l.errorf(o.at, "IVR004", "query needs db, for the site has several databases")
	}
}

// parameters: the :names of the SQL and the names in with must be the same.
func (a *queryStep) parameters(l *loader, o *opts, params []string) {
	var given []string
	for _, w := range a.with {
		if given = append(given, w.key); !slices.Contains(params, w.key) {
			l.errorf(o.get("with").at, "IVR057", "with has %s, and the SQL has no :%s%s", w.key, w.key, near(w.key, params))
		}
	}
	for _, p := range params {
		if !slices.Contains(given, p) {
			l.errorf(o.at, "IVR057", "the SQL has :%s, and with has no %s; values go in with as :%s", p, p, p)
		}
	}
}

func (a *queryStep) writes() bool { return a.stmt != nil && a.stmt.Write }

func (a *queryStep) start(m *Machine) {
	with, err := m.fields(a.with, false)
	if err != nil {
		m.failWith(err)
		return
	}
	q := Query{ID: m.id(), DB: a.db, SQL: a.sql, With: with, MaxRows: a.maxRows, Within: a.within, Write: a.writes()}
	if a.stmt != nil {
		q.Statement = a.stmt.Name
	}
	m.lookUp(q.ID, a.within)
	m.emit(q)
}

func (a *queryStep) answer(m *Machine, r Result) {
	m.memo.keep(r, a.maxRows)
	switch r.Outcome {
	case "done":
		if err := m.setAll(a.save); err != nil {
			m.failWith(err)
			return
		}
	case "none", "error":
	default:
		m.x.code, r.Outcome = "query.failed", "error"
	}
	m.leave(r.Outcome)
}

// resume asks again; a write may have been done, and is not repeated.
func (a *queryStep) resume(m *Machine) bool { return a.writes() && m.interrupted() }
