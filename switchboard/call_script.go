package switchboard

import (
	"cmp"
	"context"
	"time"

	"ctid"
	"ctid/ari"
	"ctid/ivr"
)

// input gives the script one input and carries out its steps.
func (k *call) input(now time.Time, in ivr.Input) {
	if k.machine == nil || k.ended || k.machine.Done() {
		return
	}
	k.giveFigures()
	steps := k.machine.Next(now, in)
	k.keepTaken()
	for _, s := range steps {
		k.step(now, s)
	}
	if len(steps) > 0 {
		k.save()
	}
	k.lastThings(now)
}

// options are those of this call's machine.
func (k *call) options() ivr.Options {
	return ivr.Options{Secret: k.sb.deps.Secret, Wall: k.sb.clock.wall}
}

// giveFigures hands the machine the figures of the queues that its script names.
func (k *call) giveFigures() {
	names := k.route.Script.Queues()
	if len(names) == 0 {
		return
	}
	figures := map[string]ivr.Figures{}
	_ = k.sb.ask(k.ctx, func(now time.Time) {
		for _, n := range names {
			f := k.desk.core.Figures(ctid.QueueID(n), now)
			expected := f.Estimate.Mid
			if !f.Estimate.Said {
				expected = 0
			}
			figures[n] = ivr.Figures{Expected: expected, Waiting: f.Waiting, Longest: f.Longest, AgentsReady: f.AgentsReady, AgentsIn: f.AgentsIn, Open: f.Open}
		}
	})
	if k.ctx.Err() == nil {
		k.machine.SetFigures(figures)
	}
}

// step carries out one step of the script.
func (k *call) step(now time.Time, s ivr.Step) {
	switch s := s.(type) {
	case ivr.Answer:
		k.answer(now, s)
	case ivr.Play:
		k.play(s)
	case ivr.Stop:
		k.stopPlay(s.ID)
	case ivr.Lookup:
		k.lookup(now, s)
	case ivr.Enqueue:
		k.enqueue(now, s)
	case ivr.BookCallback:
		k.bookCallback(now, s)
	case ivr.Standing:
		k.standing(s)
	case ivr.Leave:
		k.leaveQueue(s)
	case ivr.Attach:
		k.attach(now, s.Values)
	case ivr.Dial:
		k.dialStep(s)
	case ivr.Transfer:
		k.transferStep(s)
	case ivr.SetLanguage:
		k.rec.IVR.Lang = s.Lang
		if s.Remember {
			k.rememberLanguage(now, s.Lang)
		}
	case ivr.Mask:
		// The keys of a masked question go to the machine alone; nothing here records, logs or shows keys.
	case ivr.Log:
		k.note("script", map[string]any{"code": s.Code, "text": s.Text})
	case ivr.Query:
		k.query(s)
	case ivr.HTTP:
		k.http(s)
	case ivr.Voicemail:
		k.takeMessage(s)
	case ivr.Tag:
		k.tag(s.Tags)
	case ivr.Dispose:
		k.dispose(s.Disposition)
	case ivr.SetPriority:
		k.prioritize(s.Priority)
	case ivr.Pop:
		k.pop(s)
	case ivr.Music:
		k.scriptMusic(s.Class)
	case ivr.StopMusic:
		k.stopMusic()
	case ivr.End:
		k.endScript(now, s)
	}
}

// done answers a step of the machine, behind what the box holds already.
func (k *call) done(id string, r ivr.Result) {
	k.post(func(now time.Time) { k.input(now, ivr.DoneStep{ID: id, Result: r}) })
}

func outcome(err error) ivr.Result {
	if err != nil {
		return ivr.Result{Outcome: "error", Code: "pbx.refused"}
	}
	return ivr.Result{Outcome: "done"}
}

func (k *call) answer(now time.Time, s ivr.Answer) {
	if !k.answered {
		err := k.node.Answer(k.ctx, k.channel)
		k.warn("answer failed", err)
		if err == nil {
			k.answered, k.rec.Answered = true, k.sb.clock.wall(now)
		}
		k.done(s.ID, outcome(err))
		return
	}
	k.done(s.ID, outcome(nil))
}

