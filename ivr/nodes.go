package ivr

import "slices"

// verb is a row of the table of verbs: the loader reads scripts by it, and the manual is held to it.
type verb struct {
	name     string
	short    string   // the option that verb: text stands for
	options  []option // beside the outcomes
	outcomes []outcome
	keys     bool     // phone keys are written among the options
	free     bool     // the options are names of the script's own
	silent   bool     // may run once the caller has gone
	off      []string // options that no live call can carry out yet; * is the verb itself
	clears   bool     // drops what was typed ahead, and keeps the keys that come while it lasts from the script's questions
	waits    bool     // the caller, the clock or another party decides when the step ends
	// vary gives the outcomes of a step that has others than its verb; nil: none has.
	vary func(l *loader, v *yval) []outcome
	load func(l *loader, s *step, o *opts) action
}

type option struct {
	name string
	def  string // as it would be written; empty: none
	must bool
}

// outcome is a way a step can end; the first is the good one.
type outcome struct {
	name string
	to   string // default: next, hangup, or =name for where another goes; end: nothing can follow
	must bool   // has no default
}

// action is what a step does. start ends with leave, goTo or one of the waits of the machine.
type action interface{ start(m *Machine) }

// answered is an action that waits for a DoneStep.
type answered interface{ answer(m *Machine, r Result) }

// quieted is an action that waits until everything said before it has been heard.
type quieted interface{ quiet(m *Machine) }

// pressed is an action other than a question that takes keys while it waits.
type pressed interface {
	press(m *Machine, digit string)
}

// timed is an action that waits for a time and not for an answer.
type timed interface{ elapsed(m *Machine) }

// resuming is an action that a restart need not begin anew while it waits for its answer; resume tells whether it went on.
type resuming interface{ resume(m *Machine) bool }

// tells is an action that tells a waiting caller something, and offers him something else.
type tells interface {
	tell(m *Machine)             // something is due
	said(m *Machine)             // what was to be said has been heard
	stands(m *Machine, r Result) // where he stands
	booked(m *Machine, r Result) // a call back was asked for
	joined(m *Machine)           // an agent speaks with him
	waitsAgain(m *Machine)       // and does so no longer
}

// branching is an action with targets of its own beside its outcomes.
type branching interface{ targets() []target }

var done = []outcome{{"done", "next", false}}

func questionOptions(more ...option) []option {
	return append(more, option{"prompt", "the node's name", false}, option{"wait", "5s", false}, option{"between_keys", "3s", false},
		option{"tries", "3", false}, option{"no_input", "", false}, option{"no_match", "", false}, option{"reprompt", "true", false},
		option{"barge_in", "the prompt's", false}, option{"events", "true", false})
}

var unanswered = []outcome{{"no_input", "", true}, {"no_match", "", true}}

// verbTable lists the verbs of this version. To add one: node_<verb>.go, a line below, a transcript, a row in docs/ivr.md.
func verbTable() []*verb {
	return slices.Concat(askingVerbs(), peopleVerbs(), worldVerbs(), flowVerbs())
}

