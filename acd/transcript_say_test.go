package acd

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"ctid"
)

// sentences is the language of events.
var sentences = []struct {
	re   *regexp.Regexp
	make func(p *player, m []string) Event
}{
	say(`(\w+) logs in`, func(_ *player, m []string) Event { return AgentLogin{agentID(m[1]), byAgent(m[1])} }),
	say(`(\w+) logs out`, func(_ *player, m []string) Event { return AgentLogout{agentID(m[1]), byAgent(m[1])} }),
	say(`(\w+) says ready`, func(_ *player, m []string) Event { return AgentReady{agentID(m[1]), byAgent(m[1])} }),
	say(`(\w+) asks for a pause(?: \((.+)\))?`, func(_ *player, m []string) Event { return AgentPause{agentID(m[1]), m[2], byAgent(m[1])} }),
	say(`(\w+) takes the wish back`, func(_ *player, m []string) Event { return AgentCancelNext{agentID(m[1]), byAgent(m[1])} }),
	say(`(\w+) hands in wrap-up (\d+)( with a code)?(?: then (\w+)(?: \((.+)\))?)?`, func(_ *player, m []string) Event {
		return WrapUpDone{Agent: agentID(m[1]), Wrap: ctid.WrapID("w_A_" + m[2]), Coded: m[3] != "", Then: ctid.AgentState(m[4]), Reason: m[5], By: byAgent(m[1])}
	}),
	say(`(\w+)'s desktop is (awake|lost)( after it showed the caller)?`, func(_ *player, m []string) Event {
		return DeskChanged{agentID(m[1]), m[2] == "awake", m[3] != ""}
	}),
	say(`(\w+) makes wrap-up (\d+) longer by (\w+)`, func(_ *player, m []string) Event {
		d, _ := time.ParseDuration(m[3])
		return ExtendWrapUp{agentID(m[1]), ctid.WrapID("w_A_" + m[2]), d, byAgent(m[1])}
	}),
	say(`(\w+) makes (\w+) (\w+)(?: \((.+)\))?(, ending his work)?`, func(_ *player, m []string) Event {
		return ForceState{agentID(m[2]), ctid.AgentState(m[3]), m[4], m[5] != "", ctid.By{Kind: "supervisor", ID: m[1]}}
	}),
	say(`(\w+) asks (\w+) about (\w+)`, func(_ *player, m []string) Event {
		return Direct{Task: ctid.TaskID(m[3]), Agent: agentID(m[2]), Kind: ctid.OfferConsult, By: byAgent(m[1])}
	}),
	say(`(\w+) hands (\w+) to (\w+)(?: for (\w+))?`, func(_ *player, m []string) Event {
		d, _ := time.ParseDuration(m[4])
		return Direct{Task: ctid.TaskID(m[2]), Agent: agentID(m[3]), Kind: ctid.OfferTransfer, Ring: d, By: byAgent(m[1])}
	}),
	say(`(\w+) takes (\w+) from its queue`, func(_ *player, m []string) Event {
		return Pick{ctid.TaskID(m[2]), agentID(m[1]), byAgent(m[1])}
	}),
	say(`(\w+) picks up (\w+)`, func(_ *player, m []string) Event {
		return Direct{Task: ctid.TaskID(m[2]), Agent: agentID(m[1]), Kind: ctid.OfferPickup, By: byAgent(m[1])}
	}),
	say(`offer (\d+) is taken back(?: \((\w+)\))?`, func(_ *player, m []string) Event { return Revoke{ctid.OfferID("o_A_" + m[1]), m[2]} }),
	say(`(\w+) dials (\w+)(?: for (\w+))?`, func(_ *player, m []string) Event {
		return WorkBegun{agentID(m[1]), ctid.TaskID(m[2]), ctid.QueueID(m[3]), ctid.DoingDialing, byAgent(m[1])}
	}),
	say(`(\w+)'s phone is in (\w+)`, func(_ *player, m []string) Event {
		return WorkBegun{Agent: agentID(m[1]), Task: ctid.TaskID(m[2]), Doing: ctid.DoingDirect, By: byPhone}
	}),
	say(`(\w+) answers for (\w+) from (\w+)`, func(_ *player, m []string) Event {
		return WorkOwned{agentID(m[1]), ctid.TaskID(m[2]), ctid.QueueID(m[3])}
	}),
	say(`(\w+) is in (\w+) with (\w+)`, func(_ *player, m []string) Event {
		return WorkDoing{agentID(m[1]), ctid.TaskID(m[3]), ctid.Doing(m[2]), byAgent(m[1])}
	}),
	say(`(\w+) takes telephone (\w+)`, func(_ *player, m []string) Event {
		return SetDevice{agentID(m[1]), strings.TrimPrefix(m[2], "main"), byAgent(m[1])}
	}),
	say(`ctid starts again`, func(*player, []string) Event { return Restarted{} }),
	say(`(\w+) is found talking with (\w+) from (\w+)(?: on offer (\d+))?`, func(_ *player, m []string) Event {
		e := Adopt{Agent: agentID(m[1]), Task: ctid.TaskID(m[2]), Queue: ctid.QueueID(m[3])}
		if m[4] != "" {
			e.Offer = ctid.OfferID("o_A_" + m[4])
		}
		return e
	}),
	say(`(\w+)'s phone is (reachable|unreachable)`, func(_ *player, m []string) Event { return DeviceChanged{agentID(m[1]), m[2] == "reachable"} }),
	say(`(\w+)'s talk with (\w+) ends( without wrap-up| before it began)?`, func(_ *player, m []string) Event {
		return WorkEnded{agentID(m[1]), ctid.TaskID(m[2]), m[3] != "", m[3] == " before it began"}
	}),
	say(`(\w+) moves (\w+) to (\w+)`, func(_ *player, m []string) Event {
		return Move{ctid.TaskID(m[2]), ctid.QueueID(m[3]), ctid.By{Kind: "supervisor", ID: m[1]}}
	}),
	say(`(\w+) gives (\w+) priority (\d+)`, func(_ *player, m []string) Event {
		n, _ := strconv.Atoi(m[3])
		return Prioritise{ctid.TaskID(m[2]), n, ctid.By{Kind: "supervisor", ID: m[1]}}
	}),
	say(`(\w+) removes (\w+)`, func(_ *player, m []string) Event {
		return Leave{Task: ctid.TaskID(m[2]), Why: ctid.ExitRemoved, By: ctid.By{Kind: "supervisor", ID: m[1]}}
	}),
	say(`(\w+) wants to be called back as (\w+)( behind all others)?( before the agent)?`, func(_ *player, m []string) Event {
		return TakeCallback{Task: ctid.TaskID(m[1]), As: ctid.TaskID(m[2]), Late: m[3] != "", Ahead: m[4] != ""}
	}),
	say(`(\w+) is on the line`, func(_ *player, m []string) Event { return OnLine{ctid.TaskID(m[1])} }),
	say(`(\w+) enters (\w+)(?: with priority (\d+))?(?: since ([\d:.]+))?(?: for at most (\w+))?(?: needing (\S+))?(?: preferring (\w+) for (\w+))?(?:, in the system since ([\d:.]+))?(, as a callback)?( before the agent)?(, again)?(?:, calling as (\w+))?`, func(p *player, m []string) Event {
		e := Enqueue{Task: ctid.TaskID(m[1]), Queue: ctid.QueueID(m[2]), Priority: -1, Entered: p.now}
		if m[3] != "" {
			e.Priority, _ = strconv.Atoi(m[3])
		}
		if m[4] != "" {
			e.Entered = clock(p.t, m[4])
		}
		if m[5] != "" {
			e.AtMost, _ = time.ParseDuration(m[5])
		}
		e.Needs, e.Prefer = p.needs(m[6]), ctid.AgentID(m[7])
		if m[8] != "" {
			e.PreferFor, _ = time.ParseDuration(m[8])
		}
		if m[9] != "" {
			e.Arrived = clock(p.t, m[9])
		}
		e.Callback, e.Ahead, e.Again, e.Caller = m[10] != "", m[11] != "", m[12] != "", m[13]
		return e
	}),
	say(`(\w+) leaves \((\w+)\)`, func(_ *player, m []string) Event { return Leave{Task: ctid.TaskID(m[1]), Why: ctid.QueueExit(m[2])} }),
	say(`(\w+) hangs up`, func(_ *player, m []string) Event { return TaskGone{ctid.TaskID(m[1])} }),
	say(`offer (\d+) is answered`, func(_ *player, m []string) Event { return OfferUp{ctid.OfferID("o_A_" + m[1])} }),
	say(`offer (\d+) fails \((\w+)\)`, func(_ *player, m []string) Event { return OfferFailed{ctid.OfferID("o_A_" + m[1]), m[2]} }),
	say(`(\w+)'s leg of offer (\d+) is gone`, func(_ *player, m []string) Event { return LegGone{agentID(m[1]), ctid.OfferID("o_A_" + m[2])} }),
	say(`time passes`, func(*player, []string) Event { return Tick{} }),
}

