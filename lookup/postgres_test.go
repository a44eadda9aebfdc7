package lookup

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"ctid/lookup/pgtest"
)

const pgBank = `create table accounts (number text, balance numeric(12,2), vip boolean, big bigint, small integer, since timestamptz, born date, id uuid, tags text[], doc jsonb, note text);
insert into accounts values ('1234567897', 1024.5, true, 9007199254740993, 7, '2026-03-02 10:15:00+00', '1980-05-17', '11111111-2222-3333-4444-555555555555', '{a,b}', '{"a": 1}', null), ('2', 0, false, 0, 0, null, null, null, null, null, 'x')`

func open(t *testing.T, dsn string) *Databases {
	t.Helper()
	d, err := Open([]Database{{Name: "bank", Driver: "postgres", DSN: dsn}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// TestPostgres: scripts ask a PostgreSQL server as they ask a SQLite file.
func TestPostgres(t *testing.T) {
	s := pgtest.New(t)
	s.Exec(pgBank)
	d := open(t, s.DSN(s.Password))
	t.Run("types", func(t *testing.T) {
		got, err := d.Ask(within(t, 20*time.Second), Query{DB: "bank", SQL: "select * from accounts where number = :account -- :no", With: []Field{{"account", "1234567897"}}}, nil)
		if err != nil || len(got.List) != 1 {
			t.Fatal(got, err)
		}
		row := got.List[0]
		for column, want := range map[string]any{"number": "1234567897", "balance": 1024.5, "vip": true, "big": "9007199254740993", "small": 7.0, "since": "2026-03-02T10:15:00Z",
			"born": "1980-05-17", "id": "11111111-2222-3333-4444-555555555555", "note": nil} {
			if !reflect.DeepEqual(row[column], want) {
				t.Errorf("%s is %T %v, want %T %v", column, row[column], row[column], want, want)
			}
		}
	})
	t.Run("values are bound", func(t *testing.T) {
		for _, evil := range []string{"' or '1'='1", "1; drop table accounts", "1234567897' --", ":account", "$1", `\'; --`} {
			got, err := d.Ask(within(t, 20*time.Second), Query{DB: "bank", SQL: "select * from accounts where number = :account", With: []Field{{"account", evil}}}, nil)
			if err != nil || len(got.List) != 0 {
				t.Errorf("%q: %v %v", evil, got, err)
			}
		}
		got, err := d.Ask(within(t, 20*time.Second), Query{DB: "bank", SQL: "select number::text as n from accounts where vip = :vip and small >= :least", With: []Field{{"vip", true}, {"least", 7.0}}}, nil)
		if err != nil || len(got.List) != 1 || got.List[0]["n"] != "1234567897" {
			t.Errorf("a cast, a truth and a number: %v %v", got, err)
		}
	})
	t.Run("scripts only read", func(t *testing.T) { pgReads(t, s, d) })
	t.Run("statements write", func(t *testing.T) { pgWrites(t, s, d) })
	t.Run("a long one is given up", func(t *testing.T) { pgLong(t, s, d) })
	t.Run("bounds", func(t *testing.T) {
		for most, want := range map[int]int{0: 20, 3: 3, 5000: MaxRows} {
			if got, err := d.Ask(within(t, 20*time.Second), Query{DB: "bank", SQL: "select i from generate_series(1, 1000) i", MaxRows: most}, nil); err != nil || len(got.List) != want {
				t.Errorf("%d: %d rows, %v", most, len(got.List), err)
			}
		}
		if _, err := d.Ask(within(t, 20*time.Second), Query{DB: "bank", SQL: "select repeat('x', 100000) as x"}, nil); CodeOf(err, "") != "query.too_large" {
			t.Error(err)
		}
	})
	t.Run("errors tell no value", func(t *testing.T) { pgErrors(t, s, d) })
}

func pgReads(t *testing.T, s *pgtest.Server, d *Databases) {
	for _, q := range []string{"delete from accounts", "with x as (delete from accounts returning 1) select * from x", "select 1; delete from accounts", "drop table accounts",
		"select * from accounts for update", "select setval('nosuch', 1)", "copy accounts to '/tmp/x'", "set default_transaction_read_only = off", "begin",
		"select set_config('transaction_read_only', 'off', true) || (with x as (delete from accounts returning 1) select count(*) from x)::text"} {
		if _, err := d.Ask(within(t, 20*time.Second), Query{DB: "bank", SQL: q}, nil); CodeOf(err, "") != "query.failed" {
			t.Errorf("%s: %v", q, err)
		}
	}
	// What the reader takes for a SELECT still meets a session that may not write.
	st := statement(t, "select 1")
	st.SQL.pieces[0] = "delete from accounts"
	if _, err := d.Ask(within(t, 20*time.Second), Query{DB: "bank"}, st); CodeOf(err, "") != "query.failed" {
		t.Error(err)
	}
	if n := s.Number("select count(*) from accounts"); n != 2 {
		t.Errorf("%d accounts", n)
	}
}

func pgWrites(t *testing.T, s *pgtest.Server, d *Databases) {
	st := statement(t, "update accounts set balance = balance + :by where number = :n and :by > 0")
	for number, changed := range map[string]int64{"2": 1, "nobody": 0} {
		got, err := d.Ask(within(t, 20*time.Second), Query{DB: "bank", With: []Field{{"n", number}, {"by", 5.0}}}, st)
		if err != nil || got.Changed != changed {
			t.Errorf("%s: %v %v", number, got, err)
		}
	}
	got, err := d.Ask(within(t, 20*time.Second), Query{DB: "bank", With: []Field{{"n", "2"}}}, statement(t, "delete from accounts where number = :n returning balance"))
	if err != nil || got.Changed != 1 || got.List[0]["balance"] != 5.0 {
		t.Errorf("%v %v", got, err)
	}
	if n := s.Number("select count(*) from accounts"); n != 1 {
		t.Errorf("%d accounts", n)
	}
	s.Exec("insert into accounts (number) values ('2')")
}

// pgLong: whoever gives up has the server give up too, and a lock that others hold does not hold a call.
func pgLong(t *testing.T, s *pgtest.Server, d *Databases) {
	for _, st := range []*Statement{nil, statement(t, "update accounts set note = pg_sleep(300)::text")} {
		began := time.Now()
		_, err := d.Ask(within(t, 300*time.Millisecond), Query{DB: "bank", SQL: "select pg_sleep(300)"}, st)
		if took := time.Since(began); CodeOf(err, "") != "query.timeout" || took > 10*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
	}
	deadline := time.After(20 * time.Second)
	for tick := time.NewTicker(50 * time.Millisecond); s.Number("select count(*) from pg_stat_activity where state = 'active' and query like '%pg_sleep%' and pid <> pg_backend_pid()") > 0; {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the server goes on with what nobody waits for")
		}
	}
	if got, err := d.Ask(within(t, 20*time.Second), Query{DB: "bank", SQL: "select count(*) as n from accounts"}, nil); err != nil || got.List[0]["n"] != 2.0 {
		t.Errorf("%v %v", got, err)
	}
}

func pgErrors(t *testing.T, s *pgtest.Server, d *Databases) {
	s.Exec("create table pins (pin text unique); insert into pins values ('9876')")
	_, err := d.Ask(within(t, 20*time.Second), Query{DB: "bank", With: []Field{{"pin", "9876"}}}, statement(t, "insert into pins values (:pin)"))
	if err == nil || strings.Contains(fmt.Sprint(err), "9876") || !strings.Contains(err.Error(), "23505") {
		t.Error(err)
	}
	_, err = d.Ask(within(t, 20*time.Second), Query{DB: "bank", SQL: "select :pin::integer", With: []Field{{"pin", "98x76"}}}, nil)
	if err == nil || strings.Contains(err.Error(), "98x76") {
		t.Error(err)
	}
}

// TestPostgresLost: a server that refuses, or is gone, fails the question and not the daemon; when it is back it is asked again.
func TestPostgresLost(t *testing.T) {
	s := pgtest.New(t)
	refused := open(t, s.DSN("wrong-password"))
	if _, err := refused.Ask(within(t, 20*time.Second), Query{DB: "bank", SQL: "select 1"}, nil); CodeOf(err, "") != "query.failed" || strings.Contains(err.Error(), "wrong-password") {
		t.Error(err)
	}
	d := open(t, s.DSN(s.Password))
	ask := func() error {
		_, err := d.Ask(within(t, 20*time.Second), Query{DB: "bank", SQL: "select 1"}, nil)
		return err
	}
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	s.Stop()
	for range 3 {
		if err := ask(); CodeOf(err, "") != "query.failed" || strings.Contains(err.Error(), s.Password) {
			t.Error(err)
		}
	}
	s.Start()
	for range 6 { // more than there are connections that have died
		if err := ask(); err != nil {
			t.Error(err)
		}
	}
}
