package switchboard

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"ctid"
	"ctid/ari/aritest"
	"ctid/ws/wsclient"
)

// The people who call.
var people = map[string]string{"mei": "02079460018", "tom": "02079460019", "kim": "02079460020"}

// athome is the number at which somebody who calls is called back.
func athome(name string) string { return "+44" + people[name][1:] }

// callSentence is a kind of line: what it looks like, and what is done for it.
type callSentence struct {
	re *regexp.Regexp
	do func(p *callPlay, m []string)
}

func sentence(text string, do func(p *callPlay, m []string)) callSentence {
	return callSentence{regexp.MustCompile("^" + text + "$"), do}
}

// callSentences is the language of transcripts of calls.
var callSentences = []callSentence{
	sentence(`(\w+) calls`, func(p *callPlay, m []string) {
		p.callers[m[1]] = p.c.pbx.Call(aritest.Caller{Number: people[m[1]], Name: m[1], DNIS: "8001"})
	}),
	sentence(`outside presses (\S)`, func(p *callPlay, m []string) { p.c.pbx.Outside(outsider).Press(m[1]) }),
	sentence(`(\w+) presses (\S+)`, func(p *callPlay, m []string) { p.caller(m[1]).Press(m[2]) }),
	sentence(`(ana|ben) is ready`, func(p *callPlay, m []string) { p.c.ready(ctid.AgentID(m[1])) }),
	sentence(`(ana|ben) asks for a pause`, func(p *callPlay, m []string) { p.ask(m[1], ctid.AgentPause{Reason: "break"}) }),
	sentence(`(ana|ben)'s phone answers`, func(p *callPlay, m []string) { p.phone(m[1]).Answer() }),
	sentence(`(ana|ben)'s phone (?:hangs up|rejects)`, func(p *callPlay, m []string) { p.phone(m[1]).Hangup() }),
	sentence(`(ana|ben)'s phone (holds|retrieves)`, func(p *callPlay, m []string) {
		map[string]func(){"holds": p.phone(m[1]).Hold, "retrieves": p.phone(m[1]).Unhold}[m[2]]()
	}),
	sentence(`(ana|ben)'s phone sends the caller to (\d+)`, func(p *callPlay, m []string) { p.phone(m[1]).Refer(m[2]) }),
	sentence(`(ana|ben)'s phone (ignores calls|is busy|answers after (\S+)|answers by itself)`, func(p *callPlay, m []string) { p.phone(m[1]).Behave(p.behaviour(m[2])) }),
	sentence(`(ana|ben)'s phone (goes away|comes back|vanishes|loses its media)`, func(p *callPlay, m []string) {
		k := p.phone(m[1])
		map[string]func(){"goes away": k.Unregister, "comes back": k.Register, "vanishes": k.Vanish, "loses its media": k.LoseMedia}[m[2]]()
	}),
	sentence(`outside (ignores calls|is busy|answers after (\S+))`, func(p *callPlay, m []string) {
		b := p.behaviour(m[1])
		p.c.pbx.OnCall(func(aritest.Dialled) aritest.Behaviour { return b })
	}),
	sentence(`(mei|tom|kim) hangs up at the phone`, func(p *callPlay, m []string) { p.c.pbx.Outside(athome(m[1])).Hangup() }),
	sentence(`sam moves (\w+) to queue (\w+)`, func(p *callPlay, m []string) {
		p.supervise(ctid.QueueMove{Call: p.callOf(m[1]), Queue: ctid.QueueID(m[2])})
	}),
	sentence(`sam gives (\w+) priority (\d+)`, func(p *callPlay, m []string) {
		n, err := strconv.Atoi(m[2])
		if err != nil {
			p.t.Fatal(err)
		}
		p.supervise(ctid.QueuePrioritise{Call: p.callOf(m[1]), Priority: &n})
	}),
	sentence(`sam has (ana|ben) take (\w+)`, func(p *callPlay, m []string) {
		p.supervise(ctid.QueuePick{Call: p.callOf(m[2]), Agent: ctid.AgentID(m[1])})
	}),
	sentence(`sam removes (\w+(?:'s callback)?), (\w+)`, func(p *callPlay, m []string) {
		p.supervise(ctid.QueueRemove{Call: p.callOf(m[1]), How: m[2]})
	}),
	sentence(`(\w+) listens`, func(p *callPlay, m []string) { p.caller(m[1]) }),
	sentence(`outside hangs up`, func(p *callPlay, _ []string) { p.c.pbx.Outside(outsider).Hangup() }),
	sentence(`(ana|ben) (answers|holds|retrieves|completes|cancels|swaps|conferences|rejects|hangs up)`, func(p *callPlay, m []string) { p.ask(m[1], p.wish(m[1], m[2])) }),
	sentence(`(\w+) hangs up`, func(p *callPlay, m []string) { p.caller(m[1]).Hangup() }),
	sentence(`(ana|ben) consults (\w+)`, func(p *callPlay, m []string) {
		p.ask(m[1], ctid.CallConsult{Call: p.view(m[1]).Call, To: p.target(m[2])})
	}),
	sentence(`(ana|ben) sends the caller to ((?:queue |script )?\w+)(?:, else (queue|hangup))?`, func(p *callPlay, m []string) {
		p.ask(m[1], ctid.CallTransferBlind{Call: p.view(m[1]).Call, To: p.target(m[2]), OnFail: m[3]})
	}),
	sentence(`(ana|ben) parks the caller(?:, then back to queue (\w+))?`, func(p *callPlay, m []string) {
		park := ctid.CallPark{Call: p.view(m[1]).Call}
		if m[2] != "" {
			park.BackTo = &ctid.Target{Kind: "queue", ID: m[2]}
		}
		p.ask(m[1], park)
	}),
	sentence(`(ana|ben) picks up slot (\d+)`, func(p *callPlay, m []string) { p.ask(m[1], ctid.CallPickup{Slot: m[2]}) }),
	sentence(`(ana|ben) picks up (\w+)`, func(p *callPlay, m []string) {
		for id, name := range p.names {
			if name == m[2] {
				p.ask(m[1], ctid.CallPickup{Call: id})
			}
		}
	}),
	sentence(`(ana|ben) drops (\w+)`, func(p *callPlay, m []string) {
		leg := p.c.pbx.Outside(outsider).Leg()
		if m[2] != "outside" {
			leg = p.phone(m[2]).Leg()
		}
		p.ask(m[1], ctid.CallDropParty{Call: p.view(m[1]).Call, Leg: ctid.LegID(leg)})
	}),
	sentence(`(ana|ben) dials (\w+)`, func(p *callPlay, m []string) { p.ask(m[1], ctid.CallDial{To: p.target(m[2])}) }),
	sentence(`ctid drains`, func(p *callPlay, _ []string) {
		p.drained = make(chan error, 1)
		go func() { p.drained <- p.c.sb.Drain(p.t.Context(), "test") }()
	}),
}

