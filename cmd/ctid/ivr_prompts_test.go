package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The list names each file once, in pieces where there are holes; --missing leaves out what lies there.
func TestIVRPrompts(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("CTID_ASTERISK_PBX_PASSWORD", "secret")
	for name, text := range map[string]string{
		"ctid.yaml": `asterisk: {nodes: [{name: pbx, url: "http://127.0.0.1:8088"}]}
queues: [{name: sales}]
agents: [{name: ana, queues: [sales], device: {endpoint: PJSIP/1001}}]
numbers: [{dnis: "100", script: front}]
ivr: {sounds: sounds}
`,
		"ivr/front.yaml": `version: 1
languages: [en, zh]
prompts:
  hello: {en: Welcome., zh: 欢迎。}
  left: {en: "You have ${call.priority} calls left.", zh: "还有${call.priority}个电话。", file: rest}
nodes:
  main: [{play: hello}, {play: left}, {hangup: normal}]
`,
		"ivr/other.yaml":      "version: 1\nprompts: {hello: Welcome., plus: =or+1}\nnodes:\n  bye: [{play: [hello, plus]}, {hangup: busy}]\n",
		"sounds/zh/hello.wav": "RIFF", "sounds/zh/rest.2.wav": "RIFF",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) (string, error) {
		var out bytes.Buffer
		root := newRoot()
		root.SetOut(&out)
		root.SetErr(&out)
		root.SetArgs(append([]string{"ivr", "prompts", "-c", filepath.Join(dir, "ctid.yaml")}, args...))
		err := root.ExecuteContext(t.Context())
		return out.String(), err
	}
	for _, x := range []struct {
		args []string
		want []string
		not  string
	}{
		{nil, []string{"sounds/en/hello.wav (en)\n  Welcome.\n  heard in: front.yaml:7 main, other.yaml:4 bye", "sounds/en/rest.1.wav (en)\n  You have\n  a piece of: You have ${call.priority} calls left.", "7 to record"}, ""},
		{[]string{"--missing", "zh"}, []string{"sounds/zh/rest.1.wav (zh)\n  还有", "1 to record"}, "hello"},
		{[]string{"other.yaml"}, []string{"sounds/en/plus.wav", "2 to record"}, "rest"},
		{[]string{"--csv", "other"}, []string{"file,language,text,piece of,heard in\n", "sounds/en/plus.wav,en,'=or+1,,other.yaml:4 bye\n"}, "to record"},
	} {
		got, err := run(x.args...)
		if err != nil {
			t.Fatalf("%v: %v\n%s", x.args, err, got)
		}
		for _, w := range x.want {
			if !strings.Contains(got, w) {
				t.Errorf("%v: no %q in\n%s", x.args, w, got)
			}
		}
		if x.not != "" && strings.Contains(got, x.not) {
			t.Errorf("%v: %q in\n%s", x.args, x.not, got)
		}
	}
	t.Chdir(dir)
	if err := os.Rename("ctid.yaml", "site.yaml"); err != nil {
		t.Fatal(err)
	}
	if out, status := runIVR(t, "prompts", "--missing", "zh"); status != statusGood || !strings.Contains(out, "sounds/zh/rest.1.wav") || !strings.Contains(out, "1 to record") {
		t.Errorf("without a ctid.yaml: %d\n%s", status, out)
	}
	if err := os.Rename("site.yaml", "ctid.yaml"); err != nil {
		t.Fatal(err)
	}
	var usage usageError
	if out, err := run("nosuch"); !errors.As(err, &usage) {
		t.Errorf("%v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "ivr/other.yaml"), []byte("version: 1\nnodes: {a: {play: x}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := run(); !errors.Is(err, errFindings) || !strings.Contains(out, "IVR031") {
		t.Errorf("%v\n%s", err, out)
	}
}
