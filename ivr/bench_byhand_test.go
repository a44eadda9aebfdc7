package ivr

import (
	"strconv"
	"strings"
	"time"

	"ctid"
	"ctid/words"
)

// handwritten is what a programmer would write instead of supportLine: one program for the one script, with nothing to look up. It asks,
// times, keeps keys typed ahead and drops spent answers as the machine does.
type handwritten struct {
	now, ask, budget time.Time
	left             time.Duration
	state            byHandState
	begun, answered  bool
	picked, playing  string
	open             string // the id of the Enqueue
	pending          []Part
	flushing         bool
	ids              int
	buf              []string
	keys             string
	first            time.Time
	stage            string
	asked, tries     int // asked counts the questions, so that one that has been left is known
	endKey           bool
	endTill          time.Time
	count            float64
	account          string
	out              []Step
}

type byHandState int

const (
	byHandMenu byHandState = iota
	byHandAccount
	byHandHold // until what was said before the queue has been heard
	byHandQueue
	byHandBye
	byHandOver
)

func newHandwritten() *handwritten { return &handwritten{account: "0"} }

func (p *handwritten) Deadline() time.Time {
	if p.ask.IsZero() || !p.budget.IsZero() && p.budget.Before(p.ask) {
		return p.budget
	}
	return p.ask
}

func (p *handwritten) Next(now time.Time, in Input) []Step {
	_, start := in.(Start)
	if p.state == byHandOver || p.begun == start {
		return nil
	}
	p.now, p.out = now, nil
	switch in := in.(type) {
	case Start:
		p.begun, p.budget = true, now.Add(time.Hour)
		p.say(Part{Name: "hello", Text: "Welcome to Harbour Trading.", Lang: "en", Of: "hello"})
		p.question(byHandMenu)
	case Key:
		p.key(in.Digit)
	case DoneStep:
		p.done(in)
	case Tick:
		if !p.ask.IsZero() && !now.Before(p.ask) {
			p.ask = time.Time{}
			p.silent()
		}
	case Hangup:
		p.finish("caller")
	}
	out := p.out
	p.out = nil
	return out
}

func (p *handwritten) emit(s Step) { p.out = append(p.out, s) }

func (p *handwritten) id() string {
	p.ids++
	return "s" + strconv.Itoa(p.ids)
}

func (p *handwritten) say(part Part) { p.pending = append(p.pending, part) }

func (p *handwritten) pump() {
	if p.playing != "" || !p.flushing {
		return
	}
	if len(p.pending) == 0 {
		p.flushing = false
		p.quiet()
		return
	}
	if !p.answered {
		p.answered, p.picked = true, p.id()
		p.emit(Answer{ID: p.picked})
	}
	p.playing = p.id()
	p.emit(Play{ID: p.playing, Parts: p.pending})
	p.pending = nil
}

func (p *handwritten) flush() {
	p.flushing = true
	p.pump()
}

// quiet: all has been heard.
func (p *handwritten) quiet() {
	switch p.state {
	case byHandMenu, byHandAccount:
		if p.stage == stagePrompt {
			p.stage, p.ask = stageWait, p.now.Add(5*time.Second)
		}
	case byHandHold:
		p.forget()
		p.emit(Attach{Values: []ctid.Attached{{Key: "account", Value: ctid.PrivateValue{V: p.account}, Src: "ivr:sales", At: p.now},
			{Key: "tries", Value: ctid.PrivateValue{V: p.count}, Src: "ivr:sales", At: p.now}}})
		p.state, p.open = byHandQueue, p.id()
		p.left, p.budget = p.budget.Sub(p.now), time.Time{}
		p.emit(Enqueue{ID: p.open, Queue: "sales", Priority: -1, AtMost: 10 * time.Minute})
	case byHandBye:
		p.finish("script")
	}
}

func (p *handwritten) finish(why string) {
	p.state, p.ask, p.budget = byHandOver, time.Time{}, time.Time{}
	p.emit(End{Cause: "normal", Why: why})
}

// forget throws away what was typed ahead.
func (p *handwritten) forget() {
	if len(p.buf) > 0 {
		p.buf = nil
		p.emit(Log{Code: "keys.dropped", Text: "keys pressed too early were thrown away"})
	}
}

// hush stops what is being said, and drops what was to be said.
func (p *handwritten) hush() {
	p.pending = nil
	if p.playing != "" {
		p.emit(Stop{ID: p.playing})
		p.playing = ""
		p.pump()
	}
}

func (p *handwritten) question(state byHandState) {
	p.state, p.tries, p.keys, p.ask = state, 0, "", time.Time{}
	p.asked++
	if len(p.buf) == 0 {
		p.sayQuestion()
		return
	}
	p.stage = stagePrompt
	p.hush()
	p.stage = stageBetween
	p.drain()
}

