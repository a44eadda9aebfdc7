package systemtest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"ctid"
	"ctid/pbxtest/hear"
	"ctid/store"
	"ctid/words"
)

// move is what a caller waits to hear, or that he is in a queue, and what he does then: keys, or words said behind the tone
// and a # after them.
type move struct {
	hears string
	waits bool
	press string
	says  string
}

// recipe is a script of the manual, with a call through it.
type recipe struct {
	file   string
	moves  []move
	last   string   // the last thing he hears before the script hangs up; empty: he hangs up, in a queue or a message
	path   []string // the nodes that the record names
	record func(r *ctid.CallRecord) error
}

const cookbook = "../examples/ivr/ivr/"

// recipes are the ten scripts of the cookbook and the two longer ones whose verbs work on a call.
func recipes() []recipe {
	const account, wrongPIN, rightPIN = "4561237894", "0000", "2468"
	balance := func(file, words, last string) recipe {
		return recipe{file: file, moves: []move{{hears: "Please enter your ten digit account number.", press: account}, {hears: "Now enter your four digit PIN.", press: wrongPIN},
			{hears: "That account and PIN do not match.", press: account + rightPIN}, {hears: words, press: "2"}, {hears: last}},
			path: []string{"account", "pin", "wrong", "account", "pin", "lookup", "balance"}}
	}
	ten := balance(cookbook+"balance.yaml", "Your balance is "+amount("GBP")+". To hear it again press 1. For a person press 2.", "")
	ten.path = append(ten.path, "person")
	worked := balance("../testdata/ivr/worked/ivr/balance.yaml", "Your balance is "+amount("HKD")+". To hear it again press 1. For a person press 2.", "I will put you through to someone who can help.")
	worked.path = append(worked.path, "agent")
	return []recipe{
		ten, worked,
		{file: "../testdata/ivr/worked/ivr/front_desk.yaml", moves: []move{{hears: "Welcome to Harbour Trading."}, {hears: "For English press 1.", press: "1"}, {hears: "Our office is closed now. You may leave a message."}},
			path: []string{"hello", "shut", "message"}},
		{file: cookbook + "front_desk.yaml", moves: []move{{hears: "Welcome to Harbour Trading."}, {hears: "For English press 1.", press: "1"}, {hears: "For sales press 1. For support press 2.", press: "1"}, {waits: true}},
			path: []string{"hello", "main", "sales"}, record: wasQueued("sales")},
		{file: cookbook + "after_hours.yaml", moves: []move{{hears: "We are closed now. We open at nine."}, {hears: "Please leave your name and number after the tone. Your message is recorded.",
			says: "Please call me about the garden furniture."}}, last: "Thank you. We will call you back.", path: []string{"hello", "shut", "message", "noted"}},
		{file: cookbook + "busy_line.yaml", moves: []move{{hears: "Thank you for calling support."}, {waits: true, press: "2"}, {hears: "Tell us your name and number after the tone. Your message is recorded."}},
			path: []string{"hello", "support", "message"}, record: wasQueued("support")},
		{file: cookbook + "vip_first.yaml", moves: []move{{hears: "Thank you for calling Harbour Trading."}, {hears: "Welcome back, Mei Tan."}, {waits: true}}, path: []string{"hello"}, record: func(r *ctid.CallRecord) error {
			if !slices.Equal(r.Tags, []string{"vip"}) {
				return fmt.Errorf("tags %v", r.Tags)
			}
			return wasQueued("sales")(r)
		}},
		{file: cookbook + "order_status.yaml", moves: []move{{hears: "Please enter your order number, and then the hash key.", press: "4711#"}, {hears: "Your order is on its way."},
			{hears: "For another order press 1. For a person press 2.", press: "2"}, {waits: true}}, path: []string{"order", "state", "more", "person"}, record: wasQueued("sales")},
		{file: cookbook + "appointment.yaml", moves: []move{{hears: "Please enter the six digits of your reference.", press: "123456"},
			{hears: "Your appointment is Friday at ten. To confirm it press 1. To change it press 2.", press: "1"}}, last: "Thank you. It is confirmed.", path: []string{"reference", "choose", "confirm"}},
		{file: cookbook + "closing.yaml", moves: []move{{hears: "Our office is closed now. If it is urgent press 1.", press: "1"}}, last: "Please call again during office hours. Goodbye.", path: []string{"start", "evening", "urgent", "bye"}},
		{file: cookbook + "directory.yaml", moves: []move{{hears: "If you know the extension enter its four digits.", press: "2999"}, {hears: "Nobody answers there."}, {waits: true}}, path: []string{"ask", "absent", "desk"}, record: wasQueued("desk")},
		{file: cookbook + "last_agent.yaml", moves: []move{{hears: "For your bill press 1. For anything else press 2.", press: "1"}, {waits: true, press: "2"}, {hears: "Please leave a message after the tone. It is recorded."}},
			path: []string{"start", "topic", "billing", "agent", "mailbox"}, record: wasQueued("support")},
	}
}

