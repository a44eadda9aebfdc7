package switchboard

import "time"

// reconcile compares the call with the channels that a node has after a gap in its events. What is younger than that
// look is not in it.
func (k *call) reconcile(now time.Time, f *found) {
	there := func(id string) bool { _, ok := f.channels[id]; return ok }
	if k.channel != "" && k.legs[k.channel] == nil && !there(k.channel) && k.born.Before(f.began) { // before his legs: where both are gone, nobody hung up on him
		k.lost(now, "lost_while_disconnected", 0)
	}
	for id, l := range k.legs {
		switch {
		case !there(id) && l.born.Before(f.began):
			k.legGone(now, l, 0, 0)
		case there(id) && !l.up && !l.asked && f.channels[id].State == "Up": // answered while nobody looked
			k.legUp(l)
		case there(id) && l.asked: // the request may have been lost with the connection
			k.hangupLeg(l)
		}
	}
	if m := k.message; m != nil && m.stage == messageRecords {
		k.messageLook(m)
	}
	for id, p := range k.plays {
		if p.begun { // it may have ended unseen; the script goes on
			k.played(now, id, false)
		}
	}
}