func (p *handwritten) sayQuestion() {
	if p.state == byHandMenu {
		p.say(Part{Name: "main", Text: "For your account press 1. To talk to us press 2.", Lang: "en", Of: "main"})
	} else {
		p.say(Part{Name: "account", Text: "Please key in your account number, then press the hash key.", Lang: "en", Of: "account"})
	}
	p.stage, p.ask = stagePrompt, time.Time{}
	p.flush()
}

func (p *handwritten) asking() bool { return p.state == byHandMenu || p.state == byHandAccount }

func (p *handwritten) key(d string) {
	if p.state == byHandBye {
		return
	}
	if p.endKey {
		p.endKey = false
		if d == "#" && p.now.Before(p.endTill) {
			return
		}
	}
	switch {
	case p.state == byHandQueue:
		p.emit(Log{Code: "key.dropped", Text: "a key that means nothing in the queue was thrown away"})
		return
	case len(p.buf) >= 32:
		p.emit(Log{Code: "key.dropped", Text: "more than 32 keys were typed ahead; this one was thrown away"})
		return
	}
	p.buf = append(p.buf, d)
	p.hush()
	if p.asking() && len(p.buf) > 0 {
		p.stage = stageBetween
		p.drain()
	}
}

func (p *handwritten) drain() {
	for n := p.asked; p.asking() && p.asked == n && p.stage == stageBetween && len(p.buf) > 0; {
		d := p.buf[0]
		p.buf = p.buf[1:]
		p.feed(d)
	}
}

func (p *handwritten) feed(d string) {
	if p.keys == "" {
		p.first = p.now
	}
	p.keys += d
	p.stage, p.ask = stageBetween, p.now.Add(3*time.Second)
	if end := p.first.Add(time.Minute); end.Before(p.ask) {
		p.ask = end
	}
	switch {
	case p.state == byHandMenu && d == "1":
		p.question(byHandAccount)
	case p.state == byHandMenu && d == "2":
		p.sales()
	case p.state == byHandMenu:
		p.miss(false)
	case d == "#":
		p.take(p.keys[:len(p.keys)-1])
	case d < "0" || d > "9":
		p.miss(false)
	case len(p.keys) == 6:
		p.endKey, p.endTill = true, p.now.Add(2*time.Second)
		p.take(p.keys)
	}
}

func (p *handwritten) take(account string) {
	if len(account) < 4 {
		p.miss(false)
		return
	}
	p.account = account
	p.count++
	switch {
	case p.count > 3:
		p.sorry()
	case strings.HasPrefix(account, "9"):
		p.sales()
	default:
		read := strings.Join(strings.Split(account, ""), " ")
		p.say(Part{Text: "Your account is " + read + ".", Lang: "en", Private: true, Of: "told", Pieces: []Piece{{File: "told.1", Text: "Your account is "},
			{Text: read, Value: words.Value{Kind: words.Digits, Text: account}}, {Text: "."}}})
		p.question(byHandMenu)
	}
}

// silent: the time for the next key is over.
func (p *handwritten) silent() {
	switch {
	case !p.asking():
	case p.stage != stageBetween:
		p.miss(true)
	case p.state == byHandAccount:
		p.take(p.keys)
	default:
		p.miss(false)
	}
}

func (p *handwritten) miss(silence bool) {
	p.tries++
	if !silence {
		p.forget()
	}
	p.ask, p.keys = time.Time{}, ""
	switch {
	case p.tries == 3:
		p.sorry()
		return
	case silence:
		p.say(Part{Name: "no_input", Text: "Sorry, I did not hear anything.", Lang: "en", Of: "no_input"})
	default:
		p.say(Part{Name: "no_match", Text: "Sorry, that is not a valid choice.", Lang: "en", Of: "no_match"})
	}
	p.sayQuestion()
}

func (p *handwritten) sales() {
	p.ask = time.Time{}
	p.say(Part{Name: "hold", Text: "We put you through.", Lang: "en", Of: "hold"})
	p.forget()
	p.state = byHandHold
	p.flush()
}

func (p *handwritten) sorry() {
	p.say(Part{Name: "sorry", Text: "We cannot help you now. Please call again.", Lang: "en", Of: "sorry"})
	p.bye()
}

func (p *handwritten) bye() {
	p.state, p.ask = byHandBye, time.Time{}
	p.flush()
}

func (p *handwritten) done(in DoneStep) {
	switch in.ID {
	case p.playing:
		p.playing = ""
		if in.Result.Outcome == "error" {
			p.emit(Log{Code: "prompt.failed", Text: "a prompt could not be played: " + in.Result.Code})
		}
		p.pump()
	case p.picked:
		p.picked = ""
		if in.Result.Outcome == "error" {
			p.emit(Log{Code: "answer.failed", Text: "the call could not be answered: " + in.Result.Code})
		}
	case p.open:
		p.open = ""
		p.budget = p.now.Add(p.left)
		if in.Result.Outcome == "answered" {
			p.bye()
		} else {
			p.sorry()
		}
	}
}
