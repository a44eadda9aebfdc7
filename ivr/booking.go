package ivr

import (
	"time"

	"ctid"
)

// booking is what a call back is to be like.
type booking struct {
	number  *value // nil: the caller's
	allow   []string
	keep    bool
	first   string
	window  time.Duration
	tries   int
	gap     time.Duration
	confirm *prompt // reads the number back; nil: not asked
}

// bookingOptions are the options of a call back, as a verb and within a queue.
var bookingOptions = []option{{"number", "the caller's", false}, {"allow", "dial_allow", false}, {"confirm", "true", false}, {"keep_place", "true", false},
	{"first", "agent", false}, {"window", "2h", false}, {"tries", "3", false}, {"gap", "10m", false}}

const confirmCallback = "callback_confirm"

func (l *loader) booking(st *step, o *opts) booking {
	b := booking{allow: o.allow(), keep: o.truth("keep_place", true), first: o.word("first", "agent", "agent", "customer"),
		window: o.duration("window", 2*time.Hour), tries: o.count("tries", 3, 1, 10), gap: o.duration("gap", 10*time.Minute)}
	for _, x := range []struct {
		name string
		long time.Duration
	}{{"window", b.window}, {"gap", b.gap}} {
		if x.long <= 0 {
			l.errorf(o.get(x.name).at, "IVR004", "%s wants a time of more than 0s", x.name)
		}
	}
	if b.allow == nil {
		b.allow = l.site.domestic()
	}
	if v, ok := o.scalar("number"); ok {
		b.number = l.number("number", v, b.allow)
	}
	if o.truth("confirm", true) {
		b.confirm = l.built(confirmCallback, st.at)
	}
	return b
}

// to is the number to call back; empty if there is none, or none that may be dialled.
func (b *booking) to(m *Machine) (string, error) {
	n := m.x.call.ANI
	if b.number != nil {
		var err error
		if n, err = m.text(b.number); err != nil {
			return "", err
		}
	}
	if b.whyNot(m, n) != "" {
		return "", nil
	}
	return n, nil
}

// whyNot says why a number cannot be called back; empty: it can.
func (b *booking) whyNot(m *Machine, number string) string {
	if number == "" {
		return "his number is not known"
	}
	if why := m.s.site.refuses(number, b.allow); why != "" {
		return "the number is " + why
	}
	return ""
}

// cannot logs why who would be called back cannot be.
func (b *booking) cannot(m *Machine, code, text string) {
	n := m.x.call.ANI
	if b.number != nil {
		n, _ = m.text(b.number) // it has been worked out before
	}
	m.log(code, text+": "+b.whyNot(m, n))
}

func (b *booking) ask(id, queue, number string) BookCallback {
	return BookCallback{ID: id, Queue: ctid.QueueID(queue), Number: number, Allow: b.allow, KeepPlace: b.keep, First: b.first, Window: b.window, Tries: b.tries, Gap: b.gap}
}
