package systemtest

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/pbxtest/hear"
	"ctid/pbxtest/phonetest"
	"ctid/store"
	"ctid/switchboard"
)

// wayTexts are what a caller hears for each way out of a queue.
var wayTexts = map[string]string{
	"timeout": "Nobody has become free, we are sorry.",
	"full":    "Too many people are waiting already.",
	"empty":   "All of us have gone home today.",
	"shut":    "Our office opens again at nine in the morning.",
	"feast":   "It is a public holiday, call again tomorrow.",
	"left":    "You wanted the answering machine.",
	"still":   "Are you still there? Then press one.",
	"silent":  "It has become rather quiet on your line.",
}

// wayEnds are those of them behind which the script hangs up.
var wayEnds = []string{"timeout", "full", "empty", "shut", "feast", "left", "silent"}

// wayScript leads to the queue by the step, and says what each outcome is called.
func wayScript(step string) string {
	var b strings.Builder
	b.WriteString("version: 1\nname: Ways out\nprompts:\n")
	for _, name := range append([]string{"still"}, wayEnds...) {
		fmt.Fprintf(&b, "  %s: %q\n", name, wayTexts[name])
	}
	b.WriteString("nodes:\n")
	if strings.HasPrefix(step, "hours") {
		fmt.Fprintf(&b, "  a: {%s, then: {open: q, closed: shut, holiday: feast}}\n  q: {queue: timed, then: {otherwise: timeout}}\n", step)
	} else {
		silent := ""
		if strings.Contains(step, "stay:") {
			silent = ", no_input: silent"
		}
		fmt.Fprintf(&b, "  a: {%s, then: {timeout: timeout, full: full, closed: shut, empty: empty%s}}\n", step, silent)
	}
	for _, name := range wayEnds {
		fmt.Fprintf(&b, "  %s: [{play: %s}, {hangup: normal}]\n", name, name)
	}
	return b.String()
}

// wayOut is one way out of a queue.
type wayOut struct {
	name, step, queue string                      // queue: more of ctid.yaml for the queue that the step names
	before            int                         // callers who wait there already
	then              func(p *part, leaver *Desk) // leaver: the desktop of the agent who logs out
	hears             string                      // before the script hangs up; empty: an agent
	exits             []string                    // of the record's stays, queue:exit
	says              string                      // what the queue_log has of him
}

// waysOut are the rules of docs/acd.md that end a wait or keep one from beginning, but the caller's own hang-up and what supervisors do.
func waysOut() []wayOut {
	const wait = "at_most: 1m"
	q := func(name, more string) string { return fmt.Sprintf("queue: {name: %s, %s}", name, more) }
	return []wayOut{
		{name: "closed by the calendar", step: "hours: never", hears: "shut"},
		{name: "a holiday", step: "hours: feasts", hears: "feast"},
		{name: "full", step: q("crowded", wait), queue: "max_waiting: 1", before: 1, hears: "full", exits: []string{"crowded:full"}},
		{name: "nobody there to join", step: q("deserted", wait), queue: "join_empty: [out]", hears: "empty", exits: []string{"deserted:join_empty"}},
		{name: "the last agent leaves", step: q("leaving", wait), queue: "leave_empty: [out]", then: func(p *part, leaver *Desk) {
			p.waitsIn("leaving", 1)
			_, err := leaver.Do(p.ctx, "agent.logout", map[string]any{}, "")
			p.must(err)
		}, hears: "empty", exits: []string{"leaving:leave_empty"}, says: "ENTERQUEUE EXITEMPTY"},
		{name: "on after a time", step: q("slow", wait), queue: "overflow: [{after: 2s, to: help}]", exits: []string{"slow:timeout", "help:answered"},
			says: "ENTERQUEUE EXITWITHTIMEOUT ENTERQUEUE CONNECT COMPLETECALLER"},
		{name: "on because it is full", step: q("narrow", wait), queue: "max_waiting: 1, overflow: [{on: full, to: help}]", before: 1,
			exits: []string{"narrow:full", "help:answered"}, says: "ENTERQUEUE CONNECT COMPLETECALLER"},
		{name: "the wait would be too long", step: q("lengthy", wait), queue: "divert_wait: 1s", before: 1, hears: "timeout", exits: []string{"lengthy:diverted"}},
		{name: "too many for each agent", step: q("scarce", wait), queue: "divert_ratio: 1", before: 2, hears: "timeout", exits: []string{"scarce:diverted"}},
		{name: "the longest wait", step: q("timed", "at_most: 2s"), hears: "timeout", exits: []string{"timed:timeout"}, says: "ENTERQUEUE EXITWITHTIMEOUT"},
		{name: "a key", step: q("keyed", wait+", 2: left"), then: func(p *part, _ *Desk) {
			p.waitsIn("keyed", 1)
			p.must(p.call.SendDTMF(p.ctx, "2"))
		}, hears: "left", exits: []string{"keyed:key"}, says: "ENTERQUEUE EXITWITHKEY"},
		{name: "he does not say that he stays", step: q("asked", wait+", stay: {prompt: still, every: 2s, wait: 2s}"), then: func(p *part, _ *Desk) {
			p.hears(p.call, "still")
		}, hears: "silent", exits: []string{"asked:timeout"}, says: "ENTERQUEUE EXITWITHTIMEOUT"},
	}
}

