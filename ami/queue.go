package ami

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// callersOf picks the waiting callers of a queue out of what QueueStatus lists, in the order of their positions.
func callersOf(queue string, events []message) ([]Caller, error) {
	var out []Caller
	for _, m := range events {
		if m.get("Event") != "QueueEntry" || m.get("Queue") != queue {
			continue
		}
		position, err := strconv.Atoi(m.get("Position"))
		seconds, err2 := strconv.Atoi(m.get("Wait"))
		name, id := m.get("Channel"), m.get("Uniqueid")
		if err != nil || err2 != nil || position < 1 || seconds < 0 || seconds > maxWait || name == "" || id == "" {
			return nil, fmt.Errorf("ami: QueueStatus of %s lists an entry that cannot be read", queue)
		}
		out = append(out, Caller{Channel: name, ID: id, Position: position, Waited: time.Duration(seconds) * time.Second})
	}
	slices.SortStableFunc(out, func(a, b Caller) int { return cmp.Compare(a.Position, b.Position) })
	return out, nil
}

// maxWait is the longest wait that is believed, in seconds: a year.
const maxWait = 366 * 24 * 3600
