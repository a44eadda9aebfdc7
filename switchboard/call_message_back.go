package switchboard

import (
	"context"
	"encoding/json"
	"time"

	"ctid"
	"ctid/ivr"
)

// liveMessage is what a restart needs of a message that is being left.
func (k *call) liveMessage() *ctid.LiveMessage {
	m := k.message
	if m == nil {
		return nil
	}
	step, err := json.Marshal(m.step)
	if err != nil { // texts and numbers always encode
		return nil
	}
	return &ctid.LiveMessage{Step: ctid.Private(step), Voicemail: m.id, Name: m.name, Stage: m.stage, Again: m.again}
}

// resumeMessage goes on where the caller was leaving a message. A recording that runs on runs on.
func (k *call) resumeMessage(now time.Time, l *ctid.LiveMessage) {
	m := &message{id: l.Voicemail, name: l.Name, stage: l.Stage, again: l.Again}
	if err := json.Unmarshal([]byte(l.Step), &m.step); err != nil || k.sb.deps.Voicemails == nil {
		k.input(now, ivr.DoneStep{ID: m.step.ID, Result: ivr.Result{Outcome: "error", Code: "voicemail.failed"}})
		return
	}
	k.message = m
	k.aside(func(ctx context.Context) func(now time.Time) {
		_, err := k.node.LiveRecording(ctx, m.name)
		return func(now time.Time) {
			if k.message == m && m.stage == l.Stage { // else its end was told meanwhile
				k.messageBack(now, err == nil)
			}
		}
	})
}

// messageBack takes a message up again: runs says that it is being recorded still.
func (k *call) messageBack(now time.Time, runs bool) {
	m := k.message
	switch {
	case runs:
		m.stage, m.due = messageRecords, now.Add(m.step.Max+recordGrace)
	case m.stage == messageRecords:
		k.messageEvent(now, m.name, false)
	case m.stage == messageAsks, m.stage == messagePlays:
		k.messageAsk(now)
	case m.stage == messageKeeping:
		k.messageKeep(now)
	case m.stage == messageBegins: // it is not known whether it has a row
		m2 := m.step
		k.message = nil
		k.takeMessage(m2)
	default:
		k.messageGreet()
	}
}
