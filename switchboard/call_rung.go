package switchboard

import (
	"cmp"
	"slices"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
	"ctid/ivr"
)

// rung is a dial or transfer step of the script: from its beginning until the one who answered has left.
type rung struct {
	step    string // the machine's id
	verb    string // dial, transfer
	left    []goal // who is still to be rung
	inTurn  bool
	ring    time.Duration
	most    time.Duration // the longest talk; 0: none
	whisper []ivr.Part    // to the one who answers, before he is joined
	screen  bool          // he must press 1 first
	shown   string        // the caller id that he sees, as a phone is told it; empty: the usual one

	cands   []*candidate
	code    string // why the last of those could not be rung, as error.code has it
	refused bool   // a rule forbade every one so far
	ended   outcomes
	leg     string    // who has answered and takes the caller
	joined  bool      // the two hear each other
	part    int       // index into rec.Parties of the one who took the caller; -1: none
	since   time.Time // when the two were joined
	until   time.Time // when the talk has lasted for long enough, or the legs that go have had time enough
	over    bool      // the talk is over; the script goes on when the legs are gone
}

// candidate is one of those who are being rung.
type candidate struct {
	goal  goal
	leg   string // empty: an agent whom the core has not offered the call yet
	offer *offer // of an agent on duty
	part  int    // index into rec.Parties
	up    bool   // he has answered, and is asked whether he takes the call
	play  string // what he is told meanwhile
	late  bool   // the join has failed once, for one of the two had gone
	until time.Time
}

// outcomes counts what became of those who did not take the call.
type outcomes struct{ busy, noAnswer int }

// Outcomes of a dial or transfer step, and of each attempt in it.
const (
	rungAnswered = "answered"
	rungBusy     = "busy"
	rungNoAnswer = "no_answer"
	rungFailed   = "failed"
	rungRefused  = "refused"   // the dial rules forbid it; of an attempt only
	rungDropped  = "cancelled" // another has taken the call, or the caller has hung up; of an attempt only
)

const (
	// mostRung is how many numbers one step rings.
	mostRung = 20
	// mostParties is how many attempts a record keeps.
	mostParties = 100
	// screenTime is how long the one who answers has to press 1, and the longest whisper.
	screenTime = 30 * time.Second
	// legsTime is how long the script waits for the legs of a talk that is over.
	legsTime = 2 * time.Second
	// rungRings is how long a number rings for a step that does not say.
	rungRings = 20 * time.Second
	// joinAgain is how long a join that failed waits for the word who of the two has gone.
	joinAgain = 500 * time.Millisecond
)

func (k *call) dialStep(s ivr.Dial) {
	k.beginRung(&rung{step: s.ID, verb: "dial", inTurn: s.InTurn, ring: s.Ring, most: s.Max, whisper: s.Whisper, screen: s.Screen, shown: s.CallerID}, s.To, s.Allow)
}

// transferStep hands the caller on. Asked for attended, the one who answers must take him.
func (k *call) transferStep(s ivr.Transfer) {
	r := &rung{step: s.ID, verb: "transfer", ring: s.Ring, shown: s.CallerID, screen: s.Mode == "attended"}
	if s.Mode != "blind" && s.Mode != "" {
		r.whisper = s.Announce
	}
	k.beginRung(r, []string{s.To}, s.Allow)
}

// beginRung asks the desk what the numbers mean under the rules in force, and rings them. The caller hears ringing.
func (k *call) beginRung(r *rung, to, allow []string) {
	k.rung, r.refused, r.part = r, true, -1
	k.queue = nil // the stay in one is over, and its rules are not those of this talk
	r.ring = cmp.Or(r.ring, rungRings)
	said := r.shown
	k.stopMusic()
	k.warn("the ringing tone failed", k.node.Ring(k.ctx, k.channel))
	k.desk.post(func(time.Time) {
		goals, shown := k.desk.goals(k, to, allow), ""
		if said != "" {
			shown = callerID(numberOf(said, k.desk.plan.Country))
		}
		k.post(func(now time.Time) {
			if k.rung == r && !k.ended && !k.callerGone {
				r.left, r.shown = goals, shown
				k.ringNext(now)
				k.save()
			}
		})
	})
}

