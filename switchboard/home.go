package switchboard

import (
	"context"
	"errors"
	"regexp"
	"time"

	"ctid"
	"ctid/ari"
)

// Home is the way back out of a node's fallback queue. Without one, callers stay there until a member takes them.
type Home interface {
	// Waiting lists who waits there, the first first. Those who are with a member already are not in it.
	Waiting(ctx context.Context) ([]Stray, error)
	// Fetch sends a caller back to where calls come in, as if he had just dialled the number.
	Fetch(ctx context.Context, s Stray, dnis string) error
}

// Stray is a caller in the fallback queue.
type Stray struct {
	Channel string // its id in ARI
	Name    string // its name, PJSIP/…
	Waited  time.Duration
}

// dnisVariable is the channel variable in which the shipped dialplan keeps the dialled number of a caller in its
// fallback queue.
const dnisVariable = "CTID_DNIS"

// dialled is all that such a number may be: it becomes an extension.
var dialled = regexp.MustCompile(`^\+?[0-9]{1,15}$`)

// Bounds of bringing callers home. One at a time: each is a call of ours before the next is fetched, so that they keep
// their order and the desk its pace; the queue is read anew after a few, so that nobody is fetched away from a member
// who has taken him meanwhile.
const (
	homeBatch   = 3
	homeArrival = 2 * time.Second        // to wait for a caller who was fetched
	homeQueued  = 50 * time.Millisecond  // and for his entry into a queue, which a script may delay
	homeLook    = 3 * time.Second        // between two looks: who was on his way into the queue at the first is there then
	homeLooks   = 2                      // in a row without anybody new end it
	homeTries   = 3                      // with one caller
	homeRetry   = 500 * time.Millisecond // first pause after an error, doubled up to
	homeRest    = 15 * time.Second
)

// homecoming is a caller who was fetched and is on his way.
type homecoming struct {
	entered time.Time     // the fallback queue, on the steady clock
	arrived chan struct{} // closed when he is in our application
	settled chan struct{} // closed when he is in a queue of ours
	used    bool          // his waiting time has been counted
}

// homeRun brings the callers of one node home after it was away.
type homeRun struct {
	desk *desk
	node *ari.Node
	home Home
	done map[string]int // tries by channel; homeTries: no more
	last time.Time      // when the last one fetched had entered the fallback queue
	n    int
}

// bringHome starts to bring home those who went to the fallback queue while a node was away. It ends by itself, or when
// the node is away again.
func (d *desk) bringHome(st *nodeState) {
	home := d.sb.deps.Homes[ctid.NodeID(st.node.Name())]
	if home == nil || d.draining {
		return
	}
	ctx, stop := context.WithCancel(d.ctx)
	st.stopHome = stop
	h := &homeRun{desk: d, node: st.node, home: home, done: map[string]int{}}
	d.sb.wg.Go(func() { defer stop(); h.run(ctx) })
}

func (h *homeRun) run(ctx context.Context) {
	pause := homeRetry
	for empty := 0; empty < homeLooks; {
		n, err := h.round(ctx)
		wait := time.Duration(0)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			h.desk.sb.cfg.Log.Warn("bringing callers home from the fallback queue", "node", h.node.Name(), "error", err, "retry_in", pause)
			wait, pause = pause, min(2*pause, homeRest)
		case n == 0:
			empty++
			wait = homeLook
		default:
			empty, pause = 0, homeRetry
		}
		if empty < homeLooks && wait > 0 {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return
			}
		}
	}
	if h.n > 0 {
		h.desk.sb.cfg.Log.Info("callers came home from the fallback queue", "node", h.node.Name(), "callers", h.n)
	}
}

// round looks who waits and fetches the first few whom it has not had before. It returns how many those were.
func (h *homeRun) round(ctx context.Context) (n int, err error) {
	list, err := h.home.Waiting(ctx)
	if err != nil {
		return 0, err
	}
	now := h.desk.sb.clock.steady()
	for _, s := range list {
		if h.done[s.Channel] >= homeTries {
			continue
		}
		if n == homeBatch {
			break
		}
		n++
		h.done[s.Channel]++
		if err := h.bring(ctx, s, now.Add(-s.Waited)); err != nil {
			return n, err
		}
		h.done[s.Channel] = homeTries
	}
	return n, nil
}

// errNoRoom: the caller is better off where he is for now.
var errNoRoom = errors.New("there is no room for more calls: limits.calls is reached, or ctid is draining")

// bring fetches one caller. No error: he is here, or he is to be left where he is.
func (h *homeRun) bring(ctx context.Context, s Stray, entered time.Time) error {
	dnis, err := h.node.Variable(ctx, s.Channel, dnisVariable)
	if err != nil {
		return err
	}
	if !dialled.MatchString(dnis) { // also when he is gone, or came to this queue by another way
		return nil
	}
	if !entered.After(h.last) { // the queue tells whole seconds, but its order
		entered = h.last.Add(time.Millisecond)
	}
	c := &homecoming{entered: entered, arrived: make(chan struct{}), settled: make(chan struct{})}
	known, room := false, false
	if err := h.desk.sb.ask(ctx, func(time.Time) { known, room = h.desk.expect(s.Channel, dnis, c) }); err != nil {
		return err
	}
	switch {
	case !known:
		return nil
	case !room:
		h.done[s.Channel]--
		return errNoRoom
	}
	defer h.desk.post(func(time.Time) { delete(h.desk.coming, s.Channel) })
	if err := h.home.Fetch(ctx, s, dnis); err != nil {
		return err
	}
	if !waitFor(ctx, c.arrived, homeArrival) {
		return nil // he hung up on the way, or was taken by a member
	}
	h.last = entered
	h.n++
	waitFor(ctx, c.settled, homeQueued)
	return nil
}

func waitFor(ctx context.Context, done <-chan struct{}, atMost time.Duration) bool {
	t := time.NewTimer(atMost)
	defer t.Stop()
	select {
	case <-done:
		return true
	case <-t.C:
	case <-ctx.Done():
	}
	return false
}

// expect makes a caller known who is about to be fetched. A number that nothing answers would send him straight back,
// to the end of the queue.
func (d *desk) expect(channel, dnis string, c *homecoming) (known, room bool) {
	if _, known = d.plan.Routes.Route(dnis); !known {
		return false, false
	}
	if d.draining || d.busy() >= d.sb.cfg.Limits.Calls {
		return true, false
	}
	d.coming[channel] = c
	return true, true
}

// welcome says whether a channel that has entered was fetched from the fallback queue.
func (d *desk) welcome(channel string) *homecoming {
	c := d.coming[channel]
	if c != nil {
		delete(d.coming, channel)
		close(c.arrived)
	}
	return c
}

// cameHome tells that the caller has waited elsewhere.
func (k *call) cameHome(now time.Time) {
	if k.home != nil {
		k.note("came_home", map[string]any{"from": "fallback", "waited_ms": now.Sub(k.home.entered).Milliseconds()})
	}
}

// entry is since when the caller waits: in the first queue of ours from his entry into the fallback queue on.
func (k *call) entry(now time.Time) time.Time {
	if k.home == nil || k.home.used {
		return now
	}
	k.home.used = true
	return k.home.entered
}

// settle lets the next caller come home.
func (k *call) settle() {
	if k.home != nil && k.home.used {
		close(k.home.settled)
		k.home = nil
	}
}
