package shadow

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"ctid/ami"
	"ctid/pbxtest"
	"ctid/pbxtest/loadtest"
)

// Callers of a real app_queue who are answered, hang up while they wait and while a phone rings, and whose time is over: what its
// events come to is what its queue_log says, to the call and the second, and nothing was untold by its own counters.
func TestRealAccount(t *testing.T) {
	const agents = 5
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	port, err := pbxtest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	members := "[sales]\nstrategy=rrmemory\nautofill=yes\nretry=1\ntimeout=15\nringinuse=no\nservicelevel=20\n"
	for n := range agents {
		members += fmt.Sprintf("member => %s\n", phone(n))
	}
	pbx, err := pbxtest.Start(ctx, pbxtest.Config{Agents: agents, AgentContact: fmt.Sprintf("127.0.0.1:%d", port), Extra: map[string]string{"queues.conf": members},
		Dialplan: "[ctid-in]\nexten => 9001,1,Queue(sales)\n same => n,Hangup()\nexten => 9002,1,Queue(sales,,,,3)\n same => n,Hangup()\n"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := pbx.Stop(); err != nil {
			t.Error(err)
		}
	}()
	w := New(staff(agents), Options{Trials: 5})
	stop := listenTo(ctx, t, w, ami.Config{Name: "pbx", Address: pbx.AMIAddr(), User: "ctid", Password: ami.Password(pbx.AMIPassword()), Look: 5 * time.Second})
	callIn(ctx, t, loadtest.Config{Server: pbx.SIPAddr(), Port: port}, 70, 25*time.Second)
	if err := pbx.AwaitIdle(ctx); err != nil {
		t.Fatal(err)
	}
	status, err := pbx.CLI(ctx, "queue show sales")
	if err != nil {
		t.Fatal(err)
	}
	stop()
	r := report(t, w)
	b, err := os.ReadFile(filepath.Join(pbx.Dir(), "log", "queue_log"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	want := counted(lines, "sales", 20)
	if got := r.Queues[0].Account; got != want {
		t.Errorf("by the events\n%+v\nby the queue_log\n%+v\n%s", got, want, b)
	}
	t.Logf("%+v", want)
	if want.Offered != 70 || want.Answered == 0 || want.Abandoned == 0 || want.TimedOut == 0 || want.Waiting != 0 || len(r.Findings) != 0 || r.Queues[0].Judged != 70 {
		t.Errorf("%d judged, findings %q, %+v", r.Queues[0].Judged, r.Findings, want)
	}
	file := New(staff(agents), Options{Trials: 5})
	if err := ReadLogs([]string{filepath.Join(pbx.Dir(), "log", "queue_log")}, file.Take); err != nil {
		t.Fatal(err)
	}
	if got := report(t, file).Queues[0].Account; got != want {
		t.Errorf("by the file\n%+v\nby hand\n%+v", got, want)
	}
	ownCounters(t, status, want)
}

// ownCounters holds app_queue's own counters against the account: conversations that are over, and callers whom nobody answered.
func ownCounters(t *testing.T, status string, want Figures) {
	t.Helper()
	m := regexp.MustCompile(`C:(\d+), A:(\d+)`).FindStringSubmatch(status)
	if m == nil {
		t.Fatal(status)
	}
	if c, _ := strconv.Atoi(m[1]); c != want.Talks {
		t.Errorf("app_queue has counted %d conversations, we %d", c, want.Talks)
	}
	if a, _ := strconv.Atoi(m[2]); a != want.Abandoned+want.TimedOut {
		t.Errorf("app_queue has counted %d callers whom nobody answered, we %d", a, want.Abandoned+want.TimedOut)
	}
}

// listenTo lets a watch hear an Asterisk until stop is called; it returns when the watch is up.
func listenTo(ctx context.Context, t *testing.T, w *Watch, cfg ami.Config) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	up, ended := make(chan struct{}), make(chan error, 1)
	once := sync.OnceFunc(func() { close(up) })
	go func() {
		ended <- ami.Listen(ctx, cfg, func(e ami.QueueEvent) {
			w.Take(Heard(cfg.Name, e))
			if e.Kind == ami.QueueListed {
				once()
			}
		})
	}()
	select {
	case <-up:
	case err := <-ended:
		t.Fatal(err)
	}
	return func() {
		cancel()
		<-ended
	}
}

// callIn places so many calls over so long: most have the patience to be answered, one in four gives up soon, and one in five may
// not wait for longer than 3 s. It returns when all are over.
func callIn(ctx context.Context, t *testing.T, cfg loadtest.Config, n int, over time.Duration) {
	t.Helper()
	l, err := loadtest.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Stop()
	r := rand.New(rand.NewPCG(3, 3))
	callers := make([]loadtest.Caller, n)
	for i := range callers {
		c := loadtest.Caller{Comes: time.Duration(r.Int64N(int64(over))), Number: "9001", Talk: time.Duration(700+r.IntN(1800)) * time.Millisecond,
			Ring: time.Duration(200+r.IntN(800)) * time.Millisecond, Patience: time.Minute}
		if i%4 == 0 {
			c.Patience = time.Duration(1+r.IntN(2500)) * time.Millisecond
		}
		if i%5 == 0 {
			c.Number = "9002"
		}
		callers[i] = c
	}
	slices.SortFunc(callers, func(a, b loadtest.Caller) int { return int(a.Comes - b.Comes) })
	if err := errors.Join(l.Play(ctx, callers), l.Await(ctx)); err != nil {
		t.Fatal(err)
	}
}
