package ivr

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// checker gives every part of an expression a type; what has none is not permitted.
type checker struct {
	lang  *language
	src   string
	extra []field
	bad   *problem
	asks  []siteName
	reads []string  // vars.x, args.x, secrets.x
	warns []problem // what can be run but is hardly meant
}

func (c *checker) fail(n ast.Node, id, format string, args ...any) typ {
	if c.bad == nil {
		c.bad = &problem{n.Location().From, id, fmt.Sprintf(format, args...)}
	}
	return typ{}
}

func (c *checker) typeOf(n ast.Node) typ {
	if c.bad != nil {
		return typ{}
	}
	switch n := n.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
		return typ{kind: kNumber}
	case *ast.BoolNode:
		return typ{kind: kBool}
	case *ast.StringNode:
		return typ{kind: kText}
	case *ast.IdentifierNode:
		return c.identifier(n)
	case *ast.MemberNode:
		return c.member(n)
	case *ast.UnaryNode:
		return c.unary(n)
	case *ast.BinaryNode:
		return c.binary(n)
	case *ast.ConditionalNode:
		return c.conditional(n)
	case *ast.CallNode:
		return c.call(n)
	case *ast.ArrayNode:
		return c.array(n)
	case *ast.BuiltinNode:
		return c.fail(n, "IVR050", "%s: %s is not allowed; a script has no loops", c.src, n.Name)
	case *ast.SliceNode:
		return c.fail(n, "IVR050", "%s: [ : ] is not allowed; use left or right", c.src)
	case *ast.NilNode:
		return c.fail(n, "IVR050", "%s: nil is not allowed; a text that is not known is empty, and customer.known says whether he is", c.src)
	case *ast.VariableDeclaratorNode, *ast.SequenceNode:
		return c.fail(n, "IVR050", "%s: let and ; are not allowed; use a set step", c.src)
	}
	return c.fail(n, "IVR050", "%s: this is not allowed here; see the operators and functions in the manual", c.src)
}

func (c *checker) identifier(n *ast.IdentifierNode) typ {
	t, ok := c.lang.name(n.Value, c.extra)
	if ok {
		return t
	}
	names := append([]string{"queue", "hours"}, c.lang.order...)
	for _, f := range append(append([]field{}, c.lang.names...), c.extra...) {
		names = append(names, f.name)
	}
	hint := near(n.Value, names)
	if v, ok := c.lang.name("vars", nil); ok {
		if _, isVar := v.field(n.Value); isVar {
			hint = fmt.Sprintf("; did you mean %q?", "vars."+n.Value)
		}
	}
	if strings.TrimSpace(c.src) == n.Value {
		hint += "; for the text itself leave out the ="
	}
	return c.fail(n, "IVR052", "there is no %s%s", n.Value, hint)
}

func (c *checker) member(n *ast.MemberNode) typ {
	p, ok := n.Property.(*ast.StringNode)
	if !ok || n.Optional || n.Method {
		return c.fail(n, "IVR050", "%s: [ ] and ?. are not allowed; write the name after a dot", c.src)
	}
	t := c.typeOf(n.Node)
	if c.bad != nil {
		return typ{}
	}
	if t.kind == kAny {
		return t
	}
	if t.kind != kRecord {
		return c.fail(n.Property, "IVR052", "there is no %s.%s; %s is %s", n.Node, p.Value, n.Node, t)
	}
	ft, ok := t.field(p.Value)
	if !ok {
		return c.fail(n.Property, "IVR052", "there is no %s.%s%s", n.Node, p.Value, near(p.Value, t.fieldNames(), n.Node.String()+"."))
	}
	if id, is := n.Node.(*ast.IdentifierNode); is && (id.Value == "vars" || id.Value == "args" || id.Value == "secrets") {
		c.reads = append(c.reads, id.Value+"."+p.Value)
	}
	return ft
}

// use types an operand and refuses a secret: no operator may look into one.
func (c *checker) use(n ast.Node) typ {
	t := c.typeOf(n)
	if t.kind != kSecret {
		return t
	}
	p := problem{n.Location().From, "IVR070", fmt.Sprintf("secret %s would be shown by what is done with it; only luhn, len and last4 take a secret", n)}
	if _, ok := c.lang.site.lifted(p.id, c.lang.script); ok {
		c.warns = append(c.warns, p)
		return typ{kind: kText}
	}
	if c.bad == nil {
		c.bad = &p
	}
	return typ{}
}

