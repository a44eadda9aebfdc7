package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ctid/config"
)

// What routes lead to is loaded and found by its target; a number says what answers by its own hours, and one that has
// only routes has the answer of its last.
func TestLibraryOfRoutes(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("CTID_ASTERISK_PBX_PASSWORD", "secret")
	for name, text := range map[string]string{
		"ctid.yaml": `asterisk: {nodes: [{name: pbx, url: "http://127.0.0.1:8088"}]}
calendars: [{name: office, open: {mon-fri: 09:00-18:00}}]
queues: [{name: sales}, {name: support, at_most: 5m}]
agents: [{name: ana, queues: [sales, support], device: {endpoint: PJSIP/1001}}]
numbers:
  - {dnis: "100", queue: sales, calendar: office, closed: shut, routes: [{when: {from: anonymous}, queue: support}]}
  - {dnis: "200", routes: [{when: {from: anonymous}, hangup: busy}, {script: front}], over: {queue: support}, max_calls: 1}
`,
		"ivr/shut.yaml":  "version: 1\nnodes:\n  bye: {hangup: normal}\n",
		"ivr/front.yaml": "version: 1\nnodes:\n  bye: {hangup: busy}\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, found := config.Load(config.Options{File: filepath.Join(dir, "ctid.yaml")})
	if c == nil {
		t.Fatal(found)
	}
	now := time.Date(2026, 11, 16, 10, 0, 0, 0, time.UTC) // a Monday
	l, said, err := loadScripts(c, func() time.Time { return now })
	if err != nil {
		t.Fatal(said, err)
	}
	want := func(dnis, key string) {
		t.Helper()
		r, ok := l.Route(dnis)
		if !ok || r.Key != key || r.Script == nil || r.Script != l.answers[key] {
			t.Errorf("%s: %+v, want %s", dnis, r, key)
		}
	}
	want("100", "queue:sales")
	want("200", "script:front")
	now = now.Add(12 * time.Hour)
	want("100", "script:shut")
	if len(l.answers) != 4 || l.answers["queue:support"] == nil || l.traffic == nil {
		t.Errorf("answers: %v", l.answers)
	}
	if p := plan(c, "e1", l); p.Traffic != l.traffic || len(p.Answers) != 4 {
		t.Errorf("the plan has %v and %v", p.Traffic, p.Answers)
	}
}

// A script with what no live call can do yet keeps ctid from starting where a number leads to it, also by way of a
// subscript, and is left out where none does.
func TestScriptsThatNoLiveCallCanDo(t *testing.T) {
	for name, row := range map[string]struct {
		number string
		said   string
	}{
		"a number leads to it":   {"later", "ivr/later.yaml:3:"},
		"one that calls it does": {"caller", "ivr/lib/sub.yaml:4:"},
		"none does":              {"fine", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("CTID_ASTERISK_PBX_PASSWORD", "secret")
			for file, text := range map[string]string{
				"ctid.yaml": `asterisk: {nodes: [{name: pbx, url: "http://127.0.0.1:8088"}]}
voicemail: {mailboxes: [sales]}
numbers: [{dnis: "100", script: ` + row.number + `}]
`,
				"ivr/later.yaml":   "version: 1\nnodes:\n  main: {voicemail: {mailbox: sales, ticket: true}}\n",
				"ivr/caller.yaml":  "version: 1\nnodes:\n  main: [{call: lib/sub}, {hangup: normal}]\n",
				"ivr/lib/sub.yaml": "version: 1\nkind: subscript\nnodes:\n  main: [{voicemail: {mailbox: sales, ticket: true}, then: {left: return, none: return}}]\n",
				"ivr/fine.yaml":    "version: 1\nnodes:\n  main: {voicemail: {mailbox: sales}}\n",
			} {
				file = filepath.Join(dir, file)
				if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			c, found := config.Load(config.Options{File: filepath.Join(dir, "ctid.yaml")})
			if c == nil {
				t.Fatal(found)
			}
			l, said, err := loadScripts(c, time.Now)
			if all := strings.Join(said, "\n"); (err != nil) != (row.said != "") || !strings.Contains(all, row.said) {
				t.Errorf("%v\n%s", err, all)
			}
			if row.said == "" && (l.answers["script:later"] != nil || l.scripts["later"] != nil || l.answers["script:fine"] == nil) {
				t.Errorf("%v", l.scripts)
			}
		})
	}
}
