// Package real runs the scenarios on real Asterisks.
package real

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"ctid/ari"
	"ctid/ari/scenariotest"
	"ctid/pbxtest"
	"ctid/pbxtest/phonetest"
)

var (
	update   = flag.Bool("update", false, "write what the real Asterisk tells into the scenarios")
	suite    = flag.String("suite", pbxtest.SuiteDefault, "which Asterisk: a suite of the Debian archive")
	only     = flag.String("scenario", "*", "which scenarios")
	asterisk *pbxtest.PBX
)

const dialplan = `
[far]
exten => s,1,Wait(0.2)
 same => n,Hangup()
`

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(pbxtest.Main(m, pbxtest.Config{Suite: *suite, Agents: 4, WebPhones: []int{1004}, Dialplan: dialplan, Extra: map[string]string{"pjsip.conf": silent}}, func(p *pbxtest.PBX) { asterisk = p }))
}

// realSite is a real Asterisk with SIP phones.
type realSite struct {
	t      *testing.T
	phones map[string]*phonetest.Phone // agents' by number, the world outside as "carrier", who calls in from there as ""
	tones  int                         // frequencies given away
	hummed map[*phonetest.Dialog]bool
}

type realCaller struct{ d *phonetest.Dialog }

// Press waits for the answer first: Asterisk tells it a moment before the phone has it.
func (c realCaller) Press(ctx context.Context, keys string) error {
	if err := c.d.AwaitAnswer(ctx); err != nil {
		return err
	}
	return c.d.SendDTMF(ctx, keys)
}

func (c realCaller) Hangup(ctx context.Context) error { return c.d.Hangup(ctx) }

func (s *realSite) Config() ari.Config {
	return ari.Config{Name: "real", URL: asterisk.ARIURL(), User: asterisk.ARIUser(), Password: ari.Password(asterisk.ARIPassword())}
}

func (s *realSite) Call(_ context.Context, dnis, number, name string) (scenariotest.Caller, error) {
	d, err := s.phones[""].Dial(dnis, phonetest.CallOptions{From: number, Name: name})
	return realCaller{d}, err
}

// phone is a telephone that has registered; one that was not needed so far is bought and lets calls ring.
func (s *realSite) phone(ctx context.Context, number string) (*phonetest.Phone, error) {
	if p := s.phones[number]; p != nil {
		return p, nil
	}
	p := phone(s.t, number, asterisk.PhonePassword())
	p.SetPolicy(phonetest.Ring())
	s.phones[number] = p
	if err := p.Register(ctx); err != nil {
		return nil, err
	}
	if number != "carrier" { // which is not asked for a sign of life
		awaitOnline(ctx, s.t, s, number)
	}
	return p, nil
}

