package ivr

import (
	"fmt"
	"slices"

	"ctid/words"

	"github.com/expr-lang/expr/ast"
)

// spoken is a value to be said: as it is written, and what it is.
type spoken struct {
	text  string
	value words.Value
}

// say notes what a function made to be said, for the hole it may stand in.
func (x *scope) say(text string, v words.Value) string {
	x.said = &spoken{text, v}
	return text
}

// spoken is the language a value is said in.
func (x *scope) spoken() string {
	if x.tongue != "" {
		return x.tongue
	}
	return x.lang
}

// value works out what fills a hole. What a function such as money made is that; else the type says how it is read out.
func (e *expression) value(x *scope) (spoken, error) {
	x.said = nil
	v, err := e.run(x)
	if err != nil {
		return spoken{}, err
	}
	text := textOf(v)
	if x.said != nil && x.said.text == text {
		return *x.said, nil
	}
	val := words.Value{Kind: kindsSaid[e.typ.kind], Text: text}
	if f, ok := v.(float64); ok {
		val.Number, val.Text = f, ""
	}
	if val.Kind == "" || text == "" {
		val = words.Value{}
	}
	return spoken{text, val}, nil
}

// kindsSaid is how values of a type are read out; the other types are texts.
var kindsSaid = map[kind]words.Kind{kNumber: words.Number, kMoney: words.Money, kDuration: words.Duration, kDate: words.Date,
	kTime: words.Time, kDigits: words.Digits}

// sayers are the functions that make something to be said.
var sayers = []string{"digits", "spell", "money", "ordinal", "say_date", "say_time", "say_duration"}

// readOut tells whether an expression surely gives a value that is read out, and no text.
func readOut(t typ, n ast.Node) bool {
	if kindsSaid[t.kind] != "" {
		return true
	}
	call, ok := n.(*ast.CallNode)
	if !ok {
		return false
	}
	id, ok := call.Callee.(*ast.IdentifierNode)
	return ok && slices.Contains(sayers, id.Value)
}

// base is the base name of the prompt's recordings.
func (p *prompt) base() string {
	if p.file != "" {
		return p.file
	}
	return p.name
}

// recordings sees that every prompt can be heard: recorded, or spoken by a voice.
func (l *loader) recordings() {
	for _, p := range l.s.prompts {
		for _, t := range p.texts {
			if !t.text.hasHoles() {
				t.text.sum = l.recorded(p, t, p.base())
				continue
			}
			for i, q := range t.text.cut(p.base()) {
				if q.File != "" {
					t.text.pieces[i].sum = l.recorded(p, t, q.File)
				} else if hole := t.text.pieces[i].hole; hole != nil && !l.site.hasVoice(t.lang) {
					l.filled(p, t, hole)
				}
			}
		}
	}
}

// filled sees that what fills a hole can be heard where no voice speaks the language.
func (l *loader) filled(p *prompt, t langText, hole *expression) {
	switch {
	case !hole.says:
		l.errorf(t.at, "IVR033", "%q in %s: ${%s} is a text, and there is no voice for %s to speak it", p.name, t.lang, hole.src, t.lang)
	case !l.site.saysValues(t.lang):
		l.errorf(t.at, "IVR033", "%q in %s: nothing says ${%s}: there is no voice for %s, and ivr.number_sounds does not name it", p.name, t.lang, hole.src, t.lang)
	}
}

// recorded reads a recording, for it belongs to the set of scripts, and misses it where no voice takes its place. It returns the
// recording's sum; empty: there is none.
func (l *loader) recorded(p *prompt, t langText, base string) string {
	wav := soundFile(t.lang, base)
	there, err := l.sl.sound(wav)
	switch {
	case err != nil:
		l.errorf(t.at, "IVR033", "%q in %s: the recording %s cannot be read: %s", p.name, t.lang, wav, err)
	case !there && !l.site.hasVoice(t.lang):
		l.errorf(t.at, "IVR033", "%q in %s: no recording %s and no voice for %s", p.name, t.lang, wav, t.lang)
	}
	return l.sl.set.sounds[wav]
}

func soundFile(lang, base string) string { return fmt.Sprintf("sounds/%s/%s.wav", lang, base) }
