package ivr

import (
	"slices"
	"strings"
)

// builtTexts are what is said where a script has no prompt of that name; a script's own prompt of the name replaces it.
var builtTexts = []struct{ name, lang, text string }{
	{"no_input", "en", "Sorry, I did not hear anything."},
	{"no_input", "zh", "对不起，我没有收到您的输入。"},
	{"no_match", "en", "Sorry, that is not a valid choice."},
	{"no_match", "zh", "对不起，您的输入无效。"},
	{"confirm", "en", "You entered ${digits(value)}. If that is right press 1. To enter it again press 2."},
	{"confirm", "zh", "您输入的是 ${digits(value)}。正确请按 1，重新输入请按 2。"},
	{"screen", "en", "There is a call for you. To take it press 1."},
	{"screen", "zh", "有您的来电，接听请按 1。"},
	{"callback", "en", "This is the call back that you asked for. To speak with us press 1."},
	{"callback", "zh", "这是您预约的回电。请按 1 与我们通话。"},
	{confirmCallback, "en", "We will call you back on ${digits(value)}. If that is right press 1. If not press 2."},
	{confirmCallback, "zh", "我们会致电 ${digits(value)} 给您。正确请按 1，不正确请按 2。"},
	{askedBack, "en", "Did you say ${value}? If so say yes or press 1. If not say no or press 2."},
	{askedBack, "zh", "您说的是${value}吗？是请说“是”或按 1，不是请说“不是”或按 2。"},
	{promptPosition, "en", "You are number ${value} in line."},
	{promptPosition, "zh", "您目前排在第 ${value} 位。"},
	{promptNext, "en", "You are next in line."},
	{promptNext, "zh", "下一位就是您。"},
	{promptWaitSoon, "en", "You will be answered within a minute."},
	{promptWaitSoon, "zh", "预计一分钟内为您接通。"},
	{promptWaitUnder, "en", "You will be answered within ${high} minutes."},
	{promptWaitUnder, "zh", "预计 ${high} 分钟内为您接通。"},
	{promptWait, "en", "You will be answered in ${low} to ${high} minutes."},
	{promptWait, "zh", "预计 ${low} 到 ${high} 分钟后为您接通。"},
	{promptWaitOver, "en", "You will wait for more than ${low} minutes."},
	{promptWaitOver, "zh", "预计等候时间超过 ${low} 分钟。"},
	{"apology", "en", "We are sorry, we cannot take your call now. Please call again later."},
	{"apology", "zh", "很抱歉，现在无法接听您的来电，请稍后再拨。"},
}

// ScreenPart asks one whom a script has rung, and who has answered, whether he takes the call: in the call's language, or in
// English if there is no text in it.
func ScreenPart(lang string) Part { return ownPart("screen", lang) }

// CallbackPart asks a customer who is called back, and has answered, to say that he is there.
func CallbackPart(lang string) Part { return ownPart("callback", lang) }

func ownPart(name, lang string) Part {
	part := Part{Name: name, Lang: "en"}
	for _, b := range builtTexts {
		if b.name == part.Name && (b.lang == "en" || b.lang == baseOf(lang)) {
			part.Text = b.text
			if b.lang == baseOf(lang) {
				part.Lang = lang
				break
			}
		}
	}
	return part
}

// findConfirms notes which prompts a collect reads a value back with: only they may name it.
func (l *loader) findConfirms() {
	l.confirms["confirm"], l.confirms[confirmCallback], l.confirms[askedBack] = true, true, true
	var look func(v *yval)
	look = func(v *yval) {
		for _, p := range v.pairs {
			if p.key.text == "collect" && p.val.kind == yamlMap {
				if c := p.val.get("confirm"); c != nil {
					l.confirms[c.text] = true
				}
			}
		}
		for _, it := range v.items {
			look(it)
		}
	}
	for _, n := range l.s.nodes {
		look(n.src)
	}
}

func (l *loader) prompts(v *yval) {
	if v != nil && v.kind != yamlMap {
		l.errorf(v.at, "IVR004", "prompts wants name: text, not %s", v.what())
		return
	}
	if v != nil {
		for _, p := range v.pairs {
			if !plainName.MatchString(p.key.text) {
				l.errorf(p.key.at, "IVR004", "a prompt's name is letters, digits, _ and -, not %q", p.key.text)
				continue
			}
			l.s.prompts = append(l.s.prompts, l.onePrompt(p))
		}
	}
}

