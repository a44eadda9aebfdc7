package sim

import (
	"slices"
	"time"

	"github.com/goccy/go-yaml/ast"

	"ctid/acd"
)

// What a model may ask for at most.
const (
	maxReplications = 100_000
	maxCalls        = 1_000_000_000
	maxAgents       = 100_000
	maxRate         = 10_000_000 // calls an hour
	maxMean         = 1_000_000  // seconds
)

// defaultTarget is the service level's where a type names none.
const defaultTarget = 20 * time.Second

// draft is a model as it is read, with the places of what is checked afterwards.
type draft struct {
	Model
	root   place
	seen   map[string]place // keys of the model
	types  []typeDraft
	groups []groupDraft
}

type typeDraft struct {
	Type
	at        place
	periods   []time.Duration
	periodsAt place
	service   []place // of each in its list
	patience  []place
	target    float64
}

type groupDraft struct {
	Group
	at       place
	agentsAt place
	skills   []place
	changes  bool // periods, not agents
}

// Load reads a model and proves it sound: file names it in findings. The model is nil if there are any.
func Load(file string, src []byte) (*Model, []Finding) {
	r := &reader{file: file}
	root := r.parse(src)
	if root == nil {
		return nil, r.found
	}
	d := &draft{root: placeOf(root), Model: Model{Seed: 1, Replications: 1, Ring: Dist{Kind: Constant},
		Routing: Routing{Strategy: acd.Strategies()[0], Prefer: PreferPrimary, Next: NextFirstCome}}}
	r.model(d, root)
	if r.found == nil { // what a value that could not be read would have said is unknown
		r.check(d)
	}
	if r.found != nil {
		slices.SortStableFunc(r.found, func(a, b Finding) int { return (a.Line-b.Line)*maxFile + a.Column - b.Column })
		return nil, r.found
	}
	m := d.Model
	return &m, nil
}

func (r *reader) model(d *draft, root ast.Node) {
	seed := 1
	d.seen = r.object(root, "a model",
		field{"seed", false, r.whole(&seed, 0, 999_999_999_999_999_999)},
		field{"replications", false, r.whole(&d.Replications, 1, maxReplications)},
		field{"calls", false, r.whole(&d.Calls, 1, maxCalls)},
		field{"horizon", false, r.span(&d.Horizon)},
		field{"start", false, r.only("empty", "a replication starts with no call and every agent free")},
		field{"end", false, r.only("drain", "who waits at the horizon is served afterwards")},
		field{"warmup", false, r.warmup(d)},
		field{"busyness", false, r.dist(&d.Busyness, "busyness", Gamma, Lognormal)},
		field{"types", true, r.each(func(n ast.Node) { r.kind(d, n) })},
		field{"groups", true, r.each(func(n ast.Node) { r.group(d, n) })},
		field{"routing", false, func(n ast.Node) { r.routing(&d.Routing, n) }},
		field{"ring_s", false, r.dist(&d.Ring, "ring_s", Constant, Exponential, Gamma, Lognormal, Uniform, None)},
	)
	d.Seed = uint64(seed)
	if d.Ring.Kind == None {
		d.Ring = Dist{Kind: Constant}
	}
}

// only reads a key that has one value today.
func (r *reader) only(word, why string) func(ast.Node) {
	return func(n ast.Node) {
		if s, ok := text(n); !ok || s != word {
			r.errorf(placeOf(n), wrongValue, "%s is not %s, the only one there is: %s", shown(n), word, why)
		}
	}
}

// warmup is a number of calls, or a time.
func (r *reader) warmup(d *draft) func(ast.Node) {
	return func(n ast.Node) {
		switch s, _ := text(n); {
		case wholeRE.MatchString(s):
			r.whole(&d.Warmup, 0, maxCalls)(n)
		case s != "0s":
			r.span(&d.WarmupFor)(n)
		}
	}
}

func (r *reader) kind(d *draft, n ast.Node) {
	t := typeDraft{at: placeOf(n), target: defaultTarget.Seconds()}
	t.Patience = []Dist{{Kind: None}}
	seen := r.object(n, "a type",
		field{"name", true, r.name(&t.Name)},
		field{"arrivals", true, func(n ast.Node) { r.arrivals(&t, n) }},
		field{"service", true, r.dists(&t.Service, &t.service, "service", Exponential, Gamma, Lognormal, Constant, Uniform)},
		field{"patience", false, r.dists(&t.Patience, &t.patience, "patience", Exponential, Gamma, Lognormal, Constant, Uniform, None)},
		field{"target_s", false, r.real(&t.target, 0, maxMean)},
	)
	t.Target = time.Duration(t.target * float64(time.Second))
	if seen != nil {
		d.types = append(d.types, t)
		d.Types = append(d.Types, t.Type)
	}
}

// arrivals reads one rate for all times, or periods.
func (r *reader) arrivals(t *typeDraft, n ast.Node) {
	rate := -1.0
	seen := r.object(n, "arrivals",
		field{"rate_per_hour", false, r.real(&rate, 0, maxRate)},
		field{"periods", false, func(n ast.Node) {
			t.periodsAt = placeOf(n)
			r.each(func(n ast.Node) { r.period(t, n) })(n)
		}},
	)
	_, one := seen["rate_per_hour"]
	_, many := seen["periods"]
	switch {
	case seen == nil:
	case one == many:
		r.errorf(placeOf(n), together, "arrivals have either `rate_per_hour` or `periods`")
	case one:
		t.Rates = []float64{rate}
	}
}

