package ivr

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
)

// namesIn are the names that a program asks its scope for, each once.
func namesIn(n ast.Node) []string {
	v := &nameVisitor{}
	ast.Walk(&n, v)
	slices.Sort(v.names)
	return slices.Compact(v.names)
}

type nameVisitor struct{ names []string }

// Visit implements ast.Visitor.
func (v *nameVisitor) Visit(n *ast.Node) {
	if id, ok := (*n).(*ast.IdentifierNode); ok {
		v.names = append(v.names, id.Value)
	}
}

// env is what an expression sees. Only the names it needs are made: most need one or two of them.
func (x *scope) env(names []string) map[string]any {
	env := make(map[string]any, len(names))
	for _, n := range names {
		env[n] = x.name(n)
	}
	return env
}

func (x *scope) name(name string) any {
	if values := x.records(name); values != nil {
		return values
	}
	switch name {
	case "value":
		return x.value
	case "low":
		return x.low
	case "high":
		return x.high
	case "queue":
		return x.queueRecord
	case "hours":
		return x.hoursOf
	case secretOf:
		return x.secretNamed
	case divide:
		return quotient
	}
	if f, ok := x.funcs[name]; ok {
		return func(a ...any) (any, error) { return f.call(x, a) }
	}
	return nil
}

// records are the names with fields.
func (x *scope) records(name string) map[string]any {
	switch name {
	case "call":
		return map[string]any{"ani": x.call.ANI, "dnis": x.call.DNIS, "did_name": x.call.DIDName, "dialled": cmp.Or(x.call.Dialled, x.call.DNIS),
			"language": x.lang, "priority": float64(x.priority), "seconds": math.Floor(x.now.Sub(x.started).Seconds()), "answered_by": x.memo.AnsweredBy, "tags": x.memo.tags()}
	case "time":
		local := x.wall.In(x.site.location())
		return map[string]any{"now": local.Format("15:04"), "date": local.Format(time.DateOnly), "hour": float64(local.Hour()),
			"weekday": strings.ToLower(local.Format("Mon"))}
	case "customer":
		return x.customerRecord()
	case "vars":
		return x.vars
	case "args":
		return x.args
	case "contact":
		return x.contact
	case "answers":
		return x.answers
	case "result":
		if x.returned != nil {
			return x.returned
		}
		return x.memo.result(x.outcome)
	case "error":
		return map[string]any{"code": x.code, "node": x.node}
	}
	return nil
}

func (x *scope) hoursOf(name string) (string, error) {
	o, ok := x.site.hours(name, x.wall)
	if !ok {
		return "", fault("hours.unknown")
	}
	return o, nil
}

func (x *scope) secretNamed(name string) (string, error) {
	if x.secret == nil {
		return "", fault("secret.unknown")
	}
	s, err := x.secret(name)
	if err != nil {
		return "", fault("secret.failed")
	}
	return s, nil
}

func quotient(a, b float64) (float64, error) {
	if b == 0 {
		return 0, fault("expr.not_a_number")
	}
	return a / b, nil
}
