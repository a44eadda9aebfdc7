package systemtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"ctid/ari/aritest"
	"ctid/pbxtest/phonetest"
)

// says fails the test if any of the parts is missing in text.
func says(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is not in: %s", p, text)
		}
	}
}

// awaitLog waits until the program has said each of the parts.
func awaitLog(r *Rig, parts ...string) {
	r.T.Helper()
	for _, p := range parts {
		r.Eventually("log", func() error {
			if !strings.Contains(r.Log(), p) {
				return fmt.Errorf("%q is not in the log:\n%s", p, r.Log())
			}
			return nil
		})
	}
}

// awaitReadyz waits until /readyz has the status and each of the parts.
func awaitReadyz(r *Rig, status int, parts ...string) {
	r.T.Helper()
	r.Eventually("readyz", func() error {
		code, body := r.Get(r.Web + "/readyz")
		if code != status {
			return fmt.Errorf("%d %s", code, body)
		}
		for _, p := range parts {
			if !strings.Contains(body, p) {
				return fmt.Errorf("%q is not in %s", p, body)
			}
		}
		return nil
	})
}

// awaitMetric waits until a figure has the value.
func awaitMetric(r *Rig, name string, want float64) {
	r.T.Helper()
	r.Eventually(name, func() error {
		if got := r.Metric(name); got != want {
			return fmt.Errorf("%v, want %v", got, want)
		}
		return nil
	})
}

// with replaces texts in ctid.yaml: old, new, old, new …
func with(pairs ...string) func(string) string {
	return func(yaml string) string {
		for i := 0; i < len(pairs); i += 2 {
			if !strings.Contains(yaml, pairs[i]) {
				panic("nothing to replace: " + pairs[i])
			}
			yaml = strings.Replace(yaml, pairs[i], pairs[i+1], 1)
		}
		return yaml
	}
}

// An Asterisk that can't be used says why and what to do; the others serve calls all the same.
func TestRealBadNodes(t *testing.T) {
	old := aritest.New(aritest.Options{Version: "13.38.0"})
	defer old.Close()
	web := httptest.NewServer(old)
	defer web.Close()
	absent := newDoor(t, asterisk.HTTPAddr())
	secret := t.TempDir()
	node := func(name, url, user, password, more string) string {
		file := filepath.Join(secret, name)
		if err := os.WriteFile(file, []byte(password), 0o600); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("    - {name: %s, url: \"%s\", user: %s, password_file: %s%s}\n", name, url, user, file, more)
	}
	real := "http://" + asterisk.HTTPAddr()
	nodes := node("locked", real, asterisk.ARIUser(), "not the password", ", app: locked") + node("readonly", real, reader, readerPassword, ", app: reads") +
		node("old", web.URL, "ctid", "secret", "") + node("absent", "http://"+absent.addr, asterisk.ARIUser(), asterisk.ARIPassword(), ", app: later")
	r := Prepare(t, Options{Bin: program, PBX: asterisk, Desk: "none", Script: QueueOnly, Change: with("store:", nodes+"store:")})
	r.Begin()
	awaitReadyz(r, 503, "asterisk locked: refused: ", "asterisk readonly: refused: ", "read_only=no", "asterisk old: refused: this is Asterisk 13.38.0",
		"asterisk absent: down: ", "connection refused")
	_, body := r.Get(r.Web + "/readyz")
	if strings.Contains(body, "asterisk pbx") {
		t.Errorf("the good node is named: %s", body)
	}
	awaitLog(r, "compare asterisk.nodes[].user and its password with ari.conf", "restart ctid", "Asterisk 16 is the oldest that works", "no connection to Asterisk")
	says(t, body, "is Asterisk running")
	if code, _ := r.Get(r.Web + "/healthz"); code != 200 {
		t.Errorf("healthz: %d", code)
	}
	if strings.Contains(r.Log()+body, "not the password") || strings.Contains(r.Log(), readerPassword) {
		t.Error("a password is in the log")
	}
	for _, n := range []string{"locked", "readonly", "old"} { // asked once, then left alone
		if c := strings.Count(r.Log(), `"asterisk refused" node=`+n); c != 1 {
			t.Errorf("the refusal of %s was logged %d times", n, c)
		}
	}
	phone := r.Phone("1001")
	awaitMetric(r, `ctid_agent_state{state="ready"}`, 1)
	talk(t, r, phone, Number)
	absent.open()
	awaitMetric(r, `ctid_ari_connected{node="absent"}`, 1)
	awaitReadyz(r, 503, "locked", "readonly", "old")
	if _, body := r.Get(r.Web + "/readyz"); strings.Contains(body, "absent") {
		t.Errorf("absent is there: %s", body)
	}
	r.Clean()
}

