package systemtest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/lookup/pgtest"
	"ctid/pbxtest/phonetest"
	"ctid/store"
)

// dataScript asks a database and a server, and says of the call what it learned. It has no sound before the queue.
const dataScript = `version: 1
name: Data
secrets: [token]
vars: {order: digits = 4711, state: text, points: number = 0}
prompts: {bye: Goodbye and thank you.}
nodes:
  a:
    - customer: caller
    - query: {sql: "select state from orders where number = :n", with: {n: =vars.order}, save: {state: =result.row.state}}
      then: {none: hangup}
    - query: {statement: seen, with: {n: =vars.order}}
    - http: {url: "GET SHOP/points", headers: {Authorization: "Bearer ${secrets.token}"}, save: {points: =number(result.body.points)}}
    - tag: [vip]
    - {priority: 80, if: vars.points > 100}
    - attach: {order: =vars.order, state: =vars.state}
    - pop: {title: "${customer.name} about ${vars.state}", colour: red, note: Be careful, fields: {Points: =vars.points}}
    - pop: {fields: {Order: =vars.order}}
    - queue: sales
      then: {answered: b, otherwise: hangup}
  b: [{disposition: sold}, {play: bye}, {hangup: normal}]
`

// What a script asks of PostgreSQL and of a server is on the agent's screen before his telephone rings, and in the record; the
// secret that it asked with is nowhere.
func TestRealScriptData(t *testing.T) {
	db := pgtest.New(t)
	db.Exec("create table orders (number text, state text, seen int default 0); insert into orders values ('4711', 'lost in Leeds')")
	asked := make(chan string, 4)
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		asked <- req.Header.Get("Authorization")
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"points": 250}`))
	}))
	defer shop.Close()
	r := Start(t, Options{Bin: program, PBX: asterisk, Script: strings.Replace(dataScript, "SHOP", shop.URL, 1),
		Files:  map[string]string{"bank.secret": db.DSN(db.Password), "shop.secret": "s3cr3t-t0ken", "seen.sql": "update orders set seen = seen + 1 where number = :n"},
		Config: "databases: [{name: bank, driver: postgres, dsn_file: bank.secret}]\ntags: [vip]\ndispositions: [{name: sold}]\n",
		Change: func(yaml string) string {
			return strings.Replace(yaml, "ivr: {", "ivr: {http_allow: [\""+shop.URL+"\"], statements: [{name: seen, file: seen.sql}], secrets: [{name: token, file: shop.secret}], ", 1)
		},
		Seed: func(s *store.Store) error {
			return s.PutSeed(t.Context(), store.Seed{Customers: []ctid.Customer{{ID: "cu_mei", Name: "Mei Tan", Numbers: []ctid.Private{"+442079460018"}}}})
		}})
	ctx := t.Context()
	phone := r.Phone("1001")
	phone.SetPolicy(phonetest.AnswerAfter(200 * time.Millisecond))
	d := r.Desk("1001")
	d.Ready()
	call, err := r.Caller().Call(ctx, Number, phonetest.CallOptions{From: "02079460018"})
	if err != nil {
		t.Fatal(err)
	}
	f, _ := d.Event(0, "pop.offered")
	var pop ctid.PopData
	if err := json.Unmarshal(f.Data, &pop); err != nil {
		t.Fatal(err)
	}
	attached := map[string]any{}
	for _, a := range pop.Attached {
		attached[a.Key] = a.Value.V
	}
	c := pop.Card
	if c == nil || c.Title != "Mei Tan about lost in Leeds" || c.Colour != "red" || c.Note != "Be careful" || len(c.Fields) != 2 ||
		pop.Queue.Priority != 80 || !slices.Equal(pop.Tags, []string{"vip"}) || attached["order"] != "4711" || attached["state"] != "lost in Leeds" {
		t.Errorf("pop: %s", f.Data)
	}
	if got := <-asked; got != "Bearer s3cr3t-t0ken" {
		t.Errorf("the server was asked with %q", got)
	}
	if n := db.Number("select seen from orders"); n != 1 {
		t.Errorf("the statement was carried out %d times", n)
	}
	ring, err := phone.AwaitCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	d.State(0, "talking")
	if err := ring.Hangup(ctx); err != nil { // first, so that the script has the caller back
		t.Fatal(err)
	}
	if _, err := call.AwaitEnd(ctx); err != nil {
		t.Fatal(err)
	}
	r.Clean()
	list := r.Records()
	if len(list) != 1 {
		t.Fatalf("%d records", len(list))
	}
	if rec := list[0]; rec.Customer != "cu_mei" || rec.Disposition != "sold" || !slices.Equal(rec.Tags, []string{"vip"}) {
		b, _ := json.Marshal(rec)
		t.Errorf("record: %s", b)
	}
	b, _ := json.Marshal(list)
	if strings.Contains(string(b)+r.Log(), "s3cr3t-t0ken") || strings.Contains(r.Log(), db.Password) {
		t.Error("a secret is in the record or the log")
	}
}