func (c *checker) unary(n *ast.UnaryNode) typ {
	t := c.use(n.Node)
	if c.bad != nil {
		return typ{}
	}
	switch n.Operator {
	case "not":
		if t.kind != kBool {
			return c.fail(n, "IVR051", "not wants true or false, and %s is %s", n.Node, t)
		}
		return t
	case "-":
		if !t.numeric() && t.kind != kDuration {
			return c.fail(n, "IVR051", "- wants a number, and %s is %s", n.Node, t)
		}
		return t
	}
	return c.fail(n, "IVR050", "%s: %s is not an operator here; write not", c.src, n.Operator)
}

func (c *checker) binary(n *ast.BinaryNode) typ {
	switch n.Operator {
	case "&&":
		return c.fail(n, "IVR050", "%s: && is not an operator here; write and", c.src)
	case "||":
		return c.fail(n, "IVR050", "%s: || is not an operator here; write or", c.src)
	case "and", "or", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "in", "contains", "startsWith", "endsWith", "matches":
	default:
		return c.fail(n, "IVR050", "%s: %s is not allowed", c.src, n.Operator)
	}
	a, b := c.use(n.Left), c.use(n.Right)
	if c.bad != nil {
		return typ{}
	}
	truth := typ{kind: kBool}
	switch n.Operator {
	case "and", "or":
		for _, side := range []struct {
			n ast.Node
			t typ
		}{{n.Left, a}, {n.Right, b}} {
			if side.t.kind != kBool {
				return c.fail(side.n, "IVR051", "%s wants true or false on both sides, and %s is %s", n.Operator, side.n, side.t)
			}
		}
		return truth
	case "==", "!=", "<", "<=", ">", ">=":
		return c.compare(n, a, b)
	case "in":
		if b.kind != kList {
			return c.fail(n, "IVR051", "in wants a list on its right, and %s is %s", n.Right, b)
		}
		return truth
	case "contains", "startsWith", "endsWith":
		if !a.textual() || !b.textual() {
			return c.fail(n, "IVR051", "%s wants texts, not %s and %s", n.Operator, a, b)
		}
		return truth
	case "matches":
		return c.matches(n, a)
	}
	return c.arithmetic(n, a, b)
}

func (c *checker) compare(n *ast.BinaryNode, a, b typ) typ {
	ordered := n.Operator != "==" && n.Operator != "!="
	if !a.comparable(b) || a.kind == kRecord || a.kind == kList || ordered && a.kind == kBool {
		hint := ""
		for _, side := range []ast.Node{n.Left, n.Right} {
			if s, ok := side.(*ast.StringNode); ok {
				if _, err := parseAs(typ{kind: kNumber}, s.Value); err == nil && (a.numeric() || b.numeric()) {
					hint = "; write " + s.Value + " without quotes"
				}
			}
		}
		if (a.kind == kDuration) != (b.kind == kDuration) && (a.numeric() || b.numeric()) {
			hint = "; write minutes(…) or seconds(…)"
		}
		return c.fail(n, "IVR051", "%s compares %s (%s) with %s (%s)%s", n.Operator, a, n.Left, b, n.Right, hint)
	}
	c.doubtful(n, a, b, ordered)
	return typ{kind: kBool}
}

func (c *checker) matches(n *ast.BinaryNode, a typ) typ {
	p, ok := n.Right.(*ast.StringNode)
	if !ok {
		return c.fail(n.Right, "IVR050", "%s: the pattern after matches must be written here in quotes", c.src)
	}
	if _, err := regexp.Compile(p.Value); err != nil {
		return c.fail(n.Right, "IVR050", "%s: %q is not a pattern; check its brackets", c.src, p.Value)
	}
	if !a.textual() {
		return c.fail(n, "IVR051", "matches wants a text, and %s is %s", n.Left, a)
	}
	return typ{kind: kBool}
}

func (c *checker) arithmetic(n *ast.BinaryNode, a, b typ) typ {
	switch {
	case a.numeric() && b.numeric():
		if a.kind == kMoney || b.kind == kMoney {
			return typ{kind: kMoney}
		}
		return typ{kind: kNumber}
	case n.Operator == "+" && a.textual() && b.textual():
		return typ{kind: kText}
	case (n.Operator == "+" || n.Operator == "-") && a.kind == kDuration && b.kind == kDuration:
		return a
	}
	hint := ""
	if a.kind == kAny || b.kind == kAny {
		hint = "; write number(…) or text(…) around what a look-up gave"
	} else if n.Operator == "+" && (a.textual() || b.textual()) {
		hint = "; text(…) makes a text of a number, number(…) a number of a text"
	}
	return c.fail(n, "IVR051", "%s cannot join %s (%s) and %s (%s)%s", n.Operator, a, n.Left, b, n.Right, hint)
}

