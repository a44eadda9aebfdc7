package aritest_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ctid/ari"
	"ctid/ari/aritest"
)

// talk is a caller and an agent's leg l1 in the bridge b1.
func talk(t *testing.T, fake *aritest.Server, n *told) (*aritest.Caller, *aritest.Phone) {
	t.Helper()
	ctx := t.Context()
	p := fake.Phone("1001", aritest.AnswerAfter(time.Second))
	c := fake.Call(aritest.Caller{DNIS: "1", Number: "+442079460000"})
	must(t, n.node.Originate(ctx, ari.OriginateRequest{
		ChannelID: "l1", Endpoint: "PJSIP/1001", Variables: map[string]string{"PJSIP_TRANSFER_HANDLING()": "ari-only"},
	}))
	time.Sleep(2 * time.Second)
	must(t, n.node.Answer(ctx, c.ID()), n.node.CreateBridge(ctx, "b1", ari.BridgeMixing, ""), n.node.AddToBridge(ctx, "b1", c.ID(), "l1"))
	n.take()
	return c, p
}

// ears holds what is heard against "a>b" for a hears b.
func ears(t *testing.T, fake *aritest.Server, ids map[string]string, want ...string) {
	t.Helper()
	var got []string
	for a, x := range ids {
		for b, y := range ids {
			if fake.Hears(x, y) {
				got = append(got, a+">"+b)
			}
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("heard %v, want %v", got, want)
	}
}

func TestWhoHearsWhom(t *testing.T) {
	on(t, func(t *testing.T, fake *aritest.Server, n *told) {
		c, p := talk(t, fake, n)
		ctx, node := t.Context(), n.node
		fake.Phone("1003", aritest.AnswerAfter(0))
		must(t, node.Originate(ctx, ari.OriginateRequest{ChannelID: "l3", Endpoint: "PJSIP/1003"}))
		synctest.Wait()
		who := map[string]string{"c": c.ID(), "a": "l1", "s": "l3"}
		ears(t, fake, who, "c>a", "a>c")

		p.Hold()
		ears(t, fake, who)
		if got := c.Hears(); !slices.Equal(got, []string{"moh:default"}) {
			t.Errorf("who is held hears %v", got)
		}
		p.Unhold()
		must(t, node.Mute(ctx, "l1", ari.DirectionIn))
		ears(t, fake, who, "a>c")
		must(t, node.Unmute(ctx, "l1", ari.DirectionIn), node.Play(ctx, ari.OnlyChannel("l1"), ari.PlayRequest{ID: "p", Media: []string{"tone:ring"}}))
		ears(t, fake, who)
		must(t, node.StopPlayback(ctx, "p"))

		must(t, node.CreateBridge(ctx, "m1", ari.BridgeMixing, ""), node.Snoop(ctx, ari.SnoopRequest{Channel: "l1", SnoopID: "s1", Spy: ari.DirectionBoth}),
			node.AddToBridge(ctx, "m1", "l3", "s1"))
		ears(t, fake, who, "c>a", "a>c", "s>a", "s>c")
		must(t, node.Hangup(ctx, "s1", "", 0),
			node.Snoop(ctx, ari.SnoopRequest{Channel: "l1", SnoopID: "s2", Spy: ari.DirectionIn, Whisper: ari.DirectionOut}), node.AddToBridge(ctx, "m1", "s2"))
		ears(t, fake, who, "c>a", "a>c", "s>a", "a>s")
		must(t, node.Hangup(ctx, "s2", "", 0), node.AddListener(ctx, "b1", "l3"))
		ears(t, fake, who, "c>a", "a>c", "s>a", "s>c")
		must(t, node.AddToBridge(ctx, "b1", "l3"))
		ears(t, fake, who, "c>a", "a>c", "s>a", "s>c", "a>s", "c>s")
		if got := fake.HeardBy("l3"); len(got) != 2 || !slices.Contains(got, "l1") {
			t.Errorf("l3 hears %v", got)
		}
		must(t, node.CreateBridge(ctx, "h1", "mixing", ""), node.AddToBridge(ctx, "h1", c.ID()), node.StartBridgeMOH(ctx, "h1", "jazz"))
		ears(t, fake, who, "s>a", "a>s")
		if got := c.Hears(); !slices.Equal(got, []string{"moh:jazz"}) {
			t.Errorf("in a bridge with music is heard %v", got)
		}
		before, err := node.PacketsReceived(ctx, "l1")
		must(t, err)
		time.Sleep(time.Second)
		speaking, err := node.PacketsReceived(ctx, "l1")
		must(t, err)
		p.Vanish()
		time.Sleep(time.Second)
		silent, err := node.PacketsReceived(ctx, "l1")
		if err != nil || speaking != before+50 || silent != speaking {
			t.Errorf("packets %d, %d, %d, %v", before, speaking, silent, err)
		}
		ears(t, fake, who)
		if fake.Channels()[1].State != "Up" || !slices.Equal(p.Legs(), []string{"l1"}) {
			t.Error("a phone that vanished has hung up")
		}
		must(t, node.Hangup(ctx, "l1", "", 0))
	})
}

func TestASnoopEndsWithItsChannel(t *testing.T) {
	on(t, func(t *testing.T, fake *aritest.Server, n *told) {
		_, p := talk(t, fake, n)
		must(t, n.node.Snoop(t.Context(), ari.SnoopRequest{Channel: "l1", SnoopID: "s1", Spy: ari.DirectionBoth}))
		if err := n.node.Snoop(t.Context(), ari.SnoopRequest{Channel: "l1", SnoopID: "s2"}); ari.Status(err) != 400 {
			t.Errorf("a snoop in no direction: %v", err)
		}
		n.take()
		p.Hangup()
		if got := n.take(); !slices.Contains(got, "StasisEnd s1") {
			t.Errorf("told %v", got)
		}
	})
}

func TestNumbersOutside(t *testing.T) {
	on(t, func(t *testing.T, fake *aritest.Server, n *told) {
		ctx, node := t.Context(), n.node
		dial := func(id, number string) error {
			return node.Originate(ctx, ari.OriginateRequest{
				ChannelID: id, Endpoint: "PJSIP/" + number + "@carrier", CallerID: ari.FormatCallerID(ari.CallerID{Name: "Office", Number: "+85231230000"}),
				Variables: map[string]string{"PJSIP_HEADER(add,X-Ctid)": "c_1"},
			})
		}
		must(t, dial("o1", "49301"))
		synctest.Wait()
		if got := n.take(); got[len(got)-1] != "ChannelDestroyed o1" {
			t.Errorf("a wrong number: %v", got)
		}
		fake.OnCall(func(d aritest.Dialled) aritest.Behaviour {
			if d.From != "+85231230000" || d.FromName != "Office" || d.Headers["X-Ctid"] != "c_1" {
				t.Errorf("called by %+v", d)
			}
			switch d.Number {
			case "49302":
				return aritest.AnswerAfter(3 * time.Second)
			case "49303":
				return aritest.Refuses(time.Second, 486)
			}
			return aritest.Behaviour{Do: aritest.Ignore}
		})
		must(t, dial("o2", "49302"), dial("o3", "49303"), dial("o4", "49304"))
		time.Sleep(4 * time.Second)
		if out := fake.Outside("49302"); out.Leg() != "o2" || out.Ringing() {
			t.Errorf("49302 has %q", out.Leg())
		}
		if !slices.Contains(n.take(), "ChannelDestroyed o3") || !fake.Outside("49304").Ringing() {
			t.Error("49303 is not busy, or 49304 does not ring")
		}
		fake.Outside("49304").Answer()
		fake.Outside("49302").Hangup()
		if got := n.take(); !slices.Contains(got, "StasisStart o4") || !slices.Contains(got, "ChannelDestroyed o2") {
			t.Errorf("told %v", got)
		}
		fake.CarrierDown(true)
		if err := dial("o5", "49305"); !ari.IsAllocationFailed(err) {
			t.Errorf("without a trunk: %v", err)
		}
		if err := node.Originate(ctx, ari.OriginateRequest{ChannelID: "o6", Endpoint: "PJSIP/1@elsewhere"}); !ari.IsAllocationFailed(err) {
			t.Errorf("over a trunk that is none: %v", err)
		}
	})
}

func TestAPhonesOwnCallAndItsTransfer(t *testing.T) {
	on(t, func(t *testing.T, fake *aritest.Server, n *told) {
		c, p := talk(t, fake, n)
		fake.Phone("1002", aritest.AnswerAfter(0))
		ctx, node := t.Context(), n.node
		own := p.Dial("1002")
		if got := n.take(); !slices.Equal(got, []string{"StasisStart " + own.ID()}) {
			t.Fatalf("told %v", got)
		}
		must(t, node.Answer(ctx, own.ID()), node.Originate(ctx, ari.OriginateRequest{ChannelID: "l2", Endpoint: "PJSIP/1002"}))
		synctest.Wait()
		must(t, node.CreateBridge(ctx, "b2", ari.BridgeMixing, ""), node.AddToBridge(ctx, "b2", own.ID(), "l2"))
		n.take()
		p.ReferTo(own.ID())
		if got := n.take(); !slices.Equal(got, []string{"ChannelTransfer l1"}) {
			t.Fatalf("told %v", got)
		}
		must(t, node.AddToBridge(ctx, "b2", c.ID()), node.TransferProgress(ctx, "l1", ari.TransferAnswered))
		synctest.Wait()
		if !fake.Hears(c.ID(), "l2") || !slices.Equal(p.Notified(), []int{200}) || !slices.Equal(p.Legs(), []string{own.ID()}) {
			t.Errorf("told %v, legs %v", p.Notified(), p.Legs())
		}
		own.Hangup()
		if over, _ := own.Ended(); !over {
			t.Error("the consultation does not end")
		}
	})
	synctest.Test(t, func(t *testing.T) {
		fake := aritest.New(aritest.Options{})
		defer fake.Close()
		own := fake.Phone("1001", aritest.AnswerAfter(0)).Dial("1002")
		if over, cause := own.Ended(); !over || cause != 34 {
			t.Errorf("without a program: over %t, cause %d", over, cause)
		}
	})
}

func TestRedirection(t *testing.T) {
	on(t, func(t *testing.T, fake *aritest.Server, n *told) {
		fake.Phone("1001", aritest.Redirects(time.Second, "49301"))
		must(t, n.node.Originate(t.Context(), ari.OriginateRequest{ChannelID: "l1", Endpoint: "PJSIP/1001", AppArgs: "leg"}))
		time.Sleep(2 * time.Second)
		chans := fake.Channels()
		if len(chans) != 2 || !strings.HasSuffix(chans[0].Name, ";1") || !strings.HasSuffix(chans[1].Name, ";2") || chans[1].App != "ctid" {
			t.Fatalf("channels %+v", chans)
		}
		got := n.take()
		if !slices.Contains(got, "ChannelDestroyed l1") || !slices.Contains(got, "StasisStart "+chans[1].ID) {
			t.Errorf("told %v", got)
		}
		must(t, n.node.Hangup(t.Context(), chans[1].ID, "", 0))
		if left := fake.Channels(); len(left) != 0 {
			t.Errorf("left: %+v", left)
		}
	})
}

func TestAutoAnswer(t *testing.T) {
	on(t, func(t *testing.T, fake *aritest.Server, n *told) {
		p := fake.Phone("1001", aritest.AutoAnswers(time.Minute))
		for id, v := range map[string]map[string]string{
			"l1": {"PJSIP_HEADER(add,Call-Info)": "<sip:ctid>;answer-after=0"},
			"l2": {"PJSIP_HEADER(add,Alert-Info)": "<http://127.0.0.1>;info=alert-autoanswer"},
		} {
			must(t, n.node.Originate(t.Context(), ari.OriginateRequest{ChannelID: id, Endpoint: "PJSIP/1001", Variables: v}))
			synctest.Wait()
			if p.Ringing() || p.Leg() != id || len(p.Invite().Headers) != 1 {
				t.Errorf("%s: leg %q, ringing %t, %+v", id, p.Leg(), p.Ringing(), p.Invite())
			}
		}
		must(t, n.node.Originate(t.Context(), ari.OriginateRequest{ChannelID: "l3", Endpoint: "PJSIP/1001"}))
		synctest.Wait()
		if !p.Ringing() {
			t.Error("without a header it does not ring")
		}
		p.Reject(488)
		if got := n.take(); got[len(got)-1] != "ChannelDestroyed l3" {
			t.Errorf("told %v", got)
		}
	})
}
