package systemtest

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3" // to lock the database from outside

	"ctid"
	"ctid/pbxtest/phonetest"
)

// dbFault is one thing that befalls a database, and how it ends.
type dbFault struct {
	name   string
	says   string // in /readyz
	begin  func(t *testing.T, r *Rig) (end func())
	caller int // number of its first caller
}

func signalled(t *testing.T, r *Rig) (end func()) {
	t.Helper()
	send := func() {
		if err := syscall.Kill(r.PID, syscall.SIGUSR2); err != nil {
			t.Fatal(err)
		}
	}
	send()
	awaitLog(r, "the disk is full, or no more")
	return send
}

func locked(t *testing.T, r *Rig) (end func()) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(r.Dir, "ctid.db")+"?_txlock=immediate&_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	tx, err := db.BeginTx(context.WithoutCancel(t.Context()), nil)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := errors.Join(tx.Rollback(), db.Close()); err != nil {
			t.Error(err)
		}
	}
}

func movedAway(t *testing.T, r *Rig) (end func()) {
	t.Helper()
	path := filepath.Join(r.Dir, "ctid.db")
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Rename(path+".away", path); err != nil {
			t.Error(err)
		}
	}
}

// The database fails while people talk: the conversation goes on and its desktop works, what is done says that it is
// unsaved, new callers go to the fallback, and when the database is back everything is in it.
func TestRealDatabaseFaults(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	r := Start(t, Options{Bin: program, PBX: asterisk, Desk: "optional", Agents: 2, Script: QueueOnly})
	phone := r.Phone("1001")
	phone.SetPolicy(phonetest.AnswerAfter(0))
	talks, other := r.Desk("1001"), r.Desk("1002")
	talks.Ready()
	for i, f := range []dbFault{
		{name: "full", says: "the disk is full", begin: signalled, caller: 700},
		{name: "locked", says: "database", begin: locked, caller: 720},
		{name: "gone", says: "is gone", begin: movedAway, caller: 740},
	} {
		t.Run(f.name, func(t *testing.T) { f.run(ctx, t, r, [2]*Desk{talks, other}) })
		if t.Failed() {
			break
		}
		r.Clean()
		if list := r.Records(); len(list) != i+1 {
			t.Errorf("%d records of %d calls that were taken in", len(list), i+1)
		}
	}
}

func (f dbFault) run(ctx context.Context, t *testing.T, r *Rig, desks [2]*Desk) {
	talks, other := desks[0], desks[1]
	call := func(n int) *phonetest.Dialog {
		d, err := r.Caller().Call(ctx, Number, phonetest.CallOptions{From: from(n)})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	talk := call(f.caller)
	awaitMetric(r, `ctid_agent_state{state="talking"}`, 1)
	end := f.begin(t, r)
	ended := false
	defer func() {
		if !ended {
			end()
		}
	}()
	began := time.Now()
	// Requests go on: the first may wait for 2 s, until the commit counts as failed; then all leave at once.
	ops := []string{"agent.login", "agent.logout"}
	r.Eventually("an unsaved answer", func() error {
		ops = []string{ops[1], ops[0]}
		res, err := other.Do(ctx, ops[1], map[string]any{}, "")
		if err == nil && !strings.Contains(string(res.Raw), `"unsaved":true`) {
			err = errors.New("it is saved: " + string(res.Raw))
		}
		return err
	})
	t.Logf("unsaved after %v", time.Since(began).Round(time.Millisecond))
	awaitReadyz(r, 503, "database: ", f.says)
	asked := time.Now()
	if _, err := other.Do(ctx, ops[0], map[string]any{}, ""); err != nil {
		t.Error(err)
	}
	if took := time.Since(asked); took > 500*time.Millisecond {
		t.Errorf("an unsaved answer took %v", took)
	}
	fallen := call(f.caller + 1)
	r.Eventually("the new caller in the fallback", func() error {
		out, err := r.PBX.CLI(ctx, "queue show ctid-fallback")
		if err == nil && !strings.Contains(out, "PJSIP/carrier") {
			err = errors.New(out)
		}
		return err
	})
	awaitLog(r, "new call handed to the fallback dialplan")
	if err := fallen.Hangup(ctx); err != nil {
		t.Error(err)
	}
	if gap := talk.LargestGap(began, time.Time{}); gap > 300*time.Millisecond { // Asterisk is not concerned; a busy machine is
		t.Errorf("the talker heard nothing for %v", gap)
	}
	seen := talks.Len()
	if err := talk.Hangup(ctx); err != nil { // it ends while nothing can be saved
		t.Error(err)
	}
	talks.State(seen, "ready") // the agent is free, his screen says so
	end()
	ended = true
	awaitReadyz(r, 200)
	r.Eventually("his record", func() error {
		n := 0
		for _, rec := range r.Records() {
			if rec.ANI.E164 == ctid.Private(e164(from(f.caller))) && rec.End != nil && rec.Outcome == "answered" {
				n++
			}
		}
		if n != 1 {
			return errors.New("not there")
		}
		return nil
	})
}
