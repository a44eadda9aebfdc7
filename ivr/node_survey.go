package ivr

import (
	"cmp"
	"regexp"
	"slices"
	"time"
)

// surveyStep asks several questions, each answered with a key or by voice.
type surveyStep struct {
	name             string
	questions        []surveyQuestion
	tries            int
	thanks           []*prompt
	noInput, noMatch *prompt
}

type surveyQuestion struct {
	name      string
	prompts   []*prompt
	low, high string        // keys that answer it
	voice     time.Duration // longest answer; 0: it is answered with a key
	cond      *expression
}

// surveying is where a survey stands.
type surveying struct {
	Step  string `json:"step"`
	I     int    `json:"i"`
	Tries int    `json:"tries"`
	Asked int    `json:"asked"`
	Got   int    `json:"got"`
}

const (
	maxSurvey  = 20
	voiceGrace = 5 * time.Second
)

var keyRange = regexp.MustCompile(`^([0-9])-([0-9])$`)

func loadSurvey(l *loader, st *step, o *opts) action {
	a := &surveyStep{name: l.s.name, tries: o.count("tries", 2, 1, 10), thanks: o.promptList("thanks"),
		noInput: l.built("no_input", st.at), noMatch: l.built("no_match", st.at)}
	if v, ok := o.scalar("name"); ok {
		if a.name = v.text; !plainName.MatchString(v.text) {
			l.errorf(v.at, "IVR004", "name wants letters, digits, _ and -, not %s", v.what())
		}
	}
	v := o.get("questions")
	if v == nil {
		return a
	}
	if v.kind != yamlList || len(v.items) > maxSurvey {
		l.errorf(v.at, "IVR004", "questions wants a list of at most %d, each {name, prompt, keys or voice}", maxSurvey)
		return a
	}
	for _, it := range v.items {
		a.questions = append(a.questions, l.surveyQuestion(a, it))
	}
	return a
}

var surveyOptions = []option{{"name", "", true}, {"prompt", "", true}, {"keys", "", false}, {"voice", "", false}, {"if", "", false}}

func (l *loader) surveyQuestion(a *surveyStep, v *yval) surveyQuestion {
	o := l.options(&verb{name: "a question of survey", options: surveyOptions}, &yval{text: "questions", at: v.at}, v)
	q := surveyQuestion{prompts: o.promptList("prompt"), voice: o.duration("voice", 0)}
	if n, ok := o.scalar("name"); ok {
		if q.name = n.text; !varName.MatchString(n.text) {
			l.errorf(n.at, "IVR004", "a question's name is small letters, digits and _, not %s", n.what())
		}
		if slices.ContainsFunc(a.questions, func(x surveyQuestion) bool { return x.name == q.name }) {
			l.errorf(n.at, "IVR003", "question %q is there twice", q.name)
		}
	}
	if k, ok := o.scalar("keys"); ok {
		p := keyRange.FindStringSubmatch(k.text)
		if p == nil || p[1] >= p[2] {
			l.errorf(k.at, "IVR004", "keys wants the least and the most, as in 1-5, not %s", k.what())
		} else {
			q.low, q.high = p[1], p[2]
		}
	}
	if (o.get("keys") == nil) == (o.get("voice") == nil) {
		l.errorf(v.at, "IVR004", "a question of survey needs keys, as in 1-5, or voice, as in 60s")
	}
	if c := o.get("if"); c != nil {
		q.cond = l.condition(c, nil)
	}
	return q
}

// start begins, or after a restart goes on with the question that was open.
func (a *surveyStep) start(m *Machine) {
	if s := m.memo.Survey; s == nil || s.Step != m.ref() || s.I >= len(a.questions) {
		m.memo.Survey = &surveying{Step: m.ref()}
	}
	a.ask(m)
}

// ask asks the next question whose condition holds; after the last it thanks.
func (a *surveyStep) ask(m *Machine) {
	s := m.memo.Survey
	for ; s.I < len(a.questions); s.I++ {
		q := &a.questions[s.I]
		if q.cond != nil && s.Tries == 0 {
			v, err := q.cond.run(&m.x)
			if err != nil {
				m.log(string(coded(err)), "the condition of question "+q.name+" could not be worked out")
			}
			if yes, _ := v.(bool); !yes {
				continue
			}
		}
		for _, p := range q.prompts {
			m.sayPrompt(p, m.x.lang, nil)
		}
		m.phase = phaseQuiet
		m.flush()
		return
	}
	for _, p := range a.thanks {
		m.sayPrompt(p, m.x.lang, nil)
	}
	outcome := "partial"
	switch s.Got {
	case 0:
		outcome = "skipped"
	case s.Asked:
		outcome = "done"
	}
	m.memo.Survey = nil
	m.x.outcome = outcome
	m.leave(outcome)
}

func (a *surveyStep) current(m *Machine) *surveyQuestion { return &a.questions[m.memo.Survey.I] }

func (a *surveyStep) quiet(m *Machine) {
	q := a.current(m)
	if q.voice > 0 {
		m.emptyBuffer()
		m.pickUp()
		r := RecordAnswer{ID: m.id(), Name: q.name, Max: q.voice}
		m.expect(r.ID, q.voice+voiceGrace)
		m.emit(r)
		return
	}
	m.expect("", cmp.Or(m.s.defaults.wait, time.Second))
	if len(m.buf) > 0 {
		d := m.buf[0]
		m.buf = m.buf[1:]
		a.press(m, d)
	}
}

// press takes a key; while an answer is spoken, keys are for whoever records it.
func (a *surveyStep) press(m *Machine, d string) {
	q := a.current(m)
	switch {
	case q.voice > 0:
	case d >= q.low && d <= q.high:
		m.mark(d)
		a.keep(m, float64(d[0]-'0'))
	default:
		m.emptyBuffer()
		a.miss(m, a.noMatch)
	}
}

func (a *surveyStep) answer(m *Machine, r Result) {
	switch r.Outcome {
	case "done":
		a.keep(m, textOf(r.Value["recording"]))
	case "none":
		a.miss(m, a.noInput)
	default:
		m.log("survey.failed", "a spoken answer could not be recorded: "+r.Code)
		a.pass(m)
	}
}

// elapsed: nothing was pressed, or no recording came.
func (a *surveyStep) elapsed(m *Machine) {
	if a.current(m).voice > 0 {
		a.answer(m, Result{Outcome: "error", Code: "survey.timeout"})
		return
	}
	a.miss(m, a.noInput)
}

func (a *surveyStep) keep(m *Machine, v any) {
	q := a.current(m)
	m.x.answers[q.name] = v
	m.memo.Survey.Got++
	m.emit(Survey{Name: a.name, Answer: Field{Name: q.name, Value: v}})
	a.pass(m)
}

// miss asks again while tries are left.
func (a *surveyStep) miss(m *Machine, why *prompt) {
	s := m.memo.Survey
	if s.Tries++; s.Tries >= a.tries {
		a.pass(m)
		return
	}
	m.timers.answer = time.Time{}
	m.sayPrompt(why, m.x.lang, nil)
	a.ask(m)
}

// pass goes on to the next question.
func (a *surveyStep) pass(m *Machine) {
	m.timers.answer = time.Time{}
	s := m.memo.Survey
	s.I, s.Tries, s.Asked = s.I+1, 0, s.Asked+1
	a.ask(m)
}
