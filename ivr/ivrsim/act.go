package ivrsim

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"ctid"
	"ctid/ivr"
)

// deed is one thing that was done in the call, for a saved session.
type deed struct {
	wait time.Duration // before it, since the one before
	key  string
	val  string
}

func (c *Call) noteDeed(key, val string) {
	c.deeds = append(c.deeds, deed{c.now.Sub(c.acted), key, val})
	c.acted = c.now
}

// Do carries out one action of a test or a session: press, say, wait, hear, queue, agent, dial, message, hangup. The error
// tells why it cannot be done, or what was heard instead.
func (c *Call) Do(action, arg string) error {
	if c.err != nil {
		return c.err
	}
	if c.Over() && action != "wait" && action != "hear" {
		return fmt.Errorf("the call is over")
	}
	f, ok := map[string]func(string) error{"press": c.press, "say": c.speak, "wait": c.wait, "hear": c.hear, "queue": c.queue, "agent": c.agent,
		"dial": c.dial, "message": c.message, "hangup": c.hang}[action]
	if !ok {
		return fmt.Errorf("there is no action %q", action)
	}
	if err := f(arg); err != nil {
		return err
	}
	return c.err
}

// Actions are the names that Do takes.
func Actions() []string {
	return []string{"press", "say", "wait", "hear", "queue", "agent", "dial", "message", "hangup"}
}

func (c *Call) press(digits string) error {
	digits = strings.ReplaceAll(strings.ReplaceAll(digits, "star", "*"), "hash", "#")
	if digits == "" || strings.Trim(digits, "0123456789*#") != "" {
		return fmt.Errorf("keys are 0 to 9, star or * and hash or #, not %q", digits)
	}
	c.noteDeed("press", digits)
	for _, d := range strings.Split(digits, "") {
		c.settle()
		if c.Over() || c.err != nil {
			break
		}
		if c.waiting != nil {
			c.here('>', d)
		}
		c.next(ivr.Key{Digit: d, Held: 100 * time.Millisecond})
	}
	c.settle()
	return nil
}

// speak waits until the caller has heard the question, as people do.
func (c *Call) speak(words string) error {
	c.rest(func() bool { return false })
	if c.listen == "" {
		return fmt.Errorf("nobody listens for words now; the call is at %s", c.m.Where())
	}
	c.noteDeed("say", words)
	c.say(ivr.Where{}, '“', words)
	id := c.listen
	c.listen = ""
	c.next(ivr.Heard{ID: id, Guesses: []ivr.Guess{{Text: words, Sure: 1}}})
	c.settle()
	return nil
}

func (c *Call) wait(d string) error {
	t, ok := ivr.ParseDuration(d)
	if !ok || t > 24*time.Hour {
		return fmt.Errorf("wait wants a duration with its unit, as in 20s, not %q", d)
	}
	c.until(c.now.Add(t))
	return nil
}

// Enter lets time pass until something happens by itself; false: nothing ever does.
func (c *Call) Enter() bool {
	at, ok := c.soonest()
	n := len(c.lines)
	for ok && len(c.lines) == n && !c.Over() {
		c.until(at)
		at, ok = c.soonest()
	}
	return len(c.lines) > n
}

func (c *Call) hear(what string) error {
	found := -1
	c.rest(func() bool {
		found = c.heardAt(c.mark, what)
		return found >= 0
	})
	if found < 0 {
		return fmt.Errorf("wanted to hear %q, and %s", what, c.heardSince())
	}
	c.mark = found + 1
	return nil
}

// heardSince tells what was heard since the last thing that was wanted.
func (c *Call) heardSince() string {
	var out []string
	for _, l := range c.lines[c.mark:] {
		if l.Sym == '♪' {
			out = append(out, "“"+l.full+"”")
		}
	}
	if len(out) == 0 {
		return "nothing more was said; the call is at " + c.m.Where().String()
	}
	return "heard " + strings.Join(out, ", ")
}

func (c *Call) queue(outcome string) error {
	if !c.rest(func() bool { return c.waiting != nil }) {
		return fmt.Errorf("the call is in no queue; it is at %s", c.m.Where())
	}
	switch outcome {
	case "answered":
		if c.waiting.answered {
			return fmt.Errorf("an agent has answered already")
		}
		c.noteDeed("queue", outcome)
		c.here('·', "an agent answers")
		c.waiting.answered = true
		c.cancel(c.waiting.step.ID)
		c.next(ivr.Joined{})
		c.settle()
	case "timeout", "full", "closed", "empty", "callback", "error":
		c.noteDeed("queue", outcome)
		c.here('·', "queue: "+outcome)
		c.finish(c.waiting.step.ID, outcome)
	default:
		return fmt.Errorf("queue wants answered, timeout, full, closed, empty, callback or error, not %q", outcome)
	}
	return nil
}

