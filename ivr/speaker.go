package ivr

import "time"

// speaker holds what is to be said. Prompts queue up until a question, a wait or the end; then each run of prompts with
// the same barge_in goes out as one Play.
type speaker struct {
	pending  []batch
	playing  *playing
	flushing bool
	again    []saying // unheard before a restart, until Resume
}

type batch struct {
	parts []Part
	barge barge
	hold  bool // said only as long as an answer is missing
	notes []*prompt
	from  []saying
}

type playing struct {
	id    string
	barge barge
	since time.Time
	from  []saying
}

// bargeOf is the first that is set: the step's, the prompt's, the file's default, and true.
func (m *Machine) bargeOf(p *prompt, own *barge) barge { return bargeOf(m.s, p, own) }

func bargeOf(s *Script, p *prompt, own *barge) barge {
	switch {
	case own != nil:
		return *own
	case p != nil && p.barge != nil:
		return *p.barge
	case s.defaults.barge != nil:
		return *s.defaults.barge
	}
	return barge{mode: "true"}
}

func (m *Machine) sayPrompt(p *prompt, lang string, own *barge) {
	part, ok := m.part(p, lang)
	if !ok {
		return
	}
	b := m.bargeOf(p, own)
	m.say(part, b, m.sayingOf(p, lang, b))
	if last := &m.pending[len(m.pending)-1]; p.consent {
		last.notes = append(last.notes, p)
	}
}

// parts are prompts for a step that plays them itself, in the call's language.
func (m *Machine) parts(ps []*prompt) []Part {
	var out []Part
	for _, p := range ps {
		if part, ok := m.part(p, m.x.lang); ok {
			out = append(out, part)
		}
	}
	return out
}

// part fills a prompt; one that cannot be filled is skipped.
func (m *Machine) part(p *prompt, lang string) (Part, bool) {
	t := p.in(lang)
	if t == nil {
		return Part{}, false
	}
	text, pieces, err := t.speak(&m.x, lang, p.base())
	if err != nil {
		m.log("prompt.skipped", p.name+": "+err.Error())
		return Part{}, false
	}
	part := Part{Name: p.name, File: p.file, Sum: t.sum, Text: text, Lang: lang, Voice: m.s.defaults.voice, Of: p.name}
	if t.hasHoles() {
		part.Name, part.File, part.Private, part.Pieces = "", "", !t.common, pieces
	}
	return part, true
}

func (m *Machine) say(p Part, b barge, from []saying) {
	if n := len(m.pending); n > 0 && m.pending[n-1].barge == b && !m.pending[n-1].hold {
		last := &m.pending[n-1]
		last.parts, last.from = append(last.parts, p), append(last.from, from...)
		return
	}
	m.pending = append(m.pending, batch{parts: []Part{p}, barge: b, from: from})
}

// flush lets out what is to be said; when all has been heard, quiet follows, at once if there is nothing.
func (m *Machine) flush() {
	m.flushing = true
	m.pump()
}

func (m *Machine) pump() {
	if m.playing != nil || !m.flushing {
		return
	}
	if len(m.pending) == 0 {
		m.flushing = false
		m.wentQuiet()
		return
	}
	b := m.pending[0]
	m.pending = m.pending[1:]
	if b.barge.mode == "false" {
		m.emptyBuffer()
	}
	m.pickUp()
	m.playing = &playing{m.id(), b.barge, m.now, b.from}
	m.memo.heard(b.notes)
	m.emit(Play{ID: m.playing.id, Parts: b.parts})
}

// pickUp answers the channel before the first sound, unless the script chose early media.
func (m *Machine) pickUp() {
	if m.answer == "" {
		m.answer = "answered"
		m.picked = m.id()
		m.emit(Answer{ID: m.picked})
	}
}

// played: the Play has ended or failed; a failed one is skipped, never an error.
func (m *Machine) played(r Result) {
	m.playing, m.timers.stop = nil, time.Time{}
	if r.Outcome == "error" {
		m.log("prompt.failed", "a prompt could not be played: "+r.Code)
	}
	m.pump()
}

// stopPlay cuts the Play off; its DoneStep will find a spent id.
func (m *Machine) stopPlay() {
	m.timers.stop = time.Time{}
	if m.playing != nil {
		m.emit(Stop{ID: m.playing.id})
		m.playing = nil
	}
}

// hushLine cuts off what is being said to a caller in a queue.
func (m *Machine) hushLine() {
	m.pending = nil
	m.stopPlay()
	if m.memo.Line != nil {
		m.memo.Line.saying = ""
	}
}

// legalAhead tells whether something that must be heard out is being said or is still to be said.
func (m *Machine) legalAhead() bool {
	if m.playing != nil && m.playing.barge.mode == "false" {
		return true
	}
	for _, b := range m.pending {
		if b.barge.mode == "false" {
			return true
		}
	}
	return false
}

// hush does what a key does to prompts: drops those that wait, up to one that must be heard, and stops the one at work,
// or lets it run on until its barge_in: after.
func (m *Machine) hush() {
	for len(m.pending) > 0 && m.pending[0].barge.mode != "false" {
		m.pending = m.pending[1:]
	}
	if m.playing == nil {
		return
	}
	if b := m.playing.barge; b.mode == "after" {
		if till := m.playing.since.Add(b.after); m.now.Before(till) {
			m.timers.stop = till
			return
		}
	}
	m.stopPlay()
	m.pump()
}

// emptyBuffer throws away what was typed ahead.
func (m *Machine) emptyBuffer() {
	if n := len(m.buf); n > 0 {
		m.dropped += n
		m.log("keys.dropped", "keys pressed too early were thrown away")
		m.buf = nil
	}
}

// wentQuiet: all that was said has been heard.
func (m *Machine) wentQuiet() {
	switch {
	case m.ending != nil:
		m.finish()
	case m.phase == phaseAsk && m.asking.Stage == stagePrompt:
		m.asking.Stage = stageWait
		m.timers.ask = m.now.Add(m.at.question().wait)
		if len(m.buf) == 0 { // else a key is about to answer
			m.openEar()
		}
	case m.phase == phaseAnswer:
		if t, ok := m.at.do.(tells); ok {
			t.said(m)
		}
	case m.phase == phaseQuiet:
		if q, ok := m.at.do.(quieted); ok {
			m.phase = phaseRun
			q.quiet(m)
		}
	}
}
