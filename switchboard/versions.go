package switchboard

import (
	"cmp"
	"time"

	"ctid"
	"ctid/ivr"
	"ctid/ivr/canary"
)

// Version is one set of scripts. A call takes it when it arrives and keeps it to its end, whatever is put in force
// meanwhile.
type Version struct {
	Set     string                 // its sum, 64 hex digits; empty: the plan has no scripts of its own
	Answers map[string]*ivr.Script // by the targets of Traffic, as they are written: script:shut, queue:sales
	Scripts map[string]*ivr.Script // by name, for callers who are handed to one
}

// Canary is a version that some of the callers hear.
type Canary struct {
	Version *Version
	Percent int
}

// pin gives a route the scripts of a version, if that has what answers.
func (v *Version) pin(r Route) (Route, bool) {
	s := v.Answers[r.Key]
	if s == nil || r.Key == "" {
		return r, false
	}
	r.Script, r.version = s, v
	return r, true
}

// pinned is the route of a new call on the version that its caller hears. A caller without a number is drawn anew at
// each call.
func (d *desk) pinned(r Route, from ctid.Number, id ctid.CallID) Route {
	r.version = d.version
	if r.Script == nil {
		return r
	}
	caller := cmp.Or(string(from.E164), string(from.Raw), string(id))
	if c := d.plan.Canary; c != nil && canary.Chosen(caller, c.Version.Set, c.Percent) {
		if on, ok := c.Version.pin(r); ok {
			return on
		}
	}
	return r
}

// versionOf is the version of a call of an earlier run; where it is not there any more, the one in force.
func (d *desk) versionOf(s *ctid.Scripted) *Version {
	switch {
	case s == nil || s.Set == d.version.Set:
		return d.version
	case d.plan.Canary != nil && d.plan.Canary.Version.Set == s.Set:
		return d.plan.Canary.Version
	}
	if v := d.sb.cfg.History.Versions[s.Set]; v != nil {
		return v
	}
	return d.version
}

// scripted is the beginning of what a record keeps of the scripts.
func (r Route) scripted() *ctid.Scripted {
	if r.Script == nil || r.version == nil || r.version.Set == "" {
		return nil
	}
	return &ctid.Scripted{Set: r.version.Set}
}

// tallied brings up to date what the record says of the scripts.
func (k *call) tallied() {
	if k.rec.Scripted == nil || k.machine == nil {
		return
	}
	t := k.machine.Tally()
	k.rec.Scripted = &ctid.Scripted{Set: k.rec.Scripted.Set, Errors: k.tally.Errors + t.Errors, Failed: k.tally.Failed + t.Failed,
		LastResort: k.tally.LastResort || t.LastResort}
}

// tallyBefore takes over what an adopted call's record says of the scripts before the one it is in.
func (k *call) tallyBefore() {
	was := k.rec.Scripted
	if was == nil {
		return
	}
	k.tally = ivr.Tally{Errors: was.Errors, Failed: was.Failed, LastResort: was.LastResort}
	if k.machine != nil {
		t := k.machine.Tally()
		k.tally.Errors, k.tally.Failed = max(0, k.tally.Errors-t.Errors), max(0, k.tally.Failed-t.Failed)
	}
}

// nextScript lets the script of another route have the call, of the version that it began with if that has it. key is
// where a restart finds it again.
func (k *call) nextScript(now time.Time, r Route, key string) {
	if k.machine != nil {
		t := k.machine.Tally()
		k.tally.Errors, k.tally.Failed, k.tally.LastResort = k.tally.Errors+t.Errors, k.tally.Failed+t.Failed, k.tally.LastResort || t.LastResort
	}
	if r.version = k.route.version; r.version != nil {
		r, _ = r.version.pin(r)
	}
	r.Key = key
	k.route = r
	k.machine = ivr.NewMachine(k.route.Script, k.options())
	k.input(now, k.startInput())
}

// keepTaken hands what the script's steps have taken to the store. It does not pass the desk: nothing waits for it.
func (k *call) keepTaken() {
	taken := k.machine.Taken()
	if len(taken) == 0 {
		return
	}
	for i := range taken {
		k.inputs++
		taken[i].N, taken[i].At = k.inputs, k.sb.clock.wall(taken[i].At)
	}
	e := ctid.LogEntry{Subject: string(k.id), At: taken[0].At, Inputs: taken}
	k.person(k.rec.Customer, k.rec.ANI)(&e)
	k.sb.deps.Log.AppendAll([]ctid.LogEntry{e})
}