func (r *reader) period(t *typeDraft, n ast.Node) {
	var length time.Duration
	rate := 0.0
	r.object(n, "a period",
		field{"for", true, r.span(&length)},
		field{"rate_per_hour", true, r.real(&rate, 0, maxRate)},
	)
	t.periods = append(t.periods, length)
	t.Rates = append(t.Rates, rate)
}

func (r *reader) group(d *draft, n ast.Node) {
	g := groupDraft{at: placeOf(n)}
	agents := 0
	seen := r.object(n, "a group",
		field{"name", true, r.name(&g.Name)},
		field{"agents", false, func(n ast.Node) {
			g.agentsAt = placeOf(n)
			r.whole(&agents, 0, maxAgents)(n)
		}},
		field{"periods", false, func(n ast.Node) {
			g.agentsAt, g.changes = placeOf(n), true
			r.each(func(n ast.Node) {
				there := 0
				r.whole(&there, 0, maxAgents)(n)
				g.Agents = append(g.Agents, there)
			})(n)
		}},
		field{"skills", true, r.each(func(n ast.Node) {
			var skill string
			r.name(&skill)(n)
			g.Skills = append(g.Skills, skill)
			g.skills = append(g.skills, placeOf(n))
		})},
	)
	if seen == nil {
		return
	}
	if _, one := seen["agents"]; one == g.changes {
		r.errorf(g.at, together, "a group has either `agents` or `periods`, a number of agents for each")
	}
	if !g.changes {
		g.Agents = []int{agents}
	}
	d.groups = append(d.groups, g)
	d.Groups = append(d.Groups, g.Group)
}

func (r *reader) routing(to *Routing, n ast.Node) {
	r.object(n, "routing",
		field{"strategy", false, r.word(&to.Strategy, acd.Strategies()...)},
		field{"prefer", false, r.word(&to.Prefer, PreferPrimary, PreferNone)},
		field{"next", false, r.word(&to.Next, NextFirstCome, NextPrimaryFirst)},
		field{"trunks", false, r.whole(&to.Trunks, 0, maxCalls)},
	)
}

// parameters names what each distribution is given by.
func parameters(kind string) []string {
	switch kind {
	case Exponential, Constant:
		return []string{"mean_s"}
	case Gamma:
		return []string{"shape", "mean_s"}
	case Lognormal:
		return []string{"mean_s", "cv"}
	case Uniform:
		return []string{"min_s", "max_s"}
	}
	return nil
}

// dist reads a distribution of one of the kinds. Busyness has no mean to be given: it is 1.
func (r *reader) dist(dst *Dist, use string, kinds ...string) func(ast.Node) {
	return func(n ast.Node) {
		var d Dist
		seen := r.object(n, "`"+use+"`",
			field{"dist", true, r.word(&d.Kind, kinds...)},
			field{"mean_s", false, r.real(&d.Mean, 0, maxMean)},
			field{"shape", false, r.real(&d.Shape, 0.001, 1e6)},
			field{"cv", false, r.real(&d.CV, 0, 100)},
			field{"min_s", false, r.real(&d.Min, 0, maxMean)},
			field{"max_s", false, r.real(&d.Max, 0, maxMean)},
		)
		if d.Kind == "" {
			return
		}
		takes := parameters(d.Kind)
		if use == "busyness" {
			takes = slices.DeleteFunc(takes, func(s string) bool { return s == "mean_s" })
			d.Mean = 1
		}
		r.fits(n, d, seen, takes)
		*dst = d
	}
}

// fits holds the parameters of a distribution against its kind.
func (r *reader) fits(n ast.Node, d Dist, seen map[string]place, takes []string) {
	before := len(r.found)
	for _, p := range takes {
		if _, ok := seen[p]; !ok {
			r.errorf(placeOf(n), missing, "%s needs `%s`", d.Kind, p)
		}
	}
	for _, p := range []string{"mean_s", "shape", "cv", "min_s", "max_s"} {
		if at, ok := seen[p]; ok && !slices.Contains(takes, p) {
			r.errorf(at, together, "`%s` means nothing to %s here: take it out", p, d.Kind)
		}
	}
	switch {
	case len(r.found) > before:
	case d.Kind == Uniform && d.Max < d.Min:
		r.errorf(seen["max_s"], wrongValue, "`max_s` is below `min_s`")
	case d.Mean == 0 && slices.Contains(takes, "mean_s") && d.Kind != Constant:
		r.errorf(seen["mean_s"], wrongValue, "the mean of %s is above 0; for no time at all use constant", d.Kind)
	}
}

// dists reads one distribution, or a list of them: one for each period.
func (r *reader) dists(dst *[]Dist, places *[]place, use string, kinds ...string) func(ast.Node) {
	return func(n ast.Node) {
		*dst = nil
		read := func(n ast.Node) {
			var d Dist
			r.dist(&d, use, kinds...)(n)
			*dst = append(*dst, d)
			*places = append(*places, placeOf(n))
		}
		if _, list := n.(*ast.SequenceNode); list {
			r.each(read)(n)
			return
		}
		read(n)
	}
}