// amount is the balance as a voice reads it.
func amount(currency string) string {
	w, _ := words.Value{Kind: words.Money, Number: 1024.5, Currency: currency}.Words("en")
	return w
}

// wasQueued holds that the call has been in the queue.
func wasQueued(queue ctid.QueueID) func(*ctid.CallRecord) error {
	return func(r *ctid.CallRecord) error {
		if !slices.ContainsFunc(r.Queues, func(q ctid.QueueVisit) bool { return q.Queue == queue }) {
			return fmt.Errorf("queues %+v", r.Queues)
		}
		return nil
	}
}

// TestRealCookbook: a telephone goes through each script of the manual, and hears what it says.
func TestRealCookbook(t *testing.T) {
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if req.URL.Query().Get("number") != "4711" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write([]byte(`{"state": "on its way"}`))
	}))
	defer shop.Close()
	rows := recipes()
	scripts := make([]string, len(rows))
	for i, x := range rows {
		b, err := os.ReadFile(x.file)
		if err != nil {
			t.Fatal(err)
		}
		scripts[i] = strings.ReplaceAll(string(b), "https://shop.example.com", shop.URL)
	}
	s := startScripts(t, cookbookOptions(t, shop.URL), scripts, nil)
	turn := make(chan struct{}, 6) // to look for a prompt in what was heard is work: more at once press their keys too late
	for i, x := range rows {
		s.each(strings.TrimPrefix(x.file, "../"), i, func(p *part) {
			turn <- struct{}{}
			defer func() { <-turn }()
			p.cook(x)
		})
	}
	s.wg.Wait()
	s.r.Clean()
	for i, x := range rows {
		rec := s.recordOf(i)
		var path []string
		for _, step := range rec.IVR.Path {
			path = append(path, step.Node)
		}
		if !slices.Equal(path, x.path) {
			t.Errorf("%s: went %v, want %v", x.file, path, x.path)
		}
		if x.record != nil {
			if err := x.record(&rec); err != nil {
				t.Errorf("%s: %v", x.file, err)
			}
		}
	}
	var confirmed int
	if err := s.shop().Get(&confirmed, `SELECT confirmed FROM visits WHERE reference = '123456'`); err != nil || confirmed != 1 {
		t.Errorf("the appointment is confirmed %d times, %v", confirmed, err)
	}
}

// cook takes the caller through a script.
func (p *part) cook(x recipe) {
	p.dial(0)
	p.must(p.call.AwaitAnswer(p.ctx))
	var since [2]time.Time // what began before the last thing but one need not be gone through again
	for _, m := range x.moves {
		if m.hears != "" {
			p.hearsSince(since[0], m.hears)
		}
		since[0], since[1] = since[1], time.Now()
		if m.says != "" {
			afterTone(p.ctx, p.r, p.call, since[0], tone(p.r.T))
			p.must(p.call.Play(p.ctx, speak(p.r.T, m.says)))
			m.press = "#"
		}
		if m.waits {
			p.must(p.soon(func() error { return p.waits() }))
		}
		if m.press != "" {
			p.must(p.call.SendDTMF(p.ctx, m.press))
		}
	}
	if x.last == "" {
		p.must(p.soon(func() error { return p.at(x.path[len(x.path)-1]) }))
		return // he hangs up
	}
	if _, err := p.call.AwaitEnd(p.ctx); err != nil {
		p.fatal("%v", err)
	}
	p.hearsSince(since[0], x.last)
}

