package ivr

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/expr-lang/expr/ast"
)

// doubtful is IVR053: comparisons that can be worked out and are hardly meant.
func (c *checker) doubtful(n *ast.BinaryNode, a, b typ, ordered bool) {
	switch always, known := c.always(n, a, b); {
	case known:
		c.warn(n, "%s is always %t", n, always)
	case ordered && a.textual() && b.textual():
		c.warn(n, "%s compares texts by alphabet, where 10 comes before 9; compare number(…) with a number", n)
	}
}

func (c *checker) warn(n ast.Node, format string, args ...any) {
	c.warns = append(c.warns, problem{n.Location().From, "IVR053", fmt.Sprintf(format, args...)})
}

// always tells what a comparison gives, if it gives the same whatever the call.
func (c *checker) always(n *ast.BinaryNode, a, b typ) (truth, known bool) {
	equal := n.Operator == "=="
	if n.Operator == "==" || n.Operator == "!=" {
		for _, side := range []struct {
			one  typ
			text ast.Node
		}{{a, n.Right}, {b, n.Left}} {
			if s, ok := side.text.(*ast.StringNode); ok && side.one.kind == kOneOf && !slices.Contains(side.one.words, s.Value) {
				return !equal, true
			}
		}
	}
	if x, y, ok := twoNumbers(n.Left, n.Right); ok {
		return compared(n.Operator, x, y), true
	}
	if x, ok := n.Left.(*ast.StringNode); ok {
		if y, ok := n.Right.(*ast.StringNode); ok {
			return comparedTexts(n.Operator, x.Value, y.Value), true
		}
	}
	if n.Left.String() == n.Right.String() {
		return n.Operator == "==" || n.Operator == "<=" || n.Operator == ">=", true
	}
	return outOfReach(n)
}

func twoNumbers(a, b ast.Node) (x, y float64, ok bool) {
	x, ok = numberOf(a)
	if !ok {
		return 0, 0, false
	}
	y, ok = numberOf(b)
	return x, y, ok
}

func numberOf(n ast.Node) (float64, bool) {
	switch n := n.(type) {
	case *ast.IntegerNode:
		return float64(n.Value), true
	case *ast.FloatNode:
		return n.Value, true
	case *ast.UnaryNode:
		f, ok := numberOf(n.Node)
		return -f, ok && n.Operator == "-"
	}
	return 0, false
}

func compared(op string, x, y float64) bool {
	switch op {
	case "==":
		return x == y
	case "!=":
		return x != y
	case "<":
		return x < y
	case "<=":
		return x <= y
	case ">":
		return x > y
	}
	return x >= y
}

func comparedTexts(op, x, y string) bool {
	switch {
	case x < y:
		return compared(op, 0, 1)
	case x > y:
		return compared(op, 1, 0)
	}
	return compared(op, 0, 0)
}

// most is the largest value of a name whose values are known to lie between 0 and it.
func most(name string) (float64, bool) {
	switch name {
	case "time.hour":
		return 23, true
	case "call.priority":
		return 100, true
	}
	return 0, false
}

// outOfReach tells whether a number is compared with one that it can never reach.
func outOfReach(n *ast.BinaryNode) (truth, known bool) {
	top, ok := most(n.Left.String())
	limit, isNumber := numberOf(n.Right)
	op := n.Operator
	if !ok || !isNumber {
		top, ok = most(n.Right.String())
		limit, isNumber = numberOf(n.Left)
		op = turned[op]
	}
	if !ok || !isNumber {
		return false, false
	}
	low, high := compared(op, 0, limit), compared(op, top, limit)
	if op == "==" || op == "!=" {
		outside := limit < 0 || limit > top
		return op == "!=", outside
	}
	return low, low == high
}

var turned = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}

// constantTruth is IVR053 of a whole condition.
func (l *loader) constantTruth(v *yval, off int, src string) {
	if b, err := strconv.ParseBool(src); err == nil && (src == "true" || src == "false") {
		l.warnf(v.offset(off), "IVR053", "this condition is always %t; take it out", b)
	}
}
