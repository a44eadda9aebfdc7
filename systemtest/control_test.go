package systemtest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/pbxtest"
	"ctid/pbxtest/phonetest"
)

// The tones by which who hears whom is told apart, in Hz.
const (
	callerTone = 440
	anaTone    = 700
	benTone    = 1000
)

// controlled is a caller in conversation with the agent of 1001, and the agent of 1002 ready beside him. Each has a tone of his own.
type controlled struct {
	r          *Rig
	ctx        context.Context
	ana, ben   *Desk
	anaP, benP *phonetest.Phone
	caller     *phonetest.Dialog
	anaLeg     *phonetest.Dialog
	call       string
	n          int    // of requests
	admin      string // a token, where a test needs one
}

func control(t *testing.T, o Options) *controlled {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	t.Cleanup(cancel)
	o.Bin, o.PBX, o.Script = program, asterisk, QueueOnly
	o.Queue = cmp.Or(o.Queue, "wrapup: 30s")
	o.Config += "dial_allow: [extensions, \"+44\"]\n"
	c := &controlled{r: Start(t, o), ctx: ctx}
	c.anaP, c.benP = c.r.Phone("1001"), c.r.Phone("1002")
	c.anaP.SetTone(anaTone)
	c.benP.SetTone(benTone)
	c.anaP.SetPolicy(phonetest.AnswerAfter(200 * time.Millisecond))
	c.benP.SetPolicy(phonetest.AnswerAfter(200 * time.Millisecond))
	c.ana, c.ben = c.r.Desk("1001"), c.r.Desk("1002")
	c.ana.Ready()
	line := c.r.Caller()
	line.SetTone(callerTone)
	var err error
	if c.caller, err = line.Call(ctx, Number, phonetest.CallOptions{From: "02079460018"}); err != nil {
		t.Fatal(err)
	}
	c.anaLeg = c.leg(c.anaP)
	f, _ := c.ana.Event(0, "call.established")
	c.call = f.Call
	c.ben.Ready()
	c.together(c.caller, callerTone, c.anaLeg, anaTone)
	return c
}

// leg awaits a call to a phone, and its answer.
func (c *controlled) leg(p *phonetest.Phone) *phonetest.Dialog {
	c.r.T.Helper()
	d, err := p.AwaitCall(c.ctx)
	if err != nil {
		c.r.T.Fatal(err)
	}
	if err := d.AwaitAnswer(c.ctx); err != nil {
		c.r.T.Fatal(err)
	}
	return d
}

// together holds that two hear each other.
func (c *controlled) together(a *phonetest.Dialog, aTone float64, b *phonetest.Dialog, bTone float64) {
	c.r.T.Helper()
	c.soon(func(ctx context.Context) error {
		return errors.Join(a.AwaitHears(ctx, bTone), b.AwaitHears(ctx, aTone))
	})
}

// hearsMusic holds that one waits with music.
func (c *controlled) hearsMusic(d *phonetest.Dialog) {
	c.r.T.Helper()
	c.soon(func(ctx context.Context) error { return d.AwaitTone(ctx, pbxtest.HoldMusicLow) })
}

// apart holds that neither hears the other.
func (c *controlled) apart(a *phonetest.Dialog, aTone float64, b *phonetest.Dialog, bTone float64) {
	c.r.T.Helper()
	c.soon(func(ctx context.Context) error { return errors.Join(a.AwaitDeaf(ctx, bTone), b.AwaitDeaf(ctx, aTone)) })
}

// soon holds what is to be heard within some seconds. Where it is not, it tells how Asterisk has joined its channels.
func (c *controlled) soon(hears func(context.Context) error) {
	c.r.T.Helper()
	ctx, cancel := context.WithTimeout(c.ctx, 15*time.Second)
	defer cancel()
	if err := hears(ctx); err != nil {
		channels, cliErr := asterisk.CLI(c.ctx, "core show channels verbose")
		rtp, rtpErr := asterisk.CLI(c.ctx, "pjsip show channelstats")
		c.r.T.Errorf("%v\n%s%s%v", err, channels, rtp, errors.Join(cliErr, rtpErr))
	}
}

