package demo

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"ctid/pbxtest"
	"ctid/pbxtest/phonetest"
)

// What people say is a tone, so that each side can prove that it heard the other.
const (
	agentTone  = 620.0 // Hz
	callerTone = 480.0
	breath     = 30 * time.Second // a tone is begun anew after this long
)

// personRing is how long the person's phone rings, so that there is time to read the pop.
const personRing = 5 * time.Second

// realPBX is an Asterisk with SIP phones.
type realPBX struct {
	asterisk *pbxtest.PBX
	ctx      context.Context
	cancel   context.CancelFunc
	wg       sync.WaitGroup
	phones   []*phonetest.Phone

	mu    sync.Mutex
	spans map[string][]span // by the agent's phone
}

// openReal starts an Asterisk in dir and registers the agents' phones.
func openReal(ctx context.Context, dir string, pace Pace) (_ *realPBX, err error) {
	first, err := strconv.Atoi(agents[0].phone)
	if err != nil {
		return nil, err
	}
	p, err := pbxtest.Start(ctx, pbxtest.Config{Dir: dir, Agents: len(agents), FirstAgent: first})
	if err != nil {
		return nil, err
	}
	r := &realPBX{asterisk: p, spans: map[string][]span{}}
	r.ctx, r.cancel = context.WithCancel(context.WithoutCancel(ctx))
	defer func() {
		if err != nil {
			err = errors.Join(err, r.stop())
		}
	}()
	for i, a := range agents {
		phone, err := phonetest.New(phonetest.Config{User: a.phone, Password: p.PhonePassword(), Server: p.SIPAddr()})
		if err != nil {
			return nil, err
		}
		r.phones = append(r.phones, phone)
		ring := pace.Ring + time.Duration(i)*pace.Ring/10
		if i == 0 {
			ring = max(ring, min(personRing, 2*pace.Ring))
		}
		phone.SetPolicy(phonetest.AnswerAfter(ring))
		if err := phone.Register(ctx); err != nil {
			return nil, err
		}
		r.wg.Go(func() { r.staff(phone) })
	}
	return r, nil
}

func (r *realPBX) node() node {
	url := strings.TrimSuffix(r.asterisk.ARIURL(), "/ari")
	return node{url: url, user: r.asterisk.ARIUser(), password: r.asterisk.ARIPassword()}
}

// staff speaks into every call of an agent's phone, and notes when it heard the caller.
func (r *realPBX) staff(phone *phonetest.Phone) {
	for {
		d, err := phone.AwaitCall(r.ctx)
		if err != nil {
			return
		}
		r.wg.Go(func() {
			defer phone.Forget(d)
			defer func() { _, _ = d.AwaitEnd(r.ctx) }()
			if d.AwaitAnswer(r.ctx) != nil {
				return
			}
			ctx, cancel := context.WithCancel(r.ctx)
			defer cancel()
			var heard sync.WaitGroup
			heard.Go(func() {
				from := time.Now()
				if d.AwaitTone(ctx, callerTone) == nil {
					r.mu.Lock()
					defer r.mu.Unlock()
					r.spans[phone.User()] = append(r.spans[phone.User()], span{from, time.Now()})
				}
			})
			for d.PlayTone(ctx, agentTone, breath) == nil {
			}
			cancel()
			heard.Wait()
		})
	}
}

func (r *realPBX) spoke(phone string, from, to time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return overlap(r.spans[phone], from, to)
}

func (r *realPBX) dial(number, name string) (caller, error) {
	if number == "" {
		number, name = "anonymous", "Anonymous"
	}
	phone, err := phonetest.New(phonetest.Config{Server: r.asterisk.SIPAddr()})
	if err != nil {
		return nil, err
	}
	d, err := phone.Dial(Number, phonetest.CallOptions{From: number, Name: name})
	if err != nil {
		return nil, errors.Join(err, phone.Close())
	}
	return &realCaller{phone, d}, nil
}

func (r *realPBX) stop() error {
	r.cancel()
	var errs []error
	for _, p := range r.phones {
		errs = append(errs, p.Close())
	}
	r.wg.Wait()
	return errors.Join(append(errs, r.asterisk.Stop())...)
}

// realCaller is a call with a telephone of its own.
type realCaller struct {
	phone  *phonetest.Phone
	dialog *phonetest.Dialog
}

func (c *realCaller) answered(ctx context.Context) error { return c.dialog.AwaitAnswer(ctx) }
func (c *realCaller) press(ctx context.Context, keys string) error {
	return c.dialog.SendDTMF(ctx, keys)
}

func (c *realCaller) hear(ctx context.Context, what sound) error {
	if what == queueMusic {
		return c.dialog.AwaitTone(ctx, pbxtest.HoldMusicLow)
	}
	return c.dialog.AwaitTone(ctx, agentTone)
}

func (c *realCaller) talk(ctx context.Context) {
	for c.dialog.PlayTone(ctx, callerTone, breath) == nil {
	}
}

func (c *realCaller) hangup() error {
	if err := c.phone.Close(); err != nil {
		return fmt.Errorf("hang up a caller: %w", err)
	}
	return nil
}
