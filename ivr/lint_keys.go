package ivr

import (
	"regexp"
	"slices"
	"strings"
)

// keyTalk is what prompts of a language say of keys. offers is how a key is surely offered; its group is the key. mentions
// finds whatever may be a key.
type keyTalk struct {
	offers   []*regexp.Regexp
	mentions *regexp.Regexp
	lists    *regexp.Regexp // its group holds several keys, each a character; nil: there is no such form
	words    map[string]string
}

const englishKey = `(\d{1,8}|star|hash|pound|zero|one|two|three|four|five|six|seven|eight|nine)`

var english = keyTalk{
	offers: []*regexp.Regexp{
		regexp.MustCompile(`(?i)\b(?:press|dial|hit|push|key in)\s+(?:(?:the\s+)?(?:key|number|digit)\s+|the\s+)?` + englishKey + `\b`),
		regexp.MustCompile(`(?i)\b(?:press|dial|hit|push)\b[^.!?]*?(?:\band\b|\bor\b|,)\s+` + englishKey + `\s+(?:for|to)\b`),
	},
	mentions: regexp.MustCompile(`(?i)\b` + englishKey + `\b`),
	words: map[string]string{"star": "*", "hash": "#", "pound": "#", "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
		"six": "6", "seven": "7", "eight": "8", "nine": "9"},
}

const chineseKey = `(\d{1,8}|[０-９]|星号键?|星號鍵?|井号键?|井號鍵?|[零一二三四五六七八九])`

var chinese = keyTalk{
	offers:   []*regexp.Regexp{regexp.MustCompile(`(?:按|拨|撥|请选|請選)\s*` + chineseKey)},
	mentions: regexp.MustCompile(`(\d{1,8}|[０-９]|星号键?|星號鍵?|井号键?|井號鍵?)`),
	// 一 is in many words, so that it is a key only behind 按.
	lists: regexp.MustCompile(`(?:按|拨|撥|请选|請選)\s*([零一二三四五六七八九、，或和及 ]+)`),
	words: map[string]string{"零": "0", "一": "1", "二": "2", "三": "3", "四": "4", "五": "5", "六": "6", "七": "7", "八": "8", "九": "9",
		"０": "0", "１": "1", "２": "2", "３": "3", "４": "4", "５": "5", "６": "6", "７": "7", "８": "8", "９": "9",
		"星号": "*", "星号键": "*", "星號": "*", "星號鍵": "*", "井号": "#", "井号键": "#", "井號": "#", "井號鍵": "#"},
}

// otherTalk: in other languages nothing is surely an offer, and any number may be a key.
var otherTalk = keyTalk{mentions: regexp.MustCompile(`\b(\d{1,8})\b`)}

func talkOf(lang string) keyTalk {
	switch baseOf(lang) {
	case "en":
		return english
	case "zh":
		return chinese
	}
	return otherTalk
}

func (k keyTalk) key(said string) string {
	if d, ok := k.words[strings.ToLower(said)]; ok {
		return d
	}
	return said
}

// find collects the keys that the patterns see in a text.
func (k keyTalk) find(text string, patterns ...*regexp.Regexp) []string {
	var out []string
	for _, re := range patterns {
		for _, m := range re.FindAllStringSubmatch(text, -1) {
			if d := k.key(m[1]); !slices.Contains(out, d) {
				out = append(out, d)
			}
		}
	}
	return out
}

// mention is a key in a text, off bytes into it.
type mention struct {
	off int
	key string
}

// mentioned finds whatever may be a key, in no order.
func (k keyTalk) mentioned(text string) []mention {
	var out []mention
	for _, m := range k.mentions.FindAllStringSubmatchIndex(text, -1) {
		out = append(out, mention{m[2], k.key(text[m[2]:m[3]])})
	}
	if k.lists == nil {
		return out
	}
	for _, m := range k.lists.FindAllStringSubmatchIndex(text, -1) {
		for i, c := range text[m[2]:m[3]] {
			if d, ok := k.words[string(c)]; ok {
				out = append(out, mention{m[2] + i, d})
			}
		}
	}
	return out
}