func (p *callPlay) behaviour(words string) aritest.Behaviour {
	switch {
	case words == "ignores calls":
		return aritest.Behaviour{Do: aritest.Ignore}
	case words == "answers by itself":
		return aritest.AutoAnswers(time.Second)
	case words == "is busy":
		return aritest.Behaviour{Do: aritest.Busy}
	}
	d, err := time.ParseDuration(strings.TrimPrefix(words, "answers after "))
	if err != nil {
		p.t.Fatal(err)
	}
	return aritest.AnswerAfter(d)
}

// wish is a request about the call that the agent is on.
func (p *callPlay) wish(agent, what string) ctid.Action {
	v := p.view(agent)
	return map[string]ctid.Action{"answers": ctid.CallAnswer{Call: v.Call, Offer: v.Offer},
		"holds": ctid.CallHold{Call: v.Call}, "retrieves": ctid.CallRetrieve{Call: v.Call},
		"completes": ctid.CallTransferComplete{Call: v.Call}, "cancels": ctid.CallTransferCancel{Call: v.Call}, "swaps": ctid.CallSwap{Call: v.Call},
		"conferences": ctid.CallConference{Call: v.Call}, "rejects": ctid.CallReject{Call: v.Call, Offer: v.Offer},
		"hangs up": ctid.CallHangup{Call: v.Call}}[what]
}

