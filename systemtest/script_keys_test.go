package systemtest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ctid/pbxtest/hear"
)

// keyTexts are the prompts of the scripts about keys: no two of them alike.
var keyTexts = map[string]string{
	"hello":    "Welcome to the harbour trading company.",
	"long":     "This is a rather long announcement about our opening hours, our address by the river, our new telephone numbers, and all the rest that nobody wanted to know.",
	"choose":   "For sales press one. For support press two.",
	"further":  "Which of our branches would you like to visit?",
	"one":      "You have reached the sales department.",
	"two":      "Support is on the second floor.",
	"wrong":    "That key is not on this menu.",
	"quiet":    "Please press a key now.",
	"sorry":    "We could not understand you today.",
	"operator": "I am going to fetch somebody.",
	"pin":      "Enter your secret number after the tone.",
}

// keyScript is a script of the nodes, with what every one of them may lead to.
func keyScript(head, nodes string) string {
	var b strings.Builder
	b.WriteString("version: 1\nname: Keys\n" + head + "prompts:\n")
	for _, name := range []string{"hello", "long", "choose", "further", "one", "two", "wrong", "quiet", "sorry", "operator", "pin"} {
		fmt.Fprintf(&b, "  %s: %q\n", name, keyTexts[name])
	}
	b.WriteString("nodes:\n" + nodes)
	for _, name := range []string{"one", "two", "sorry", "operator"} {
		if !strings.Contains(head+nodes, name) { // a node that no call can reach would be warned of
			continue
		}
		fmt.Fprintf(&b, "  %s: [{play: %s}, {hangup: normal}]\n", name, name)
	}
	return b.String()
}

// keyRule is one rule about keys, and what shows that it holds.
type keyRule struct {
	name, script string
	does         func(p *part, press func(keys string))
	heard        []string // in this order
	never        []string
	cut          string // was not heard to its end
	whole        string // was
	node         string // where the script ended; empty: not said
}

// begins awaits that a prompt has begun.
func (p *part) begins(prompt string) {
	if err := p.soon(func() error {
		return hear.ExpectCut(p.call.Heard(), prompt, 400*time.Millisecond, only(p.served, prompt))
	}); err != nil {
		p.fatal("%v", err)
	}
}

// again awaits that a prompt has been heard, since the moment, to its end.
func (p *part) again(prompt string, since time.Time) {
	if err := p.soon(func() error { return hear.Expect(p.call.HeardSince(since), prompt, only(p.served, prompt)) }); err != nil {
		p.fatal("a second time: %v", err)
	}
}

// nothing is pressed.
func nothing(*part, func(string)) {}

// secretKeys are the keys of the masked question.
const secretKeys = "739146"