// talk calls a number, is answered by the phone, hears it, hangs up.
func talk(t *testing.T, r *Rig, phone *phonetest.Phone, number string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	call, err := r.Caller().Call(ctx, number, phonetest.CallOptions{From: "02079460018"})
	if err != nil {
		t.Fatal(err)
	}
	ring, err := phone.AwaitCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(ring.AwaitAnswer(ctx), ring.AwaitAudio(ctx, 100*time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	awaitMetric(r, `ctid_agent_state{state="talking"}`, 1)
	if err := call.Hangup(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := ring.AwaitEnd(ctx); err != nil {
		t.Fatal(err)
	}
}

// refused runs a command that must end with the status, say the parts and leave no connection at the door.
func refused(t *testing.T, r *Rig, status int, args []string, parts ...string) {
	t.Helper()
	out, got := r.Run("", args...)
	if got != status {
		t.Errorf("%v: status %d, want %d: %s", args, got, status, out)
	}
	says(t, out, parts...)
	if strings.Contains(out, "panic") || strings.Contains(out, "goroutine ") {
		t.Errorf("%v: %s", args, out)
	}
}

var serveIt = []string{"serve", "-c", "ctid.yaml"}

// A port that is taken ends the start, before any Asterisk is asked anything.
func TestTakenPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // over
	taken := l.Addr().String()
	for _, key := range []string{"web", "media", "metrics"} {
		t.Run(key, func(t *testing.T) {
			d := newDoor(t, asterisk.HTTPAddr())
			d.open()
			r := Prepare(t, Options{Bin: program, PBX: asterisk, Change: with(key+`: "127.0.0.1:0"`, key+`: "`+taken+`"`, asterisk.HTTPAddr(), d.addr)})
			refused(t, r, 1, serveIt, "listen."+key, taken, "ss -ltnp", "another port")
			if n, _ := d.count(); n != 0 {
				t.Errorf("%d connections to the asterisk", n)
			}
			if left, err := filepath.Glob(filepath.Join(r.Dir, "ctid.db-*")); err != nil || len(left) > 0 {
				t.Errorf("the database was not closed: %v %v", left, err)
			}
			if out, status := r.Run("", "db", "verify", "-c", "ctid.yaml"); status != 0 {
				t.Errorf("verify: %d %s", status, out)
			}
		})
	}
}

// A database that can't be used ends the start with what to do, and stays as it was.
func TestBadDatabase(t *testing.T) {
	prepare := func(t *testing.T, r *Rig, spoil func(db, key string) error) {
		t.Helper()
		if out, status := r.Run("", "db", "migrate", "-c", "ctid.yaml"); status != 0 {
			t.Fatal(out)
		}
		if _, status := r.Run("", "user", "list", "-c", "ctid.yaml"); status != 0 { // makes the key
			t.Fatal("no key")
		}
		if err := spoil(filepath.Join(r.Dir, "ctid.db"), filepath.Join(r.Dir, "ctid.key")); err != nil {
			t.Fatal(err)
		}
	}
	other := Prepare(t, Options{Bin: program, PBX: asterisk})
	prepare(t, other, func(string, string) error { return nil })
	for _, tt := range []struct {
		name  string
		spoil func(db, key string) error
		say   []string
	}{
		{"a folder", func(db, _ string) error { return errors.Join(os.Remove(db), os.Mkdir(db, 0o700)) }, []string{"ctid.db", "can't be opened", "store.dsn"}},
		{"a text", func(db, _ string) error { return os.WriteFile(db, []byte(strings.Repeat("no database\n", 500)), 0o600) },
			[]string{"ctid.db", "no SQLite database", "store.dsn"}},
		{"of a newer ctid", func(db, _ string) error {
			c, err := sql.Open("sqlite3", db)
			if err != nil {
				return err
			}
			_, err = c.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)")
			return errors.Join(err, c.Close())
		}, []string{"schema version 99", "newer ctid", "backup", "ctid.db"}},
		{"without its key", func(_, key string) error { return os.Remove(key) }, []string{"ctid.key", "is missing", "backup"}},
		{"with another's key", func(_, key string) error { return os.Rename(filepath.Join(other.Dir, "ctid.key"), key) },
			[]string{"ctid.key", "another database", "store.key_file"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDoor(t, asterisk.HTTPAddr())
			d.open()
			r := Prepare(t, Options{Bin: program, PBX: asterisk, Change: with(asterisk.HTTPAddr(), d.addr)})
			prepare(t, r, tt.spoil)
			_, keyErr := os.Stat(filepath.Join(r.Dir, "ctid.key"))
			refused(t, r, 1, serveIt, tt.say...)
			if n, _ := d.count(); n != 0 {
				t.Errorf("%d connections to the asterisk", n)
			}
			if _, err := os.Stat(filepath.Join(r.Dir, "ctid.key")); (err == nil) != (keyErr == nil) {
				t.Errorf("the key file: before %v, after %v", keyErr, err)
			}
		})
	}
}

// A second ctid on the same database is turned away; the first does not notice.
func TestRealSecondOnDatabase(t *testing.T) {
	r := Start(t, Options{Bin: program, PBX: asterisk, Desk: "none"})
	refused(t, r, 1, serveIt, "another ctid", "ctid.db", "stop it first")
	if code, body := r.Get(r.Web + "/readyz"); code != 200 {
		t.Errorf("readyz of the first: %d %s", code, body)
	}
}

// Mistakes in the files are told with their place, by check and by serve.
func TestBadFiles(t *testing.T) {
	place := regexp.MustCompile(`\.yaml:\d+:\d+: `)
	for _, tt := range []struct {
		name string
		opt  Options
		say  []string
	}{
		{"unknown key", Options{Config: "queue: []\n"}, []string{"ctid.yaml:", "CFG006", "queue", "queues"}},
		{"dangling target", Options{Script: "version: 1\nnodes:\n  line:\n    queue: {name: sales, at_most: 1m}\n    then: {otherwise: nowhere}\n"},
			[]string{"main.yaml:5:", "nowhere"}},
		{"unknown queue", Options{Script: "version: 1\nnodes:\n  line:\n    queue: {name: sale, at_most: 1m}\n    then: {otherwise: hangup}\n"},
			[]string{"main.yaml:4:", "sale", "sales"}},
		{"no yaml", Options{Change: with("site: test", "site: [test")}, []string{"ctid.yaml:", "CFG002"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.opt.Bin, tt.opt.PBX = program, asterisk
			r := Prepare(t, tt.opt)
			for _, args := range [][]string{{"check", "-c", "ctid.yaml"}, serveIt} {
				out, status := r.Run("", args...)
				if status != 1 || !place.MatchString(out) {
					t.Errorf("%v: status %d: %s", args, status, out)
				}
				says(t, out, tt.say...)
			}
			if _, err := os.Stat(filepath.Join(r.Dir, "ctid.db")); err == nil {
				t.Error("a database was made")
			}
		})
	}
}

func TestWrongUsage(t *testing.T) {
	r := Prepare(t, Options{Bin: program, PBX: asterisk})
	for _, tt := range []struct{ args, say string }{
		{"serv", "serv"}, {"serve now", "takes no arguments"}, {"serve --lod-level debug", "lod-level"}, {"check x", "takes no arguments"},
		{"user add", "takes one name"}, {"user", "ctid user"}, {"user ad ana", "ad"}, {"db nothing", "nothing"}, {"pbx nothing", "nothing"},
		{"serve -c", "-c"}, {"user add ana --role king --agent a1001 -c ctid.yaml", "king"},
	} {
		refused(t, r, 2, strings.Fields(tt.args), tt.say)
	}
	refused(t, r, 1, []string{"serve", "-c", "nofile.yaml"}, "nofile.yaml", "CFG001")
}
