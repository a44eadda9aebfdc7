package importer

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// head stands before what is written.
const head = `# Made by ctid import queues. Name this file in the include of ctid.yaml, beside the site's own part, and see what
# ctid check says. The comments name the lines that each part comes from; the report of the import names what is not here.
`

// YAML returns queues and agents as a part of ctid.yaml. Agents without a known telephone are comments in it.
func (r *Result) YAML() []byte {
	w := &writer{}
	w.WriteString(head)
	if r.park != 0 {
		w.line("park: {first: %d} # the telephones of agents have the numbers from %d", r.park, firstSlot)
	}
	if len(r.queues) > 0 {
		w.line("queues:")
	}
	for _, q := range r.queues {
		w.queue(q)
	}
	if _, agents, _ := r.Count(); agents > 0 {
		w.line("agents:")
	} else if len(r.agents) > 0 {
		w.line("# agents:")
	}
	for _, a := range r.agents {
		w.agent(a)
	}
	return []byte(w.String())
}

// writer writes lines of YAML.
type writer struct {
	strings.Builder
	before string // each line: two blanks, or those and a # for a comment
}

func (w *writer) line(format string, a ...any) {
	w.WriteString(w.before)
	fmt.Fprintf(w, format, a...)
	w.WriteByte('\n')
}

// field writes a key and its value, unless there is none.
func (w *writer) field(key, value string) {
	if value != "" {
		w.line("    %s: %s", key, value)
	}
}

func (w *writer) queue(q *queue) {
	w.line("  # %s", sources([]*Line{q.src}))
	w.line("  - name: %s", scalar(q.name))
	w.field("label", scalar(q.label))
	w.field("strategy", q.strategy)
	w.field("ring", span(q.ring))
	w.field("wrapup", positive(q.wrapUp, span))
	w.field("rona", q.rona)
	w.field("retry_gap", span(q.retryGap))
	w.field("music", scalar(q.music))
	w.field("max_waiting", positive(q.maxWaiting, strconv.Itoa))
	w.field("target", positive(q.target, span))
	w.field("weight", positive(q.weight, strconv.Itoa))
	w.field("join_empty", words(q.joinEmpty))
	w.field("leave_empty", words(q.leaveEmpty))
	if len(q.steps) > 0 {
		w.line("    steps:")
	}
	for _, s := range q.steps {
		w.line("      - {after: %s, min_rank: %d, max_rank: %d}", span(s.after), s.minRank, s.maxRank)
	}
}

func (w *writer) agent(a *agent) {
	w.line("  # %s", sources(a.from))
	endpoint := a.endpoint
	if endpoint == "" {
		w.line("  # Without a telephone: write its endpoint, then take the # off. %s.", brackets.Replace(clean(a.why)))
		endpoint, w.before = a.guess, "# "
		if endpoint == "" {
			endpoint = "PJSIP/"
		}
	}
	w.line("  - name: %s", scalar(a.name))
	if a.full != a.name {
		w.field("full_name", scalar(a.full))
	}
	w.field("desk", "none")
	if a.kind != "" {
		w.line("    device: {kind: %s, endpoint: %s}", a.kind, endpoint)
	} else {
		w.line("    device: {endpoint: %s}", endpoint)
	}
	w.line("    queues:")
	for _, m := range a.queues {
		if m.weight > 0 {
			w.line("      - {name: %s, rank: %d, weight: %d}", scalar(m.queue.name), m.rank, m.weight)
		} else {
			w.line("      - {name: %s, rank: %d}", scalar(m.queue.name), m.rank)
		}
	}
	w.before = ""
}

func positive(n int, write func(int) string) string {
	if n <= 0 {
		return ""
	}
	return write(n)
}

func words(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// maxSources is how many lines a comment names.
const maxSources = 8

func sources(lines []*Line) string {
	var out []string
	for i, l := range lines {
		if i == maxSources {
			out = append(out, fmt.Sprintf("and %d more", len(lines)-i))
			break
		}
		out = append(out, brackets.Replace(clip(clean(l.File), 200))+":"+strconv.Itoa(l.Line))
	}
	return strings.Join(out, ", ")
}

var (
	plainRE = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9_-]*|PJSIP/[A-Za-z0-9_.-]+)$`)
	spoken  = []string{"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
)

// scalar writes a text so that it stays one: what YAML could take for a number or a word of its own is quoted. Texts are
// printable, so that the quotes of Go are those of YAML.
func scalar(s string) string {
	if s == "" || plainRE.MatchString(s) && !oneOf(s, spoken...) {
		return s
	}
	return strconv.Quote(s)
}
