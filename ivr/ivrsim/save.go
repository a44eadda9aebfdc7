package ivrsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// TestFile is the session as a test that passes: what was given and done, and what came of it.
func (c *Call) TestFile() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "script: %s\ncases:\n  - name: %s\n    given:\n", c.script.Name(), quote("a session of "+c.start.Format("2006-01-02 15:04")))
	for _, p := range c.given.lines() {
		fmt.Fprintf(&b, "      %s\n", p)
	}
	if len(c.deeds) > 0 || c.now.After(c.acted) {
		fmt.Fprintf(&b, "    when:\n")
	}
	for _, d := range c.deeds {
		waitLine(&b, d.wait)
		fmt.Fprintf(&b, "      - %s: %s\n", d.key, quote(d.val))
	}
	waitLine(&b, c.now.Sub(c.acted))
	fmt.Fprintf(&b, "    then:\n      visited: %s\n", quotes(c.Visited()))
	if c.ended != "" {
		fmt.Fprintf(&b, "      ended: %s\n", c.ended)
	}
	if c.outcome != "" {
		fmt.Fprintf(&b, "      outcome: %s\n", c.outcome)
	}
	if len(c.queued) > 0 {
		fmt.Fprintf(&b, "      queued: %s\n", quote(c.queued[len(c.queued)-1].Name))
	}
	fmt.Fprintf(&b, "      lang: %s\n", c.m.Language())
	return b.Bytes()
}

func waitLine(b *bytes.Buffer, d time.Duration) {
	if d > 0 {
		fmt.Fprintf(b, "      - wait: %dms\n", d.Milliseconds())
	}
}

func quote(s string) string {
	b, _ := json.Marshal(s) //nolint:errchkjson // a text
	return string(b)
}

func quotes(list []string) string {
	var out []string
	for _, s := range list {
		out = append(out, quote(s))
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// lines writes the given as lines of a test file.
func (g Given) lines() []string {
	out := []string{"at: " + quote(g.At.Format("2006-01-02 15:04:05"))}
	add := func(key, val string) {
		if val != "" {
			out = append(out, key+": "+quote(val))
		}
	}
	add("ani", g.ANI)
	add("dnis", g.DNIS)
	add("language", g.Language)
	add("answered_by", g.AnsweredBy)
	if g.Priority > 0 {
		out = append(out, fmt.Sprintf("priority: %d", g.Priority))
	}
	var vars []string
	for k, v := range g.Vars {
		vars = append(vars, k+": "+quote(v))
	}
	slices.Sort(vars)
	if len(vars) > 0 {
		out = append(out, "vars: {"+strings.Join(vars, ", ")+"}")
	}
	if len(g.Queues) > 0 {
		out = append(out, "queue: {"+strings.Join(queueLines(g.Queues), ", ")+"}")
	}
	return append(out, stubLines(g.Stubs)...)
}

func queueLines(qs map[string]Queue) []string {
	var out []string
	for name, q := range qs {
		fs := []string{fmt.Sprintf("open: %t", q.Open), fmt.Sprintf("waiting: %d", q.Waiting), fmt.Sprintf("agents_ready: %d", q.AgentsReady),
			fmt.Sprintf("agents_in: %d", q.AgentsIn), fmt.Sprintf("ewt: %dms", q.Expected.Milliseconds()), fmt.Sprintf("longest: %dms", q.Longest.Milliseconds())}
		if q.Refuses != "" {
			fs = append(fs, q.Refuses+": true")
		}
		out = append(out, quote(name)+": {"+strings.Join(fs, ", ")+"}")
	}
	slices.Sort(out)
	return out
}

// stubLines writes the answers, those that were asked for by the step that asked.
func stubLines(stubs []Stub) []string {
	kinds := map[string][]string{}
	var order, out []string
	for _, s := range stubs {
		name := strings.TrimSuffix(s.Name, " asked")
		var as []string
		for _, a := range s.Answers {
			as = append(as, a.yaml(s.Kind))
		}
		text := "[" + strings.Join(as, ", ") + "]"
		if len(as) == 1 {
			text = as[0]
		}
		if !slices.Contains(order, s.Kind) {
			order = append(order, s.Kind)
		}
		if name != "" {
			text = quote(name) + ": " + text
		}
		kinds[s.Kind] = append(kinds[s.Kind], text)
	}
	for _, k := range order {
		text := kinds[k][0]
		if named := strings.HasPrefix(text, `"`) && strings.Contains(text, `": `); named {
			text = "{" + strings.Join(kinds[k], ", ") + "}"
		}
		out = append(out, k+": "+text)
	}
	return out
}

// yaml writes the answer as a test file has it; JSON is YAML.
func (a Answer) yaml(kind string) string {
	m := map[string]any{}
	switch {
	case a.Code != "":
		m["error"] = a.Code
	case a.Outcome != "" && a.Customer == nil && a.Rows == nil && a.After == 0:
		return a.Outcome
	}
	if cu := a.Customer; cu != nil {
		m["id"], m["name"], m["vip"], m["tier"], m["last_agent"] = string(cu.ID), string(cu.Name), cu.VIP, cu.Tier, string(cu.LastAgent)
		m["account"], m["language"] = string(cu.Account), cu.Lang
		for k, v := range cu.Fields {
			m[k] = v
		}
	}
	if a.Rows != nil {
		m["rows"] = a.Rows
	}
	if kind == "http" && a.Code == "" {
		m["status"] = max(a.Status, 0)
		if a.Status == 0 {
			m["status"] = 200
		}
		if a.Body != nil {
			m["body"] = a.Body
		}
	}
	if a.After > 0 {
		m["after"] = fmt.Sprintf("%dms", a.After.Milliseconds())
	}
	b, _ := json.Marshal(m) //nolint:errchkjson // texts, numbers, truths
	return string(b)
}
