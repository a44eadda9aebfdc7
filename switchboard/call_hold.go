package switchboard

import (
	"slices"
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
	if k.alone() {
		k.startHoldMusic(k.channel)
	}
	k.hold = &hold{now}
	k.fact(by, ctid.CallHeld{Leg: ctid.LegID(k.channel), Talk: "main", MOH: k.musicClass, Why: why}, t.agent)
	k.save()
	return nil
}

// retrieveMain takes the agent back to the caller.
func (k *call) retrieveMain(now time.Time, by ctid.By, why string) *ctid.Error {
	t := k.talk
	k.stopHoldMusic()
	if err := k.node.AddToBridge(k.ctx, k.bridge, t.leg); err != nil {
		return refusedBy(err)
	}
	k.endHold(now, by, why)
	k.save()
	return nil
}

// alone tells whether without the agent nobody is left to speak with the caller: no conference, and no supervisor who has joined.
func (k *call) alone() bool {
	return k.talkDoing() == ctid.DoingTalk && !slices.ContainsFunc(k.monitors, func(m *monitor) bool { return m.mode == modeBarge })
}

// startHoldMusic lets one who waits alone in his bridge hear music. It is his channel's, not the bridge's: that would be one more channel in
// there, on its way out while others come in, and at a busy moment Asterisk has left one of those without sound.
func (k *call) startHoldMusic(channel string) {
	k.warn("music for one who is held failed", k.node.StartMOH(k.ctx, channel, k.musicClass))
	k.hearsHold = channel
}

// stopHoldMusic ends that music.
func (k *call) stopHoldMusic() {
	if k.hearsHold != "" && (k.hearsHold != k.channel || !k.callerGone) {
		k.warn("stopping the music of one who was held failed", k.node.StopMOH(k.ctx, k.hearsHold))
	}
	k.hearsHold = ""
}

// stopCallersMusic is stopHoldMusic where it is the caller who hears it, and not the third party that waits in his stead.
func (k *call) stopCallersMusic() {
	if k.hearsHold == k.channel {
		k.stopHoldMusic()
	}
}

// endHold closes the hold's clock and tells of it.
func (k *call) endHold(now time.Time, by ctid.By, why string) {
	if k.hold == nil {
		return
	}
	ms := now.Sub(k.hold.since).Milliseconds()
	k.stopCallersMusic()
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
