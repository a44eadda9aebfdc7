package switchboard

import (
	"slices"
	"time"
	"unicode/utf8"

	"ctid"
)

// maxMessage is how long a message between people may be, in characters.
const maxMessage = 500

var levels = []string{"info", "warn", "urgent"}

// unreadLife is how long a message without an end may still be acknowledged.
const unreadLife = 24 * time.Hour

// sent is a message that somebody has still to acknowledge.
type sent struct {
	from  ctid.AgentID
	to    []ctid.AgentID
	until time.Time
}

// send passes a short text on: to an agent, a team, or the supervisors.
func (d *desk) send(now time.Time, r ctid.MessageSend, by ctid.By, who ctid.Who, reply func(ctid.Reply)) {
	if r.Level == "" {
		r.Level = "info"
	}
	bad := func(text, field string) {
		reply(failed(&ctid.Error{Code: ctid.BadRequest, Text: text, Fields: []string{field}}))
	}
	to, known := d.readers(r.To)
	switch n := utf8.RuneCountInString(string(r.Text)); {
	case n == 0:
		bad("the message is empty", "args.text")
		return
	case n > maxMessage:
		reply(failed(&ctid.Error{Code: ctid.TooLarge, Text: "a message has at most 500 characters", Fields: []string{"args.text"}}))
		return
	case !slices.Contains(levels, r.Level):
		bad("a level is info, warn or urgent", "args.level")
		return
	case !known:
		reply(failed(ctid.Refuse(ctid.NotFound, "nobody is called that")))
		return
	}
	id := ctid.MessageID(d.sb.cfg.NewID("m_"))
	d.keepUnread(now, id, &sent{who.Agent, to, r.Until})
	seq := d.seq
	d.fact(now, ctid.Event{By: by, Rev: 1, Agents: to, Can: []string{ctid.MessageAck{}.Op()}, Body: ctid.MessageReceived{Message: id, To: r.To, Text: r.Text, Level: r.Level,
		NeedsAck: r.NeedsAck, Until: r.Until}}, func(e *ctid.LogEntry) {
		e.Done = func(err error) {
			reply(ctid.Reply{Phase: ctid.Done, Seq: seq, Unsaved: err != nil, Data: map[string]any{"message": id}})
		}
	})
}

// keepUnread remembers who has a message still to read, and forgets those whose time is over.
func (d *desk) keepUnread(now time.Time, id ctid.MessageID, m *sent) {
	wall := d.wall(now)
	for other, x := range d.unread {
		if !x.until.After(wall) {
			delete(d.unread, other)
		}
	}
	if m.until.IsZero() {
		m.until = wall.Add(unreadLife)
	}
	if len(m.to) > 0 {
		d.unread[id] = m
	}
}

// readers are the agents who get a message. Supervisors read theirs by the topic of their team.
func (d *desk) readers(to ctid.Target) (agents []ctid.AgentID, known bool) {
	switch to.Kind {
	case "agent":
		_, known = d.core.AgentView(ctid.AgentID(to.ID))
		return []ctid.AgentID{ctid.AgentID(to.ID)}, known
	case "team":
		for _, a := range d.plan.ACD.Agents {
			if d.plan.Teams[a.ID] == to.ID {
				agents = append(agents, a.ID)
			}
		}
		return agents, len(agents) > 0
	case "supervisor":
		return nil, true
	}
	return nil, false
}

// acknowledged: one of its readers has read a message.
func (d *desk) acknowledged(now time.Time, r ctid.MessageAck, by ctid.By, who ctid.Who, reply func(ctid.Reply)) {
	m := d.unread[r.Message]
	if m == nil || !slices.Contains(m.to, who.Agent) {
		reply(ctid.Reply{Phase: ctid.Done, Already: true})
		return
	}
	m.to = slices.DeleteFunc(slices.Clone(m.to), func(a ctid.AgentID) bool { return a == who.Agent })
	if len(m.to) == 0 {
		delete(d.unread, r.Message)
	}
	told := []ctid.AgentID{who.Agent}
	if m.from != "" && m.from != who.Agent {
		told = append(told, m.from)
	}
	seq := d.seq
	d.fact(now, ctid.Event{By: by, Rev: 2, Agent: who.Agent, Agents: told, Body: ctid.MessageAcked(r)}, func(e *ctid.LogEntry) {
		e.Done = func(err error) { reply(ctid.Reply{Phase: ctid.Done, Seq: seq, Unsaved: err != nil}) }
	})
}

// choose says who of the candidates the caller on an agent's screen is.
func (d *desk) choose(who ctid.Who, r ctid.PopChoose, by ctid.By, reply func(ctid.Reply)) {
	p := d.pops[who.Agent]
	if p == nil || p.id != r.Pop {
		reply(failed(ctid.Refuse(ctid.NotFound, "no such pop is open for you")))
		return
	}
	k := d.calls[p.call]
	if k == nil {
		reply(failed(ctid.Refuse(ctid.CallOver, "this call is over")))
		return
	}
	k.post(func(time.Time) {
		k.choose(r.Customer, &wish{agent: who.Agent, by: by, op: r.Op(), reply: reply})
	})
}
