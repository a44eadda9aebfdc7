package ivrsim

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"ctid"
	"ctid/ivr"
)

func (g Given) clone() Given {
	g.Vars, g.Queues, g.Stubs = maps.Clone(g.Vars), maps.Clone(g.Queues), slices.Clone(g.Stubs)
	return g
}

var givenKeys = []string{"ani", "dnis", "at", "language", "priority", "customer", "vars", "contact", "answered_by", "queue", "query", "http", "callback", "fax", "message"}

// given reads what stands under given into g; a case's own goes before the file's.
func (r *reader) given(g *Given, t ivr.Tree) {
	r.keys(t, "given", givenKeys...)
	for _, p := range t.Pairs() {
		k, _ := p.Key.Scalar()
		v := p.Value
		switch k {
		case "ani":
			if g.ANI = r.text(v, k); g.ANI == "withheld" {
				g.ANI = ""
			}
		case "dnis":
			g.DNIS = r.text(v, k)
		case "language":
			g.Language = r.text(v, k)
		case "priority":
			n, err := strconv.Atoi(r.text(v, k))
			if err != nil || n < 0 || n > 100 {
				r.bad(v, "priority wants 0 to 100, not %s", v.What())
			}
			g.Priority = n
		case "answered_by":
			if g.AnsweredBy = r.text(v, k); !slices.Contains([]string{"human", "machine", "fax", "unsure"}, g.AnsweredBy) {
				r.bad(v, "answered_by wants human, machine, fax or unsure, not %s", v.What())
			}
		case "at":
			g.At = r.at(v)
		case "vars":
			g.Vars = r.values(v, g.Vars)
		case "contact":
			g.Contact = r.values(v, g.Contact)
		case "queue":
			r.queues(g, v)
		case "customer", "query", "http", "callback", "fax", "message":
			g.Stubs = append(r.stubs(k, v), g.Stubs...)
		}
	}
}

func (r *reader) at(v ivr.Tree) time.Time {
	s := r.text(v, "at")
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, s, r.zone); err == nil {
			return t
		}
	}
	r.bad(v, "at wants a time such as 2026-03-02 10:15, not %s", v.What())
	return time.Time{}
}

func (r *reader) values(v ivr.Tree, base map[string]string) map[string]string {
	out := maps.Clone(base)
	if out == nil {
		out = map[string]string{}
	}
	if !v.IsMap() {
		r.bad(v, "a mapping of name: value is wanted here, not %s", v.What())
	}
	for _, p := range v.Pairs() {
		k, _ := p.Key.Scalar()
		out[k] = r.text(p.Value, k)
	}
	return out
}

func (r *reader) queues(g *Given, v ivr.Tree) {
	if !v.IsMap() {
		r.bad(v, "queue wants name: figures, as in {support: {waiting: 4, ewt: 6m}}, not %s", v.What())
	}
	if g.Queues == nil {
		g.Queues = map[string]Queue{}
	}
	for _, p := range v.Pairs() {
		name, _ := p.Key.Scalar()
		q, ok := g.Queues[name]
		if !ok {
			q.Open = true
		}
		if !p.Value.IsMap() {
			r.bad(p.Value, "%s wants figures, as in {waiting: 4, ewt: 6m}, not %s", name, p.Value.What())
		}
		for _, f := range p.Value.Pairs() {
			k, _ := f.Key.Scalar()
			if msg := q.Set(k, r.text(f.Value, k)); msg != "" {
				at := f.Value
				if strings.HasPrefix(msg, "a queue") {
					at = f.Key
				}
				r.bad(at, "%s", msg)
			}
		}
		g.Queues[name] = q
	}
}

// Set gives the queue one figure: waiting, longest, ewt, agents_ready, agents_in, open, closed, full, empty. The answer is
// empty, or what is wrong.
func (q *Queue) Set(figure, value string) string {
	count := map[string]*int{"waiting": &q.Waiting, "agents_ready": &q.AgentsReady, "agents_in": &q.AgentsIn}
	span := map[string]*time.Duration{"longest": &q.Longest, "ewt": &q.Expected}
	switch {
	case count[figure] != nil:
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return figure + " wants a count, not \"" + value + "\""
		}
		*count[figure] = n
	case span[figure] != nil:
		d, ok := ivr.ParseDuration(value)
		if !ok {
			return figure + " wants a duration with its unit, as in 6m, not \"" + value + "\""
		}
		*span[figure] = d
	case figure == "open" || figure == "closed" || figure == "full" || figure == "empty":
		if value != "true" && value != "false" {
			return figure + " wants true or false, not \"" + value + "\""
		}
		yes := value == "true"
		switch {
		case figure == "open":
			q.Open = yes
			if !yes {
				q.Refuses = "closed"
			}
		case yes:
			q.Refuses, q.Open = figure, figure != "closed"
		}
	default:
		return "a queue has no figure \"" + figure + "\"; it has waiting, longest, ewt, agents_ready, agents_in, open, closed, full, empty"
	}
	return ""
}