// waitsIn awaits that so many wait in a queue.
func (p *part) waitsIn(queue string, want float64) {
	if err := p.soon(func() error {
		if n := p.r.Metric(`ctid_queue_waiting{queue="` + queue + `"}`); n != want {
			return fmt.Errorf("%v wait in %s, not %v", n, queue, want)
		}
		return nil
	}); err != nil {
		p.fatal("%v", err)
	}
}

// hourOld is the log of a centre that began an hour ago: in its first minute nobody is sent away from an empty queue.
func hourOld(st *store.Store) error {
	core, err := acd.New(acd.Config{Epoch: "e0"})
	if err != nil {
		return err
	}
	began := time.Now().Add(-time.Hour)
	core.Decide(began, acd.Tick{})
	st.Append(ctid.LogEntry{Seq: 1, Epoch: "e0", At: began, Kind: switchboard.KindSnapshot, V: acd.Version, Body: core.Snapshot()})
	return nil
}

// date is that of today, or so many days from it.
func date(days int, layout string) string { return time.Now().AddDate(0, 0, days).Format(layout) }

// feasts is a calendar file in which yesterday, today and tomorrow are a holiday.
func feasts() string {
	return strings.Join([]string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example//holidays//EN", "BEGIN:VEVENT", "UID:feast@example.com", "DTSTAMP:20260101T000000Z",
		"DTSTART;VALUE=DATE:" + date(-1, "20060102"), "DTEND;VALUE=DATE:" + date(2, "20060102"), "SUMMARY:Feast", "END:VEVENT", "END:VCALENDAR", ""}, "\r\n")
}

// waysYAML has each queue of the ways out, who serves it, and two calendars. Agent 1001 waits to log out, 1002 is on duty and paused,
// 1003 takes who overflows, and 1004 never comes.
func waysYAML(rows []wayOut) func(string) string {
	var queues strings.Builder
	names := []string{"help"}
	for _, x := range rows {
		if name := x.at(); name != "" {
			names = append(names, name)
			queues.WriteString("  - {name: " + name + strings.TrimSuffix(", "+x.queue, ", ") + "}\n")
		}
	}
	serves := map[string][]string{"1001": {"leaving"}, "1003": {"help"}, "1004": {"deserted"}}
	for _, n := range names {
		if !slices.Contains([]string{"leaving", "help", "deserted"}, n) {
			serves["1002"] = append(serves["1002"], n)
		}
	}
	return func(yaml string) string {
		yaml = strings.Replace(yaml, "queues:\n", "queues:\n  - {name: help, short_talk: 0s}\n"+queues.String(), 1)
		for e, list := range serves {
			yaml = strings.Replace(yaml, "{name: a"+e+", queues: [sales, support]", "{name: a"+e+", queues: ["+strings.Join(list, ", ")+"]", 1)
		}
		return yaml + "calendars:\n  - {name: never, open: {mon-sun: 00:00-24:00}, special: {" + date(-1, "2006-01-02") + ".." + date(2, "2006-01-02") + ": closed}}\n" +
			"  - {name: feasts, open: {mon-sun: 00:00-24:00}, holidays: feasts.ics}\n"
	}
}

