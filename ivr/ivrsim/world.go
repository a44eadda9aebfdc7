package ivrsim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"ctid/ivr"
)

// did carries out a step of the script, as far as there is a world to do it in.
func (c *Call) did(at ivr.Where, st ivr.Step) {
	switch st := st.(type) {
	case ivr.Answer:
		c.later(0, st.ID, ivr.Result{Outcome: "done"})
	case ivr.Play:
		c.later(c.spoken(at, st.Parts), st.ID, ivr.Result{Outcome: "done"})
	case ivr.Stop:
		c.cancel(st.ID)
	case ivr.Lookup, ivr.Query, ivr.HTTP:
		c.lookup(at, st)
	case ivr.Enqueue:
		c.enqueue(at, st)
	case ivr.Leave:
		if c.waiting != nil && !c.waiting.answered {
			c.later(0, st.ID, ivr.Result{Outcome: map[bool]string{true: "no_input", false: "key"}[st.Key == ""]})
		}
	case ivr.Standing:
		c.later(0, st.ID, c.standing())
	case ivr.Log:
		c.logged(at, st)
	case ivr.End:
		c.end(at, st)
	default:
		if !c.call(at, st) {
			c.note(at, st)
		}
	}
}

// call carries out what takes other people, machines or time.
func (c *Call) call(at ivr.Where, st ivr.Step) bool {
	switch st := st.(type) {
	case ivr.Transfer:
		c.dialling = &dialling{id: st.ID, transfer: true, mode: st.Mode}
		c.say(at, '·', fmt.Sprintf("transfer to %s, %s", st.To, st.Mode))
		c.pause(st.Ring, st.ID, ivr.Result{Outcome: "no_answer"})
	case ivr.Dial:
		c.dialling = &dialling{id: st.ID}
		ring := st.Ring
		if st.InTurn {
			ring *= time.Duration(len(st.To))
		}
		c.say(at, '·', "dial "+strings.Join(st.To, ", "))
		c.pause(ring, st.ID, ivr.Result{Outcome: "no_answer"})
	case ivr.Voicemail:
		d := c.spoken(at, slices.Concat(st.Greeting, st.Consent))
		c.say(at, '·', "voicemail "+st.Mailbox)
		c.mailbox = &pendingID{st.ID, "voicemail"}
		c.pause(d+st.Max, st.ID, ivr.Result{Outcome: "left"})
	case ivr.RecordAnswer:
		c.say(at, '·', "record the answer "+st.Name)
		c.mailbox = &pendingID{st.ID, "answer"}
		c.pause(st.Max, st.ID, ivr.Result{Outcome: "done", Value: map[string]any{"recording": st.Name + ".wav"}})
	case ivr.Listen:
		c.listen = st.ID
	case ivr.StopListen:
		if c.listen == st.ID {
			c.listen = ""
		}
	case ivr.BookCallback:
		c.booked(at, st)
	case ivr.Fax:
		c.say(at, '·', map[bool]string{true: "fax sent: " + st.File, false: "fax received for " + st.Mailbox}[st.Send])
		c.later(0, st.ID, c.scripted("fax", at, map[bool]string{true: "sent", false: "received"}[st.Send]))
	case ivr.SendMessage:
		text := cmp.Or(st.Text, st.Template)
		c.sent = append(c.sent, text)
		c.say(at, '·', fmt.Sprintf("%s to %s: %s", cmp.Or(st.By, "sms"), st.To, text))
		c.later(0, st.ID, c.scripted("message", at, "sent"))
	case ivr.Detect:
		who := cmp.Or(c.given.AnsweredBy, "human")
		c.say(at, '·', "answered by "+who)
		c.later(min(st.Max, time.Second), st.ID, ivr.Result{Outcome: who})
	case ivr.Record:
		c.say(at, '·', "record "+st.Do)
		c.later(0, st.ID, ivr.Result{Outcome: "done"})
	default:
		return false
	}
	return true
}

// pause lets a step end by itself, later, unless something else ends it.
func (c *Call) pause(d time.Duration, id string, r ivr.Result) {
	c.later(d, id, r)
	c.due[len(c.due)-1].busy = false
}

// note writes down what the script does without waiting for it.
func (c *Call) note(at ivr.Where, st ivr.Step) {
	text := ""
	switch st := st.(type) {
	case ivr.Attach:
		for _, v := range st.Values {
			c.attached[v.Key] = v.Value.V
			c.private = append(c.private, v.Key, ivr.Text(v.Value.V))
		}
		if at.Verb != "queue" && at.Verb != "transfer" {
			text = "attach " + pairs(c.attached)
		}
	case ivr.SetLanguage:
		text = "language " + st.Lang
	case ivr.Tag:
		c.tags = append(c.tags, st.Tags...)
		text = "tag " + strings.Join(st.Tags, ", ")
	case ivr.Dispose:
		c.dispo, text = st.Disposition, "disposition "+st.Disposition
	case ivr.SetPriority:
		text = fmt.Sprintf("priority %d", st.Priority)
	case ivr.Survey:
		text = fmt.Sprintf("survey %s: %s = %s", st.Name, st.Answer.Name, ivr.Text(st.Answer.Value))
	case ivr.Pop:
		text = c.pop(st)
	case ivr.Music:
		text = "music " + st.Class
	}
	if text != "" {
		c.say(at, '·', text)
	}
}

