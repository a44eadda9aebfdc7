package switchboard

import (
	"testing"
	"time"

	"ctid"
	"ctid/ari"
	"ctid/ari/aritest"
)

// Whoever outside is rung for a caller sees the centre's number, whether his agent hands him on or asks first.
func TestShownToOutside(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.pbx.OnCall(func(aritest.Dialled) aritest.Behaviour { return aritest.AnswerAfter(time.Second) })
		shown := func(where string) {
			t.Helper()
			if from := c.pbx.Outside(outsider).Invite().From; from != shownAs {
				t.Errorf("%s: outside sees %q, want %s", where, from, shownAs)
			}
		}
		c.talking()
		c.must("ana", ctid.CallTransferBlind{Call: c.lastCall(), To: toNumber()})
		shown("handed on")
		c.pbx.Outside(outsider).Hangup()
		c.clean(1)

		p := c.pbx.Call(caller)
		c.settle(3 * time.Second)
		c.must("ben", ctid.CallConsult{Call: c.lastCall(), To: toNumber()})
		shown("asked")
		p.Hangup()
		c.pbx.Outside(outsider).Hangup()
		c.clean(2)
	})
}

// An extension that is no agent's is rung at the PBX, a public number by the trunk; without a trunk nobody outside is.
func TestWaysOut(t *testing.T) {
	n, err := ari.New(ari.Config{Name: "a", URL: "http://127.0.0.1:1", User: "u", Password: "p", App: "ctid"})
	if err != nil {
		t.Fatal(err)
	}

	k := &call{sb: &Switchboard{cfg: Config{Trunks: map[ctid.NodeID]string{"a": "PJSIP/{number}@carrier"},
		Extensions: map[ctid.NodeID]string{"a": "PJSIP/{number}@office"}}}, node: n}
	for number, want := range map[string]string{"2000": "PJSIP/2000@office", "+442079460001": "PJSIP/+442079460001@carrier"} {
		if got, err := k.endpointFor(number); got != want || err != nil {
			t.Errorf("%s is rung at %q (%v), want %s", number, got, err, want)
		}
	}
	k.sb.cfg.Trunks, k.sb.cfg.Extensions = nil, nil
	if got, err := k.endpointFor("2000"); got != "PJSIP/2000" || err != nil {
		t.Errorf("2000 is rung at %q (%v), want PJSIP/2000", got, err)
	}
	if got, err := k.endpointFor("+442079460001"); err == nil {
		t.Errorf("a number outside is rung at %q without a trunk", got)
	}
}