func (c *controlled) do(d *Desk, op string, args map[string]any) {
	c.r.T.Helper()
	if args == nil {
		args = map[string]any{}
	}
	if _, ok := args["call"]; !ok {
		args["call"] = c.call
	}
	c.n++
	if _, err := d.Do(c.ctx, op, args, fmt.Sprintf("key-%d", c.n)); err != nil {
		c.r.T.Fatalf("%s %s: %v", d.Agent, op, err)
	}
}

func agentTarget(name string) map[string]any { return map[string]any{"kind": "agent", "id": name} }

// record ends the call by its caller and returns its one record.
func (c *controlled) record() ctid.CallRecord {
	c.r.T.Helper()
	if err := c.caller.Hangup(c.ctx); err != nil {
		c.r.T.Error(err)
	}
	c.r.Clean()
	list := c.r.Records()
	if len(list) != 1 || list[0].End == nil {
		c.r.T.Fatalf("%d records: %+v", len(list), list)
	}
	return list[0]
}

// parts are whose time a record has, in ms, as name/role.
func parts(rec ctid.CallRecord) map[string]int64 {
	out := map[string]int64{}
	for _, p := range rec.Agents {
		name := string(p.Agent)
		if p.Role != "" {
			name += "/" + p.Role
		}
		out[name] += p.TalkMS + p.HoldMS
	}
	return out
}

func (c *controlled) wantParts(rec ctid.CallRecord, names ...string) {
	c.r.T.Helper()
	got := parts(rec)
	for _, n := range names {
		if got[n] == 0 {
			c.r.T.Errorf("%s has no time of this call: %v", n, got)
		}
	}
	if len(got) != len(names) {
		c.r.T.Errorf("parts are %v, want %v", got, names)
	}
}

// A consultation by desktop, completed: the caller and the colleague hear each other, and the data is with them.
func TestRealConsultTransfer(t *testing.T) {
	c := control(t, Options{})
	c.do(c.ana, "call.set_data", map[string]any{"set": map[string]any{"claim": "55-201"}})
	c.do(c.ana, "call.consult", map[string]any{"to": agentTarget("a1002")})
	ben := c.leg(c.benP)
	f, _ := c.ben.Event(0, "pop.offered")
	var pop ctid.PopData
	if err := json.Unmarshal(f.Data, &pop); err != nil || pop.Kind != "consult" || len(pop.Attached) != 1 || pop.Attached[0].Value.V != "55-201" {
		t.Errorf("the colleague's pop: %s %v", f.Data, err)
	}
	c.together(c.anaLeg, anaTone, ben, benTone)
	c.apart(c.caller, callerTone, c.anaLeg, anaTone)
	c.hearsMusic(c.caller)
	c.do(c.ana, "call.swap", nil)
	c.together(c.caller, callerTone, c.anaLeg, anaTone)
	c.hearsMusic(ben)
	c.do(c.ana, "call.swap", nil)
	c.hearsMusic(c.caller)
	c.do(c.ana, "call.transfer_complete", nil)
	c.together(c.caller, callerTone, ben, benTone)
	c.soon(func(ctx context.Context) error {
		return errors.Join(c.caller.AwaitDeaf(ctx, pbxtest.HoldMusicLow), ben.AwaitDeaf(ctx, pbxtest.HoldMusicLow))
	})
	c.ana.State(0, "wrapup")
	rec := c.record()
	c.wantParts(rec, "a1001", "a1002/consult", "a1002")
	if rec.Outcome != "answered" || len(rec.Attached) != 1 {
		t.Errorf("record: %+v", rec)
	}
}

// A conference of three, which the one who made it leaves.
func TestRealConference(t *testing.T) {
	c := control(t, Options{})
	c.do(c.ana, "call.consult", map[string]any{"to": agentTarget("a1002")})
	ben := c.leg(c.benP)
	c.do(c.ana, "call.conference", nil)
	c.together(c.caller, callerTone, ben, benTone)
	c.together(c.caller, callerTone, c.anaLeg, anaTone)
	c.together(c.anaLeg, anaTone, ben, benTone)
	c.do(c.ana, "call.hangup", nil)
	c.together(c.caller, callerTone, ben, benTone)
	c.apart(c.caller, callerTone, c.anaLeg, anaTone)
	c.wantParts(c.record(), "a1001", "a1002/consult", "a1002/conference", "a1002")
}

