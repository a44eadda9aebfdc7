//go:build !faults

package main

import "net"

// faultyListener is the listener itself: only the test build makes it slow.
func faultyListener(l net.Listener) net.Listener { return l }

// faults plants nothing: only the test build has faults.
func faults(*daemon) {}
