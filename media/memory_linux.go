package media

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// memoryFile is a file without a name and without a place on disk: what is spoken may be private.
func memoryFile() (*os.File, error) {
	fd, err := unix.MemfdCreate("speech", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("no file in memory can be had: %w", err)
	}
	return os.NewFile(uintptr(fd), "speech"), nil
}
