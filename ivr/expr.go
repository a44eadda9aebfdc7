package ivr

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"ctid"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	exprchecker "github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/types"
	"github.com/expr-lang/expr/vm"
)

const (
	maxNodes = 200  // in one expression
	maxText  = 2000 // characters of a text, worked out or written
)

// expression is a worked-out value or a condition, typed at load.
type expression struct {
	src   string
	typ   typ
	prog  *vm.Program
	names []string // that it needs of a scope
	says  bool     // its value is one that can be read out by more than a voice: a number, a date, digits(…)
	asks  []siteName
	// reads are the vars.x, args.x and secrets.x it names; warns is what can be run but is hardly meant.
	reads []string
	warns []problem
}

// siteName is a queue or calendar that an expression asks after, off characters into it.
type siteName struct {
	off        int
	kind, name string
}

// problem is what is wrong with an expression, off characters into it.
type problem struct {
	off int
	id  string
	msg string
}

// language is what expressions of one script may name.
type language struct {
	names  []field
	funcs  map[string]function
	order  []string
	site   Site
	script string                  // its name, for what the site allows it
	queues map[string]bool         // named in queue("…")
	kept   map[string]*conf.Config // by the names known beside its own
}

func newLanguage(site Site, vars []variable) *language {
	l := &language{site: site, funcs: map[string]function{}, queues: map[string]bool{}, kept: map[string]*conf.Config{}}
	for _, f := range functionTable() {
		l.funcs[f.name] = f
		l.order = append(l.order, f.name)
	}
	text, number, truth := typ{kind: kText}, typ{kind: kNumber}, typ{kind: kBool}
	customer := []field{{"known", truth}, {"id", text}, {"name", text}, {"vip", truth}, {"tier", text}, {"last_agent", text}, {"account", text}, {"language", text}}
	for _, f := range site.CustomerFields {
		customer = append(customer, field{f, text})
	}
	var vs []field
	for _, v := range vars {
		vs = append(vs, field{v.name, v.typ})
	}
	rec := func(fs ...field) typ { return typ{kind: kRecord, fields: fs} }
	l.names = []field{
		{"call", rec(field{"ani", text}, field{"dnis", text}, field{"did_name", text}, field{"dialled", text}, field{"language", text},
			field{"priority", number}, field{"seconds", number}, field{"answered_by", text}, field{"tags", typ{kind: kList}})},
		{"time", rec(field{"now", typ{kind: kTime}}, field{"date", typ{kind: kDate}}, field{"hour", number},
			field{"weekday", typ{kind: kOneOf, words: []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}}})},
		{"customer", typ{kind: kRecord, fields: customer, open: site.Unknown}},
		{"vars", rec(vs...)},
		{"result", rec(field{"outcome", text}, field{"row", typ{kind: kAny}}, field{"rows", typ{kind: kList}}, field{"count", number},
			field{"status", number}, field{"body", typ{kind: kAny}})},
		{"error", rec(field{"code", text}, field{"node", text})},
	}
	return l
}

// queueFigures is what queue("…") gives.
var queueFigures = typ{kind: kRecord, fields: []field{{"waiting", typ{kind: kNumber}},
	{"longest", typ{kind: kDuration}}, {"ewt", typ{kind: kDuration}}, {"agents_ready", typ{kind: kNumber}}, {"agents_in", typ{kind: kNumber}}, {"open", typ{kind: kBool}}}}

var hoursOutcome = typ{kind: kOneOf, words: []string{"open", "closed", "holiday"}}

// name finds what n stands for; extra names hide those of the same name.
func (l *language) name(n string, extra []field) (typ, bool) {
	return typ{fields: append(append([]field{}, extra...), l.names...)}.field(n)
}

// add makes a record of variables known by a name.
func (l *language) add(name string, vs []variable) {
	t := typ{kind: kRecord}
	for _, v := range vs {
		t.fields = append(t.fields, field{v.name, v.typ})
	}
	l.names, l.kept = append(l.names, field{name, t}), map[string]*conf.Config{}
}

// config is what expr is told of the language. Making it costs far more than an expression, so it is kept, until a name is added.
func (l *language) config(extra []field) *conf.Config {
	key := fmt.Sprint(extra)
	if c := l.kept[key]; c != nil {
		return c
	}
	env := types.Map{}
	for _, f := range append(append([]field{}, l.names...), extra...) {
		env[f.name] = exprType(f.typ)
	}
	for _, name := range l.order {
		env[name] = types.TypeOf((func(...any) (any, error))(nil))
	}
	env["queue"] = types.TypeOf((func(string) map[string]any)(nil))
	env["hours"] = types.TypeOf((func(string) (string, error))(nil))
	env[secretOf] = types.TypeOf((func(string) (string, error))(nil))
	env[divide] = types.TypeOf((func(float64, float64) (float64, error))(nil))
	c := conf.CreateNew()
	for _, set := range []expr.Option{expr.DisableAllBuiltins(), expr.Optimize(false), expr.MaxNodes(maxNodes), expr.Env(env), expr.Patch(&patcher{})} {
		set(c)
	}
	clear(c.Builtins) // so that len, upper and the like are ordinary calls, of ours
	l.kept[key] = c
	return c
}

