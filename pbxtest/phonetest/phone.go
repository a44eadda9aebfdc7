// Package phonetest is a SIP telephone for tests: it registers, calls, is
// called, speaks, listens, presses keys, holds and hangs up, and keeps the
// time of all that happens. It always sends audio (silence when nothing is
// played), as telephones do.
package phonetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/diago"
	"github.com/emiago/diago/media"
	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"

	"ctid/pbxtest"
)

const (
	localhost = "127.0.0.1"
	// byeLimit bounds the farewell of one call.
	byeLimit = 3 * time.Second
)

// Config says whose telephone it is.
type Config struct {
	// User is the number that registers and the default caller; it may be empty
	// for a telephone in the outside world, whose calls name their own caller.
	User, Password string
	// Server is the "host:port" of the PBX.
	Server string
}

// Phone is one telephone with its own port. Its methods may be called from any
// goroutine.
type Phone struct {
	config Config
	ua     *sipgo.UserAgent
	dg     *diago.Diago
	ctx    context.Context
	cancel context.CancelCauseFunc
	port   int

	vanished     atomic.Bool
	registration sync.Mutex // one REGISTER at a time
	registered   bool
	running      sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	policy  Policy
	dialogs []*Dialog
	wires   map[string]*wire // by Call-ID
	taken   int              // incoming dialogs that AwaitCall has handed out
	changed chan struct{}    // closed and replaced when a dialog is added, or a transfer was told of
	tone    float64          // Hz, that it hums
}

// quiet silences the libraries' own loggers, which have no setting for each
// phone and complain of what is usual here, such as sockets closed early.
var quiet = sync.OnceValue(func() *slog.Logger {
	none := slog.New(slog.DiscardHandler)
	sip.SetDefaultLogger(none)
	media.SetDefaultLogger(none)
	return none
})

// New makes a telephone that answers calls at once, and makes it ready to be
// called. The caller closes it.
func New(config Config) (*Phone, error) {
	var errs []error
	for range 3 { // another process may take the free port before the phone does
		p, err := open(config)
		if err == nil {
			return p, nil
		}
		errs = append(errs, err)
	}
	return nil, fmt.Errorf("make a phone: %w", errors.Join(errs...))
}

func open(config Config) (*Phone, error) {
	// The library's own record of a port of its choice can't be read without a race.
	port, err := pbxtest.FreePort()
	if err != nil {
		return nil, err
	}
	log := quiet() // before the first of the library's parts takes its logger
	ua, err := sipgo.NewUA(sipgo.WithUserAgent(config.User), sipgo.WithUserAgentHostname(localhost))
	if err != nil {
		return nil, err
	}
	p := &Phone{config: config, ua: ua, port: port, policy: AnswerAfter(0), wires: map[string]*wire{}, changed: make(chan struct{})}
	p.ctx, p.cancel = context.WithCancelCause(context.Background())
	srv, err := sipgo.NewServer(ua, sipgo.WithServerLogger(log))
	if err != nil {
		return nil, errors.Join(err, ua.Close())
	}
	p.dg = diago.NewDiago(ua,
		diago.WithLogger(log),
		diago.WithServer(srv),
		diago.WithServerRequestMiddleware(p.observe),
		diago.WithMediaConfig(diago.MediaConfig{Codecs: []media.Codec{media.CodecAudioUlaw, media.CodecTelephoneEvent8000}}),
		diago.WithTransport(diago.Transport{Transport: "udp", BindHost: localhost, BindPort: port}),
	)
	if err := p.listen(); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// listen returns when the socket is read: a request sent earlier would try to
// open the same port a second time.
func (p *Phone) listen() error {
	if err := p.dg.ServeBackground(p.ctx, p.serve); err != nil {
		return err
	}
	var err error
	for range 20 {
		if err = pbxtest.PingSIP(p.Addr()); err == nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("the phone's own port %s does not answer: %w", p.Addr(), err)
	}
	// Requests leave from the port on which the phone listens, as a telephone's do.
	client, err := sipgo.NewClient(p.ua, sipgo.WithClientNAT(), sipgo.WithClientConnectionAddr(p.Addr()))
	if err != nil {
		return err
	}
	diago.WithClient(client)(p.dg)
	return nil
}

// Addr is the phone's "host:port".
func (p *Phone) Addr() string { return net.JoinHostPort(localhost, strconv.Itoa(p.port)) }

// User is the phone's number.
func (p *Phone) User() string { return p.config.User }

// Register tells the PBX where the phone is, for an hour.
func (p *Phone) Register(ctx context.Context) error {
	if err := p.register(ctx, (*diago.RegisterTransaction).Register); err != nil {
		return fmt.Errorf("register %s: %w", p.config.User, err)
	}
	p.registered = true
	return nil
}

// Unregister tells the PBX that the phone is gone.
func (p *Phone) Unregister(ctx context.Context) error {
	if err := p.register(ctx, (*diago.RegisterTransaction).Unregister); err != nil {
		return fmt.Errorf("unregister %s: %w", p.config.User, err)
	}
	p.registered = false
	return nil
}

func (p *Phone) register(ctx context.Context, send func(*diago.RegisterTransaction, context.Context) error) error {
	p.registration.Lock()
	defer p.registration.Unlock()
	uri, err := p.uri(p.config.User)
	if err != nil {
		return err
	}
	t, err := p.dg.RegisterTransaction(ctx, uri, diago.RegisterOptions{
		Username: p.config.User, Password: p.config.Password, Expiry: time.Hour,
	})
	if err != nil {
		return err
	}
	return send(t, ctx)
}

func (p *Phone) uri(user string) (sip.Uri, error) {
	host, port, err := net.SplitHostPort(p.config.Server)
	if err != nil {
		return sip.Uri{}, fmt.Errorf("Config.Server must be host:port: %w", err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return sip.Uri{}, fmt.Errorf("Config.Server %q: %w", p.config.Server, err)
	}
	return sip.Uri{Scheme: "sip", User: user, Host: host, Port: n, UriParams: sip.NewParams(), Headers: sip.NewParams()}, nil
}

// Close hangs up every call and frees the port. The PBX keeps the registration
// of a phone that did not Unregister, as it does when a cable is pulled.
func (p *Phone) Close() error {
	p.mu.Lock()
	p.closed = true
	dialogs := append([]*Dialog{}, p.dialogs...)
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), byeLimit)
	defer cancel()
	var errs []error
	for _, d := range dialogs {
		errs = append(errs, d.Hangup(ctx))
	}
	// an INVITE that nobody ever answered can't be cancelled: give it up
	p.cancel(sipgo.WaitAnswerForceCancelErr)
	errs = append(errs, p.ua.Close())
	p.running.Wait()
	return errors.Join(errs...)
}

