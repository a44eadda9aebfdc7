package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ctid/shadow"
)

// shadowYAML has a queue that app_queue calls otherwise, and an agent with two telephones. %s is the node's ami.
const shadowYAML = `site: x
asterisk: {nodes: [{name: pbx, url: "http://127.0.0.1:8088", password_file: secret%s}]}
queues:
  - {name: sales, target: 20s}
  - {name: Help-desk, label: Help desk}
agents:
  - {name: ana, full_name: Ana Lee, queues: [sales, Help-desk], desk: none, device: {endpoint: PJSIP/1001}, devices: [{name: home, endpoint: PJSIP/2001}]}
`

// shadowFiles makes a folder with a configuration and a queue_log.
func shadowFiles(t *testing.T, ami string, lines ...string) (config, log string) {
	t.Helper()
	dir := t.TempDir()
	config, log = filepath.Join(dir, "ctid.yaml"), filepath.Join(dir, "queue_log")
	for name, text := range map[string]string{config: fmt.Sprintf(shadowYAML, ami), log: strings.Join(lines, "\n") + "\n", filepath.Join(dir, "secret"): "swordfish\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return config, log
}

func runShadow(ctx context.Context, args ...string) (out, said string, err error) {
	var o, e bytes.Buffer
	root := newRoot()
	root.SetOut(&o)
	root.SetErr(&e)
	root.SetArgs(append([]string{"shadow"}, args...))
	err = root.ExecuteContext(ctx)
	return o.String(), e.String(), err
}

var shadowLines = []string{
	"1790000000|1.1|sales|NONE|ENTERQUEUE||+85251230000|1",
	"1790000004|1.1|sales|Ana Lee|CONNECT|4|2.1|3",
	"1790000034|1.1|sales|Ana Lee|COMPLETECALLER|4|30|1",
	"1790000040|3.1|Help desk|NONE|ENTERQUEUE||+85251230001|1",
	"1790000044|3.1|Help desk|PJSIP/2001|CONNECT|4|4.1|3",
	"1790000060|3.1|Help desk|PJSIP/2001|COMPLETECALLER|4|16|1",
}

// A queue_log is read where no secrets are; queues and agents are known by their labels, names and telephones.
func TestShadowOfAQueueLog(t *testing.T) {
	config, log := shadowFiles(t, "", shadowLines...)
	if err := os.Remove(filepath.Join(filepath.Dir(config), "secret")); err != nil {
		t.Fatal(err)
	}
	out, said, err := runShadow(t.Context(), "-c", config, "--queue-log", log, "--json")
	var r shadow.Report
	if err != nil || said != "" || json.Unmarshal([]byte(out), &r) != nil {
		t.Fatalf("%v\n%s\n%s", err, said, out)
	}
	if len(r.Queues) != 2 || r.All.Account.Answered != 2 || r.All.Judged != 2 || len(r.Findings) != 0 || r.Queues[0].Queue != "Help desk" || r.Queues[0].CTID != "Help-desk" {
		t.Errorf("%+v", r)
	}
	out, _, err = runShadow(t.Context(), "-c", config, "--queue-log", log, "--queue", "sales", "--from", "2026-09-21T14:13:20Z", "--to", "2026-09-21T14:14:00Z")
	if err != nil || !strings.Contains(out, "queue sales: 1 offered, 1 answered") || strings.Contains(out, "Help") {
		t.Errorf("%v\n%s", err, out)
	}
}

// What is to be looked at ends with status 1, a wrong command line with 2.
func TestShadowStatus(t *testing.T) {
	config, log := shadowFiles(t, "", append(shadowLines, "nonsense", "1790000070|5.1|sals|NONE|ENTERQUEUE||1|1")...)
	out, _, err := runShadow(t.Context(), "-c", config, "--queue-log", log)
	if !errors.Is(err, errFindings) || !strings.Contains(out, log+":7: it has 1 fields") || !strings.Contains(out, `queue sals is not in ctid.yaml`) || !strings.Contains(out, `is it "sales"?`) {
		t.Errorf("%v\n%s", err, out)
	}
	for args, want := range map[string]string{
		"":                                     "no node has `ami",
		"--queue-log " + log + " --queue sals": `did you mean "sales"?`,
		"--from 10:00:00":                      "go with --queue-log",
		"--queue-log " + log + " --from x":     "is not a moment",
		"--queue-log " + log + " --to 2020-01-01T00:00:00Z --from 2021-01-01T00:00:00Z": "the span has no time",
		"--queue-log " + log + " --for 5m --from 10:00:00":                              "takes neither",
		"--for -5m":                            "is no time",
		"--queue-log " + log + " --node pbx":   "with --queue-log none is",
		"--node nosuch":                        `no "nosuch" with`,
		"argument":                             "takes no arguments",
		"--queue-log " + log + " --quue sales": "unknown flag",
	} {
		_, _, err := runShadow(t.Context(), append([]string{"-c", config}, strings.Fields(args)...)...)
		var usage usageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", args, err)
		}
	}
	if _, _, err := runShadow(t.Context(), "-c", config, "--queue-log", log+".nosuch"); err == nil || !strings.Contains(err.Error(), "queue_log.nosuch") {
		t.Errorf("a file that is not there: %v", err)
	}
}

