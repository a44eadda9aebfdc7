package systemtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ctid/pbxtest/phonetest"
	"ctid/queuelog"
)

// queueLog reads a queue_log, and the full file before it.
func queueLog(t *testing.T, file string) []queuelog.Line {
	t.Helper()
	var lines []queuelog.Line
	for _, name := range []string{file + ".1", file} {
		b, err := os.ReadFile(name)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for text := range bytes.Lines(b) {
			l, ok := queuelog.Parse(string(text))
			if !ok {
				t.Errorf("%s has the line %q", name, text)
			}
			lines = append(lines, l)
		}
	}
	return lines
}

// saysOf is what a queue_log says of one call, and for how long it waited and talked, in seconds.
func saysOf(t *testing.T, lines []queuelog.Line, call string) (events string, waited, talked int64) {
	t.Helper()
	number := func(l queuelog.Line, i int) int64 {
		n, err := strconv.ParseInt(l.Params[i], 10, 64)
		if err != nil {
			t.Errorf("%+v: %v", l, err)
		}
		return n
	}
	for _, l := range lines {
		if l.Call != call || strings.HasPrefix(l.Event, "RING") {
			continue
		}
		events += " " + l.Event
		switch l.Event {
		case "CONNECT":
			waited += number(l, 0)
		case "ABANDON":
			waited += number(l, 2)
		case "COMPLETECALLER", "COMPLETEAGENT":
			talked += number(l, 1)
		}
	}
	return strings.TrimSpace(events), waited, talked
}

// A reporting tool reads of each call what its record says, by the uniqueid of the caller's channel: logrotate has moved the file away meanwhile,
// and ctid was killed with callers who talk and wait.
func TestRealQueueLog(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	c := gather(ctx, t, 1, 2, func(o *Options) { o.Config = "queue_log: {file: queue_log, max_size: 0}\n" })
	file := filepath.Join(c.r.Dir, "queue_log")
	c.r.Eventually("the entries", func() error {
		b, err := os.ReadFile(file)
		if n := strings.Count(string(b), "|ENTERQUEUE|"); n != 3 {
			return errors.Join(err, fmt.Errorf("%d entries, not 3", n))
		}
		return nil
	})
	if err := os.Rename(file, file+".1"); err != nil {
		t.Fatal(err)
	}
	hup(c.r, "reloaded")
	c.r.Kill()
	c.r.Launch()
	c.recovered()
	first, second, third := c.talking[0], c.waiting[0], c.waiting[1]
	for _, d := range []*phonetest.Dialog{first, third, second} {
		if d == second {
			c.r.Eventually("the second caller's turn", func() error { return c.waits(0) })
			c.r.Eventually("his talk", func() error { return c.count("talking", 1) })
		}
		if err := d.Hangup(ctx); err != nil {
			t.Fatal(err)
		}
	}
	c.r.Clean()
	records := c.r.EndedRecords()
	c.r.Stop()

	lines := queueLog(t, file)
	answered, abandoned := 0, 0
	for _, rec := range records {
		events, waited, talked := saysOf(t, lines, rec.Channel)
		want := "ENTERQUEUE ABANDON"
		if len(rec.Agents) > 0 {
			want = "ENTERQUEUE CONNECT COMPLETECALLER"
			answered++
		} else {
			abandoned++
		}
		if events != want || abs(waited-rec.WaitMS/1000) > 1 || abs(talked-(rec.TalkMS+rec.HoldMS)/1000) > 1 {
			t.Errorf("the queue_log says of %s: %s, waited %d s, talked %d s; the record: waited %d ms, talked %d ms", rec.Channel, events, waited, talked, rec.WaitMS, rec.TalkMS)
		}
	}
	if answered != 2 || abandoned != 1 {
		t.Errorf("%d answered, %d abandoned", answered, abandoned)
	}
	for event, want := range map[string]int{"QUEUESTART": 2, "CONFIGRELOAD": 1, "ADDMEMBER": 2, "REMOVEMEMBER": 0} {
		if n := len(slices.DeleteFunc(slices.Clone(lines), func(l queuelog.Line) bool { return l.Event != event })); n != want {
			t.Errorf("%d lines of %s, want %d", n, event, want)
		}
	}
	if t.Failed() {
		t.Logf("%+v", lines)
	}
}

func abs(n int64) int64 { return max(n, -n) }

// shape is how a line is made: what stands where, be it NONE, a name, a number or nothing.
func shape(l queuelog.Line) string {
	kind := func(s string) string {
		if _, err := strconv.ParseInt(s, 10, 64); err == nil {
			return "number"
		}
		return map[bool]string{true: "nothing", false: "text"}[s == ""]
	}
	out := []string{kind(l.Queue), kind(l.Agent)}
	if !strings.Contains(l.Event, "MEMBER") && l.Event != "PENALTY" { // who asked app_queue for it stands there: CLI, MANAGER
		out = append([]string{fmt.Sprint("of a call: ", l.Call != "")}, out...)
	}
	for i, p := range l.Params {
		k := kind(p)
		if l.Event == "ENTERQUEUE" && i == 1 || strings.HasSuffix(l.Event, "PAUSE") { // a caller's number may be any, or none, and so may a reason
			k = "any"
		}
		out = append(out, k)
	}
	return strings.Join(out, " ")
}

