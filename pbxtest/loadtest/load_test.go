package loadtest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"ctid/pbxtest"
	"ctid/pbxtest/loadtest"
)

// 40 calls at 20 a second through Asterisk's own queue to ten phones that talk for 100 ms: every figure is there, and
// in the order that a call has.
func TestRealQueue(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	port, err := pbxtest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	members := "[load]\nstrategy=rrmemory\nautofill=yes\nretry=1\nringinuse=no\n"
	for n := range 10 {
		members += fmt.Sprintf("member => PJSIP/%d\n", 1001+n)
	}
	pbx, err := pbxtest.Start(ctx, pbxtest.Config{Agents: 10, AgentContact: fmt.Sprintf("127.0.0.1:%d", port),
		Extra: map[string]string{"queues.conf": members}, Dialplan: "[ctid-in]\nexten => 9001,1,Answer()\n same => n,Queue(load)\n"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := pbx.Stop(); err != nil {
			t.Error(err)
		}
	}()
	l, err := loadtest.Start(loadtest.Config{Server: pbx.SIPAddr(), Number: "9001", Port: port, Talk: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Stop()
	began := time.Now()
	if err := errors.Join(l.Offer(ctx, 20, 2*time.Second), l.Await(ctx)); err != nil {
		t.Fatal(err)
	}
	r := l.Result()
	if len(r.Calls) < 40 || r.Lost != 0 || r.Double != 0 {
		t.Errorf("%d calls, %d lost, %d at a busy phone", len(r.Calls), r.Lost, r.Double)
	}
	for _, c := range r.Calls {
		if c.In.Before(began.Round(0)) || c.Offered.Before(c.In) || c.Joined.Before(c.Offered) || c.Ended.Sub(c.Joined) < 100*time.Millisecond || c.Agent == "" {
			t.Errorf("a call without order: %+v", c)
		}
	}
	if n := r.Served(began.Round(0), time.Now()); n != len(r.Calls) {
		t.Errorf("%d calls, %d served", len(r.Calls), n)
	}
	if len(r.Gaps) == 0 {
		t.Error("no agent had a second call")
	}
	if err := pbx.AwaitIdle(ctx); err != nil {
		t.Error(err)
	}
}

func TestFigures(t *testing.T) {
	at := func(ms int) time.Time { return time.UnixMilli(int64(1000 + ms)) }
	r := loadtest.Result{
		Calls: []loadtest.Call{
			{In: at(0), Offered: at(9), Joined: at(20)},
			{In: at(5), Offered: at(8), Joined: at(90)},
			{In: at(50), Offered: at(51)},
			{In: at(6)},
		},
		Gaps: []loadtest.Gap{{Bye: at(1), Invite: at(4), Waiting: 1}, {Bye: at(1), Invite: at(9)}, {Bye: at(70), Invite: at(71), Waiting: 2}},
	}
	if got := fmt.Sprint(r.Ring(at(0), at(50)), r.Idle(at(0), at(50)), r.Served(at(0), at(50))); got != "[3ms 9ms] [3ms] 1" {
		t.Error(got)
	}
	list := []time.Duration{1, 2, 3, 4}
	if a, b, c := loadtest.Percentile(list, 0.5), loadtest.Percentile(list, 0.99), loadtest.Percentile(nil, 0.5); a != 3 || b != 4 || c != 0 {
		t.Error(a, b, c)
	}
}