// stubs reads the answers of one kind of look-up: by name, or one for all where nothing is named.
func (r *reader) stubs(kind string, v ivr.Tree) []Stub {
	if kind == "customer" && !byStep(v) {
		return []Stub{{Kind: kind, Answers: r.answers(kind, v)}}
	}
	if !v.IsMap() {
		if kind == "callback" || kind == "fax" || kind == "message" {
			return []Stub{{Kind: kind, Answers: r.answers(kind, v)}}
		}
		r.bad(v, "%s wants name: answer, as in {pin_ok: none}, not %s", kind, v.What())
		return nil
	}
	var out []Stub
	for _, p := range v.Pairs() {
		name, _ := p.Key.Scalar()
		out = append(out, Stub{Kind: kind, Name: strings.TrimPrefix(name, "https://"), Answers: r.answers(kind, p.Value)})
	}
	return out
}

// byStep tells whether customers are given for each step.
func byStep(v ivr.Tree) bool {
	for _, p := range v.Pairs() {
		if k, _ := p.Key.Scalar(); strings.Contains(k, "/") {
			return true
		}
	}
	return false
}

// answers reads one answer, or a list of them by attempt.
func (r *reader) answers(kind string, v ivr.Tree) []Answer {
	if !v.IsList() {
		return []Answer{r.oneAnswer(kind, v)}
	}
	var out []Answer
	for _, it := range v.Items() {
		out = append(out, r.oneAnswer(kind, it))
	}
	return out
}

var answerWords = map[string][]string{
	"query": {"none", "found", "done", "error", "timeout"}, "http": {"done", "refused", "error", "timeout"},
	"customer": {"vip", "known", "unknown", "none", "several", "error", "timeout"}, "callback": {"booked", "refused", "failed", "error"},
	"fax": {"received", "sent", "failed", "error"}, "message": {"sent", "failed", "error"},
}

func (r *reader) oneAnswer(kind string, v ivr.Tree) Answer {
	if s, ok := v.Scalar(); ok {
		if !slices.Contains(answerWords[kind], s) {
			r.bad(v, "%s gives a record or %s, not %q", kind, strings.Join(answerWords[kind], ", "), s)
		}
		return wordAnswer(kind, s)
	}
	if !v.IsMap() {
		r.bad(v, "%s gives a record or %s, not %s", kind, strings.Join(answerWords[kind], ", "), v.What())
		return Answer{}
	}
	a := Answer{}
	rest := map[string]any{}
	for _, p := range v.Pairs() {
		k, _ := p.Key.Scalar()
		if !r.special(&a, kind, k, p.Value) {
			rest[k] = plainValue(p.Value)
		}
	}
	switch {
	case kind == "customer" && len(rest) > 0:
		a.Customer = customerOf(rest)
	case kind == "http" && len(rest) > 0:
		a.Body = rest
	case kind == "query" && a.Rows == nil && (len(rest) > 0 || a.Outcome == ""):
		a.Rows = []map[string]any{rest}
	}
	return a
}

// special reads the keys that say how an answer comes, and not what it is.
func (r *reader) special(a *Answer, kind, k string, v ivr.Tree) bool {
	switch {
	case k == "after":
		d, ok := ivr.ParseDuration(r.text(v, k))
		if !ok {
			r.bad(v, "after wants a duration with its unit, as in 5s, not %s", v.What())
		}
		a.After = d
	case k == "error":
		a.Outcome, a.Code = "error", r.text(v, k)
	case k == "status" && kind == "http":
		n, err := strconv.Atoi(r.text(v, k))
		if err != nil || n < 100 || n > 599 {
			r.bad(v, "status wants 100 to 599, not %s", v.What())
		}
		a.Status = n
	case k == "body" && kind == "http":
		a.Body = plainValue(v)
	case k == "rows" && kind == "query" && v.IsList():
		a.Rows = []map[string]any{}
		for _, it := range v.Items() {
			if row, ok := plainValue(it).(map[string]any); ok {
				a.Rows = append(a.Rows, row)
			}
		}
	default:
		return false
	}
	return true
}

func wordAnswer(kind, s string) Answer {
	switch {
	case s == "timeout":
		return Answer{Outcome: "error", Code: kind + ".timeout"}
	case kind == "customer" && (s == "vip" || s == "known"):
		return Answer{Outcome: "found", Customer: Sample(s == "vip")}
	case kind == "customer" && s == "none":
		return Answer{Outcome: "unknown"}
	case kind == "query" && (s == "found" || s == "done"):
		return Answer{Outcome: "done", Rows: []map[string]any{{}}}
	}
	return Answer{Outcome: s}
}

// plainValue reads a value without a type: numbers and truths only if they are bare.
func plainValue(v ivr.Tree) any {
	switch {
	case v.IsMap():
		out := map[string]any{}
		for _, p := range v.Pairs() {
			k, _ := p.Key.Scalar()
			out[k] = plainValue(p.Value)
		}
		return out
	case v.IsList():
		out := []any{}
		for _, it := range v.Items() {
			out = append(out, plainValue(it))
		}
		return out
	}
	return v.Constant()
}

func customerOf(m map[string]any) *ctid.Customer {
	c := &ctid.Customer{ID: "c77", Fields: map[string]string{}}
	for k, v := range m {
		s := ivr.Text(v)
		switch k {
		case "id":
			c.ID = ctid.CustomerID(s)
		case "name":
			c.Name = ctid.Private(s)
		case "vip":
			c.VIP = v == true
		case "tier":
			c.Tier = s
		case "last_agent":
			c.LastAgent = ctid.AgentID(s)
		case "language":
			c.Lang = s
		case "account":
			c.Account = ctid.Private(s)
		default:
			c.Fields[k] = s
		}
	}
	return c
}
