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
	e := h.check(s, o, f)
	if e == nil {
		e = h.tooFastFor(s, o)
	}
	if e != nil {
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
	if e = shape(a); e == nil {
		e = h.within(s, a)
	}
	if login, ok := a.(ctid.AgentLogin); ok && e == nil {
		e = h.loginSeat(s, login)
	}
	if e != nil {
		h.refuse(s, f.ID, e)
		return
	}
	if o.asks {
		f.Idem = ""
	}
	h.doOnce(s, f, a)
}

// tooFast refuses what is over the rate.
func (h *Hub) tooFast(s *session) *ctid.Error { return h.takeFrom(s, &s.bucket, "too many requests") }

// tooFastFor refuses what is over the op's own rate.
func (h *Hub) tooFastFor(s *session, o *op) *ctid.Error {
	if o.rate == 0 {
		return nil
	}
	b := s.buckets[o.name]
	if b == nil {
		b = &bucket{rate: o.rate, burst: o.burst, have: o.burst, at: h.now}
		if s.buckets == nil {
			s.buckets = map[string]*bucket{}
		}
		s.buckets[o.name] = b
	}
	return h.takeFrom(s, b, "too many requests of "+o.name)
}

// takeFrom takes a token out of a bucket; five refusals in a minute end the session.
func (h *Hub) takeFrom(s *session, b *bucket, text string) *ctid.Error {
	if b.take(h.now) {
		return nil
	}
	s.strikes = slices.DeleteFunc(s.strikes, func(t time.Time) bool { return h.now.Sub(t) > time.Minute })
	s.strikes = append(s.strikes, h.now)
	e := ctid.Refuse(ctid.RateLimited, text)
	e.RetryMS = b.wait().Milliseconds() + 1
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
	if s.open == nil {
		s.open = map[string]*request{}
	}
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

func (h *Hub) doPopGet(s *session, f inFrame, _ *renewal) ctid.Reply {
	var a struct {
		Pop ctid.PopID `json:"pop"`
	}
	if err := json.Unmarshal(f.Args, &a); err != nil {
		return failed(badArgs(err))
	}
	if e := h.withinPop(s, a.Pop); e != nil {
		return failed(e)
	}
	return done(map[string]any{"pop": h.shownPop(h.view.pops[a.Pop])})
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
	h.setWho(s, n.who)
	return done(map[string]any{"until": wireTime{s.who.Until}})
}
