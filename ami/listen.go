package ami

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// listenTo are the classes of events that a listener asks for. app_queue's own are "agent"; "call" tells that a caller hangs
// up, "dialplan" that QUEUESTATUS was set. Those that the user's read= does not name never come.
const listenTo = "agent,call,dialplan"

// firstLook is how long after the beginning the queues are looked at for the second time: what is missing then shows soon.
const firstLook = time.Minute

// listener is a connection that hears what app_queue does. It asks for nothing but QueueStatus and signs of life, neither of
// which needs a right to write.
type listener struct {
	cfg  Config
	tell func(QueueEvent)
	up   bool      // it has been connected
	last time.Time // when something was read
}

// Listen tells what app_queue does, from now until ctx ends, on a connection of its own that comes back by itself. Each
// connection begins with QueueUp and the state of all queues up to QueueListed, which comes again each Config.Look, and ends
// with QueueDown. tell is called from one goroutine. It returns ctx's error, or why the first connection was not made.
func Listen(ctx context.Context, cfg Config, tell func(QueueEvent)) error {
	cfg, err := cfg.prepared()
	if err != nil {
		return err
	}
	l := &listener{cfg: cfg, tell: tell}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	err = cfg.keep(ctx, func(ctx context.Context) error {
		err := l.live(ctx)
		if !l.up {
			stop(err)
		}
		return err
	})
	if !l.up {
		return context.Cause(ctx)
	}
	return err
}

// live is one connection from its beginning to its loss.
func (l *listener) live(ctx context.Context) error {
	s, err := l.cfg.connect(ctx, listenTo)
	if err != nil {
		return err
	}
	l.up, l.last = true, time.Now()
	l.cfg.Log.Info("listening to the manager interface", "node", l.cfg.Name)
	l.tell(QueueEvent{At: l.last, Kind: QueueUp})
	var asking sync.WaitGroup
	asking.Go(func() { l.ask(ctx, s) })
	err = l.read(s)
	s.close()
	asking.Wait()
	lost := time.Now()
	var silent net.Error
	if errors.As(err, &silent) && silent.Timeout() {
		lost = l.last // who knows since when
	}
	l.tell(QueueEvent{At: lost, Kind: QueueDown})
	return err
}

// ask sends what a listener has to say, until the connection or ctx is over.
func (l *listener) ask(ctx context.Context, s *session) {
	defer s.close()
	ping, look := time.NewTicker(l.cfg.Ping), time.NewTimer(min(firstLook, l.cfg.Look))
	defer ping.Stop()
	defer look.Stop()
	err := l.say(s, "QueueStatus")
	for err == nil {
		select {
		case <-ctx.Done():
			_ = l.say(s, "Logoff") // what comes of it does not matter
			return
		case <-s.over:
			return
		case <-ping.C:
			err = l.say(s, "Ping")
		case <-look.C:
			err = l.say(s, "QueueStatus")
			look.Reset(l.cfg.Look)
		}
	}
}

func (l *listener) say(s *session, action string) error {
	text, err := write(action, field{"ActionID", "listen"})
	if err != nil {
		return err
	}
	if err := s.conn.SetWriteDeadline(time.Now().Add(l.cfg.Request)); err != nil {
		return err
	}
	_, err = s.conn.Write([]byte(text))
	return err
}

// read tells events until the connection breaks. Where not even a sign of life is answered it is given up.
func (l *listener) read(s *session) error {
	for {
		if err := s.conn.SetReadDeadline(time.Now().Add(2 * l.cfg.Ping)); err != nil {
			return err
		}
		m, err := readMessage(s.r)
		if err != nil {
			return fmt.Errorf("ami: %w", err)
		}
		l.last = time.Now()
		if e, ok := queueEventOf(m); ok {
			e.At = l.last
			l.tell(e)
		}
	}
}
