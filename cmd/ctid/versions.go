package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"ctid"
	"ctid/config"
	"ctid/ivr/canary"
	"ctid/store"
	"ctid/switchboard"
)

// Times and counts of the sets that are kept.
const (
	keptVersions = 10                 // that one can go back to
	keptCalls    = 7 * 24 * time.Hour // a call that is older does not keep its set
	sweepEvery   = time.Hour
	lookEvery    = time.Minute // at a canary
)

// versions is what the daemon knows of its sets beside the library in force. mu lets one change through at a time.
type versions struct {
	mu    sync.Mutex
	trial *library // the canary's set; nil: none runs
	state canary.State
	row   store.Canary
}

// beginScripts puts in force what an earlier run left, or what the folder has.
func (d *daemon) beginScripts() error {
	if err := d.inForceBefore(); err != nil {
		return err
	}
	if err := d.keep("start"); err != nil {
		return err
	}
	if err := d.canaryBefore(); err != nil {
		return err
	}
	d.keepRecordings()
	return nil
}

// keepRecordings keeps the recordings of the sets that new calls begin with, for those that are still on when they have been replaced.
func (d *daemon) keepRecordings() {
	for _, l := range []*library{d.lib, d.vers.trial} {
		if l == nil || l.set == nil {
			continue
		}
		if err := d.media.Keep(l.set.Sounds()); err != nil {
			d.log.Warn("recordings cannot be kept; once replaced, they are heard by calls that are on as well", "set", shortSum(l.sum()), "error", err)
		}
	}
}

// inForceBefore goes on with the set of the earlier run where the folder cannot be read, or has a set that was taken out
// of force.
func (d *daemon) inForceBefore() error {
	was, err := d.st.ScriptVersions(d.ctx, 1)
	if err != nil {
		return err
	}
	if d.lib == nil && len(was) == 0 {
		return errScripts
	}
	if d.lib != nil && (len(was) == 0 || was[0].Sum == d.lib.sum()) {
		return nil
	}
	if d.lib != nil {
		out, err := d.outOfForce(d.lib.sum())
		if err != nil || out == "" {
			return err
		}
		d.log.Warn("the scripts of the folder stay out of force", "set", shortSum(d.lib.sum()), "why", out)
	}
	lib, said, err := d.stored(d.cfg, was[0].Sum)
	if err != nil {
		d.sayFound(said, err)
		if d.lib == nil {
			return err
		}
		return nil
	}
	d.log.Warn("the set of scripts of the earlier run stays in force", "set", shortSum(lib.sum()))
	d.lib = lib
	return nil
}

// outOfForce says why a set must not come into force by itself; empty: it may.
func (d *daemon) outOfForce(sum string) (string, error) {
	was, err := d.st.ScriptVersions(d.ctx, 1000)
	if err != nil {
		return "", err
	}
	for i := 0; i+1 < len(was) && was[i].Why == "rollback"; i++ {
		if was[i+1].Sum == sum {
			return "it was rolled back", nil
		}
	}
	s, _, err := d.lastCanary()
	switch {
	case err != nil:
		return "", err
	case s.Set == sum && s.Phase == canary.Running:
		return "it is on trial as a canary", nil
	case s.Set == sum && s.Phase == canary.Stopped && (len(was) == 0 || was[0].At.Before(s.Ended)):
		return "it was stopped as a canary", nil
	}
	return "", nil
}

// stored loads a set that the store has, by its sum or the digits that it begins with.
func (d *daemon) stored(c *config.Config, sum string) (*library, []string, error) {
	set, err := d.st.Scripts(d.ctx, sum)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, fmt.Errorf("no set of scripts that is kept begins with %q, or several do; ctid ivr sets lists them", sum)
	}
	if err != nil {
		return nil, nil, err
	}
	lib, said, err := loadStored(c, set, time.Now)
	if err == nil && lib.sum() != set.Sum {
		err = fmt.Errorf("set %s cannot be read back as it was", shortSum(set.Sum))
	}
	return lib, said, err
}

// keep stores the library in force as such.
func (d *daemon) keep(why string) error {
	if d.lib.set == nil {
		return nil
	}
	set, err := storedSet(d.cfg, d.lib)
	if err != nil {
		return err
	}
	return d.st.UseScripts(d.ctx, set, why)
}

// plan is what the switchboard works by now.
func (d *daemon) plan() switchboard.Plan {
	p := plan(d.cfg, d.epoch, d.lib)
	if t := d.vers.trial; t != nil {
		p.Canary = &switchboard.Canary{Version: t.version(), Percent: d.vers.state.Percent}
	}
	return p
}

