package lookup

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// bank is a database in a file with two accounts, and the Databases that may ask it as "bank".
func bank(t *testing.T) (*Databases, *sql.DB) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "bank of 100%?.db")
	db, err := drivers["sqlite"].open(file, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	raw, err := sql.Open(sqliteName, fileURL(file, nil)+"?mode=rwc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = raw.Close() })
	if _, err := raw.Exec(`create table accounts (number text, balance real, vip boolean, big integer, small integer, since timestamp, note text);
		insert into accounts values ('1234567897', 1024.5, 1, 9007199254740993, 7, '2026-03-02 10:15:00', null), ('2', 0, 0, 0, 0, null, 'x')`); err != nil {
		t.Fatal(err)
	}
	d, err := Open([]Database{{Name: "bank", Driver: "sqlite", DSN: file}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d, raw
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func statement(t *testing.T, text string) *Statement {
	t.Helper()
	q, err := ReadSQL(text)
	if err != nil {
		t.Fatal(err)
	}
	return &Statement{Name: "s", DB: "bank", SQL: q}
}

func TestRowsHaveTheTypesOfScripts(t *testing.T) {
	d, _ := bank(t)
	got, err := d.Ask(within(t, 5*time.Second), Query{DB: "bank", SQL: "select * from accounts where number = :account -- :no",
		With: []Field{{"account", "1234567897"}}}, nil)
	want := []map[string]any{{"number": "1234567897", "balance": 1024.5, "vip": true, "big": "9007199254740993", "small": 7.0,
		"since": "2026-03-02T10:15:00Z", "note": nil}}
	if err != nil || !reflect.DeepEqual(got.List, want) {
		t.Errorf("%v %v", got, err)
	}
}

// A value is bound, whatever stands in it.
func TestValuesAreNeverPartOfTheStatement(t *testing.T) {
	d, raw := bank(t)
	for _, evil := range []string{"' or '1'='1", "1; drop table accounts", "1234567897' --", ":account", "?"} {
		got, err := d.Ask(within(t, 5*time.Second), Query{DB: "bank", SQL: "select * from accounts where number = :account", With: []Field{{"account", evil}}}, nil)
		if err != nil || len(got.List) != 0 {
			t.Errorf("%q: %v %v", evil, got, err)
		}
	}
	var n int
	if err := raw.QueryRow("select count(*) from accounts").Scan(&n); err != nil || n != 2 {
		t.Errorf("%d accounts, %v", n, err)
	}
}

func TestScriptsOnlyRead(t *testing.T) {
	d, raw := bank(t)
	for _, s := range []string{"delete from accounts", "with x as (select 1) delete from accounts", "update accounts set balance = 1",
		"drop table accounts", "pragma writable_schema = 1", "attach 'x' as y", "select 1; delete from accounts", "replace into accounts (number) values (1)",
		"/* select */ delete from accounts", "vacuum", "begin", "select load_extension('x')", "with a as (select 1) replace into accounts (number) select 1"} {
		if _, err := d.Ask(within(t, 5*time.Second), Query{DB: "bank", SQL: s}, nil); CodeOf(err, "") != "query.failed" {
			t.Errorf("%s: %v", s, err)
		}
	}
	// What the reader takes for a SELECT still finds a file that it cannot write.
	st := statement(t, "select 1")
	st.SQL.pieces[0] = "delete from accounts"
	if _, err := d.Ask(within(t, 5*time.Second), Query{DB: "bank"}, st); CodeOf(err, "") != "query.failed" {
		t.Error(err)
	}
	var n int
	if err := raw.QueryRow("select count(*) from accounts").Scan(&n); err != nil || n != 2 {
		t.Errorf("%d accounts, %v", n, err)
	}
}

func TestStatementsWrite(t *testing.T) {
	d, raw := bank(t)
	st := statement(t, "update accounts set balance = balance + :by where number = :n and :by > 0")
	for _, c := range []struct {
		number  string
		changed int64
	}{{"2", 1}, {"nobody", 0}} {
		got, err := d.Ask(within(t, 5*time.Second), Query{DB: "bank", With: []Field{{"n", c.number}, {"by", 5.0}}}, st)
		if err != nil || got.Changed != c.changed {
			t.Errorf("%v: %v %v", c, got, err)
		}
	}
	got, err := d.Ask(within(t, 5*time.Second), Query{DB: "bank", With: []Field{{"n", "2"}}}, statement(t, "delete from accounts where number = :n returning balance"))
	if err != nil || got.Changed != 1 || got.List[0]["balance"] != 5.0 {
		t.Errorf("%v %v", got, err)
	}
	var n int
	if err := raw.QueryRow("select count(*) from accounts").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d accounts, %v", n, err)
	}
}

const endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"

// A statement that would run for ever is interrupted, and the database can be asked again.
func TestALongStatementIsInterrupted(t *testing.T) {
	d, _ := bank(t)
	for _, st := range []*Statement{nil, statement(t, "insert into accounts (number) "+endless), statement(t, "insert into accounts (number) select 'x' from ("+endless+") returning number")} {
		began := time.Now()
		_, err := d.Ask(within(t, 100*time.Millisecond), Query{DB: "bank", SQL: endless}, st)
		if took := time.Since(began); CodeOf(err, "") != "query.timeout" || took > 3*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
	}
	if got, err := d.Ask(within(t, 5*time.Second), Query{DB: "bank", SQL: "select count(*) as n from accounts"}, nil); err != nil || got.List[0]["n"] != 2.0 {
		t.Errorf("%v %v", got, err)
	}
}

func TestALockedDatabase(t *testing.T) {
	d, raw := bank(t)
	conn, err := raw.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // the database is closed behind it
	if _, err := conn.ExecContext(t.Context(), "begin exclusive"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, err = d.Ask(within(t, 200*time.Millisecond), Query{DB: "bank", With: []Field{{"n", "2"}}}, statement(t, "delete from accounts where number = :n"))
	if took := time.Since(began); CodeOf(err, "") != "query.timeout" && CodeOf(err, "") != "query.busy" || took > 3*time.Second {
		t.Errorf("after %v: %v", took, err)
	}
	if _, err := conn.ExecContext(t.Context(), "rollback"); err != nil {
		t.Fatal(err)
	}
	if got, err := d.Ask(within(t, 5*time.Second), Query{DB: "bank", With: []Field{{"n", "2"}}}, statement(t, "delete from accounts where number = :n")); err != nil || got.Changed != 1 {
		t.Errorf("%v %v", got, err)
	}
}

func TestBoundsOfAnAnswer(t *testing.T) {
	d, _ := bank(t)
	many := "with recursive n(i) as (select 1 union all select i + 1 from n limit 1000) select i from n"
	for most, want := range map[int]int{0: 20, 3: 3, 200: 200, 5000: MaxRows} {
		if got, err := d.Ask(within(t, 5*time.Second), Query{DB: "bank", SQL: many, MaxRows: most}, nil); err != nil || len(got.List) != want {
			t.Errorf("%d: %d rows, %v", most, len(got.List), err)
		}
	}
	for _, s := range []string{"select hex(zeroblob(10000)) as x", "select zeroblob(2000000000) as x", "select hex(zeroblob(400000)) as x",
		"with recursive n(i) as (select 1 union all select i + 1 from n limit 20) select hex(zeroblob(4000)) as x from n",
		"select " + strings.Repeat("1,", 100) + "1"} {
		if _, err := d.Ask(within(t, 5*time.Second), Query{DB: "bank", SQL: s}, nil); CodeOf(err, "") != "query.too_large" {
			t.Errorf("%.60s: %v", s, err)
		}
	}
}

func TestErrorsTellNoValue(t *testing.T) {
	d, raw := bank(t)
	if _, err := raw.Exec("create trigger tell before delete on accounts begin select raise(abort, 'the pin 9876 is wrong'); end"); err != nil {
		t.Fatal(err)
	}
	_, err := d.Ask(within(t, 5*time.Second), Query{DB: "bank", With: []Field{{"pin", "9876"}}}, statement(t, "delete from accounts where :pin = '9876'"))
	if err == nil || strings.Contains(err.Error(), "9876") || !strings.Contains(err.Error(), "[hidden]") {
		t.Error(err)
	}
	for _, q := range []Query{{DB: "bank", SQL: "select :a"}, {DB: "bank", SQL: "select 1", With: []Field{{"a", 1.0}}}, {DB: "none", SQL: "select 1"}, {DB: "bank", SQL: "select x from nosuch"}} {
		if _, err := d.Ask(within(t, 5*time.Second), q, nil); CodeOf(err, "") != "query.failed" {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

func TestReadSQL(t *testing.T) {
	for in, want := range map[string]SQL{
		"select 1":                            {},
		"select :a, :b, :a":                   {Params: []string{"a", "b"}},
		"select ':a', \":b\", x::text /*:c*/": {},
		"SELECT a from t where b = :b;":       {Params: []string{"b"}},
		"values (1)":                          {},
		"with x as (select replace(a, 1, 2) from t) select * from x": {},
		"with x as (delete from t returning a) select * from x":      {Write: true, returning: true},
		"insert into t values (:a) returning id":                     {Params: []string{"a"}, Write: true, returning: true},
		"-- a comment\nupdate t set a = :a":                          {Params: []string{"a"}, Write: true},
		"select a->>':x' from t where b >= :größe":                   {Params: []string{"größe"}},
	} {
		got, err := ReadSQL(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		got.pieces, got.uses = nil, nil
		if !reflect.DeepEqual(*got, want) {
			t.Errorf("%s: %+v, want %+v", in, *got, want)
		}
	}
	for _, in := range []string{"", ";", "-- nothing", "select 'a", "select /* a", "select 1; select 2", "select 1; 'x'", "select $1", "select ?", "select E'\\''", "select $$a$$", strings.Repeat("x", maxSQL+1)} {
		if got, err := ReadSQL(in); err == nil {
			t.Errorf("%.40q was read as %+v", in, got)
		}
	}
}

// Whatever a script has for a statement, reading it ends, and what is bound has as many values as places.
func FuzzReadSQL(f *testing.F) {
	for _, s := range []string{"select :a", "select '':a", "with a as (select 1) select :b;", "/*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := ReadSQL(s)
		if err != nil {
			return
		}
		if len(q.pieces) != len(q.uses)+1 {
			t.Fatalf("%d pieces, %d uses", len(q.pieces), len(q.uses))
		}
		var with []Field
		for _, p := range q.Params {
			with = append(with, Field{p, "v"})
		}
		if _, args, err := q.bind(with, false); err != nil || len(args) != len(q.uses) {
			t.Fatalf("%d values for %d places: %v", len(args), len(q.uses), err)
		}
	})
}

func TestOpenRefusesWhatItCannotAsk(t *testing.T) {
	if _, err := Open([]Database{{Name: "x", Driver: "oracle"}}); err == nil {
		t.Error("oracle was opened")
	}
	_, err := Open([]Database{{Name: "x", Driver: "postgres", DSN: "postgres://ctid:swordfish@[::bad/x"}})
	if err == nil || strings.Contains(err.Error(), "swordfish") {
		t.Error(err)
	}
	var own *Error
	if errors.As(err, &own) {
		t.Error("an error of the configuration has a script's code")
	}
}