func say(text string, make func(*player, []string) Event) struct {
	re   *regexp.Regexp
	make func(p *player, m []string) Event
} {
	return struct {
		re   *regexp.Regexp
		make func(p *player, m []string) Event
	}{regexp.MustCompile("^" + text + "$"), make}
}

func agentID(name string) ctid.AgentID { return ctid.AgentID(name) }
func byAgent(name string) ctid.By      { return ctid.By{Kind: "agent", ID: name} }

func (p *player) event(what string) Event {
	for _, s := range sentences {
		if m := s.re.FindStringSubmatch(what); m != nil {
			return s.make(p, m)
		}
	}
	p.t.Fatalf("nobody understands %q", what)
	return nil
}

// tell says one command in words.
func tell(c Command) string {
	switch c := c.(type) {
	case MakeOffer:
		if c.Kind != "" {
			return fmt.Sprintf("offer %s: %s as a %s rings %s until %s", short(string(c.Offer)), c.Task, c.Kind, c.Agent, shown(c.Until))
		}
		s := fmt.Sprintf("offer %s: %s from %s (since %s, priority %d) rings %s until %s", short(string(c.Offer)), c.Task, c.Queue,
			shown(c.Entered), c.Priority, c.Agent, shown(c.Until))
		if c.Medium != "" {
			s += " on " + string(c.Medium)
		}
		if c.OffersBefore > 0 {
			s += fmt.Sprintf("; offers before: %d", c.OffersBefore)
		}
		return s
	case EndOffer:
		s := fmt.Sprintf("offer %s ends: %s", short(string(c.Offer)), c.End)
		if c.Why != "" {
			s += " (" + c.Why + ")"
		}
		return s + fmt.Sprintf(", %s with %s", c.Agent, c.Task)
	case TaskQueued:
		s := fmt.Sprintf("%s is number %d in %s with priority %d", c.Task, c.Position, c.Queue, c.Priority)
		if !c.Entered.IsZero() {
			s += ", as since " + shown(c.Entered)
		}
		return s
	case TaskMoved:
		s := fmt.Sprintf("%s is number %d in %s with priority %d, not in %s", c.Task, c.Position, c.To, c.Priority, c.From)
		if c.Why != "" {
			s += " (" + string(c.Why) + ")"
		}
		if c.AtMost > 0 {
			s += fmt.Sprintf(", for at most %v", c.AtMost)
		}
		return s + "; by " + strings.TrimSpace(c.By.Kind+" "+c.By.ID)
	case TaskChanged:
		return fmt.Sprintf("%s is number %d in %s with priority %d; by %s %s", c.Task, c.Position, c.Queue, c.Priority, c.By.Kind, c.By.ID)
	case TaskEnded:
		s := fmt.Sprintf("%s leaves %s: %s", c.Task, c.Queue, c.Exit)
		if c.Agent != "" {
			s += " by " + string(c.Agent)
		}
		return s + fmt.Sprintf(" after %v", c.Waited)
	case DropWork:
		return fmt.Sprintf("%s's work on %s is to end; by %s %s", c.Agent, c.Task, c.By.Kind, c.By.ID)
	case AgentChanged:
		return tellView(c.View) + "; by " + strings.TrimSpace(c.By.Kind+" "+c.By.ID)
	case Refused:
		s := fmt.Sprintf("refused, %s: %s", c.Err.Code, c.Err.Text)
		if c.Err.Can != nil {
			s += fmt.Sprintf(" (can: %s)", strings.Join(c.Err.Can, ", "))
		}
		return s
	}
	return fmt.Sprintf("%#v", c)
}

