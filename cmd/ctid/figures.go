package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/config"
	"ctid/report"
	"ctid/store"
	"ctid/ws"
)

// dayFold is the name under which the day's figures are kept, and keepEvery how often. A start folds what came since from the log.
const (
	dayFold   = "day"
	keepEvery = time.Minute
)

// figures are today's, folded from the facts as they are told.
type figures struct {
	mu     sync.Mutex
	fold   *report.Fold
	queues map[ctid.QueueID]shownQueue
	show   string // the letter of the service level
	kept   uint64 // the last event of what is on disk
}

// shownQueue is what the configuration says of a queue's figures.
type shownQueue struct {
	label  string
	target time.Duration
	goal   int
}

// reportConfig is what the figures go by.
func reportConfig(c *config.Config) report.Config {
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil { // checked at load
		zone = time.UTC
	}
	out := report.Config{Zone: zone, Interval: c.Reports.Interval.D(), Queues: map[ctid.QueueID]report.Rules{}}
	for _, q := range c.Queues {
		out.Queues[ctid.QueueID(q.Name)] = report.Rules{Target: q.Target.D(), Short: q.ShortAbandon.D()}
	}
	return out
}

// openFigures goes on with the figures of the run before. open are the calls that are not over.
func openFigures(ctx context.Context, c *config.Config, s *store.Store, open []ctid.CallRecord, now time.Time, log *slog.Logger) (*figures, error) {
	fold, err := foldDay(ctx, s, reportConfig(c), now, log)
	if err != nil {
		return nil, err
	}
	live := map[ctid.CallID]bool{}
	for _, r := range open {
		live[r.ID] = true
	}
	fold.Keep(live)
	f := &figures{fold: fold, kept: fold.Seq()}
	f.use(c)
	return f, nil
}

// foldDay is the fold that was kept with what the log has had since, or without one the log since the day began.
func foldDay(ctx context.Context, s *store.Store, cfg report.Config, now time.Time, log *slog.Logger) (*report.Fold, error) {
	q := store.LogQuery{Kinds: report.Kinds(), Limit: 1000}
	fold, err := keptDay(ctx, s, cfg, log)
	switch {
	case err != nil:
		return nil, err
	case fold != nil:
		q.From = fold.Seq() + 1
	default:
		fold = report.New(cfg, now)
		q.Since = fold.Day()
	}
	for {
		rows, err := s.ReadLog(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			q.From = r.Seq + 1
			body, err := report.Body(r.Kind, r.Body)
			if err != nil {
				log.Warn("a row of the log is in no figure", "row", r.Seq, "error", err)
				continue
			}
			ev := ctid.Event{Seq: r.Seq, At: r.At, Queue: r.Queue, Agent: r.Agent, Body: body}
			if strings.HasPrefix(r.Kind, "call.") {
				ev.Call = ctid.CallID(r.Subject)
			}
			fold.Apply(ev)
		}
		if len(rows) < q.Limit {
			return fold, nil
		}
	}
}

// keptDay is the fold that was kept; nil: there is none that this version can go on with.
func keptDay(ctx context.Context, s *store.Store, cfg report.Config, log *slog.Logger) (*report.Fold, error) {
	kept, err := s.LastFold(ctx, dayFold)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var st report.State
	if err := json.Unmarshal(kept.Body, &st); err != nil {
		log.Warn("the figures that were kept cannot be read; the day is counted again from the log", "error", err)
		return nil, nil
	}
	fold, _ := report.Restore(cfg, st)
	return fold, nil
}

