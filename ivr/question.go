package ivr

import (
	"strconv"
	"time"
)

// asker is an action that asks the caller something.
type asker interface {
	asks() *question // nil if this one does not ask after all
	// feed takes the keys pressed so far for this answer, the newest last.
	feed(m *Machine, keys string)
	// pause: the time between keys, or the longest a question may last, is over.
	pause(m *Machine, keys string)
}

// question is what the questions have in common.
type question struct {
	prompts          []*prompt
	wait, between    time.Duration
	tries            int
	noInput, noMatch []*prompt
	ownIn, ownMatch  bool // the script's own lists; ours are not spoken on the way out
	reprompt         bool
	barge            *barge
	events           bool
	masked           bool
	everyLang        bool // asked in each language in turn
}

// questionOf reads the options that all questions share.
func (l *loader) questionOf(st *step, o *opts) *question {
	d := l.s.defaults
	q := &question{
		wait: o.duration("wait", d.wait), between: o.duration("between_keys", d.between), tries: o.count("tries", d.tries, 1, 10),
		noInput: o.promptList("no_input"), noMatch: o.promptList("no_match"),
		reprompt: o.truth("reprompt", true), barge: l.barge(o.get("barge_in")), events: o.truth("events", true),
	}
	q.ownIn, q.ownMatch = len(q.noInput) > 0, len(q.noMatch) > 0
	if !q.ownIn && o.get("no_input") == nil {
		q.noInput = []*prompt{l.built("no_input", st.at)}
	}
	if !q.ownMatch && o.get("no_match") == nil {
		q.noMatch = []*prompt{l.built("no_match", st.at)}
	}
	if o.get("prompt") != nil {
		q.prompts = o.promptList("prompt")
	} else {
		q.prompts = l.namesake(st, o)
	}
	return q
}

// namesake is the prompt named like the node.
func (l *loader) namesake(st *step, o *opts) []*prompt {
	var names []string
	for _, p := range l.s.prompts {
		if p.name == st.node.name {
			return []*prompt{l.speaks(p, st.at)}
		}
		names = append(names, p.name)
	}
	l.errorf(o.at, "IVR031", "there is no prompt %q, the name of the node, and this %s names no other%s", st.node.name, st.verb.name, near(st.node.name, names))
	return nil
}

// asking is where a question stands.
type asking struct {
	Stage   string    `json:"stage"` // prompt, wait, between
	Tries   int       `json:"tries"`
	NoInput int       `json:"no_input"`
	NoMatch int       `json:"no_match"`
	Repeats int       `json:"repeats"`
	keys    string    // taken for this answer; never stored
	first   time.Time // when the first of them came
	confirm bool      // the answer is being read back
	value   any       // the answer being read back
	count   int       // of its keys
}

// The stages of a question.
const (
	stagePrompt  = "prompt"
	stageWait    = "wait"
	stageBetween = "between"
)

const (
	maxRepeats   = 5
	longestInput = 60 * time.Second
)

// ask begins the question of the current step. What was typed ahead is read first; if that answers it, nothing is said.
func (m *Machine) ask() {
	if m.questions++; m.questions > m.opts.Limits.Questions+m.grace {
		m.fail("limit.questions")
		return
	}
	if n := len(m.asked); n == 0 || m.asked[n-1] != m.at {
		m.asked = append(m.asked, m.at)
		if len(m.asked) > 50 {
			m.asked = m.asked[1:]
		}
	}
	m.phase, m.asking = phaseAsk, &asking{}
	m.askAgain()
}

// askAgain asks from the start without a try lost: at the beginning, and for repeat.
func (m *Machine) askAgain() {
	q := m.at.question()
	m.asking.keys, m.asking.confirm = "", false
	if len(m.buf) == 0 || m.legalAhead() || m.legal(q) {
		m.sayQuestion(q)
		return
	}
	m.hush()
	m.asking.Stage = stageBetween
	m.drain()
}

// drain feeds the question from the keys typed ahead.
func (m *Machine) drain() {
	for a := m.asking; m.asking == a && a != nil && a.Stage == stageBetween && len(m.buf) > 0; {
		d := m.buf[0]
		m.buf = m.buf[1:]
		m.feed(d)
	}
}

// legal tells whether the question's own prompt must be heard out.
func (m *Machine) legal(q *question) bool {
	for _, p := range q.prompts {
		if m.bargeOf(p, q.barge).mode == "false" {
			return true
		}
	}
	return false
}

