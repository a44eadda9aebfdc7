package ivr

import (
	"strings"
	"time"
)

// voicemailStep takes a message.
type voicemailStep struct {
	mailbox             *value
	greeting, consent   []*prompt
	max, min, silence   time.Duration
	end                 string
	review              bool
	email               *value
	ticket, transcribes bool
}

func loadVoicemail(l *loader, st *step, o *opts) action {
	a := &voicemailStep{greeting: o.promptList("greeting"), consent: l.consent(st, o, true), max: o.duration("max", 3*time.Minute), min: o.duration("min", 2*time.Second),
		silence: o.duration("silence", 4*time.Second), end: o.endKey(), review: o.truth("review", false), ticket: o.truth("ticket", false),
		transcribes: o.truth("transcribe", false), email: o.email("email")}
	if v, ok := o.scalar("mailbox"); ok {
		a.mailbox = l.siteName("mailbox", l.site.Mailboxes, v)
	}
	if a.min > a.max {
		l.errorf(o.at, "IVR038", "a message of at least %s and at most %s can never be given", a.min, a.max)
	}
	return a
}

// endKey reads the key that ends an input; empty for none.
func (o *opts) endKey() string {
	return map[string]string{"hash": "#", "star": "*"}[o.word("end", "hash", "hash", "star", "none")]
}

// email reads an address.
func (o *opts) email(name string) *value {
	val := o.optText(name)
	if val != nil && val.konst != nil && !isEmail(textOf(val.konst)) {
		o.l.errorf(o.get(name).at, "IVR004", "%s wants an address such as desk@example.com, not %s", name, o.get(name).what())
	}
	return val
}

func isEmail(s string) bool {
	name, host, ok := strings.Cut(s, "@")
	return ok && name != "" && host != "" && !strings.ContainsAny(s, " \t\r\n,;<>") && !strings.Contains(host, "@")
}

func (a *voicemailStep) start(m *Machine) { m.atRest() }

func (a *voicemailStep) quiet(m *Machine) {
	m.emptyBuffer()
	ts, err := m.texts(a.mailbox, a.email)
	if err != nil {
		m.failWith(err)
		return
	}
	m.pickUp()
	v := Voicemail{ID: m.id(), Mailbox: ts[0], Greeting: m.parts(a.greeting), Consent: m.parts(m.unheard(a.consent)), Max: a.max, Min: a.min, Silence: a.silence,
		End: a.end, Review: a.review, Email: ts[1], Ticket: a.ticket, Transcribe: a.transcribes, Lang: m.x.lang}
	m.expect(v.ID, 0)
	m.emit(v)
}

// press: while a message is taken, keys are for whoever records it.
func (a *voicemailStep) press(*Machine, string) {}

func (a *voicemailStep) answer(m *Machine, r Result) {
	if r.Outcome != "error" {
		m.memo.heard(a.consent)
	}
	m.leave(r.Outcome)
}

// resume leaves the caller to whoever takes his message: he goes on where he was.
func (a *voicemailStep) resume(*Machine) bool { return true }