// SetPolicy says what the phone does with calls from now on.
func (p *Phone) SetPolicy(policy Policy) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.policy = policy
}

// Policy is what a phone does with a call that comes in; Dialog's Answer and
// Reject override it at any time.
type Policy struct {
	// Silent sends nothing at all, not even "ringing".
	Silent bool
	// After is how long it rings before Code is sent.
	After time.Duration
	// Code is the SIP status that ends the ringing: 200 answers, 486 is busy,
	// 603 declines, 302 sends it To. 0 rings until the caller gives up.
	Code int
	// To is the number of a 302.
	To string
	// Auto answers at once when the INVITE asks for that: a Call-Info with
	// answer-after=0, or an Alert-Info with "auto".
	Auto bool
}

// RedirectAfter rings for the time and says that the call is to go to another number.
func RedirectAfter(d time.Duration, to string) Policy {
	return Policy{After: d, Code: sip.StatusMovedTemporarily, To: to}
}

// AutoAnswer answers at once when the INVITE asks for it, and else rings.
func AutoAnswer() Policy { return Policy{Auto: true} }

// AnswerAfter rings for the time and answers.
func AnswerAfter(d time.Duration) Policy { return Policy{After: d, Code: sip.StatusOK} }

// RejectAfter rings for the time and refuses with the SIP status.
func RejectAfter(d time.Duration, code int) Policy { return Policy{After: d, Code: code} }

// Ring rings until the caller gives up, or the test calls Answer or Reject.
func Ring() Policy { return Policy{} }

// Ignore makes no sound: as a phone that has lost power after it registered.
func Ignore() Policy { return Policy{Silent: true} }

// Calls lists all calls so far, in and out, in order.
func (p *Phone) Calls() []*Dialog {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]*Dialog{}, p.dialogs...)
}

// AwaitCall waits for the next call to the phone that it has not returned
// yet; the call may have ended meanwhile.
func (p *Phone) AwaitCall(ctx context.Context) (*Dialog, error) {
	for {
		p.mu.Lock()
		n := 0
		for _, d := range p.dialogs {
			if d.Outgoing {
				continue
			}
			if n++; n > p.taken {
				p.taken = n
				p.mu.Unlock()
				return d, nil
			}
		}
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("phone %s waits for a call: %w", p.config.User, ctx.Err())
		}
	}
}

// Forget drops a call that is over, with all that was heard in it: for a phone that lives long. Calls does not list it
// any more.
func (p *Phone) Forget(d *Dialog) {
	select {
	case <-d.gone:
	default:
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	incoming := 0
	for i, x := range p.dialogs {
		if x == d {
			p.dialogs = append(p.dialogs[:i:i], p.dialogs[i+1:]...)
			delete(p.wires, d.CallID)
			if !d.Outgoing && incoming < p.taken {
				p.taken--
			}
			return
		}
		if !x.Outgoing {
			incoming++
		}
	}
}

// add enters a dialog, unless the phone is closed.
func (p *Phone) add(d *Dialog) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.dialogs = append(p.dialogs, d)
	p.running.Add(1)
	p.signal()
	return true
}

// signal wakes who waits for a change. The lock is held.
func (p *Phone) signal() {
	close(p.changed)
	p.changed = make(chan struct{})
}
