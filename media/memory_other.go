//go:build !linux

package media

import (
	"fmt"
	"os"
)

// memoryFile is a file that has lost its name.
func memoryFile() (*os.File, error) {
	f, err := os.CreateTemp("", "speech")
	if err != nil {
		return nil, fmt.Errorf("no file for speech can be had: %w", err)
	}
	return f, os.Remove(f.Name())
}
