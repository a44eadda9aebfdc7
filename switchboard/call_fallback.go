package switchboard

import (
	"time"

	"ctid"
	"ctid/acd"
)

// sendToFallback hands a caller who does not talk to an agent over to the fallback dialplan.
func (k *call) sendToFallback(now time.Time, reason string) {
	if k.ahead != nil { // nobody could be sent there; it ends by itself
		return
	}
	if k.whispers != nil {
		k.whispered(now)
	}
	if k.talk != nil || k.callerGone || k.ended || k.dialing != nil || k.inner != nil || len(k.outside) > 0 {
		return
	}
	k.messageParted()
	for id, p := range k.plays {
		if p.begun {
			k.warn("stopping a prompt failed", k.node.StopPlayback(k.ctx, id))
		}
	}
	if k.queue != nil && !k.queue.over {
		k.tellCore(acd.TaskGone{Task: ctid.TaskID(k.id)})
		k.settleQueue(now)
		k.rec.Queues[len(k.rec.Queues)-1].Exit = ctid.ExitRemoved
	}
	k.stopMusic()
	k.rungCancelled(now)
	k.rec.Outcome = "fallback"
	k.away = true
	if err := toFallback(k.ctx, k.node, k.channel); err != nil {
		k.warn("sending the caller to the fallback failed", err)
		k.away = false
		k.hangupCaller("congestion")
	}
	k.finish(now, ctid.End{Side: ctid.SideSystem, Reason: reason})
}