// plain is a prompt's text with its holes left open.
func (p *prompt) plain(lang string) string {
	if t := p.in(lang); t != nil {
		return t.fixed()
	}
	return ""
}

// firstOffer is how many seconds of a prompt's text stand before the first of the keys is named.
func firstOffer(p *prompt, lang string, keys []string) (float64, bool) {
	t := p.in(lang)
	if t == nil {
		return 0, false
	}
	talk := talkOf(lang)
	s := 0.0
	for _, piece := range t.pieces {
		if piece.hole != nil {
			s += holeSeconds
			continue
		}
		first := -1
		for _, m := range talk.mentioned(piece.text) {
			if slices.Contains(keys, m.key) && (first < 0 || m.off < first) {
				first = m.off
			}
		}
		if first >= 0 {
			return s + seconds(piece.text[:first]), true
		}
		s += seconds(piece.text)
	}
	return 0, false
}

// promised is IVR037: keys that a menu's prompt offers and the menu has not, or the reverse. What it says in each language
// is held to the keys by itself, but a question for the language is asked in all of them.
func (x *linter) promised(st *step, q *question, keys, shy []string) {
	also := append([]string{}, keys...)
	if q.events {
		for _, e := range x.s.events {
			also = append(also, e.keys)
		}
	}
	langs := [][]string{}
	for _, l := range x.s.langs {
		langs = append(langs, []string{l})
	}
	if q.everyLang {
		langs = [][]string{x.s.langs}
	}
	for _, ls := range langs {
		var offered, mentioned []string
		for _, lang := range ls {
			talk := talkOf(lang)
			for _, p := range q.prompts {
				text := p.plain(lang)
				offered = append(offered, talk.find(text, talk.offers...)...)
				for _, m := range talk.mentioned(text) {
					mentioned = append(mentioned, m.key)
				}
			}
		}
		for _, k := range offered {
			if !slices.Contains(also, k) {
				x.warnf(st.at, "IVR037", "the prompt offers %s in %s, the %s has no %s", spelled(k), strings.Join(ls, " and "), st.verb.name, spelled(k))
			}
		}
		if !slices.ContainsFunc(keys, func(k string) bool { return slices.Contains(mentioned, k) }) {
			continue // the choices are said elsewhere
		}
		for _, k := range keys {
			if !slices.Contains(mentioned, k) && !slices.Contains(shy, k) {
				x.warnf(st.at, "IVR037", "the %s has %s, the prompt in %s does not offer it", st.verb.name, spelled(k), strings.Join(ls, " and "))
			}
		}
	}
}

// otherMeaning is IVR039: a key of events that means something else at this question, or is data there.
func (x *linter) otherMeaning(st *step, q *question, own []choice) {
	if !q.events {
		return
	}
	for _, e := range x.s.events {
		for _, c := range own {
			if c.keys == e.keys && (c.to.kind != e.to.kind || c.to.node != e.to.node) {
				x.warnf(c.at, "IVR039", "%s means %s elsewhere and %s here; callers learn a key once, so give it another", spelled(c.keys), e.to, c.to)
			}
		}
		if _, ok := st.do.(*collectStep); !ok {
			continue
		}
		for _, lang := range x.s.langs {
			talk := talkOf(lang)
			for _, p := range q.prompts {
				if slices.Contains(talk.find(p.plain(lang), talk.offers...), e.keys) {
					x.warnf(st.at, "IVR039", "the prompt offers %s, which means %s elsewhere, and collect swallows it as a digit", spelled(e.keys), e.to)
					return
				}
			}
		}
	}
}

// String names a target as it is written.
func (t target) String() string {
	switch t.kind {
	case toNode:
		return t.node.name
	case toNext:
		return "next"
	case toRepeat:
		return "repeat"
	case toBack:
		return "back"
	case toReturn:
		return "return"
	}
	return "hangup"
}
