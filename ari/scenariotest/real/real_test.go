// Package real runs the scenarios on real Asterisks.
package real

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
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
	os.Exit(pbxtest.Main(m, pbxtest.Config{Suite: *suite, Agents: 2, Dialplan: dialplan}, func(p *pbxtest.PBX) { asterisk = p }))
}

// realSite is a real Asterisk with SIP phones.
type realSite struct {
	carrier, agent *phonetest.Phone
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

func (s realSite) Config() ari.Config {
	return ari.Config{Name: "real", URL: asterisk.ARIURL(), User: asterisk.ARIUser(), Password: ari.Password(asterisk.ARIPassword())}
}

func (s realSite) Call(_ context.Context, dnis, number, name string) (scenariotest.Caller, error) {
	d, err := s.carrier.Dial(dnis, phonetest.CallOptions{From: number, Name: name})
	return realCaller{d}, err
}

func (s realSite) Phone(ctx context.Context, _ string, w []string) error {
	after := 20 * time.Millisecond
	if len(w) > 1 {
		if d, err := time.ParseDuration(w[1]); err == nil {
			after = d
		}
	}
	switch w[0] {
	case "answer":
		s.agent.SetPolicy(phonetest.AnswerAfter(after))
	case "busy":
		s.agent.SetPolicy(phonetest.RejectAfter(after, 486))
	case "decline":
		s.agent.SetPolicy(phonetest.RejectAfter(after, 603))
	case "ring":
		s.agent.SetPolicy(phonetest.Ring())
	case "register":
		return s.agent.Register(ctx)
	case "unregister":
		return s.agent.Unregister(ctx)
	default:
		return s.act(ctx, w)
	}
	return nil
}

func (s realSite) act(ctx context.Context, w []string) error {
	calls := s.agent.Calls()
	if len(calls) == 0 {
		return errors.New("the phone has no call")
	}
	d := calls[len(calls)-1]
	switch w[0] {
	case "hangup":
		return d.Hangup(ctx)
	case "press":
		return d.SendDTMF(ctx, w[1])
	case "hold":
		return d.Hold(ctx)
	case "unhold":
		return d.Unhold(ctx)
	}
	return fmt.Errorf("phones don't do that: %s", w[0])
}

// awaitOnline waits until Asterisk has qualified the agent's phone.
func awaitOnline(ctx context.Context, t *testing.T, site realSite) {
	t.Helper()
	node, err := ari.New(site.Config())
	if err != nil {
		t.Fatal(err)
	}
	for {
		e, err := node.Endpoint(ctx, "PJSIP", "1001")
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

func runReal(t *testing.T, s *scenariotest.Scenario, file string, major int) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	site := realSite{carrier: phone(t, "", ""), agent: phone(t, "1001", asterisk.PhonePassword())}
	site.agent.SetPolicy(phonetest.Ring())
	if err := site.agent.Register(ctx); err != nil {
		t.Fatal(err)
	}
	awaitOnline(ctx, t, site)
	told, err := scenariotest.Run(ctx, s, site)
	if err != nil {
		t.Error(err)
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
