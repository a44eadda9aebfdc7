package ws

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ctid"

	"github.com/goccy/go-yaml"
)

// spoken lists every message of the protocol, by the names the AsyncAPI file gives them.
func spoken() []string {
	out := []string{"hello", "ack", "tock", "welcome", "snap", "state", "tick", "session", "bye", "res"}
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

// fields are the names that a value has in JSON.
func fields(t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous:
			out = append(out, fields(f.Type)...)
		case name != "-":
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// bodyFields are the names in the data of an event, as it is sent.
func bodyFields(b ctid.Body) []string {
	switch b.(type) {
	case ctid.CallQueued:
		return fields(reflect.TypeFor[queuedData]())
	case ctid.CallWaitingChanged:
		return fields(reflect.TypeFor[waitingData]())
	}
	return fields(reflect.TypeOf(b))
}

// argFields are the names in the arguments of a request.
func argFields(t *testing.T, o op) []string {
	t.Helper()
	if o.decode == nil {
		return map[string][]string{opSub: {"topics", "types"}, opUnsub: {"topics"}, opSnapshot: {"topics"}, opPopGet: {"pop"}, opRenew: {"token"}}[o.name]
	}
	a, err := o.decode(json.RawMessage("{}"))
	if err != nil {
		t.Fatal(err)
	}
	return fields(reflect.TypeOf(a))
}

// schema follows names into the AsyncAPI file.
func schema(t *testing.T, file map[string]any, path ...string) map[string]any {
	t.Helper()
	for i, name := range path {
		next, ok := file[name].(map[string]any)
		if !ok {
			t.Errorf("docs/asyncapi.yaml: no %s", strings.Join(path[:i+1], " "))
			return nil
		}
		file = next
	}
	return file
}

// ownProps are the properties that a message has beside those of all its kind.
func ownProps(t *testing.T, file map[string]any, message string) map[string]any {
	t.Helper()
	all, _ := schema(t, file, "components", "messages", message, "payload")["allOf"].([]any)
	if len(all) != 2 {
		t.Fatalf("%s is not allOf two", message)
	}
	return schema(t, all[1].(map[string]any), "properties")
}

// The AsyncAPI file names every field of every event and request, every close code and every error code, and no other.
func TestAsyncAPIHasTheFields(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "asyncapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	compare := func(what string, got map[string]any, want []string) {
		if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, slices.Sorted(slices.Values(want))) {
			t.Errorf("docs/asyncapi.yaml, %s: has %v, the code %v", what, names, want)
		}
	}
	for _, b := range ctid.Bodies {
		if to, err := reachOf(b); err != nil || to == toNobody {
			continue
		}
		ref, _ := schema(t, ownProps(t, file, "event."+b.Kind()), "data")["$ref"].(string)
		name := strings.TrimPrefix(ref, "#/components/schemas/")
		compare(b.Kind(), schema(t, file, "components", "schemas", name, "properties"), bodyFields(b))
	}
	for _, o := range ops {
		props, _ := schema(t, ownProps(t, file, "req."+o.name), "args")["properties"].(map[string]any)
		compare(o.name, props, argFields(t, o))
	}
	var closes, refusals []string
	for _, c := range CloseCodes {
		closes = append(closes, fmt.Sprint(int(c.Code)))
	}
	for _, c := range ctid.Codes {
		refusals = append(refusals, string(c.Code))
	}
	for name, want := range map[string][]string{"closeCode": closes, "errorCode": refusals} {
		var got []string
		list, _ := schema(t, file, "components", "schemas", name)["enum"].([]any)
		for _, x := range list {
			got = append(got, fmt.Sprint(x))
		}
		if !slices.Equal(got, want) {
			t.Errorf("docs/asyncapi.yaml, %s: %v, the code %v", name, got, want)
		}
	}
}

// figuresOnTheWire are the types of figures, by their schemas.
var figuresOnTheWire = map[string]reflect.Type{"QueueStats": reflect.TypeFor[ctid.QueueStats](), "AgentStats": reflect.TypeFor[ctid.AgentStats](),
	"WhyAnswer": reflect.TypeFor[ctid.WhyAnswer]()}

