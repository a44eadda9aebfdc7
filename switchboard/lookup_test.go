package switchboard

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ctid"
	"ctid/ivr"
)

// asker answers the questions of scripts, and notes what was asked and which were broken off.
type asker struct {
	mu    sync.Mutex
	asked []string
	cut   int
	took  time.Duration
	query ivr.Result
	http  ivr.Result
	err   error
}

func (a *asker) wait(ctx context.Context, what string) error {
	a.mu.Lock()
	a.asked = append(a.asked, what)
	a.mu.Unlock()
	select {
	case <-time.After(a.took):
		return a.err
	case <-ctx.Done():
		a.mu.Lock()
		defer a.mu.Unlock()
		a.cut++
		return ctx.Err()
	}
}

func (a *asker) Query(ctx context.Context, q ivr.Query, st ivr.Statement) (ivr.Result, error) {
	if err := a.wait(ctx, "query "+q.DB+" "+q.SQL+st.SQL); err != nil {
		return ivr.Result{Outcome: "error", Code: "query.failed"}, err
	}
	return a.query, nil
}

func (a *asker) HTTP(ctx context.Context, h ivr.HTTP) (ivr.Result, error) {
	if err := a.wait(ctx, h.Method+" "+h.URL+" "+h.Idempotent); err != nil {
		return ivr.Result{Outcome: "error", Code: "http.failed"}, err
	}
	return a.http, nil
}

func (a *asker) all() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Join(a.asked, "; ")
}

// asking is a script whose every step has to do with the world outside.
const asking = `version: 1
vars: {name: text}
nodes:
  main:
    - query: {sql: select name from people where number = :n, with: {n: =call.ani}, save: {name: =result.row.name}}
      then: {done: known, none: unknown, error: broken}
  known:
    - http: GET https://crm.example.com/x
      then: {done: unknown, otherwise: unknown}
  unknown: {hangup: normal}
  broken: {hangup: busy}
`

func siteOf() ivr.Site {
	return ivr.Site{Queues: []string{"sales", "support", "all", "hot"}, Voices: []string{"en", "zh"}, Databases: []string{"people"}, Tags: []string{"vip", "late"},
		Dispositions: []string{"sold"}, HTTPAllow: []string{"https://crm.example.com"}, Mailboxes: []string{"sales"}, DialAllow: []string{"extensions", "+"},
		Statements: []ivr.Statement{{Name: "gone", DB: "people", SQL: "insert into gone values (:n)", Params: []string{"n"}, Write: true}}}
}

// marks goes into the queue with all that a script can say of a call.
const marks = `version: 1
vars: {name: text}
nodes:
  main:
    - query: {sql: "select name from people where number = :n", with: {n: =call.ani}, save: {name: =result.row.name}}
      then: {otherwise: next}
    - tag: [vip, late]
    - tag: [vip]
    - disposition: sold
    - priority: 90
    - pop: {title: "${vars.name} calls", colour: red, note: be kind, url: "https://crm.example.com/c/1", fields: {Name: =vars.name, Open: 3}}
    - pop: {fields: {Open: 4}}
    - queue: {name: sales, at_most: 2m}
      then: {otherwise: bye}
  bye: {hangup: normal}
`

func TestAScriptMarksACall(t *testing.T) {
	a := &asker{query: ivr.Result{Outcome: "done", Rows: []map[string]any{{"name": "Mei Tan"}}}}
	inCentreOf(t, marks, func(c *centre) { c.asks = a }, func(t *testing.T, c *centre) {
		c.ready("ana")
		p := c.pbx.Call(caller)
		c.settle(3 * time.Second)
		if got := a.all(); got != "query people select name from people where number = :n" {
			t.Errorf("asked %q", got)
		}
		d := body[ctid.PopOffered](c).PopData
		if d.Card == nil || d.Card.Title != "Mei Tan calls" || d.Card.Colour != "red" || d.Card.Note != "be kind" || d.Card.URL != "" || len(d.Card.Fields) != 2 ||
			d.Card.Fields[0].Value.V != "Mei Tan" || d.Card.Fields[1].Value.V != 4.0 {
			t.Errorf("card %+v", d.Card)
		}
		if d.Queue.Priority != 90 || !slices.Equal(d.Tags, []string{"vip", "late"}) {
			t.Errorf("priority %d, tags %v", d.Queue.Priority, d.Tags)
		}
		p.Hangup()
		c.settle(2 * time.Second)
		r := c.lastRecord()
		if !slices.Equal(r.Tags, []string{"vip", "late"}) || r.Disposition != "sold" || r.Card == nil || r.End == nil {
			t.Errorf("record: %v %q %+v", r.Tags, r.Disposition, r.Card)
		}
	})
}

