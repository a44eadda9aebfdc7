package systemtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"ctid"
	"ctid/pbxtest"
	"ctid/pbxtest/phonetest"
)

// cutFor is how long the line to Asterisk is cut: 5 s, or in a long run what CTID_CUT says.
func cutFor(t *testing.T) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(envOr("CTID_CUT", "5s"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func envOr(name, def string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return def
}

// throughDoor puts a door between ctid and its Asterisk.
func throughDoor(t *testing.T, pbx *pbxtest.PBX) (*door, func(*Options)) {
	t.Helper()
	d := newDoor(t, pbx.HTTPAddr())
	d.open()
	return d, func(o *Options) { o.PBX, o.Change = pbx, with(pbx.HTTPAddr(), d.addr) }
}

// The line to Asterisk is cut while people talk and wait. Talkers notice nothing, those who wait keep their places, and
// the calls of those who hang up meanwhile end with a record; their agents are free.
func TestRealLineCut(t *testing.T) {
	cut := cutFor(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute+2*cut)
	defer cancel()
	d, through := throughDoor(t, asterisk)
	c := gather(ctx, t, 3, 5, through)
	began := time.Now()
	d.shut()
	awaitReadyz(c.r, 503, "asterisk pbx: down")
	talker, waiter := c.talking[2], c.waiting[4]
	c.talking, c.waiting = c.talking[:2], c.waiting[:4]
	if err := errors.Join(talker.Hangup(ctx), waiter.Hangup(ctx)); err != nil {
		t.Error(err)
	}
	<-time.After(cut - time.Since(began))
	d.open()
	back := time.Now()
	c.unheard(began)
	// The agent of the talker who left is free, and rings for the first who waits.
	c.talking, c.waiting = append(c.talking, c.waiting[0]), c.waiting[1:]
	c.r.Eventually("the first who waits, with the free agent", func() error {
		return errors.Join(c.waits(len(c.waiting)), c.count("talking", len(c.talking)))
	})
	t.Logf("cut for %v, all as it should be %v after", cut, time.Since(back).Round(time.Millisecond))
	if got, want := c.lastFrom(), e164(from(3)); got != want {
		t.Errorf("caller %s was connected, it was the turn of %s", got, want)
	}
	for n, next := range c.waiting {
		over := c.talking[0]
		c.talking = append(c.talking[1:], next)
		if err := over.Hangup(ctx); err != nil {
			t.Error(err)
		}
		want := e164(from(4 + n))
		c.r.Eventually("the next in order", func() error {
			if got := c.lastFrom(); got != want {
				return fmt.Errorf("%s rang, not %s", got, want)
			}
			return c.count("talking", len(c.phones))
		})
	}
	for _, d := range c.talking {
		if err := d.Hangup(ctx); err != nil {
			t.Error(err)
		}
	}
	c.r.Clean()
	seen := map[ctid.Private]string{}
	for _, rec := range c.r.Records() {
		if rec.End == nil || seen[rec.ANI.E164] != "" {
			t.Errorf("record of %s: end %+v, another one: %q", rec.ANI.E164, rec.End, seen[rec.ANI.E164])
			continue
		}
		seen[rec.ANI.E164] = rec.Outcome + "/" + string(rec.End.Side) + "/" + rec.End.Reason
	}
	for n := range 8 {
		want := "answered/caller/hangup"
		switch n {
		case 2:
			want = "answered/system/lost_while_disconnected"
		case 7:
			want = "abandoned/system/lost_while_disconnected"
		}
		if got := seen[ctid.Private(e164(from(n)))]; got != want {
			t.Errorf("caller %d: %q, want %q", n, got, want)
		}
	}
}

// Asterisk is killed and started again: every call ends with a record by the system, the agents are free, and new calls
// work.
func TestRealAsteriskKilled(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	own := config
	own.Qualify = 3
	pbx, err := pbxtest.Start(ctx, own)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := pbx.Stop(); err != nil {
			t.Error(err)
		}
	}()
	c := gather(ctx, t, 2, 3, func(o *Options) { o.PBX = pbx })
	if err := pbx.Kill(); err != nil {
		t.Fatal(err)
	}
	awaitReadyz(c.r, 503, "asterisk pbx: down")
	if err := pbx.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	for _, p := range c.phones { // what a phone does by itself when its registration is due
		if err := p.Register(ctx); err != nil {
			t.Fatal(err)
		}
	}
	awaitReadyz(c.r, 200)
	c.r.Eventually("agents free", func() error {
		return errors.Join(c.waits(0), c.count("talking", 0), c.count("ready", 2))
	})
	c.r.Eventually("five ended records", func() error {
		list := c.r.Records()
		for _, rec := range list {
			if rec.End == nil || rec.End.Side != ctid.SideSystem || rec.End.Reason != "lost_while_disconnected" {
				return fmt.Errorf("record of %s: %+v", rec.ANI.E164, rec.End)
			}
		}
		if len(list) != 5 {
			return fmt.Errorf("%d records", len(list))
		}
		return nil
	})
	call, err := c.r.Caller().Call(ctx, Number, phonetest.CallOptions{From: from(20)})
	if err != nil {
		t.Fatal(err)
	}
	c.r.Eventually("a new talk", func() error { return c.count("talking", 1) })
	if err := call.Hangup(ctx); err != nil {
		t.Error(err)
	}
	c.r.Clean()
	if n := len(c.r.Records()); n != 6 {
		t.Errorf("%d records of 6 calls", n)
	}
}
