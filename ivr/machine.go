package ivr

import (
	"cmp"
	"fmt"
	"maps"
	"time"

	"ctid"
)

// Options of a Machine.
type Options struct {
	Limits Limits // zero: the site's
	// Secret gives a secret of the site's store; it must be pure and safe for concurrent use. nil: there is none.
	Secret func(name string) (string, error)
	// Wall is what the clocks on the wall say at a time of the machine's, whose own never jump: calendars and the date go by it. It
	// must be safe for concurrent use. nil: they are the same.
	Wall func(now time.Time) time.Time
}

const (
	maxKeys       = 32
	afterSteps    = 50
	afterTime     = 10 * time.Second
	endKeyGrace   = 2 * time.Second
	lookupPatient = 300 * time.Millisecond
	answerGrace   = 2 * time.Second
)

type phase string

const (
	phaseRun    phase = ""       // a step is about to run
	phaseQuiet  phase = "quiet"  // until what was said has been heard
	phaseAnswer phase = "answer" // until a DoneStep
	phaseAsk    phase = "ask"    // until keys or silence
)

// Machine takes one call through a script. It is not safe for concurrent use: its call's goroutine owns it.
type Machine struct {
	s     *Script // at work
	opts  Options
	now   time.Time
	x     scope
	out   []Step
	at    *step
	phase phase
	open  string // the id of the DoneStep the current step waits for
	ids   int

	begun, over, gone bool
	answer            string // how the channel stands: "", answered, early
	picked            string // the open id of the Answer
	speaker
	asking  *asking
	asked   []*step  // questions asked, for back
	buf     []string // keys typed ahead; never stored
	endKey  string   // a needless end key is dropped until endTill
	endTill time.Time
	ending  *End
	timers  timers
	masking bool
	music   bool          // is playing
	left    time.Duration // of the time in the script, while the caller waits in a queue
	key     string        // pressed in a queue, while Leave is asked
	path    []visit
	secrets []*step // steps that took a secret, for a restart
	resort  *step
	frames  []frame // of the scripts that wait for the one at work, the first called last
	handled bool    // the script's on_error has been gone to
	floor   int     // once the caller has gone: how many frames lie below the on_hangup at work
	watch   Watch
	via     string // the outcome by which the current step is left

	memo     memo
	ear      ear
	taken    []ctid.ScriptInput // not asked for yet
	askedFor string             // what the open step wants to know
	tally    Tally

	ran, total, questions, grace, level int
	attached, dropped                   int
}

// timers are the open deadlines; zero is none.
type timers struct {
	ask, stop, flush, hold, tell, answer, budget, after time.Time
}

type visit struct {
	Node string    `json:"node"`
	Key  string    `json:"key,omitempty"`
	From time.Time `json:"from"`
}

// NewMachine makes a machine for one call; Start is its first input.
func NewMachine(s *Script, opts Options) *Machine {
	opts.Limits = cmp.Or(opts.Limits, s.site.Limits).bounded()
	m := &Machine{opts: opts, x: scope{text: opts.Limits.Text, site: s.site, funcs: s.lang.funcs, figures: map[string]Figures{}, secret: opts.Secret}}
	m.x.memo = &m.memo
	m.begin(s, fresh(s.args))
	if s.site.LastResort != "" {
		m.resort = lastResort(s.site.LastResort)
	}
	return m
}

// SetFigures gives the figures of the queues that Script.Queues names; expressions see them until they are set anew.
func (m *Machine) SetFigures(f map[string]Figures) { m.x.figures = maps.Clone(f) }

// Done tells whether the script is over; what comes after is dropped.
func (m *Machine) Done() bool { return m.over }

// Language is the call's language.
func (m *Machine) Language() string { return m.x.lang }

// Priority is the call's priority, 0 to 100.
func (m *Machine) Priority() int { return m.x.priority }

// Masked tells whether keys are secret now: a masked question is the next one possible.
func (m *Machine) Masked() bool { return m.masking }

// Dropped counts the keys and answers that came too late, too early or too many.
func (m *Machine) Dropped() int { return m.dropped }

// Next takes one input and returns, in order, what is to be done about it.
func (m *Machine) Next(now time.Time, in Input) []Step {
	if now.After(m.now) {
		m.now = now
	}
	m.x.now, m.x.wall = m.now, m.now
	if m.opts.Wall != nil {
		m.x.wall = m.opts.Wall(m.now)
	}
	m.out, m.ran = nil, 0
	_, start := in.(Start)
	_, resume := in.(Resume)
	if m.over || m.begun == start || resume && m.at == nil {
		m.dropped++
		return nil
	}
	switch in := in.(type) {
	case Start:
		m.start(in)
	case Resume:
		m.resume()
	case Key:
		m.press(in.Digit)
	case DoneStep:
		m.answered(in)
	case Speaking:
		m.speaking(in)
	case Heard:
		m.spoken(in)
	case Tick:
		m.tick()
	case Joined:
		if t, ok := m.inQueue(); ok {
			t.joined(m)
		}
	case Waits:
		if t, ok := m.inQueue(); ok {
			t.waitsAgain(m)
		}
	case Hangup:
		m.hangup()
	}
	m.advance()
	m.noteAsked()
	m.mask()
	out := m.out
	m.out = nil
	return out
}

func (m *Machine) emit(s Step) {
	m.did(s)
	m.out = append(m.out, s)
}

func (m *Machine) id() string {
	m.ids++
	return fmt.Sprintf("s%d", m.ids)
}