// ringNext rings the next number, or all of them; where none is left and nobody rings, the step has failed.
func (k *call) ringNext(now time.Time) {
	r := k.rung
	for len(r.left) > 0 && (!r.inTurn || len(r.cands) == 0) {
		g := r.left[0]
		r.left = r.left[1:]
		k.ringOne(now, g)
		if k.rung != r { // it led to another script
			return
		}
	}
	if len(r.cands) > 0 {
		return
	}
	result := ivr.Result{Outcome: rungFailed, Code: r.code}
	switch {
	case r.ended.noAnswer > 0:
		result.Outcome = rungNoAnswer
	case r.ended.busy > 0:
		result.Outcome = rungBusy
	case r.refused && r.code != "":
		result.Outcome = "error"
	}
	k.rung = nil
	k.warn("stopping the ringing tone failed", k.node.StopRing(k.ctx, k.channel))
	why := result.Outcome
	if why == "error" {
		why = rungRefused
	}
	k.fact(ctid.BySystem, ctid.CallFailed{Step: r.verb, Reason: why, Next: "script"})
	k.input(now, ivr.DoneStep{ID: r.step, Result: result})
}

// ringOne rings one of them, or says at once what became of him.
func (k *call) ringOne(now time.Time, g goal) {
	r := k.rung
	c := &candidate{goal: g, part: k.tried(now, g), until: now.Add(r.ring)}
	switch {
	case g.refused != "":
		r.code = g.refused
		k.partyOutcome(c.part, rungRefused)
		k.note("dial_refused", map[string]any{"verb": r.verb, "code": g.refused})
		return
	case g.failed != "":
		r.refused, r.code = false, g.failed
		k.partyOutcome(c.part, rungFailed)
		return
	case g.own != nil:
		r.refused = false
		k.toOwnNumber(now, c)
		return
	}
	r.refused = false
	r.cands = append(r.cands, c)
	if g.agent != "" {
		k.ringOnDuty(r, c)
		return
	}
	if err := k.ringParty(now, c); err != nil {
		k.candidateOver(now, c, rungFailed)
	}
}

// ringOnDuty has the core offer the call to an agent, so that it knows what he does.
func (k *call) ringOnDuty(r *rung, c *candidate) {
	c.until = time.Time{} // the core's clock counts
	ev := acd.Direct{Task: ctid.TaskID(k.id), Agent: c.goal.agent, Kind: ctid.OfferDirect, Ring: r.ring, By: ctid.By{Kind: "system", ID: "ivr"}}
	k.desk.post(func(now time.Time) {
		if err := k.desk.asked(now, ev); err != nil {
			why := rungFailed
			if err.Code == ctid.TargetBusy {
				why = rungBusy
			}
			k.post(func(now time.Time) {
				if k.rung == r && slices.Contains(r.cands, c) {
					k.candidateOver(now, c, why)
				}
			})
		}
	})
}

// ringParty rings somebody who is no agent on duty.
func (k *call) ringParty(now time.Time, c *candidate) error {
	r := k.rung
	l := &leg{id: k.name("l"), role: roleParty, born: now}
	k.legs[l.id], c.leg = l, l.id
	err := k.node.Originate(k.ctx, ari.OriginateRequest{ChannelID: l.id, Endpoint: c.goal.endpoint, AppArgs: "leg," + string(k.id),
		Originator: k.channel, CallerID: k.rungCallerID(c.goal), Timeout: int(r.ring.Seconds()) + 5, Variables: k.partyVariables()})
	if err == nil || ari.IsNoAnswer(err) {
		return nil
	}
	delete(k.legs, l.id)
	if ari.IsOriginatorGone(err) { // that the caller hung up is on its way
		k.lost(now, "hangup", 0)
		return nil
	}
	k.warn("ringing for the script failed", err)
	return err
}

// rungCallerID is what the one who is rung sees: what the script says; the caller's own number inside, and outside the
// centre's.
func (k *call) rungCallerID(g goal) string {
	switch {
	case k.rung.shown != "":
		return k.rung.shown
	case g.inside:
		return callerID(k.rec.ANI)
	}
	return `"" <` + k.shownAs() + `>`
}

