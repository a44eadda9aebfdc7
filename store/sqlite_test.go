package store_test

import (
	"bytes"
	"context"
	"errors"

	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"
	"go.uber.org/goleak"

	"ctid"
	"ctid/store"
	"ctid/store/storetest"
)

func TestMain(m *testing.M) {
	storetest.Child()
	goleak.VerifyTestMain(m)
}

func rig(t *testing.T) storetest.Rig {
	path := filepath.Join(t.TempDir(), "ctid.db")
	return storetest.Rig{
		Config: store.Config{DSN: "sqlite:" + path},
		Full: func(t *testing.T, s *store.Store) func() {
			lift, err := s.LimitPages(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return func() {
				if err := lift(); err != nil {
					t.Fatal(err)
				}
			}
		},
		Hold: func(t *testing.T) func() { return hold(t, path) },
		Holds: func(t *testing.T, text string) bool {
			files, err := filepath.Glob(path + "*")
			if err != nil || len(files) < 2 {
				t.Fatalf("files of the database: %v %v", files, err)
			}
			for _, f := range files {
				b, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				if bytes.Contains(b, []byte(text)) {
					return true
				}
			}
			return false
		},
	}
}

// hold takes the write lock from another connection.
func hold(t *testing.T, path string) (release func()) {
	t.Helper()
	db := raw(t, path)
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(context.Background(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := conn.ExecContext(context.Background(), "ROLLBACK"); err != nil {
			t.Error(err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}

// raw opens the database beside the store.
func raw(t *testing.T, path string) *sqlx.DB {
	t.Helper()
	db, err := sqlx.Open("sqlite3", "file:"+path+"?_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestConformance(t *testing.T) { storetest.Run(t, rig) }

// TestExisting: where there is no database, none is made if so asked.
func TestExisting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.db")
	_, err := store.Open(t.Context(), store.Config{DSN: "sqlite:" + path, Existing: true})
	if !errors.Is(err, store.ErrNone) {
		t.Errorf("said %v", err)
	}
	if left, _ := filepath.Glob(path + "*"); len(left) > 0 {
		t.Errorf("left %v", left)
	}
	if s, err := open(t, path); err != nil {
		t.Error(err)
	} else if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	s, err := store.Open(t.Context(), store.Config{DSN: "sqlite:" + path, Existing: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestCrash(t *testing.T) { storetest.Crash(t, rig(t)) }

func open(t *testing.T, path string) (*store.Store, error) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{DSN: "sqlite:" + path})
	if err == nil {
		t.Cleanup(func() {
			if err := s.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	return s, err
}

// damaged makes one kind of unusable database and says what the error must tell.
var damaged = []struct {
	name string
	make func(t *testing.T, path string)
	say  string
}{
	{"no folder", func(t *testing.T, path string) { remove(t, filepath.Dir(path)) }, "can't be opened"},
	{"a folder instead of a file", func(t *testing.T, path string) { check(t, os.Mkdir(path, 0o755)) }, "can't be opened"},
	{"not a database", func(t *testing.T, path string) {
		check(t, os.WriteFile(path, bytes.Repeat([]byte("hello "), 1000), 0o600))
	}, "no SQLite database"},
	{"damaged pages", func(t *testing.T, path string) {
		make1(t, path)
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		check(t, err)
		_, err = f.WriteAt(bytes.Repeat([]byte{0xff}, 60_000), 100)
		check(t, err)
		check(t, f.Close())
	}, "damaged"},
	{"made by a newer ctid", func(t *testing.T, path string) {
		make1(t, path)
		_, err := raw(t, path).Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)")
		check(t, err)
	}, "schema version 99"},
	{"locked", func(t *testing.T, path string) {
		make1(t, path)
		db := raw(t, path)
		_, err := db.Exec("PRAGMA journal_mode=DELETE")
		check(t, err)
		release := hold(t, path)
		t.Cleanup(release)
	}, "locked by another program"},
	{"key file lost", func(t *testing.T, path string) { make1(t, path); remove(t, path+".key") }, "bring it back"},
	{"key file of another", func(t *testing.T, path string) {
		make1(t, path)
		remove(t, path+".key")
		other := filepath.Join(t.TempDir(), "o.db")
		make1(t, other)
		check(t, os.Rename(other+".key", path+".key"))
	}, "another database"},
	{"key file for all to read", func(t *testing.T, path string) { make1(t, path); check(t, os.Chmod(path+".key", 0o644)) }, "chmod 600"},
	{"key file damaged", func(t *testing.T, path string) {
		make1(t, path)
		check(t, os.WriteFile(path+".key", []byte("ctid-key-1 abc"), 0o600))
	}, "no key file"},
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) { t.Helper(); check(t, os.RemoveAll(path)) }

// make1 makes a database and closes it.
func make1(t *testing.T, path string) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{DSN: "sqlite:" + path})
	check(t, err)
	check(t, s.Close(t.Context()))
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	for _, x := range damaged {
		t.Run(x.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "sub", "ctid.db")
			check(t, os.Mkdir(filepath.Dir(path), 0o755))
			x.make(t, path)
			_, err := open(t, path)
			if err == nil || !strings.Contains(err.Error(), x.say) {
				t.Fatalf("error is %v, want %q in it", err, x.say)
			}
			if !strings.Contains(err.Error(), path) {
				t.Errorf("the error does not name the file: %v", err)
			}
		})
	}
	for _, dsn := range []string{"", "ctid.db", "sqlite:", "mysql:x", "sqlite::memory:", "sqlite:a?b=c"} {
		if _, err := store.Open(t.Context(), store.Config{DSN: dsn}); err == nil {
			t.Errorf("dsn %q was opened", dsn)
		}
	}
}

func TestFilesArePrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b%c#d.db") // a path is not a URL
	make1(t, path)
	info, err := os.Stat(path + ".key")
	check(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the key file has mode %v", info.Mode())
	}
	if info, err = os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the database is elsewhere, or open to others: %v %v", info, err)
	}
}

func TestMigrateTellsVersions(t *testing.T) {
	cfg := store.Config{DSN: "sqlite:" + filepath.Join(t.TempDir(), "ctid.db")}
	from, to, err := store.Migrate(t.Context(), cfg)
	if err != nil || from != 0 || to < 1 {
		t.Fatalf("from %d to %d: %v", from, to, err)
	}
	if again, same, err := store.Migrate(t.Context(), cfg); err != nil || again != to || same != to {
		t.Fatalf("again from %d to %d: %v", again, same, err)
	}
}

func TestBackupOpensAsDatabase(t *testing.T) {
	dir := t.TempDir()
	s, err := open(t, filepath.Join(dir, "ctid.db"))
	check(t, err)
	check(t, s.AddUser(t.Context(), store.User{Name: "ana", Roles: []ctid.Role{"agent"}}, "correct horse"))
	copied := filepath.Join(dir, "it's a copy.db")
	check(t, s.Backup(t.Context(), copied))
	if err := s.Backup(t.Context(), copied); err == nil {
		t.Error("a backup was written over another")
	}
	info, err := os.Stat(copied)
	check(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the backup has mode %v", info.Mode())
	}
	restored, err := store.Open(t.Context(), store.Config{DSN: "sqlite:" + copied, KeyFile: filepath.Join(dir, "ctid.db.key")})
	check(t, err)
	defer func() { check(t, restored.Close(context.Background())) }()
	if _, err := restored.Authenticate(t.Context(), "ana", "correct horse"); err != nil {
		t.Errorf("the backup lacks the user: %v", err)
	}
	if findings, err := restored.Verify(t.Context()); err != nil || len(findings) > 0 {
		t.Errorf("the backup is not sound: %v %v", findings, err)
	}
}

// TestAuditTampering changes the file behind the store's back, and the chain must tell.
func TestAuditTampering(t *testing.T) {
	for name, sql := range map[string]string{
		"changed":          "UPDATE audit SET who = 'eve' WHERE n = 2",
		"removed":          "DELETE FROM audit WHERE n = 2",
		"end removed":      "DELETE FROM audit WHERE n = 3",
		"all removed":      "DELETE FROM audit",
		"head moved along": "DELETE FROM audit WHERE n = 2; UPDATE audit SET n = 2, prev = (SELECT hash FROM audit WHERE n = 1) WHERE n = 3",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ctid.db")
			s, err := open(t, path)
			check(t, err)
			for range 3 {
				check(t, s.Audit(t.Context(), store.AuditRow{Who: "ana", Op: "x", Outcome: "ok"}))
			}
			db := raw(t, path)
			if _, err := db.Exec(sql); err == nil {
				t.Fatal("the schema let an audit row be changed")
			}
			_, err = db.Exec("DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete; " + sql)
			check(t, err)
			if _, err := s.VerifyAudit(t.Context()); err == nil {
				t.Error("the chain verifies")
			}
		})
	}
}

func TestHashIsRenewedAtLogin(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ctid.db")
	s, err := open(t, path)
	check(t, err)
	check(t, s.AddUser(t.Context(), store.User{Name: "ana", Roles: []ctid.Role{"agent"}}, "correct horse"))
	weak, err := s.WeakHash(t.Context(), "correct horse")
	check(t, err)
	check(t, s.Do(t.Context(), "UPDATE users SET hash = ?", weak))
	stored := func() (hash string) {
		check(t, raw(t, path).Get(&hash, "SELECT hash FROM users"))
		return hash
	}
	if _, err := s.Authenticate(t.Context(), "ana", "wrong horse"); err == nil || stored() != weak {
		t.Fatalf("a wrong password changed the hash, or was let in: %v", err)
	}
	if _, err := s.Authenticate(t.Context(), "ana", "correct horse"); err != nil {
		t.Fatal(err)
	}
	if h := stored(); !strings.Contains(h, "m=19456,t=2,p=1") {
		t.Errorf("the hash is %s", h)
	}
	if _, err := s.Authenticate(t.Context(), "ana", "correct horse"); err != nil {
		t.Errorf("the renewed hash does not work: %v", err)
	}
}

// TestDamagedTextStopsNothing: one sealed row is damaged; all is read, it is named, and Verify finds it.
func TestDamagedTextStopsNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ctid.db")
	s, err := open(t, path)
	check(t, err)
	for i, id := range []ctid.CallID{"c_1", "c_2"} {
		done := make(chan error, 1)
		s.Append(ctid.LogEntry{Seq: uint64(i + 1), Kind: "call.arrived", Subject: string(id), Body: ctid.CallArrived{},
			Record: &ctid.CallRecord{ID: id, Notes: "hello"}, Done: func(err error) { done <- err }})
		check(t, <-done)
	}
	_, err = raw(t, path).Exec("UPDATE personal SET sealed = (SELECT sealed FROM personal WHERE id = 2) WHERE id = 1") // another row's
	check(t, err)
	list, err := s.OpenRecords(t.Context())
	if err != nil || len(list) != 2 || list[0].Notes != store.Unreadable || list[1].Notes != "hello" {
		t.Errorf("open records: %+v, %v", list, err)
	}
	if findings, err := s.Verify(t.Context()); err != nil || !strings.Contains(strings.Join(findings, "\n"), "call/c_1 don't open") {
		t.Errorf("findings: %q, %v", findings, err)
	}
}

