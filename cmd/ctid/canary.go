package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"ctid/ivr/canary"
	"ctid/store"
)

var errNoCanary = errors.New("no canary runs; ctid ivr canary start begins one")

// lastCanary is the latest canary; the zero state where there was none.
func (d *daemon) lastCanary() (s canary.State, row store.Canary, err error) {
	row, err = d.st.LastCanary(d.ctx)
	if errors.Is(err, store.ErrNotFound) {
		return s, row, nil
	}
	if err == nil {
		err = json.Unmarshal(row.State, &s)
	}
	return s, row, err
}

// canaryBefore goes on with a canary of the earlier run.
func (d *daemon) canaryBefore() error {
	s, row, err := d.lastCanary()
	if err != nil || s.Phase != canary.Running {
		return err
	}
	d.vers.state, d.vers.row = s, row
	switch {
	case s.Set == d.lib.sum(): // the earlier run ended in the middle of promote
		d.vers.state.Promote(time.Now(), "promoted")
		return d.saveCanary()
	case s.Stable != d.lib.sum():
		return d.stopCanary("another set has been put in force")
	}
	trial, said, err := d.stored(d.cfg, s.Set)
	if err != nil {
		d.sayFound(said, err)
		return d.stopCanary("its set cannot be read any more: " + err.Error())
	}
	d.vers.trial = trial
	d.log.Info("the canary goes on", "set", shortSum(s.Set), "percent", s.Percent)
	return nil
}

func (d *daemon) saveCanary() error {
	b, err := json.Marshal(d.vers.state)
	if err != nil {
		return err
	}
	d.vers.row.State = b
	return d.st.PutCanary(d.ctx, d.vers.row)
}

// startCanary lets some of the callers hear what the folder has.
func (d *daemon) startCanary(percent int) ([]string, error) {
	d.vers.mu.Lock()
	defer d.vers.mu.Unlock()
	if d.vers.trial != nil {
		return nil, fmt.Errorf("a canary runs already, on set %s; stop or promote it first", shortSum(d.vers.state.Set))
	}
	trial, said, err := loadScripts(d.cfg, time.Now)
	if err != nil {
		return said, err
	}
	if trial.set == nil {
		return said, errors.New("there is no folder of scripts; see ivr.dir")
	}
	state, err := canary.Start(time.Now(), trial.sum(), d.lib.sum(), percent)
	if err != nil {
		return said, err
	}
	set, err := storedSet(d.cfg, trial)
	if err != nil {
		return said, err
	}
	if err := d.st.KeepScripts(d.ctx, set); err != nil {
		return said, err
	}
	b, err := json.Marshal(state)
	if err != nil {
		return said, err
	}
	row, err := d.st.BeginCanary(d.ctx, b)
	if err != nil {
		return said, err
	}
	d.vers.trial, d.vers.state, d.vers.row = trial, state, row
	d.use()
	d.log.Info("a canary has begun", "set", shortSum(state.Set), "stable", shortSum(state.Stable), "percent", percent)
	return append(said, fmt.Sprintf("%d %% of the callers hear set %s, the others stay on set %s", percent, shortSum(state.Set), shortSum(state.Stable))), nil
}

// stopCanary ends the canary that runs, if one does; its calls finish on it.
func (d *daemon) stopCanary(why string) error {
	if d.vers.state.Phase != canary.Running {
		return nil
	}
	d.vers.state.Stop(time.Now(), why)
	d.vers.trial = nil
	return d.saveCanary()
}

// endCanary is stopCanary by hand.
func (d *daemon) endCanary() ([]string, error) {
	d.vers.mu.Lock()
	defer d.vers.mu.Unlock()
	if d.vers.trial == nil {
		return nil, errNoCanary
	}
	if err := d.stopCanary("by hand"); err != nil {
		return nil, err
	}
	d.use()
	return []string{fmt.Sprintf("set %s is off trial; calls on it finish on it, new ones hear set %s", shortSum(d.vers.state.Set), shortSum(d.lib.sum()))}, nil
}

// promoteCanary puts the canary's set in force for everybody.
func (d *daemon) promoteCanary() ([]string, error) {
	d.vers.mu.Lock()
	defer d.vers.mu.Unlock()
	if d.vers.trial == nil {
		return nil, errNoCanary
	}
	old := d.lib
	d.lib = d.vers.trial
	if err := d.keep("promote"); err != nil {
		d.lib = old
		return nil, err
	}
	d.vers.trial = nil
	d.vers.state.Promote(time.Now(), "promoted")
	err := d.saveCanary() // where this fails, the next start sees that its set is in force
	d.use()
	d.log.Info("the canary is promoted", "set", shortSum(d.lib.sum()))
	return []string{fmt.Sprintf("set %s is in force for everybody", shortSum(d.lib.sum()))}, err
}

// canaryRows is how many calls are counted in one go.
const canaryRows = 1000

// look counts the calls that have ended since the last look, and stops a canary that is worse.
func (d *daemon) look() error {
	d.vers.mu.Lock()
	defer d.vers.mu.Unlock()
	if d.vers.trial == nil {
		return nil
	}
	s, row := d.vers.state, d.vers.row
	for {
		calls, err := d.st.ScriptedCalls(d.ctx, row.First, row.Upto, canaryRows)
		if err != nil {
			return err
		}
		for _, c := range calls {
			row.Upto = c.N
			if c.Set == s.Set || c.Set == s.Stable {
				s.Add(c.Set == s.Set, c.Again, canary.Outcome{Error: c.Errors > 0, Failed: c.Failed > 0, HungUp: c.HungUp, LastResort: c.LastResort})
			}
		}
		if len(calls) < canaryRows {
			break
		}
	}
	worse := s.Look(time.Now())
	d.vers.state, d.vers.row = s, row
	if worse {
		d.vers.trial = nil
		d.use() // before it is saved: a disk that is full must not keep callers on it
		d.log.Warn("the canary has stopped by itself; new calls hear the stable set", "set", shortSum(s.Set), "why", s.Why)
	}
	return d.saveCanary()
}

// canaryStatus tells how the latest canary stands, after another look at it.
func (d *daemon) canaryStatus() (canary.State, error) {
	if err := d.look(); err != nil {
		return canary.State{}, err
	}
	d.vers.mu.Lock()
	defer d.vers.mu.Unlock()
	s, _, err := d.lastCanary()
	if err == nil && s.Set == "" {
		err = errors.New("there has been no canary; ctid ivr canary start begins one")
	}
	return s, err
}
