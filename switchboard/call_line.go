package switchboard

import (
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ivr"
)

// This file has what a caller hears while he waits, what his agent hears before the two are joined, and how long a caller may
// wait unanswered.

// standing tells the script where the caller stands in his queue. That he was told it is kept beside what comes of it.
func (k *call) standing(s ivr.Standing) {
	k.desk.post(func(now time.Time) {
		if _, waits := k.desk.core.Position(ctid.TaskID(k.id)); s.Wait && waits {
			k.desk.decide(now, acd.WaitTold{Task: ctid.TaskID(k.id)})
		}
		st, waits := k.desk.core.Standing(ctid.TaskID(k.id))
		k.post(func(now time.Time) {
			r := ivr.Result{Outcome: "error", Code: "queue.left"}
			switch {
			case waits && st.Rings:
				r = ivr.Result{Outcome: "rings"}
			case waits:
				e := st.Estimate
				r = ivr.Result{Outcome: "waits", Value: map[string]any{"position": float64(st.Position), "low": e.Low.Seconds(),
					"high": e.High.Seconds(), "proven": e.Said}}
				k.note("stands", map[string]any{"position": st.Position, "low_ms": e.Low.Milliseconds(), "high_ms": e.High.Milliseconds(), "proven": e.Said})
			}
			k.input(now, ivr.DoneStep{ID: s.ID, Result: r})
		})
	})
}

// leaveQueue asks the core to let the caller out. One whom an agent has it keeps.
func (k *call) leaveQueue(s ivr.Leave) {
	why := ctid.ExitKey
	k.pressed = s.Key
	if s.Key == "" {
		why = ctid.ExitTimeout
		if k.queue != nil {
			k.queue.silent = true
		}
	}
	k.tellCore(acd.Leave{Task: ctid.TaskID(k.id), Why: why})
}

// hearsMusic tells whether the caller hears, or is about to hear, the music of a queue.
func (k *call) hearsMusic() bool {
	return k.queue != nil && !k.queue.over && k.talk == nil && !k.absent() && !k.callerGone && !k.ended
}

// musicAgain goes on with the music of a queue when what was said to the caller over it is over.
func (k *call) musicAgain() {
	if !k.hearsMusic() || k.music || k.silence.IsZero() {
		return
	}
	for _, p := range k.plays {
		if p.on == "" {
			return
		}
	}
	k.silence = time.Time{}
	k.playMusic()
}

// tellMachine tells the script whether an agent speaks with the caller. It needs no figures for that.
func (k *call) tellMachine(now time.Time, in ivr.Input) {
	if k.machine == nil || k.ended || k.machine.Done() {
		return
	}
	for _, s := range k.machine.Next(now, in) {
		k.step(now, s)
	}
}

// whispering is what an agent who has answered hears before he is joined with his caller.
type whispering struct {
	offer  *offer
	ringMS int64
	play   string // in Asterisk; empty: it is over
	until  time.Time
}

// whisper lets the agent hear what the script says to him, and tells whether there is anything.
func (k *call) whisper(now time.Time, o *offer, ringMS int64) bool {
	l := k.legs[o.leg]
	if k.machine == nil || o.Kind != "" || l == nil || l.asked || k.callerGone || k.ended {
		return false
	}
	parts := k.machine.Whisper()
	if len(parts) == 0 {
		return false
	}
	w := &whispering{offer: o, ringMS: ringMS, until: now.Add(screenTime)}
	k.whispers = w
	w.play = k.playOn(o.leg, parts, func(now time.Time) {
		w.play = ""
		if k.whispers == w {
			k.whispered(now)
		}
	})
	return true
}

// whispered joins the two whom nothing keeps apart any more: the agent has heard it, or one of the two is gone.
func (k *call) whispered(now time.Time) {
	w := k.whispers
	k.whispers = nil
	if w.play != "" { // else the join would wait for its end
		k.stopPlayback(w.play)
	}
	k.join(now, w.offer, w.ringMS)
}

// openCaller lets the caller hear what is played: unanswered as long as he may be, where this Asterisk can do that.
func (k *call) openCaller() {
	if k.answered {
		return
	}
	if !k.early() {
		k.answerCaller()
		return
	}
	if !k.open {
		k.open = true
		k.warn("opening early media failed", k.node.Progress(k.ctx, k.channel))
	}
}

// early tells whether the caller's script lets him wait without being answered, and his carrier does still.
func (k *call) early() bool {
	return k.queue != nil && k.queue.early && !k.answered && k.node.Features().Progress && k.sb.clock.steady().Before(k.unanswered)
}

// unansweredDue is when a caller must be answered who hears something without having been; zero: he need not be.
func (k *call) unansweredDue() time.Time {
	if k.answered || !k.open || k.callerGone || k.ended || k.away {
		return time.Time{}
	}
	return k.unanswered
}

// answerInTime answers a caller before his carrier loses patience. Asterisk answers only when what it plays has ended.
func (k *call) answerInTime(now time.Time) {
	for _, p := range k.plays {
		if p.on == "" && p.begun && !p.stopped {
			k.unanswered = now.Add(lookAgain)
			return
		}
	}
	k.answerCaller()
}

// unansweredFor is how long a call of that trunk may hear something before it is answered.
func (d *desk) unansweredFor(trunk string) time.Duration {
	if long, ok := d.plan.Unanswered[trunk]; ok {
		return long
	}
	return unansweredTime
}

// unansweredTime is the same where no trunk says another: carriers cut such calls after one to three minutes.
const unansweredTime = 45 * time.Second

// lookAgain is how soon after a prompt was found playing it is looked again.
const lookAgain = 500 * time.Millisecond
