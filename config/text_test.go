package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Secrets are never printed, by nothing that prints.
func TestSecretsStayHidden(t *testing.T) {
	c := full(t)
	var b bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&b, nil))
	log.Info("x", "node", c.Asterisk.Nodes[0], "secret", c.Asterisk.Nodes[0].Password)
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "config", c, "secret", c.Asterisk.Nodes[0].Password)
	js, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	b.Write(js)
	fmt.Fprintf(&b, "%v %+v %#v %s %q", c, c.Asterisk, c.Asterisk.Nodes, c.Asterisk.Nodes[0].Password, c.Asterisk.Nodes[0].Password)
	for _, verb := range []string{"%x", "%X", "%d", "%q", "%o"} {
		fmt.Fprintf(&b, verb, c.Asterisk.Nodes[0])
		fmt.Fprintf(&b, verb, c.Asterisk.Nodes[0].Password)
	}
	b.WriteString(c.Text())
	for _, leak := range []string{"swordfish", fmt.Sprintf("%x", "swordfish"), fmt.Sprintf("%d", []byte("swordfish"))} {
		if strings.Contains(b.String(), strings.Trim(leak, "[]")) {
			t.Errorf("%s is in what was printed", leak)
		}
	}
	if !strings.Contains(b.String(), hidden) {
		t.Error("nothing was hidden, so nothing was printed")
	}
}

// The text that the log keeps reads back as the same configuration.
func TestTextReadsBack(t *testing.T) {
	c := full(t)
	file := filepath.Join(t.TempDir(), "kept.yaml")
	if err := os.WriteFile(file, []byte(c.Text()), 0o600); err != nil {
		t.Fatal(err)
	}
	again := load(t, file)
	if c.Hash() != again.Hash() || len(Diff(c, again)) != 0 {
		t.Errorf("first\n%s\nthen\n%s", c.Text(), again.Text())
	}
	again.Queues[0].Ring++
	if c.Text() != again.Text() { // a nanosecond is below what is written
		t.Error("the text changed with what it does not hold")
	}
	again.Queues[0].Ring = Duration(time.Second)
	if c.Hash() == again.Hash() {
		t.Error("the hash stays although a queue changed")
	}
}

func TestDiff(t *testing.T) {
	a, b := full(t), full(t)
	b.Store.DSN, b.Queues = a.Store.DSN, slices.Clone(a.Queues)
	c := *a
	c.Queues = b.Queues
	if got := What(Diff(a, &c)); got != "nothing changed" {
		t.Error(got)
	}
	c.Queues[0].Ring, c.Listen.Web, c.Log.Level = Duration(time.Second), "127.0.0.1:1", "warn"
	want := []Change{{"listen", true}, {"queues", false}, {"log", false}}
	if got := Diff(a, &c); !slices.Equal(got, want) {
		t.Errorf("want %v, got %v", want, got)
	}
	if got := What(Diff(a, &c)); got != "changed: queues, log; takes effect at the next start: listen" {
		t.Error(got)
	}
	c = *a
	c.Asterisk.Nodes = slices.Clone(a.Asterisk.Nodes)
	c.Asterisk.Nodes[0].Password = NewSecret("new")
	if got := Diff(a, &c); !slices.Equal(got, []Change{{"asterisk", true}}) {
		t.Errorf("a new password: %v", got)
	}
}

func TestSchemaIsInStep(t *testing.T) {
	const file = "../docs/ctid.schema.json"
	if *update {
		if err := os.WriteFile(file, Schema(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if read(t, file) != string(Schema()) {
		t.Errorf("%s is not what the table says: run go test ./config -update", file)
	}
}

func TestDuration(t *testing.T) {
	for s, want := range map[string]time.Duration{"0s": 0, "20s": 20 * time.Second, "1h30m": 90 * time.Minute, "30d": 720 * time.Hour,
		"2w": 336 * time.Hour, "250ms": 250 * time.Millisecond, "1m30s": 90 * time.Second} {
		got, err := ParseDuration(s)
		if err != nil || got.D() != want {
			t.Errorf("%s: %v %v", s, got.D(), err)
		}
		if again, err := ParseDuration(got.String()); err != nil || again != got {
			t.Errorf("%s writes itself as %s", s, got)
		}
	}
	for _, s := range []string{"", "20", "-5s", "1.5h", "s", "5 s", "5x", "999999999w", "36501d1d", "1h30"} {
		if got, err := ParseDuration(s); err == nil {
			t.Errorf("%q was read as %v", s, got)
		}
	}
}
