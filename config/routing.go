package config

import (
	"strconv"
	"strings"

	"ctid"
	"ctid/acd"
)

// This file holds what queues want of agents, where their calls go, and whether that can work.

// maxLevel is the highest level of a skill.
const maxLevel = 10

// noNeeds stands alone in a step's needs: nothing is needed any more.
const noNeeds = "none"

// rona is the rule for the distributor, which knows what suits a strategy.
func (q *Queue) rona() string {
	if q.RONA == "auto" {
		return ""
	}
	return q.RONA
}

// route adds to x what concerns who gets which call.
func (q *Queue) route(x *acd.Queue) {
	x.Weight, x.Share, x.Target, x.AgeFrom = q.Weight, q.Share, q.Target.D(), q.AgeFrom
	x.Resume = q.Resume.D()
	x.Needs, x.ProgressEvery, x.AtMost = needsOf(q.Needs), q.Progress.D(), q.AtMost.D()
	x.JoinEmpty, x.LeaveEmpty = q.JoinEmpty, q.LeaveEmpty
	x.DivertWait, x.DivertRatio = q.DivertWait.D(), float64(q.DivertRatio)
	for _, st := range q.Steps {
		s := acd.Step{After: st.After.D(), MinRank: st.MinRank, MaxRank: st.MaxRank}
		if len(st.Needs) > 0 {
			needs := needsOf(st.Needs)
			s.Needs = &needs
		}
		x.Steps = append(x.Steps, s)
	}
	for _, o := range q.Overflow {
		x.Overflow = append(x.Overflow, acd.Overflow{On: ctid.QueueExit(o.On), After: o.After.D(), To: ctid.QueueID(o.To)})
	}
}

// needsOf reads needs whose form is right.
func needsOf(list []string) []acd.Need {
	var out []acd.Need
	for _, s := range list {
		if s == noNeeds {
			continue
		}
		name, level := levelled(s, ">=")
		out = append(out, acd.Need{Skill: name, AtLeast: level})
	}
	return out
}

func skillsOf(list []string) []acd.Skill {
	var out []acd.Skill
	for _, s := range list {
		name, level := levelled(s, "=")
		out = append(out, acd.Skill{Name: name, Level: level})
	}
	return out
}

// levelled cuts a skill from its level, which is 1 where none is given. The form has been checked.
func levelled(s, sign string) (string, int) {
	name, level, ok := strings.Cut(s, sign)
	if !ok {
		return s, 1
	}
	n, err := strconv.Atoi(strings.TrimSpace(level))
	if err != nil {
		return s, 1
	}
	return strings.TrimSpace(name), n
}

func (d *decoder) checkRouting(c *Config, queues names) {
	skills := d.collectSkills(c)
	for i, a := range c.Agents {
		d.knownSkills(skills, a.Skills, "=", indexed("agents", i, "skills"))
	}
	for i, q := range c.Queues {
		at := func(key string) string { return indexed("queues", i, key) }
		sound := d.knownSkills(skills, q.Needs, ">=", at("needs"))
		sound = d.checkSteps(q, skills, at) && sound
		for j, o := range q.Overflow {
			d.checkOverflow(c, q, o, queues, at("overflow")+"["+strconv.Itoa(j)+"]")
		}
		if loop := overflowLoop(c, i); loop != nil {
			d.err(d.pos(at("overflow")), "CFG021", "calls of queue %q would go in a circle: %s", q.Name, strings.Join(loop, " to "))
		}
		if why := neverServed(c, q); sound && why != "" {
			d.err(d.pos(at("")), "CFG021", "queue %q can never be served: %s", q.Name, why)
		}
	}
}

// collectSkills gathers the skills there are, and reports the ones given twice; names that differ only in case count as the same.
func (d *decoder) collectSkills(c *Config) names {
	out := names{kind: "skill", at: map[string]Pos{}}
	lower := map[string]Pos{}
	for i, s := range c.Skills {
		at := d.pos("skills[" + strconv.Itoa(i) + "]")
		if first, ok := lower[strings.ToLower(s)]; ok {
			d.err(at, "CFG012", "skill %q is there already, at %s", s, first)
			continue
		}
		lower[strings.ToLower(s)] = at
		if s == noNeeds {
			d.err(at, "CFG021", "a skill cannot be called %q: in `needs` it means that none is needed", s)
		}
		out.at[s] = at
		out.list = append(out.list, s)
	}
	return out
}

