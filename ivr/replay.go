package ivr

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"ctid"
)

// Difference is where a call would have left the way it went, under another version of its script.
type Difference struct {
	Node  string // the last node both ways have in common; empty: not even the first
	Input string // what the caller or the world gave there, as the trail shows it
	Was   string // where that led; empty: the script ended there, or waited
	Is    string // where it leads now
	Why   string // where the nodes alone do not say it
}

// Replayed is what became of a call that was fed to another version of its script.
type Replayed struct {
	Same      bool
	Unsure    string // it cannot be told, and why; then there is no Difference
	Different *Difference
	MadeUp    int // answers to masked questions that were replaced by others of the same length
}

// replayLimit is how many inputs a replay gives before it stops: no call has as many.
const replayLimit = 20_000

// Replay feeds what a call's script took to s and holds the way it goes there against was. Prompts take no time, and
// each input comes when it came. A question gets what the question of the same node got, a look-up the answer that the
// same look-up gave. What a masked question got was never kept: other digits, as many, take its place.
func Replay(s *Script, opts Options, was ctid.IVRTrail, inputs []ctid.ScriptInput) Replayed {
	if len(inputs) == 0 || inputs[0].Kind != ctid.InputStart {
		return Replayed{Unsure: "its beginning is not kept"}
	}
	var call CallInfo
	if err := recall(inputs[0].Told.Answer.V, &call); err != nil {
		return Replayed{Unsure: "how it began cannot be read; its caller may have been erased"}
	}
	r := &replay{m: NewMachine(s, opts), open: map[string]string{}, left: slices.Clone(inputs[1:])}
	r.figures(inputs[0])
	r.give(inputs[0].At, Start{Call: call})
	for range replayLimit {
		if r.m.Done() || r.unsure != "" || r.why != "" || !r.step() {
			break
		}
	}
	out := Replayed{Unsure: r.unsure, MadeUp: r.madeUp}
	if d := compare(was.Path, r.m.Trail(r.m.now).Path, r.why); d != nil {
		out.Different, out.Unsure = d, ""
	}
	out.Same = out.Different == nil && out.Unsure == ""
	return out
}

// replay is one call on its way through another version.
type replay struct {
	m      *Machine
	open   map[string]string // the ids of steps that wait for an answer, and what they asked for
	left   []ctid.ScriptInput
	gone   bool
	madeUp int
	unsure string
	why    string // it has left its way, and how
}

// give hands the machine an input, and answers at once what needs nobody: prompts end when they begin.
func (r *replay) give(at time.Time, in Input) {
	steps := r.m.Next(at, in)
	for len(steps) > 0 {
		s := steps[0]
		steps = steps[1:]
		switch s := s.(type) {
		case Play:
			steps = append(steps, r.m.Next(at, DoneStep{ID: s.ID, Result: Result{Outcome: "done"}})...)
		case Answer:
			steps = append(steps, r.m.Next(at, DoneStep{ID: s.ID, Result: Result{Outcome: "done"}})...)
		default:
			if id := stepID(s); id != "" {
				r.open[id] = AskedFor(s)
			}
		}
	}
}

func (r *replay) figures(in ctid.ScriptInput) {
	f := map[string]Figures{}
	if in.Told.Queues.V != nil && recall(in.Told.Queues.V, &f) == nil {
		r.m.SetFigures(f)
	}
}

// step gives the machine the next thing that it waits for; false: there is no more.
func (r *replay) step() bool {
	switch r.m.phase {
	case phaseAsk:
		return r.question()
	case phaseAnswer:
		return r.answer()
	}
	due := r.m.Deadline()
	if due.IsZero() {
		return r.hangup()
	}
	r.give(due, Tick{})
	return true
}

// take finds the first input that is left and is right, and takes it out.
func (r *replay) take(right func(ctid.ScriptInput) bool) (ctid.ScriptInput, bool) {
	i := slices.IndexFunc(r.left, right)
	if i < 0 {
		return ctid.ScriptInput{}, false
	}
	in := r.left[i]
	r.left = slices.Delete(r.left, i, i+1)
	return in, true
}

