package real

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"ctid/ari"
	"ctid/pbxtest/phonetest"
)

// silent is an endpoint whose calls end when no media comes for 2 s, and that is asked for a sign of life each second.
const silent = `
[silent](ctid-agent)
aors=silent
rtp_timeout=2
[silent](ctid-agent-aor)
qualify_frequency=1
qualify_timeout=0.5
`

// leg is an agent's leg of a phone that will be lost, and what is told of it.
type leg struct {
	t      *testing.T
	ctx    context.Context
	node   *ari.Node
	events <-chan ari.Message
	phone  *phonetest.Phone
	id     string
}

// answered has a phone answer a call of ours.
func answered(t *testing.T, number string) *leg {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	t.Cleanup(cancel)
	site := &realSite{t: t, phones: map[string]*phonetest.Phone{}}
	p, err := site.phone(ctx, number)
	if err != nil {
		t.Fatal(err)
	}
	p.SetPolicy(phonetest.AnswerAfter(0))
	cfg := site.Config()
	cfg.Phones = time.Hour
	node, err := ari.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = node.Run(run) // its end is stop's
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	l := &leg{t: t, ctx: ctx, node: node, events: node.Events(), phone: p, id: t.Name()}
	l.until(func(m ari.Message) bool { return m.Kind == ari.KindUp })
	t.Cleanup(func() { // Asterisk 16 would tell the tests after this one everything twice
		bye, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := node.Unsubscribe(bye, "endpoint:PJSIP/"+number); err != nil {
			t.Error(err)
		}
	})
	if err := errors.Join(node.Subscribe(ctx, "endpoint:PJSIP/"+number), node.Originate(ctx, ari.OriginateRequest{ChannelID: l.id, Endpoint: "PJSIP/" + number})); err != nil {
		t.Fatal(err)
	}
	l.until(func(m ari.Message) bool { e, ok := m.Event.(*ari.StasisStart); return ok && e.Channel.ID == l.id })
	d, err := p.AwaitCall(ctx)
	if err == nil {
		err = d.AwaitAnswer(ctx) // the phone has had its ACK, and not Asterisk the 200 alone: a phone that vanishes before has no call yet
	}
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// until takes messages until one is it, and says how long that took.
func (l *leg) until(it func(ari.Message) bool) time.Duration {
	l.t.Helper()
	began := time.Now()
	for {
		select {
		case m := <-l.events:
			if it(m) {
				return m.At.Sub(began)
			}
		case <-l.ctx.Done():
			l.t.Fatalf("that was not told: %v", l.ctx.Err())
		}
	}
}

func (l *leg) packets() int64 {
	l.t.Helper()
	n, err := l.node.PacketsReceived(l.ctx, l.id)
	if err != nil {
		l.t.Fatal(err)
	}
	return n
}

func (l *leg) offline(m ari.Message) bool {
	e, ok := m.Event.(*ari.EndpointStateChange)
	return ok && e.Endpoint.State == "offline"
}

func (l *leg) destroyed(m ari.Message) bool {
	e, ok := m.Event.(*ari.ChannelDestroyed)
	return ok && e.Channel.ID == l.id
}

// tick waits, as what is measured is that nothing happens.
func (l *leg) tick(d time.Duration) {
	l.t.Helper()
	select {
	case <-time.After(d):
	case <-l.ctx.Done():
		l.t.Fatal(l.ctx.Err())
	}
}

// A phone that is gone without BYE: by itself Asterisk tells nothing of its leg. That its contact goes is told at once,
// its packets no longer count, and a hang-up is carried out at once.
func TestRealLegLostWithItsContact(t *testing.T) {
	l := answered(t, "1001")
	l.tick(300 * time.Millisecond)
	before := l.packets()
	l.tick(200 * time.Millisecond)
	if now := l.packets(); now <= before {
		t.Errorf("packets stay at %d while the phone speaks", now)
	}
	if err := l.phone.Unregister(l.ctx); err != nil {
		t.Fatal(err)
	}
	l.phone.Vanish()
	t.Logf("the endpoint is offline %v after its contact went", l.until(l.offline))
	l.tick(200 * time.Millisecond)
	before = l.packets()
	l.tick(3 * time.Second)
	if now := l.packets(); now != before {
		t.Errorf("packets went from %d to %d after the phone was gone", before, now)
	}
	channels, err := asterisk.Channels(l.ctx)
	if err != nil || !slices.Contains(channels, l.id) {
		t.Errorf("the leg is gone by itself: %v, %v", channels, err)
	}
	if err := l.node.Hangup(l.ctx, l.id, "", 0); err != nil {
		t.Fatal(err)
	}
	took := l.until(l.destroyed)
	t.Logf("destroyed %v after the hang-up", took)
	if took > time.Second {
		t.Errorf("the hang-up of a lost leg took %v", took)
	}
}

// With rtp_timeout Asterisk ends the leg itself, with a cause that no hang-up by a person has; and a phone that no longer
// answers OPTIONS goes offline, also while its call stands.
func TestRealLegEndsWithoutMedia(t *testing.T) {
	l := answered(t, "silent")
	l.tick(500 * time.Millisecond)
	l.phone.Vanish()
	began := time.Now()
	var offline, over time.Duration
	var end *ari.ChannelDestroyed
	l.until(func(m ari.Message) bool {
		if l.offline(m) {
			offline = m.At.Sub(began)
		}
		if l.destroyed(m) {
			over, end = m.At.Sub(began), m.Event.(*ari.ChannelDestroyed)
		}
		return offline > 0 && end != nil
	})
	t.Logf("offline %v after the phone was gone (asked each second), destroyed after %v with cause %d, tech_cause %d", offline, over, end.Cause, end.TechCause)
	if over < time.Second || over > 5*time.Second || end.Cause != 44 {
		t.Errorf("after %v with cause %d; rtp_timeout is 2 s", over, end.Cause)
	}
	if offline > 4*time.Second {
		t.Errorf("it took %v to notice that the phone is gone", offline)
	}
}

// The same device registers again while its old leg still stands: the contact is replaced and the endpoint stays online.
func TestRealPhoneComesBackWhileItsLegStands(t *testing.T) {
	l := answered(t, "1002")
	l.phone.Vanish()
	again := phone(t, "1002", asterisk.PhonePassword())
	if err := again.Register(l.ctx); err != nil {
		t.Fatal(err)
	}
	var said []string
	l.until(func(m ari.Message) bool {
		switch e := m.Event.(type) {
		case *ari.ContactStatusChange:
			said = append(said, "contact "+e.Contact.Status)
			return e.Contact.Status == "Reachable"
		case *ari.EndpointStateChange:
			said = append(said, "endpoint "+e.Endpoint.State)
		case *ari.PeerStatusChange:
			said = append(said, "peer "+e.Peer.Status)
		}
		return false
	})
	t.Logf("told of the phone that came back: %v", said)
	if err := l.node.Hangup(l.ctx, l.id, "", 0); err != nil {
		t.Fatal(err)
	}
	l.until(l.destroyed)
}
