// Package demo shows ctid at work: a call centre with two queues and five agents on a real Asterisk, callers over SIP,
// and a line for each call. Where no Asterisk can be had it runs on a simulated one, and says so.
//
// It knows the daemon only by what Config.Serve gives it, and judges it by the records in its store and by what its own
// telephones heard.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"ctid"
	"ctid/pbxtest"
)

// Daemon is a ctid that runs in this process.
type Daemon interface {
	// WebURL is where a browser finds the desktop, http://host:port/desk/.
	WebURL() string
	// Seed puts customers, cases and past calls into the store.
	Seed(ctx context.Context, s Seed) error
	// AddUser lets an agent log in under his own name.
	AddUser(ctx context.Context, agent ctid.AgentID, password string) error
	// Records are the records of the calls that arrived at since or later.
	Records(ctx context.Context, since time.Time) ([]ctid.CallRecord, error)
	// Stop ends it in order.
	Stop() error
}

// Start says how a daemon is to be started.
type Start struct {
	ConfigFile string
	Log        io.Writer
	// Speech is the command line of espeak-ng and its additional environment; empty: the daemon looks for itself.
	Speech, SpeechEnv []string
	// Failed is called when the daemon ends by itself.
	Failed func(error)
}

// Config says what to show. Serve, Dir, Out and Err are needed.
type Config struct {
	Calls     int  // 0: until the context ends
	Exit      bool // end after Calls, and judge them
	JSON      bool // an object a call in place of a line
	Simulated bool // on the simulated Asterisk
	Listen    string
	// Asterisk is the address of a running one, http://host:8088, with User and Password of its ARI; nothing is called then.
	Asterisk, User, Password string

	Dir      string    // an empty folder for all files; whoever made it removes it
	Out, Err io.Writer // lines of calls, and all else
	Terminal bool      // Err is one
	Pace     Pace
	Seed     uint64 // of all that is left to chance
	Serve    func(ctx context.Context, s Start) (Daemon, error)
}

// Pace is how long people take, in the mean. The zero value is a lively centre.
type Pace struct {
	Between time.Duration // two calls
	Think   time.Duration // before a key
	Ring    time.Duration // until an agent answers
	Talk    time.Duration
	Wrap    time.Duration // paperwork
}

func (p Pace) withDefaults() Pace {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&p.Between, 3500*time.Millisecond)
	def(&p.Think, 1500*time.Millisecond)
	def(&p.Ring, 2*time.Second)
	def(&p.Talk, 8*time.Second)
	def(&p.Wrap, 2500*time.Millisecond)
	return p
}

// KeepEnv names the environment variable that, when set to 1, keeps the demo's folder with its configuration and logs.
const KeepEnv = pbxtest.KeepEnv

// ErrLacking says that some call lacks something; what was said before.
var ErrLacking = errors.New("not every call has all it should")

// readyLimit is how long the daemon may take to attach to the Asterisk.
const readyLimit = 20 * time.Second

// show is one demo under way.
type show struct {
	Config
	node    node
	pbx     exchange // nil: somebody else's Asterisk
	daemon  Daemon
	robots  []*robot
	ledger  *ledger
	logins  []login
	endWork context.CancelFunc
	failed  chan error
}

// Run shows the demo until the calls are done or ctx ends; both are a good end. Nothing is left running.
func Run(ctx context.Context, c Config) (err error) {
	c.Pace = c.Pace.withDefaults()
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	s := &show{Config: c, failed: make(chan error, 1)}
	if err := s.openPBX(ctx); err != nil {
		return interrupted(ctx, err)
	}
	defer func() {
		if s.pbx != nil {
			err = errors.Join(err, s.pbx.stop())
		}
	}()
	if err := s.startDaemon(ctx); err != nil {
		return interrupted(ctx, err)
	}
	defer func() { err = errors.Join(err, s.daemon.Stop()) }()
	if err := s.staff(ctx); err != nil {
		s.sendHome()
		return interrupted(ctx, err)
	}
	defer s.sendHome()
	s.welcome()
	return s.perform(ctx)
}

// interrupted: somebody who ends the demo while it starts has had no failure.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (s *show) say(format string, a ...any) {
	fmt.Fprintf(s.Err, format+"\n", a...)
}

// openPBX gets the Asterisk: somebody's, the real one, or the simulated one.
func (s *show) openPBX(ctx context.Context) error {
	if s.Asterisk != "" {
		s.node = node{url: s.Asterisk, user: s.User, password: s.Password}
		return nil
	}
	var err error
	if !s.Simulated {
		if err = s.fetch(ctx); err == nil {
			s.pbx, err = openReal(ctx, s.Dir, s.Pace)
			if err != nil {
				return err
			}
			s.node = s.pbx.node()
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.say("No real Asterisk could be fetched: %v\nThe demo goes on with the simulated one: no SIP, no sound.", err)
		s.Simulated = true
	}
	s.pbx, err = openSimulated(s.Pace)
	if err != nil {
		return err
	}
	s.node = s.pbx.node()
	return nil
}

// fetch gets Asterisk's packages, once for this machine.
func (s *show) fetch(ctx context.Context) error {
	defer s.progress("Getting Asterisk 22 (80 MB the first time)")()
	_, version, err := pbxtest.Fetch(ctx, "")
	if err == nil {
		s.say("Asterisk %s", version)
	}
	return err
}

// startDaemon writes the centre's files, starts ctid on them, fills its store and waits until it is ready for calls.
func (s *show) startDaemon(ctx context.Context) error {
	file, err := writeCentre(s.Dir, s.Listen, s.node)
	if err != nil {
		return fmt.Errorf("write the demo's configuration: %w", err)
	}
	log, err := os.Create(s.logFile())
	if err != nil {
		return err
	}
	start := Start{ConfigFile: file, Log: log, Failed: func(err error) { s.failed <- err }}
	if start.Speech, start.SpeechEnv, err = s.speech(ctx); err != nil {
		s.say("No speech: espeak-ng is not installed and could not be fetched (%v)", err)
	}
	d, err := s.Serve(ctx, start)
	if err != nil {
		return errors.Join(err, log.Close())
	}
	s.daemon = closing{d, log}
	err = s.daemon.Seed(ctx, seed(time.Now()))
	if err == nil {
		err = s.awaitReady(ctx)
	}
	if err != nil {
		return errors.Join(err, s.daemon.Stop())
	}
	return nil
}

func (s *show) speech(ctx context.Context) (cmd, env []string, err error) {
	defer s.progress("Getting espeak-ng")()
	return pbxtest.Tool(ctx, "espeak-ng")
}

// closing is a daemon whose log is closed after its end.
type closing struct {
	Daemon
	log io.Closer
}

func (c closing) Stop() error { return errors.Join(c.Daemon.Stop(), c.log.Close()) }

// awaitReady returns when the daemon says that calls may come.
func (s *show) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	ready := baseURL(s.daemon.WebURL()) + "/readyz"
	for {
		why, err := probe(ctx, ready)
		if err == nil && why == "" {
			return nil
		}
		select {
		case err := <-s.failed:
			return fmt.Errorf("ctid has ended: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("ctid was not ready within %s: %s: is %s the address of an Asterisk's HTTP server, and are its ARI user and password right?",
				readyLimit, cmpOr(why, fmt.Sprint(err)), s.node.url)
		case <-time.After(30 * time.Millisecond):
		}
	}
}

// probe asks a readiness page and returns its reasons against.
func probe(ctx context.Context, url string) (why string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusOK {
		return "", nil
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, 4096))
	return fmt.Sprintf("HTTP %d %s", res.StatusCode, body), err
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