// keyRules are the rules of docs/ivr.md about keys that a telephone can show.
func keyRules() []keyRule {
	menu := "{1: one, 2: two, prompt: choose, wait: 4s, tries: 2, no_input: quiet, no_match: [wrong, quiet]}"
	first := func(barge string) string {
		return keyScript("", "  a:\n    - play: {prompt: long, barge_in: "+barge+"}\n    - menu: "+menu+"\n      then: {failed: sorry}\n")
	}
	duringLong := func(p *part, press func(string)) {
		p.begins("long")
		press("1")
	}
	return []keyRule{
		{name: "a key stops the prompt, and counts", script: first("true"), does: duringLong, heard: []string{"one"}, never: []string{"choose"}, cut: "long", node: "one"},
		{name: "keys: a key stops it", script: first("keys"), does: duringLong, heard: []string{"one"}, never: []string{"choose"}, cut: "long", node: "one"},
		{name: "after 3s: the key counts at once, the prompt stops then", script: first("after 3s"), does: func(p *part, press func(string)) {
			duringLong(p, press)
			p.over("one")
			if m := hear.Recognise(p.call.Heard(), only(p.served, "long"))[0]; m.Prefix < 2200*time.Millisecond || m.Prefix > 3600*time.Millisecond {
				p.r.T.Errorf("%s: %v of the prompt were heard", p.name, m.Prefix)
			}
		}, heard: []string{"one"}, never: []string{"choose"}, cut: "long", node: "one"},
		{name: "false: the key is thrown away", script: first("false"), does: duringLong, heard: []string{"long", "quiet", "sorry"}, never: []string{"one"}, whole: "long", node: "sorry"},
		{name: "typed ahead", script: keyScript("", "  a:\n    - play: long\n    - menu: {1: one, 2: b, prompt: choose}\n      then: {failed: sorry}\n"+
			"  b: {menu: {3: operator, prompt: further}, then: {failed: sorry}}\n"), does: func(p *part, press func(string)) {
			p.begins("long")
			press("23")
		}, heard: []string{"operator"}, never: []string{"choose", "further"}, cut: "long", node: "operator"},
		{name: "wrong keys, each with its own word", script: first("true"), does: func(p *part, press func(string)) {
			p.begins("long")
			press("7")
			p.hears(p.call, "wrong")
			p.hears(p.call, "choose")
			press("8")
		}, heard: []string{"wrong", "choose", "quiet", "sorry"}, node: "sorry"},
		{name: "silence", script: keyScript("", "  a: {menu: "+menu+", then: {failed: sorry}}\n"), does: nothing, heard: []string{"quiet", "sorry"},
			never: []string{"wrong"}, node: "sorry"},
		{name: "a key just when the wait is over", script: keyScript("", "  a: {menu: {1: one, prompt: choose, wait: 1s, tries: 1, no_input: quiet}, then: {failed: sorry}}\n"),
			does: func(p *part, press func(string)) {
				p.hears(p.call, "choose")
				<-time.After(850 * time.Millisecond)
				press("1")
			}, heard: []string{"choose"}},
		{name: "a needless end key", script: keyScript("vars: {account: digits}\n", "  a:\n    - collect: {into: account, digits: 4, end: hash, prompt: further}\n      then: {failed: sorry}\n"+
			"    - menu: {hash: two, 1: one, prompt: choose, wait: 4s}\n      then: {failed: sorry}\n"), does: func(p *part, press func(string)) {
			p.begins("further")
			press("1234#")
			p.hears(p.call, "choose")
			press("1")
		}, heard: []string{"choose", "one"}, never: []string{"two"}, whole: "choose", node: "one"},
		{name: "repeat, by a key of events", script: keyScript("events: {star: repeat, 0: operator}\n", "  a: {menu: {1: one, prompt: choose, tries: 1, wait: 4s}, then: {failed: sorry}}\n"),
			does: func(p *part, press func(string)) {
				p.hears(p.call, "choose")
				since := time.Now()
				press("*")
				p.again("choose", since)
				since = time.Now()
				press("*")
				p.again("choose", since)
				press("1")
			}, heard: []string{"choose", "one"}, never: []string{"sorry", "wrong"}, node: "one"},
		{name: "a key of events", script: keyScript("events: {0: operator}\n", "  a: {menu: {1: one, prompt: choose, wait: 4s}, then: {failed: sorry}}\n"), does: func(p *part, press func(string)) {
			p.begins("choose")
			press("0")
		}, heard: []string{"operator"}, cut: "choose", node: "operator"},
		{name: "back to the question before", script: keyScript("", "  a: {menu: {1: one, 2: b, prompt: choose, wait: 4s}, then: {failed: sorry}}\n"+
			"  b: {menu: {9: back, prompt: further, wait: 4s}, then: {failed: sorry}}\n"), does: func(p *part, press func(string)) {
			p.begins("choose")
			press("2")
			p.hears(p.call, "further")
			since := time.Now()
			press("9")
			p.again("choose", since)
			press("1")
		}, heard: []string{"further", "one"}, node: "one"},
		{name: "a masked question", script: keyScript("vars: {pin: secret}\n", "  a:\n    - collect: {into: pin, digits: 6, mask: true, prompt: pin}\n      then: {failed: sorry}\n    - goto: one\n"),
			does: func(p *part, press func(string)) {
				p.begins("pin")
				press(secretKeys)
			}, heard: []string{"one"}, cut: "pin", node: "one"},
		{name: "the language is asked in each", script: keyScript("languages: [en, zh]\n", ""), node: "two"},
	}
}

// chinese are the texts of the script in two languages.
var chinese = map[string]string{"hello": "欢迎致电海港贸易公司。", "choose": "销售请按一，技术支持请按二。", "two": "技术支持在二楼，再见。", "sorry": "对不起，我们没有听懂。"}