func (c *Call) pop(st ivr.Pop) string {
	c.popped = append(c.popped, Popped{st.Title, st.URL, st.Colour, st.Note, st.Fields})
	var fs []string
	for _, f := range st.Fields {
		fs = append(fs, f.Name+": "+fieldText(f))
	}
	text := "pop"
	if st.Title != "" {
		text += " “" + st.Title + "”"
	}
	for _, s := range []string{strings.Join(fs, " | "), st.URL, st.Note} {
		if s != "" {
			text += " " + s
		}
	}
	return text
}

func fieldText(f ivr.Field) string {
	if f.Secret {
		return "•••"
	}
	return ivr.Text(f.Value)
}

// pairs writes values as [a:1 b:2], by name.
func pairs(m map[string]any) string {
	var out []string
	for k, v := range m {
		out = append(out, k+":"+ivr.Text(v))
	}
	slices.Sort(out)
	return "[" + strings.Join(out, " ") + "]"
}

func (c *Call) logged(at ivr.Where, st ivr.Log) {
	c.private = append(c.private, st.Code, st.Text)
	sym := '·'
	if strings.HasPrefix(st.Text, "error in ") {
		c.say(at, '✗', "error "+st.Code)
		return
	}
	c.say(at, sym, st.Text)
}

// end is the end of the script.
func (c *Call) end(at ivr.Where, st ivr.End) {
	switch {
	case c.ended == "caller":
		c.say(at, '■', "the caller has hung up")
		return
	case c.left:
		c.ended = "agent"
	case c.outcome == "gone":
		c.ended = "transfer"
	case st.Why == "script":
		c.ended = "script"
	default:
		c.ended = "error"
	}
	text := "hang up"
	if st.Cause != "normal" && st.Cause != "" {
		text += ", " + st.Cause
	}
	if c.ended == "error" {
		text += " after " + st.Why
	}
	c.say(at, '■', text)
}

// enqueue puts the caller into a queue, as its figures let him.
func (c *Call) enqueue(at ivr.Where, st ivr.Enqueue) {
	q := c.given.Queues[string(st.Queue)]
	text := "queue " + string(st.Queue)
	if s := q.String(); s != "" {
		text += ": " + s
	}
	if len(c.attached) > 0 {
		text += "; attached " + pairs(c.attached)
	}
	c.say(at, '·', text)
	note := Queued{Name: string(st.Queue), Priority: st.Priority, Agent: string(st.Prefer), Attach: map[string]any{}}
	if note.Priority < 0 {
		note.Priority = c.m.Priority()
	}
	for _, n := range st.Skills {
		note.Skills = append(note.Skills, n.Skill)
	}
	for k, v := range c.attached {
		note.Attach[k] = v
	}
	c.queued = append(c.queued, note)
	c.waiting = &waiting{step: st}
	if o := q.Refuses; o != "" {
		c.later(0, st.ID, ivr.Result{Outcome: o})
		return
	}
	if st.AtMost > 0 {
		c.pause(st.AtMost, st.ID, ivr.Result{Outcome: "timeout"})
	}
}

// standing is where the caller stands by the figures of his queue, which stay what they are.
func (c *Call) standing() ivr.Result {
	if c.waiting == nil {
		return ivr.Result{Outcome: "error"}
	}
	q := c.given.Queues[string(c.waiting.step.Queue)]
	return ivr.Result{Outcome: "waits", Value: map[string]any{"position": float64(q.Waiting + 1), "low": q.Expected.Seconds(),
		"high": q.Expected.Seconds(), "proven": q.Expected > 0}}
}

// booked answers who asks to be called back; one who waited in the queue then waits no more.
func (c *Call) booked(at ivr.Where, st ivr.BookCallback) {
	r := c.scripted("callback", at, "booked")
	c.later(0, st.ID, r)
	if r.Outcome != "booked" {
		c.say(at, '·', fmt.Sprintf("callback to %s in %s: %s", st.Number, st.Queue, r.Outcome))
		return
	}
	text := fmt.Sprintf("callback to %s booked in %s", st.Number, st.Queue)
	if w := c.waiting; w != nil {
		c.cancel(w.step.ID)
		c.waiting, c.outcome = nil, "callback"
		if st.KeepPlace {
			text += ", place kept"
		}
	}
	c.say(at, '·', text)
}
