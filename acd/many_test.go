package acd

import (
	"os"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestManyEvents plays long days of centres of 1 to 50 agents and 1 to 10 queues with every strategy, 200 of them. Commands are judged after
// each event, the whole state 250 times a day. ACD_EVENTS makes the days longer.
func TestManyEvents(t *testing.T) {
	events := 5000
	if text := os.Getenv("ACD_EVENTS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("ACD_EVENTS is no number: %v", err)
		}
		events = n
	}
	for _, half := range []string{"first hundred", "second hundred"} { // rapid's own number of trials is 100
		t.Run(half, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) { playDay(t, events) })
		})
	}
}

func playDay(t *rapid.T, events int) {
	z := size{agents: 50, queues: 10, tasks: 200}
	s, err := New(z.config(t))
	if err != nil {
		t.Fatal(err)
	}
	w := newWitness(s)
	c := crowd{size: z}
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	high := now
	for n := range events {
		now = step(t, s, now)
		if now.After(high) {
			high = now
		}
		ev := c.draw(t, now)
		cmds := s.Decide(now, ev)
		if err := w.judge(high, ev, cmds); err != nil {
			t.Fatalf("%T%+v: %v", ev, ev, err)
		}
		c.saw(cmds)
		if n%max(1, events/250) == 0 {
			if err := s.check(); err != nil {
				t.Fatal(err)
			}
			if err := w.agree(s); err != nil {
				t.Fatal(err)
			}
		}
	}
}
