package ivr

import (
	"time"

	"ctid"
)

// Field is a named value, in the order of the script: a parameter of a statement, a header, a field of a form or a pop.
type Field struct {
	Name  string
	Value any // text, number (float64), bool, list ([]any), record (map[string]any), nil
	// Secret: the value is a secret; it must stay out of logs, rows, traces and addresses.
	Secret bool
}

// The steps of the heavier verbs. Each with an ID expects a DoneStep whose Outcome is one of those named.
type (
	// Query asks a database of the site. Answer: done (Result.Rows; for a write none are needed), none, error.
	Query struct {
		ID        string
		DB        string // a name of databases[]; never empty
		SQL       string // one SELECT with :name parameters; empty: Statement
		Statement string // name of a statement of the site
		Write     bool   // the statement changes something: carried out even if the caller has gone
		With      []Field
		MaxRows   int
		Within    time.Duration
	}
	// HTTP asks a server of the site. Answer: done (Result.Status, Result.Body), refused (4xx), error.
	HTTP struct {
		ID         string
		Method     string
		URL        string
		Headers    []Field
		JSON       []Field // body as a JSON object; nil: none
		Form       []Field // body as a form; nil: none
		Within     time.Duration
		Retries    int
		Idempotent string // the Idempotency-Key to send; empty: none
		OKFrom     int    // statuses that are good, both ends included
		OKTo       int
	}
	// Transfer sends the caller to a number and out of the script. Answer: gone (announced and blind, once the other has
	// answered and the caller has left), answered (they talked, the other left first), failed, busy, no_answer, error.
	Transfer struct {
		ID       string
		To       string // as the script has it; checked against Allow and the site's dial_allow
		Allow    []string
		Mode     string // blind, announced, attended
		Announce []Part // to the other party before the caller is joined
		Ring     time.Duration
		CallerID string
	}
	// Dial rings numbers and joins the first that answers with the caller, who comes back to the script.
	// Answer: answered, failed, busy, no_answer, error.
	Dial struct {
		ID       string
		To       []string
		Allow    []string
		InTurn   bool
		Ring     time.Duration
		Max      time.Duration // longest talk
		Whisper  []Part        // to the other party before he is joined
		Screen   bool          // the other party must press 1 to take the call
		CallerID string
	}
	// Voicemail takes a message. Answer: left, none, error.
	Voicemail struct {
		ID         string
		Mailbox    string
		Greeting   []Part
		Consent    []Part
		Max, Min   time.Duration
		Silence    time.Duration // this long ends the message
		End        string        // key that ends it: #, *, or empty for none
		Review     bool
		Email      string
		Ticket     bool
		Transcribe bool
		Lang       string // of the built-in texts
	}
	// Record starts, pauses, resumes or stops the recording of the call. Answer: done, error.
	Record struct {
		ID      string
		Do      string // start, pause, resume, stop
		Consent []Part // already heard when the machine emits the step: kept for the record
		Sides   string // both, caller, agent
		Keep    time.Duration
	}
	// Fax receives a fax, or sends File. Answer of a reception: received, failed; of a sending: sent, failed.
	Fax struct {
		ID      string
		Send    bool
		Mailbox string
		File    string
		To      string // empty: this call
		Pages   int
		Tries   int
		Within  time.Duration
		Email   string
	}
	// BookCallback asks for a call back. Answer: booked, refused, failed, error.
	BookCallback struct {
		ID        string
		Queue     ctid.QueueID
		Number    string
		Allow     []string
		KeepPlace bool
		First     string // agent, customer
		Window    time.Duration
		Tries     int
		Gap       time.Duration
	}
	// SendMessage sends a text. Answer: sent, failed, error.
	SendMessage struct {
		ID       string
		By       string // sms, whatsapp, email
		To       string
		Text     string
		Template string
	}
	// Detect listens whether a person, a machine or a fax has answered. Answer: human, machine, fax, unsure, error.
	Detect struct {
		ID   string
		Max  time.Duration
		Beep time.Duration // for a machine, wait this long for its tone
	}
	// Listen opens speech recognition beside the keys; Heard is its answer, with the same ID. A DoneStep error closes it:
	// keys only.
	Listen struct {
		ID         string
		Phrases    []Phrase
		Lang       string
		NBest      int
		Max        time.Duration
		EndSilence time.Duration
	}
	// StopListen closes a Listen.
	StopListen struct{ ID string }
	// RecordAnswer records the caller's spoken answer to a question of a survey. Answer: done (Result.Value["recording"]), none, error.
	RecordAnswer struct {
		ID   string
		Name string
		Max  time.Duration
	}
	// Survey keeps an answer of a survey with the call and its agent.
	Survey struct {
		Name   string // of the survey
		Answer Field
	}
	// Tag adds tags to the call; Dispose sets its disposition; SetPriority its priority, 0 to 100.
	Tag         struct{ Tags []string }
	Dispose     struct{ Disposition string }
	SetPriority struct{ Priority int }
	// Pop adds to what the agent's screen shows.
	Pop struct {
		Title, URL, Colour, Note string // empty: unchanged
		Fields                   []Field
	}
	// Music plays a music class, or the channel's own for an empty Class, until StopMusic.
	Music     struct{ Class string }
	StopMusic struct{}
)

// Phrase is one thing a caller may say, and the words for it.
type Phrase struct {
	Name  string
	Words []string
}

// Guess is what a recogniser believes it heard; Sure is 0 to 1.
type Guess struct {
	Text string
	Sure float64
}

// Heard is what the caller said while the Listen with that ID was open, best guess first; none: nothing was understood.
type Heard struct {
	ID      string
	Guesses []Guess
}

// Speaking says that the caller has begun to speak while the Listen with that ID is open; Heard follows. Without it he must
// have been understood within the question's wait.
type Speaking struct{ ID string }

// InputKind implements Input; so does the method below.
func (Speaking) InputKind() string { return "speaking" }

// InputKind implements Input.
func (Heard) InputKind() string { return "heard" }

// StepKind implements Step; so do the methods below.
func (Query) StepKind() string        { return "query" }
func (HTTP) StepKind() string         { return "http" }
func (Transfer) StepKind() string     { return "transfer" }
func (Dial) StepKind() string         { return "dial" }
func (Voicemail) StepKind() string    { return "voicemail" }
func (Record) StepKind() string       { return "record" }
func (Fax) StepKind() string          { return "fax" }
func (BookCallback) StepKind() string { return "callback" }
func (SendMessage) StepKind() string  { return "message" }
func (Detect) StepKind() string       { return "detect" }
func (Listen) StepKind() string       { return "listen" }
func (StopListen) StepKind() string   { return "stop_listen" }
func (RecordAnswer) StepKind() string { return "record_answer" }
func (Survey) StepKind() string       { return "survey" }
func (Tag) StepKind() string          { return "tag" }
func (Dispose) StepKind() string      { return "disposition" }
func (SetPriority) StepKind() string  { return "priority" }
func (Pop) StepKind() string          { return "pop" }
func (Music) StepKind() string        { return "music" }
func (StopMusic) StepKind() string    { return "stop_music" }