// languageRule asks for a language, and goes on in it.
func languageRule(asked map[string][]int16) keyRule {
	script := "version: 1\nname: Languages\nlanguages: [en, zh]\nprompts:\n"
	for _, n := range []string{"hello", "choose", "two", "sorry"} {
		script += fmt.Sprintf("  %s: {en: %q, zh: %q}\n", n, keyTexts[n], chinese[n])
	}
	script += "nodes:\n  a:\n    - language: {1: en, 2: zh, prompt: choose, wait: 4s}\n    - goto: two\n  two: [{play: two}, {hangup: normal}]\n"
	return keyRule{name: "the language is asked in each", script: script, node: "two", heard: []string{"choose"}, never: []string{"two"}, does: func(p *part, press func(string)) {
		p.hears(p.call, "choose")
		p.hearsOf(p.call, "choose in Chinese", asked)
		press("2")
		p.hearsOf(p.call, "two in Chinese", asked)
	}}
}

// Each rule about keys, with keys that come as RFC 4733 events and as SIP INFO, all at once on one Asterisk.
func TestRealScriptKeys(t *testing.T) {
	asked := map[string][]int16{"choose in Chinese": speakIn(t, "cmn", chinese["choose"]), "two in Chinese": speakIn(t, "cmn", chinese["two"])}
	rules := keyRules()
	rules[len(rules)-1] = languageRule(asked)
	var scripts []string
	for _, x := range rules {
		scripts = append(scripts, x.script, x.script)
	}
	s := startScripts(t, Options{Agents: 1, Desk: "none"}, scripts, keyTexts)
	for i, x := range rules {
		for how, send := range []func(p *part, keys string) error{
			func(p *part, keys string) error { return p.call.SendDTMF(p.ctx, keys) },
			func(p *part, keys string) error { return p.call.SendInfo(p.ctx, keys) },
		} {
			s.each(fmt.Sprintf("%s, by %s", x.name, []string{"RFC 4733", "INFO"}[how]), 2*i+how, func(p *part) {
				p.dial(0)
				p.must(p.call.AwaitAnswer(p.ctx))
				x.does(p, func(keys string) {
					if err := send(p, keys); err != nil {
						p.fatal("%v", err)
					}
				})
				p.judge(x)
			})
		}
	}
	s.wg.Wait()
	s.r.Clean()
	for i, x := range rules {
		for how := range 2 {
			s.wantNode(2*i+how, x)
		}
	}
	s.keptSecret(t)
}

// judge holds a rule against what the caller has heard by the end of his call.
func (p *part) judge(x keyRule) {
	if _, err := p.call.AwaitEnd(p.ctx); err != nil {
		p.fatal("%v", err)
	}
	all := p.call.Heard()
	if err := hear.Sequence(all, x.heard, only(p.served, x.heard...)); err != nil {
		p.r.T.Errorf("%s: %v", p.name, err)
	}
	for _, n := range x.never {
		p.deaf(p.call, n)
	}
	for prompt, want := range map[string]bool{x.cut: false, x.whole: true} {
		if prompt == "" {
			continue
		}
		if m := hear.Recognise(all, only(p.served, prompt))[0]; (m.Score >= hear.Same && m.Whole) != want {
			p.r.T.Errorf("%s: %s was heard to its end: %v (%v of it, with %.2f)", p.name, prompt, m.Whole, m.Duration, m.Score)
		}
	}
}

func (s *scripted) wantNode(n int, x keyRule) {
	s.r.T.Helper()
	rec := s.recordOf(n)
	node := ""
	if k := len(rec.IVR.Path); k > 0 {
		node = rec.IVR.Path[k-1].Node
	}
	if x.node != "" && node != x.node || x.node == "" && node != "one" && node != "sorry" {
		s.r.T.Errorf("%s: the script ended at %s, want %s", x.name, node, x.node)
	}
}

// keptSecret holds that the keys of the masked question are in no log, record or file.
func (s *scripted) keptSecret(t *testing.T) {
	t.Helper()
	if strings.Contains(s.r.Log(), secretKeys) {
		t.Error("the program's log has the keys of the masked question")
	}
	if b, err := json.Marshal(s.r.Records()); err != nil || strings.Contains(string(b), secretKeys) {
		t.Errorf("the records have the keys of the masked question (%v)", err)
	}
	files, err := filepath.Glob(filepath.Join(s.r.Dir, "ctid.db*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no database: %v", err)
	}
	for _, f := range files {
		if strings.HasSuffix(f, ".control") {
			continue // a socket
		}
		if b, err := os.ReadFile(f); err != nil || strings.Contains(string(b), secretKeys) {
			t.Errorf("%s has the keys of the masked question (%v)", filepath.Base(f), err)
		}
	}
}
