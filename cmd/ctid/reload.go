package main

import (
	"fmt"
	"time"

	"ctid/config"
	"ctid/ivr/canary"
)

// reloadAgain reads configuration and scripts again and puts them in force, all of it or nothing: it is what SIGHUP and
// ctid ivr reload do. It returns all there is to say about them. force puts a set in force too that was rolled back or
// stopped as a canary.
func (d *daemon) reloadAgain(force bool) ([]string, error) {
	d.vers.mu.Lock()
	defer d.vers.mu.Unlock()
	next, said, err := d.load()
	if err != nil {
		return said, err
	}
	more, err := d.reload(next, force)
	if err != nil {
		d.sayFound(more, err)
	}
	return append(said, more...), err
}

// reload puts a configuration and its scripts in force. What needs a restart is said.
func (d *daemon) reload(next *config.Config, force bool) ([]string, error) {
	lib, said, err := loadScripts(next, time.Now)
	if err != nil {
		return said, err
	}
	if lib, err = d.mayUse(next, lib, force, &said); err != nil {
		return said, err
	}
	trial := d.vers.trial
	if trial != nil {
		var more []string
		if trial, more, err = d.stored(next, trial.sum()); err != nil {
			return append(said, more...), fmt.Errorf("the canary's set does not go with this configuration, stop it first: %w", err)
		}
	}
	if err := d.st.PutConfig(d.ctx, next.Hash(), next.Text()); err != nil {
		return said, err
	}
	old := reloadedFrom{d.cfg, d.lib, d.vers.trial}
	d.cfg, d.lib, d.vers.trial = next, lib, trial
	if err := d.keep("reload"); err != nil {
		d.cfg, d.lib, d.vers.trial = old.cfg, old.lib, old.trial
		return said, err
	}
	if err := d.asks.use(next); err != nil {
		return said, err
	}
	d.sayFound(said, nil)
	return append(said, d.inForce(old.cfg, old.lib)...), nil
}

// reloadedFrom is what was in force before a reload.
type reloadedFrom struct {
	cfg        *config.Config
	lib, trial *library
}

// mayUse tells which set a reload puts in force: the folder's, or the one that is in force where the folder still has one
// that was taken out of force.
func (d *daemon) mayUse(next *config.Config, lib *library, force bool, said *[]string) (*library, error) {
	if lib.sum() == d.lib.sum() {
		return lib, nil
	}
	out, err := d.outOfForce(lib.sum())
	if err != nil {
		return nil, err
	}
	running := d.vers.trial != nil
	switch {
	case running && (force || lib.sum() != d.vers.trial.sum()):
		return nil, fmt.Errorf("a canary runs on set %s: ctid ivr canary stop or promote ends it, then reload", shortSum(d.vers.state.Set))
	case out == "" || force:
		return lib, nil
	}
	stay, more, err := d.stored(next, d.lib.sum())
	if err != nil {
		*said = append(*said, more...)
		return nil, fmt.Errorf("set %s stays in force and does not go with this configuration: %w", shortSum(d.lib.sum()), err)
	}
	*said = append(*said, fmt.Sprintf("set %s of the folder stays out of force: %s; set %s stays in force (change the scripts, or ctid ivr reload --force)",
		shortSum(lib.sum()), out, shortSum(stay.sum())))
	return stay, nil
}

// inForce lets everything work by what has just been put in force, and says what has changed.
func (d *daemon) inForce(old *config.Config, was *library) (said []string) {
	changes := config.Diff(old, d.cfg)
	for _, c := range changes {
		if c.Restart {
			d.log.Warn("this change needs a restart; it is not in force yet", "section", c.Section)
			said = append(said, c.Section+": this change needs a restart; it is not in force yet")
		}
	}
	d.use()
	d.hub.SetCodes(codes(d.cfg))
	d.hub.SetSite(site(d.cfg))
	d.figures.use(d.cfg)
	d.phones.setDevices(d.cfg, time.Now())
	d.log.Info("reloaded", "changed", config.What(changes), "set", shortSum(d.lib.sum()))
	switch {
	case d.lib.sum() == was.sum() && was.set == nil:
		return append(said, "reloaded")
	case d.lib.sum() == was.sum():
		return append(said, fmt.Sprintf("reloaded; set %s of the scripts is in force as before", shortSum(d.lib.sum())))
	}
	return append(said, fmt.Sprintf("reloaded; set %s of the scripts is in force, new calls hear it; before it was %s", shortSum(d.lib.sum()), shortSum(was.sum())))
}

// setShown is a set as ctid ivr sets shows it.
type setShown struct {
	Sum   string    `json:"sum"`
	State string    `json:"state"` // current, canary, previous, calls
	At    time.Time `json:"at,omitzero"`
	Why   string    `json:"why,omitempty"`
	Calls int       `json:"calls"` // open ones that began with it
}

// setList is every set that is kept: what is in force, on trial, what was in force before, and what only calls need.
func (d *daemon) setList() ([]setShown, error) {
	d.vers.mu.Lock()
	defer d.vers.mu.Unlock()
	was, err := d.st.ScriptVersions(d.ctx, 1000)
	if err != nil {
		return nil, err
	}
	sums, err := d.st.ScriptSums(d.ctx)
	if err != nil {
		return nil, err
	}
	open, err := d.st.OpenRecords(d.ctx)
	if err != nil {
		return nil, err
	}
	calls := map[string]int{}
	for _, r := range open {
		if r.Scripted != nil {
			calls[r.Scripted.Set]++
		}
	}
	out := []setShown{}
	for _, sum := range sums {
		s := setShown{Sum: sum, State: "calls", Calls: calls[sum]}
		for _, v := range was {
			if v.Sum == sum {
				s.State, s.At, s.Why = "previous", v.At, v.Why
				break
			}
		}
		switch {
		case sum == d.lib.sum():
			s.State = "current"
		case d.vers.state.Phase == canary.Running && sum == d.vers.state.Set:
			s.State, s.At = "canary", d.vers.state.Since
		}
		out = append(out, s)
	}
	return out, nil
}
