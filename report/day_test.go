package report

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"ctid"
)

// midnight is when the day of a place began, found by going back minute by minute.
func midnight(at time.Time, zone *time.Location) time.Time {
	day := at.In(zone).Format(time.DateOnly)
	m := at.Truncate(time.Minute)
	for m.Add(-time.Minute).In(zone).Format(time.DateOnly) == day {
		m = m.Add(-time.Minute)
	}
	return m
}

// tally is what a walk over the list counts.
type tally struct {
	offered, answered, abandoned, short, overflowed, callbacks, refused, in, gaveUpIn, late, handled int
	waited, work                                                                                     time.Duration
}

// walk counts the queue's stays since a moment, as they are known at another one.
func (d *days) walk(q ctid.QueueID, since, now time.Time, r Rules) (t tally) {
	for _, s := range d.stays {
		wait := s.to.Sub(s.from)
		switch {
		case s.queue != q || s.callback || s.from.After(now):
		case s.to.After(now):
			t.offered++
			if now.Sub(s.from) > r.Target {
				t.late++
			}
		case s.to.Before(since):
		case s.exit == ctid.ExitFull || s.exit == ctid.ExitClosed || s.exit == ctid.ExitJoinEmpty || s.exit == ctid.ExitDiverted:
			t.refused++
		case s.exit == ctid.ExitAnswered && (s.undone.IsZero() || s.undone.After(now)):
			t.offered++
			t.answered++
			t.waited += wait
			if wait <= r.Target {
				t.in++
			}
		case s.exit == ctid.ExitAnswered || s.exit == ctid.ExitAbandoned:
			t.offered++
			t.abandoned++
			if wait <= r.Target {
				t.gaveUpIn++
			}
			if wait < r.Short {
				t.short++
			}
		case s.exit == ctid.ExitCallback:
			t.offered++
			t.callbacks++
		default:
			t.offered++
			t.overflowed++
		}
	}
	for _, p := range d.pieces {
		if p.queue == q && !p.over.After(now) && !p.over.Before(since) {
			t.handled++
			t.work += p.talk + p.wrap
		}
	}
	return t
}

func (t tally) span(since time.Time) ctid.SpanStats {
	return ctid.SpanStats{Since: since.UTC(), Offered: t.offered, Answered: t.answered, Abandoned: t.abandoned, ShortAbandoned: t.short, Overflowed: t.overflowed,
		Callbacks: t.callbacks, Refused: t.refused, Handled: t.handled, ASAMS: over(float64(t.waited.Milliseconds()), t.answered), AHTMS: over(float64(t.work.Milliseconds()), t.handled),
		Abandonment: of(t.abandoned, t.offered), LongAbandoned: of(t.abandoned-t.short, t.offered-t.short)}
}

// levels takes those for offered who have left and those who are late.
func (t tally) levels() ctid.LevelStats {
	offered := t.answered + t.abandoned + t.overflowed + t.callbacks + t.late
	return ctid.LevelStats{AnsweredIn: t.in, AbandonedIn: t.gaveUpIn, Late: t.late, A: of(t.in, offered), B: of(t.in, offered-t.gaveUpIn), C: of(t.in+t.gaveUpIn, offered), D: of(t.in, t.answered)}
}

func of(part, whole int) *float64 {
	if whole == 0 {
		return nil
	}
	return new(math.Round(float64(part)*1000/float64(whole)) / 10)
}

func over(sum float64, n int) *int64 {
	if n == 0 {
		return nil
	}
	return new(int64(sum / float64(n)))
}

// same compares two spans; means may differ by the millisecond that rounding costs.
func same(t *testing.T, what string, got, want ctid.SpanStats) {
	t.Helper()
	for _, p := range [][2]**int64{{&got.ASAMS, &want.ASAMS}, {&got.AHTMS, &want.AHTMS}} {
		if a, b := *p[0], *p[1]; a != nil && b != nil && *a-*b >= -1 && *a-*b <= 1 {
			*p[0] = b
		}
	}
	if !reflect.DeepEqual(got, want) {
		g, _ := json.Marshal(got)
		w, _ := json.Marshal(want)
		t.Fatalf("%s\n got %s\nwant %s", what, g, w)
	}
}