// finish answers an open step now.
func (c *Call) finish(id, outcome string) {
	c.cancel(id)
	r := ivr.Result{Outcome: outcome}
	if outcome == "error" {
		r.Code = "queue.failed"
	}
	c.later(0, id, r)
	c.settle()
}

func (c *Call) agent(what string) error {
	switch what {
	case "answers":
		return c.queue("answered")
	case "hangs up":
		return c.hang("agent")
	}
	return fmt.Errorf("agent wants answers or hangs up, not %q", what)
}

func (c *Call) dial(outcome string) error {
	if !c.rest(func() bool { return c.dialling != nil }) {
		return fmt.Errorf("nobody is being dialled; the call is at %s", c.m.Where())
	}
	d := c.dialling
	switch outcome {
	case "answered":
		c.noteDeed("dial", outcome)
		c.here('·', "the number answers")
		if d.transfer && d.mode != "attended" {
			c.finish(d.id, "gone")
			return nil
		}
		d.answered = true
		c.cancel(d.id)
	case "busy", "no_answer", "failed":
		c.noteDeed("dial", outcome)
		c.here('·', strings.ReplaceAll(outcome, "_", " "))
		c.finish(d.id, outcome)
	default:
		return fmt.Errorf("dial wants answered, busy, no_answer or failed, not %q", outcome)
	}
	return nil
}

// message leaves a voicemail, or a spoken answer, or none.
func (c *Call) message(outcome string) error {
	if !c.rest(func() bool { return c.mailbox != nil }) {
		return fmt.Errorf("no message is being taken; the call is at %s", c.m.Where())
	}
	if outcome != "left" && outcome != "none" {
		return fmt.Errorf("message wants left or none, not %q", outcome)
	}
	c.rest(func() bool { return false })
	c.noteDeed("message", outcome)
	b := c.mailbox
	c.here('·', "message: "+outcome)
	if b.kind == "answer" && outcome == "left" {
		outcome = "done"
	}
	c.finish(b.id, outcome)
	return nil
}

func (c *Call) hang(who string) error {
	switch who {
	case "caller", "":
		c.noteDeed("hangup", "caller")
		c.hangup(ctid.SideCaller)
		return nil
	case "agent":
	default:
		return fmt.Errorf("hangup wants caller or agent, not %q", who)
	}
	id := ""
	switch {
	case c.waiting != nil && c.waiting.answered:
		id = c.waiting.step.ID
	case c.dialling != nil && c.dialling.answered:
		id = c.dialling.id
	default:
		return fmt.Errorf("nobody talks with the caller; the call is at %s", c.m.Where())
	}
	c.noteDeed("hangup", "agent")
	c.here('·', "the other side hangs up")
	c.left = true
	in := ivr.DoneStep{ID: id, Result: ivr.Result{Outcome: "answered"}}
	c.answered(in)
	c.next(in)
	c.settle()
	return nil
}

// Rest lets what is being said be heard to its end.
func (c *Call) Rest() { c.rest(func() bool { return false }) }

// Vars are the variables as a person reads them; a secret shows only that it is one.
func (c *Call) Vars() string {
	var out []string
	for _, v := range c.m.Vars() {
		text := "(secret)"
		if !v.Secret {
			b, _ := json.Marshal(v.Value) //nolint:errchkjson // values of scripts are texts, numbers, truths
			text = string(b)
		}
		out = append(out, v.Name+" = "+text)
	}
	if len(out) == 0 {
		return "the script has no variables"
	}
	return strings.Join(out, "\n")
}

// Why tells the rules behind the last moves.
func (c *Call) Why() string {
	var out []string
	for _, m := range c.moves {
		text := fmt.Sprintf("%s %s: %s leads to %s", m.From, m.From.Verb, m.Outcome, m.To)
		if m.From.Verb == "events" {
			text = fmt.Sprintf("events: %s leads to %s", m.Outcome, m.To)
		}
		switch {
		case m.Outcome == "skipped":
			text = fmt.Sprintf("%s %s: skipped, its if does not hold", m.From, m.From.Verb)
		case m.Line == m.From.Line && m.Col == m.From.Col:
			text += ", its default"
		default:
			text += fmt.Sprintf(", as %s.yaml:%d:%d says", m.From.Script, m.Line, m.Col)
		}
		if m.Error != "" {
			text += " (" + m.Error + ")"
		}
		out = append(out, text)
	}
	if len(out) == 0 {
		w := c.m.Where()
		return fmt.Sprintf("nothing has led on; the call is at %s, a %s step", w, w.Verb)
	}
	return strings.Join(out, "\n")
}
