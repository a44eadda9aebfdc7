package shadow

import (
	"fmt"
	"slices"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/sim"
)

// trial is a scene played once by ctid's distributor, with one set of draws.
type trial struct {
	*scene
	seed   uint64
	n      int
	core   *acd.State
	course *sim.Course
	cast   map[ctid.TaskID]*role
	wish   map[ctid.AgentID]duty // what each wants now
	ends   map[ctid.TaskID]ending
	first  map[ctid.TaskID]acd.Decision // whom each was offered first, and why; in the first trial only

	refused map[string]int // what the core would not do, by kind of event
}

// ending is what became of a caller in a trial.
type ending struct {
	exit   ctid.QueueExit // empty: nobody ever served him
	waited time.Duration
	agent  ctid.AgentID
}

// awayReason is that of pauses in a trial.
const awayReason = "away"

// playOn is how long after its end a scene is played on, for those who wait then.
const playOn = 12 * time.Hour

// quickNo is within which a phone that does not ring long has refused the call.
const quickNo = 2 * time.Second

// play plays a scene.
func (s *scene) play(seed uint64, n int) (*trial, error) {
	core, err := acd.New(rehearsed(s.core, seed, n))
	if err != nil {
		return nil, fmt.Errorf("ctid's rules cannot be put in force: %w", err)
	}
	t := &trial{scene: s, seed: seed, n: n, core: core, cast: map[ctid.TaskID]*role{}, wish: map[ctid.AgentID]duty{},
		ends: map[ctid.TaskID]ending{}, first: map[ctid.TaskID]acd.Decision{}, refused: map[string]int{}}
	if n == 0 {
		core.Trace(t.decided)
	}
	t.course = sim.NewCourse(core, s.from, t.obey)
	for _, a := range s.core.Agents {
		t.give(acd.DeviceChanged{Agent: a.ID, Reachable: true})
		t.give(acd.DeskChanged{Agent: a.ID, Awake: true})
	}
	for _, id := range sorted(s.actors) {
		for _, w := range s.actors[id].wishes {
			t.course.Plan(w.at, func() { t.wants(id, w.to) })
		}
	}
	for i := range s.roles {
		r := &s.roles[i]
		t.cast[r.task] = r
		t.course.Plan(r.at, func() { t.enters(r) })
	}
	t.course.Until(s.to.Add(playOn))
	return t, nil
}

// rehearsed are ctid's rules as a trial has them: any reason to pause will do, nobody has to give a disposition but for the time of
// his wrap-up, and chance is the trial's own.
func rehearsed(cfg acd.Config, seed uint64, n int) acd.Config {
	cfg.Epoch, cfg.Seed, cfg.Pauses = "shadow", seed+uint64(n), nil
	cfg.Queues = append([]acd.Queue(nil), cfg.Queues...)
	for i := range cfg.Queues {
		cfg.Queues[i].ForceCode = false
	}
	return cfg
}

func (t *trial) chance(use string, thing any) float64 { return chance(t.seed, t.n, use, thing) }

// give gives the core an event, and notes what it would not do.
func (t *trial) give(ev acd.Event) {
	for _, c := range t.course.Give(ev) {
		if no, ok := c.(acd.Refused); ok && no.Err.Code != ctid.AlreadyDone {
			t.refused[ev.EventKind()]++
		}
	}
}

// wants: an agent does what he did.
func (t *trial) wants(id ctid.AgentID, d duty) {
	t.wish[id] = d
	v, ok := t.core.AgentView(id)
	switch {
	case !ok:
	case d == off:
		t.give(acd.AgentLogout{Agent: id, By: ctid.BySystem})
	case d == on:
		if v.State == ctid.Out {
			t.give(acd.AgentLogin{Agent: id, By: ctid.BySystem})
		}
		t.give(acd.AgentReady{Agent: id, By: ctid.BySystem})
	case v.State != ctid.Out: // else he logs in when he takes calls: one without desktop would be given one before he pauses
		t.give(acd.AgentPause{Agent: id, Reason: awayReason, By: ctid.BySystem})
	}
}

// enters: a caller does so, and gives up when he did, or when he would have at the latest.
func (t *trial) enters(r *role) {
	atMost := t.atMost[r.queue]
	if atMost > 0 {
		atMost = max(atMost-r.at.Sub(r.entered), time.Second)
	}
	t.give(acd.Enqueue{Task: r.task, Queue: r.queue, Priority: -1, Entered: r.entered, AtMost: atMost})
	if !r.leaves.IsZero() {
		t.course.Plan(r.leaves, func() { t.leaves(r) })
		return
	}
	if patience, ever := t.habits.patience[r.queue].draw(t.chance("patience", r.task), r.stays); ever {
		t.course.Plan(r.entered.Add(patience), func() { t.leaves(r) })
	}
}