// compare holds all figures of the fold at a moment against the list.
func (d *days) compare(t *testing.T, f *Fold, cfg Config, now time.Time) {
	t.Helper()
	day := midnight(now, cfg.Zone)
	first := time.Unix(now.Unix()/60*60, 0).Add(time.Minute - cfg.Interval)
	got := f.Queues(queues, now)
	for _, q := range queues {
		what := fmt.Sprintf("%s at %s", q, now.In(cfg.Zone).Format(time.RFC3339Nano))
		today, recent := d.walk(q, day, now, cfg.Queues[q]), d.walk(q, first, now, cfg.Queues[q])
		same(t, what+", today", got[q].Today, today.span(day))
		same(t, what+", recently", got[q].Recent.SpanStats, recent.span(first))
		for _, l := range []struct {
			name      string
			got, want ctid.LevelStats
		}{{"today", got[q].Levels, today.levels()}, {"recently", got[q].Recent.SL, recent.levels()}} {
			if !reflect.DeepEqual(l.got, l.want) {
				g, _ := json.Marshal(l.got)
				w, _ := json.Marshal(l.want)
				t.Fatalf("%s, levels %s\n got %s\nwant %s", what, l.name, g, w)
			}
		}
	}
	for a := range d.shifts {
		d.compareAgent(t, f.Agent(a, now), a, day, now)
	}
}

