package phonetest

import (
	"regexp"
	"strconv"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// wire is what was seen of one call's requests on the wire, before any of it
// was worked on.
type wire struct {
	invited time.Time
	ended   time.Time
	cause   int    // Q.850 cause of the Reason header, 0 without one
	reason  string // the whole Reason header
	method  string // BYE or CANCEL
	// notified are the statuses told of a transfer by NOTIFY
	notified []int
}

var q850 = regexp.MustCompile(`(?i)Q\.850\s*;\s*cause=(\d+)`)

// observe takes the time of each request as it is read.
func (p *Phone) observe(next sipgo.RequestHandler) sipgo.RequestHandler {
	return func(req *sip.Request, tx sip.ServerTransaction) {
		if p.vanished.Load() {
			return
		}
		now := time.Now()
		id := req.CallID().Value()
		switch req.Method {
		case sip.NOTIFY:
			if p.notified(id, fragment(req.Body())) {
				_ = tx.Respond(sip.NewResponseFromRequest(req, sip.StatusOK, "OK", nil)) // the PBX asks again where it got none
				return
			}
		case sip.INVITE:
			if _, again := req.To().Params.Get("tag"); !again {
				p.wireOf(id, func(w *wire) { w.invited = now })
				tx.OnCancel(func(r *sip.Request) { p.ended(r, time.Now()) })
			}
		case sip.BYE:
			p.ended(req, now)
		}
		next(req, tx)
	}
}

// notified takes down what the PBX tells of a transfer. When it has come about the phone hangs up, and true is returned: the library would too,
// but beside whoever lives the call.
func (p *Phone) notified(id string, status int) bool {
	if status == 0 {
		return false
	}
	p.wireOf(id, func(w *wire) {
		w.notified = append(w.notified, status)
		p.signal()
	})
	if status != sip.StatusOK {
		return false
	}
	for _, d := range p.Calls() {
		if d.CallID == id {
			d.putDown()
		}
	}
	return true
}

func (p *Phone) ended(req *sip.Request, now time.Time) {
	var reason string
	cause := 0
	for _, h := range req.GetHeaders("Reason") {
		if m := q850.FindStringSubmatch(h.Value()); m != nil {
			cause, _ = strconv.Atoi(m[1]) // digits by the pattern; too many of them are no cause
		}
		if reason != "" {
			reason += ", "
		}
		reason += h.Value()
	}
	p.wireOf(req.CallID().Value(), func(w *wire) {
		w.ended, w.cause, w.reason, w.method = now, cause, reason, req.Method.String()
	})
}

func (p *Phone) wireOf(callID string, f func(*wire)) wire {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.wires[callID]
	if w == nil {
		w = &wire{}
		p.wires[callID] = w
	}
	f(w)
	return *w
}
