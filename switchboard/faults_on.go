//go:build faults

package switchboard

import (
	"os"
	"time"
)

// ringFirst rings the phone before the pop is written, where CTID_FAULT_RING_FIRST is set.
func ringFirst() bool { return os.Getenv("CTID_FAULT_RING_FIRST") != "" }

// Deadlock lets the desk stand still for ever.
func (s *Switchboard) Deadlock() { s.desk.post(func(time.Time) { select {} }) }