func (d *days) compareAgent(t *testing.T, got ctid.AgentStats, a ctid.AgentID, day, now time.Time) {
	t.Helper()
	sums, state, since := map[ctid.AgentState]time.Duration{}, ctid.Out, day
	for _, s := range d.shifts[a] {
		if s.from.After(now) {
			break
		}
		state, since = s.state, s.from
		if !s.to.IsZero() && !s.to.After(now) {
			if from := later(s.from, day); s.to.After(from) {
				sums[s.state] += s.to.Sub(from)
			}
		}
	}
	want := ctid.AgentStats{Agent: a, Since: day.UTC(), State: state, StateSince: later(since, day).UTC().Truncate(time.Millisecond), TalkMS: sums[ctid.Talking].Milliseconds(),
		WrapMS: sums[ctid.WrapUp].Milliseconds(), ReadyMS: sums[ctid.Ready].Milliseconds(), PausedMS: sums[ctid.Paused].Milliseconds()}
	work := time.Duration(0)
	for _, p := range d.pieces {
		if p.agent == a && !p.took.After(now) && !p.took.Before(day) {
			want.Taken++
		}
		if p.agent == a && !p.over.After(now) && !p.over.Before(day) {
			want.Handled++
			work += p.talk + p.wrap
		}
	}
	for _, m := range d.missed[a] {
		if !m.After(now) && !m.Before(day) {
			want.Missed++
		}
	}
	want.AHTMS = over(float64(work.Milliseconds()), want.Handled)
	if busy := sums[ctid.Talking] + sums[ctid.WrapUp]; busy+sums[ctid.Ready] > 0 {
		want.Occupancy = new(math.Round(1000*busy.Seconds()/(busy+sums[ctid.Ready]).Seconds()) / 10)
	}
	if g, w := got.AHTMS, want.AHTMS; g != nil && w != nil && *g-*w >= -1 && *g-*w <= 1 {
		got.AHTMS = w
	}
	if !reflect.DeepEqual(got, want) {
		g, _ := json.Marshal(got)
		w, _ := json.Marshal(want)
		t.Fatalf("%s at %s\n got %s\nwant %s", a, now, g, w)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// eachDay runs a test on random days at places, among them those on which the clocks are set.
func eachDay(t *testing.T, seeds int, run func(t *testing.T, d *days, cfg Config, begins time.Time)) {
	for i, p := range places {
		cfg := testConfig(t, p.zone, []time.Duration{30 * time.Minute, 15 * time.Minute}[i%2])
		begins, err := time.ParseInLocation(time.DateOnly, p.day, cfg.Zone)
		if err != nil {
			t.Fatal(err)
		}
		for seed := range seeds {
			t.Run(fmt.Sprintf("%s %d", p.day, seed), func(t *testing.T) {
				run(t, makeUp(uint64(100*i+seed), begins), cfg, begins)
			})
		}
	}
}

// At any moment the figures are what a walk over all that happened gives.
func TestFiguresAreWhatHappened(t *testing.T) {
	eachDay(t, 6, func(t *testing.T, d *days, cfg Config, begins time.Time) {
		f := New(cfg, begins)
		looks := 0
		for i, ev := range d.events {
			f.Apply(ev)
			next := ev.At.Add(time.Hour)
			if i+1 < len(d.events) {
				next = d.events[i+1].At
			}
			if d.rnd.IntN(12) == 0 && next.Sub(ev.At) > time.Millisecond {
				looks++
				d.compare(t, f, cfg, ev.At.Add(time.Duration(d.rnd.Int64N(int64(next.Sub(ev.At))))))
			}
		}
		if looks < 30 {
			t.Errorf("looked %d times", looks)
		}
	})
}

// kept is a fold that went through the disk.
func kept(t *testing.T, f *Fold, cfg Config) *Fold {
	t.Helper()
	raw, err := json.Marshal(f.State())
	if err != nil {
		t.Fatal(err)
	}
	var s State
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	g, ok := Restore(cfg, s)
	if !ok {
		t.Fatal("what was kept was not taken")
	}
	return g
}

// read are the events as they are read from the log.
func read(t *testing.T, ev ctid.Event) (out ctid.Event, ok bool) {
	t.Helper()
	if !slices.Contains(Kinds(), ev.Body.Kind()) {
		return ev, false
	}
	raw, err := json.Marshal(ev.Body)
	if err != nil {
		t.Fatal(err)
	}
	body, err := Body(ev.Body.Kind(), raw)
	if err != nil {
		t.Fatal(err)
	}
	ev.Body = body
	return ev, true
}

// A restart in the middle, with figures kept some time before and the rest read from the log, changes no figure.
func TestARestartChangesNothing(t *testing.T) {
	eachDay(t, 4, func(t *testing.T, d *days, cfg Config, begins time.Time) {
		f := New(cfg, begins)
		saved, restarts := kept(t, f, cfg), 0
		for i, ev := range d.events {
			f.Apply(ev)
			switch d.rnd.IntN(40) {
			case 0:
				saved = kept(t, f, cfg)
			case 1: // it ends here, and what was kept is older, or newer than the reader thinks
				restarts++
				g := kept(t, saved, cfg)
				for _, old := range d.events[:i+1] {
					if old.Seq+100 > g.Seq() {
						if x, ok := read(t, old); ok {
							g.Apply(x)
						}
					}
				}
				if i+1 < len(d.events) && d.events[i+1].At.After(ev.At) {
					d.compare(t, g, cfg, ev.At)
				}
				f = g
			}
		}
		last := d.events[len(d.events)-1].At
		d.compare(t, f, cfg, last.Add(10*time.Second))
		if restarts < 5 {
			t.Errorf("%d restarts", restarts)
		}
	})
}

// Where nothing was kept, the log since midnight gives the same day, but for those who waited over midnight.
func TestTheLogAloneGivesTheDay(t *testing.T) {
	eachDay(t, 3, func(t *testing.T, d *days, cfg Config, begins time.Time) {
		whole := New(cfg, begins)
		for _, ev := range d.events {
			whole.Apply(ev)
		}
		last := d.events[len(d.events)-1].At
		day := midnight(last, cfg.Zone)
		again := New(cfg, last)
		if !again.Day().Equal(day) {
			t.Fatalf("the day began at %s, not at %s", again.Day(), day)
		}
		over := map[ctid.CallID]bool{}
		for _, ev := range d.events {
			if ev.At.Before(day) && ev.Call != "" {
				over[ev.Call] = true
			}
		}
		for _, ev := range d.events {
			if !ev.At.Before(day) {
				again.Apply(ev)
			}
		}
		if len(over) == 0 {
			t.Fatal("nobody called the day before")
		}
		waited := 0 // over midnight: of those the second fold does not know since when
		for _, s := range d.stays {
			if s.from.Before(day) && s.to.After(day) {
				waited++
			}
		}
		for q, got := range again.Queues(queues, last) {
			want := whole.Queues(queues, last)[q]
			if diff := want.Today.Offered - got.Today.Offered; diff < 0 || diff > waited {
				t.Errorf("%s: %d offered, %d without what was kept, and %d waited over midnight", q, want.Today.Offered, got.Today.Offered, waited)
			}
		}
	})
}
