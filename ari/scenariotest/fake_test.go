package scenariotest_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"ctid/ari"
	"ctid/ari/aritest"
	"ctid/ari/scenariotest"
)

// fakeSite is the Asterisk in memory.
type fakeSite struct {
	*aritest.Server
	outside *string // number of the newest call to the world outside
}

type fakeCaller struct{ *aritest.Caller }

func (c fakeCaller) Press(_ context.Context, keys string) error { c.Caller.Press(keys); return nil }
func (c fakeCaller) Hangup(context.Context) error               { c.Caller.Hangup(); return nil }

func (s fakeSite) Config() ari.Config { return s.Server.Config() }

func (s fakeSite) Call(_ context.Context, dnis, number, name string) (scenariotest.Caller, error) {
	return fakeCaller{s.Server.Call(aritest.Caller{DNIS: dnis, Number: number, Name: name})}, nil
}

func (s fakeSite) Hears(_ context.Context, a, b scenariotest.Party) (bool, error) {
	return s.Server.Hears(s.channel(a), s.channel(b)), nil
}

func (s fakeSite) channel(p scenariotest.Party) string {
	if c, ok := p.Caller.(fakeCaller); ok {
		return c.ID()
	}
	return s.phone(p.Phone).Leg()
}

// phone finds a phone, or makes it.
func (s fakeSite) phone(number string) *aritest.Phone {
	if number == "carrier" {
		return s.Server.Outside(*s.outside)
	}
	return s.Server.PhoneOf(number)
}

func (s fakeSite) Phone(_ context.Context, number string, w []string) error {
	b, ok := behaviour(w)
	if !ok {
		return act(s.phone(number), w)
	}
	if number != "carrier" {
		s.Server.Phone(number, b)
		return nil
	}
	s.Server.OnCall(func(d aritest.Dialled) aritest.Behaviour {
		*s.outside = d.Number
		return b
	})
	return nil
}

// behaviour reads how a phone is to take its calls; false for an act.
func behaviour(w []string) (b aritest.Behaviour, ok bool) {
	b.After = 20 * time.Millisecond
	if len(w) > 1 {
		if d, err := time.ParseDuration(w[1]); err == nil {
			b.After = d
		}
	}
	switch w[0] {
	case "answer":
	case "auto":
		b.Do, b.Auto = aritest.Ignore, true
	case "busy":
		b.Do = aritest.Busy
	case "decline":
		b.Do = aritest.Decline
	case "refuse":
		code, err := strconv.Atoi(w[1])
		b.Do, b.Code = aritest.Refuse, code
		return b, err == nil
	case "redirect":
		b.Do, b.To = aritest.Redirect, w[1]
	case "ring":
		b.Do = aritest.Ignore
	default:
		return b, false
	}
	return b, true
}

func act(p *aritest.Phone, w []string) error {
	switch w[0] {
	case "register":
		p.Register()
	case "unregister":
		p.Unregister()
	case "dial":
		p.Dial(w[1])
	case "pick-up":
		p.Answer()
	case "hangup":
		p.Hangup()
	case "press":
		p.Press(w[1])
	case "hold":
		p.Hold()
	case "unhold":
		p.Unhold()
	case "refer":
		p.Refer(w[1])
	case "refer-to":
		p.ReferTo(p.Leg())
	case "heard":
		if got := p.Keys(); got != w[1] {
			return errors.New("it heard the keys " + got)
		}
	case "told":
		if status, err := strconv.Atoi(w[1]); err != nil || !slices.Contains(p.Notified(), status) {
			return fmt.Errorf("of its transfer it was told %v", p.Notified())
		}
	case "vanish":
		p.Vanish()
	default:
		return errors.New("phones don't do that: " + w[0])
	}
	return nil
}

func TestScenariosOnTheFake(t *testing.T) {
	files, err := filepath.Glob("../../testdata/scenario/*.txt")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d scenarios, %v", len(files), err)
	}
	for version, major := range map[string]int{"22.10.1": 22, "16.28.0": 16} {
		for _, file := range files {
			s, err := scenariotest.Read(file)
			if err != nil {
				t.Fatal(err)
			}
			if s.Since > major {
				continue
			}
			t.Run(version+" "+s.Name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					fake := aritest.New(aritest.Options{Version: version})
					defer fake.Close()
					for _, number := range []string{"1001", "1002", "1003"} {
						fake.Phone(number, aritest.Behaviour{Do: aritest.Ignore})
					}
					fake.Hop("far,s", aritest.Hop{After: 200 * time.Millisecond, Hangup: true})
					told, err := scenariotest.Run(t.Context(), s, fakeSite{fake, new(string)})
					if err != nil {
						t.Error(err)
					}
					if diff := s.Compare(told, major); diff != "" {
						t.Error(diff)
					}
				})
			})
		}
	}
}
