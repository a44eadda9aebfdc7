package ivr

import (
	"io/fs"
	"time"
)

// faxStep receives a fax into a mailbox, or sends a file.
type faxStep struct {
	handsOn
	send          bool
	mailbox, file *value
	to            []*value // none: this call
	allow         []string
	pages, tries  int
	within        time.Duration
	email         *value
}

func loadFaxReceive(l *loader, _ *step, o *opts) action {
	a := &faxStep{pages: o.count("pages", 50, 1, 1000), within: o.duration("within", 10*time.Minute), email: o.email("email")}
	if v, ok := o.scalar("mailbox"); ok {
		a.mailbox = l.siteName("mailbox", l.site.Mailboxes, v)
	}
	return a
}

func loadFaxSend(l *loader, _ *step, o *opts) action {
	a := &faxStep{send: true, allow: o.allow(), tries: o.count("tries", 1, 1, 10), file: o.optText("file")}
	if v := o.get("file"); v != nil && a.file != nil && a.file.konst != nil && !fs.ValidPath(v.text) {
		l.errorf(v.at, "IVR004", "file wants a path such as terms/2026.pdf, not %s", v.what())
	}
	if v, ok := o.scalar("to"); ok {
		if n := l.number("to", v, a.allow); n != nil {
			a.to = []*value{n}
		}
	}
	return a
}

func (a *faxStep) start(m *Machine) { m.atRest() }

func (a *faxStep) quiet(m *Machine) {
	m.emptyBuffer()
	ts, err := m.texts(a.mailbox, a.file, a.email)
	to, err2 := m.dialled(a.to, a.allow)
	if err == nil {
		err = err2
	}
	if err == nil && a.send && !fs.ValidPath(ts[1]) {
		err = fault("fax.no_file")
	}
	if err != nil {
		m.failWith(err)
		return
	}
	f := Fax{ID: m.id(), Send: a.send, Mailbox: ts[0], File: ts[1], Email: ts[2], Pages: a.pages, Tries: a.tries, Within: a.within}
	if len(to) > 0 {
		f.To = to[0]
	}
	m.handOn(f.ID)
	m.emit(f)
}

func (a *faxStep) answer(m *Machine, r Result) {
	m.handedBack()
	m.leave(r.Outcome)
}
