package ivr

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// listenStep asks for one of its phrases, said or chosen with a key.
type listenStep struct {
	q               *question
	phrases         []Phrase
	keys            []phraseChoice
	into            *variable
	sure, maybe     float64
	nBest           int
	max, endSilence time.Duration
	didYouSay       *prompt
}

type phraseChoice struct {
	keys string
	i    int
}

const (
	sureEnough = 0.75
	maybeSo    = 0.45
	speechMax  = 8 * time.Second
	speechEnd  = 800 * time.Millisecond
	nBest      = 3
	maxPhrases = 100
	askedBack  = "did_you_say"
)

// listenOutcomes are the phrases; each must lead somewhere.
func listenOutcomes(_ *loader, v *yval) []outcome {
	var out []outcome
	if p := v.get("phrases"); p != nil {
		for _, x := range p.pairs {
			out = append(out, outcome{x.key.text, "", true})
		}
	}
	return append(out, unanswered...)
}

func loadListen(l *loader, st *step, o *opts) action {
	a := &listenStep{q: l.questionOf(st, o), sure: o.share("sure", sureEnough), maybe: o.share("maybe", maybeSo), nBest: o.count("n_best", nBest, 1, 10),
		max: o.duration("max", speechMax), endSilence: o.duration("end_silence", speechEnd), didYouSay: l.built(askedBack, st.at)}
	if a.maybe > a.sure {
		l.errorf(o.at, "IVR004", "maybe is at most sure")
	}
	a.load(l, o.get("phrases"))
	for _, k := range o.keys {
		i := slices.IndexFunc(a.phrases, func(p Phrase) bool { return p.Name == k.val.text })
		if i < 0 {
			l.errorf(k.val.at, "IVR004", "a key of listen wants one of its phrases, not %s%s", k.val.what(), near(k.val.text, phraseNames(a.phrases)))
			continue
		}
		a.keys = append(a.keys, phraseChoice{dialled(k.key.text), i})
	}
	if len(o.keys) == 0 {
		l.warnf(st.at, "IVR042", "there are no keys to fall back on where the caller is not understood; name a key for each phrase")
	}
	if v, ok := o.scalar("into"); ok {
		if into, ok := l.variable(v); ok {
			a.into = &into
			if want := (typ{kind: kOneOf, words: phraseNames(a.phrases)}); into.typ.kind == kSecret || !into.typ.takes(want) {
				l.errorf(v.at, "IVR051", "%s is %s, and listen gives the name of a phrase", into.name, into.typ)
			} else if into.typ.kind == kOneOf {
				a.fits(l, v, into)
			}
		}
	}
	return a
}

// fits: every phrase must be one of the variable's words.
func (a *listenStep) fits(l *loader, v *yval, into variable) {
	for _, p := range a.phrases {
		if !slices.Contains(into.typ.words, p.Name) {
			l.errorf(v.at, "IVR051", "%s is %s, and never %q", into.name, into.typ, p.Name)
		}
	}
}

func phraseNames(ps []Phrase) []string {
	var out []string
	for _, p := range ps {
		out = append(out, p.Name)
	}
	return out
}

func (a *listenStep) load(l *loader, v *yval) {
	if v == nil {
		return
	}
	if v.kind != yamlMap || len(v.pairs) == 0 || len(v.pairs) > maxPhrases {
		l.errorf(v.at, "IVR004", "phrases wants 1 to %d of name: words, as in {billing: [bill, invoice]}", maxPhrases)
		return
	}
	of := map[string]string{} // the phrase that words belong to
	for _, p := range v.pairs {
		ph := Phrase{Name: p.key.text}
		if slices.Contains([]string{"no_input", "no_match", "failed", "error", "otherwise"}, ph.Name) {
			l.errorf(p.key.at, "IVR003", "%q is a reserved word; give the phrase another name", ph.Name)
		}
		for _, w := range listOf(p.val) {
			if w.kind != yamlScalar || strings.TrimSpace(plainWords(w.text)) == "" {
				l.errorf(w.at, "IVR004", "phrase %q wants words, not %s", ph.Name, w.what())
				continue
			}
			ph.Words = append(ph.Words, w.text)
			words := plainWords(w.text)
			if other, twice := of[words]; twice && other != ph.Name {
				l.warnf(w.at, "IVR042", "%q is in two phrases, %s and %s; leave it in one of them", w.text, other, ph.Name)
			}
			of[words] = ph.Name
		}
		if len(ph.Words) == 0 {
			l.errorf(p.key.at, "IVR004", "phrase %q has no words", ph.Name)
		}
		a.phrases = append(a.phrases, ph)
	}
}

// share reads a number from 0 to 1.
func (o *opts) share(name string, def float64) float64 {
	v, ok := o.scalar(name)
	if !ok {
		return def
	}
	f, err := strconv.ParseFloat(v.text, 64)
	if err != nil || !amountText.MatchString(v.text) || f < 0 || f > 1 {
		o.l.errorf(v.at, "IVR004", "%s wants a number from 0 to 1, not %s", name, v.what())
		return def
	}
	return f
}

func (a *listenStep) asks() *question { return a.q }

func (a *listenStep) start(m *Machine) { m.ask() }

func (a *listenStep) listens(m *Machine) *Listen {
	phrases := a.phrases
	if m.asking.confirm {
		phrases = yesNoPhrases
	}
	return &Listen{Phrases: phrases, NBest: a.nBest, Max: a.max, EndSilence: a.endSilence}
}

// readBack asks whether what was heard is right.
func (a *listenStep) readBack() *prompt { return a.didYouSay }

func (a *listenStep) heard(m *Machine, guesses []Guess) {
	if m.asking.confirm {
		a.confirmed(m, bestPhrase(guesses, yesNoPhrases, a.maybe).i)
		return
	}
	u := bestPhrase(guesses, a.phrases, a.maybe)
	switch {
	case u.i < 0:
		m.miss("no_match")
	case u.sure >= a.sure:
		a.choose(m, u.i)
	default:
		m.asking.confirm, m.asking.value, m.asking.keys = true, u.i, ""
		m.x.value = u.words
		m.sayQuestion(a.q)
	}
}

// confirmed: 0 is yes. No, and what is neither, count as not understood.
func (a *listenStep) confirmed(m *Machine, answer int) {
	i, _ := m.asking.value.(int)
	m.asking.confirm, m.asking.value, m.x.value = false, nil, nil
	if answer == 0 {
		a.choose(m, i)
		return
	}
	m.miss("no_match")
}

func (a *listenStep) feed(m *Machine, keys string) {
	if m.asking.confirm {
		a.confirmed(m, strings.Index("12", keys))
		return
	}
	exact, longer := -1, false
	for _, c := range a.keys {
		if c.keys == keys {
			exact = c.i
		} else if strings.HasPrefix(c.keys, keys) {
			longer = true
		}
	}
	switch {
	case longer:
	case exact >= 0:
		a.choose(m, exact)
	case len(keys) == 1 && m.event(keys):
	default:
		m.miss("no_match")
	}
}

func (a *listenStep) pause(m *Machine, keys string) {
	for _, c := range a.keys {
		if c.keys == keys && !m.asking.confirm {
			a.choose(m, c.i)
			return
		}
	}
	m.miss("no_match")
}

func (a *listenStep) choose(m *Machine, i int) {
	name := a.phrases[i].Name
	if a.into != nil {
		if err := m.assign(a.into.name, name); err != nil {
			m.failWith(err)
			return
		}
	}
	m.answeredWith(name)
	m.leave(name)
}