func TestPragmas(t *testing.T) {
	s, err := open(t, filepath.Join(t.TempDir(), "ctid.db"))
	check(t, err)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "secure_delete": "1", "foreign_keys": "1", "busy_timeout": "5000"} {
		got, err := s.WriterPragma(t.Context(), pragma)
		if err != nil || got != want {
			t.Errorf("%s is %s, want %s (%v)", pragma, got, want, err)
		}
	}
	if err := s.WriteByReader(t.Context()); err == nil {
		t.Error("the read pool can write")
	}
}

// TestOneSealKeyOverProcesses: another process erases a person between two rows of his; the second gets a new key.
func TestOneSealKeyOverProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ctid.db")
	one, err := open(t, path)
	check(t, err)
	two, err := open(t, path)
	check(t, err)
	ctx := t.Context()
	audit := func() {
		check(t, one.Audit(ctx, store.AuditRow{Who: "ana", Op: "x", Person: "cu_1", Detail: ctid.Private("hello")}))
	}
	audit()
	check(t, two.Erase(ctx, "cu_1"))
	audit()
	var dead int
	check(t, raw(t, path).Get(&dead, "SELECT count(*) FROM personal p WHERE NOT EXISTS (SELECT 1 FROM person_keys k WHERE k.id = p.key_id)"))
	if dead != 1 {
		t.Errorf("%d texts are without a key, want only the erased one", dead)
	}
	if n, err := one.VerifyAudit(ctx); err != nil || n != 2 {
		t.Errorf("the chain: %d %v", n, err)
	}
}

