package traffic

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ctid/calendar"
)

// Route decides where a call goes. now is the time on the wall. The only thing that it changes is whose turn it is in a
// group of shares.
func (s *State) Route(now time.Time, f Facts) Decision {
	d := Decision{To: Target{Kind: Own}}
	trunk := s.table.trunks[f.Endpoint]
	if trunk != nil {
		d.Trunk = trunk.Name
	}
	n := s.table.find(f.DNIS)
	if n == nil {
		return d
	}
	if trunk != nil && over(&d, "trunks.max_calls", s.trunk[trunk.Name], trunk.MaxCalls) || over(&d, "max_calls", s.dnis[n.DNIS], n.MaxCalls) {
		d.To = n.Over
		return d
	}
	for i := 0; i < len(n.routes); {
		size, drawn := 1, 0
		if g := n.routes[i].group; g != nil {
			size, drawn = g.size, g.draw[s.turns[g.name]]
			s.turns[g.name] = (s.turns[g.name] + 1) % len(g.draw)
		}
		for j := range size {
			if s.takes(&d, now, f, &n.routes[i+j], j == drawn) {
				return d
			}
		}
		i += size
	}
	if len(n.routes) > 0 {
		d.Why = append(d.Why, Why{Rule: "own", Value: "no route took it: the number's own answer", OK: true})
	}
	return d
}

// over holds a limit against the calls that are here already.
func over(d *Decision, rule string, have, most int) bool {
	if most == 0 {
		return false
	}
	full := have >= most
	d.Why = append(d.Why, Why{Rule: rule, Value: fmt.Sprintf("%d of %d calls are here", have, most), OK: full})
	return full
}

// takes tells whether a route takes the call, and writes down why.
func (s *State) takes(d *Decision, now time.Time, f Facts, r *route, drawn bool) bool {
	add := func(rule, value string, ok bool) bool {
		d.Why = append(d.Why, Why{r.n, rule, value, ok})
		return ok
	}
	if r.Share > 0 && !add("share", fmt.Sprintf("%d %% of the calls", r.Share), drawn) {
		return false
	}
	if r.When.always() && r.Share == 0 {
		add("always", "it has no condition", true)
	}
	for _, c := range s.conditions(now, f, r) {
		if !add(c.rule, c.value, c.ok) {
			return false
		}
	}
	d.Route, d.To = r.n, r.To
	return true
}

// condition is one condition of a route, held against the facts.
type condition struct {
	rule, value string
	ok          bool
}

// conditions are those that a route has.
func (s *State) conditions(now time.Time, f Facts, r *route) []condition {
	var out []condition
	w := r.When
	if r.calendar != nil {
		out = append(out, byCalendar(now, r))
	}
	if len(r.times) > 0 {
		out = append(out, byTimes(now, r))
	}
	if len(w.Carrier) > 0 {
		out = append(out, s.byCarrier(f, w.Carrier))
	}
	if len(w.From) > 0 {
		out = append(out, byCaller(f.From, w.From))
	}
	if c := w.StaffedBelow; c.Queue != "" {
		have := f.Queues[c.Queue].Staffed
		out = append(out, condition{"staffed_below", fmt.Sprintf("%s has %d agents on duty, the bound is %d", c.Queue, have, c.N), have < c.N})
	}
	if c := w.ReadyBelow; c.Queue != "" {
		have := f.Queues[c.Queue].Ready
		out = append(out, condition{"ready_below", fmt.Sprintf("%s has %d agents ready, the bound is %d", c.Queue, have, c.N), have < c.N})
	}
	if c := w.WaitingAbove; c.Queue != "" {
		have := f.Queues[c.Queue].Waiting
		out = append(out, condition{"waiting_above", fmt.Sprintf("%s has %d waiting, the bound is %d", c.Queue, have, c.N), have > c.N})
	}
	if c := w.LongestAbove; c.Queue != "" {
		have := f.Queues[c.Queue].Longest
		out = append(out, condition{"longest_wait_above", fmt.Sprintf("%s has a longest wait of %s, the bound is %s", c.Queue, have.Truncate(time.Second), c.For), have > c.For})
	}
	if w.LevelBelow.Queue != "" {
		out = append(out, s.byLevel(now, w.LevelBelow))
	}
	return out
}

func byCalendar(now time.Time, r *route) condition {
	w := r.When
	state, name := r.calendar.StateAt(now)
	is := string(state)
	if name != "" {
		is += " (" + name + ")"
	}
	var ok bool
	switch {
	case w.Holiday != "":
		ok = state == calendar.Holiday && strings.EqualFold(name, w.Holiday)
		return condition{"calendar", fmt.Sprintf("%s is %s, the holiday is %s", w.Calendar, is, w.Holiday), ok}
	case w.Is == calendar.Closed:
		ok = state != calendar.Open
	default:
		ok = state == w.Is
	}
	return condition{"calendar", fmt.Sprintf("%s is %s, the route is for %s", w.Calendar, is, w.Is), ok}
}

func byTimes(now time.Time, r *route) condition {
	for i, cal := range r.times {
		if state, _ := cal.StateAt(now); state == calendar.Open {
			return condition{"time", r.When.Times[i], true}
		}
	}
	return condition{"time", now.In(r.times[0].Zone()).Format("Mon 15:04") + " is not in " + strings.Join(r.When.Times, "; "), false}
}

func (s *State) byCarrier(f Facts, list []string) condition {
	name := ""
	if t := s.table.trunks[f.Endpoint]; t != nil {
		name = t.Name
	}
	if slices.Contains(list, name) {
		return condition{"carrier", name, true}
	}
	if name == "" {
		name = "no trunk of the table"
	}
	return condition{"carrier", name + " is none of " + strings.Join(list, ", "), false}
}

// byCaller names the entry that fits; the caller's number itself is nobody's business in a log.
func byCaller(c Caller, list []string) condition {
	for _, x := range list {
		var ok bool
		switch {
		case x == Anonymous:
			ok = c.Withheld
		case c.Withheld:
		case strings.HasPrefix(x, "+"):
			ok = strings.HasPrefix(c.E164, x)
		default:
			ok = strings.HasPrefix(c.Digits, x)
		}
		if ok {
			return condition{"from", x, true}
		}
	}
	return condition{"from", "the caller is none of " + strings.Join(list, ", "), false}
}

func (s *State) byLevel(now time.Time, l Level) condition {
	good, of := s.level(now, l)
	if of == 0 {
		return condition{"service_level_below", fmt.Sprintf("nobody has left %s in the last %s", l.Queue, Window), false}
	}
	return condition{"service_level_below", fmt.Sprintf("%s has answered %d of %d in time, the bound is %d %%", l.Queue, good, of, l.Percent), good*100 < l.Percent*of}
}
