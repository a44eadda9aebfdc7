//go:build !race

package switchboard

const crowd = 1000