// TestIndexesAreUsed: the look-ups of a live call and an erasure never walk a whole table.
func TestIndexesAreUsed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ctid.db")
	make1(t, path)
	for _, q := range []string{
		"SELECT id FROM calls r WHERE r.customer = ? AND r.customer <> ''",
		"SELECT id FROM calls r WHERE r.ani = ? AND r.ani <> ''",
		"SELECT id FROM calls r WHERE r.end_side IS NULL ORDER BY r.arrived_us, r.id",
		"SELECT customer FROM customer_numbers WHERE e164 = ?",
		"SELECT id FROM customers c WHERE c.account = ? AND c.account <> ''",
		"SELECT call FROM interactions r WHERE r.customer = ? AND r.customer <> '' ORDER BY r.at_us DESC",
		"SELECT id FROM outbox WHERE state IN ('due', 'claimed') AND due_us <= ? ORDER BY due_us, id LIMIT 1",
		"SELECT seq FROM log r WHERE r.subject = ? ORDER BY r.seq",
	} {
		var plan []struct {
			ID, Parent, NotUsed int
			Detail              string
		}
		check(t, raw(t, path).Select(&plan, "EXPLAIN QUERY PLAN "+q, "x"))
		for _, p := range plan {
			if strings.HasPrefix(p.Detail, "SCAN") && !strings.Contains(p.Detail, "INDEX") {
				t.Errorf("%s: %s", q, p.Detail)
			}
		}
	}
}
