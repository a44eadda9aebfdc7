package main

import "golang.org/x/sys/unix"

// isTerminal tells whether a person sits at the other end of the file.
func isTerminal(fd uintptr) bool {
	_, err := unix.IoctlGetTermios(int(fd), unix.TCGETS)
	return err == nil
}
