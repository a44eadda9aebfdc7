package switchboard

import (
	"context"
	"fmt"
	"time"

	"ctid"
	"ctid/ari"
	"ctid/ivr"
)

// Voicemails keeps the messages that callers leave. Begin comes before anything is recorded, so that nothing at an Asterisk
// is forgotten. Keep fetches what was recorded; it tells whether that was a message: one too short, or without a word, is
// none. Drop takes a message back that was not left.
type Voicemails interface {
	Begin(ctx context.Context, v ctid.Voicemail) error
	Keep(ctx context.Context, id ctid.VoicemailID) (left bool, err error)
	Drop(ctx context.Context, id ctid.VoicemailID) error
}

// Stages of leaving a message.
const (
	messageBegins  = "begins" // until its row is written
	messageGreets  = "greets" // greeting and consent
	messageBeeps   = "beeps"
	messageRecords = "records"
	messageAsks    = "asks"    // what the caller wants with it
	messagePlays   = "plays"   // it back to him
	messageKeeping = "keeping" // it is fetched
)

const (
	messageTime  = 5 * time.Second  // to write a message's row
	keepTime     = 8 * time.Second  // to fetch it
	recordGrace  = 10 * time.Second // over the longest message, until it is asked what became of the recording
	reviewWait   = 5 * time.Second  // for a key, each time the caller is asked
	reviewAsks   = 3                // times that he is asked; then the message is kept
	reviewRounds = 5                // messages that he may record instead of the first
)

// message is a message that the caller is leaving.
type message struct {
	step  ivr.Voicemail
	id    ctid.VoicemailID
	name  string // of the recording
	stage string
	play  string    // the playback that is under way
	began time.Time // of the recording
	due   time.Time // when the stage is over without an event; zero: never
	asks  int
	again int
	ended bool // the key that ends it was told
}

// needless is the key that ended a recording and is told only after it: it is not for what the script asks next.
type needless struct {
	key  string
	till time.Time
}

// needlessKey tells whether a key is that one.
func (k *call) needlessKey(now time.Time, digit string) bool {
	is := k.needless.key != "" && digit == k.needless.key && now.Before(k.needless.till)
	k.needless = needless{}
	return is
}

// takeMessage lets the caller leave a message.
func (k *call) takeMessage(s ivr.Voicemail) {
	if k.sb.deps.Voicemails == nil {
		k.done(s.ID, ivr.Result{Outcome: "error", Code: "voicemail.failed"})
		return
	}
	k.stopMusic()
	m := &message{step: s, id: ctid.VoicemailID(k.sb.cfg.NewID("v_")), name: k.name("r"), stage: messageBegins}
	k.message = m
	row := ctid.Voicemail{ID: m.id, Mailbox: s.Mailbox, Call: k.id, Node: ctid.NodeID(k.node.Name()), Name: m.name,
		At: k.sb.clock.wall(k.sb.clock.steady()), Least: s.Min, Caller: k.rec.ANI, Person: k.messageOf()}
	k.aside(func(ctx context.Context) func(now time.Time) {
		ctx, cancel := context.WithTimeout(ctx, messageTime)
		defer cancel()
		err := k.sb.deps.Voicemails.Begin(ctx, row)
		return func(now time.Time) {
			switch {
			case k.message != m:
			case err != nil: // nothing is recorded that might be forgotten
				k.warn("a message cannot be begun", err)
				k.messageOver(now, ivr.Result{Outcome: "error", Code: "voicemail.failed"})
			default:
				k.messageGreet()
			}
		}
	})
}

// messageOf is whose the message is, for its sealing and erasing.
func (k *call) messageOf() string {
	var e ctid.LogEntry
	k.person(k.rec.Customer, k.rec.ANI)(&e)
	if e.Person == "" {
		return "s_" + string(k.id)
	}
	return e.Person
}

