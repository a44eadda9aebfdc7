package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// No test sleeps in real time, none is skipped, and no package registers anything by init: three habits that a linter
// cannot tell by a name alone.
func TestImportsHabits(t *testing.T) {
	for _, s := range sources(t) {
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, filepath.Join("../..", s.file), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		bubble := slices.Contains(s.imports, "testing/synctest")
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Name.Name == "init" && n.Recv == nil {
					t.Errorf("%s: an init function: put the line into a table that can be seen", fset.Position(n.Pos()))
				}
			case *ast.SelectorExpr:
				x, ok := n.X.(*ast.Ident)
				if !ok {
					return true
				}
				if name := x.Name + "." + n.Sel.Name; s.test && !bubble && name == "time.Sleep" {
					t.Errorf("%s: a test that sleeps: use a channel or testing/synctest, or poll a condition with a deadline", fset.Position(n.Pos()))
				}
				if skips := []string{"Skip", "Skipf", "SkipNow"}; s.test && slices.Contains(skips, n.Sel.Name) && strings.Contains("t b f tb", x.Name) {
					t.Errorf("%s: a test that can be skipped: what cannot run must fail", fset.Position(n.Pos()))
				}
			}
			return true
		})
	}
}