// knownSkills reports skills that are not there, or stand twice in one list. It tells whether all of them are there, at levels that
// there are.
func (d *decoder) knownSkills(skills names, list []string, sign, path string) bool {
	seen, sound := map[string]bool{}, true
	for i, s := range list {
		at := path + "[" + strconv.Itoa(i) + "]"
		if s == noNeeds && sign == ">=" {
			if len(list) > 1 {
				d.err(d.pos(at), "CFG021", "%s stands alone in `needs`", noNeeds)
			}
			continue
		}
		name, level := levelled(s, sign)
		if seen[name] {
			d.err(d.pos(at), "CFG012", "skill %q is there already", name)
		}
		seen[name] = true
		d.refer(skills, name, at)
		_, known := skills.at[name]
		sound = sound && known && level >= 1 && level <= maxLevel
	}
	return sound
}

// checkSteps: one after the other, each for ranks that there can be. It tells what knownSkills tells of what they need.
func (d *decoder) checkSteps(q Queue, skills names, at func(string) string) bool {
	sound := true
	for j, st := range q.Steps {
		path := at("steps") + "[" + strconv.Itoa(j) + "]"
		if j > 0 && st.After <= q.Steps[j-1].After {
			d.err(d.pos(path+".after"), "CFG021", "the steps of queue %q must be in the order of their times: %s is not after %s", q.Name, st.After, q.Steps[j-1].After)
		}
		if st.MaxRank > 0 && st.MaxRank < st.MinRank {
			d.err(d.pos(path), "CFG021", "no agent has a rank from %d to %d", st.MinRank, st.MaxRank)
		}
		sound = d.knownSkills(skills, st.Needs, ">=", path+".needs") && sound
	}
	return sound
}

func (d *decoder) checkOverflow(c *Config, q Queue, o Over, queues names, path string) {
	d.refer(queues, o.To, path+".to")
	if (o.On == "") == (o.After == 0) {
		d.err(d.pos(path), "CFG021", "an overflow needs either `on`, what it stands in for, or `after`, a time")
	}
	for _, x := range c.Queues {
		if x.Name == o.To && x.Medium != q.Medium {
			d.err(d.pos(path+".to"), "CFG021", "queue %q is for %s, and %q for %s", o.To, x.Medium, q.Name, q.Medium)
		}
	}
}

// overflowLoop is the way of overflows from queue i back to it, past no queue that stands before it in the file: each circle is told
// at its first queue alone. nil: there is none.
func overflowLoop(c *Config, i int) []string {
	place, next := map[string]int{}, map[string][]string{}
	for j, q := range c.Queues {
		if _, twice := place[q.Name]; !twice {
			place[q.Name] = j
		}
		for _, o := range q.Overflow {
			next[q.Name] = append(next[q.Name], o.To)
		}
	}
	from := c.Queues[i].Name
	if place[from] != i { // its name is there twice, which is said already
		return nil
	}
	seen := map[string]bool{}
	var walk func(way []string) []string
	walk = func(way []string) []string {
		for _, to := range next[way[len(way)-1]] {
			on := append(append([]string(nil), way...), to)
			if to == from {
				return on
			}
			if j, there := place[to]; !there || j < i || seen[to] {
				continue
			}
			seen[to] = true
			if loop := walk(on); loop != nil {
				return loop
			}
		}
		return nil
	}
	return walk([]string{from})
}

// neverServed says why none of the queue's agents can ever be offered one of its calls; empty: one can, or it has no agents, which is
// said elsewhere.
func neverServed(c *Config, q Queue) string {
	members := 0
	for _, a := range c.Agents {
		for _, m := range a.Queues {
			if m.Name != q.Name {
				continue
			}
			members++
			if a.serves(q, m) {
				return ""
			}
		}
	}
	if members == 0 {
		return ""
	}
	return "at no step does one of its agents have what is needed, and a rank that is wanted"
}

// serves tells whether a can take calls of q, at the beginning or at one of its steps.
func (a *Agent) serves(q Queue, m Membership) bool {
	needs := q.Needs
	if a.has(needs) && (len(q.Steps) == 0 || q.Steps[0].After > 0) {
		return true
	}
	for _, st := range q.Steps {
		if len(st.Needs) > 0 {
			needs = st.Needs
		}
		if a.has(needs) && m.Rank >= st.MinRank && (st.MaxRank == 0 || m.Rank <= st.MaxRank) {
			return true
		}
	}
	return false
}

func (a *Agent) has(needs []string) bool {
	for _, n := range needsOf(needs) {
		ok := false
		for _, k := range skillsOf(a.Skills) {
			ok = ok || k.Name == n.Skill && k.Level >= n.AtLeast
		}
		if !ok {
			return false
		}
	}
	return true
}
