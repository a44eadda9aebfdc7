package ws

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ctid"

	"github.com/goccy/go-yaml"
)

// spoken lists every message of the protocol, by the names the AsyncAPI file gives them.
func spoken() []string {
	out := []string{"hello", "ack", "tock", "welcome", "snap", "tick", "session", "bye", "res"}
	for _, b := range ctid.Bodies {
		if to, err := reachOf(b); err == nil && to != toNobody {
			out = append(out, "event."+b.Kind())
		}
	}
	for _, o := range ops {
		out = append(out, "req."+o.name)
	}
	slices.Sort(out)
	return out
}

// The AsyncAPI file has the messages of the tables, no more and no fewer, each of them sent or received once, and its
// references lead somewhere.
func TestAsyncAPIIsTheTables(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "asyncapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	type ref struct {
		Ref string `yaml:"$ref"`
	}
	var file struct {
		AsyncAPI string `yaml:"asyncapi"`
		Channels map[string]struct {
			Messages map[string]ref `yaml:"messages"`
		} `yaml:"channels"`
		Operations map[string]struct {
			Action   string `yaml:"action"`
			Messages []ref  `yaml:"messages"`
			Reply    struct {
				Messages []ref `yaml:"messages"`
			} `yaml:"reply"`
		} `yaml:"operations"`
		Components struct {
			Messages map[string]any `yaml:"messages"`
			Schemas  map[string]any `yaml:"schemas"`
		} `yaml:"components"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	var channel, components, used []string
	for m, r := range file.Channels["desktop"].Messages {
		channel = append(channel, m)
		if r.Ref != "#/components/messages/"+m {
			t.Errorf("message %s refers to %s", m, r.Ref)
		}
	}
	for m := range file.Components.Messages {
		components = append(components, m)
	}
	for name, o := range file.Operations {
		if o.Action != "send" && o.Action != "receive" {
			t.Errorf("%s: action %q", name, o.Action)
		}
		for _, r := range append(o.Messages, o.Reply.Messages...) {
			used = append(used, strings.TrimPrefix(r.Ref, "#/channels/desktop/messages/"))
		}
	}
	for what, got := range map[string][]string{"channel": channel, "components": components, "operations": used} {
		slices.Sort(got)
		if want := spoken(); !slices.Equal(got, want) {
			t.Errorf("%s has   %v\nthe tables %v", what, got, want)
		}
	}
	for _, line := range strings.Split(string(text), "\n") {
		for _, part := range strings.Split(line, `"#/components/schemas/`)[1:] {
			if name, _, _ := strings.Cut(part, `"`); file.Components.Schemas[name] == nil {
				t.Errorf("no schema %s", name)
			}
		}
	}
}

// docs/events.md names every event, op, close code and error code.
func TestEventsDocIsWhole(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "docs", "events.md"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	want := []string{}
	for _, m := range spoken() {
		m = strings.TrimPrefix(strings.TrimPrefix(m, "event."), "req.")
		want = append(want, "`"+m+"`")
	}
	for _, c := range CloseCodes {
		want = append(want, fmt.Sprintf("| %d | `%s` |", c.Code, c.Name))
	}
	for _, c := range ctid.Codes {
		want = append(want, fmt.Sprintf("`%s` %d", c.Code, c.HTTP))
	}
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("docs/events.md lacks %s", w)
		}
	}
}
