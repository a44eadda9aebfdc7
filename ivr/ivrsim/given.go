package ivrsim

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"ctid"
	"ctid/ivr"
)

// Given is the world of one call.
type Given struct {
	ANI, DNIS  string
	At         time.Time // when it comes; zero: DefaultAt
	Zone       *time.Location
	Language   string
	Priority   int
	Vars       map[string]string
	Contact    map[string]string
	AnsweredBy string // human, machine, fax, unsure
	Queues     map[string]Queue
	Stubs      []Stub
}

// Queue is what is known of a queue, and whether it takes the caller.
type Queue struct {
	ivr.Figures
	Refuses string // closed, full, empty: the outcome of who comes; empty: it takes him
}

// String tells the figures that are known.
func (q Queue) String() string {
	var out []string
	if q.Refuses != "" {
		return q.Refuses
	}
	if q.Waiting > 0 {
		out = append(out, fmt.Sprintf("%d waiting", q.Waiting))
	}
	if q.Expected > 0 {
		out = append(out, "ewt "+short(q.Expected))
	}
	return strings.Join(out, ", ")
}

// short writes a duration without empty parts: 6m, 1m30s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func (g Given) figures(names []string) map[string]ivr.Figures {
	out := map[string]ivr.Figures{}
	for _, n := range names {
		out[n] = ivr.Figures{Open: true}
	}
	for n, q := range g.Queues {
		out[n] = q.Figures
	}
	return out
}

// Stub is what the look-ups of one kind give: those by the name of their statement, their host and path, or their step.
// With an empty Name it holds for all of the kind. The nth look-up gets the nth answer, and the last again from then on.
type Stub struct {
	Kind    string // query, http, customer, callback, fax, message
	Name    string
	Answers []Answer
}

// Answer is what one look-up gives.
type Answer struct {
	Outcome  string // done, none, found, unknown, several, error, booked, refused …; empty: done, or refused for a 4xx
	Code     string
	Rows     []map[string]any
	Status   int
	Body     any
	Customer *ctid.Customer
	After    time.Duration
	Raw      string // as it was written, for saving
}

// answer finds the answer to a look-up that goes by any of the names.
func (c *Call) answer(kind string, names []string) (Answer, bool) {
	for _, n := range append(names, "") {
		for _, s := range c.given.Stubs {
			if s.Kind != kind || s.Name != n || len(s.Answers) == 0 {
				continue
			}
			key := kind + " " + n
			i := min(c.asked[key], len(s.Answers)-1)
			c.asked[key]++
			return s.Answers[i], true
		}
	}
	return Answer{}, false
}

// scripted is what a step gives that goes well unless the case says otherwise.
func (c *Call) scripted(kind string, at ivr.Where, good string) ivr.Result {
	if a, ok := c.answer(kind, stepNames(at)); ok {
		return ivr.Result{Outcome: a.Outcome, Code: a.Code}
	}
	return ivr.Result{Outcome: good}
}

// stepNames are the ways to name a step: lookup/2, and lookup if it is alone.
func stepNames(at ivr.Where) []string {
	return []string{fmt.Sprintf("%s/%d", at.Node, at.Step), at.String()}
}

// lookup answers a question to the world beyond the call.
func (c *Call) lookup(at ivr.Where, st ivr.Step) {
	kind, id, within, names, what, secret := "", "", time.Duration(0), stepNames(at), "", ""
	switch st := st.(type) {
	case ivr.Lookup:
		kind, id, within = "customer", st.ID, st.Within
		what = "customer " + st.Number + st.Account + string(st.Cust)
	case ivr.Query:
		kind, id, within = "query", st.ID, st.Within
		names = append(names, st.Statement)
		what, secret = "query "+st.Statement, fieldsText(st.With)
		if st.Statement == "" {
			what = "query " + at.String()
		}
	case ivr.HTTP:
		kind, id, within = "http", st.ID, st.Within
		names = append(names, urlNames(st.Method, st.URL)...)
		what = st.Method + " " + st.URL
	}
	if secret != "" {
		what += " (" + secret + ")"
	}
	a, ok := c.answer(kind, names)
	if !ok && c.Ask != nil {
		var err error
		if a, err = c.Ask(what, kind); err == nil {
			ok = true
			c.given.Stubs = remember(c.given.Stubs, kind, stepNames(at)[0], a)
		}
	}
	if !ok {
		if c.err == nil {
			c.err = fmt.Errorf("nothing is given for %s at %s; add it under given: %s", what, at, kind)
		}
		return
	}
	r := a.result(kind)
	d := a.After
	if within > 0 && d > within {
		d, r = within, ivr.Result{Outcome: "error", Code: kind + ".timeout"}
	}
	c.say(at, '·', told(kind, what, a, r))
	c.later(d, id, r)
}

// told writes down a look-up and what it gave.
func told(kind, what string, a Answer, r ivr.Result) string {
	if kind == "customer" {
		if cu := r.Customer; cu != nil {
			text := "customer " + string(cu.Name)
			if cu.VIP {
				text += " vip=true"
			}
			if cu.LastAgent != "" {
				text += " last_agent=" + string(cu.LastAgent)
			}
			return text
		}
		return what + " → " + r.Outcome
	}
	text := what + " → " + r.Outcome
	if r.Code != "" {
		text += " " + r.Code
	}
	if a.Status != 0 {
		text += fmt.Sprintf(" %d", a.Status)
	}
	return text
}

func fieldsText(fs []ivr.Field) string {
	var out []string
	for _, f := range fs {
		out = append(out, f.Name+": "+fieldText(f))
	}
	return strings.Join(out, ", ")
}

// urlNames are the ways to name an HTTP request: GET host/path, host/path, host.
func urlNames(method, raw string) []string {
	u, err := url.Parse(raw)
	if err != nil {
		return []string{raw}
	}
	return []string{method + " " + u.Host + u.Path, u.Host + u.Path, u.Host}
}

// remember keeps an answer given at the prompt, so that a saved session has it.
func remember(stubs []Stub, kind, name string, a Answer) []Stub {
	for i := range stubs {
		if stubs[i].Kind == kind && stubs[i].Name == name+" asked" {
			stubs[i].Answers = append(stubs[i].Answers, a)
			return stubs
		}
	}
	return append(stubs, Stub{Kind: kind, Name: name + " asked", Answers: []Answer{a}})
}

// result is the answer as the machine takes it.
func (a Answer) result(kind string) ivr.Result {
	r := ivr.Result{Outcome: a.Outcome, Code: a.Code, Rows: a.Rows, Status: a.Status, Body: a.Body, Customer: a.Customer}
	switch {
	case r.Outcome == "error" && r.Code == "":
		r.Code = kind + ".failed"
	case r.Outcome != "":
	case kind == "http":
		if r.Status == 0 {
			r.Status = 200
		}
		switch {
		case r.Status >= 400 && r.Status < 500:
			r.Outcome = "refused"
		case r.Status >= 200 && r.Status < 300:
			r.Outcome = "done"
		default:
			r.Outcome, r.Code = "error", "http.status"
		}
	case kind == "customer":
		r.Outcome = "found"
	default:
		r.Outcome = "done"
	}
	return r
}

// Sample is the customer that the words vip and known stand for.
func Sample(vip bool) *ctid.Customer {
	c := &ctid.Customer{ID: "c77", Name: "Ms Chan", Tier: "standard", LastAgent: "ana", Account: "1234567897", Fields: map[string]string{}}
	if vip {
		c.VIP, c.Tier = true, "gold"
	}
	return c
}