// askingVerbs speak to the caller, ask him, and decide.
func askingVerbs() []*verb {
	return []*verb{
		{name: "answer", short: "when", options: []option{{"when", "now", false}, {"early", "false", false}}, outcomes: done, load: loadAnswer},
		{name: "play", short: "prompt", options: []option{{"prompt", "", true}, {"barge_in", "the prompt's", false}, {"language", "the call's", false},
			{"times", "1", false}}, outcomes: done, load: loadPlay},
		{name: "say", short: "text", options: []option{{"text", "", true}, {"voice", "the site's", false}, {"barge_in", "true", false}},
			outcomes: done, load: loadSay},
		{name: "menu", options: questionOptions(), outcomes: unanswered, keys: true, load: loadMenu},
		{name: "collect", short: "into", options: questionOptions(option{"into", "", true}, option{"digits", "1-20", false}, option{"end", "hash", false},
			option{"as", "digits", false}, option{"order", "dmy", false}, option{"match", "", false}, option{"check", "", false},
			option{"mask", "false", false}, option{"confirm", "false", false}, option{"speech", "false", false}), off: []string{"speech"},
			outcomes: append(append([]outcome{}, done...), unanswered...), load: loadCollect},
		{name: "listen", options: questionOptions(option{"phrases", "", true}, option{"into", "", false}, option{"sure", "0.75", false},
			option{"maybe", "0.45", false}, option{"n_best", "3", false}, option{"max", "8s", false}, option{"end_silence", "800ms", false}),
			outcomes: unanswered, keys: true, vary: listenOutcomes, off: wholeVerb, load: loadListen},
		{name: "language", short: "set", options: questionOptions(option{"set", "", false}, option{"remember", "true", false}),
			outcomes: []outcome{{"done", "next", false}, {"no_input", "next", false}, {"no_match", "next", false}}, keys: true, load: loadLanguage},
		{name: "set", free: true, outcomes: done, silent: true, load: loadSet},
		{name: "branch", short: "arms", options: []option{{"arms", "", false}, {"value", "", false}, {"is", "", false}, {"else", "", false}},
			silent: true, load: loadBranch},
		{name: "hours", short: "calendar", options: []option{{"calendar", "", true}, {"at", "now", false}},
			outcomes: []outcome{{"open", "next", false}, {"closed", "", true}, {"holiday", "=closed", false}}, load: loadHours},
		{name: "customer", short: "caller", options: []option{{"caller", "", false}, {"number", "", false}, {"account", "", false}, {"id", "", false},
			{"within", "2s", false}}, silent: true,
			outcomes: []outcome{{"found", "next", false}, {"several", "next", false}, {"unknown", "next", false}, {"error", "next", false}}, load: loadCustomer},
	}
}

// peopleVerbs lead to people, or take what a caller leaves for them.
func peopleVerbs() []*verb {
	return []*verb{
		{name: "queue", short: "name", options: []option{{"name", "", true}, {"priority", "the call's", false}, {"attach", "", false},
			{"at_most", "15m", false}, {"music", "the queue's", false}, {"skills", "", false}, {"agent", "as the queue's", false},
			{"agent_wait", "20s", false}, {"announce", "", false}, {"stay", "", false}, {"whisper", "", false}, {"callback", "", false}}, keys: true,
			vary: queueOutcomes, outcomes: []outcome{{"answered", "hangup", false}, {"timeout", "", true}, {"full", "=timeout", false}, {"closed", "=timeout", false},
				{"empty", "=timeout", false}, {"callback", "hangup", false}, {"no_input", "=timeout", false}}, waits: true, clears: true, load: loadQueue},
		{name: "callback", short: "queue", options: append([]option{{"queue", "", true}}, bookingOptions...), outcomes: []outcome{{"booked", "next", false},
			{"refused", "", true}, {"failed", "=refused", false}}, load: loadCallback},
		{name: "transfer", short: "to", options: []option{{"to", "", true}, {"allow", "", false}, {"mode", "blind", false}, {"announce", "", false}, {"ring", "25s", false},
			{"caller_id", "the site's", false}, {"attach", "", false}}, outcomes: []outcome{{"answered", "hangup", false}, {"failed", "", true},
			{"busy", "=failed", false}, {"no_answer", "=failed", false}, {"gone", "end", false}}, waits: true, clears: true, load: loadTransfer},
		{name: "dial", short: "to", options: []option{{"to", "", true}, {"allow", "", false}, {"order", "together", false}, {"ring", "20s", false}, {"max", "2h", false},
			{"whisper", "", false}, {"screen", "false", false}, {"caller_id", "the site's", false}}, outcomes: []outcome{{"answered", "next", false},
			{"failed", "", true}, {"busy", "=failed", false}, {"no_answer", "=failed", false}}, waits: true, clears: true, load: loadDial},
		{name: "voicemail", short: "mailbox", options: []option{{"mailbox", "", true}, {"greeting", "", false}, {"consent", "", false}, {"max", "3m", false},
			{"min", "2s", false}, {"silence", "4s", false}, {"end", "hash", false}, {"review", "false", false}, {"email", "", false}, {"ticket", "false", false},
			{"transcribe", "false", false}}, outcomes: []outcome{{"left", "hangup", false}, {"none", "hangup", false}}, off: []string{"email", "ticket", "transcribe"}, waits: true, clears: true, load: loadVoicemail},
		{name: "record", short: "do", options: []option{{"do", "", true}, {"consent", "", false}, {"sides", "both", false}, {"keep", "90d", false}},
			outcomes: done, off: wholeVerb, load: loadRecord},
	}
}

