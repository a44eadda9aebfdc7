package sim

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"ctid"
	"ctid/acd"
)

// What was planned and the core's own timers happen in the order of their times, and of one moment what was planned comes first, in
// the order of its planning; a longest wait that is no whole microsecond ends as well.
func TestCourse(t *testing.T) {
	core, err := acd.New(acd.Config{Epoch: "A", Queues: []acd.Queue{{ID: "sales"}}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	var c *Course
	say := func(what string) { got = append(got, fmt.Sprint(c.Now().Sub(origin), " ", what)) }
	c = NewCourse(core, origin, func(cmds []acd.Command) {
		for _, cmd := range cmds {
			if e, ok := cmd.(acd.TaskEnded); ok {
				say(string(e.Task) + " " + string(e.Exit))
			}
		}
	})
	c.Plan(second(3), func() { say("three") })
	c.Plan(second(2), func() {
		say("two")
		c.Plan(second(1), func() { say("one, too late") })
		c.Give(acd.Enqueue{Task: "a", Queue: "sales", Priority: -1, AtMost: time.Second + 1})
		c.Give(acd.Enqueue{Task: "b", Queue: "sales", Priority: -1, AtMost: time.Second})
	})
	c.Plan(second(2), func() { say("two again") })
	c.Plan(second(9), func() { say("after the end") })
	c.Until(second(5))
	c.Until(second(4))
	want := []string{"2s two", "2s two again", "2s one, too late", "3s three", "3s b " + string(ctid.ExitTimeout), "3.000001s a " + string(ctid.ExitTimeout)}
	if !slices.Equal(got, want) || !c.Now().Equal(second(5)) {
		t.Errorf("at %v\n%q\nnot\n%q", c.Now().Sub(origin), got, want)
	}
}
