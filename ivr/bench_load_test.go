package ivr

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/goccy/go-yaml/parser"
)

// loadTarget is the time to load and lint a script by that which the YAML library needs to parse it.
const loadTarget = 3.0

// Ten nodes of a large script, with their prompts; %[1]d is their number, %[2]d that of the ten behind them.
const (
	blockPrompts = `  main_%[1]d: For the balance press 1. To order press 2. For more press 3.
  account_%[1]d: Please key in your account number.
  hello_%[1]d: Welcome to part %[1]d.
  told_%[1]d: Your account is ${digits(vars.account)}.
  sorry_%[1]d: That did not work. We put you through.
`

	blockNodes = `  hello_%[1]d:
    - play: hello_%[1]d
    - hours: office
      then: {open: main_%[1]d, closed: sorry_%[1]d}
  main_%[1]d:
    menu: {1: account_%[1]d, 2: order_%[1]d, 3: more_%[1]d}
    then: {failed: sorry_%[1]d}
  account_%[1]d:
    - collect: {into: account, digits: 6-10, match: '^[1-9]\d+$', check: luhn(value)}
      then: {done: count_%[1]d, failed: sorry_%[1]d}
  count_%[1]d:
    - set: {tries: =vars.tries + 1}
    - branch:
        - {if: vars.tries > 3 and not customer.vip, then: sorry_%[1]d}
        - {else: told_%[1]d}
  told_%[1]d:
    - play: told_%[1]d
    - goto: more_%[1]d
  order_%[1]d:
    - tag: [vip]
      if: customer.vip
    - branch:
        - {if: queue("sales").ewt > minutes(5), then: sorry_%[1]d}
        - {else: sales_%[1]d}
  sales_%[1]d:
    queue: {name: sales, attach: {account: =vars.account}}
    then: {otherwise: sorry_%[1]d}
  more_%[1]d:
    - set: {tries: 0}
    - attach: {part: "%[1]d"}
    - goto: hello_%[2]d
  sorry_%[1]d:
    - play: sorry_%[1]d
    - goto: out_%[1]d
  out_%[1]d:
    queue: {name: operators, priority: 60}
    then: {otherwise: hangup}
`
)

// largeScript is a script of 10 × blocks nodes.
func largeScript(blocks int) []byte {
	var b strings.Builder
	b.WriteString("version: 1\nname: Large\nvars: {tries: number = 0, account: digits = 0}\nprompts:\n")
	for i := range blocks {
		fmt.Fprintf(&b, blockPrompts, i+1)
	}
	b.WriteString("nodes:\n")
	for i := range blocks {
		fmt.Fprintf(&b, blockNodes, i+1, min(i+2, blocks))
	}
	return []byte(b.String())
}

// BenchmarkLoad: a script of 1,000 nodes is read, typed, linted and hashed, in turns with the YAML library that only parses the same
// bytes.
func BenchmarkLoad(b *testing.B) {
	src := largeScript(100)
	fsys, site := fstest.MapFS{"large.yaml": {Data: src}}, testSite()
	load := func() {
		if s, found := Load(fsys, "large.yaml", site); s == nil || len(found) > 0 {
			b.Fatalf("%d findings, the first: %v", len(found), found[0])
		}
	}
	parse := func() {
		if _, err := parser.ParseBytes(src, 0); err != nil {
			b.Fatal(err)
		}
	}
	load()
	parse()
	var ours, theirs, ratio []float64
	for range benchRounds {
		var l, p time.Duration
		for range 3 {
			l, p = l+took(load), p+took(parse)
		}
		ours, theirs, ratio = append(ours, l.Seconds()*1000/3), append(theirs, p.Seconds()*1000/3), append(ratio, float64(l)/float64(p))
	}
	x, xl, xh := median(ratio)
	o, ol, oh := median(ours)
	t, tl, th := median(theirs)
	b.Logf("%d bytes: loaded and linted in %.0f ms (%.0f–%.0f), parsed alone in %.0f (%.0f–%.0f): %.2f (%.2f–%.2f) ×", len(src), o, ol, oh, t, tl, th, x, xl, xh)
	b.ReportMetric(x, "x-parse")
	if x > loadTarget {
		b.Errorf("MISSED: loading takes %.2f × parsing, at most %v ×", x, loadTarget)
	}
	for b.Loop() {
		load()
	}
}
