//go:build faults

package switchboard

import "os"

// ringFirst rings the phone before the pop is written, where CTID_FAULT_RING_FIRST is set.
func ringFirst() bool { return os.Getenv("CTID_FAULT_RING_FIRST") != "" }
