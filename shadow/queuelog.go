package shadow

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// The fields of a line of queue_log: epoch|callid|queue|agent|event|parameters.
const (
	fieldEpoch = iota
	fieldCall
	fieldQueue
	fieldAgent
	fieldEvent
	fieldParams
)

// maxSeconds is the longest time that is believed, in seconds: a year.
const maxSeconds = 366 * 24 * 3600

// nobody stands where a line has no queue, call or agent.
const nobody = "NONE"

// verb is how an event of queue_log is read.
type verb struct {
	kind Kind
	read func(o *Observation, p params)
}

// verbs are the events of app_queue (Asterisk 11 to 22) that matter here. Others are known, or made by the dialplan's QueueLog():
// they are Other, not mistakes. CONNECT tells its ring time in whole seconds, RINGNOANSWER and RINGCANCELED in ms.
var verbs = map[string]verb{
	"ENTERQUEUE":       {Entered, func(o *Observation, p params) { o.Position = p.position() }},
	"CONNECT":          {Answered, func(o *Observation, p params) { o.Wait, o.Ring = p.seconds(0), p.ring(2) }},
	"COMPLETEAGENT":    {Completed, func(o *Observation, p params) { o.Wait, o.Talk = p.seconds(0), p.seconds(1) }},
	"COMPLETECALLER":   {Completed, func(o *Observation, p params) { o.Wait, o.Talk = p.seconds(0), p.seconds(1) }},
	"TRANSFER":         {Completed, func(o *Observation, p params) { o.Wait, o.Talk = p.seconds(2), p.seconds(3) }},
	"BLINDTRANSFER":    {Completed, func(o *Observation, p params) { o.Wait, o.Talk = p.seconds(2), p.seconds(3) }},
	"ATTENDEDTRANSFER": {Completed, func(o *Observation, p params) { o.Wait, o.Talk = p.fromEnd(3), p.fromEnd(2) }}, // LINK has one field more
	"ABANDON":          {Abandoned, func(o *Observation, p params) { o.Wait = p.seconds(2) }},
	"EXITWITHTIMEOUT":  {TimedOut, func(o *Observation, p params) { o.Wait = p.seconds(2) }},
	"EXITEMPTY":        {SentOff, func(o *Observation, p params) { o.Wait = p.seconds(2) }},
	"EXITWITHKEY":      {KeyPressed, func(o *Observation, p params) { o.Wait = p.seconds(3) }},
	"RINGNOANSWER":     {Missed, func(o *Observation, p params) { o.Ring = p.milliseconds(0) }},
	"RINGCANCELED":     {RingOver, func(o *Observation, p params) { o.Ring = p.milliseconds(0) }},
	"AGENTDUMP":        {RingOver, func(*Observation, params) {}},
	"ADDMEMBER":        {MemberAdded, func(*Observation, params) {}},
	"REMOVEMEMBER":     {MemberRemoved, func(*Observation, params) {}},
	"PAUSE":            {MemberPaused, func(*Observation, params) {}},
	"UNPAUSE":          {MemberBack, func(*Observation, params) {}},
	"PAUSEALL":         {MemberPaused, func(*Observation, params) {}},
	"UNPAUSEALL":       {MemberBack, func(*Observation, params) {}},
	"QUEUESTART":       {Began, func(*Observation, params) {}},
}

// ParseLine reads one line of queue_log. The caller's number, which ENTERQUEUE has, is not kept.
func ParseLine(line string) (Observation, error) {
	f := strings.Split(line, "|")
	if len(f) < fieldParams {
		return Observation{}, fmt.Errorf("it has %d fields; a line of queue_log has epoch|callid|queue|agent|event and more", len(f))
	}
	at, err := epoch(f[fieldEpoch])
	if err != nil {
		return Observation{}, err
	}
	o := Observation{At: at, Queue: named(f[fieldQueue]), Call: named(f[fieldCall]), Member: named(f[fieldAgent])}
	v, known := verbs[f[fieldEvent]]
	if !known {
		if !isWord(f[fieldEvent]) {
			return Observation{}, errors.New("its event is no word")
		}
		return o, nil
	}
	o.Kind = v.kind
	if why := o.lacks(); why != "" {
		return Observation{}, fmt.Errorf("%s without %s", f[fieldEvent], why)
	}
	var bad error
	v.read(&o, params{list: f[fieldParams:], bad: &bad})
	if bad != nil {
		return Observation{}, fmt.Errorf("%s: %w", f[fieldEvent], bad)
	}
	return o, nil
}