// sayQuestion says the question, or the read-back of its answer, and waits for keys once it has been heard.
func (m *Machine) sayQuestion(q *question) {
	prompts := q.prompts
	if c, ok := m.at.do.(interface{ readBack() *prompt }); ok && m.asking.confirm {
		prompts = []*prompt{c.readBack()}
	}
	if p, ok := m.at.do.(interface{ prepare(*Machine) }); ok {
		p.prepare(m)
	}
	m.sayAll(prompts, q)
	m.listen()
}

func (m *Machine) listen() {
	m.asking.Stage = stagePrompt
	m.timers.ask = time.Time{}
	now := m.speechStops()
	m.flush()
	if now && m.phase == phaseAsk {
		m.openEar()
	}
}

func (m *Machine) sayAll(prompts []*prompt, q *question) {
	langs := []string{m.x.lang}
	if q.everyLang {
		langs = m.s.langs
	}
	for _, lang := range langs {
		for _, p := range prompts {
			m.sayPrompt(p, lang, q.barge)
		}
	}
}

// feed gives one key to the question.
func (m *Machine) feed(d string) {
	a, q := m.asking, m.at.question()
	if a.keys == "" {
		a.first = m.now
	}
	a.keys += d
	m.closeEar()
	m.tookKey(d, q.masked)
	a.Stage = stageBetween
	m.timers.ask = m.now.Add(q.between)
	if end := a.first.Add(longestInput); end.Before(m.timers.ask) {
		m.timers.ask = end
	}
	m.at.do.(asker).feed(m, a.keys)
}

// event follows a key of the file's events, if the question leaves it to them.
func (m *Machine) event(d string) bool {
	if !m.at.question().events {
		return false
	}
	for _, e := range m.s.events {
		if e.keys == d {
			m.tookKeys("event")
			m.mark(spelled(d))
			m.goTo(e.to)
			return true
		}
	}
	return false
}

// askTimer: nobody pressed anything, or no more.
func (m *Machine) askTimer() {
	if m.asking.Stage == stageBetween {
		m.at.do.(asker).pause(m, m.asking.keys)
		return
	}
	m.miss("no_input")
}

// miss counts a silence or a wrong answer. Each has its own list of prompts; both share the tries.
func (m *Machine) miss(outcome string) {
	m.tookMiss(outcome)
	a, q := m.asking, m.at.question()
	a.Tries++
	m.missed(outcome, a.Tries, q.tries)
	list, own, n := q.noInput, q.ownIn, 0
	if outcome == "no_match" {
		a.NoMatch++
		list, own, n = q.noMatch, q.ownMatch, a.NoMatch
		m.emptyBuffer()
	} else {
		a.NoInput++
		n = a.NoInput
	}
	m.timers.ask = time.Time{}
	m.closeEar()
	a.keys = ""
	if a.Tries >= q.tries {
		if own && n <= len(list) {
			m.sayAll(list[n-1:n], q)
		}
		m.tally.Failed++
		m.mark(outcome)
		m.leave(outcome)
		return
	}
	if len(list) > 0 {
		i := min(n, len(list))
		m.sayAll(list[i-1:i], q)
	}
	if q.reprompt {
		m.sayQuestion(q)
		return
	}
	m.listen()
}

// repeat asks again without a try lost, five times at most; after that it counts as a wrong answer.
func (m *Machine) repeat() {
	a := m.asking
	if a == nil {
		m.fail("script.repeat")
		return
	}
	if a.Repeats++; a.Repeats > maxRepeats {
		if a.Tries >= m.at.question().tries {
			m.fail("limit.repeat")
			return
		}
		m.miss("no_match")
		return
	}
	a.Tries = min(a.Tries, m.at.question().tries-1)
	m.askAgain()
}

// answeredWith notes that the caller answered: key is what the trail shows.
func (m *Machine) answeredWith(key string) {
	m.tookKeys("done")
	if m.at.question().masked {
		key = masked
	}
	m.mark(key)
	if m.grace == 0 { // a call that has run into a limit stays on its way out
		m.handled = false
	}
}

const masked = "*masked*"

func countOf(n int) string {
	if n == 1 {
		return "1 digit"
	}
	return strconv.Itoa(n) + " digits"
}