// versionsOf loads the sets of the calls of the earlier run.
func (d *daemon) versionsOf(calls []ctid.CallRecord) map[string]*switchboard.Version {
	out := map[string]*switchboard.Version{}
	for _, r := range calls {
		sum := setOf(r)
		if sum == "" || out[sum] != nil || sum == d.lib.sum() || d.vers.trial != nil && sum == d.vers.trial.sum() {
			continue
		}
		lib, said, err := d.stored(d.cfg, sum)
		if err != nil {
			d.sayFound(said, err)
			d.log.Warn("the set of scripts of a call is not there any more; the call goes on with the one in force", "set", shortSum(sum), "call", r.ID, "error", err)
			continue
		}
		out[sum] = lib.version()
	}
	return out
}

// setOf is the set that an open call keeps; empty: none, or it is too old to keep one.
func setOf(r ctid.CallRecord) string {
	if r.Scripted == nil || time.Since(r.Arrived) > keptCalls {
		return ""
	}
	return r.Scripted.Set
}

// rollback puts an earlier set in force; empty: the one before the one in force.
func (d *daemon) rollback(sum string) ([]string, error) {
	d.vers.mu.Lock()
	defer d.vers.mu.Unlock()
	was, err := d.st.ScriptVersions(d.ctx, 1000)
	if err != nil {
		return nil, err
	}
	if sum == "" {
		if sum = before(was); sum == "" {
			return nil, errors.New("there is no set before the one in force")
		}
	}
	lib, said, err := d.stored(d.cfg, sum)
	switch {
	case err != nil:
		return said, err
	case lib.sum() == d.lib.sum():
		return nil, fmt.Errorf("set %s is in force already", shortSum(lib.sum()))
	}
	old := d.lib
	if err := d.stopCanary("the stable set was rolled back"); err != nil {
		return nil, err
	}
	d.lib = lib
	if err := d.keep("rollback"); err != nil {
		d.lib = old
		return nil, err
	}
	d.use()
	d.log.Warn("rolled back", "from", shortSum(old.sum()), "to", shortSum(lib.sum()))
	return []string{fmt.Sprintf("set %s is in force; new calls hear it. The folder still has set %s, which stays out of force until it is changed", shortSum(lib.sum()), shortSum(old.sum()))}, nil
}

// before is the set that was in force before the one that is, not counting what was rolled back to.
func before(was []store.ScriptVersion) string {
	if len(was) == 0 {
		return ""
	}
	now := was[0].Sum
	first := slices.IndexFunc(was, func(v store.ScriptVersion) bool { return v.Sum == now && v.Why != "rollback" })
	for _, v := range was[max(0, first):] {
		if v.Sum != now {
			return v.Sum
		}
	}
	return ""
}

// use puts the library and the canary in force for new calls.
func (d *daemon) use() {
	d.keepRecordings()
	d.speakAhead()
	if d.qlog != nil {
		d.qlog.Use(d.queueLogPlan())
	}
	d.sb.Reload(d.plan())
}

// sweep drops what is older than it is kept, and sets that nothing needs.
func (d *daemon) sweep(ctx context.Context) error {
	d.vers.mu.Lock()
	defer d.vers.mu.Unlock()
	was, err := d.st.ScriptVersions(ctx, 1000)
	if err != nil {
		return err
	}
	var keep []string
	for _, v := range was {
		if len(keep) < keptVersions && !slices.Contains(keep, v.Sum) {
			keep = append(keep, v.Sum)
		}
	}
	if t := d.vers.trial; t != nil {
		keep = append(keep, t.sum())
	}
	open, err := d.st.OpenRecords(ctx)
	if err != nil {
		return err
	}
	for _, r := range open {
		if sum := setOf(r); sum != "" {
			keep = append(keep, sum)
		}
	}
	n, err := d.st.DropScripts(ctx, keep)
	if n > 0 {
		d.log.Info("sets of scripts that nothing needs are dropped", "sets", n)
	}
	return errors.Join(err, d.forgetRecordings(ctx, keep), d.st.DropIVR(ctx, time.Now().Add(-d.cfg.Log.Keep.D())))
}

// forgetRecordings drops the copies of recordings that none of the sets has.
func (d *daemon) forgetRecordings(ctx context.Context, sets []string) error {
	inUse := map[string]bool{}
	for _, sum := range sets {
		set, err := d.st.Scripts(ctx, sum)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		var site storedSite
		if err == nil {
			err = json.Unmarshal(set.Site, &site)
		}
		if err != nil {
			return err
		}
		for _, sound := range site.Sounds {
			inUse[sound] = true
		}
	}
	return d.media.Forget(inUse)
}

// watchVersions looks at the canary, and drops what is too old, until the daemon ends.
func (d *daemon) watchVersions() {
	look, sweep := time.NewTicker(d.lookEvery), time.NewTicker(sweepEvery)
	defer look.Stop()
	defer sweep.Stop()
	for {
		var err error
		select {
		case <-look.C:
			err = d.look()
		case <-sweep.C:
			err = d.sweep(d.ctx)
		case <-d.work.Done():
			return
		}
		if err != nil && d.work.Err() == nil {
			d.log.Error("looking after the sets of scripts failed", "error", err)
		}
	}
}
