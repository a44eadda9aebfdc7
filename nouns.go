package ctid

import "time"

// Number is a telephone number in each of its forms. A withheld or unreadable number has Kind "withheld" or "unknown"
// and an empty E164.
type Number struct {
	E164  Private `json:"e164,omitempty"`
	Raw   Private `json:"raw,omitempty"`   // as the PBX gave it, cleaned of controls and cut to 128 bytes
	Shown Private `json:"shown,omitempty"` // for people, in national form
	Name  Private `json:"name,omitempty"`  // the caller-ID name, cleaned the same way
	Kind  string  `json:"kind,omitempty"`  // fixed, mobile, fixed_or_mobile, premium, …, internal, withheld, unknown
}

// DNIS is the number that was called, with the label the configuration gives it.
type DNIS struct {
	Number string `json:"number"`
	Label  string `json:"label,omitempty"`
}

// Company is whom a customer belongs to.
type Company struct {
	ID   string  `json:"id"`
	Name Private `json:"name"`
}

// Customer is a person the centre knows.
type Customer struct {
	ID        CustomerID        `json:"id"`
	Name      Private           `json:"name"`
	Company   *Company          `json:"company,omitempty"`
	Lang      string            `json:"lang,omitempty"`
	VIP       bool              `json:"vip,omitempty"`
	Tier      string            `json:"tier,omitempty"`
	Account   Private           `json:"account,omitempty"`
	LastAgent AgentID           `json:"last_agent,omitempty"`
	Tags      []string          `json:"tags,omitempty"`
	Fields    map[string]string `json:"fields,omitempty"` // the site's own columns; never personal text
	Numbers   []Private         `json:"numbers,omitempty"`
}

// Candidate is one customer that a look-up found, with how sure it is (0 to 1) and why.
type Candidate struct {
	Customer
	Score float64  `json:"score"`
	Why   []string `json:"why"`
}

// Case is an open or closed matter of a customer.
type Case struct {
	ID      string  `json:"id"`
	Title   Private `json:"title"`
	State   string  `json:"state"`
	AgeDays int     `json:"age_days"`
	Owner   string  `json:"owner,omitempty"`
}

// Contact is one past interaction with a customer.
type Contact struct {
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"`
	Dir     string    `json:"dir"`
	Call    CallID    `json:"call,omitempty"`
	Agent   AgentID   `json:"agent,omitempty"`
	Queue   QueueID   `json:"queue,omitempty"`
	Outcome string    `json:"outcome,omitempty"`
	Note    Private   `json:"note,omitempty"`

	Disposition string   `json:"disposition,omitempty"`
	Tags        []string `json:"tags,omitempty"`
}

// MatchState says what a customer look-up found.
type MatchState string

// Match states.
const (
	MatchNone    MatchState = "none"
	MatchOne     MatchState = "one"
	MatchMany    MatchState = "many"
	MatchPending MatchState = "pending" // the look-up was not back when the pop left
	MatchFailed  MatchState = "failed"
)

// Match is what the look-up of a caller gave: candidates best first, the chosen one, its open cases and last contacts.
type Match struct {
	State     MatchState  `json:"state"`
	Asked     []string    `json:"asked"`
	TookMS    int64       `json:"took_ms"`
	Customers []Candidate `json:"customers"`
	Chosen    CustomerID  `json:"chosen,omitempty"`
	Cases     []Case      `json:"-"`
	Last      []Contact   `json:"-"`
}

// Customer returns the chosen candidate, or nil.
func (m Match) Customer() *Customer {
	for i := range m.Customers {
		if m.Chosen != "" && m.Customers[i].ID == m.Chosen {
			return &m.Customers[i].Customer
		}
	}
	return nil
}

// Attached is one value that travels with a call, with who set it and when. A secret carries no value, only its mask.
type Attached struct {
	Key    string       `json:"key"`
	Value  PrivateValue `json:"value,omitzero"`
	Masked string       `json:"masked,omitempty"`
	Secret bool         `json:"secret,omitempty"`
	Src    string       `json:"src"`
	At     time.Time    `json:"at"`
}

// PathStep is one node of the script the caller went through; Key is *masked* for a masked question.
type PathStep struct {
	Node string `json:"node"`
	Key  string `json:"key,omitempty"`
	MS   int64  `json:"ms"`
}

// IVRTrail is the script a caller went through.
type IVRTrail struct {
	Script  string     `json:"script"`
	Version string     `json:"version"`
	Lang    string     `json:"lang,omitempty"`
	Path    []PathStep `json:"path"`
}

// PopQueue is the queue part of a pop.
type PopQueue struct {
	ID           QueueID `json:"id"`
	Name         string  `json:"name"`
	WaitMS       int64   `json:"wait_ms"`
	OffersBefore int     `json:"offers_before"`
	Priority     int     `json:"priority"`
}

