package switchboard

import (
	"time"

	"ctid/ivr"
)

// deadline is when something of the call is due next; zero: nothing is.
func (k *call) deadline() time.Time {
	var due time.Time
	if k.machine != nil && !k.ended {
		due = k.machine.Deadline()
	}
	for _, l := range k.legs {
		due = earliest(due, l.again)
	}
	if k.parked != nil {
		due = earliest(due, k.parked.until)
	}
	if k.message != nil {
		due = earliest(due, k.message.due)
	}
	if k.owed != nil && !k.ended {
		due = earliest(due, k.owed.due)
	}
	if k.ahead != nil {
		due = earliest(due, k.ahead.until)
	}
	due = earliest(due, k.windowDue())
	if k.saving != nil {
		due = earliest(earliest(due, k.saving.next), k.saving.until)
	}
	if k.whispers != nil {
		due = earliest(due, k.whispers.until)
	}
	return earliest(earliest(earliest(earliest(due, k.leave), k.musicDue), k.rungDue()), k.unansweredDue())
}

func (k *call) timeUp(now time.Time) {
	if !k.leave.IsZero() && !now.Before(k.leave) {
		k.giveUp(now)
		return
	}
	if k.hangupAgain(now) {
		return
	}
	if !k.musicDue.IsZero() && !now.Before(k.musicDue) {
		k.playMusic()
		return
	}
	if k.parked != nil && !now.Before(k.parked.until) {
		k.parkOver()
		return
	}
	if m := k.message; m != nil && !m.due.IsZero() && !now.Before(m.due) {
		k.messageDue(now)
		return
	}
	if k.owed != nil && !k.ended && !k.owed.due.IsZero() && !now.Before(k.owed.due) {
		k.owedDue(now)
		return
	}
	if a := k.ahead; a != nil && !a.until.IsZero() && !now.Before(a.until) {
		k.aheadDue()
		return
	}
	if due := k.windowDue(); !due.IsZero() && !now.Before(due) {
		k.windowOver(now)
		return
	}
	if s := k.saving; s != nil && !now.Before(s.until) {
		k.rescueOver(now)
		return
	} else if s != nil && !s.next.IsZero() && !now.Before(s.next) {
		k.ringLost(now)
		return
	}
	if due := k.rungDue(); !due.IsZero() && !now.Before(due) {
		k.rungTimeUp(now)
		return
	}
	if w := k.whispers; w != nil && !now.Before(w.until) {
		k.whispered(now)
		return
	}
	if due := k.unansweredDue(); !due.IsZero() && !now.Before(due) {
		k.answerInTime(now)
		return
	}
	k.input(now, ivr.Tick{})
}