// event says one event about a call in words, with the state that a desktop shows then. Others, and notes that no
// desktop needs, are left out.
func (p *callPlay) event(e ctid.Event) (string, bool) {
	if note, ok := e.Body.(ctid.CallNote); e.Call == "" || ok && note.What != "agent_lost" {
		return "", false
	}
	p.named(e)
	name, words := p.names[e.Call], p.words(e)
	if e.By.Kind != "system" {
		words += ", by " + e.By.Kind
		if p.isAgent(e.By.ID) {
			words += " " + e.By.ID
		}
	}
	text := strings.TrimSpace(name + ": " + e.Body.Kind() + words)
	if !strings.HasPrefix(e.Body.Kind(), "call.") || e.Body.Kind() == "call.note" {
		return text, true
	}
	data, err := json.Marshal(e.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	err = p.fold.Apply(wsclient.Frame{K: "event", Seq: e.Seq, At: e.At, Type: e.Body.Kind(), Call: string(e.Call), Agent: string(e.Agent),
		Queue: string(e.Queue), Rev: e.Rev, Topics: []string{"me"}, Data: data})
	if err != nil {
		p.t.Fatal(err)
	}
	state := "ended"
	if k := p.fold.Topics["me"].Calls[string(e.Call)]; k != nil {
		state = k.State
	}
	return text + " → " + state, true
}

func (p *callPlay) isAgent(name string) bool { return name == "ana" || name == "ben" }

// named notes whose call a new one is: the caller's, or the agent's who made it.
func (p *callPlay) named(e ctid.Event) {
	switch b := e.Body.(type) {
	case ctid.CallArrived:
		for name, number := range people {
			if string(b.ANI.Raw) == number {
				p.names[e.Call] = name
			}
		}
	case ctid.CallOriginated:
		if _, known := p.names[e.Call]; !known { // a callback has its name already
			p.names[e.Call] = string(e.Agent)
		}
	case ctid.CallbackScheduled:
		p.names[ctid.CallID(b.Callback)] = p.names[e.Call] + "'s callback"
	case ctid.CallbackAttempted:
		p.names[b.NextCall] = fmt.Sprintf("%s %d", p.names[ctid.CallID(b.Callback)], b.N+1)
	}
}

// words are what an event says beside its name.
func (p *callPlay) words(e ctid.Event) string {
	switch b := e.Body.(type) {
	case ctid.PopOffered:
		return fmt.Sprintf(" to %s (%s)", e.Agent, b.PopData.Kind)
	case ctid.PopUpdated:
		return fmt.Sprintf(" for %s (%s)", e.Agent, b.Why)
	case ctid.PopClosed:
		return fmt.Sprintf(" for %s (%s)", e.Agent, b.Why)
	case ctid.CallQueued:
		return fmt.Sprintf(" in %s, number %d", e.Queue, b.Position)
	case ctid.CallLeftQueue:
		return fmt.Sprintf(" %s (%s)", e.Queue, b.Exit)
	case ctid.CallWaitingChanged:
		return waitingWords(e.Queue, b)
	case ctid.CallbackScheduled:
		return " in " + string(e.Queue)
	case ctid.CallbackAttempted:
		text := fmt.Sprintf(" %d of %d (%s)", b.N, b.Of, b.Result)
		if !b.NextAt.IsZero() {
			text += fmt.Sprintf(", again at %.2f", b.NextAt.Sub(p.from).Seconds())
		}
		return text
	case ctid.CallbackClosed:
		return heldWhy(b.Why)
	case ctid.CallDelivered:
		return " to " + string(e.Agent)
	case ctid.CallEstablished:
		return " of " + parties(b.Legs)
	case ctid.CallDiverted:
		return fmt.Sprintf(" from %s (%s)", b.FromAgent, b.Why)
	case ctid.CallHeld:
		return heldWhy(b.Why)
	case ctid.CallRetrieved:
		return heldWhy(b.Why) + " after " + seconds(b.HeldMS)
	case ctid.CallNote:
		return " " + b.What
	case ctid.CallCleared:
		return fmt.Sprintf(" (%s/%s)", b.End.Side, b.End.Reason)
	}
	return p.talkWords(e.Body)
}

// waitingWords say where a caller waits now, and why.
func waitingWords(queue ctid.QueueID, b ctid.CallWaitingChanged) string {
	text := fmt.Sprintf(": %s in %s", b.What, queue)
	if b.From != "" {
		text = fmt.Sprintf(": %s from %s to %s", b.What, b.From, queue)
	}
	return fmt.Sprintf("%s%s, number %d, priority %d", text, heldWhy(string(b.Why)), b.Position, b.Priority)
}

func heldWhy(why string) string {
	if why == "" {
		return ""
	}
	return " (" + why + ")"
}

func (p *callPlay) talkWords(b ctid.Body) string {
	switch b := b.(type) {
	case ctid.CallOriginated:
		return " to " + who(b.To)
	case ctid.CallProgress:
		return ": " + b.What
	case ctid.CallConsulted:
		return fmt.Sprintf(" with %s: %s%s", who(b.To), b.State, heldWhy(b.Why))
	case ctid.CallConferenced:
		return fmt.Sprintf(" of %s; %s answers for it", parties(b.Legs), b.Owner)
	case ctid.CallTransferred:
		text := fmt.Sprintf(" from %s to %s (%s)", who(b.From), who(b.To), b.How)
		if b.NowOwner != "" {
			text += "; " + string(b.NowOwner) + " answers for it"
		}
		return text
	case ctid.CallParked:
		return fmt.Sprintf(" in slot %s until %.2f, then to %s", b.Slot, b.Until.Sub(p.from).Seconds(), who(b.BackTo))
	case ctid.CallFailed:
		return fmt.Sprintf(": %s (%s), next %s", b.Step, b.Reason, b.Next)
	case ctid.CallPartyLeft:
		leaver := b.Role
		if b.Agent != "" {
			leaver = string(b.Agent)
		}
		return fmt.Sprintf(": %s (%s/%s)", leaver, b.End.Side, b.End.Reason)
	}
	return ""
}

// who names a target.
func who(t ctid.Target) string {
	switch t.Kind {
	case "agent":
		return t.ID
	case "number":
		return "outside"
	}
	return t.Kind + " " + t.ID
}

// parties names those who hear each other.
func parties(legs []ctid.LegView) string {
	var all []string
	for _, l := range legs {
		name := string(l.Agent)
		if name == "" {
			name = l.Role
		}
		all = append(all, name)
	}
	return strings.Join(all, ", ")
}

func seconds(ms int64) string { return (time.Duration(ms) * time.Millisecond).String() }

// nobody is the scene when no agent is on duty and no caller on the line.
const nobody = "nobody is there"

// scene says what each agent does, and what each of those on the line hears.
func (p *callPlay) scene() string {
	var all []string
	names := map[string]string{p.c.pbx.Outside(outsider).Leg(): "outside"}
	for _, a := range agentPhones {
		for _, leg := range p.c.pbx.PhoneOf(a.phone).Legs() {
			names[leg] = string(a.agent)
		}
		if s := p.c.state(a.agent); s != "out" {
			if doing := p.view(string(a.agent)).Doing; doing != "" && doing != ctid.DoingTalk {
				s += " (" + string(doing) + ")"
			}
			all = append(all, string(a.agent)+" "+s)
		}
	}
	for name, k := range p.callers {
		names[k.ID()] = name
		names[p.c.pbx.Outside(athome(name)).Leg()] = name
	}
	delete(names, "") // of those who have no call
	for _, name := range sortedKeys(p.callers) {
		if over, _ := p.callers[name].Ended(); !over {
			all = append(all, name+" hears "+sounds(p.callers[name].Hears(), names))
		}
	}
	for _, a := range agentPhones {
		if leg := p.c.pbx.PhoneOf(a.phone); leg.Leg() != "" && !leg.Ringing() {
			all = append(all, string(a.agent)+" hears "+sounds(leg.Hears(), names))
		}
	}
	if len(all) == 0 {
		return nobody
	}
	return strings.Join(all, " | ")
}

// sounds names what is heard; a channel without a name is nobody whom the transcript knows.
func sounds(heard []string, names map[string]string) string {
	var all []string
	for _, h := range heard {
		switch name := names[h]; {
		case name != "":
			all = append(all, name)
		case strings.HasPrefix(h, "moh:"):
			all = append(all, "music")
		default:
			all = append(all, strings.TrimPrefix(h, "sound:"))
		}
	}
	if len(all) == 0 {
		return "nothing"
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " and ")
}

// recordWords says how a call ended, as the record keeps it.
func recordWords(r *ctid.CallRecord) string {
	parts := []string{fmt.Sprintf("%s/%s, %s", r.End.Side, r.End.Reason, r.Outcome)}
	add := func(what string, ms int64) {
		if ms > 0 {
			parts = append(parts, what+" "+seconds(ms))
		}
	}
	add("waited", r.WaitMS)
	add("talked", r.TalkMS)
	add("on hold", r.HoldMS)
	list := func(what string, all string) {
		if all != "" {
			parts = append(parts, what+" "+all)
		}
	}
	list("queues:", words(r.Queues, func(v ctid.QueueVisit) string { return fmt.Sprintf("%s (%s)", v.Queue, v.Exit) }))
	list("offers:", words(r.Offers, func(o ctid.OfferRecord) string { return fmt.Sprintf("%s (%s)", o.Agent, o.End) }))
	list("agents:", words(r.Agents, func(a ctid.AgentPart) string {
		return strings.TrimSpace(fmt.Sprintf("%s %s %s", a.Agent, seconds(a.TalkMS+a.HoldMS), a.Role))
	}))
	list("rang:", words(r.Parties, func(p ctid.PartyPart) string {
		name := string(p.Agent)
		if name == "" {
			name = "outside"
		}
		return fmt.Sprintf("%s (%s)", name, p.Outcome)
	}))
	return strings.Join(parts, "; ")
}
