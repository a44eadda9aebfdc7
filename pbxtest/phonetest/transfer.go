package phonetest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// invite is the part of diago's two kinds of session that holding and transfers need.
type invite interface {
	ReInvite(ctx context.Context) error
	Do(ctx context.Context, req *sip.Request) (*sip.Response, error)
	RemoteContact() *sip.ContactHeader
	DialogSIP() *sipgo.Dialog
}

// Refer asks the PBX (REFER) to connect the other side of the call with a number, and returns when it has accepted. How it
// goes on is told by Notified; on 200 the phone hangs up.
func (d *Dialog) Refer(ctx context.Context, number string) error {
	uri, err := d.phone.uri(number)
	if err != nil {
		return err
	}
	return d.refer(ctx, "<"+uri.String()+">")
}

// ReferTo asks the PBX to connect the other side of this call with that of another call of the same phone, its
// consultation, as the key "transfer" of a telephone does.
func (d *Dialog) ReferTo(ctx context.Context, consult *Dialog) error {
	inv, err := consult.session()
	if err != nil {
		return err
	}
	dialog := inv.DialogSIP()
	from, _ := dialog.InviteRequest.From().Params.Get("tag")
	to, _ := dialog.InviteResponse.To().Params.Get("tag")
	theirs, ours := to, from // in a call out the PBX gave the To tag
	number := consult.To
	if !consult.Outgoing {
		theirs, ours = from, to
		number = consult.From
	}
	uri, err := d.phone.uri(number)
	if err != nil {
		return err
	}
	replaces := consult.CallID + ";to-tag=" + theirs + ";from-tag=" + ours
	return d.refer(ctx, "<"+uri.String()+"?Replaces="+url.QueryEscape(replaces)+">")
}

func (d *Dialog) refer(ctx context.Context, to string) error {
	inv, err := d.session()
	if err != nil {
		return err
	}
	contact := inv.RemoteContact()
	if contact == nil {
		return errors.New("refer: the other side has named no address")
	}
	req := sip.NewRequest(sip.REFER, contact.Address)
	req.AppendHeader(sip.NewHeader("Refer-To", to))
	own, err := d.phone.uri(d.phone.config.User)
	if err != nil {
		return err
	}
	req.AppendHeader(sip.NewHeader("Referred-By", "<"+own.String()+">"))
	res, err := inv.Do(ctx, req)
	if err != nil {
		return fmt.Errorf("refer: %w", err)
	}
	if res.StatusCode != sip.StatusAccepted {
		return fmt.Errorf("refer: %w", &Refused{Code: res.StatusCode, Text: res.Reason})
	}
	return nil
}

// session is the answered call's SIP side.
func (d *Dialog) session() (invite, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.inv == nil {
		return nil, errors.New("the call is not answered yet")
	}
	return d.inv, nil
}

// Notified lists the SIP statuses that the PBX has told of a transfer so far: 100 for "it goes on", then 200, or why it
// came to nothing.
func (d *Dialog) Notified() []int {
	return slices.Clone(d.phone.wireOf(d.CallID, func(*wire) {}).notified)
}

// AwaitNotified waits until the PBX has told that status of a transfer.
func (d *Dialog) AwaitNotified(ctx context.Context, status int) error {
	for {
		d.phone.mu.Lock()
		changed := d.phone.changed
		d.phone.mu.Unlock()
		if slices.Contains(d.Notified(), status) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("the phone was not told %d of its transfer, but %v: %w", status, d.Notified(), ctx.Err())
		}
	}
}

// fragment is the status in the body of a NOTIFY about a transfer, 0 for none.
func fragment(body []byte) int {
	_, rest, _ := strings.Cut(string(body), " ")
	if len(rest) < 3 {
		return 0
	}
	status, err := strconv.Atoi(rest[:3])
	if err != nil {
		return 0
	}
	return status
}