func (m *Machine) log(code, text string) { m.emit(Log{Code: code, Text: text}) }

func (m *Machine) start(in Start) {
	m.begun = true
	m.x.call, m.x.started, m.x.priority, m.x.lang = in.Call, m.now, min(100, max(0, in.Call.Priority)), m.s.langs[0]
	for _, l := range m.s.langs {
		if l == in.Call.Language {
			m.x.lang = l
		}
	}
	m.readContact(true)
	m.timers.budget = m.now.Add(m.opts.Limits.InScript)
	if m.s.start == nil { // a library
		m.over = true
		m.emit(End{Cause: "normal", Why: "script.kind"})
		return
	}
	m.tookStart(in.Call)
	m.enter(m.s.start)
}

// advance runs steps until one waits.
func (m *Machine) advance() {
	for m.begun && !m.over && m.phase == phaseRun && m.at != nil {
		m.ran++
		m.total++
		switch {
		case m.gone && m.ran > afterSteps:
			m.log("limit.steps", "on_hangup took more than 50 steps")
			m.floor = 0
			m.finish()
			continue
		case m.ran > m.opts.Limits.Steps:
			m.fail("limit.steps")
			continue
		case m.total > m.opts.Limits.AllSteps+m.grace:
			m.fail("limit.steps_in_call")
			continue
		}
		m.run(m.at)
	}
}

func (m *Machine) run(s *step) {
	if s.cond != nil {
		v, err := s.cond.run(&m.x)
		if err != nil {
			m.failWith(err)
			return
		}
		if yes, _ := v.(bool); !yes {
			m.via = "skipped"
			m.goTo(target{kind: toNext})
			return
		}
	}
	s.do.start(m)
}

// leave ends the current step with an outcome.
func (m *Machine) leave(outcome string) {
	t, ok := m.at.exit(outcome)
	switch {
	case ok:
		m.via = outcome
		if outcome == "error" {
			m.tally.Errors++
		}
		m.goTo(t)
	case outcome == "error":
		m.fail(m.x.code)
	default:
		m.fail("script.no_exit")
	}
}

func (m *Machine) goTo(t target) {
	m.took(t)
	if t.kind == toRepeat {
		m.repeat()
		return
	}
	m.settle()
	switch t.kind {
	case toNode:
		m.enter(t.node)
	case toNext:
		if n, ok := m.at.next(); ok {
			m.at = n
		} else if m.gone {
			m.finish()
		} else {
			m.fail("script.end")
		}
	case toBack:
		m.back()
	case toReturn:
		m.giveBack(m.s.ends[0], fresh(m.s.returns))
	case toHangup:
		m.end("normal", "script")
	}
}

// inQueue is the step at work, if it has the caller in a queue.
func (m *Machine) inQueue() (tells, bool) {
	t, ok := m.at.do.(tells)
	return t, ok && m.phase == phaseAnswer
}

// settle closes what the current step had open.
func (m *Machine) settle() {
	m.phase, m.open, m.asking, m.key = phaseRun, "", nil, ""
	m.timers.ask, m.timers.answer, m.timers.flush, m.timers.hold = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	m.timers.tell, m.memo.Offer, m.memo.Line = time.Time{}, nil, nil
	m.x.value = nil
	m.letGo()
	m.closeEar()
	m.ear = ear{}
	if m.music && !m.gone {
		m.emit(StopMusic{})
	}
	m.music = false
}

func (m *Machine) enter(n *node) {
	m.at = n.steps[0]
	m.path = append(m.path, visit{Node: m.place(), From: m.now})
}

// mark notes in the trail what was answered at the current node.
func (m *Machine) mark(key string) {
	if len(m.path) > 0 {
		m.path[len(m.path)-1].Key = key
	}
}

// back goes to the question asked before this one; without one, the last is asked again.
func (m *Machine) back() {
	n := len(m.asked)
	if n > 0 && m.asked[n-1] == m.at && n > 1 {
		n--
	}
	if n == 0 {
		m.fail("script.no_question")
		return
	}
	to := m.asked[n-1]
	m.asked = m.asked[:n-1]
	m.at = to
	m.path = append(m.path, visit{Node: m.place(), From: m.now})
}

// end hangs up once what was said has been heard.
func (m *Machine) end(cause, why string) {
	m.settle()
	if m.gone {
		m.finish()
		return
	}
	m.ending = &End{Cause: cause, Why: why}
	m.phase = phaseQuiet
	m.flush()
}

// finish is the end of everything: of the on_hangup at work, and of those of the scripts that called, from the inside out.
func (m *Machine) finish() {
	for m.gone && m.floor > 0 {
		m.floor--
		for len(m.frames) > m.floor {
			m.drop()
		}
		if m.s.onHangup != nil {
			m.settle()
			m.enter(m.s.onHangup)
			return
		}
	}
	e := End{Cause: "normal", Why: "caller"}
	if m.ending != nil && !m.gone {
		e = *m.ending
	}
	m.settle()
	m.over, m.timers, m.buf = true, timers{}, nil
	m.emit(e)
}

// hangup: the caller has gone. It beats all that was open; then on_hangup runs, silently.
func (m *Machine) hangup() {
	if m.gone {
		return
	}
	m.music, m.ear = false, ear{}
	m.tookHangup()
	m.settle()
	m.gone, m.ending, m.buf, m.speaker = true, nil, nil, speaker{}
	m.timers = timers{after: m.now.Add(afterTime)}
	m.floor = len(m.frames) + 1
	m.finish()
}