// question answers the open question as the question of the same node was answered.
func (r *replay) question() bool {
	node := r.m.place()
	in, ok := r.take(func(in ctid.ScriptInput) bool {
		return in.Node == node && slices.Contains([]string{ctid.InputKeys, ctid.InputSilence, ctid.InputHeard}, in.Kind)
	})
	if !ok {
		if len(r.left) > 0 && r.left[0].Told.Asked == "" && r.hangup() {
			return true
		}
		if len(r.left) > 0 {
			r.why = fmt.Sprintf("%s asks what the caller was not asked then", node)
		}
		return false
	}
	r.figures(in)
	switch in.Kind {
	case ctid.InputSilence:
		r.until(in.At)
	case ctid.InputHeard:
		r.unsure = fmt.Sprintf("what was said at %s is not replayed", node)
	default:
		keys := string(in.Told.Keys)
		if in.Masked || r.m.at.question().masked {
			if keys, ok = r.m.fitting(in.Count, in.Outcome); !ok {
				r.unsure = fmt.Sprintf("the answer at %s is masked, and no other that fits was found", node)
				return false
			}
			r.madeUp++
		}
		r.press(in.At, keys)
	}
	return true
}

// press gives the keys of one answer, and lets the time between keys pass if they alone do not end it.
func (r *replay) press(at time.Time, keys string) {
	r.m.Taken()
	for i := range keys {
		r.give(at, Key{Digit: keys[i : i+1]})
	}
	if len(r.m.Taken()) == 0 {
		r.until(at)
	}
}

// until lets time pass until the open question has taken something, if only silence.
func (r *replay) until(at time.Time) {
	r.m.Taken()
	for range 100 {
		due := r.m.Deadline()
		if due.IsZero() || r.m.Done() || r.m.phase != phaseAsk {
			return
		}
		if due.After(at) {
			at = due
		}
		r.give(at, Tick{})
		if len(r.m.Taken()) > 0 {
			return
		}
	}
}

// answer gives the open step what the same question of the script was answered then.
func (r *replay) answer() bool {
	asked := r.open[r.m.open]
	in, ok := r.take(func(in ctid.ScriptInput) bool {
		return in.Kind == ctid.InputAnswer && (string(in.Told.Asked) == asked)
	})
	if !ok {
		if len(r.left) > 0 && string(r.left[0].Told.Asked) == asked && r.hangup() {
			return true
		}
		if len(r.left) > 0 {
			r.why = fmt.Sprintf("%s asks for %s, which the call did not ask then", r.m.place(), asked)
		}
		return false
	}
	var res Result
	if in.Told.Answer.V != nil {
		if err := recall(in.Told.Answer.V, &res); err != nil {
			r.unsure = fmt.Sprintf("the answer to %s cannot be read; its caller may have been erased", asked)
			return false
		}
	}
	res.Outcome = in.Outcome
	r.figures(in)
	id := r.m.open
	if k := string(in.Told.Keys); k != "" {
		r.give(in.At, Key{Digit: k})
	}
	r.give(in.At, DoneStep{ID: id, Result: res})
	return true
}

// hangup lets the caller go if that is all that is left of his call.
func (r *replay) hangup() bool {
	if r.gone || len(r.left) == 0 || r.left[0].Kind != ctid.InputHangup {
		return false
	}
	in, _ := r.take(func(ctid.ScriptInput) bool { return true })
	r.gone = true
	r.give(in.At, Hangup{Side: ctid.SideCaller})
	return true
}

// compare finds where two ways part; why is what is known beyond the nodes.
func compare(was, is []ctid.PathStep, why string) *Difference {
	at := 0
	for at < len(was) && at < len(is) && was[at].Node == is[at].Node {
		at++
	}
	if at == len(was) && at == len(is) && why == "" {
		return nil
	}
	d := &Difference{}
	if at > 0 {
		d.Node, d.Input = was[at-1].Node, was[at-1].Key
	}
	if at < len(was) {
		d.Was = was[at].Node
	}
	if at < len(is) {
		d.Is = is[at].Node
	} else {
		d.Why = why
	}
	return d
}

// recall brings back a value that was kept as JSON.
func recall(v, to any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, to)
}