// compile types an expression and makes a program of it; extra are names known only here, as value is in a check.
func (l *language) compile(src string, extra []field) (*expression, *problem) {
	if utf8.RuneCountInString(src) > maxText {
		return nil, &problem{0, "IVR050", "the expression is too long; 2,000 characters are the most"}
	}
	if strings.TrimSpace(src) == "" {
		return nil, &problem{0, "IVR050", "an expression is missing here"}
	}
	config := l.config(extra)
	tree, err := parser.ParseWithConfig(src, config)
	if err != nil {
		return nil, syntaxProblem(src, err)
	}
	c := &checker{lang: l, src: src, extra: extra}
	t := c.typeOf(tree.Node)
	if c.bad != nil {
		return nil, c.bad
	}
	says := readOut(t, tree.Node) // the tree is patched from here on
	prog, err := program(tree, config)
	if err != nil {
		return nil, &problem{0, "IVR050", src + ": this cannot be worked out; write it in smaller parts"}
	}
	return &expression{src: src, typ: t, prog: prog, names: namesIn(prog.Node()), says: says, asks: c.asks, reads: c.reads, warns: c.warns}, nil
}

// program is what expr.Compile makes of a tree that has been parsed.
func program(tree *parser.Tree, config *conf.Config) (*vm.Program, error) {
	if _, err := new(exprchecker.Checker).PatchAndCheck(tree, config); err != nil {
		return nil, err
	}
	return compiler.Compile(tree, config)
}

const (
	divide   = "__divide"
	secretOf = "__secret"
)

// patcher makes every number a float64, fetches secrets only where they are named, and lets a division by zero fail instead of giving infinity.
type patcher struct{}

// Visit implements ast.Visitor.
func (*patcher) Visit(n *ast.Node) {
	switch x := (*n).(type) {
	case *ast.IntegerNode:
		ast.Patch(n, &ast.FloatNode{Value: float64(x.Value)})
	case *ast.MemberNode:
		if of, ok := x.Node.(*ast.IdentifierNode); ok && of.Value == "secrets" {
			ast.Patch(n, &ast.CallNode{Callee: &ast.IdentifierNode{Value: secretOf}, Arguments: []ast.Node{x.Property}})
		}
	case *ast.BinaryNode:
		if x.Operator == "/" {
			ast.Patch(n, &ast.CallNode{Callee: &ast.IdentifierNode{Value: divide}, Arguments: []ast.Node{x.Left, x.Right}})
		}
	}
}

func exprType(t typ) types.Type {
	switch t.kind {
	case kNumber, kMoney, kDuration:
		return types.Float64
	case kBool:
		return types.Bool
	case kAny:
		return types.Any
	case kList:
		return types.TypeOf([]any{})
	case kRecord:
		if len(t.fields) == 0 {
			return types.Map{}
		}
		m := types.Map{}
		for _, f := range t.fields {
			m[f.name] = exprType(f.typ)
		}
		if t.open {
			m[types.Extra] = types.String
		}
		return m
	}
	return types.String
}

// syntaxProblem says in our words where reading stopped.
func syntaxProblem(src string, err error) *problem {
	var fe *file.Error
	off := 0
	if errors.As(err, &fe) {
		off = fe.From
	}
	runes := []rune(src)
	off = max(0, min(off, len(runes)))
	rest := string(runes[off:])
	switch {
	case strings.Contains(err.Error(), "maximum allowed nodes"):
		return &problem{0, "IVR050", "the expression is too large; 200 parts are the most"}
	case strings.HasPrefix(rest, "=") && !strings.HasPrefix(rest, "=="):
		return &problem{off, "IVR050", src + ": = does not compare; write =="}
	case strings.TrimSpace(rest) == "" || strings.Contains(err.Error(), "not terminated") || strings.Contains(err.Error(), "end of expression"):
		return &problem{min(off, max(0, len(runes)-1)), "IVR050", src + ": it ends too early; something is missing after this"}
	}
	word := strings.Fields(rest)[0]
	return &problem{off, "IVR050", src + ": cannot go on at " + word + "; an operator, a quote or a bracket is missing or too many"}
}

// scope is what an expression sees when it runs.
type scope struct {
	now      time.Time
	wall     time.Time // what the clocks on the wall say then
	lang     string
	site     Site
	call     CallInfo
	started  time.Time
	priority int
	customer *ctid.Customer
	vars     map[string]any
	text     int // most characters of a text
	args     map[string]any
	contact  map[string]any
	answers  map[string]any
	returned map[string]any                    // what result stands for while the values of a subscript are saved
	secret   func(name string) (string, error) // of the site's store
	outcome  string
	code     string
	node     string
	figures  map[string]Figures
	memo     *memo
	funcs    map[string]function
	tongue   string  // the language something is being said in; empty: lang
	said     *spoken // by the last function that made something to be said
	scopeValues
}

func (e *expression) run(x *scope) (v any, err error) {
	v, err = vm.Run(e.prog, x.env(e.names))
	if err != nil {
		var f fault
		if errors.As(err, &f) {
			return nil, f
		}
		return nil, fault("expr.failed")
	}
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fault("expr.not_a_number")
		}
	case string:
		if utf8.RuneCountInString(v) > x.text {
			return nil, fault("limit.text")
		}
	}
	return v, nil
}

func (x *scope) customerRecord() map[string]any {
	c := x.customer
	if c == nil {
		c = &ctid.Customer{}
	}
	rec := map[string]any{}
	for _, f := range x.site.CustomerFields {
		rec[f] = c.Fields[f]
	}
	for k, v := range map[string]any{"known": x.customer != nil, "id": string(c.ID), "name": string(c.Name), "vip": c.VIP, "tier": c.Tier,
		"last_agent": string(c.LastAgent), "account": string(c.Account), "language": c.Lang} {
		rec[k] = v
	}
	return rec
}

func (x *scope) queueRecord(name string) map[string]any {
	f := x.figures[name]
	return map[string]any{"waiting": float64(f.Waiting), "longest": f.Longest.Seconds(), "ewt": f.Expected.Seconds(),
		"agents_ready": float64(f.AgentsReady), "agents_in": float64(f.AgentsIn), "open": f.Open}
}
