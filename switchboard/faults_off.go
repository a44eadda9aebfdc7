//go:build !faults

package switchboard

// ringFirst rings the phone before the pop is written. It is a fault, and only the test build can have it: a test shows
// that the check of the order finds it.
func ringFirst() bool { return false }