// The lines of ctid are made as those that Asterisk itself writes of its fallback queue: callers who are answered, hang up or are hung up on, phones that are
// busy and ring in vain, members who come, pause and go.
func TestRealQueueLogIsMadeAsAppQueuesIs(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	r := Prepare(t, Options{Bin: program, PBX: asterisk})
	file := filepath.Join(asterisk.Dir(), "log", "queue_log")
	before := len(queueLog(t, file))
	phone := r.Phone(fallbackAgent)
	play(ctx, t, r, phone)
	member := "PJSIP/" + fallbackAgent
	for _, say := range []string{"queue pause member " + member + " queue ctid-fallback reason lunch", "queue unpause member " + member, "queue pause member " + member,
		"queue unpause member " + member, "queue add member PJSIP/1999 to ctid-fallback", "queue set penalty 3 on PJSIP/1999 in ctid-fallback", "queue remove member PJSIP/1999 from ctid-fallback", "logger reload"} {
		if out, err := asterisk.CLI(ctx, say); err != nil {
			t.Fatalf("%s: %v\n%s", say, err, out)
		}
	}
	theirs := shapes(queueLog(t, file)[before:])
	ours := shapes(written(t))
	for event, made := range theirs {
		if _, known := ours[event]; !known {
			t.Errorf("app_queue writes %s %q, ctid never does", event, made)
		}
		for _, m := range made {
			if !slices.Contains(ours[event], m) {
				t.Errorf("app_queue writes %s %s, ctid %q", event, m, ours[event])
			}
		}
	}
	for _, event := range []string{"ENTERQUEUE", "CONNECT", "COMPLETECALLER", "COMPLETEAGENT", "ABANDON", "RINGNOANSWER", "PAUSE", "UNPAUSE", "PAUSEALL", "UNPAUSEALL", "ADDMEMBER",
		"REMOVEMEMBER", "PENALTY", "CONFIGRELOAD"} {
		if len(theirs[event]) == 0 {
			t.Errorf("app_queue has written no %s: the test sees too little", event)
		}
	}
	if t.Failed() {
		b, _ := os.ReadFile(file)
		t.Logf("%s", b)
	}
}

// play has four callers come to the fallback queue.
func play(ctx context.Context, t *testing.T, r *Rig, phone *phonetest.Phone) {
	t.Helper()
	const theirs, ours = 700, 440 // Hz
	phone.SetTone(ours)
	call := func() *phonetest.Dialog {
		d, err := r.Caller().Call(ctx, Number, phonetest.CallOptions{From: from(1)})
		if err != nil {
			t.Fatal(err)
		}
		d.SetTone(theirs)
		return d
	}
	rung := func(n int) *phonetest.Dialog {
		r.Eventually("the phone rings", func() error {
			if got := len(phone.Calls()); got < n {
				return fmt.Errorf("it has rung %d times, not %d", got, n)
			}
			return nil
		})
		return phone.Calls()[n-1]
	}
	phone.SetPolicy(phonetest.AnswerAfter(200 * time.Millisecond))
	for n, byAgent := range []bool{false, true} {
		d, leg := call(), rung(n+1)
		if err := errors.Join(leg.AwaitAnswer(ctx), leg.AwaitHears(ctx, theirs), d.AwaitHears(ctx, ours)); err != nil { // app_queue knows who hung up when they were joined
			t.Fatal(err)
		}
		side := d
		if byAgent {
			side = leg
		}
		if err := side.Hangup(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := d.AwaitEnd(ctx); err != nil {
			t.Fatal(err)
		}
	}
	phone.SetPolicy(phonetest.RejectAfter(200*time.Millisecond, 486))
	d := call()
	rung(4) // busy once, and once more
	phone.SetPolicy(phonetest.Ring())
	rung(5)
	if err := d.Hangup(ctx); err != nil {
		t.Fatal(err)
	}
}

// written are the lines of all transcripts.
func written(t *testing.T) []queuelog.Line {
	t.Helper()
	files, err := filepath.Glob("../testdata/queuelog/*.txt")
	more, err2 := filepath.Glob("../testdata/queuelog/call/*.txt")
	if err != nil || err2 != nil || len(files) == 0 || len(more) == 0 {
		t.Fatal(err, err2)
	}
	var lines []queuelog.Line
	for _, f := range append(files, more...) {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for text := range strings.Lines(string(b)) {
			if l, ok := queuelog.Parse(strings.TrimSpace(text)); ok {
				lines = append(lines, l)
			}
		}
	}
	return lines
}

// shapes are the shapes that lines of each event have.
func shapes(lines []queuelog.Line) map[string][]string {
	out := map[string][]string{}
	for _, l := range lines {
		if s := shape(l); !slices.Contains(out[l.Event], s) {
			out[l.Event] = append(out[l.Event], s)
		}
	}
	return out
}
