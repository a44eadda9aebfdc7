package storetest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"ctid"
	"ctid/store"
)

// The environment that turns a test binary into the program that Crash kills.
const (
	childDSN = "CTID_STORETEST_CHILD_DSN"
	childKey = "CTID_STORETEST_CHILD_KEY"
)

// Child runs as that program when the environment says so, and never returns then. TestMain must call it first.
func Child() {
	dsn := os.Getenv(childDSN)
	if dsn == "" {
		return
	}
	fmt.Fprintln(os.Stderr, "storetest child:", writeForever(dsn, os.Getenv(childKey)))
	os.Exit(1)
}

// writeForever writes calls, two rows each, and prints every number it hands over and every one acknowledged.
func writeForever(dsn, key string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Config{DSN: dsn, KeyFile: key, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		return err
	}
	epoch, seq, err := s.BeginEpoch(ctx)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	say := func(what string, seq uint64) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Println(what, epoch, seq)
	}
	room := make(chan struct{}, 64)
	for {
		rec := record(ctid.CallID(fmt.Sprint("c_", seq)), "+32470111222")
		for _, e := range []ctid.LogEntry{recordRow(seq, rec), recordRow(seq+1, ended(rec))} {
			e.Epoch = epoch
			e.Done = func(err error) {
				if err == nil {
					say("ack", e.Seq)
				}
				<-room
			}
			room <- struct{}{}
			say("sent", e.Seq)
			s.Append(e)
		}
		seq += 2
	}
}

// Crash kills a writing process again and again in the middle of its work, and checks after each time that every
// acknowledged row is there, that no transaction is there by half, and that the next epoch starts above all.
func Crash(t *testing.T, r Rig) {
	acked := map[uint64]bool{}
	var highest uint64
	for round := range 4 {
		sent := killedWriter(t, r, 150+100*round, acked)
		if sent <= highest {
			t.Fatalf("round %d ended at number %d, the one before at %d", round, sent, highest)
		}
		highest = sent
		s := r.start(t)
		have := map[uint64]bool{}
		ends := 0
		for from := uint64(0); ; {
			rows := must(s.ReadLog(t.Context(), store.LogQuery{From: from}))(t)
			if len(rows) == 0 {
				break
			}
			for _, row := range rows {
				have[row.Seq] = true
				if row.Kind == "call.cleared" {
					ends++
				}
			}
			from = rows[len(rows)-1].Seq + 1
		}
		for seq := range acked {
			if !have[seq] {
				t.Errorf("round %d: row %d was acknowledged and is not there", round, seq)
			}
		}
		sound(t, s)
		if n := must(s.OutboxDepth(t.Context()))(t); n != ends {
			t.Errorf("round %d: %d ends in the log, %d outbox rows", round, ends, n)
		}
		if n := len(must(s.OpenRecords(t.Context()))(t)); n+2*ends != len(have) {
			t.Errorf("round %d: %d rows, %d ends, %d open records don't add up", round, len(have), ends, n)
		}
		_, next, err := s.BeginEpoch(t.Context())
		ok(t, err)
		if next <= highest {
			t.Errorf("round %d: the next epoch starts at %d, but %d was in use", round, next, highest)
		}
		closeStore(t, s)
	}
}

// killedWriter lets the child acknowledge n rows, kills it, and returns the highest number it used.
func killedWriter(t *testing.T, r Rig, n int, acked map[uint64]bool) (highest uint64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), childDSN+"="+r.Config.DSN, childKey+"="+r.Config.KeyFile)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	ok(t, err)
	ok(t, cmd.Start())
	count := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var what, epoch string
		var seq uint64
		if k, _ := fmt.Sscan(lines.Text(), &what, &epoch, &seq); k < 3 {
			continue // cut off by the kill
		}
		highest = max(highest, seq)
		if what == "ack" {
			acked[seq] = true
			if count++; count == n {
				ok(t, cmd.Process.Kill())
			}
		}
	}
	err = cmd.Wait()
	if count < n {
		t.Fatalf("the child ended by itself after %d of %d rows: %v %s", count, n, err, complaint.String())
	}
	return highest
}
