package switchboard

import (
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
	"ctid/ivr"
)

// enqueue puts the caller into a queue. What he hears there begins when the desk has answered: an agent who is free is
// rung first.
func (k *call) enqueue(now time.Time, s ivr.Enqueue) {
	entered := k.entry(now)
	if s.Priority < 0 && k.priority != nil {
		s.Priority = *k.priority
	}
	k.queue = &queueStay{step: s.ID, music: s.Music, queue: s.Queue, entered: entered, since: entered, priority: s.Priority, skills: skillsOf(s.Skills), early: s.Early}
	if s.AtMost > 0 {
		k.queue.until = now.Add(s.AtMost).UTC()
	}
	k.rec.Queues = append(k.rec.Queues, ctid.QueueVisit{Queue: k.queue.queue, Entered: k.sb.clock.wall(entered), Priority: s.Priority})
	k.trail(now)
	k.enter(k.queue, acd.Enqueue{Task: ctid.TaskID(k.id), Queue: s.Queue, Priority: s.Priority, Entered: entered, AtMost: s.AtMost,
		Arrived: k.born, Prefer: s.Prefer, PreferFor: s.PreferWait, Needs: needsOf(k.queue.skills), Caller: k.callerKey()})
	k.musicFrom(k.queue)
}

// callerKey stands for who calls, in a way that tells nothing about him; empty: nobody knows.
func (k *call) callerKey() string {
	if k.rec.ANI.E164 == "" || k.sb.cfg.Person == nil {
		return ""
	}
	return k.sb.cfg.Person(string(k.rec.ANI.E164))
}

// skillsOf are the skills that a script asks for.
func skillsOf(needs []ivr.Need) []ctid.Skilled {
	var out []ctid.Skilled
	for _, n := range needs {
		out = append(out, ctid.Skilled{Skill: n.Skill, AtLeast: n.Level})
	}
	return out
}

// needsOf are skills as the core wants them.
func needsOf(skills []ctid.Skilled) []acd.Need {
	var out []acd.Need
	for _, s := range skills {
		out = append(out, acd.Need(s))
	}
	return out
}

// unheardVisit is the last visit of a caller whose agent has answered and who has not heard him: to him it goes on. nil: there is none.
func (k *call) unheardVisit() *ctid.QueueVisit {
	if k.queue == nil || len(k.rec.Queues) == 0 {
		return nil
	}
	v := &k.rec.Queues[len(k.rec.Queues)-1]
	if n := len(k.rec.Agents); v.Exit != ctid.ExitAnswered || n > 0 && !k.rec.Agents[n-1].From.Before(v.Entered) {
		return nil
	}
	return v
}

// waitedUntil ends the wait of a caller now whose agent had answered before: he has waited for what the agent heard first, and for Asterisk.
func (k *call) waitedUntil(now time.Time) {
	if v := k.unheardVisit(); v != nil && k.owed == nil {
		k.rec.WaitMS -= v.WaitMS
		k.endVisit(now, v.Exit)
	}
}

// requeue puts a caller back whose agent was gone before they were joined, or who was handed on to nobody: to the place he had.
func (k *call) requeue(now time.Time) {
	if k.callerGone || k.ended || k.queue == nil {
		return
	}
	last := k.rec.Queues[len(k.rec.Queues)-1]
	k.queue.over = false
	if v := k.unheardVisit(); v != nil {
		k.rec.WaitMS -= v.WaitMS
		v.Exit, v.WaitMS = "", 0
	} else {
		k.queue.since = now
		k.rec.Queues = append(k.rec.Queues, ctid.QueueVisit{Queue: k.queue.queue, Entered: k.sb.clock.wall(now), Priority: last.Priority})
	}
	if k.rec.Connected.IsZero() { // else he was answered, and is put back because his agent was lost
		k.rec.Outcome = ""
	}
	k.tellCore(acd.Enqueue{Task: ctid.TaskID(k.id), Queue: k.queue.queue, Priority: last.Priority, Entered: k.queue.entered, Arrived: k.born, Callback: k.absent(), Ahead: k.absent() && k.owed.ahead, Again: true,
		Needs: needsOf(k.queue.skills)})
	k.tellMachine(now, ivr.Waits{})
	if !k.absent() {
		k.musicFrom(k.queue)
	}
}

// queued: the desk has taken the caller in.
func (k *call) queued(now time.Time, c acd.TaskQueued) {
	k.settle()
	if k.xfer != nil && k.xfer.to.queue == c.Queue && !k.callerGone {
		k.queuedOn(now, c)
	}
	if k.queue == nil || k.callerGone {
		return
	}
	if k.owed != nil && k.owed.told {
		k.owed.told = false
		return
	}
	if !c.Entered.IsZero() { // he gave up before, and has his place again
		k.queue.entered = c.Entered
		k.note("place_resumed", map[string]any{"position": c.Position, "since": c.Entered})
	}
	if n := len(k.rec.Queues); n > 0 {
		k.rec.Queues[n-1].Priority, k.queue.priority = c.Priority, c.Priority
	}
	k.fact(ctid.BySystem, ctid.CallQueued{Position: c.Position, Priority: c.Priority, From: k.rec.IVR.Script, Callback: k.absent()})
}

