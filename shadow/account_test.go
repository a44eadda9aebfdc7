package shadow

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"
)

// counted is app_queue's figures of one queue, counted from the lines of a queue_log by hand: each ENTERQUEUE is a caller, and the
// first line after it that takes him out of the queue says how.
func counted(lines []string, queue string, target int) Figures {
	type visit struct {
		how        string
		wait, talk int
		talked     bool
	}
	var all []*visit
	in, talks := map[string]*visit{}, map[string]*visit{}
	number := func(f []string, i int) int {
		n, err := strconv.Atoi(f[5+i])
		if err != nil {
			panic(err)
		}
		return n
	}
	for _, line := range lines {
		f := strings.Split(line, "|")
		if len(f) < 6 || f[2] != queue {
			continue
		}
		v := in[f[1]]
		switch f[4] {
		case "ENTERQUEUE":
			if v != nil {
				v.how = "lost"
			}
			v = &visit{}
			all, in[f[1]] = append(all, v), v
			delete(talks, f[1])
		case "COMPLETEAGENT", "COMPLETECALLER":
			if v := talks[f[1]]; v != nil {
				v.talk, v.talked = number(f, 1), true
				delete(talks, f[1])
			}
		case "CONNECT", "ABANDON", "EXITWITHTIMEOUT", "EXITEMPTY", "EXITWITHKEY":
			if v == nil {
				break
			}
			v.how, v.wait = f[4], number(f, map[string]int{"CONNECT": 0, "ABANDON": 2, "EXITWITHTIMEOUT": 2, "EXITEMPTY": 2, "EXITWITHKEY": 3}[f[4]])
			delete(in, f[1])
			if f[4] == "CONNECT" {
				talks[f[1]] = v
			}
		}
	}
	var out Figures
	for _, v := range all {
		out.Offered++
		d := time.Duration(v.wait) * time.Second
		if v.how != "" && v.how != "lost" {
			out.Longest = max(out.Longest, d)
		}
		switch v.how {
		case "":
			out.Waiting++
		case "lost":
			out.Left++
		case "CONNECT":
			out.Answered++
			out.Waits += d
			if v.wait <= target {
				out.InTime++
			}
		case "ABANDON":
			out.Abandoned++
			if v.wait <= target {
				out.GoneSoon++
			}
		case "EXITWITHTIMEOUT":
			out.TimedOut++
		case "EXITEMPTY":
			out.SentOff++
		case "EXITWITHKEY":
			out.Key++
		}
		if v.talked {
			out.Talks++
			out.Talk += time.Duration(v.talk) * time.Second
		}
	}
	return out
}

// randomLog writes a queue_log of two queues in which callers do all that they can, some of it twice, and lines stand that mean nothing.
func randomLog(r *rand.Rand, n int) []string {
	now := 1_790_000_000
	var lines []string
	type state struct {
		id, queue string
		in, talks bool
	}
	callers := make([]state, 12)
	put := func(c *state, agent, format string, a ...any) {
		lines = append(lines, fmt.Sprintf("%d|%s|%s|%s|", now, c.id, c.queue, agent)+fmt.Sprintf(format, a...))
	}
	for range n {
		now += r.IntN(4)
		c := &callers[r.IntN(len(callers))]
		agent := phone(r.IntN(4))
		switch k := r.IntN(20); {
		case k == 0:
			lines = append(lines, fmt.Sprintf("%d|NONE|NONE|NONE|CONFIGRELOAD|", now))
		case k == 1:
			lines = append(lines, fmt.Sprintf("%d|NONE|sales|%s|%s|", now, agent, []string{"PAUSE", "UNPAUSE", "ADDMEMBER", "REMOVEMEMBER"}[r.IntN(4)]))
		case c.in && k < 8:
			c.in, c.talks = false, true
			put(c, agent, "CONNECT|%d|x|%d", r.IntN(60), r.IntN(9))
		case c.in && k < 12:
			c.in = false
			verb := []string{"ABANDON", "EXITWITHTIMEOUT", "EXITEMPTY"}[r.IntN(3)]
			wait := r.IntN(90)
			for range 1 + r.IntN(2) { // app_queue writes some of them twice
				put(c, "NONE", "%s|1|1|%d", verb, wait)
			}
		case c.in && k == 12:
			c.in = false
			put(c, "NONE", "EXITWITHKEY|1|1|1|%d", r.IntN(90))
		case c.in && k < 15:
			put(c, agent, "RINGNOANSWER|%d", r.IntN(20_000))
		case c.talks && k < 16:
			c.talks = false
			put(c, agent, "%s|%d|%d|1", []string{"COMPLETEAGENT", "COMPLETECALLER"}[r.IntN(2)], r.IntN(60), r.IntN(300))
		case !c.in && !c.talks:
			if c.id == "" || r.IntN(3) > 0 {
				c.id, c.queue = fmt.Sprint(now, ".", len(lines)), []string{"sales", "support"}[r.IntN(2)]
			}
			c.in = true
			put(c, "NONE", "ENTERQUEUE||+852|1")
		}
	}
	return lines
}

// The account is the count that anybody can make with the queue_log in hand, to the call and the second.
func TestAccountIsExact(t *testing.T) {
	site := staff(4)
	site.Core.Queues = append(site.Core.Queues, site.Core.Queues[0])
	site.Core.Queues[1].ID = "support"
	for seed := range uint64(120) {
		lines := randomLog(rand.New(rand.NewPCG(seed, 2)), 40+int(seed)*5)
		w := New(site, Options{Trials: 1})
		for _, line := range lines {
			o, err := ParseLine(line)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			w.Take(o)
		}
		r, err := w.Report(w.now)
		if err != nil {
			t.Fatal(err)
		}
		all := Figures{}
		for _, q := range r.Queues {
			want := counted(lines, q.Queue, 20)
			if q.Account != want {
				t.Fatalf("seed %d, %s:\nis  %+v\nnot %+v\n%s", seed, q.Queue, q.Account, want, strings.Join(lines, "\n"))
			}
			if q.Judged != want.Offered-want.Waiting {
				t.Errorf("seed %d, %s: %d are compared, %d have left", seed, q.Queue, q.Judged, want.Offered-want.Waiting)
			}
			all.add(want)
		}
		if r.All.Account != all {
			t.Errorf("seed %d: all %+v, not %+v", seed, r.All.Account, all)
		}
	}
}

// What the manager interface tells comes to the same account as the queue_log of the same callers.
func TestAccountsAgree(t *testing.T) {
	for seed := range uint64(5) {
		callers, site := traffic(seed, 200, 0.5, 20, 40), staff(8)
		events, file := New(site, Options{Trials: 1}), New(site, Options{Trials: 1})
		playAppQueue(callers, 8, live{events})
		log := &logged{t: t, w: file}
		playAppQueue(callers, 8, log)
		byEvents, byFile := report(t, events), report(t, file)
		want := counted(log.lines, "sales", 20)
		if byEvents.Queues[0].Account != want || byFile.Queues[0].Account != want || want.Abandoned == 0 || want.Answered == 0 {
			t.Errorf("seed %d:\nby events    %+v\nby queue_log %+v\nby hand      %+v", seed, byEvents.Queues[0].Account, byFile.Queues[0].Account, want)
		}
	}
}
