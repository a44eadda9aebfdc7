package ari_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ctid/ari"
	"ctid/ari/aritest"
)

// in runs f on a connected node with a caller in the application and an agent's phone.
func in(t *testing.T, f func(*testing.T, *rig, *aritest.Caller)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, aritest.Options{}, nil)
		r.want("up phones")
		c := r.fake.Call(aritest.Caller{DNIS: "8001", Number: "+442079460000", Name: "Ann"})
		r.want("StasisStart")
		f(t, r, c)
	})
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// count is how many requests there were whose line contains part.
func (r *rig) count(part string) (n int) {
	for _, q := range r.fake.Requests() {
		if strings.Contains(q.Line(), part) {
			n++
		}
	}
	return n
}

func TestInboundWithoutSubscriptionHasNoDestroyed(t *testing.T) {
	in(t, func(t *testing.T, r *rig, c *aritest.Caller) {
		must(t, r.node.Answer(t.Context(), c.ID()))
		c.Hangup()
		r.want("ChannelStateChange ChannelHangupRequest StasisEnd")
	})
	in(t, func(t *testing.T, r *rig, c *aritest.Caller) {
		must(t, r.node.SubscribeChannel(t.Context(), c.ID()), r.node.Answer(t.Context(), c.ID()))
		c.Hangup()
		r.want("ChannelStateChange ChannelHangupRequest StasisEnd ChannelHangupRequest ChannelDestroyed")
	})
}

func TestAnswerWaitsForPlayback(t *testing.T) {
	in(t, func(t *testing.T, r *rig, c *aritest.Caller) {
		n, ctx := r.node, t.Context()
		must(t, n.Play(ctx, ari.OnlyChannel(c.ID()), ari.PlayRequest{ID: "p1", Media: []string{"sound:silence/3"}}))
		began := time.Now()
		must(t, n.Answer(ctx, c.ID()))
		if d := time.Since(began); d != 3*time.Second {
			t.Errorf("answer took %v", d)
		}
		r.want("PlaybackStarted PlaybackFinished ChannelStateChange")

		must(t, n.Play(ctx, ari.OnlyChannel(c.ID()), ari.PlayRequest{ID: "p2", Media: []string{"tone:ring"}}))
		if err := n.SetVariable(ctx, c.ID(), "A", "b"); !ari.IsNoAnswer(err) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a command behind an endless playback: %v", err)
		}
		must(t, n.StopPlayback(ctx, "p2"), n.StopPlayback(ctx, "p2"))
		began = time.Now()
		must(t, n.SetVariable(ctx, c.ID(), "A", "b"))
		if d := time.Since(began); d != 0 {
			t.Errorf("after the playback was deleted a command took %v", d)
		}
	})
}

func TestAnswerWhileTheCallerHangsUpIsGone(t *testing.T) {
	in(t, func(t *testing.T, r *rig, c *aritest.Caller) {
		must(t, r.node.Play(t.Context(), ari.OnlyChannel(c.ID()), ari.PlayRequest{ID: "p1", Media: []string{"tone:ring"}}))
		time.AfterFunc(time.Second, c.Hangup)
		if err := r.node.Answer(t.Context(), c.ID()); !ari.IsGone(err) {
			t.Errorf("answer: %v", err)
		}
		r.want("PlaybackStarted ChannelHangupRequest PlaybackFinished StasisEnd")
	})
}

func TestOriginateFindsNobody(t *testing.T) {
	in(t, func(t *testing.T, r *rig, _ *aritest.Caller) {
		n, ctx := r.node, t.Context()
		err := n.Originate(ctx, ari.OriginateRequest{ChannelID: "l1", Endpoint: "PJSIP/9999"})
		if !ari.IsAllocationFailed(err) {
			t.Errorf("unknown endpoint: %v", err)
		}
		must(t, n.Originate(ctx, ari.OriginateRequest{ChannelID: "l2", Endpoint: "PJSIP/1001"}))
		err = n.Originate(ctx, ari.OriginateRequest{ChannelID: "l2", Endpoint: "PJSIP/1001"})
		if !ari.IsConflict(err) || ari.IsAllocationFailed(err) {
			t.Errorf("an id that is taken: %v", err)
		}
	})
}