func (k *call) messageGreet() {
	m := k.message
	parts := m.step.Greeting
	if len(parts) == 0 {
		parts = []ivr.Part{messageText("voicemail_leave", m.step.Lang)}
	}
	m.stage = messageGreets
	k.messagePlay(append(append([]ivr.Part{}, parts...), m.step.Consent...), k.messageBeep)
	k.save()
}

func (k *call) messageBeep(time.Time) {
	k.message.stage = messageBeeps
	k.messagePlay([]ivr.Part{{Name: "beep", Lang: k.message.step.Lang}}, k.messageRecord)
}

// messagePlay plays parts, and goes on when they have ended or were stopped.
func (k *call) messagePlay(parts []ivr.Part, then func(now time.Time)) {
	m := k.message
	k.message.play = k.playThen(ivr.Play{Parts: parts}, k.messageNext(m, then))
}

// messageNext is then for as long as the caller is leaving that message.
func (k *call) messageNext(m *message, then func(now time.Time)) func(now time.Time) {
	return func(now time.Time) {
		if k.message == m {
			m.play = ""
			then(now)
		}
	}
}

func (k *call) messageRecord(now time.Time) {
	m := k.message
	ends := "none"
	if m.step.End == "#" || m.step.End == "*" {
		ends = m.step.End
	}
	m.stage, m.began, m.due = messageRecords, now, now.Add(m.step.Max+recordGrace)
	err := k.node.Record(k.ctx, ari.OnlyChannel(k.channel), m.name, ari.RecordingOptions{Format: "wav", Exists: "overwrite",
		MaxDuration: wholeSeconds(m.step.Max), MaxSilence: wholeSeconds(m.step.Silence), Terminate: ends})
	if err != nil && !ari.IsNoAnswer(err) {
		k.warn("recording a message failed", err)
		k.messageDrop(m)
		k.messageOver(now, ivr.Result{Outcome: "error", Code: "voicemail.failed"})
		return
	}
	k.save()
}

// wholeSeconds rounds a duration up, for Asterisk takes whole seconds.
func wholeSeconds(d time.Duration) time.Duration {
	return (d + time.Second - 1).Truncate(time.Second)
}

// messageEvent takes what Asterisk tells of a recording.
func (k *call) messageEvent(now time.Time, name string, failed bool) {
	m := k.message
	if m == nil || m.name != name || m.stage != messageRecords {
		return
	}
	m.due = time.Time{}
	switch {
	case failed:
		k.messageDrop(m)
		k.messageOver(now, ivr.Result{Outcome: "error", Code: "voicemail.failed"})
	case m.step.Review:
		k.messageAsk(now)
	default:
		k.messageKeep(now)
	}
}

// messageKeep fetches the message, and tells the script what became of it.
func (k *call) messageKeep(time.Time) {
	m := k.message
	m.stage, m.due = messageKeeping, time.Time{}
	k.save()
	k.aside(func(ctx context.Context) func(now time.Time) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
		defer cancel()
		left, err := k.kept(ctx, m)
		return func(now time.Time) {
			k.warn("keeping a message failed", err)
			if k.message != m {
				return
			}
			r := ivr.Result{Outcome: "none"}
			switch {
			case err != nil:
				r = ivr.Result{Outcome: "error", Code: "voicemail.failed"}
			case left:
				r.Outcome = "left"
				k.messageLeft(m)
			}
			k.messageOver(now, r)
		}
	})
}

// messageLeft notes that a message was left.
func (k *call) messageLeft(m *message) {
	k.note("voicemail", map[string]any{"mailbox": m.step.Mailbox, "voicemail": m.id})
	if k.rec.Outcome == "" {
		k.rec.Outcome = "voicemail"
	}
}

// messageOver lets the script go on.
func (k *call) messageOver(now time.Time, r ivr.Result) {
	m := k.message
	id := m.step.ID
	k.message = nil
	if m.step.End != "" && !m.ended {
		k.needless = needless{m.step.End, now.Add(2 * time.Second)}
	}
	k.input(now, ivr.DoneStep{ID: id, Result: r})
}

