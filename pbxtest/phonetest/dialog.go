package phonetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/emiago/diago"
	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// Dialog is one call of a phone, in or out. The fields never change; the
// methods may be called from any goroutine.
type Dialog struct {
	// Outgoing is true for a call that the phone made.
	Outgoing bool
	// From and Name are the caller's number and display name, To the number
	// called, as the INVITE has them.
	From, Name, To string
	// CallID is the INVITE's.
	CallID string
	// Request is the INVITE received; nil for a call that the phone made.
	Request *sip.Request

	phone    *Phone
	recorder *recorder
	sender   *sender
	decision chan int      // final status for a ringing call, from Answer and Reject
	hangup   chan struct{} // closed by Hangup
	answered chan struct{} // closed when media flows in both directions
	gone     chan struct{} // closed when nothing of the call is left

	mu    sync.Mutex
	times Times
	end   End
	media *diago.DialogMedia
	inv   invite
	bye   bool // Hangup was called
	held  bool // Hold was called, and Unhold not since
}

// Times are when things happened; the zero time is "not (yet)". Invited is
// when the INVITE was read (incoming) or sent (outgoing), Ended when the BYE or
// CANCEL was read or sent or the refusal came.
type Times struct{ Invited, Ringing, Answered, Ended time.Time }

// End says how a call ended.
type End struct {
	// By is "us", "peer" or, for a call that was never answered, "refused".
	By string
	// Code is the SIP status of a refusal, else 0.
	Code int
	// Cause is the Q.850 cause that the peer gave, 0 without one; Reason is its
	// whole Reason header.
	Cause  int
	Reason string
}

// Refused is the error of a call that was not answered.
type Refused struct {
	Code int // SIP status
	Text string
}

func (r *Refused) Error() string { return fmt.Sprintf("the call was refused: %d %s", r.Code, r.Text) }

func newDialog(p *Phone) *Dialog {
	p.mu.Lock()
	tone := p.tone
	p.mu.Unlock()
	return &Dialog{
		phone: p, recorder: newRecorder(), sender: newSender(tone),
		decision: make(chan int, 1), hangup: make(chan struct{}), answered: make(chan struct{}), gone: make(chan struct{}),
	}
}

// Times returns when things happened so far.
func (d *Dialog) Times() Times {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.times
}

// End returns how the call ended; it is empty while the call lasts.
func (d *Dialog) End() End {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.end
}

// Answered is closed when the call is answered.
func (d *Dialog) Answered() <-chan struct{} { return d.answered }

// Ended is closed when the call is over.
func (d *Dialog) Ended() <-chan struct{} { return d.gone }

// AwaitAnswer waits until the call is answered. An end before that is an
// error: *Refused when the other side refused.
func (d *Dialog) AwaitAnswer(ctx context.Context) error {
	select {
	case <-d.answered:
		return nil
	case <-d.gone:
	case <-ctx.Done():
		return fmt.Errorf("wait for an answer: %w", ctx.Err())
	}
	if !d.Times().Answered.IsZero() {
		return nil
	}
	if e := d.End(); e.Code != 0 {
		return &Refused{Code: e.Code, Text: e.Reason}
	}
	return fmt.Errorf("the call ended unanswered: %+v", d.End())
}

// AwaitEnd waits until the call is over and says how it ended.
func (d *Dialog) AwaitEnd(ctx context.Context) (End, error) {
	select {
	case <-d.gone:
		return d.End(), nil
	case <-ctx.Done():
		return End{}, fmt.Errorf("wait for the call's end: %w", ctx.Err())
	}
}

// Answer answers a ringing call, whatever the policy, and waits until it is up.
func (d *Dialog) Answer(ctx context.Context) error {
	d.decide(sip.StatusOK)
	return d.AwaitAnswer(ctx)
}

// Reject refuses a ringing call with the SIP status, whatever the policy.
func (d *Dialog) Reject(code int) { d.decide(code) }

func (d *Dialog) decide(code int) {
	select {
	case d.decision <- code:
	default: // it was decided before
	}
}

// Hangup ends the call, however far it got, and waits until it is over: a
// ringing call out is cancelled, a ringing call in declined.
func (d *Dialog) Hangup(ctx context.Context) error {
	d.putDown()
	_, err := d.AwaitEnd(ctx)
	return err
}

// putDown has the one who lives the call hang up.
func (d *Dialog) putDown() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.bye {
		d.bye = true
		close(d.hangup)
	}
}

// Hold puts the other side on hold, Unhold takes it back.
func (d *Dialog) Hold(ctx context.Context) error { return d.reinvite(ctx, "sendonly") }

// Unhold ends Hold.
func (d *Dialog) Unhold(ctx context.Context) error { return d.reinvite(ctx, "sendrecv") }

func (d *Dialog) reinvite(ctx context.Context, mode string) error {
	d.mu.Lock()
	m, inv := d.media, d.inv
	d.mu.Unlock()
	if m == nil {
		return errors.New("hold: the call is not answered yet")
	}
	m.MediaSession().Mode = mode
	if err := inv.ReInvite(ctx); err != nil {
		return fmt.Errorf("re-INVITE with %s: %w", mode, err)
	}
	d.mu.Lock()
	d.held = mode == "sendonly"
	d.mu.Unlock()
	return nil
}

func (d *Dialog) stamp(f func(*Times)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f(&d.times)
}

// finish records the end. What the wire saw of the peer's BYE or CANCEL counts
// first, then what we did ourselves.
func (d *Dialog) finish(err error) {
	now := time.Now()
	seen := d.phone.wireOf(d.CallID, func(*wire) {})
	var refusal *sipgo.ErrDialogResponse
	d.mu.Lock()
	switch {
	case errors.As(err, &refusal) && !d.bye:
		d.end = End{By: "refused", Code: refusal.Res.StatusCode, Reason: refusal.Res.Reason}
	case !seen.ended.IsZero() && (!d.bye || seen.ended.Before(d.times.Ended)):
		d.end = End{By: "peer", Cause: seen.cause, Reason: seen.reason}
		d.times.Ended = seen.ended
	default:
		if err != nil {
			d.end.Reason = err.Error()
		}
		d.end.By = "us"
	}
	if d.times.Ended.IsZero() {
		d.times.Ended = now
	}
	d.mu.Unlock()
	d.sender.stop()
	close(d.gone)
	d.phone.running.Done()
}
