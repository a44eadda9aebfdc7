package ws

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"ctid"
)

// lookTarget is how long a look may take that is taken once a second: half a percent of a core.
const lookTarget = 5 * time.Millisecond

// BenchmarkLook is what the hub does once a second for 50 queues on a wallboard and 1,000 agents who each see their day, five of which
// have changed.
func BenchmarkLook(b *testing.B) {
	queues, days := map[ctid.QueueID]any{}, map[ctid.AgentID]any{}
	l := look{queues: true, agents: map[ctid.AgentID]bool{}, at: time.Now()}
	half := 50.0
	for i := range 50 {
		queues[ctid.QueueID(fmt.Sprint("queue_", i))] = ctid.QueueStats{Label: "A queue", Waiting: i, SL: ctid.ServiceLevel{Show: "a", LevelStats: ctid.LevelStats{A: &half, B: &half, C: &half, D: &half}}}
	}
	for i := range 1000 {
		a := ctid.AgentID(fmt.Sprint("agent_", i))
		days[a], l.agents[a] = ctid.AgentStats{Agent: a, State: ctid.Ready, Taken: i}, true
	}
	turn := 0
	h := &Hub{cfg: Config{Log: slog.New(slog.DiscardHandler), QueueStats: func(context.Context) map[ctid.QueueID]any { return queues },
		AgentStats: func(context.Context, []ctid.AgentID) map[ctid.AgentID]any {
			for range 5 {
				turn++
				a := ctid.AgentID(fmt.Sprint("agent_", turn%1000))
				days[a] = ctid.AgentStats{Agent: a, State: ctid.Talking, Taken: turn}
			}
			return days
		}}}
	defer func() {
		if per := b.Elapsed() / time.Duration(b.N); per > lookTarget {
			b.Errorf("MISSED: %v, the target is %v", per, lookTarget)
		}
	}()
	for b.Loop() {
		if l.was = h.statesOf(b.Context(), l); len(l.was) != 1050 {
			b.Fatal(len(l.was))
		}
	}
}