// isWord tells an event of another version, or of the dialplan's, from what is none.
func isWord(event string) bool {
	return event != "" && !strings.ContainsFunc(event, func(r rune) bool { return r <= ' ' || r > '~' })
}

func named(s string) string {
	if s == nobody {
		return ""
	}
	return s
}

// epoch reads seconds since 1970, with a fraction if there is one.
func epoch(s string) (time.Time, error) {
	whole, fraction, _ := strings.Cut(s, ".")
	sec, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || sec <= 0 || sec > math.MaxInt32*8 || len(fraction) > 9 {
		return time.Time{}, errors.New("it does not begin with a time in seconds since 1970")
	}
	ns := int64(0)
	if fraction != "" {
		if ns, err = strconv.ParseInt((fraction + "000000000")[:9], 10, 64); err != nil || ns < 0 {
			return time.Time{}, errors.New("its time has no readable fraction")
		}
	}
	return time.Unix(sec, ns).UTC(), nil
}

// lacks tells what o ought to name and does not; empty: nothing.
func (o *Observation) lacks() string {
	switch o.Kind {
	case Began:
		return ""
	case MemberPaused, MemberBack:
		if o.Member == "" {
			return "an agent"
		}
		return ""
	}
	if o.Queue == "" {
		return "a queue"
	}
	switch o.Kind {
	case MemberAdded, MemberRemoved, Missed, RingOver, Answered, Completed:
		if o.Member == "" {
			return "an agent"
		}
	}
	if o.Call == "" && o.Kind != MemberAdded && o.Kind != MemberRemoved {
		return "a call"
	}
	return ""
}

// params are the parameters of a line. The first that cannot be read is kept in bad.
type params struct {
	list []string
	bad  *error
}

func (p params) number(i int, what string) int {
	if i < 0 || i >= len(p.list) {
		p.fail("its %s is missing", what)
		return 0
	}
	n, err := strconv.Atoi(p.list[i])
	if err != nil || n < 0 || n > maxSeconds {
		p.fail("its %s is not a number from 0 to %d", what, maxSeconds)
		return 0
	}
	return n
}

func (p params) fail(format string, a ...any) {
	if *p.bad == nil {
		*p.bad = fmt.Errorf(format, a...)
	}
}

// seconds reads the parameter at i.
func (p params) seconds(i int) time.Duration {
	return time.Duration(p.number(i, "time in seconds")) * time.Second
}

// fromEnd reads the parameter that is the n-th before the end.
func (p params) fromEnd(n int) time.Duration { return p.seconds(len(p.list) - n) }

// milliseconds reads the parameter at i; it may be left out.
func (p params) milliseconds(i int) time.Duration {
	if i >= len(p.list) || p.list[i] == "" {
		return 0
	}
	return time.Duration(p.number(i, "ring time in ms")) * time.Millisecond
}

// ring reads the ring time of CONNECT, which old versions leave out. It is told in whole seconds that are over, so that half a
// second more is the better guess.
func (p params) ring(i int) time.Duration {
	if i >= len(p.list) || p.list[i] == "" {
		return 0
	}
	return p.seconds(i) + time.Second/2
}

// position reads the position at which a caller entered: the last of three parameters, which old versions do not have.
func (p params) position() int {
	if len(p.list) != 3 {
		return 0
	}
	n, err := strconv.ParseUint(p.list[2], 10, 20)
	if err != nil {
		return 0
	}
	return int(n)
}