// The AsyncAPI file has each figure of the state topics, and each part of an answer to why, and no other; docs/figures.md explains each figure.
func TestFiguresAreDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "asyncapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	explained, err := os.ReadFile(filepath.Join("..", "docs", "figures.md"))
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	var walk func(at string, node map[string]any, ty reflect.Type)
	walk = func(at string, node map[string]any, ty reflect.Type) {
		for ty.Kind() == reflect.Pointer || ty.Kind() == reflect.Slice {
			if ty.Kind() == reflect.Slice {
				node = schema(t, node, "items")
			}
			ty = ty.Elem()
		}
		if ty.Kind() != reflect.Struct || ty == timeType {
			return
		}
		props := schema(t, node, "properties")
		if got, want := slices.Sorted(maps.Keys(props)), fields(ty); !slices.Equal(got, want) {
			t.Errorf("docs/asyncapi.yaml, %s: has %v, the code %v", at, got, want)
		}
		for _, f := range reflect.VisibleFields(ty) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Anonymous || name == "" {
				continue
			}
			if !strings.HasPrefix(at, "WhyAnswer") && !strings.Contains(string(explained), "`"+name+"`") {
				t.Errorf("docs/figures.md does not explain `%s`", name)
			}
			if sub, ok := props[name].(map[string]any); ok {
				walk(at+"."+name, sub, f.Type)
			}
		}
	}
	for name, ty := range figuresOnTheWire {
		walk(name, schema(t, file, "components", "schemas", name), ty)
	}
}

// docs/events.md names, in the row of each event and request, every field that it has, and tells the limits that are in force.
func TestEventsDocHasTheFields(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "docs", "events.md"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	word, first := regexp.MustCompile(`[a-z0-9_]+`), regexp.MustCompile(`^[a-z0-9_.]+`)
	rows := map[string][]string{} // what the first cell names → the words of the others
	for line := range strings.Lines(text) {
		if cells := strings.Split(line, " | "); strings.HasPrefix(line, "| `") && len(cells) > 1 {
			for _, name := range strings.Split(strings.Trim(cells[0], "| "), ", ") {
				name = first.FindString(strings.Trim(name, "`"))
				rows[name] = append(rows[name], word.FindAllString(strings.Join(cells[1:], " "), -1)...)
			}
		}
	}
	_, popText, _ := strings.Cut(text, "### A pop")
	popText, _, _ = strings.Cut(popText, "\n## ")
	rows[ctid.PopOffered{}.Kind()] = word.FindAllString(popText, -1)
	lacks := func(what string, want []string) {
		for _, w := range want {
			if !slices.Contains(rows[what], w) {
				t.Errorf("docs/events.md: the row of %s does not name %s", what, w)
			}
		}
	}
	for _, b := range ctid.Bodies {
		if to, err := reachOf(b); err == nil && to != toNobody {
			lacks(b.Kind(), bodyFields(b))
		}
	}
	for _, o := range ops {
		lacks(o.name, argFields(t, o))
	}
	for _, name := range fields(reflect.TypeFor[welcomeFrame]()) {
		if name != "k" && len(rows[name]) == 0 {
			t.Errorf("docs/events.md has no row of welcome's %s", name)
		}
	}
	for _, says := range limitsInWords() {
		if !strings.Contains(text, says) {
			t.Errorf("docs/events.md does not say %q", says)
		}
	}
}

// limitsInWords are the defaults as docs/events.md puts them.
func limitsInWords() []string {
	c := Config{}.withDefaults()
	l, d := c.Limits, c.Timings
	return []string{
		fmt.Sprintf("%d KiB, nested %d deep", l.MsgBytes>>10, l.Depth),
		fmt.Sprintf("holds at most %d KiB", l.HelloBytes>>10),
		fmt.Sprintf("%v/s, burst %d; %d without a final answer", l.ReqPerSec, l.ReqBurst, l.Outstanding),
		fmt.Sprintf("%d frames or %d MiB", l.QueueFrames, l.QueueBytes>>20),
		fmt.Sprintf("%d per agent; %d,%03d in all", l.PerAgent, l.Sessions/1000, l.Sessions%1000),
		fmt.Sprintf("%d open and %d/s per address", l.Unauth, l.UnauthPerSec),
		fmt.Sprintf("| topics | %d |", l.Topics),
		fmt.Sprintf("at most %d,%03d events are owed", l.ReplayEvents/1000, l.ReplayEvents%1000),
		fmt.Sprintf("each at most %d KiB", l.SnapPartBytes>>10),
		fmt.Sprintf("%.0f min,\n%d,%03d events, %d MiB", c.Ring.Age.Minutes(), c.Ring.Events/1000, c.Ring.Events%1000, c.Ring.Bytes>>20),
		fmt.Sprintf("pings every %.0f s and closes with 4003 after %.0f s", d.Ping.Seconds(), d.Dead.Seconds()),
		fmt.Sprintf("Every %.0f s it sends a `tick`", d.Tick.Seconds()),
		fmt.Sprintf("with `tock` within %.0f s", d.Tock.Seconds()),
		fmt.Sprintf("after %.0f s ends as `timeout`", d.Request.Seconds()),
		fmt.Sprintf("%.0f s before comes `session{what:\"expiring\"}`", d.Expiring.Seconds()),
		fmt.Sprintf("outlives the token by at most %.0f min", d.Lapsed.Minutes()),
		fmt.Sprintf("is kept for %.0f min per agent", d.Idem.Minutes()),
		fmt.Sprintf("| one write | %.0f s |", d.Write.Seconds()),
	}
}
