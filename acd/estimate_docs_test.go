package acd

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
)

// The example of an estimate in docs/acd.md is what comes of its figures.
func TestEstimateAsDocumented(t *testing.T) {
	q := &queue{working: 3, speed: speed{Mean: 90, Count: enoughIntervals}}
	e := (&State{}).estimate(q, &class{}, 3)
	near := func(x, want float64) bool { return math.Abs(x-want) < 0.05 }
	if !near(e.Low.Seconds(), 33.1) || !near(e.Mid.Seconds(), 90) || !near(e.High.Seconds(), 159.2) {
		t.Errorf("the third waits %+v", e)
	}
	b, err := os.ReadFile("../docs/acd.md")
	if err != nil {
		t.Fatal(err)
	}
	said := fmt.Sprintf("the third in the queue waits some %.0f s, and in eight cases of ten between %.1f s and %.1f s", e.Mid.Seconds(), e.Low.Seconds(), e.High.Seconds())
	if !strings.Contains(strings.Join(strings.Fields(string(b)), " "), said) {
		t.Errorf("docs/acd.md does not say: %s", said)
	}
}
