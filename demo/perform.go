package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"ctid"
)

const (
	pollEvery = 150 * time.Millisecond // of the store, for what has become of the calls
	crowd     = 12                     // callers at once; more wait at home
	curtain   = 3 * time.Second        // for the records of calls that the demo's end has cut
)

// staff gives every agent a log-in, and those without a person a robot.
func (s *show) staff(ctx context.Context) error {
	work := context.WithoutCancel(ctx)
	work, s.endWork = context.WithCancel(work)
	base := baseURL(s.daemon.WebURL())
	for i, a := range agents {
		pw := password()
		s.logins = append(s.logins, login{string(a.name), pw, a.phone})
		if err := s.daemon.AddUser(ctx, a.name, pw); err != nil {
			return err
		}
		if s.pbx == nil || i == 0 && !s.Exit {
			continue
		}
		r, err := hire(work, base, a.name, pw, s.Pace)
		if err != nil {
			return err
		}
		s.robots = append(s.robots, r)
	}
	return nil
}

// sendHome closes the robots' desktops.
func (s *show) sendHome() {
	if s.endWork != nil {
		s.endWork()
	}
	for _, r := range s.robots {
		r.leave()
	}
}

// welcome says where to look.
func (s *show) welcome() {
	out := s.Out
	if s.JSON {
		out = s.Err
	}
	var b strings.Builder
	line := strings.Repeat("─", 62)
	fmt.Fprintf(&b, "\n%s\n  the agent desktop   %s\n", line, s.daemon.WebURL())
	if s.pbx != nil {
		fmt.Fprintf(&b, "  log in as           %s\n  password            %s\n", s.logins[0].user, s.logins[0].password)
	} else {
		for _, l := range s.logins {
			fmt.Fprintf(&b, "  log in as %-9s password %s   phone PJSIP/%s\n", l.user, l.password, l.phone)
		}
	}
	fmt.Fprintf(&b, "%s\n", line)
	switch {
	case s.pbx == nil:
		fmt.Fprintf(&b, "Log in, become ready, and call %s in the context ctid-in; without a trunk, on the Asterisk's console:\n"+
			"  channel originate Local/%s@ctid-in application Wait 60\nCtrl-C ends the demo.\n\n", Number, Number)
	case s.Exit:
		fmt.Fprintf(&b, "%d calls to %s; five agents.\n\n", s.Calls, Number)
	default:
		fmt.Fprintf(&b, "Four agents work by themselves. Log in, go on duty and press Ready, and calls come to you too; your phone\n"+
			"answers by itself. Calls go to %s. Ctrl-C ends the demo.\n\n", Number)
	}
	fmt.Fprint(out, b.String())
}

// perform lets people call, and tells what becomes of each call.
func (s *show) perform(ctx context.Context) error {
	s.ledger = newLedger(s)
	calls, hangUp := context.WithCancel(ctx)
	crew := &crew{show: s, maker: newMaker(s.Seed, s.Pace), hangUp: hangUp}
	defer crew.wait()
	next := time.NewTimer(0)
	defer next.Stop()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return s.close(crew)
		case err := <-s.failed:
			return errors.Join(fmt.Errorf("ctid has ended: %w", err), s.close(crew))
		case <-next.C:
			crew.send(calls)
			next.Reset(crew.maker.around(s.Pace.Between))
		case <-tick.C:
			if err := s.ledger.poll(ctx); err != nil && ctx.Err() == nil {
				return err
			}
			if crew.allSent() && s.ledger.settled() {
				if s.Exit {
					return s.verdict()
				}
				crew.announce()
			}
		}
	}
}

// close hangs up for everybody, and waits a moment for their records.
func (s *show) close(c *crew) error {
	c.wait()
	ctx, cancel := context.WithTimeout(context.Background(), curtain)
	defer cancel()
	for !s.ledger.settled() && pause(ctx, pollEvery/2) == nil {
		if err := s.ledger.poll(ctx); err != nil {
			return err
		}
	}
	if s.Exit {
		return errors.Join(fmt.Errorf("ended after %d of %d calls", c.sent, s.Calls), ErrLacking)
	}
	return nil
}

// verdict says which call lacks what.
func (s *show) verdict() error {
	for _, r := range s.robots {
		if err := r.trouble(); err != nil {
			s.ledger.complain(err.Error())
		}
	}
	if len(s.ledger.lacking) == 0 {
		s.say("%d calls: each has its record with its end, and each answered one its pop and its conversation.", s.Calls)
		return nil
	}
	for _, l := range s.ledger.lacking {
		s.say("%s", l)
	}
	s.tailLog()
	return ErrLacking
}

// crew are the people who call.
type crew struct {
	*show
	maker     *maker
	wg        sync.WaitGroup
	sent      int
	announced bool
	hangUp    context.CancelFunc
}

func (c *crew) allSent() bool { return c.pbx != nil && c.Calls > 0 && c.sent >= c.Calls }

// send lets the next guest call, unless all have called or too many do.
func (c *crew) send(ctx context.Context) {
	if c.pbx == nil || c.allSent() || c.ledger.busy() >= crowd {
		return
	}
	g := c.maker.next()
	g.dialled = time.Now()
	c.sent++
	c.ledger.expect(g)
	c.wg.Go(func() { g.call(ctx, c.pbx, c.Pace) })
}

// wait has everybody hang up.
func (c *crew) wait() {
	c.hangUp()
	c.wg.Wait()
}

func (c *crew) announce() {
	if !c.announced {
		c.announced = true
		c.say("%d calls were made. The centre stays open; Ctrl-C ends the demo.", c.sent)
	}
}

// login is what a person needs to sit down.
type login struct{ user, password, phone string }

// robotOf finds the robot who is that agent; nil for a person.
func (s *show) robotOf(a ctid.AgentID) *robot {
	for _, r := range s.robots {
		if r.agent == a {
			return r
		}
	}
	return nil
}

func phoneOf(a ctid.AgentID) string {
	for _, x := range agents {
		if x.name == a {
			return x.phone
		}
	}
	return ""
}