func (t *trial) leaves(r *role) {
	if _, waits := t.core.QueueOf(r.task); !waits {
		return
	}
	if r.how == ctid.ExitAbandoned || r.how == "" {
		t.give(acd.TaskGone{Task: r.task})
		return
	}
	t.give(acd.Leave{Task: r.task, Why: r.how, By: ctid.BySystem})
}

// decided notes whom a caller is offered first, and why not to him whom app_queue rang.
func (t *trial) decided(d acd.Decision) {
	r := t.cast[d.Task]
	if _, again := t.first[d.Task]; again || !r.judged || r.was.rang == nil {
		return
	}
	d.Candidates = slices.DeleteFunc(d.Candidates, func(w acd.Why) bool { return w.Agent != d.Agent && w.Agent != r.was.rang.agent })
	t.first[d.Task] = d
}

// obey does what the core wants done.
func (t *trial) obey(cmds []acd.Command) {
	for _, cmd := range cmds {
		switch c := cmd.(type) {
		case acd.MakeOffer:
			t.rings(c)
		case acd.EndOffer:
			t.offerOver(c)
		case acd.TaskEnded:
			t.ends[c.Task] = ending{c.Exit, c.Waited, c.Agent}
		case acd.AgentChanged:
			t.changed(c.View)
		}
	}
}

// rings: a phone is answered after as long as it usually is, unless the agent was not there.
func (t *trial) rings(c acd.MakeOffer) {
	now := t.course.Now()
	a := t.actors[c.Agent]
	if a == nil {
		return // he was never seen, so he is not on duty; nobody answers
	}
	if x, away := a.awayAt(now); away {
		if x.rang < quickNo {
			t.course.Plan(now.Add(x.rang), func() { t.give(acd.OfferFailed{Offer: c.Offer, Why: "busy"}) })
		}
		return
	}
	if ring, ever := a.rings.draw(t.chance("ring", fmt.Sprint(c.Task, c.OffersBefore, c.Agent)), 0); ever && now.Add(ring).Before(c.Until) {
		t.course.Plan(now.Add(ring), func() { t.give(acd.OfferUp{Offer: c.Offer}) })
	}
}

// awayAt tells whether he was not there at a moment.
func (a *actor) awayAt(at time.Time) (absence, bool) {
	for _, x := range a.away {
		if !at.Before(x.From) && at.Before(x.To) {
			return x, true
		}
	}
	return absence{}, false
}

// offerOver: of an accepted one the conversation lasts as long as it did; of any other nothing is left at the phone.
func (t *trial) offerOver(c acd.EndOffer) {
	now := t.course.Now()
	if c.End != ctid.OfferAccepted || c.Why == "late" {
		t.course.Plan(now, func() { t.give(acd.LegGone{Agent: c.Agent, Offer: c.Offer}) })
		return
	}
	t.course.Plan(now.Add(t.talk(t.cast[c.Task])), func() {
		t.give(acd.LegGone{Agent: c.Agent, Offer: c.Offer})
		t.give(acd.WorkEnded{Agent: c.Agent, Task: c.Task})
	})
}

// talk is how long a conversation lasts.
func (t *trial) talk(r *role) time.Duration {
	if r.talked {
		return r.talk
	}
	d, ever := t.habits.talk[r.queue].draw(t.chance("talk", r.task), r.talk)
	if !ever {
		d = r.talk
	}
	if r.most > 0 {
		d = min(d, r.most)
	}
	return d
}

// changed: who was paused because he did not answer is ready again when he was there again, if he wanted to be.
func (t *trial) changed(v ctid.AgentView) {
	if v.State != ctid.Paused || v.Reason == awayReason || v.Reason == ctid.ReasonLogin {
		return
	}
	back := t.course.Now()
	if a := t.actors[v.Agent]; a != nil {
		if x, away := a.awayAt(back); away {
			back = x.To
		}
	}
	t.course.Plan(back, func() {
		if now, _ := t.core.AgentView(v.Agent); t.wish[v.Agent] == on && now.State == ctid.Paused && now.Rev >= v.Rev && now.Reason == v.Reason {
			t.give(acd.AgentReady{Agent: v.Agent, By: ctid.BySystem})
		}
	})
}