// manager plays a manager interface that tells events, says so, and then stays silent; asked gets the actions, and is closed behind
// the one who asked them, or by stop where nobody came.
func manager(t *testing.T, events string, asked chan<- string, told func()) (address string, stop func()) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stop = func() { _ = l.Close() }
	t.Cleanup(stop)
	go func() {
		defer close(asked)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		say := func(s string) { _, _ = conn.Write([]byte(strings.ReplaceAll(s, "\n", "\r\n"))) }
		say("Asterisk Call Manager/9.0.0\n")
		lines := bufio.NewScanner(conn)
		action, id := "", ""
		for lines.Scan() {
			key, value, _ := strings.Cut(lines.Text(), ": ")
			switch {
			case key == "Action":
				action = value
			case key == "ActionID":
				id = value
			case key == "":
				asked <- action
				switch action {
				case "Challenge":
					say("Response: Error\nActionID: " + id + "\nMessage: no\n\n")
				case "QueueStatus":
					say("Response: Success\nActionID: " + id + "\n\n" + events)
					told()
				default:
					say("Response: Success\nActionID: " + id + "\n\n")
				}
			}
		}
	}()
	return l.Addr().String(), stop
}

const shadowEvents = `Event: QueueMember
Queue: sales
Name: Ana Lee
Location: PJSIP/1001
Status: 1
Paused: 0

Event: QueueStatusComplete

Event: QueueCallerJoin
Queue: sales
Uniqueid: 1.1
Position: 1

Event: AgentCalled
Queue: sales
Uniqueid: 1.1
Interface: PJSIP/1001
MemberName: Ana Lee

Event: QueueCallerLeave
Queue: sales
Uniqueid: 1.1

Event: AgentConnect
Queue: sales
Uniqueid: 1.1
Interface: PJSIP/1001
MemberName: Ana Lee
HoldTime: 4
RingTime: 0

Event: AgentComplete
Queue: sales
Uniqueid: 1.1
Interface: PJSIP/1001
MemberName: Ana Lee
HoldTime: 4
TalkTime: 30

`

// A live watch asks the manager interface for nothing that changes anything, and reports what it has seen when it is ended.
func TestShadowLive(t *testing.T) {
	for _, how := range []string{"ended", "timed"} {
		asked := make(chan string, 100)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		args, told := []string{"--json"}, func() {}
		if how == "timed" {
			args = append(args, "--for", "3s") // in which it connects, too
		} else {
			told = func() { time.AfterFunc(500*time.Millisecond, cancel) }
		}
		address, stop := manager(t, shadowEvents, asked, told)
		config, _ := shadowFiles(t, fmt.Sprintf(`, ami: {address: "%s", password_file: secret}`, address))
		out, _, err := runShadow(ctx, append(args, "-c", config)...)
		stop()
		var r shadow.Report
		if err != nil || json.Unmarshal([]byte(out), &r) != nil {
			t.Fatalf("%s: %v\n%s", how, err, out)
		}
		if a := r.All.Account; a.Offered != 1 || a.Answered != 1 || a.Waits != 4*time.Second || a.Talk != 30*time.Second || len(r.Findings) != 0 {
			t.Errorf("%s: %+v", how, r)
		}
		for action := range asked {
			switch action {
			case "Challenge", "Login", "QueueStatus", "Ping", "Logoff":
			default:
				t.Errorf("%s: it asks for %s", how, action)
			}
		}
	}
}

// A manager interface that is not there ends the watch at once, with what is wrong.
func TestShadowWithoutManager(t *testing.T) {
	config, _ := shadowFiles(t, `, ami: {address: "127.0.0.1:1", password_file: secret}`)
	if _, _, err := runShadow(t.Context(), "-c", config); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("%v", err)
	}
}

// A queue_log is followed from now on, until it was long enough.
func TestShadowFollows(t *testing.T) {
	now := time.Now().Unix()
	config, log := shadowFiles(t, "", fmt.Sprintf("%d|MANAGER|sales|PJSIP/1001|ADDMEMBER|", now-60), fmt.Sprintf("%d|1.1|sales|NONE|ENTERQUEUE||1|1", now-30))
	time.AfterFunc(500*time.Millisecond, func() {
		f, err := os.OpenFile(log, os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return
		}
		defer f.Close() //nolint:errcheck // the report shows what is missing
		at := time.Now().Unix() + 1
		fmt.Fprintf(f, "%d|1.1|sales|NONE|ABANDON|1|1|31\n%d|2.1|sales|NONE|ENTERQUEUE||1|1\n%d|2.1|sales|NONE|ABANDON|1|1|0\n", at, at, at)
	})
	out, said, err := runShadow(t.Context(), "-c", config, "--queue-log", log, "--for", "3s", "--json")
	var r shadow.Report
	if err != nil || json.Unmarshal([]byte(out), &r) != nil {
		t.Fatalf("%v\n%s\n%s", err, said, out)
	}
	if a := r.All.Account; a.Offered != 1 || a.Abandoned != 1 {
		t.Errorf("%+v", r)
	}
}