// Each way out of a queue, and each way not to be let in: twelve callers at once hear what their script says for it, and nothing else; their
// records and the queue_log say the same of it.
func TestRealWaysOut(t *testing.T) {
	rows := waysOut()
	scripts := make([]string, len(rows))
	for n, x := range rows {
		scripts[n] = wayScript(x.step)
	}
	s := startScripts(t, Options{Agents: 4, Desk: "optional", Change: waysYAML(rows), Files: map[string]string{"feasts.ics": feasts()},
		Config: "queue_log: {file: queue_log, max_size: 0}\n", Seed: hourOld}, scripts, wayTexts)
	leaver := s.onDuty()
	help := make(chan struct{}, 1) // the agent has one at a time
	for n, x := range rows {
		s.each(x.name, n, func(p *part) { p.goes(x, leaver, help) })
	}
	s.wg.Wait()
	s.r.Clean()
	s.r.Stop()
	records := map[string]ctid.CallRecord{}
	for _, rec := range s.r.Records() {
		records[string(rec.ANI.E164)] = rec
	}
	lines := queueLog(t, filepath.Join(s.r.Dir, "queue_log"))
	for n, x := range rows {
		rec := records[e164(from(2000+n))]
		var exits []string
		for _, v := range rec.Queues {
			exits = append(exits, fmt.Sprintf("%s:%s", v.Queue, v.Exit))
		}
		if says, _, _ := saysOf(t, lines, rec.Channel); !slices.Equal(exits, x.exits) || says != x.says {
			t.Errorf("%s: the record has %v, want %v; the queue_log %q, want %q", x.name, exits, x.exits, says, x.says)
		}
		if table := tableSays(rec); table != x.says {
			t.Errorf("%s: by the table of endings the queue_log has %q, want %q", x.name, table, x.says)
		}
		if x.hears != "" && (len(rec.IVR.Path) == 0 || rec.IVR.Path[len(rec.IVR.Path)-1].Node != x.hears) {
			t.Errorf("%s: the record's path is %v, want %s at its end", x.name, rec.IVR.Path, x.hears)
		}
	}
}

// tableSays is what the queue_log has of a call by the table of endings in docs/states.md.
func tableSays(rec ctid.CallRecord) string {
	var out []string
	for _, v := range rec.Queues {
		row, _ := ctid.Endings(v.Exit)
		if row.QueueLog != "" {
			out = append(out, "ENTERQUEUE", row.QueueLog)
		}
		if v.Exit == ctid.ExitAnswered {
			out = append(out, "COMPLETECALLER")
		}
	}
	return strings.Join(out, " ")
}

// onDuty logs the agents in who are on duty: 1001, whose desktop it returns, and 1002 are paused then, 1003 is ready and answers.
func (s *scripted) onDuty() (leaver *Desk) {
	phone := s.r.Phone("1003")
	phone.SetTone(takesHz)
	phone.SetPolicy(phonetest.AnswerAfter(0))
	for _, e := range []string{"1002", "1001"} {
		s.r.Phone(e)
		leaver = s.r.Desk(e)
		if _, err := leaver.Do(s.ctx, "agent.login", map[string]any{}, ""); err != nil {
			s.r.T.Fatal(err)
		}
	}
	s.r.Desk("1003").Ready()
	return leaver
}

// goes is one caller's way, behind those who wait there already. help lets one caller at a time to the agent who helps.
func (p *part) goes(x wayOut, leaver *Desk, help chan struct{}) {
	ahead := p.before(x)
	if x.hears == "" {
		help <- struct{}{}
		defer func() { <-help }()
	}
	p.dial(callsHz)
	if x.then != nil {
		x.then(p, leaver)
	}
	if x.hears == "" {
		p.must(p.call.AwaitHears(p.ctx, takesHz))
		p.must(p.call.Hangup(p.ctx))
	} else {
		p.over(x.hears)
		if err := hear.Expect(p.call.Heard(), x.hears, only(p.served, wayEnds...)); err != nil {
			p.r.T.Errorf("%s: %v", p.name, err)
		}
	}
	for _, d := range ahead {
		p.must(d.Hangup(p.ctx))
	}
}

// before has those wait who are to be there already, each for longer than a second.
func (p *part) before(x wayOut) (ahead []*phonetest.Dialog) {
	for n := range x.before {
		d, err := p.r.Caller().Call(p.ctx, dnisOf(p.n), phonetest.CallOptions{From: from(1000 + 10*p.n + n)})
		p.must(err)
		ahead = append(ahead, d)
		p.waitsIn(x.at(), float64(n+1))
	}
	if x.before > 0 {
		p.must(p.soon(func() error {
			if n := p.r.Metric(`ctid_queue_longest_wait_seconds{queue="` + x.at() + `"}`); n < 1.2 {
				return fmt.Errorf("the first has waited for %v s", n)
			}
			return nil
		}))
	}
	return ahead
}

// at is the queue that the step names; empty: none.
func (x wayOut) at() string {
	name, is := strings.CutPrefix(x.step, "queue: {name: ")
	if name, _, _ = strings.Cut(name, ","); !is {
		return ""
	}
	return name
}