// A blind transfer to another queue, hold before it.
func TestRealBlindToQueue(t *testing.T) {
	c := control(t, Options{})
	c.do(c.ana, "call.hold", nil)
	c.apart(c.caller, callerTone, c.anaLeg, anaTone)
	c.do(c.ana, "call.retrieve", nil)
	c.together(c.caller, callerTone, c.anaLeg, anaTone)
	c.do(c.ana, "call.transfer_blind", map[string]any{"to": map[string]any{"kind": "queue", "id": "support"}})
	ben := c.leg(c.benP)
	c.together(c.caller, callerTone, ben, benTone)
	rec := c.record()
	c.wantParts(rec, "a1001", "a1002")
	if len(rec.Queues) != 2 || rec.Queues[0].Queue != "sales" || rec.Queues[1].Queue != "support" || rec.Queues[1].Exit != ctid.ExitAnswered {
		t.Errorf("queues: %+v", rec.Queues)
	}
}

// The same two transfers by the buttons of the telephone.
func TestRealPhoneTransfers(t *testing.T) {
	c := control(t, Options{})
	if strings.HasPrefix(asterisk.Version(), "16.") {
		t.Log("Asterisk 16 does not tell of transfers made on phones: testdata/compat16.yaml")
		return
	}
	if err := c.anaLeg.Refer(c.ctx, "1002"); err != nil {
		t.Fatal(err)
	}
	ben := c.leg(c.benP)
	c.together(c.caller, callerTone, ben, benTone)
	c.ana.State(0, "wrapup")
	c.do(c.ana, "agent.wrapup_done", map[string]any{"wrap": c.wrap(c.ana), "disposition": "sold"})
	if err := ben.Hold(c.ctx); err != nil {
		t.Fatal(err)
	}
	consult, err := c.benP.Call(c.ctx, "1001", phonetest.CallOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ana := c.leg(c.anaP)
	c.together(ana, anaTone, consult, benTone)
	if err := ben.ReferTo(c.ctx, consult); err != nil {
		t.Fatal(err)
	}
	c.together(c.caller, callerTone, ana, anaTone)
	rec := c.record()
	c.wantParts(rec, "a1001", "a1002", "a1001/consult")
	if rec.Outcome != "answered" {
		t.Errorf("record: %+v", rec)
	}
}

// wrap is the id of an agent's wrap-up.
func (c *controlled) wrap(d *Desk) ctid.WrapID {
	c.r.T.Helper()
	f, _ := d.State(0, "wrapup")
	var v ctid.AgentView
	if err := json.Unmarshal(f.Data, &v); err != nil || v.Wrap == nil {
		c.r.T.Fatal(fmt.Errorf("no wrap-up in %s: %w", f.Data, err))
	}
	return v.Wrap.ID
}

// A supervisor listens, whispers and joins; then the call is his.
func TestRealMonitor(t *testing.T) {
	c := control(t, Options{Boss: "1002"})
	sup := c.ben
	c.do(sup, "monitor.start", map[string]any{"mode": "listen"})
	ben := c.leg(c.benP)
	if err := ben.AwaitHears(c.ctx, callerTone); err != nil {
		t.Error(err)
	}
	if err := c.anaLeg.AwaitDeaf(c.ctx, benTone); err != nil {
		t.Error(err)
	}
	c.do(sup, "monitor.mode", map[string]any{"mode": "whisper"})
	if err := c.anaLeg.AwaitHears(c.ctx, benTone); err != nil {
		t.Error(err)
	}
	if err := c.caller.AwaitDeaf(c.ctx, benTone); err != nil {
		t.Error(err)
	}
	c.do(sup, "monitor.mode", map[string]any{"mode": "barge"})
	c.together(c.caller, callerTone, ben, benTone)
	c.do(sup, "monitor.takeover", nil)
	c.together(c.caller, callerTone, ben, benTone)
	c.apart(c.caller, callerTone, c.anaLeg, anaTone)
	c.ana.State(0, "wrapup")
	c.wantParts(c.record(), "a1001", "a1002")
}
