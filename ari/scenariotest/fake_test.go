package scenariotest_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"ctid/ari"
	"ctid/ari/aritest"
	"ctid/ari/scenariotest"
)

// fakeSite is the Asterisk in memory.
type fakeSite struct{ *aritest.Server }

type fakeCaller struct{ *aritest.Caller }

func (c fakeCaller) Press(_ context.Context, keys string) error { c.Caller.Press(keys); return nil }
func (c fakeCaller) Hangup(context.Context) error               { c.Caller.Hangup(); return nil }

func (s fakeSite) Config() ari.Config { return s.Server.Config() }

func (s fakeSite) Call(_ context.Context, dnis, number, name string) (scenariotest.Caller, error) {
	return fakeCaller{s.Server.Call(aritest.Caller{DNIS: dnis, Number: number, Name: name})}, nil
}

func (s fakeSite) Phone(_ context.Context, number string, w []string) error {
	after := 20 * time.Millisecond
	if len(w) > 1 {
		if d, err := time.ParseDuration(w[1]); err == nil {
			after = d
		}
	}
	b := aritest.Behaviour{After: after}
	switch w[0] {
	case "answer":
	case "busy":
		b.Do = aritest.Busy
	case "decline":
		b.Do = aritest.Decline
	case "ring":
		b.Do = aritest.Ignore
	default:
		return act(s.Server.Phone(number, aritest.Behaviour{Do: aritest.Ignore}), w)
	}
	s.Server.Phone(number, b)
	return nil
}

func act(p *aritest.Phone, w []string) error {
	switch w[0] {
	case "register":
		p.Register()
	case "unregister":
		p.Unregister()
	case "hangup":
		p.Hangup()
	case "press":
		p.Press(w[1])
	case "hold":
		p.Hold()
	case "unhold":
		p.Unhold()
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
					fake.Phone("1001", aritest.Behaviour{Do: aritest.Ignore})
					fake.Hop("far,s", aritest.Hop{After: 200 * time.Millisecond, Hangup: true})
					told, err := scenariotest.Run(t.Context(), s, fakeSite{fake})
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