func short(id string) string { return id[strings.LastIndex(id, "_")+1:] }

func tellView(v ctid.AgentView) string {
	s := fmt.Sprintf("%s: %s", v.Agent, v.State)
	if v.Reason != "" {
		s += " (" + v.Reason + ")"
	}
	if v.Locked {
		s += " locked"
	}
	if v.Doing != "" && v.Doing != ctid.DoingTalk {
		s += " (" + string(v.Doing) + ")"
	}
	if v.Offer != "" {
		s += " offer " + short(string(v.Offer))
	}
	if v.Wrap != nil {
		s += tellWrap(v.Wrap)
	}
	if v.Call != "" {
		s += " on " + string(v.Call)
	}
	if v.Next != nil {
		s += ", next " + string(v.Next.State)
		if v.Next.Reason != "" {
			s += " (" + v.Next.Reason + ")"
		}
		if v.Next.Locked {
			s += " locked"
		}
	}
	s += tellMedia(v)
	if v.Misses > 0 {
		s += fmt.Sprintf(", %d missed", v.Misses)
	}
	if !v.Device {
		s += ", no phone"
	}
	if v.Phone != "" {
		s += ", at " + v.Phone
	}
	if v.Desk {
		s += ", desktop"
	}
	if v.Was != "" {
		s += fmt.Sprintf("; was %s for %v", v.Was, time.Duration(v.WasMS)*time.Millisecond)
	}
	return s
}