func (l *loader) onePrompt(p pair) *prompt {
	pr := &prompt{name: p.key.text, at: p.key.at}
	l.cur = &pr.needs
	defer func() { l.cur = nil }()
	extra := l.valuesOf(pr.name)
	switch p.val.kind {
	case yamlScalar:
		if p.val.empty {
			l.errorf(p.key.at, "IVR004", "prompt %q wants a text", pr.name)
		}
		pr.texts = []langText{{l.s.langs[0], l.holes(p.val, extra, "spoken"), p.val.at}}
	case yamlMap:
		l.promptMap(pr, p.val, extra)
	default:
		l.errorf(p.val.at, "IVR004", "prompt %q wants a text, or a text for each language, not a list", pr.name)
	}
	for _, t := range pr.texts {
		l.share(pr.name, t.text)
	}
	for _, lang := range l.s.langs {
		if pr.in(lang) == nil {
			l.errorf(pr.at, "IVR032", "prompt %q has no %s", pr.name, lang)
		}
	}
	return pr
}

func (l *loader) promptMap(pr *prompt, v *yval, extra []field) {
	for _, q := range v.pairs {
		switch {
		case q.key.text == "barge_in":
			pr.barge = l.barge(q.val)
		case q.key.text == "file":
			if !plainName.MatchString(q.val.text) {
				l.errorf(q.val.at, "IVR004", "file wants the base name of a recording, letters, digits, _ and -, not %s", q.val.what())
			} else {
				pr.file = q.val.text
			}
		case slices.Contains(l.s.langs, q.key.text):
			if q.val.kind != yamlScalar || q.val.empty {
				l.errorf(q.val.at, "IVR004", "prompt %q in %s wants a text, not %s", pr.name, q.key.text, q.val.what())
			}
			pr.texts = append(pr.texts, langText{q.key.text, l.holes(q.val, extra, "spoken"), q.val.at})
		case langCode.MatchString(q.key.text):
			l.errorf(q.key.at, "IVR002", "prompt %q has a text in %s, which is not among the file's languages (%s)", pr.name, q.key.text, strings.Join(l.s.langs, ", "))
		default:
			l.errorf(q.key.at, "IVR002", "a prompt has no %q%s", q.key.text, near(q.key.text, []string{"barge_in", "file"}))
		}
	}
}

// valuesOf are what a prompt of that name may speak of beside what any prompt may.
func (l *loader) valuesOf(name string) []field {
	switch fields, ok := placeValues[name]; {
	case ok:
		return fields
	case l.confirms[name]:
		return []field{{"value", typ{kind: kText}}}
	}
	return nil
}

// share marks a text that tells place or wait and nothing else: it tells nothing about the caller.
func (l *loader) share(name string, t *template) {
	if _, ok := placeValues[name]; !ok {
		return
	}
	t.common = !slices.ContainsFunc(t.pieces, func(p piece) bool {
		return p.hole != nil && slices.ContainsFunc(p.hole.names, func(n string) bool {
			_, function := l.lang.funcs[n]
			return !function && n != "value" && n != "low" && n != "high"
		})
	})
}

// built returns a built-in prompt: the script's own of that name if it has one. Languages without our text must bring theirs.
func (l *loader) built(name string, at place) *prompt {
	for _, p := range l.s.prompts {
		if p.name == name {
			return l.speaks(p, at)
		}
	}
	p := &prompt{name: name, at: at, built: true, uses: []place{at}}
	for _, lang := range l.s.langs {
		for _, b := range builtTexts {
			if b.name == name && b.lang == baseOf(lang) {
				t := l.holes(&yval{text: b.text, at: at}, l.valuesOf(name), "spoken")
				l.share(name, t)
				p.texts = append(p.texts, langText{lang, t, at})
			}
		}
		if p.in(lang) == nil {
			l.errorf(at, "IVR032", "prompt %q has no %s; there is no built-in text in that language, so add the prompt", name, lang)
		}
	}
	l.s.prompts = append(l.s.prompts, p)
	return p
}

// apology readies what is said when all else has failed: the script's own prompt of that name, or ours where it can be heard.
func (l *loader) apology() {
	for _, p := range l.s.prompts {
		if p.name == "apology" {
			l.s.apology = p
			return
		}
	}
	p := &prompt{name: "apology", built: true}
	for _, lang := range l.s.langs {
		for _, b := range builtTexts {
			if b.name == p.name && b.lang == baseOf(lang) {
				p.texts = append(p.texts, langText{lang: lang, text: &template{pieces: []piece{{text: b.text}}}})
			}
		}
	}
	l.s.apology = p
}

// baseOf is the language whose built-in texts serve lang.
func baseOf(lang string) string {
	if isChinese(lang) {
		return "zh"
	}
	return strings.SplitN(lang, "-", 2)[0]
}