// messageDue: nothing was told in time.
func (k *call) messageDue(now time.Time) {
	m := k.message
	m.due = time.Time{}
	switch m.stage {
	case messageAsks:
		k.messageAsk(now)
	case messageRecords:
		k.warn("ending a recording failed", k.node.StopRecording(k.ctx, m.name))
		k.messageLook(m)
	}
}

// messageLook asks Asterisk whether a message is still being recorded, where its end may have been missed.
func (k *call) messageLook(m *message) {
	k.aside(func(ctx context.Context) func(now time.Time) {
		_, err := k.node.LiveRecording(ctx, m.name)
		return func(now time.Time) {
			switch {
			case k.message != m:
			case ari.IsNotFound(err):
				k.messageEvent(now, m.name, false)
			case m.due.IsZero():
				m.due = now.Add(recordGrace)
			}
		}
	})
}

// messageDrop forgets a message of which nothing was recorded. What cannot be forgotten now the next sweep forgets.
func (k *call) messageDrop(m *message) {
	k.sb.wg.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(k.ctx), messageTime)
		defer cancel()
		if err := k.sb.deps.Voicemails.Drop(ctx, m.id); err != nil {
			k.sb.cfg.Log.Warn("a message that was not left is forgotten later", "call", k.id, "error", err)
		}
	})
}

// messageParted: the caller has gone, or goes elsewhere. What he has said is kept.
func (k *call) messageParted() {
	m := k.message
	if m == nil {
		return
	}
	k.message = nil
	switch m.stage {
	case messageBegins, messageGreets, messageBeeps:
		if m.again == 0 {
			k.messageDrop(m)
			return
		}
	case messageKeeping: // under way
		k.messageLeft(m)
		return
	case messageRecords:
		k.warn("ending a recording failed", k.node.StopRecording(k.ctx, m.name))
	}
	if m.stage != messageRecords || k.sb.clock.steady().Sub(m.began) >= m.step.Min {
		k.messageLeft(m)
	}
	k.sb.wg.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(k.ctx), keepTime)
		defer cancel()
		if _, err := k.kept(ctx, m); err != nil { // the next sweep finds it
			k.sb.cfg.Log.Warn("keeping a message failed; it is tried again later", "call", k.id, "error", err)
		}
	})
}

// kept fetches a message, and tells whether there was any. Asterisk tells of a recording's end a moment before it lets go of it.
func (k *call) kept(ctx context.Context, m *message) (bool, error) {
	if !k.recorded(ctx, m.name) {
		return false, fmt.Errorf("the recording %s did not come to its end: %w", m.name, context.Cause(ctx))
	}
	return k.sb.deps.Voicemails.Keep(ctx, m.id)
}

// recorded waits until a recording is over, and tells whether it is.
func (k *call) recorded(ctx context.Context, name string) bool {
	for {
		if _, err := k.node.LiveRecording(ctx, name); ari.IsNotFound(err) {
			return true
		}
		t := time.NewTimer(200 * time.Millisecond)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return false
		}
	}
}

// messageTexts are the built-in texts, by their recordings' names. A site's recording of that name goes before them.
var messageTexts = map[string]map[string]string{
	"voicemail_leave": {"en": "Please leave a message after the tone.", "zh": "请在提示音后留言。"},
	"voicemail_review": {"en": "To hear your message press 1. To record it again press 2. To keep it press 3.",
		"zh": "收听留言请按 1，重新录制请按 2，保存留言请按 3。"},
}

func messageText(name, lang string) ivr.Part {
	texts := messageTexts[name]
	text, ok := texts[lang]
	if !ok {
		text = texts[baseLang(lang)]
	}
	if text == "" {
		text = texts["en"]
	}
	return ivr.Part{Name: name, Text: text, Lang: lang}
}

// baseLang is zh of zh-HK.
func baseLang(lang string) string {
	for i := range len(lang) {
		if lang[i] == '-' {
			return lang[:i]
		}
	}
	return lang
}
