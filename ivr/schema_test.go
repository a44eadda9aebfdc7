package ivr

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("ctid-ivr.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("ctid-ivr.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// asJSON is what an editor makes of the file: YAML 1.2's numbers and truths from bare scalars.
func asJSON(v *yval) any {
	switch {
	case v.kind == yamlMap:
		out := map[string]any{}
		for _, p := range v.pairs {
			out[p.key.text] = asJSON(p.val)
		}
		return out
	case v.kind == yamlList:
		out := []any{}
		for _, it := range v.items {
			out = append(out, asJSON(it))
		}
		return out
	case v.empty:
		return nil
	}
	return constant(v)
}

func validate(t *testing.T, s *jsonschema.Schema, text string) error {
	t.Helper()
	r := newReport("x.yaml")
	root := readYAML(r, []byte(text))
	if root == nil {
		t.Fatal(r.found)
	}
	return s.Validate(asJSON(root))
}

// TestSchemaTakesWhatLoads: every script that loads is good by the schema.
func TestSchemaTakesWhatLoads(t *testing.T) {
	s := schema(t)
	n := 0
	for _, pattern := range []string{testdata + "/*.yaml", testdata + "/lib/*.yaml", "../demo/centre/ivr/*.yaml"} {
		for _, file := range files(t, pattern) {
			if sc, _ := Load(os.DirFS(filepath.Dir(filepath.Dir(file))), filepath.Join(filepath.Base(filepath.Dir(file)), filepath.Base(file)), testSite()); sc == nil && !strings.Contains(file, "demo") {
				t.Errorf("%s does not load", file)
			}
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := validate(t, s, string(b)); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			n++
		}
	}
	if n < 20 {
		t.Errorf("only %d scripts", n)
	}
}

// TestSchemaRefuses: what it refuses does not load either, each for its own fault.
func TestSchemaRefuses(t *testing.T) {
	s := schema(t)
	const head = "version: 1\nprompts: {p: Press 1.}\nvars: {n: number, d: digits}\nnodes:\n  p:\n    - "
	const tail = "\n    - hangup: normal\n"
	for _, step := range []string{
		"plai: p", "play: {prompt: p, tims: 2}", "play: {barge_in: true}", "play: {prompt: p, times: many}", "play: {prompt: p, times: -1}",
		"play: {prompt: p, barge_in: maybe}", "play: []", "{play: p, say: Hello}", "{note: nothing}", "{play: p, then: {don: hangup}}",
		"{play: p, then: [hangup]}", "say: {text: {en: {a: b}}}", "say: {voice: amy}", "{menu: {prompt: p}, then: {failed: hangup}}", "menu: 1",
		"{menu: {1: p, wait: 5}, then: {failed: hangup}}", "{menu: {1: [p]}, then: {failed: hangup}}", "{menu: {1: p, reprompt: maybe}, then: {failed: hangup}}",
		"{menu: {1: p}, then: {fialed: hangup}}", "{collect: {into: d, as: cards}, then: {failed: hangup}}", "{collect: {into: d, end: pound}, then: {failed: hangup}}",
		"{collect: {digits: 4}, then: {failed: hangup}}", "{collect: {into: d, mask: 1}, then: {failed: hangup}}", "set: 5", "set: {}", "branch: [{if: true}]", "branch: [{then: p}]",
		"hours: [office]", "customer: anybody", "customer: {within: 2}", "answer: later", "goto: [p]", "goto: {too: p}", "hangup: never", "hangup: {cause: busy, sing: p}",
		"wait: 2", "tag: {}", "pop: [a]", "attach: [a]", "return: [done]", "call: {with: {a: 1}}", "- play: p",
	} {
		text := head + step + tail
		if sc, _ := loadText(text); sc != nil {
			t.Errorf("%s: it loads", step)
		}
		if err := validate(t, s, text); err == nil {
			t.Errorf("%s: the schema takes it", step)
		}
	}
	for _, text := range []string{
		"nodes: {a: {hangup: busy}}", "version: 2\nnodes: {a: {hangup: busy}}", "version: 1", "version: 1\nnodes: {}", "version: 1\nnodes: {next: {hangup: busy}}",
		"version: 1\nkind: inbond\nnodes: {a: {hangup: busy}}", "version: 1\nargs: {a: number}\nnodes: {a: {hangup: busy}}", "version: 1\nkind: library\nnodes: {a: {hangup: busy}}",
		"version: 1\nkind: outbound\nexits: [a]\nnodes: {a: {hangup: busy}}", "version: 1\nlanguages: English\nnodes: {a: {hangup: busy}}",
		"version: 1\nevents: {12: a}\nnodes: {a: {hangup: busy}}", "version: 1\nvars: {A: number}\nnodes: {a: {hangup: busy}}", "version: 1\nnods: {a: {hangup: busy}}",
		"version: 1\ndefaults: {wait: 5}\nnodes: {a: {hangup: busy}}", "version: 1\ndefaults: {human: yes}\nnodes: {a: {hangup: busy}}", "version: 1\nnodes: {a: []}",
	} {
		if sc, _ := loadText(text); sc != nil {
			t.Errorf("%s: it loads", text)
		}
		if err := validate(t, s, text); err == nil {
			t.Errorf("%s: the schema takes it", text)
		}
	}
}

// TestSchemaKnowsEveryOption: no option of the table of verbs is without its form, and every form is there.
func TestSchemaKnowsEveryOption(t *testing.T) {
	forms := formNodes()
	for _, vb := range verbTable() {
		for _, o := range vb.options {
			f := optionForm(vb.name, o.name)
			ref, _ := f["$ref"].(string)
			if _, known := forms[strings.TrimPrefix(ref, "#/definitions/")]; !known && f["enum"] == nil {
				t.Errorf("optionForms says nothing of %s.%s", vb.name, o.name)
			}
		}
	}
}
