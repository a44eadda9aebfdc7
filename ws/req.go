package ws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"ctid"
)

const maxID = 64 // of a request's id and of its key

// request is one of a session's requests without a final reply.
type request struct {
	id      string
	timeout *alarm
}

// renewal is what Auth said of the token in an auth.renew.
type renewal struct {
	who ctid.Who
	err error
}

// take handles one frame of an attached session.
func (h *Hub) take(s *session, f inFrame, renewed *renewal) {
	if s.gone {
		return
	}
	h.heard(s)
	switch f.K {
	case "req":
		h.request(s, f, renewed)
	case "ack":
		h.ackPop(s, f)
	case "tock":
		h.tock(s, f)
	case "hello":
		h.end(s, refusal{CloseOutOfOrder, "hello came twice"})
	default:
		if f.ID != "" {
			h.refuse(s, f.ID, ctid.Refuse(ctid.BadRequest, "unknown frame"))
		}
	}
}

// request checks a request and hands it to the hub's own function or to the desk.
func (h *Hub) request(s *session, f inFrame, renewed *renewal) {
	if f.ID == "" || len(f.ID) > maxID || len(f.Idem) > maxID {
		h.refuse(s, clip(f.ID, maxID), ctid.Refuse(ctid.BadRequest, "a request needs an id, and id and idem have at most 64 bytes"))
		return
	}
	if e := h.tooFast(s); e != nil {
		h.refuse(s, f.ID, e)
		return
	}
	o := findOp(f.Op)
	if e := h.check(s, o, f); e != nil {
		h.refuse(s, f.ID, e)
		return
	}
	if o.local != nil {
		h.answer(s, f.ID, o.local(h, s, f, renewed))
		return
	}
	a, err := o.decode(f.Args)
	if err != nil {
		h.refuse(s, f.ID, badArgs(err))
		return
	}
	if o.name == (ctid.AgentLogin{}).Op() {
		if e := h.loginSeat(s, a.(ctid.AgentLogin)); e != nil {
			h.refuse(s, f.ID, e)
			return
		}
	}
	h.doOnce(s, f, a)
}

// tooFast refuses what is over the rate; five refusals in a minute end the session.
func (h *Hub) tooFast(s *session) *ctid.Error {
	if s.bucket.take(h.now) {
		return nil
	}
	s.strikes = slices.DeleteFunc(s.strikes, func(t time.Time) bool { return h.now.Sub(t) > time.Minute })
	s.strikes = append(s.strikes, h.now)
	e := ctid.Refuse(ctid.RateLimited, "too many requests")
	e.RetryMS = s.bucket.wait().Milliseconds() + 1
	if len(s.strikes) >= 5 {
		h.end(s, refusal{CloseTooMany, "too many requests, again and again"})
	}
	return e
}

func (h *Hub) check(s *session, o *op, f inFrame) *ctid.Error {
	switch {
	case o == nil:
		return ctid.Refuse(ctid.UnknownOp, fmt.Sprintf("there is no op %q", clip(f.Op, maxID)))
	case !o.may(s.who):
		return ctid.Refuse(ctid.Forbidden, "your role does not allow "+o.name)
	case o.idem && f.Idem == "":
		return &ctid.Error{Code: ctid.BadRequest, Text: o.name + " needs idem, a key of your own", Fields: []string{"idem"}}
	case s.open[f.ID] != nil:
		return ctid.Refuse(ctid.InProgress, "a request with this id still runs")
	case len(s.open) >= h.cfg.Limits.Outstanding:
		return &ctid.Error{Code: ctid.RateLimited, Text: "too many requests without an answer yet", RetryMS: 1000}
	case o.agent && o.name != (ctid.AgentLogin{}).Op() && !h.hasSeat(s):
		return h.seatTaken(s)
	}
	return nil
}

func badArgs(err error) *ctid.Error {
	e := ctid.Refuse(ctid.BadRequest, "args do not fit: "+err.Error())
	var t *json.UnmarshalTypeError
	if errors.As(err, &t) {
		e.Fields = []string{"args." + t.Field}
	}
	return e
}

// doOnce gives an action to the desk, unless a request with the same key did so before.
func (h *Hub) doOnce(s *session, f inFrame, a ctid.Action) {
	row, fresh, e := h.idem.look(s.who, f.Idem, a, h.now)
	if e != nil {
		h.refuse(s, f.ID, e)
		return
	}
	h.openRequest(s, f.ID)
	for _, r := range row.replies {
		h.reply(s, f.ID, r)
	}
	if !row.final() {
		row.waiting = append(row.waiting, asker{s, f.ID})
	}
	if !fresh {
		return
	}
	who := s.who
	who.Req = f.ID
	h.cfg.Desk.Do(h.ctx, who, a, func(r ctid.Reply) {
		h.box.put(func() { h.replied(row, r) })
	})
}

// replied passes the desk's reply on to all who asked the same.
func (h *Hub) replied(row *idemRow, r ctid.Reply) {
	if row.final() {
		h.cfg.Log.Error("the desk replied after its final reply", "phase", r.Phase)
		return
	}
	row.replies = append(row.replies, r)
	for _, w := range row.waiting {
		h.reply(w.s, w.id, r)
	}
	if row.final() {
		row.waiting = nil
	}
}