// PopData is all that a desktop shows of a caller. See docs/events.md.
type PopData struct {
	Kind      string     `json:"kind"`
	Offer     OfferID    `json:"offer"`
	Leg       LegID      `json:"leg"`
	RingUntil time.Time  `json:"ring_until"`
	AckBy     time.Time  `json:"ack_by"`
	ANI       Number     `json:"ani"`
	DNIS      DNIS       `json:"dnis"`
	Queue     PopQueue   `json:"queue"`
	IVR       IVRTrail   `json:"ivr"`
	Attached  []Attached `json:"attached"`
	Match     Match      `json:"match"`
	Cases     []Case     `json:"cases"`
	Last      []Contact  `json:"last"`
	Card      *PopCard   `json:"card,omitempty"` // what the script adds
	Tags      []string   `json:"tags,omitempty"` // what the script has tagged the call with
}

// PopCard is what a script adds to what the agent's screen shows. Who has one never changes it: a change makes another.
type PopCard struct {
	Title  Private     `json:"title,omitempty"`
	Colour string      `json:"colour,omitempty"` // a name such as red, or #rrggbb
	Note   Private     `json:"note,omitempty"`
	URL    Private     `json:"url,omitempty"` // https, of a host that pops may open
	Fields []CardField `json:"fields,omitempty"`
}

// CardField is one named value on a PopCard.
type CardField struct {
	Name  string       `json:"name"`
	Value PrivateValue `json:"value"`
}

// OfferRecord is one offer in a call record.
type OfferRecord struct {
	Offer         OfferID   `json:"offer"`
	Kind          OfferKind `json:"kind,omitempty"` // consult, transfer, pickup, direct, callback; empty: from a queue, with the caller on the line
	Agent         AgentID   `json:"agent"`
	At            time.Time `json:"at"`
	RingMS        int64     `json:"ring_ms"`
	End           OfferEnd  `json:"end"`
	PopMS         int64     `json:"pop_ms"`          // offer decided to pop written on the agent's sockets
	PopBeforeRing string    `json:"pop_before_ring"` // true, false, none
	PopSeenMS     int64     `json:"pop_seen_ms"`     // offer decided to the page's acknowledgement; -1: never
}

// QueueVisit is one stay of a call in a queue.
type QueueVisit struct {
	Queue    QueueID   `json:"queue"`
	Entered  time.Time `json:"entered"`
	WaitMS   int64     `json:"wait_ms"`
	Exit     QueueExit `json:"exit"`
	Priority int       `json:"priority"`
}

// AgentPart is one agent's share of a call.
type AgentPart struct {
	Agent  AgentID   `json:"agent"`
	Role   string    `json:"role,omitempty"` // empty: he answered for the call; consult, conference, monitor
	From   time.Time `json:"from"`
	TalkMS int64     `json:"talk_ms"`
	HoldMS int64     `json:"hold_ms"`
	WrapMS int64     `json:"wrap_ms"`
}

// PartyPart is one number that a script rang for the caller. Outcome is answered, busy, no_answer, failed, refused (by the dial
// rules) or cancelled (another took the call, or the caller hung up).
type PartyPart struct {
	Verb    string    `json:"verb"` // dial, transfer
	To      Private   `json:"to"`   // as the script has it
	Agent   AgentID   `json:"agent,omitempty"`
	At      time.Time `json:"at"`
	Outcome string    `json:"outcome,omitempty"`
	TalkMS  int64     `json:"talk_ms,omitempty"` // until the script had the caller again, or the call was over
}

// CallRecord is the lasting record of one call: opened when it arrives, closed exactly once. End is nil while it is open.
type CallRecord struct {
	ID          CallID        `json:"id"`
	Node        NodeID        `json:"node"`
	Channel     string        `json:"channel"`
	Trunk       string        `json:"trunk,omitempty"`
	Dir         string        `json:"dir"`
	ANI         Number        `json:"ani"`
	DNIS        DNIS          `json:"dnis"`
	Arrived     time.Time     `json:"arrived"`
	Answered    time.Time     `json:"answered,omitzero"`  // by the script
	Connected   time.Time     `json:"connected,omitzero"` // to the first agent
	Ended       time.Time     `json:"ended,omitzero"`
	IVR         IVRTrail      `json:"ivr"`
	Scripted    *Scripted     `json:"scripted,omitempty"` // nil: no script answered
	Queues      []QueueVisit  `json:"queues"`
	Offers      []OfferRecord `json:"offers"`
	Agents      []AgentPart   `json:"agents"`
	WaitMS      int64         `json:"wait_ms"`
	TalkMS      int64         `json:"talk_ms"`
	HoldMS      int64         `json:"hold_ms"`
	Parties     []PartyPart   `json:"parties,omitempty"` // whom his script rang for him, the first 100
	Attached    []Attached    `json:"attached"`
	Customer    CustomerID    `json:"customer,omitempty"`
	Match       MatchState    `json:"match"`
	Outcome     string        `json:"outcome"` // answered, abandoned, script, refused …
	Disposition string        `json:"disposition,omitempty"`
	Tags        []string      `json:"tags,omitempty"`
	Card        *PopCard      `json:"card,omitempty"`
	Notes       Private       `json:"notes,omitempty"`
	Live        *Live         `json:"live,omitempty"` // nil once it has ended
	End         *End          `json:"end"`
}

// Interaction is what CRM and customer history keep of a finished call.
type Interaction struct {
	Call     CallID
	Customer CustomerID
	Contact
}