func (c *checker) conditional(n *ast.ConditionalNode) typ {
	if !n.Ternary {
		return c.fail(n, "IVR050", "%s: if is not allowed within an expression; write condition ? one : other", c.src)
	}
	cond, a, b := c.use(n.Cond), c.use(n.Exp1), c.use(n.Exp2)
	switch {
	case c.bad != nil:
		return typ{}
	case cond.kind != kBool:
		return c.fail(n.Cond, "IVR051", "? wants true or false before it, and %s is %s", n.Cond, cond)
	case !a.comparable(b):
		return c.fail(n, "IVR051", "? : gives %s or %s; both must be of one type", a, b)
	case a.kind == kAny || b.kind == kAny:
		return typ{kind: kAny}
	case a.kind == kOneOf || a.kind == kDigits:
		return typ{kind: kText}
	}
	return a
}

func (c *checker) array(n *ast.ArrayNode) typ {
	for _, x := range n.Nodes {
		c.use(x)
	}
	return typ{kind: kList}
}

func (c *checker) call(n *ast.CallNode) typ {
	id, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		return c.fail(n, "IVR050", "%s: only the functions of the manual can be called", c.src)
	}
	if id.Value == "queue" || id.Value == "hours" {
		return c.figures(n, id.Value)
	}
	if id.Value == "one_of" {
		return c.oneOf(n)
	}
	f, ok := c.lang.funcs[id.Value]
	if !ok {
		return c.fail(n, "IVR052", "there is no function %s%s", id.Value, near(id.Value, append([]string{"queue", "hours"}, c.lang.order...)))
	}
	if len(n.Arguments) > len(f.args) || len(n.Arguments) < len(f.args)-f.opt {
		return c.fail(n, "IVR050", "%s: %s takes %d values, not %d", c.src, f.name, len(f.args), len(n.Arguments))
	}
	for i, a := range n.Arguments {
		t := c.typeOf(a)
		if c.bad != nil {
			return typ{}
		}
		want := typ{kind: f.args[i]}
		switch {
		case t.kind == kSecret && f.secret && i == 0:
		case t.kind == kSecret:
			if t = c.use(a); c.bad != nil {
				return typ{}
			}
		case t.kind == kAny && (want.numeric() || want.kind == kDuration):
			return c.fail(a, "IVR051", "%s wants %s, and %s is %s; write number(%s)", f.name, want, a, t, a)
		case want.kind == kNone && t.kind != kRecord, want.comparable(t):
		default:
			return c.fail(a, "IVR051", "%s wants %s, and %s is %s", f.name, want, a, t)
		}
	}
	return typ{kind: f.gives}
}

// oneOf types one_of(text, "a", "b"): what it can be is written there, so that all of it can be checked.
func (c *checker) oneOf(n *ast.CallNode) typ {
	t := typ{kind: kOneOf}
	for i, a := range n.Arguments {
		if i == 0 {
			if got := c.use(a); c.bad == nil && !got.textual() && got.kind != kAny {
				return c.fail(a, "IVR051", "one_of wants a text first, and %s is %s", a, got)
			}
			continue
		}
		s, ok := a.(*ast.StringNode)
		if !ok || s.Value == "" || strings.ContainsAny(s.Value, " \t\n") {
			return c.fail(a, "IVR050", "%s: what one_of can be is written there, each a word in quotes", c.src)
		}
		t.words = append(t.words, s.Value)
	}
	if c.bad == nil && len(t.words) == 0 {
		return c.fail(n, "IVR050", "%s: one_of wants a text and the words it can be, as in one_of(vars.topic, \"sales\", \"support\")", c.src)
	}
	return t
}

// figures types queue("…") and hours("…"); the name must be written there, so that it is known what to send along.
func (c *checker) figures(n *ast.CallNode, fn string) typ {
	var name string
	if len(n.Arguments) == 1 {
		if s, ok := n.Arguments[0].(*ast.StringNode); ok {
			name = s.Value
		}
	}
	if name == "" {
		return c.fail(n, "IVR050", "%s: %s wants one name written in quotes", c.src, fn)
	}
	if fn == "hours" {
		c.asks = append(c.asks, siteName{n.Arguments[0].Location().From, "calendar", name})
		if !c.lang.site.Unknown && !c.lang.site.hasCalendar(name) {
			return c.fail(n.Arguments[0], "IVR056", "there is no calendar %q%s", name, near(name, c.lang.site.Calendars))
		}
		return hoursOutcome
	}
	if !c.lang.site.Unknown && !slices.Contains(c.lang.site.Queues, name) {
		return c.fail(n.Arguments[0], "IVR055", "the site has no queue %q%s", name, near(name, c.lang.site.Queues))
	}
	c.lang.queues[name] = true
	c.asks = append(c.asks, siteName{n.Arguments[0].Location().From, "queue", name})
	return queueFigures
}
