// Package importer turns the queues of an Asterisk's app_queue into ctid's configuration. It reads queues.conf, queuerules.conf
// and agents.conf as Asterisk does, and accounts for every line of them that is neither empty nor a comment: where it went,
// or what ctid does instead. It changes nothing and follows no name out of the folder that it is given.
package importer

import (
	"errors"
	"fmt"
	"io/fs"
)

// The files that are read. Only the first must be there.
const (
	queuesFile = "queues.conf"
	rulesFile  = "queuerules.conf"
	agentsFile = "agents.conf"
)

// Options are what the files do not say.
type Options struct {
	// Dir is the folder's absolute path, by which an include may name a file in it. Empty: such includes are refused.
	Dir string
	// Local says which endpoint a member Local/NUMBER@… rings, such as PJSIP/{number}. Empty: those agents are left to be
	// completed by hand.
	Local string
	// MaxPenalty and MinPenalty are what the dialplan sets QUEUE_MAX_PENALTY and QUEUE_MIN_PENALTY to before Queue():
	// where the rules of queuerules.conf begin. Negative: not known.
	MaxPenalty, MinPenalty int
}

// Result is what an import has come to.
type Result struct {
	Lines []*Line // every line that says something, in the order it was read
	Names []Name  // the names that had to be changed

	queues []*queue
	agents []*agent
	park   int // the first slot for parked callers, where the default would be somebody's telephone; 0: the default
}

// Name is a name that does not fit ctid's form, or is taken already, and what it became.
type Name struct {
	Kind string `json:"kind"` // queue or agent
	From string `json:"from"`
	To   string `json:"to"`
}

// Queues reads the folder. The error says that there is nothing to import; all that is wrong with the files themselves is
// in the result's lines.
func Queues(dir fs.FS, o Options) (*Result, error) {
	book := &ledger{known: map[place]*Line{}}
	im := &run{Options: o, Result: &Result{}, taken: map[string]bool{}, byKey: map[string]*agent{}}
	for _, f := range []struct {
		name string
		into *[]*section
	}{{queuesFile, &im.queueConf}, {rulesFile, &im.ruleConf}, {agentsFile, &im.agentConf}} {
		r := &reader{fsys: dir, dir: o.Dir, book: book}
		err := r.root(f.name)
		if err != nil && (f.name == queuesFile || !errors.Is(err, fs.ErrNotExist)) {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		*f.into = r.sections
	}
	im.readRules()
	im.readAgents()
	im.readQueues()
	im.settle()
	im.Lines = book.lines
	for _, l := range im.Lines {
		l.close()
	}
	return im.Result, nil
}

// Count returns how many queues and agents the result holds, and how many agents are left to be completed by hand.
func (r *Result) Count() (queues, agents, drafts int) {
	for _, a := range r.agents {
		if a.endpoint == "" {
			drafts++
		}
	}
	return len(r.queues), len(r.agents) - drafts, drafts
}

// Lost returns the lines that could not be carried over, or not wholly.
func (r *Result) Lost() []*Line {
	var out []*Line
	for _, l := range r.Lines {
		if len(l.Lost) > 0 {
			out = append(out, l)
		}
	}
	return out
}

// Noted returns the lines that were carried over wholly, with something to know about them.
func (r *Result) Noted() []*Line {
	var out []*Line
	for _, l := range r.Lines {
		if len(l.Lost) == 0 && len(l.Notes) > 0 {
			out = append(out, l)
		}
	}
	return out
}

// run is one import under way.
type run struct {
	Options
	*Result

	queueConf, ruleConf, agentConf []*section

	rules []*rule
	pool  []*pooled // the agents of agents.conf
	taken map[string]bool
	byKey map[string]*agent
}

// readQueues takes the sections of queues.conf in their order.
func (im *run) readQueues() {
	seen := map[string]*section{}
	for _, s := range im.queueConf {
		key := foldName(s.name)
		switch first := seen[key]; {
		case s.dead:
			s.lostAll("stands in a section that could not be read")
		case s.template:
		case key == "general":
			im.general(s)
		case first != nil:
			s.line.lost("app_queue skips a second section of that name; the first is at %s", first.line.at())
			s.lostAll("stands in a second section of that name, which app_queue skips")
		default:
			seen[key] = s
			im.queue(s)
		}
	}
	for _, s := range im.queueConf {
		if s.template {
			s.unused("queue")
		}
	}
}

// settle does what needs all queues and agents to be known.
func (im *run) settle() {
	im.weights()
	for _, q := range im.queues {
		im.ranks(q)
		im.steps(q)
		im.order(q)
	}
	im.unusedRules()
	im.unusedAgents()
	im.movePark()
}