// play prepares a prompt aside, for its speech may have to be made first, and then plays it.
func (k *call) play(s ivr.Play) { k.playThen(s, nil) }

// playThen plays a prompt that is not the machine's, if then is given, which follows its end however that comes about.
func (k *call) playThen(s ivr.Play, then func(now time.Time)) string {
	id := k.name("p")
	k.plays[id] = &playback{step: s.ID, then: then}
	k.prepare(id, s.Parts)
	return id
}

func (k *call) prepare(id string, parts []ivr.Part) {
	node := ctid.NodeID(k.node.Name())
	k.aside(func(ctx context.Context) func(now time.Time) {
		media, err := k.sb.deps.Prompts.Prepare(ctx, node, parts)
		return func(now time.Time) { k.playReady(now, id, media, err) }
	})
}

// playMedia plays what Asterisk has itself.
func (k *call) playMedia(media []string, then func(now time.Time)) string {
	id := k.name("p")
	k.plays[id] = &playback{then: then}
	k.post(func(now time.Time) { k.playReady(now, id, media, nil) })
	return id
}

func (k *call) playReady(now time.Time, id string, media []string, err error) {
	p := k.plays[id]
	if p == nil || k.callerGone || k.ended {
		return
	}
	if err != nil {
		k.sb.once.warn(k.sb.cfg.Log, now, "a prompt is left out, or spoken in place of its recording", err.Error(), err, "call", k.id)
		k.note("prompt_failed", map[string]any{"error": err.Error()})
	}
	if p.stopped || len(media) == 0 {
		k.played(now, id, false)
		return
	}
	if p.on == "" {
		k.beforePlay()
	}
	if err := k.node.Play(k.ctx, ari.OnlyChannel(cmp.Or(p.on, k.channel)), ari.PlayRequest{ID: id, Media: media}); err != nil {
		k.warn("play failed", err)
		k.played(now, id, true)
		return
	}
	p.begun = true
}

// played: a playback has ended, for whatever reason; a prompt that failed is skipped and noted.
func (k *call) played(now time.Time, id string, failed bool) {
	p := k.plays[id]
	if p == nil {
		return
	}
	delete(k.plays, id)
	if failed && !p.stopped {
		k.note("prompt_failed", map[string]any{"playback": id})
	}
	if p.then != nil {
		p.then(now)
		return
	}
	k.input(now, ivr.DoneStep{ID: p.step, Result: ivr.Result{Outcome: "done"}})
	k.musicAgain()
}

// beforePlay makes way for what is to be said to the caller. Asterisk does not go on with the music behind it by itself.
func (k *call) beforePlay() {
	if (k.music || k.musicLost) && k.hearsMusic() {
		k.stopMusic()
		k.silence = k.sb.clock.steady()
	}
	if !k.answered && !k.sb.clock.steady().Before(k.unanswered) {
		k.answerCaller()
	}
	k.open = true // Asterisk opens early media by itself for what it plays
}

// stopPlay deletes a running playback before anything else is asked of the channel, for that would wait for its end.
func (k *call) stopPlay(step string) {
	for id, p := range k.plays {
		if p.step == step && p.then == nil {
			k.stopPlayback(id)
		}
	}
}

// lookupCaller asks who calls, by his number, as soon as he is there.
func (k *call) lookupCaller(now time.Time) {
	number := string(k.rec.ANI.E164)
	if number == "" {
		k.match, k.matched = ctid.Match{State: ctid.MatchNone, Asked: []string{}}, true
		return
	}
	k.aside(func(ctx context.Context) func(now time.Time) {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		m, err := k.sb.deps.Customers.Lookup(ctx, Query{Number: number})
		return func(now time.Time) {
			if err != nil {
				k.sb.cfg.Log.Warn("customer look-up failed", "call", k.id, "error", err)
				m = ctid.Match{State: ctid.MatchFailed, Asked: []string{"ani"}}
			}
			k.nowMatched(now, m)
		}
	})
	_ = now
}

