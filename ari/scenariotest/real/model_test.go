package real

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ctid/ari"
	"ctid/pbxtest"
)

// model is a part of the description of ARI that Asterisk's package has.
type model struct {
	Models map[string]struct {
		SubTypes   []string
		Properties map[string]struct {
			Type     string
			Required bool
		}
	}
}

// unused are the events of the model that nothing here reads; they come as *ari.Unknown if they come.
var unused = []string{"ApplicationRegistered", "ApplicationUnregistered", "BridgeVideoSourceChanged", "ChannelCreated", "ChannelDialplan", "RESTResponse"}

// Each event of this Asterisk's own description decodes into a type of its own, with every field filled in.
func TestEachEventOfTheModelDecodes(t *testing.T) {
	root, _, err := pbxtest.Fetch(t.Context(), *suite)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]string{} // type → property → its type
	var events []string
	files, err := filepath.Glob(filepath.Join(root.Dir, "usr/share/asterisk/rest-api/*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no description of ARI in the package: %v", err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var m model
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatal(err)
		}
		for name, d := range m.Models {
			all[name] = map[string]string{}
			for p, v := range d.Properties {
				all[name][p] = v.Type
			}
			if name == "Event" {
				events = d.SubTypes
			}
		}
	}
	if len(events) < 35 {
		t.Fatalf("only %d events in the model", len(events))
	}
	for _, typ := range events {
		sample := build(all, typ, 0).(map[string]any)
		sample["type"], sample["application"], sample["timestamp"] = typ, "ctid", "2026-01-02T03:04:05.678+0000"
		raw, err := json.Marshal(sample)
		if err != nil {
			t.Fatal(err)
		}
		ev, err := ari.Decode(raw)
		if err != nil {
			t.Errorf("%s: %v\n%s", typ, err, raw)
			continue
		}
		_, unknown := ev.(*ari.Unknown)
		if unknown != slices.Contains(unused, typ) {
			t.Errorf("%s decodes as %T", typ, ev)
		}
		if ev.Header().Type != typ || ev.Header().Timestamp.Time().IsZero() {
			t.Errorf("%s: head %+v", typ, ev.Header())
		}
	}
}

// build makes a value of a type of the model.
func build(all map[string]map[string]string, typ string, depth int) any {
	if inner, ok := strings.CutPrefix(typ, "List["); ok {
		return []any{build(all, strings.TrimSuffix(inner, "]"), depth+1)}
	}
	switch typ {
	case "string":
		return "text"
	case "int", "long":
		return 7
	case "double":
		return 1.5
	case "boolean":
		return true
	case "Date":
		return "2026-01-02T03:04:05.678+0000"
	case "object":
		return map[string]any{"key": "value"}
	}
	out := map[string]any{}
	if depth < 6 {
		for p, t := range all[typ] {
			out[p] = build(all, t, depth+1)
		}
	}
	return out
}
