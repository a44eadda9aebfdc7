package loadtest

import (
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"time"
)

// hostInt64 reads an integer as the kernel wrote it.
func hostInt64(b []byte) int64 { return int64(binary.NativeEndian.Uint64(b)) }

// dialog is one side of one call: a caller's, or with agent an agent's phone's. The load's lock is held in its methods.
type dialog struct {
	l       *Load
	conn    *net.UDPConn
	id      string
	call    *Call
	agent   string
	local   string // our From
	remote  string // our To
	target  string
	contact string
	cseq    int
	sent    int // numbers the branches

	invite    *message // of a phone
	last      []byte   // the phone's last answer to it
	branch    string   // of the caller's INVITE
	up        bool     // answered
	bye       bool     // hung up by us
	confirmed bool
	again     *time.Timer
	talk      *time.Timer
	patience  *time.Timer // of a caller
	pickUp    *time.Timer // of a phone
}

// after has do done with the load's lock held, if the dialog is still there by then.
func (d *dialog) after(wait time.Duration, do func()) *time.Timer {
	return time.AfterFunc(wait, func() {
		d.l.mu.Lock()
		defer d.l.mu.Unlock()
		if !d.l.stopped && d.l.dialogs[d.id] == d {
			do()
		}
	})
}

// rest stops what was to come.
func (d *dialog) rest() {
	for _, t := range []*time.Timer{d.talk, d.patience, d.pickUp} {
		if t != nil {
			t.Stop()
		}
	}
}

// build makes a request of this dialog.
func (d *dialog) build(method, body string) []byte {
	d.sent++
	branch := fmt.Sprintf("z9hG4bK%s%d", d.id, d.sent)
	switch method {
	case "INVITE":
		d.branch = branch
	case "CANCEL":
		branch = d.branch
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=%s;rport\r\nMax-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\n",
		method, d.target, d.conn.LocalAddr(), branch, d.local, d.remote, d.id, d.cseq, method)
	if method == "INVITE" {
		b.WriteString("Contact: " + d.contact + "\r\n")
	}
	finish(&b, body)
	return []byte(b.String())
}

// sendUntilAnswered sends, and again while settle has not been called.
func (d *dialog) sendUntilAnswered(b []byte) {
	d.settle()
	d.l.send(d.conn, b)
	d.repeat(b, t1, 1)
}

func (d *dialog) repeat(b []byte, pause time.Duration, n int) {
	var t *time.Timer
	t = time.AfterFunc(pause, func() {
		d.l.mu.Lock()
		defer d.l.mu.Unlock()
		if d.again != t || d.l.stopped {
			return
		}
		if n == sends {
			d.finish(time.Now(), 408)
			return
		}
		d.l.counts.Resent++
		d.l.send(d.conn, b)
		d.repeat(b, min(2*pause, 8*t1), n+1)
	})
	d.again = t
}

// settle ends the repeating.
func (d *dialog) settle() {
	if d.again != nil {
		d.again.Stop()
		d.again = nil
	}
}

// finish forgets the dialog.
func (d *dialog) finish(at time.Time, status int) {
	d.settle()
	d.rest()
	delete(d.l.dialogs, d.id)
	if d.agent != "" {
		if !d.bye {
			d.l.agents[d.agent].released(&d.l.counts, at)
		}
		return
	}
	d.call.Status = status
	d.l.over(at, d.call)
}

// released frees the phone of a call that the PBX has ended.
func (p *phone) released(counts *Result, at time.Time) {
	p.busy = false
	if p.doubles > 0 && at.Sub(p.refused) <= crossing {
		counts.Crossed += p.doubles
	}
	p.doubles = 0
}

// response takes an answer of the PBX.
func (d *dialog) response(at time.Time, m *message) {
	if m.cseqMethod == "BYE" {
		d.finish(at, 0)
		return
	}
	if m.cseqMethod != "INVITE" || d.agent != "" {
		return
	}
	switch {
	case m.status < 200:
		if !d.call.given { // else it is the CANCEL that is repeated
			d.settle()
		}
	case m.status < 300:
		d.answered(m)
	default:
		d.remote = m.to
		d.l.send(d.conn, d.ackOf(m.to, true))
		d.finish(at, m.status)
	}
}

// answered acknowledges the PBX's answer; one that comes again is acknowledged again.
func (d *dialog) answered(m *message) {
	first := !d.up
	if first {
		d.settle()
		d.up, d.remote = true, m.to
		if m.contact != "" {
			d.target = m.contact
		}
	}
	d.l.send(d.conn, d.ackOf(m.to, false))
	if first {
		d.l.speak(m.media)
	}
	if first && d.call.given { // it crossed our CANCEL
		d.sayBye()
	}
}

