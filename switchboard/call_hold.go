package switchboard

import (
	"strings"
	"time"

	"ctid"
)

// hold is the caller's wait while the agent who has him does something else.
type hold struct {
	since time.Time
}

// holdMain takes the agent out of the conversation; the others hear music.
func (k *call) holdMain(now time.Time, by ctid.By, why string) *ctid.Error {
	t := k.talk
	if err := k.node.RemoveFromBridge(k.ctx, k.bridge, t.leg); err != nil {
		return refusedBy(err)
	}
	if k.talkDoing() == ctid.DoingTalk { // in a conference the others speak on
		k.warn("music for the held caller failed", k.node.StartBridgeMOH(k.ctx, k.bridge, k.musicClass))
	}
	k.hold = &hold{now}
	k.fact(by, ctid.CallHeld{Leg: ctid.LegID(k.channel), Talk: "main", MOH: k.musicClass, Why: why}, t.agent)
	k.save()
	return nil
}

// retrieveMain takes the agent back to the caller.
func (k *call) retrieveMain(now time.Time, by ctid.By, why string) *ctid.Error {
	t := k.talk
	k.warn("stopping the held caller's music failed", k.node.StopBridgeMOH(k.ctx, k.bridge))
	if err := k.node.AddToBridge(k.ctx, k.bridge, t.leg); err != nil {
		return refusedBy(err)
	}
	k.endHold(now, by, why)
	k.save()
	return nil
}

// endHold closes the hold's clock and tells of it.
func (k *call) endHold(now time.Time, by ctid.By, why string) {
	if k.hold == nil {
		return
	}
	ms := now.Sub(k.hold.since).Milliseconds()
	k.hold = nil
	if k.talk != nil && k.talk.joined {
		k.rec.Agents[k.talk.rec].HoldMS += ms
		k.fact(by, ctid.CallRetrieved{Leg: ctid.LegID(k.channel), HeldMS: ms, Why: why}, k.talk.agent)
	}
}

func (k *call) holdWish(now time.Time, w *wish) {
	if err := k.holdMain(now, w.by, ""); err != nil {
		k.wishFailed(w, err)
		return
	}
	k.doing(w.agent, ctid.DoingHold, w.by)
	k.wishDone(w)
}

func (k *call) retrieveWish(now time.Time, w *wish) {
	if err := k.retrieveMain(now, w.by, ""); err != nil {
		k.wishFailed(w, err)
		return
	}
	k.doing(w.agent, k.talkDoing(), w.by)
	k.wishDone(w)
}

// talkDoing is what those in the main conversation do.
func (k *call) talkDoing() ctid.Doing {
	if len(k.guests)+len(k.outside) > 0 {
		return ctid.DoingConference
	}
	return ctid.DoingTalk
}

const maxKeys = 32

// sendKeys sends keys to whom the agent talks with: the consulted party, or the caller.
func (k *call) sendKeys(r ctid.CallDTMF, w *wish) {
	keys := strings.ToUpper(string(r.Digits))
	if keys == "" || len(keys) > maxKeys || strings.Trim(keys, "0123456789ABCD*#") != "" {
		k.wishFailed(w, &ctid.Error{Code: ctid.BadRequest, Text: "keys are 1 to 32 of 0-9, A-D, * and #", Fields: []string{"args.digits"}})
		return
	}
	to := k.channel
	if k.side != nil && k.side.up && !k.side.swapped {
		to = k.side.leg
	}
	if err := k.node.SendDTMF(k.ctx, to, keys); err != nil {
		k.wishFailed(w, refusedBy(err))
		return
	}
	k.wishDone(w)
}