// afterwards writes down who has gone, once he has.
const afterwards = `version: 1
on_hangup: after
nodes:
  main: {menu: {1: bye, prompt: main, wait: 60s, tries: 5}, then: {failed: bye}}
  bye: {hangup: normal}
  after:
    - query: {statement: gone, with: {n: =call.ani}}
    - tag: [late]
prompts: {main: Press 1.}
`

// on_hangup is through before the record closes, and has ten seconds for it.
func TestOnHangupEndsBeforeTheRecord(t *testing.T) {
	for _, row := range []struct {
		name string
		took time.Duration
		tags []string
		ends time.Duration
	}{
		{"at once", 0, []string{"late"}, 500 * time.Millisecond},
		{"slowly", 1500 * time.Millisecond, []string{"late"}, 2 * time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := &asker{query: ivr.Result{Outcome: "done"}, took: row.took}
			inCentreOf(t, afterwards, func(c *centre) { c.asks = a }, func(t *testing.T, c *centre) {
				p := c.pbx.Call(caller)
				c.settle(2 * time.Second)
				p.Hangup()
				c.settle(row.took / 2)
				if r := c.lastRecord(); row.took > 0 && r.End != nil {
					t.Error("the record was closed too early")
				}
				c.settle(row.ends)
				if r := c.lastRecord(); r.End == nil || r.End.Side != ctid.SideCaller || !slices.Equal(r.Tags, row.tags) {
					t.Errorf("%+v %v", r.End, r.Tags)
				}
				if got := a.all(); got != "query people insert into gone values (:n)" {
					t.Errorf("asked %q", got)
				}
			})
		})
	}
}

// A question that nobody waits for any more is broken off; one that writes is carried out.
func TestAQuestionOfACallerWhoHasGone(t *testing.T) {
	script := `version: 1
nodes:
  main:
    - %
      then: {done: bye, otherwise: bye}
  bye: {hangup: normal}
`
	for name, row := range map[string]struct {
		step string
		cut  int
	}{
		"a read":  {"query: {sql: select 1 as one, within: 5s}", 1},
		"a write": {"query: {statement: gone, with: {n: =call.ani}, within: 5s}", 0},
	} {
		t.Run(name, func(t *testing.T) {
			a := &asker{query: ivr.Result{Outcome: "done"}, took: 3 * time.Second}
			inCentreOf(t, strings.Replace(script, "%", row.step, 1), func(c *centre) { c.asks = a }, func(t *testing.T, c *centre) {
				p := c.pbx.Call(caller)
				c.settle(time.Second)
				p.Hangup()
				c.settle(10 * time.Second)
				if a.cut != row.cut {
					t.Errorf("broken off: %d, want %d", a.cut, row.cut)
				}
				if r := c.lastRecord(); r.End == nil {
					t.Error("the call has no end")
				}
			})
		})
	}
}

// Whatever becomes of a question, the caller goes on.
func TestAQuestionThatFails(t *testing.T) {
	for name, a := range map[string]*asker{
		"an error": {err: errors.New("no such table")},
		"too slow": {took: time.Minute},
		"nobody":   nil,
	} {
		t.Run(name, func(t *testing.T) {
			inCentreOf(t, asking, func(c *centre) {
				if a != nil {
					c.asks = a
				}
			}, func(t *testing.T, c *centre) {
				p := c.pbx.Call(caller)
				c.settle(15 * time.Second)
				if gone, cause := p.Ended(); !gone || cause != 17 {
					t.Errorf("ended %v with %d", gone, cause)
				}
			})
		})
	}
}

// After a restart in the middle of a question it is asked again.
func TestARestartInAQuestion(t *testing.T) {
	a := &asker{query: ivr.Result{Outcome: "none"}, took: 1500 * time.Millisecond}
	inCentreOf(t, asking, func(c *centre) { c.asks = a }, func(t *testing.T, c *centre) {
		p := c.pbx.Call(caller)
		c.settle(500 * time.Millisecond)
		c.stop()
		r := c.lastRecord()
		c.history.Calls = []ctid.CallRecord{r}
		c.boot(t, asking, 2)
		c.settle(5 * time.Second)
		if gone, cause := p.Ended(); !gone || cause != 16 {
			t.Errorf("ended %v with %d", gone, cause)
		}
		if n := len(a.asked); n != 2 {
			t.Errorf("asked %d times", n)
		}
	})
}
