package phonetest

import (
	"context"
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
	ctx, cancel := context.WithTimeout(context.WithoutCancel(d.phone.ctx), byeLimit)
	defer cancel()
	switch {
	case code == 0: // cancelled by the caller
		return nil
	case code != sip.StatusOK:
		d.stamp(func(t *Times) { t.Ended = time.Now() })
		d.mu.Lock()
		d.end.Code = code
		d.mu.Unlock()
		return s.Respond(code, reasons[code], nil)
	}
	d.stamp(func(t *Times) { t.Answered = time.Now() })
	if err := s.Answer(); err != nil {
		return err
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
		err = s.Hangup(ctx)
	case <-d.phone.ctx.Done():
	}
	_ = s.DialogMedia.Close() // ends the reader; the session is over either way
	return err
}

// ring returns the final status to send, 0 when the caller gave up.
func (d *Dialog) ring(s *diago.DialogServerSession, policy Policy) int {
	if !policy.Silent {
		if s.Trying() == nil && s.Ringing() == nil {
			d.stamp(func(t *Times) { t.Ringing = time.Now() })
		}
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

// reasons are the phrases of the statuses that phones refuse with.
var reasons = map[int]string{
	404: "Not Found", 480: "Temporarily Unavailable", 486: "Busy Here", 488: "Not Acceptable Here",
	500: "Server Internal Error", 503: "Service Unavailable", 600: "Busy Everywhere", 603: "Decline",
}