// A connection that breaks after Asterisk has carried out a command must not make it happen twice, nor fail.
func TestRetryAfterALostAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		match string
		do    func(context.Context, *ari.Node, string) error
	}{
		"originate": {"POST /channels", func(ctx context.Context, n *ari.Node, _ string) error {
			return n.Originate(ctx, ari.OriginateRequest{ChannelID: "l1", Endpoint: "PJSIP/1001"})
		}},
		"bridge": {"POST /bridges", func(ctx context.Context, n *ari.Node, _ string) error {
			return n.CreateBridge(ctx, "b1", ari.BridgeMixing, "")
		}},
		"continue": {"/continue", func(ctx context.Context, n *ari.Node, ch string) error {
			return n.Continue(ctx, ch, ari.Place{Context: "ctid-fallback"})
		}},
		"hangup": {"DELETE /channels", func(ctx context.Context, n *ari.Node, ch string) error {
			return n.Hangup(ctx, ch, "", 16)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, r *rig, caller *aritest.Caller) {
				r.fake.Fault(aritest.Fault{Match: c.match, Times: 1, After: true})
				must(t, c.do(t.Context(), r.node, caller.ID()))
				if got := r.count(c.match); got != 2 {
					t.Errorf("%d requests, want 2", got)
				}
			})
		})
	}
	in(t, func(t *testing.T, r *rig, caller *aritest.Caller) {
		r.fake.Fault(aritest.Fault{Match: "/dtmf", After: true})
		err := r.node.SendDTMF(t.Context(), caller.ID(), "1")
		if !ari.IsNoAnswer(err) || r.count("/dtmf") != 1 || caller.Keys() != "1" {
			t.Errorf("keys must be sent once: %v, %d requests, keys %q", err, r.count("/dtmf"), caller.Keys())
		}
	})
	in(t, func(t *testing.T, r *rig, caller *aritest.Caller) { // a snoop that is there is not asked for again
		snoop := ari.SnoopRequest{Channel: caller.ID(), SnoopID: "s1", Spy: ari.DirectionIn}
		r.fake.Fault(aritest.Fault{Match: "/snoop/", Times: 1, After: true})
		must(t, r.node.Snoop(t.Context(), snoop))
		if got := r.count("/snoop/"); got != 1 {
			t.Errorf("%d requests, want 1", got)
		}
		snoop.SnoopID = "s2"
		r.fake.Fault(aritest.Fault{Match: "/snoop/", Times: 1, Before: true})
		must(t, r.node.Snoop(t.Context(), snoop))
		if got := r.count("/snoop/s2"); got != 2 {
			t.Errorf("%d requests, want 2", got)
		}
	})
	in(t, func(t *testing.T, r *rig, _ *aritest.Caller) {
		r.fake.Fault(aritest.Fault{Match: "POST /bridges", Times: 2, Before: true})
		must(t, r.node.CreateBridge(t.Context(), "b1", ari.BridgeMixing, ""))
		r.fake.Fault(aritest.Fault{Match: "POST /bridges", Before: true})
		if err := r.node.CreateBridge(t.Context(), "b2", ari.BridgeMixing, ""); !ari.IsNoAnswer(err) {
			t.Errorf("an Asterisk that never answers: %v", err)
		}
	})
}