func (h *Hub) openRequest(s *session, id string) {
	r := &request{id: id}
	r.timeout = h.after(h.cfg.Timings.Request, func() {
		h.reply(s, id, failed(ctid.Refuse(ctid.Timeout, "no answer in time: watch the events to see what became of it")))
	})
	s.open[id] = r
}

// reply passes on the desk's reply to an open request; the final one closes it, and what comes later is dropped.
func (h *Hub) reply(s *session, id string, r ctid.Reply) {
	open := s.open[id]
	if open == nil {
		return
	}
	if r.Phase != ctid.Started {
		open.timeout.stop()
		delete(s.open, id)
	}
	h.answer(s, id, r)
}

// answer sends one reply.
func (h *Hub) answer(s *session, id string, r ctid.Reply) {
	h.send(s, resFrame{"res", id, viewReply(r)})
}

func (h *Hub) refuse(s *session, id string, e *ctid.Error) { h.answer(s, id, failed(e)) }

func done(data map[string]any) ctid.Reply { return ctid.Reply{Phase: ctid.Done, Data: data} }
func failed(e *ctid.Error) ctid.Reply     { return ctid.Reply{Phase: ctid.Failed, Err: e} }

type topicArgs struct {
	Topics []string `json:"topics"`
}

func (h *Hub) doSnapshot(s *session, f inFrame, _ *renewal) ctid.Reply {
	var a topicArgs
	if len(f.Args) > 0 {
		if err := json.Unmarshal(f.Args, &a); err != nil {
			return failed(badArgs(err))
		}
	}
	if len(a.Topics) == 0 {
		h.snapAll(s)
		return done(nil)
	}
	for _, t := range a.Topics {
		if !s.topics[t] {
			return failed(ctid.Refuse(ctid.NotFound, "not subscribed to "+clip(t, maxID)))
		}
	}
	slices.Sort(a.Topics)
	for _, t := range slices.Compact(a.Topics) {
		h.snap(s, t)
	}
	return done(nil)
}

func (h *Hub) doSub(s *session, f inFrame, _ *renewal) ctid.Reply {
	var a topicArgs
	if err := json.Unmarshal(f.Args, &a); err != nil {
		return failed(badArgs(err))
	}
	if len(a.Topics) > h.cfg.Limits.Topics {
		return failed(ctid.Refuse(ctid.TooLarge, "too many topics"))
	}
	var added []string
	for _, t := range a.Topics {
		if !s.topics[t] {
			added = append(added, t)
		}
	}
	refused := h.addTopics(s, added)
	for _, t := range added {
		if s.topics[t] {
			h.snap(s, t)
		}
	}
	return done(map[string]any{"topics": sortedTopics(s), "refused": orEmpty(refused)})
}

func (h *Hub) doUnsub(s *session, f inFrame, _ *renewal) ctid.Reply {
	var a topicArgs
	if err := json.Unmarshal(f.Args, &a); err != nil {
		return failed(badArgs(err))
	}
	for _, t := range a.Topics {
		if t != TopicMe { // always on
			delete(s.topics, t)
		}
	}
	return done(map[string]any{"topics": sortedTopics(s)})
}

func (h *Hub) doPopGet(s *session, f inFrame, _ *renewal) ctid.Reply {
	var a struct {
		Pop ctid.PopID `json:"pop"`
	}
	if err := json.Unmarshal(f.Args, &a); err != nil {
		return failed(badArgs(err))
	}
	p := h.view.pops[a.Pop]
	if p == nil || p.agent != s.agent {
		return failed(ctid.Refuse(ctid.NotFound, "no such pop is open for you"))
	}
	return done(map[string]any{"pop": h.shownPop(p)})
}

// renew asks Auth about the new token; it runs on the session's reader, as it may block.
func (h *Hub) renew(f inFrame) *renewal {
	var a struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(f.Args, &a); err != nil {
		return &renewal{err: badArgs(err)}
	}
	ctx, cancel := context.WithTimeout(h.ctx, h.cfg.Timings.Hello)
	defer cancel()
	who, err := h.cfg.Auth.Token(ctx, a.Token)
	return &renewal{who, err}
}

// doRenew puts the session on a new token of the same user.
func (h *Hub) doRenew(s *session, _ inFrame, n *renewal) ctid.Reply {
	var e *ctid.Error
	switch {
	case errors.As(n.err, &e):
		return failed(e)
	case n.err != nil:
		return failed(&ctid.Error{Code: ctid.Overloaded, Text: "the token cannot be checked now", RetryMS: h.cfg.Timings.Retry.Milliseconds()})
	case n.who.User != s.who.User || n.who.Agent != s.agent:
		return failed(ctid.Refuse(ctid.Forbidden, "the new token is of another user"))
	}
	s.who.Until, s.who.Roles = n.who.Until, n.who.Roles
	h.startToken(s)
	if s.topics[TopicDesk] && !s.who.Has(ctid.RoleAdmin) {
		delete(s.topics, TopicDesk)
		h.send(s, sessionFrame{K: "session", What: "resync", Topics: sortedTopics(s)})
	}
	return done(map[string]any{"until": wireTime{s.who.Until}})
}