// wantsRung tells whether the script's step still wants the agent whom the core offers the call to.
func (k *call) wantsRung(agent ctid.AgentID) bool {
	return k.rung != nil && !k.callerGone && k.rung.leg == "" && slices.ContainsFunc(k.rung.cands, func(c *candidate) bool {
		return c.goal.agent == agent && c.offer == nil
	})
}

// rungOffered notes the offer of an agent who is rung for the script.
func (k *call) rungOffered(o *offer) {
	for _, c := range k.rung.cands {
		if c.goal.agent == o.Agent && c.offer == nil {
			c.offer, c.leg = o, o.leg
			return
		}
	}
}

// candidate is the one who is rung with that leg; nil: nobody is.
func (k *call) candidate(leg string) *candidate {
	if k.rung == nil || leg == "" {
		return nil
	}
	for _, c := range k.rung.cands {
		if c.leg == leg {
			return c
		}
	}
	return nil
}

// dialOutcome reads why a telephone did not answer: who refuses is busy, who is not there does not answer.
func dialOutcome(cause, sip int) string {
	switch {
	case sip == 486 || sip == 600 || sip == 603 || sip == 0 && (cause == 17 || cause == 21):
		return rungBusy
	case sip == 480 || sip == 408 || sip == 487 || sip == 0 && (cause == 18 || cause == 19):
		return rungNoAnswer
	}
	return rungFailed
}

// offerOutcome is the same of an agent's offer.
func offerOutcome(end ctid.OfferEnd, why string) string {
	switch {
	case end == ctid.OfferMissed:
		return rungNoAnswer
	case end == ctid.OfferRejected || why == "busy" || why == "rejected":
		return rungBusy
	}
	return rungFailed
}

// candidateOver: one of those who were rung does not take the call.
func (k *call) candidateOver(now time.Time, c *candidate, what string) {
	r := k.rung
	if !k.letGoOf(c, what) {
		return
	}
	switch what {
	case rungBusy:
		r.ended.busy++
	case rungNoAnswer:
		r.ended.noAnswer++
	default:
		r.code = "dial.failed"
	}
	if r.leg == "" && !k.callerGone && !k.ended {
		k.ringNext(now)
	}
}

// letGoOf takes somebody out of those who are rung, and tells whether he was one of them. His telephone stops.
func (k *call) letGoOf(c *candidate, what string) bool {
	r := k.rung
	at := slices.Index(r.cands, c)
	if at < 0 {
		return false
	}
	r.cands = slices.Delete(r.cands, at, at+1)
	k.partyOutcome(c.part, what)
	k.hushCandidate(c)
	k.hangupLegs(func(l *leg) bool { return l.id == c.leg })
	switch {
	case c.offer != nil && k.openOffer(c.offer.Offer) == c.offer:
		k.tellCore(acd.Revoke{Offer: c.offer.Offer, Why: "caller_gone"})
	case c.offer != nil && c.up:
		k.tellCore(acd.WorkEnded{Agent: c.goal.agent, Task: ctid.TaskID(k.id), NoWrap: true})
	}
	return true
}

// rungCancelled ends the step without a word to the script: the caller has gone, or leaves it for elsewhere.
func (k *call) rungCancelled(now time.Time) {
	r := k.rung
	if r == nil {
		return
	}
	k.rungClock(now)
	for len(r.cands) > 0 {
		k.letGoOf(r.cands[0], rungDropped)
	}
	k.rung = nil
}

// tried notes an attempt in the record and gives its index; -1: there were so many that this one is not kept.
func (k *call) tried(now time.Time, g goal) int {
	if len(k.rec.Parties) >= mostParties {
		return -1
	}
	k.rec.Parties = append(k.rec.Parties, ctid.PartyPart{Verb: k.rung.verb, To: ctid.Private(g.to), Agent: g.agent, At: k.sb.clock.wall(now)})
	return len(k.rec.Parties) - 1
}

// rungClock closes the clock of the one who took the caller.
func (k *call) rungClock(now time.Time) {
	if r := k.rung; r.joined && !r.over && r.part >= 0 {
		k.rec.Parties[r.part].TalkMS = now.Sub(r.since).Milliseconds()
	}
}

func (k *call) partyOutcome(part int, what string) {
	if part >= 0 && k.rec.Parties[part].Outcome == "" {
		k.rec.Parties[part].Outcome = what
	}
}
