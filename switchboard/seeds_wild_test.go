package switchboard

import (
	"fmt"
	"math/rand/v2"
	"time"

	"ctid"
	"ctid/ari/aritest"
)

// wildDay has everything at any time, much of it at the same instant.
func wildDay(seed uint64) *day {
	r := draw(seed)
	d := &day{script: []string{straight, menu}[r.IntN(2)], calls: 2 + r.IntN(4), end: 40 * time.Second}
	at := func() time.Duration {
		if n := len(d.acts); n > 0 && r.IntN(3) == 0 {
			return d.acts[r.IntN(n)].at + ms(r.IntN(3))
		}
		return ms(r.IntN(40_000))
	}
	for i := range d.calls {
		begin := ms(r.IntN(20_000))
		d.call(begin, i)
		if d.script == menu {
			pressed := begin + ms(r.IntN(3000))
			d.add(pressed, "he presses 1", func(r *dayRun) {
				if r.callers[i] != nil {
					r.callers[i].Press("1")
				}
			})
		}
		if r.IntN(3) > 0 {
			d.gone(begin+ms(r.IntN(12_000)), i)
		}
	}
	for range 6 + r.IntN(10) {
		d.agentAct(at(), r)
	}
	for range 3 + r.IntN(8) {
		d.wildFault(at(), r)
	}
	return d
}

// agentAct is something that an agent or his phone does.
func (d *day) agentAct(at time.Duration, r *rand.Rand) {
	i := r.IntN(2)
	switch r.IntN(9) {
	case 0, 1, 2:
		b := aritest.Behaviour{Ring: ms(r.IntN(300)), After: ms(r.IntN(4000)), Do: aritest.Outcome(r.IntN(int(aritest.Silent) + 1))}
		if r.IntN(2) == 0 {
			b.Do = aritest.Answer
		}
		if r.IntN(3) == 0 {
			b.Talk = ms(1 + r.IntN(2000))
		}
		if r.IntN(4) == 0 {
			b.Ring, b.After = 0, 0
		}
		d.behave(at, i, b)
	case 3:
		d.add(at, string(names[i])+" hangs up on his phone", func(r *dayRun) { r.phones[i].Hangup() })
	case 4:
		d.add(at, string(names[i])+"'s phone is gone", func(r *dayRun) { r.phones[i].Unregister() })
		d.add(at+ms(r.IntN(3000)), string(names[i])+"'s phone is back", func(r *dayRun) { r.phones[i].Register() })
	case 5:
		d.ask(at, i, ctid.AgentPause{Reason: "break"})
	case 6, 7:
		d.ask(at, i, ctid.AgentReady{})
	default:
		d.add(at, string(names[i])+" hangs up on his desktop", func(r *dayRun) {
			if st, err := r.c.sb.Status(r.c.t.Context()); err == nil {
				for _, v := range st.AgentList {
					if v.Agent == names[i] && v.Call != "" {
						r.c.wish(names[i], ctid.CallHangup{Call: v.Call})
					}
				}
			}
		})
	}
}

// wildFault is something that goes wrong between Asterisk and ctid.
func (d *day) wildFault(at time.Duration, r *rand.Rand) {
	typ := eventTypes[r.IntN(len(eventTypes))]
	if r.IntN(4) == 0 {
		typ = ""
	}
	times, late := 1+r.IntN(4), ms(1+r.IntN(400))
	switch r.IntN(7) {
	case 0:
		d.addFault(at, typ+" doubled", func(r *dayRun) {
			r.c.pbx.FaultEvents(aritest.EventFault{Type: typ, Times: times, Duplicate: true})
		})
	case 1:
		d.addFault(at, typ+" late by "+late.String(), func(r *dayRun) {
			r.c.pbx.FaultEvents(aritest.EventFault{Type: typ, Times: times, Slow: late})
		})
	case 2:
		d.swapped(at, ms(r.IntN(2000)))
	case 3:
		d.unknown(at, r)
	default:
		f := aritest.Fault{Match: requests[r.IntN(len(requests))], Times: times}
		switch r.IntN(5) {
		case 0:
			f.Before = true
		case 1:
			f.After = true
		case 2:
			f.Status = []int{500, 503}[r.IntN(2)]
		default:
			f.Late = late
		}
		d.addFault(at, "requests fail: "+fmt.Sprintf("%+v", f), func(r *dayRun) { r.c.pbx.Fault(f) })
	}
}

var requests = []string{"", "POST /channels", "/answer", "/moh", "/play", "DELETE /channels", "/addChannel", "POST /bridges",
	"DELETE /bridges", "subscription", "GET /endpoints"}