// ackOf builds an ACK. That of a refusal belongs to the INVITE's transaction (RFC 3261, section 17.1.1.3).
func (d *dialog) ackOf(to string, refused bool) []byte {
	branch, target := d.branch, d.target
	if !refused {
		branch = fmt.Sprintf("z9hG4bK%sack", d.id)
	}
	return fmt.Appendf(nil, "ACK %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=%s;rport\r\nMax-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n",
		target, d.conn.LocalAddr(), branch, d.local, to, d.id)
}

// sayBye hangs up a dialog that is up.
func (d *dialog) sayBye() {
	d.bye = true
	d.cseq++
	d.sendUntilAnswered(d.build("BYE", ""))
}

// giveUp is the caller's own end.
func (d *dialog) giveUp() {
	if d.call.given || d.bye {
		return
	}
	d.call.given = true
	if d.up {
		d.sayBye()
		return
	}
	d.sendUntilAnswered(d.build("CANCEL", ""))
}

// request takes a request of the PBX within the dialog.
func (d *dialog) request(at time.Time, m *message) {
	switch m.method {
	case "INVITE":
		d.invitedAgain(m)
	case "ACK":
		d.acknowledged(at)
	case "BYE":
		d.l.send(d.conn, m.answer(200, "OK", "", "", ""))
		d.finish(at, 0)
	case "CANCEL":
		d.l.send(d.conn, m.answer(200, "OK", "", "", ""))
		if d.invite != nil && !d.up {
			d.l.send(d.conn, d.invite.answer(487, "Request Terminated", "p", "", ""))
			d.finish(at, 0)
		}
	default:
		d.l.send(d.conn, m.answer(200, "OK", "", "", ""))
	}
}

// invitedAgain: the INVITE was repeated, or it is a new one that changes the media, which is agreed to.
func (d *dialog) invitedAgain(m *message) {
	if d.invite != nil && m.cseq == d.invite.cseq {
		d.l.send(d.conn, d.last)
		return
	}
	d.l.send(d.conn, m.answer(200, "OK", "", "Contact: "+d.contact+"\r\n", d.l.sdp))
}

// acknowledged: the phone's answer has arrived, the conversation begins.
func (d *dialog) acknowledged(at time.Time) {
	if d.agent == "" || d.confirmed {
		return
	}
	d.confirmed = true
	d.settle()
	d.l.speak(d.invite.media)
	if d.call != nil && d.call.Joined.IsZero() {
		d.call.Joined, d.call.Agent = at, d.agent
	}
	talk := d.l.cfg.Talk
	if d.call != nil {
		talk = d.call.caller.Talk
	}
	d.talk = d.after(talk, func() {
		p := d.l.agents[d.agent]
		p.busy, p.bye, p.waiting = false, time.Now().Round(0), d.l.waiting
		d.sayBye()
	})
}

// ring takes a call to an agent's phone: it rings, and is answered, at once or after a while.
func (l *Load) ring(at time.Time, m *message) {
	agent := userOf(m.uri)
	p := l.agents[agent]
	if p == nil {
		p = &phone{}
		l.agents[agent] = p
	}
	if p.busy {
		l.counts.Double++
		p.doubles++
		p.refused = at
		l.send(l.phones, m.answer(486, "Busy Here", "b", "", ""))
		return
	}
	p.busy, p.doubles = true, 0
	if !p.bye.IsZero() {
		l.gaps = append(l.gaps, Gap{Agent: agent, Bye: p.bye, Invite: at, Waiting: p.waiting})
		p.bye = time.Time{}
	}
	call := l.callOf(m.from)
	if call != nil {
		if call.Offered.IsZero() {
			call.Offered = at
			if call.Ended.IsZero() {
				l.waiting--
			}
		} else {
			l.counts.Again++
		}
	}
	d := &dialog{l: l, conn: l.phones, id: m.callID, call: call, agent: agent, local: m.to + ";tag=p", remote: m.from,
		target: m.contact, contact: fmt.Sprintf("<sip:%s@%s>", agent, l.phones.LocalAddr()), invite: m}
	l.dialogs[d.id] = d
	d.last = m.answer(180, "Ringing", "p", "Contact: "+d.contact+"\r\n", "")
	l.send(l.phones, d.last)
	ring := l.cfg.Ring
	if call != nil {
		ring = call.caller.Ring
	}
	if ring == 0 {
		d.answer()
		return
	}
	d.pickUp = d.after(ring, d.answer)
}

// answer picks a phone up that rings.
func (d *dialog) answer() {
	d.up = true
	d.last = d.invite.answer(200, "OK", "p", "Contact: "+d.contact+"\r\n", d.l.sdp)
	d.sendUntilAnswered(d.last)
}