// worldVerbs ask and tell the world beside the call.
func worldVerbs() []*verb {
	return []*verb{
		{name: "fax_receive", short: "mailbox", options: []option{{"mailbox", "", true}, {"pages", "50", false}, {"within", "10m", false}, {"email", "", false}},
			outcomes: []outcome{{"received", "hangup", false}, {"failed", "hangup", false}}, off: wholeVerb, waits: true, clears: true, load: loadFaxReceive},
		{name: "fax_send", short: "file", options: []option{{"file", "", true}, {"to", "this call", false}, {"allow", "", false}, {"tries", "1", false}},
			outcomes: []outcome{{"sent", "next", false}, {"failed", "", true}}, off: wholeVerb, waits: true, clears: true, load: loadFaxSend},
		{name: "survey", options: []option{{"name", "the file's", false}, {"questions", "", true}, {"tries", "2", false}, {"thanks", "", false}},
			outcomes: []outcome{{"done", "next", false}, {"partial", "=done", false}, {"skipped", "=done", false}}, off: wholeVerb, waits: true, load: loadSurvey},
		{name: "message", short: "text", options: []option{{"text", "", false}, {"template", "", false}, {"by", "sms", false}, {"to", "the caller", false}},
			outcomes: []outcome{{"sent", "next", false}, {"failed", "next", false}}, silent: true, off: wholeVerb, load: loadMessage},
		{name: "detect", short: "what", options: []option{{"what", "answer", false}, {"max", "4s", false}, {"beep", "20s", false}},
			outcomes: []outcome{{"human", "next", false}, {"machine", "", true}, {"fax", "hangup", false}, {"unsure", "=human", false}}, off: wholeVerb, waits: true, load: loadDetect},
		{name: "query", options: []option{{"sql", "", false}, {"statement", "", false}, {"db", "the only one", false}, {"with", "", false}, {"save", "", false},
			{"max_rows", "20", false}, {"within", "2s", false}}, silent: true, vary: queryOutcomes,
			outcomes: []outcome{{"done", "next", false}, {"none", "", true}}, load: loadQuery},
		{name: "http", short: "url", options: []option{{"url", "", true}, {"headers", "", false}, {"json", "", false}, {"form", "", false}, {"within", "3s", false},
			{"retries", "0", false}, {"idempotent", "false", false}, {"save", "", false}, {"ok", "200-299", false}, {"hold", "", false}}, silent: true,
			outcomes: []outcome{{"done", "next", false}, {"refused", "=error", false}}, load: loadHTTP},
		{name: "tag", short: "tags", options: []option{{"tags", "", true}}, outcomes: done, silent: true, load: loadTag},
		{name: "disposition", short: "name", options: []option{{"name", "", true}}, outcomes: done, silent: true, load: loadDisposition},
		{name: "priority", short: "to", options: []option{{"to", "", true}}, outcomes: done, load: loadPriority},
		{name: "pop", options: []option{{"title", "", false}, {"fields", "", false}, {"url", "", false}, {"colour", "", false}, {"note", "", false}},
			outcomes: done, load: loadPop},
	}
}

// flowVerbs wait, hand over what was found, and lead elsewhere.
func flowVerbs() []*verb {
	return []*verb{
		{name: "wait", short: "for", options: []option{{"for", "", true}, {"music", "silence", false}}, outcomes: done, waits: true, load: loadWait},
		{name: "attach", free: true, outcomes: done, silent: true, load: loadAttach},
		{name: "call", short: "script", options: []option{{"script", "", true}, {"with", "", false}, {"save", "", false}},
			outcomes: done, silent: true, vary: callOutcomes, load: loadCall},
		{name: "return", short: "exit", options: []option{{"exit", "", false}, {"with", "", false}}, silent: true, load: loadReturn},
		{name: "goto", short: "to", options: []option{{"to", "", true}}, silent: true, load: loadGoto},
		{name: "hangup", short: "cause", options: []option{{"cause", "normal", false}, {"play", "", false}, {"disposition", "", false}}, load: loadHangup},
	}
}