func tellWrap(w *ctid.Wrap) string {
	s := fmt.Sprintf(" %s until %s", short(string(w.ID)), shown(w.Until))
	if w.Forced {
		s += ", code owed"
	}
	if w.Overrun {
		s += ", overrun"
	}
	if w.Late {
		s += ", late"
	}
	if w.Extends > 0 {
		s += fmt.Sprintf(", can be made longer %d times", w.Extends)
	}
	return s
}

// tellMedia says what an agent has beside his call, of one who works in more than voice.
func tellMedia(v ctid.AgentView) (s string) {
	if v.Media == (ctid.MediaUse{Voice: v.Media.Voice}) {
		return ""
	}
	for _, m := range ctid.Media {
		if u := v.Media.Of(m); *u != (ctid.SlotUse{}) {
			s += fmt.Sprintf(", %s %d/%d", m, u.Used, u.Max)
			if u.Paused != "" {
				s += " paused (" + u.Paused + ")"
			}
		}
	}
	for _, w := range v.Work {
		s += fmt.Sprintf(", %s %s", w.Task, w.State)
		if w.Offer != "" {
			s += " " + short(string(w.Offer))
		}
		if w.Wrap != nil {
			s += tellWrap(w.Wrap)
		}
	}
	return s
}

// look shows an agent, a queue or a task as outsiders see it.
func (p *player) look(subject string) {
	if v, ok := p.s.AgentView(ctid.AgentID(subject)); ok {
		fmt.Fprintf(&p.out, "  → %s; since %s, rev %d, serves %v, can: %s\n", tellView(v), shown(v.Since), v.Rev, v.Queues, strings.Join(v.Can, ", "))
		return
	}
	if n, ok := p.s.Position(ctid.TaskID(subject)); ok {
		fmt.Fprintf(&p.out, "  → %s is number %d", subject, n)
		if e, _ := p.s.Estimate(ctid.TaskID(subject)); e.Said && e.High > 0 {
			fmt.Fprintf(&p.out, ", and waits %v to %v, likely %v", e.Low, e.High, e.Mid)
		}
		p.out.WriteString("\n")
		return
	}
	f := p.s.Figures(ctid.QueueID(subject), p.now)
	fmt.Fprintf(&p.out, "  → %s: %d waiting, longest %v, %d of %d agents ready, %d talking, open %v\n", subject, f.Waiting, f.Longest,
		f.AgentsReady, f.AgentsIn, f.Talking, f.Open)
}

// why shows what keeps a task from each agent, or an agent from each task.
func (p *player) why(subject string) {
	list, ok := p.s.WhyTask(ctid.TaskID(subject))
	if !ok {
		if list, ok = p.s.WhyAgent(ctid.AgentID(subject)); !ok {
			p.t.Fatalf("nothing is called %q", subject)
		}
	}
	for _, w := range list {
		fmt.Fprintf(&p.out, "  → %s of %s and %s: %v", w.Task, w.Queue, w.Agent, w.OK)
		if w.Rule != "" {
			fmt.Fprintf(&p.out, ", %s: %s", w.Rule, w.Value)
		}
		p.out.WriteString("\n")
	}
}
