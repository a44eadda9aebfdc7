package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// thing is what is known of an agent, a call or a pop.
type thing struct {
	rev         uint64
	can         []string
	offer, wrap string // of a pop; of an agent
}

// screen is what the frames add up to, and how far they have come. Things have the names that welcome.revs gives them.
type screen struct {
	epoch  string
	pos    uint64
	whole  bool // the snapshot has come whole, so there is something to resume
	things map[string]*thing
	revs   map[string]uint64 // what must be known after replay more events
	replay int
}

var (
	errHole   = errors.New("an event is missing")
	errDesync = errors.New("the screen is not what the server said it would be")
)

func (s *screen) hello(id string) object {
	h := object{"k": "hello", "client": object{"name": "example-go", "version": "1", "id": id}, "caps": []string{"pop.ack", "tock"}}
	if s.whole {
		h["resume"] = object{"epoch": s.epoch, "seq": s.pos}
	}
	return h
}

// take changes screen and position by a frame, and returns the pops to acknowledge. A state frame is passed over: the
// newest value overtakes events, so it must not move the position.
func (s *screen) take(f frame) (shown []frame, err error) {
	switch f.K {
	case "welcome":
		fmt.Printf("connected resumed=%v replay=%d\n", f.Resumed, f.Replay)
		if !f.Resumed {
			*s = screen{epoch: f.Epoch}
			return nil, nil
		}
		s.revs, s.replay = f.Revs, f.Replay
		err = s.compare()
	case "snap":
		shown = s.snap(f)
	case "tick":
		s.pos = max(s.pos, f.Seq)
	case "event":
		if f.Type == "pop.offered" { // one that is sent again, too
			shown = []frame{f}
		}
		if f.Seq <= s.pos {
			return shown, nil
		}
		if f.Prev > s.pos {
			return nil, errHole
		}
		s.event(f)
		s.pos = f.Seq
		s.replay--
		err = s.compare()
	}
	return shown, err
}

// compare holds the screen against what welcome said would be there after the replay. What is not named has gone from
// this agent's screen meanwhile.
func (s *screen) compare() error {
	if s.revs == nil || s.replay > 0 {
		return nil
	}
	theirs := s.revs
	s.revs = nil
	maps.DeleteFunc(s.things, func(name string, _ *thing) bool { return theirs[name] == 0 })
	for name, rev := range theirs {
		if t := s.things[name]; t == nil || t.rev != rev {
			return fmt.Errorf("%w: %s", errDesync, name)
		}
	}
	return nil
}

// snap takes a part of a snapshot; the last one makes it count.
func (s *screen) snap(f frame) (unseen []frame) {
	var d struct {
		Agent       *frame
		Calls, Pops []frame
	}
	_ = json.Unmarshal(f.Data, &d) // what does not fit is of a later version
	if f.Part == 1 {
		s.things, s.whole = map[string]*thing{}, false
	}
	if d.Agent != nil {
		s.show("agent:"+d.Agent.Agent, d.Agent.State, *d.Agent)
	}
	for _, c := range d.Calls {
		s.show("call:"+c.Call, c.State, c)
	}
	for _, p := range d.Pops {
		s.show("pop:"+p.Pop, words(p.Data), p)
		if !p.Seen {
			unseen = append(unseen, p)
		}
	}
	if f.Last {
		s.pos, s.whole = max(s.pos, f.AsOf), true
	}
	return unseen
}

// event shows an event, where it is newer than what is known of its thing.
func (s *screen) event(f frame) {
	kind, what, _ := strings.Cut(f.Type, ".")
	name := kind + ":" + map[string]string{"agent": f.Agent, "call": f.Call, "pop": f.Pop}[kind]
	switch old := s.things[name]; {
	case f.Type == "agent.wrapup_saved" || !slices.Contains([]string{"agent", "call", "pop"}, kind):
		fmt.Println(f.Type, string(f.Data)) // nothing that buttons hang on
	case old != nil && f.Rev <= old.rev:
	case f.Type == "call.cleared" || f.Type == "pop.closed":
		fmt.Println(name, what)
		delete(s.things, name)
	case f.Type == "agent.state_changed":
		var a frame
		_ = json.Unmarshal(f.Data, &a)
		a.Rev = f.Rev
		s.show(name, a.State, a)
	case f.Type == "pop.offered":
		s.show(name, words(f.Data), f)
	case kind == "pop": // its data is a merge patch
		s.show(name, what+" "+string(f.Data), f)
	default:
		s.show(name, what, f)
	}
}

// show prints a thing with what its buttons would be: can, and nothing else.
func (s *screen) show(name, text string, f frame) {
	t := s.things[name]
	if t == nil {
		t = &thing{}
		s.things[name] = t
	}
	t.rev, t.wrap = f.Rev, f.Wrap.ID
	if f.Can != nil {
		t.can = f.Can
	}
	var d struct{ Offer string }
	if _ = json.Unmarshal(f.Data, &d); d.Offer != "" {
		t.offer = d.Offer
	}
	fmt.Printf("%s %s can=%s\n", name, text, strings.Join(t.can, ","))
}

// fill completes the arguments of a request with what is on the screen: the newest call that can do it, the offer,
// the wrap-up.
func (s *screen) fill(op string, args object) object {
	_, given := args["call"]
	for _, name := range slices.Sorted(maps.Keys(s.things)) {
		t := s.things[name]
		if call, ok := strings.CutPrefix(name, "call:"); ok && !given && slices.Contains(t.can, op) {
			args["call"] = call
		}
		if (op == "call.answer" || op == "call.reject") && strings.HasPrefix(name, "pop:") {
			args["offer"] = t.offer
		}
		if op == "agent.wrapup_done" && t.wrap != "" {
			args["wrap"] = t.wrap
		}
	}
	return args
}