// use puts another configuration in force.
func (f *figures) use(c *config.Config) {
	queues := map[ctid.QueueID]shownQueue{}
	for _, q := range c.Queues {
		queues[ctid.QueueID(q.Name)] = shownQueue{label: q.Label, target: q.Target.D(), goal: q.Goal}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fold.Use(reportConfig(c))
	f.queues, f.show = queues, c.Reports.ServiceLevel
}

func (f *figures) apply(ev ctid.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fold.Apply(ev)
}

// queueStats puts together what is so and what was counted.
func (f *figures) queueStats(live map[ctid.QueueID]acd.QueueFigures, now time.Time) map[ctid.QueueID]any {
	ids := make([]ctid.QueueID, 0, len(live))
	for q := range live {
		ids = append(ids, q)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	spans := f.fold.Queues(ids, now)
	out := make(map[ctid.QueueID]any, len(live))
	for id, v := range live {
		q, span := f.queues[id], spans[id]
		x := ctid.QueueStats{Label: q.label, Waiting: v.Waiting, Callbacks: v.Callbacks, LongestMS: v.Longest.Milliseconds(), Ready: v.AgentsReady,
			Talking: v.Talking, LoggedIn: v.AgentsIn, Open: v.Open, Agents: v.Agents, Today: span.Today, Recent: span.Recent,
			SL: ctid.ServiceLevel{Show: f.show, ThresholdS: q.target.Seconds(), Goal: q.goal, LevelStats: span.Levels}}
		if e := v.Estimate; e.Said {
			x.Wait = &ctid.WaitBand{LowMS: e.Low.Milliseconds(), LikelyMS: e.Mid.Milliseconds(), HighMS: e.High.Milliseconds()}
		}
		if c := v.Calibration; c.Outcomes > 0 {
			x.Calibration = &ctid.Calibration{Outcomes: c.Outcomes, Inside: c.Inside, Told: c.Told, Held: c.Held}
		}
		out[id] = x
	}
	return out
}

func (f *figures) agentStats(agents []ctid.AgentID, now time.Time) map[ctid.AgentID]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make(map[ctid.AgentID]any, len(agents))
	for _, a := range agents {
		out[a] = f.fold.Agent(a, now)
	}
	return out
}

// keep writes them down, if anything was counted since the last time.
func (f *figures) keep(ctx context.Context, s *store.Store) error {
	f.mu.Lock()
	kept := f.kept
	st := f.fold.State()
	f.mu.Unlock()
	if st.Seq == kept {
		return nil
	}
	body, err := json.Marshal(st)
	if err != nil {
		return err
	}
	if err := s.PutFold(ctx, store.Fold{Name: dayFold, Seq: st.Seq, Body: body}); err != nil {
		return err
	}
	f.mu.Lock()
	f.kept = st.Seq
	f.mu.Unlock()
	return nil
}

// runFigures keeps the figures now and then, and a last time when the switchboard has ended.
func (d *daemon) runFigures() {
	ctx, cancel := context.WithCancel(d.ctx)
	d.wg.Go(func() {
		tick := time.NewTicker(keepEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if err := d.figures.keep(ctx, d.st); err != nil && ctx.Err() == nil {
					d.log.Warn("today's figures were not kept; a start would count them again from the log", "error", err)
				}
			case <-ctx.Done():
				return
			}
		}
	})
	d.stops = append(d.stops, d.within(func(ctx context.Context) error {
		cancel()
		return d.figures.keep(ctx, d.st)
	}))
}

// queueStats are the figures of every queue. A desk that does not answer has none.
func (d *daemon) queueStats(ctx context.Context) map[ctid.QueueID]any {
	live, err := d.sb.Figures(ctx)
	if err != nil {
		return nil
	}
	return d.figures.queueStats(live, time.Now())
}

func (d *daemon) agentStats(_ context.Context, agents []ctid.AgentID) map[ctid.AgentID]any {
	return d.figures.agentStats(agents, time.Now())
}

// audience is who is told of the facts: first those who count them, then the desktops.
type audience struct {
	figures *figures
	*ws.Hub
}

// Publish implements switchboard.Desktops.
func (a audience) Publish(ev ctid.Event) {
	a.figures.apply(ev)
	a.Hub.Publish(ev)
}
