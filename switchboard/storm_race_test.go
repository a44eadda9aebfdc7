//go:build race

package switchboard

// crowd is how many come where nobody is paused. With more of them in a bubble Go's race detector has stopped the test with a fault of its
// own (golang/go#78156); scripts/test has a thousand come without it.
const crowd = 300
