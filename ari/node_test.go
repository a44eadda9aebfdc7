package ari_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ctid/ari"
	"ctid/ari/aritest"
)

// rig is a node on an Asterisk in memory, inside a bubble.
type rig struct {
	t    *testing.T
	fake *aritest.Server
	node *ari.Node
	done chan error

	mu  sync.Mutex
	got []ari.Message
}

// told is what has been told and not yet been taken by kinds.
func (r *rig) told() []ari.Message {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// start runs the node; what it tells is collected in order. All ends with the test.
func start(t *testing.T, opt aritest.Options, change func(*ari.Config)) *rig {
	t.Helper()
	r := &rig{t: t, fake: aritest.New(opt), done: make(chan error, 1)}
	r.fake.Phone("1001", aritest.AnswerAfter(2*time.Second))
	cfg := r.fake.Config()
	if change != nil {
		change(&cfg)
	}
	node, err := ari.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.node = node
	ctx, cancel := context.WithCancel(t.Context())
	collected := make(chan struct{})
	go func() { r.done <- node.Run(ctx) }()
	go func() {
		defer close(collected)
		for m := range node.Events() {
			r.mu.Lock()
			r.got = append(r.got, m)
			r.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-collected
		r.fake.Close()
	})
	return r
}

// kinds is what was told since the last call, in words.
func (r *rig) kinds() string {
	var words []string
	for _, m := range r.told() {
		if m.Kind == ari.KindEvent {
			words = append(words, m.Event.Header().Type)
		} else {
			words = append(words, m.Kind.String())
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = nil
	return strings.Join(words, " ")
}

func (r *rig) want(kinds string) {
	r.t.Helper()
	if got := r.kinds(); got != kinds {
		r.t.Errorf("told %q, want %q", got, kinds)
	}
}

func TestConnectTellsVersionAndFeatures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, aritest.Options{}, nil)
		synctest.Wait()
		if len(r.told()) != 2 || r.told()[0].Kind != ari.KindUp || r.told()[1].Kind != ari.KindPhones {
			t.Fatalf("told %+v", r.told())
		}
		if up := r.told()[0]; up.Version.Major != 22 || !up.Features.TransferHandling || up.Node != "fake" {
			t.Errorf("up: %+v", up)
		}
	})
}

func TestReconnectTellsDownGapUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, aritest.Options{}, nil)
		r.want("up phones")
		lost := time.Now()
		r.fake.CutSocket("ctid")
		r.want("down")
		c := r.fake.Call(aritest.Caller{DNIS: "8001"})
		if !c.Fallback() {
			t.Error("a call found a program although the socket was cut")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if len(r.told()) != 3 || r.told()[0].Kind != ari.KindGap || !r.told()[0].Since.Equal(lost) {
			t.Errorf("told %+v, want a gap since %v", r.told(), lost)
		}
		r.want("gap up phones")
	})
}

func TestBackOffHasJitterAndALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, aritest.Options{}, func(c *ari.Config) { c.Timeouts.RetryMin, c.Timeouts.RetryMax = time.Second, 8*time.Second })
		r.want("up phones")
		r.fake.Fault(aritest.Fault{Match: "GET /asterisk/info", Status: 503})
		r.fake.CutSocket("ctid")
		time.Sleep(2 * time.Minute)
		r.want("down") // told once
		var at []time.Time
		for _, q := range r.fake.Requests() {
			if strings.HasPrefix(q.Path, "/asterisk/info") && q.Status == 503 {
				at = append(at, q.At)
			}
		}
		pauses := map[time.Duration]bool{}
		for i := 1; i < len(at); i++ {
			d := at[i].Sub(at[i-1])
			pauses[d] = true
			most := min(time.Second<<i, 8*time.Second)
			if d < most/2 || d > most+time.Millisecond {
				t.Errorf("pause %d is %v, want %v to %v", i, d, most/2, most)
			}
		}
		if len(at) < 15 || len(pauses) < 8 {
			t.Errorf("%d tries with %d different pauses", len(at), len(pauses))
		}
		r.fake.Heal()
		time.Sleep(9 * time.Second)
		r.want("gap up phones")
	})
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		opt    aritest.Options
		change func(*ari.Config)
		say    string
	}{
		"wrong password": {change: func(c *ari.Config) { c.Password = "guess" }, say: "refused user or password"},
		"read-only user": {opt: aritest.Options{ReadOnly: true}, say: "read_only=no"},
		"old version":    {opt: aritest.Options{Version: "13.38.3"}, say: "this is Asterisk 13.38.3: Asterisk 16 is the oldest"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, c.opt, c.change)
				err := <-r.done
				if err == nil || !strings.Contains(err.Error(), c.say) {
					t.Errorf("Run ended with %v", err)
				}
				synctest.Wait()
				if len(r.told()) != 1 || r.told()[0].Kind != ari.KindRefused || !strings.Contains(r.told()[0].Err.Error(), c.say) {
					t.Errorf("told %+v", r.told())
				}
				if err != nil && strings.Contains(err.Error(), "guess") {
					t.Error("the error holds the password")
				}
			})
		})
	}
}

func TestReplacedIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, aritest.Options{}, nil)
		r.want("up phones")
		r.fake.ReplaceApp("ctid")
		if err := <-r.done; !errors.Is(err, ari.ErrReplaced) {
			t.Errorf("Run ended with %v", err)
		}
		time.Sleep(time.Hour)
		r.want("replaced") // and no fight for it
		if r.fake.Connected("ctid") {
			t.Error("it came back")
		}
	})
}

func TestSilentSocketIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, aritest.Options{}, nil)
		r.want("up phones")
		time.Sleep(time.Hour)
		r.want("") // pings and pongs keep it alive
		r.fake.Fault(aritest.Fault{Match: "POST /events/user", Status: 503})
		r.fake.Freeze("ctid")
		time.Sleep(14 * time.Second)
		r.want("")
		time.Sleep(3 * time.Second)
		r.want("down gap up phones")
	})
}

// A socket that answers pings and gives no event any more is given up: at once where Asterisk says that it has no such application,
// else when none has come for as long as an event may take.
func TestDeafSocketIsGivenUp(t *testing.T) {
	for name, c := range map[string]struct {
		after, within time.Duration
		subscribed    bool
	}{
		"just connected":             {0, time.Second, false},
		"just connected, subscribed": {0, 4 * time.Second, true},
		"for a long time":            {time.Hour, 6 * time.Second, false},
		"for long, subscribed":       {time.Hour, 9 * time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, aritest.Options{}, nil)
				r.want("up phones")
				if c.subscribed {
					if err := r.node.Subscribe(t.Context(), "endpoint:PJSIP/1001"); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(c.after)
				r.want("")
				r.fake.Deafen("ctid")
				time.Sleep(c.within)
				r.want("down gap up phones")
				if r.fake.Call(aritest.Caller{DNIS: "8001"}).Fallback() {
					t.Error("a call did not find the program")
				}
			})
		})
	}
}

// Where events come, an echo that is far behind them takes nothing away; nor does an Asterisk that can't be asked.
func TestLateEchoIsNoLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, aritest.Options{}, nil)
		r.want("up phones")
		r.fake.FaultEvents(aritest.EventFault{Type: "ChannelUserevent", Delay: 2500 * time.Millisecond})
		time.Sleep(time.Minute)
		r.fake.Fault(aritest.Fault{Match: "POST /events/user", Status: 500})
		time.Sleep(time.Minute)
		r.want("")
	})
}

func TestRubbishAndHugeFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, aritest.Options{}, func(c *ari.Config) { c.MaxFrame = 1 << 20 })
		r.want("up phones")
		for _, f := range []string{
			"", "{", "null", "[]", "{}", `"type"`, "\xff\xfe", `{"type":7}`, `{"type":"StasisStart","channel":[]}`,
			`{"type":"StasisStart","args":"in"}`, `{"type":"` + strings.Repeat("x", 2<<20) + `"}`,
		} {
			r.fake.SendFrame("ctid", []byte(f))
		}
		r.fake.SendFrame("ctid", []byte(`{"type":"ChannelSomethingNew","channel":{"id":"c1"},"more":1}`))
		r.fake.SendFrame("ctid", []byte(`{"type":"ChannelVarset","variable":"V","value":"`+strings.Repeat("x", 900<<10)+`"}`))
		r.fake.Call(aritest.Caller{DNIS: "8001"})
		synctest.Wait()
		if n := r.node.Undecoded(); n != 11 {
			t.Errorf("%d frames left out, want 11", n)
		}
		u, ok := r.told()[0].Event.(*ari.Unknown)
		if !ok || u.Subject().Channel != "c1" || !strings.Contains(string(u.Raw), `"more":1`) {
			t.Errorf("unknown event: %+v", r.told()[0].Event)
		}
		r.want("ChannelSomethingNew ChannelVarset StasisStart")
	})
}

func TestSubscriptionsAreSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, aritest.Options{}, nil)
		r.want("up phones")
		a, b := r.fake.Call(aritest.Caller{DNIS: "8001"}), r.fake.Call(aritest.Caller{DNIS: "8002"})
		for _, c := range []*aritest.Caller{a, b} {
			if err := r.node.SubscribeChannel(t.Context(), c.ID()); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []*aritest.Caller{a, b} { // both leave, so that Asterisk forgets the application
			if err := r.node.Continue(t.Context(), c.ID(), ari.Place{Context: "ctid-hop", Extension: "amd"}); err != nil {
				t.Fatal(err)
			}
		}
		r.want("StasisStart StasisStart StasisEnd StasisEnd")
		r.fake.CutSocket("ctid")
		r.want("down")
		b.Hangup() // unseen
		time.Sleep(time.Second)
		r.want("gap up phones")
		a.Hangup()
		r.want("ChannelHangupRequest ChannelDestroyed")
	})
}

// Whoever reads the phones at Phones, and takes what is told from there on, knows them: also a phone that was away for
// less than the time between two looks, where a call to it found that out.
func TestPhonesThatComeAndGoAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, aritest.Options{}, nil)
		p := r.fake.Phone("1001", aritest.AnswerAfter(time.Second))
		time.Sleep(5 * time.Second)
		r.want("up phones")
		state := func() string {
			e, ok := r.told()[0].Event.(*ari.EndpointStateChange)
			if !ok || e.Subject().Endpoint != "PJSIP/1001" {
				t.Fatalf("told %+v", r.told()[0])
			}
			defer r.want("EndpointStateChange")
			return e.Endpoint.State
		}
		p.Unregister()
		time.Sleep(2 * time.Second)
		if got := state(); got != "offline" {
			t.Errorf("a phone that went is %s", got)
		}
		p.Register()
		time.Sleep(2 * time.Second)
		if got := state(); got != "online" {
			t.Errorf("a phone that came is %s", got)
		}
		p.Unregister()
		r.node.Unreachable("PJSIP/1001")
		p.Register()
		time.Sleep(2 * time.Second)
		if got := state(); got != "online" {
			t.Errorf("a phone that was away between two looks is %s", got)
		}
		r.fake.CutSocket("ctid")
		p.Unregister()
		time.Sleep(5 * time.Second)
		r.want("down gap up phones")
	})
}

// Reading the phones costs a twentieth of the time at most, however many they are.
func TestManyPhonesAreReadSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, aritest.Options{}, nil)
		r.fake.Fault(aritest.Fault{Match: "GET /endpoints", Late: time.Second})
		time.Sleep(2 * time.Minute)
		n := 0
		for _, q := range r.fake.Requests() {
			if strings.HasPrefix(q.Path, "/endpoints") {
				n++
			}
		}
		if n < 5 || n > 8 {
			t.Errorf("looked %d times in 2 min, each taking 1 s", n)
		}
	})
}
