package phonetest

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/emiago/diago"
	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// CallOptions say who calls.
type CallOptions struct {
	// From is the caller's number; empty is the phone's user.
	From string
	// Name is the display name.
	Name string
	// Headers are added to the INVITE.
	Headers map[string]string
}

var quoted = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// Call calls a number at the server and waits for the answer. Without one the
// call is hung up (when ctx ends it is cancelled) and the error is *Refused or
// the context's; the dialog is returned in any case once the INVITE was made.
func (p *Phone) Call(ctx context.Context, number string, o CallOptions) (*Dialog, error) {
	d, err := p.Dial(number, o)
	if err != nil {
		return nil, err
	}
	if err := d.AwaitAnswer(ctx); err != nil {
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), byeLimit)
		defer cancel()
		return d, errors.Join(err, d.Hangup(bye))
	}
	return d, nil
}

// Dial starts a call and returns at once.
func (p *Phone) Dial(number string, o CallOptions) (*Dialog, error) {
	uri, err := p.uri(number)
	if err != nil {
		return nil, err
	}
	s, err := p.dg.NewDialog(uri, diago.NewDialogOptions{})
	if err != nil {
		return nil, err
	}
	if o.From == "" {
		o.From = p.config.User
	}
	d := newDialog(p)
	d.Outgoing, d.From, d.Name, d.To = true, o.From, o.Name, number
	id := sip.CallIDHeader(sip.GenerateTagN(24))
	d.CallID = id.Value()
	headers := []sip.Header{&id, &sip.FromHeader{
		DisplayName: quoted.Replace(o.Name), // the library writes it between quotes as it is
		Address:     sip.Uri{Scheme: "sip", User: o.From, Host: localhost, UriParams: sip.NewParams(), Headers: sip.NewParams()},
		Params:      sip.NewParams(),
	}}
	for name, value := range o.Headers {
		headers = append(headers, sip.NewHeader(name, value))
	}
	d.times.Invited = time.Now()
	if !p.add(d) {
		return nil, errors.Join(errors.New("the phone is closed"), s.Close())
	}
	go func() { d.finish(d.invite(s, headers)) }()
	return d, nil
}

// invite lives as long as one outgoing call.
func (d *Dialog) invite(s *diago.DialogClientSession, headers []sip.Header) error {
	defer func() { _ = s.Close() }() // frees sockets; the call is over either way
	ctx, cancel := context.WithCancel(d.phone.ctx)
	defer cancel()
	go func() { // Hangup while it rings is a cancelled context
		select {
		case <-d.hangup:
			d.stamp(func(t *Times) { t.Ended = time.Now() })
			cancel()
		case <-ctx.Done():
		}
	}()
	stop, err := d.await(ctx, s, headers)
	defer stop()
	if err != nil {
		return err
	}
	d.stamp(func(t *Times) { t.Answered = time.Now() })
	close(d.answered)
	select {
	case <-s.Context().Done():
		return nil
	case <-ctx.Done():
	}
	if d.phone.vanished.Load() {
		_ = s.DialogMedia.Close() // ends the reader
		return nil
	}
	bye, cancelBye := context.WithTimeout(context.WithoutCancel(ctx), byeLimit)
	defer cancelBye()
	err = s.Hangup(bye)
	_ = s.DialogMedia.Close() // ends the reader
	return err
}

// await sends the INVITE and returns when the call is up, with early media
// heard on the way. The function it returns is never nil.
func (d *Dialog) await(ctx context.Context, s *diago.DialogClientSession, headers []sip.Header) (stop func(), err error) {
	stop = func() {}
	onResponse := func(res *sip.Response) error {
		if res.StatusCode == sip.StatusRinging {
			d.stamp(func(t *Times) {
				if t.Ringing.IsZero() {
					t.Ringing = time.Now()
				}
			})
		}
		return nil
	}
	user, password := d.phone.config.User, d.phone.config.Password
	err = s.Invite(ctx, diago.InviteClientOptions{
		OnResponse: onResponse, Headers: headers, Username: user, Password: password, EarlyMediaDetect: true,
	})
	early := errors.Is(err, diago.ErrClientEarlyMedia)
	if early {
		if stop, err = d.startMedia(&s.DialogMedia, s); err != nil {
			return stop, err
		}
		err = s.WaitAnswer(ctx, sipgo.AnswerOptions{OnResponse: onResponse, Username: user, Password: password})
	}
	if err != nil {
		_ = s.DialogMedia.Close() // ends the reader of early media
		return stop, err
	}
	if err := s.Ack(ctx); err != nil {
		return stop, err
	}
	if !early {
		stop, err = d.startMedia(&s.DialogMedia, s)
	}
	return stop, err
}
