package traffic

import (
	"errors"
	"fmt"
	"strings"

	"ctid"
	"ctid/calendar"
)

// Table is the rules, made ready. It never changes and may be used by many at once.
type Table struct {
	numbers map[string]*number // by DNIS
	trunks  map[string]*Trunk  // by endpoint
	groups  map[string]bool    // the names of all groups of shares
}

// number is a Number made ready.
type number struct {
	Number
	routes []route
	queues []ctid.QueueID
}

// route is a Route made ready.
type route struct {
	Route
	n        int                  // which of the number's, from 1 on
	calendar *calendar.Calendar   // of When.Calendar
	times    []*calendar.Calendar // of When.Times
	group    *group               // of the first route of a group
}

// group is a run of routes with shares.
type group struct {
	name string
	size int
	draw []int // which of them each of a hundred calls draws; size: none
}

// Error is one thing wrong in the routes of a number. Route is its index; Before is the index of another route that it is
// about, or -1.
type Error struct {
	DNIS   string
	Route  int
	Before int
	Why    string
}

func (e *Error) Error() string {
	return fmt.Sprintf("number %q, route %d: %s", e.DNIS, e.Route+1, e.Why)
}

// New makes a Table. Its error joins one *Error for each thing that is wrong.
func New(cfg Config) (*Table, error) {
	t := &Table{numbers: map[string]*number{}, trunks: map[string]*Trunk{}, groups: map[string]bool{}}
	for i := range cfg.Trunks {
		for _, e := range cfg.Trunks[i].Endpoints {
			t.trunks[e] = &cfg.Trunks[i]
		}
	}
	var errs []error
	for _, n := range cfg.Numbers {
		for _, e := range Check(n) {
			errs = append(errs, e)
		}
		made, err := t.make(cfg, n)
		if err != nil {
			errs = append(errs, err)
		}
		t.numbers[n.DNIS] = made
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return t, nil
}

func (t *Table) make(cfg Config, n Number) (*number, error) {
	if n.Over == (Target{}) {
		n.Over = Target{ToHangup, "busy"}
	}
	out := &number{Number: n}
	for i, r := range n.Routes {
		made := route{Route: r, n: i + 1}
		if name := r.When.Calendar; name != "" {
			if made.calendar = cfg.Calendars[name]; made.calendar == nil {
				return out, &Error{n.DNIS, i, -1, fmt.Sprintf("there is no calendar %q", name)}
			}
		}
		for _, text := range r.When.Times {
			cal, err := times(cfg.Zone, text)
			if err != nil {
				return out, &Error{n.DNIS, i, -1, err.Error()}
			}
			made.times = append(made.times, cal)
		}
		out.routes = append(out.routes, made)
		out.needs(r.When)
	}
	for i := 0; i < len(out.routes); {
		size := groupAt(n.Routes, i)
		if size == 0 {
			i++
			continue
		}
		g := &group{name: fmt.Sprintf("%s/%d", n.DNIS, i), size: size, draw: spread(n.Routes[i : i+size])}
		out.routes[i].group, t.groups[g.name] = g, true
		i += size
	}
	return out, nil
}

// needs notes the queues whose figures the conditions are about.
func (n *number) needs(w When) {
	for _, q := range []ctid.QueueID{w.StaffedBelow.Queue, w.ReadyBelow.Queue, w.WaitingAbove.Queue, w.LongestAbove.Queue} {
		known := q == ""
		for _, have := range n.queues {
			known = known || have == q
		}
		if !known {
			n.queues = append(n.queues, q)
		}
	}
}

// find returns the number that was dialled, with or without its plus; nil: it is not in the table.
func (t *Table) find(dnis string) *number {
	if n := t.numbers[dnis]; n != nil {
		return n
	}
	if rest, ok := strings.CutPrefix(dnis, "+"); ok {
		return t.numbers[rest]
	}
	return t.numbers["+"+dnis]
}

// groupAt is how many routes from i on are one group; 0: route i has no share.
func groupAt(routes []Route, i int) int {
	size := 0
	for i+size < len(routes) && routes[i+size].Share > 0 {
		size++
	}
	return size
}

// spread says which route of a group each of a hundred calls draws, so that the calls of each are as far apart as they
// can be: every turn each gains its share, and the one that has most gives a hundred back.
func spread(routes []Route) []int {
	shares := make([]int, len(routes)+1)
	rest := 100
	for i, r := range routes {
		shares[i] = r.Share
		rest -= r.Share
	}
	shares[len(routes)] = max(0, rest)
	credit, out := make([]int, len(shares)), make([]int, 100)
	for turn := range out {
		most := 0
		for i := range shares {
			credit[i] += shares[i]
			if credit[i] > credit[most] {
				most = i
			}
		}
		credit[most] -= 100
		out[turn] = most
	}
	return out
}

// Check finds what is wrong in the order and the shares of a number's routes: a route that no call can reach, shares of a
// group over 100, and no way for a call that none of the routes takes.
func Check(n Number) []*Error {
	var errs []*Error
	taken := -1 // the route behind which no call comes
	for i := 0; i < len(n.Routes); {
		size := max(1, groupAt(n.Routes, i))
		sum, all := 0, true
		for j := i; j < i+size; j++ {
			r := n.Routes[j]
			if taken >= 0 {
				errs = append(errs, &Error{n.DNIS, j, taken, fmt.Sprintf("no call comes here: route %d takes all that are left", taken+1)})
			}
			if sum += r.Share; sum > 100 && sum-r.Share <= 100 {
				errs = append(errs, &Error{n.DNIS, j, i, fmt.Sprintf("with it the shares from route %d on add up to more than 100 %%", i+1)})
			}
			all = all && r.When.always()
		}
		if all && taken < 0 && (n.Routes[i].Share == 0 || sum >= 100) {
			taken = i + size - 1
		}
		i += size
	}
	if last := len(n.Routes) - 1; last >= 0 && taken < 0 && !n.Own {
		errs = append(errs, &Error{n.DNIS, last, -1, "a call that none of the routes takes has no way: let the last one have neither `when` nor `share`, or give the number a `script` or `queue` of its own"})
	}
	return errs
}

// always tells whether there is no condition.
func (w When) always() bool {
	return w.Calendar == "" && len(w.Times)+len(w.Carrier)+len(w.From) == 0 && w.StaffedBelow.Queue == "" && w.ReadyBelow.Queue == "" &&
		w.WaitingAbove.Queue == "" && w.LongestAbove.Queue == "" && w.LevelBelow.Queue == ""
}

// CheckTimes tells what is wrong in a text of When.Times.
func CheckTimes(text string) error {
	_, err := times("UTC", text)
	return err
}

// times reads days, hours or both as a calendar that is open then: without days each day is meant, without hours the
// whole day.
func times(zone, text string) (*calendar.Calendar, error) {
	days, hours := text, "00:00-24:00"
	if i := strings.IndexAny(text, "0123456789"); i >= 0 {
		days, hours = text[:i], text[i:]
	}
	if days = strings.TrimSpace(days); days == "" {
		days = "mon-sun"
	}
	cal, err := calendar.New(calendar.Config{Zone: zone, Open: []calendar.Hours{{Days: days, Spans: hours}}})
	var e *calendar.Error
	if errors.As(err, &e) && e.Part == "open" {
		return nil, fmt.Errorf("%q is no time such as mon-fri 08:00-12:00: %q %s", text, e.Text, e.Why)
	}
	return cal, err
}