// nowMatched: it is known who calls. A pop that left without it is brought up to date.
func (k *call) nowMatched(now time.Time, m ctid.Match) {
	if k.matched && m.State != ctid.MatchOne {
		return // a later look-up by account may add a customer, never take one away
	}
	k.match, k.matched = m, true
	k.rec.Match, k.rec.Customer = m.State, m.Chosen
	k.popAgain()
	waiting := k.waiting
	k.waiting = nil
	for _, f := range waiting {
		f(now)
	}
}

// rememberLanguage notes the caller's choice with the customer that he is, as soon as that is known.
func (k *call) rememberLanguage(now time.Time, lang string) {
	keep := func(time.Time) {
		id := k.match.Chosen
		if id == "" {
			return
		}
		k.aside(func(ctx context.Context) func(now time.Time) {
			err := k.sb.deps.Customers.RememberLanguage(ctx, id, lang)
			return func(time.Time) { k.warn("remembering the caller's language failed", err) }
		})
	}
	if k.matched {
		keep(now)
		return
	}
	k.waiting = append(k.waiting, keep)
}

// lookup is the script's own question for a customer. The caller's number was asked for already.
func (k *call) lookup(_ time.Time, s ivr.Lookup) {
	if s.Account == "" && s.Cust == "" && s.Number == string(k.rec.ANI.E164) {
		answer := func(time.Time) { k.done(s.ID, lookupResult(k.match)) }
		if k.matched {
			answer(time.Time{})
		} else {
			k.waiting = append(k.waiting, answer)
		}
		return
	}
	k.aside(func(ctx context.Context) func(now time.Time) {
		ctx, cancel := context.WithTimeout(ctx, max(s.Within, 100*time.Millisecond))
		defer cancel()
		m, err := k.sb.deps.Customers.Lookup(ctx, Query{Customer: s.Cust, Account: s.Account, Number: s.Number})
		return func(now time.Time) {
			if err != nil {
				k.input(now, ivr.DoneStep{ID: s.ID, Result: ivr.Result{Outcome: "error", Code: "customer.failed"}})
				return
			}
			k.nowMatched(now, m)
			k.input(now, ivr.DoneStep{ID: s.ID, Result: lookupResult(m)})
		}
	})
}

func lookupResult(m ctid.Match) ivr.Result {
	if c := m.Customer(); c != nil {
		return ivr.Result{Outcome: "found", Customer: c}
	}
	switch m.State {
	case ctid.MatchMany:
		return ivr.Result{Outcome: "several"}
	case ctid.MatchFailed:
		return ivr.Result{Outcome: "error", Code: "customer.failed"}
	}
	return ivr.Result{Outcome: "unknown"}
}

// attach adds values to the call's data; the later value of a key wins.
func (k *call) attach(now time.Time, values []ctid.Attached) {
	for i := range values {
		if values[i].At.IsZero() {
			values[i].At = k.sb.clock.wall(now)
		}
		k.setAttached(values[i])
	}
	k.fact(ctid.By{Kind: "system", ID: "ivr"}, ctid.CallDataChanged{DataRev: len(k.rec.Attached), Set: values, Unset: []string{}})
}

func (k *call) setAttached(v ctid.Attached) {
	for i := range k.rec.Attached {
		if k.rec.Attached[i].Key == v.Key {
			k.rec.Attached[i] = v
			return
		}
	}
	k.rec.Attached = append(k.rec.Attached, v)
}

// endScript: the script is over; the caller is hung up.
func (k *call) endScript(now time.Time, s ivr.End) {
	if k.callerGone {
		return
	}
	reason := "script"
	if s.Why != "" {
		reason = s.Why
	}
	end := ctid.End{Side: ctid.SideScript, Reason: reason, Q850: 16}
	if k.rec.Outcome == "answered" {
		end = ctid.End{Side: ctid.SideAgent, Reason: "hangup", Q850: 16}
	}
	k.hangupCaller(s.Cause)
	k.finish(now, end)
}

// aside runs f beside the call's goroutine and hands what it returns back to it. ctx ends with the call.
func (k *call) aside(f func(ctx context.Context) func(now time.Time)) {
	k.sb.wg.Go(func() {
		then := f(k.ctx)
		k.post(then)
	})
}
