package switchboard

import (
	"time"

	"ctid/ivr"
)

// messageAsk asks the caller what he wants with his message.
func (k *call) messageAsk(now time.Time) {
	m := k.message
	if m.asks++; m.asks > reviewAsks {
		k.messageKeep(now)
		return
	}
	m.stage, m.due = messageAsks, time.Time{}
	k.messagePlay([]ivr.Part{messageText("voicemail_review", m.step.Lang)}, func(now time.Time) { m.due = now.Add(reviewWait) })
	k.save()
}

// messageKey takes a key of the caller's.
func (k *call) messageKey(now time.Time, digit string) {
	m := k.message
	m.ended = m.ended || digit == m.step.End
	switch m.stage {
	case messageGreets: // straight to the tone
		k.messageHush()
	case messagePlays:
		k.messageQuiet()
		if !k.messageChoice(now, digit) {
			k.messageAsk(now)
		}
	case messageAsks:
		k.messageChoice(now, digit)
	}
}

// messageChoice does what the caller wants with his message, and tells whether the key meant anything.
func (k *call) messageChoice(now time.Time, digit string) bool {
	m := k.message
	switch {
	case digit == "1":
		k.messageQuiet()
		m.stage, m.due, m.asks = messagePlays, time.Time{}, 0
		m.play = k.playMedia([]string{"recording:" + m.name}, k.messageNext(m, k.messageAsk))
	case digit == "2" && m.again < reviewRounds:
		m.again, m.asks, m.due = m.again+1, 0, time.Time{}
		k.messageQuiet()
		k.messageBeep(now)
	case digit == "3" || digit == m.step.End && m.step.End != "":
		k.messageQuiet()
		k.messageKeep(now)
	default:
		return false
	}
	return true
}

// messageHush stops what the caller hears; what was to follow follows.
func (k *call) messageHush() {
	k.stopPlayback(k.message.play)
}

// messageQuiet stops what the caller hears, and with it what was to follow.
func (k *call) messageQuiet() {
	if p := k.plays[k.message.play]; p != nil {
		p.then = func(time.Time) {}
		k.stopPlayback(k.message.play)
	}
}
