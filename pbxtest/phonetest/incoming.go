package phonetest

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/emiago/diago"
	"github.com/emiago/sipgo/sip"
)

// serve lives as long as one incoming call.
func (p *Phone) serve(s *diago.DialogServerSession) {
	req := s.InviteRequest
	d := newDialog(p)
	d.From, d.Name, d.To = req.From().Address.User, req.From().DisplayName, req.Recipient.User
	d.CallID, d.Request = req.CallID().Value(), req
	invited := p.wireOf(d.CallID, func(*wire) {}).invited
	d.times.Invited = invited
	p.mu.Lock()
	policy := p.policy
	p.mu.Unlock()
	if !p.add(d) {
		return
	}
	d.finish(d.live(s, policy))
}

// live rings, answers and waits for the end. It hangs up itself, so that
// nothing of the call is left when it returns.
func (d *Dialog) live(s *diago.DialogServerSession, policy Policy) error {
	code := d.ring(s, policy)
	switch {
	case code == 0: // cancelled by the caller
		return nil
	case code != sip.StatusOK:
		d.stamp(func(t *Times) { t.Ended = time.Now() })
		d.mu.Lock()
		d.end.Code = code
		d.mu.Unlock()
		return s.Respond(code, reasons[code], nil, d.redirection(code, policy)...)
	}
	d.stamp(func(t *Times) { t.Answered = time.Now() })
	answer := d.answer(s)
	select {
	case <-answer.confirmed:
	case <-answer.returned:
		if answer.err != nil {
			return answer.err
		}
	}
	stop, err := d.startMedia(&s.DialogMedia, s)
	if err != nil {
		return err
	}
	defer stop()
	close(d.answered)
	select {
	case <-s.Context().Done():
	case <-d.hangup:
		d.stamp(func(t *Times) { t.Ended = time.Now() })
		err = d.bid(s, answer)
	case <-d.phone.ctx.Done():
		err = d.bid(s, answer)
	}
	_ = s.DialogMedia.Close() // ends the reader; the session is over either way
	return err
}

// bid says BYE and waits for what answer left behind, but not for long: the
// other side may be dead.
func (d *Dialog) bid(s *diago.DialogServerSession, a *answering) error {
	if d.phone.vanished.Load() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(d.phone.ctx), byeLimit)
	defer cancel()
	err := s.Hangup(ctx)
	select {
	case <-a.returned:
	case <-ctx.Done():
	}
	return err
}

// answering is an answer on its way: confirmed is closed by the caller's ACK,
// returned when the library is through with it.
type answering struct {
	confirmed, returned chan struct{}
	err                 error // readable once returned is closed
}

// answer sends the 200. The library begins to look out for the ACK only after
// it has sent the 200, and when the ACK was faster it waits until the call's
// end; so the ACK is seen here, and the library left to wait.
func (d *Dialog) answer(s *diago.DialogServerSession) *answering {
	a := &answering{confirmed: make(chan struct{}), returned: make(chan struct{})}
	var once sync.Once
	s.OnState(func(state sip.DialogState) {
		if state == sip.DialogStateConfirmed {
			once.Do(func() { close(a.confirmed) })
		}
	})
	go func() {
		defer close(a.returned)
		a.err = s.Answer()
	}()
	return a
}

// ring returns the final status to send, 0 when the caller gave up.
func (d *Dialog) ring(s *diago.DialogServerSession, policy Policy) int {
	if !policy.Silent {
		if s.Trying() == nil && s.Ringing() == nil {
			d.stamp(func(t *Times) { t.Ringing = time.Now() })
		}
	}
	if policy.Auto && asksToAnswer(s.InviteRequest) {
		return sip.StatusOK
	}
	var after <-chan time.Time
	if policy.Code != 0 {
		timer := time.NewTimer(policy.After)
		defer timer.Stop()
		after = timer.C
	}
	select {
	case <-after:
		return policy.Code
	case code := <-d.decision:
		return code
	case <-d.hangup:
		return sip.StatusGlobalDecline
	case <-s.Context().Done():
	case <-d.phone.ctx.Done():
	}
	return 0
}

// redirection is the Contact of a 302.
func (d *Dialog) redirection(code int, policy Policy) []sip.Header {
	if code != sip.StatusMovedTemporarily {
		return nil
	}
	return []sip.Header{&sip.ContactHeader{
		Address: sip.Uri{Scheme: "sip", User: policy.To, Host: localhost, Port: d.phone.port, UriParams: sip.NewParams(), Headers: sip.NewParams()},
		Params:  sip.NewParams(),
	}}
}

// asksToAnswer says whether an INVITE asks the phone to answer by itself.
func asksToAnswer(req *sip.Request) bool {
	for _, h := range req.GetHeaders("Call-Info") {
		if strings.Contains(h.Value(), "answer-after=0") {
			return true
		}
	}
	for _, h := range req.GetHeaders("Alert-Info") {
		if strings.Contains(strings.ToLower(h.Value()), "auto") {
			return true
		}
	}
	return false
}

// reasons are the phrases of the statuses that phones refuse with.
var reasons = map[int]string{
	302: "Moved Temporarily", 404: "Not Found", 480: "Temporarily Unavailable", 486: "Busy Here", 488: "Not Acceptable Here",
	500: "Server Internal Error", 503: "Service Unavailable", 600: "Busy Everywhere", 603: "Decline",
}