func TestDeadlines(t *testing.T) {
	in(t, func(t *testing.T, r *rig, c *aritest.Caller) {
		r.fake.Fault(aritest.Fault{Match: "/ring", Late: time.Minute})
		began := time.Now()
		err := r.node.Ring(t.Context(), c.ID())
		if !ari.IsNoAnswer(err) || time.Since(began) != 5*time.Second {
			t.Errorf("default deadline: %v after %v", err, time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began = time.Now()
		if err := r.node.Ring(ctx, c.ID()); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("caller's deadline: %v after %v", err, time.Since(began))
		}
	})
}

func TestWhatIsSoAlreadyIsNoError(t *testing.T) {
	in(t, func(t *testing.T, r *rig, c *aritest.Caller) {
		n, ctx := r.node, t.Context()
		must(t, n.CreateBridge(ctx, "b1", ari.BridgeMixing, ""),
			n.RemoveFromBridge(ctx, "b1", c.ID()), n.RemoveFromBridge(ctx, "b1", "no-channel"), n.RemoveFromBridge(ctx, "no-bridge", c.ID()),
			n.DestroyBridge(ctx, "b1"), n.DestroyBridge(ctx, "b1"), n.StopPlayback(ctx, "none"), n.StopRecording(ctx, "none"),
			n.DeleteStoredRecording(ctx, "none"), n.Unsubscribe(ctx, "channel:none"), n.Hangup(ctx, "none", "", 0),
			n.Hangup(ctx, c.ID(), "busy", 0), n.Hangup(ctx, c.ID(), "busy", 0))
		if _, cause := c.Ended(); cause != 17 {
			t.Errorf("cause %d, want 17", cause)
		}
		if err := n.Answer(ctx, c.ID()); !ari.IsNotFound(err) || !ari.IsGone(err) {
			t.Errorf("answer of a dead channel: %v", err)
		}
	})
}

func TestVariableIsEmptyWhereThereIsNone(t *testing.T) {
	in(t, func(t *testing.T, r *rig, c *aritest.Caller) {
		n, ctx := r.node, t.Context()
		must(t, n.SetVariable(ctx, c.ID(), "CTID_CALL", "c_1"))
		for channel, want := range map[string]string{c.ID(): "c_1", "no-channel": ""} {
			if got, err := n.Variable(ctx, channel, "CTID_CALL"); err != nil || got != want {
				t.Errorf("of %s: %q, %v", channel, got, err)
			}
		}
		if got, err := n.Variable(ctx, c.ID(), "CTID_OTHER"); err != nil || got != "" {
			t.Errorf("one that is not set: %q, %v", got, err)
		}
	})
}

func TestErrorsSayWhatAndWhere(t *testing.T) {
	in(t, func(t *testing.T, r *rig, _ *aritest.Caller) {
		must(t, r.node.CreateBridge(t.Context(), "b1", "mixing", ""), r.node.Originate(t.Context(), ari.OriginateRequest{ChannelID: "l1", Endpoint: "PJSIP/1001"}))
		err := r.node.AddToBridge(t.Context(), "b1", "l1")
		want := "ari: node fake: add_channel b1: 422 Channel not in Stasis application"
		if !ari.IsUnprocessable(err) || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if err := r.node.CreateBridge(t.Context(), "b1", "mixing", ""); !ari.IsConflict(err) {
			t.Errorf("second bridge of an id: %v", err)
		}
		err = r.node.Play(t.Context(), ari.WholeBridge("b1"), ari.PlayRequest{ID: "p", Media: []string{"sound:a,b"}})
		if err == nil || !strings.Contains(err.Error(), "comma") {
			t.Errorf("media with a comma: %v", err)
		}
	})
}

func TestTwoLegsTalkAndKeysAreTold(t *testing.T) {
	for typ, keys := range map[string]string{ari.BridgeMixing: " ChannelDtmfReceived", "mixing": ""} {
		in(t, func(t *testing.T, r *rig, c *aritest.Caller) {
			n, ctx := r.node, t.Context()
			must(t, n.Originate(ctx, ari.OriginateRequest{ChannelID: "l1", Endpoint: "PJSIP/1001", AppArgs: "agent,x"}))
			time.Sleep(2 * time.Second)
			r.want("Dial ChannelStateChange Dial ChannelStateChange Dial StasisStart")
			must(t, n.Answer(ctx, c.ID()), n.CreateBridge(ctx, "b1", typ, ""), n.AddToBridge(ctx, "b1", c.ID(), "l1"))
			if got := c.Hears(); !slices.Equal(got, []string{"l1"}) {
				t.Errorf("the caller hears %v", got)
			}
			r.want("ChannelStateChange ChannelEnteredBridge ChannelEnteredBridge")
			c.Press("5")
			must(t, n.Hangup(ctx, "l1", "", 0))
			r.want(strings.TrimSpace(keys + " ChannelHangupRequest ChannelLeftBridge StasisEnd ChannelDestroyed"))
		})
	}
}

func TestRecordThroughASnoop(t *testing.T) {
	in(t, func(t *testing.T, r *rig, c *aritest.Caller) {
		n, ctx := r.node, t.Context()
		must(t, n.Answer(ctx, c.ID()), n.Snoop(ctx, ari.SnoopRequest{Channel: c.ID(), SnoopID: "s1", Spy: ari.DirectionIn, AppArgs: "snoop"}),
			n.Record(ctx, ari.OnlyChannel("s1"), "day/one", ari.RecordingOptions{Format: "wav"}), n.MuteRecording(ctx, "day/one"))
		time.Sleep(time.Second)
		c.Hangup()
		r.want("ChannelStateChange StasisStart RecordingStarted ChannelHangupRequest StasisEnd RecordingFinished StasisEnd")
		file, err := n.StoredRecordingFile(ctx, "day/one")
		must(t, err, n.DeleteStoredRecording(ctx, "day/one"))
		if len(file) != 44+16000 || string(file[:4]) != "RIFF" {
			t.Errorf("a file of %d bytes", len(file))
		}
		if list := r.fake.Stored(); len(list) != 0 {
			t.Errorf("left over: %v", list)
		}
	})
}

// A reader who is far behind loses nothing, and the socket is read all the same.
func TestSlowReaderLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const events = 100_000 // a minute of a very large centre
		fake := aritest.New(aritest.Options{})
		defer fake.Close()
		node, err := ari.New(fake.Config())
		must(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- node.Run(ctx) }()
		synctest.Wait()
		for i := range events {
			fake.SendFrame("ctid", fmt.Appendf(nil, `{"type":"ChannelVarset","variable":"N","value":"%d"}`, i))
		}
		synctest.Wait()
		if n := node.Backlog(); n < events {
			t.Errorf("only %d of %d events were read off the socket", n, events)
		}
		next := 0
		for next < events {
			m := <-node.Events()
			if e, ok := m.Event.(*ari.ChannelVarset); ok {
				if e.Value != fmt.Sprint(next) {
					t.Fatalf("event %s where %d was due", e.Value, next)
				}
				next++
			}
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
	})
}

func TestObserveIsToldOfEachTry(t *testing.T) {
	type seen struct {
		op     string
		status int
	}
	synctest.Test(t, func(t *testing.T) {
		var all []seen
		fake := aritest.New(aritest.Options{})
		defer fake.Close()
		cfg := fake.Config()
		cfg.Observe = func(op string, status int, _ time.Duration) { all = append(all, seen{op, status}) }
		node, err := ari.New(cfg)
		must(t, err)
		fake.Fault(aritest.Fault{Match: "GET /bridges", Times: 1, Before: true})
		_, err = node.Bridges(t.Context())
		must(t, err, node.Hangup(t.Context(), "none", "", 0))
		if want := []seen{{"bridges", 0}, {"bridges", 200}, {"hangup", 404}}; !slices.Equal(all, want) {
			t.Errorf("observed %v, want %v", all, want)
		}
	})
}
