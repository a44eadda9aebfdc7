package systemtest

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"ctid/ami"
	"ctid/pbx"
	"ctid/pbxtest/phonetest"
)

var waitingRE = regexp.MustCompile(`(?m)^\s*[0-9]+\. PJSIP/carrier-`)

// inFallback says that so many wait in the fallback queue.
func inFallback(ctx context.Context, want int) func() error {
	return func() error {
		out, err := asterisk.CLI(ctx, "queue show "+pbx.FallbackQueue)
		if err != nil {
			return err
		}
		if n := len(waitingRE.FindAllString(out, -1)); n != want {
			return fmt.Errorf("%d wait in the fallback queue, not %d", n, want)
		}
		return nil
	}
}

// strand has callers wait in the fallback queue, in order: n of them, from the first-th on.
func (c *crowd) strand(ctx context.Context, first, n int) []*phonetest.Dialog {
	c.r.T.Helper()
	var calls []*phonetest.Dialog
	for i := range n {
		call, err := c.r.Caller().Call(ctx, Number, phonetest.CallOptions{From: from(first + i)})
		if err != nil {
			c.r.T.Fatal(err)
		}
		calls = append(calls, call)
		c.r.Eventually("in the fallback queue", inFallback(ctx, i+1))
	}
	return calls
}

// While ctid is down, callers go to the fallback queue and its members serve them. When it is up again, those who still
// wait come home, in order, with the time they have waited; who talks to a member is left alone.
func TestRealCameHome(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := &crowd{r: Start(t, Options{Bin: program, PBX: asterisk, Agents: 1, Desk: "none", Script: QueueOnly, AMI: true}), phones: map[string]*phonetest.Phone{}}
	c.phones["1001"] = c.r.Phone("1001")
	c.phones["1001"].SetPolicy(phonetest.AnswerAfter(0))
	c.r.Eventually("the agent is ready", func() error { return c.count("ready", 1) })
	member := c.r.Phone(fallbackAgent)
	member.SetPolicy(phonetest.AnswerAfter(0))
	c.r.Kill()
	lucky, err := c.r.Caller().Call(ctx, Number, phonetest.CallOptions{From: from(100)})
	if err != nil {
		t.Fatal(err)
	}
	served, err := member.AwaitCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := served.AwaitAnswer(ctx); err != nil {
		t.Fatal(err)
	}
	if err := lucky.AwaitAudio(ctx, 200*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	calls := c.strand(ctx, 0, 5)
	began := time.Now()
	c.r.Launch()
	c.talking, c.waiting = calls[:1], calls[1:]
	c.recovered()
	t.Logf("home %v after the start", time.Since(began).Round(time.Millisecond))
	if err := inFallback(ctx, 0)(); err != nil {
		t.Error(err)
	}
	c.serve(ctx)
	if gap := lucky.LargestGap(began, time.Time{}); gap > 150*time.Millisecond || len(member.Calls()) != 1 {
		t.Errorf("the talk with the fallback's member had a gap of %v; he was rung %d times", gap, len(member.Calls()))
	}
	if err := lucky.Hangup(ctx); err != nil {
		t.Error(err)
	}
	c.r.Clean()
	list := c.r.EndedRecords()
	oneRecordEach(t, list, 5)
	if len(list) != 5 {
		t.Errorf("%d records", len(list))
	}
	c.r.Eventually("the log's word on it", func() error {
		if !strings.Contains(c.r.Log(), `msg="callers came home from the fallback queue" node=pbx callers=5`) {
			return fmt.Errorf("it does not say that five came home")
		}
		return nil
	})
}

// A stopped ctid hands those who wait to the fallback queue, and the next one fetches them: the time there counts.
func TestRealHomeAfterStop(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := &crowd{r: Start(t, Options{Bin: program, PBX: asterisk, Agents: 1, Desk: "none", Script: QueueOnly, AMI: true})}
	call, err := c.r.Caller().Call(ctx, Number, phonetest.CallOptions{From: from(0)})
	if err != nil {
		t.Fatal(err)
	}
	c.r.Eventually("wait", func() error { return c.waits(1) })
	c.r.Stop()
	c.r.Eventually("the fallback queue", inFallback(ctx, 1))
	stranded := time.Now()
	c.r.Eventually("three seconds there", func() error { // the queue tells whole seconds
		if time.Since(stranded) < 3*time.Second {
			return fmt.Errorf("not yet")
		}
		return nil
	})
	c.r.Launch()
	c.r.Eventually("home", func() error { return c.waits(1) })
	if err := call.Hangup(ctx); err != nil {
		t.Error(err)
	}
	c.r.Clean()
	outcomes := map[string]int64{}
	for _, r := range c.r.EndedRecords() {
		outcomes[r.Outcome] = r.WaitMS
	}
	if len(outcomes) != 2 || outcomes["abandoned"] < 3000 {
		t.Errorf("outcomes and waits: %v", outcomes)
	}
}

// The manager interface of a real Asterisk, with the shipped file: each action, and what it refuses.
func TestRealManager(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c, err := ami.New(ami.Config{Name: "pbx", Address: asterisk.AMIAddr(), User: "ctid", Password: ami.Password(asterisk.AMIPassword())})
	if err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- c.Run(running) }()
	defer func() { stop(); <-ended }()
	if err := c.Ping(ctx); err != nil {
		t.Fatal(err)
	}
	if list, err := c.QueueStatus(ctx, pbx.FallbackQueue); err != nil || len(list) != 0 {
		t.Errorf("queue: %v %v", list, err)
	}
	if list, err := c.QueueStatus(ctx, "no-such-queue"); err != nil || len(list) != 0 {
		t.Errorf("an unknown queue: %v %v", list, err)
	}
	if list, err := c.CoreShowChannels(ctx); err != nil || len(list) != 0 {
		t.Errorf("channels: %v %v", list, err)
	}
	if err := c.Redirect(ctx, "PJSIP/nobody-1", ami.Place{Context: pbx.Arrive, Extension: Number, Priority: 1}); err == nil {
		t.Error("a channel that is not there was redirected")
	}
	phone := &crowd{r: &Rig{T: t, PBX: asterisk}}
	calls := phone.strand(ctx, 0, 2)
	list, err := c.QueueStatus(ctx, pbx.FallbackQueue)
	if err != nil || len(list) != 2 || list[0].Position != 1 || !strings.HasPrefix(list[0].Channel, "PJSIP/carrier-") {
		t.Errorf("queue: %+v %v", list, err)
	}
	if all, err := c.CoreShowChannels(ctx); err != nil || len(all) != 2 || all[0].Application != "Queue" || all[0].ID == "" {
		t.Errorf("channels: %+v %v", all, err)
	}
	if err := c.Redirect(ctx, list[0].Channel, ami.Place{Context: "no-such-context", Extension: "s", Priority: 1}); err != nil {
		t.Error(err) // asterisk does not look whether it is there: the channel is hung up
	}
	for _, d := range calls {
		_ = d.Hangup(ctx) // the first may be over
	}
	if err := asterisk.AwaitIdle(ctx); err != nil {
		t.Error(err)
	}
}