// hearsSince awaits that a text has been heard since then, to its end.
func (p *part) hearsSince(since time.Time, text string) {
	prompt := map[string][]int16{text: speak(p.r.T, text)}
	if err := p.soon(func() error { return hear.Expect(p.call.HeardSince(since), text, prompt) }); err != nil {
		p.fatal("%v", err)
	}
}

// mine is the part's open record.
func (p *part) mine() (ctid.CallRecord, error) {
	for _, r := range p.r.Records() {
		if r.DNIS.Number == dnisOf(p.n) {
			return r, nil
		}
	}
	return ctid.CallRecord{}, fmt.Errorf("no record of a call to %s", dnisOf(p.n))
}

// waits tells whether the caller is in a queue.
func (p *part) waits() error {
	r, err := p.mine()
	if err == nil && (r.Live == nil || r.Live.Queue == nil) {
		err = fmt.Errorf("the caller is in no queue")
	}
	return err
}

// at tells whether the script has come to the node.
func (p *part) at(node string) error {
	r, err := p.mine()
	if err == nil && (r.Live == nil || !strings.Contains(string(r.Live.Machine), `"node":"`+node+`"`)) {
		err = fmt.Errorf("the script is not at %s", node)
	}
	return err
}

// cookbookOptions are the site of the cookbook: it is closed today, and has a shop with a database.
func cookbookOptions(t *testing.T, shop string) Options {
	t.Helper()
	files := map[string]string{}
	for _, f := range []string{"pin_ok.sql", "confirm_visit.sql"} {
		b, err := os.ReadFile("../examples/ivr/sql/" + f)
		if err != nil {
			t.Fatal(err)
		}
		files["sql/"+f] = string(b)
	}
	db := filepath.Join(t.TempDir(), "shop.db")
	x, err := sqlx.Open("sqlite3", db)
	if err != nil {
		t.Fatal(err)
	}
	x.MustExec(`CREATE TABLE accounts (number TEXT, pin TEXT, balance REAL); INSERT INTO accounts VALUES ('4561237894', '2468', 1024.5);
CREATE TABLE visits (reference TEXT, day TEXT, confirmed INTEGER); INSERT INTO visits VALUES ('123456', 'Friday at ten', 0)`)
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	files["shop.db"] = string(b)
	day := strings.ToLower(time.Now().AddDate(0, 0, 3).Format("Mon"))
	return Options{Agents: 1, Desk: "none", Files: files, Config: "calendars: [{name: office, open: {" + day + ": 03:00-03:01}}]\n" +
		"databases: [{name: shop, driver: sqlite, dsn: shop.db}]\ntags: [vip, refund]\nvoicemail: {dir: messages, mailboxes: [desk, support, front_desk]}\n",
		Seed: func(s *store.Store) error {
			return s.PutSeed(t.Context(), store.Seed{Customers: []ctid.Customer{{ID: "cu_mei", Name: "Mei Tan", VIP: true, Numbers: []ctid.Private{vipNumber()}}}})
		},
		Change: func(yaml string) string {
			yaml = strings.Replace(yaml, "queues:\n", "queues:\n  - {name: desk, label: Desk}\n  - {name: tellers, label: Tellers}\n", 1)
			return strings.Replace(yaml, "ivr: {", "ivr: {http_allow: [\""+shop+"\"], statements: [{name: pin_ok, file: sql/pin_ok.sql}, {name: confirm_visit, file: sql/confirm_visit.sql}], ", 1)
		}}
}

// vipNumber is the number that calls the script for VIPs.
func vipNumber() ctid.Private {
	n := slices.IndexFunc(recipes(), func(x recipe) bool { return x.file == cookbook+"vip_first.yaml" })
	return ctid.Private(e164(from(2000 + n)))
}

// shop opens the shop's database as it is now.
func (s *scripted) shop() *sqlx.DB {
	db, err := sqlx.Open("sqlite3", "file:"+filepath.Join(s.r.Dir, "shop.db"))
	if err != nil {
		s.r.T.Fatal(err)
	}
	s.r.T.Cleanup(func() { _ = db.Close() })
	return db
}