// Hears has b hum a tone, and listens for it at a.
func (s *realSite) Hears(ctx context.Context, a, b scenariotest.Party) (bool, error) {
	ear, err := s.dialog(ctx, a)
	if err != nil {
		return false, err
	}
	mouth, err := s.dialog(ctx, b)
	if err != nil {
		return false, err
	}
	if !s.hummed[mouth] {
		s.hummed[mouth] = true
		s.tones++
		mouth.SetTone(475 + 75*float64(s.tones))
		select { // until it would be heard
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	return ear.Hears(mouth.Tone()), nil
}

func (s *realSite) dialog(ctx context.Context, p scenariotest.Party) (*phonetest.Dialog, error) {
	if c, ok := p.Caller.(realCaller); ok {
		return c.d, nil
	}
	ph, err := s.phone(ctx, p.Phone)
	if err != nil {
		return nil, err
	}
	return newest(ph)
}

// referred is the first call that came to a phone.
func referred(p *phonetest.Phone) *phonetest.Dialog { return p.Calls()[0] }

// newest is the newest call of a phone that is not over.
func newest(p *phonetest.Phone) (*phonetest.Dialog, error) {
	live := alive(p)
	if len(live) == 0 {
		return nil, fmt.Errorf("phone %s has no call", p.User())
	}
	return live[len(live)-1], nil
}

func alive(p *phonetest.Phone) (live []*phonetest.Dialog) {
	for _, d := range p.Calls() {
		select {
		case <-d.Ended():
		default:
			live = append(live, d)
		}
	}
	return live
}

func (s *realSite) Phone(ctx context.Context, number string, w []string) error {
	p, err := s.phone(ctx, number)
	if err != nil {
		return err
	}
	after := 20 * time.Millisecond
	if len(w) > 1 {
		if d, err := time.ParseDuration(w[1]); err == nil {
			after = d
		}
	}
	switch w[0] {
	case "answer":
		p.SetPolicy(phonetest.AnswerAfter(after))
	case "auto":
		p.SetPolicy(phonetest.AutoAnswer())
	case "busy":
		p.SetPolicy(phonetest.RejectAfter(after, 486))
	case "decline":
		p.SetPolicy(phonetest.RejectAfter(after, 603))
	case "refuse":
		code, err := strconv.Atoi(w[1])
		p.SetPolicy(phonetest.RejectAfter(after, code))
		return err
	case "redirect":
		p.SetPolicy(phonetest.RedirectAfter(after, w[1]))
	case "ring":
		p.SetPolicy(phonetest.Ring())
	case "register":
		return p.Register(ctx)
	case "unregister":
		return p.Unregister(ctx)
	case "dial":
		_, err := p.Dial(w[1], phonetest.CallOptions{})
		return err
	default:
		return act(ctx, p, w)
	}
	return nil
}

func act(ctx context.Context, p *phonetest.Phone, w []string) error {
	if w[0] == "told" { // of the call that it has had longest, which may be over by now
		status, err := strconv.Atoi(w[1])
		return errors.Join(err, referred(p).AwaitNotified(ctx, status))
	}
	d, err := newest(p)
	if err != nil {
		return err
	}
	switch w[0] {
	case "pick-up":
		return d.Answer(ctx)
	case "hangup":
		return d.Hangup(ctx)
	case "press":
		return d.SendDTMF(ctx, w[1])
	case "hold":
		return d.Hold(ctx)
	case "unhold":
		return d.Unhold(ctx)
	case "refer":
		return d.Refer(ctx, w[1])
	case "heard":
		return d.AwaitKeys(ctx, w[1])
	case "refer-to":
		return alive(p)[0].ReferTo(ctx, d)
	case "vanish":
		if err := p.Unregister(ctx); err != nil {
			return err
		}
		p.Vanish()
		return nil
	}
	return fmt.Errorf("phones don't do that: %s", w[0])
}

// awaitOnline waits until Asterisk has qualified the agent's phone.
func awaitOnline(ctx context.Context, t *testing.T, site *realSite, number string) {
	t.Helper()
	node, err := ari.New(site.Config())
	if err != nil {
		t.Fatal(err)
	}
	for {
		e, err := node.Endpoint(ctx, "PJSIP", number)
		if err != nil {
			t.Fatal(err)
		}
		if e.State == "online" {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal("the phone did not come online")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func phone(t *testing.T, user, password string) *phonetest.Phone {
	t.Helper()
	p, err := phonetest.New(phonetest.Config{User: user, Password: password, Server: asterisk.SIPAddr()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestScenariosOnTheReal(t *testing.T) {
	files, err := filepath.Glob("../../../testdata/scenario/" + *only + ".txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	version, err := ari.ParseVersion(asterisk.Version())
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		s, err := scenariotest.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		if s.Since > version.Major {
			continue
		}
		t.Run(s.Name, func(t *testing.T) { runReal(t, s, file, version.Major) })
	}
}

// sweep ends all channels and bridges there are.
func sweep(ctx context.Context, t *testing.T, site *realSite) {
	t.Helper()
	node, err := ari.New(site.Config())
	if err != nil {
		t.Fatal(err)
	}
	channels, err := asterisk.Channels(ctx)
	bridges, err2 := asterisk.Bridges(ctx)
	err = errors.Join(err, err2)
	for _, id := range channels {
		err = errors.Join(err, node.Hangup(ctx, id, "", 0))
	}
	for _, id := range bridges {
		err = errors.Join(err, node.DestroyBridge(ctx, id))
	}
	if err != nil {
		t.Error(err)
	}
}

func runReal(t *testing.T, s *scenariotest.Scenario, file string, major int) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	site := &realSite{t: t, phones: map[string]*phonetest.Phone{"": phone(t, "", "")}, hummed: map[*phonetest.Dialog]bool{}}
	if _, err := site.phone(ctx, "1001"); err != nil {
		t.Fatal(err)
	}
	told, err := scenariotest.Run(ctx, s, site)
	if err != nil {
		t.Error(err)
		sweep(ctx, t, site) // lest the scenarios after it wait for what this one has left
	}
	if *update && err == nil {
		s.Update(told, major)
		if err := s.Write(file); err != nil {
			t.Error(err)
		}
	}
	if diff := s.Compare(told, major); diff != "" {
		t.Error(diff)
	}
	if err := asterisk.AwaitIdle(ctx); err != nil {
		t.Error(err)
	}
}