// musicFrom asks the desk for the queue's music, and for how long a talk must be to count. The answer stands behind what the desk says of the caller's entry.
func (k *call) musicFrom(q *queueStay) {
	k.desk.post(func(time.Time) {
		class, short := k.desk.plan.Music[q.queue], k.desk.plan.ShortTalk[q.queue]
		k.post(func(time.Time) {
			q.short = short
			if k.queue == q { // else he has been moved meanwhile
				k.startMusic(class)
			}
		})
	})
}

// musicAfter is how long a caller whom an agent is offered at once does without music: a phone that answers by itself
// or is taken at once costs no music then.
const musicAfter = time.Second

// startMusic: a caller who waits hears music, from his entry until he is joined with an agent. class is the queue's own,
// for a script that names none. What plays already, of the queue before, goes on if it is the same.
func (k *call) startMusic(class string) {
	if k.queue == nil || k.queue.over || k.callerGone || k.ended {
		return
	}
	if k.queue.music != "" {
		class = k.queue.music
	}
	if k.music && !k.musicOld && class == k.musicClass {
		return
	}
	played := k.music
	if k.musicOld { // what begins now takes its place
		k.music = false
	}
	k.stopMusic()
	k.musicClass = class
	if len(k.offers) > 0 && !played {
		k.musicDue = k.sb.clock.steady().Add(musicAfter)
		return
	}
	k.playMusic()
}

func (k *call) playMusic() {
	k.musicDue = time.Time{}
	if k.queue == nil || k.queue.over || k.music || k.callerGone || k.ended {
		return
	}
	k.openCaller()
	err := k.node.StartMOH(k.ctx, k.channel, k.musicClass)
	k.music, k.musicLost = err == nil, err != nil
	if err != nil && !ari.IsGone(err) && k.ctx.Err() == nil {
		k.sb.once.warn(k.sb.cfg.Log, k.sb.clock.steady(), "music failed; it is tried again behind what callers are told", k.node.Name()+" "+k.musicClass, err, "class", k.musicClass, "call", k.id)
	}
}

// answerCaller answers the caller's channel, once.
func (k *call) answerCaller() {
	if k.answered {
		return
	}
	k.warn("answer failed", k.node.Answer(k.ctx, k.channel))
	k.answered, k.rec.Answered = true, k.sb.clock.wall(k.sb.clock.steady())
}

func (k *call) stopMusic() {
	k.musicDue, k.musicOld = time.Time{}, false
	if k.music {
		k.music = false
		if !k.callerGone {
			k.warn("stopping the music failed", k.node.StopMOH(k.ctx, k.channel))
		}
	}
}

// leftQueue: the desk says how the stay in the queue ended. The script goes on with its outcome, unless the caller is
// with an agent now (then it goes on after the talk) or gone.
func (k *call) leftQueue(now time.Time, c acd.TaskEnded) {
	if k.xfer != nil && k.xfer.to.queue == c.Queue && refusesEntry(c.Exit) {
		k.queueRefuses(now, c.Exit)
		return
	}
	if k.queue == nil || k.queue.over || c.Exit == ctid.ExitAnswered { // the end of the offer has said so
		return
	}
	if k.absent() {
		k.owedLeft(now, c)
		return
	}
	waited := k.endVisit(now, c.Exit)
	if c.Exit == ctid.ExitAbandoned { // the end of the call says the rest
		k.gaveUp()
		return
	}
	k.queue.left = true
	left := ctid.CallLeftQueue{Exit: c.Exit, WaitMS: waited}
	if c.Exit == ctid.ExitKey {
		left.Key = k.pressed
	}
	k.fact(k.removedBy(c.Exit), left)
	removed := k.removed
	k.removed = nil
	k.stopMusic()
	row, _ := ctid.Endings(c.Exit)
	switch {
	case k.callerGone || row.Outcome == "":
	case c.Exit == ctid.ExitRemoved && removed != nil && removed.how == ctid.RemoveHangup:
		k.hangupWaiting(now, "removed", "removed")
	case k.machine == nil && k.rec.Connected.IsZero(): // his script could not be restored
		k.sendToFallback(now, string(c.Exit))
	case k.machine == nil: // an agent has called him and sent him here: there is nothing that he could go back to
		k.hangupWaiting(now, string(c.Exit), "")
	default:
		outcome := row.Outcome
		switch {
		case k.queue.handed:
			outcome = rungAnswered
		case k.queue.silent && c.Exit == ctid.ExitTimeout:
			outcome = "no_input"
		}
		k.input(now, ivr.DoneStep{ID: k.queue.step, Result: ivr.Result{Outcome: outcome}})
	}
}

// refusesEntry tells whether an exit is that of a caller whom the queue did not let in.
func refusesEntry(e ctid.QueueExit) bool {
	switch e {
	case ctid.ExitClosed, ctid.ExitFull, ctid.ExitJoinEmpty, ctid.ExitDiverted:
		return true
	}
	return false
}

// gaveUp: the caller hung up waiting. One who has talked to an agent before has still been answered.
func (k *call) gaveUp() {
	k.rec.Outcome = "answered"
	if k.rec.Connected.IsZero() {
		k.rec.Outcome = "abandoned"
	}
}

// endVisit closes the visit to the queue in the record, and says how long it was in ms.
func (k *call) endVisit(now time.Time, exit ctid.QueueExit) int64 {
	k.queue.over = true
	v := &k.rec.Queues[len(k.rec.Queues)-1]
	v.Exit, v.WaitMS = exit, max(0, now.Sub(k.queue.since).Milliseconds())
	k.rec.WaitMS += v.WaitMS
	return v.WaitMS
}
