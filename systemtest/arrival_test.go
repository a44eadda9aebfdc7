package systemtest

import (
	"context"
	"encoding/binary"
	"net"
	"syscall"
	"time"
)

// arrivalConn is a TCP connection that knows when the bytes it read last had come to this machine, as the kernel noted it
// (SO_TIMESTAMPNS). A program that must first be given a processor says when it looked; the kernel says when they were there.
type arrivalConn struct {
	*net.TCPConn
	raw syscall.RawConn
	at  time.Time // of the last byte that Read returned; owned by the reader
}

// dialArrival dials a server and asks the kernel to note when bytes come.
func dialArrival(ctx context.Context, network, addr string) (*arrivalConn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	tcp := conn.(*net.TCPConn)
	raw, err := tcp.SyscallConn()
	if err == nil {
		var optErr error
		err = raw.Control(func(fd uintptr) {
			optErr = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TIMESTAMPNS, 1)
		})
		if err == nil {
			err = optErr
		}
	}
	if err != nil {
		_ = tcp.Close()
		return nil, err
	}
	return &arrivalConn{TCPConn: tcp, raw: raw}, nil
}

// Read reads as a net.Conn does, and notes when the last of the bytes had come.
func (c *arrivalConn) Read(p []byte) (n int, err error) {
	beside := make([]byte, 64)
	var besideN int
	waitErr := c.raw.Read(func(fd uintptr) bool {
		for {
			n, besideN, _, _, err = syscall.Recvmsg(int(fd), p, beside, 0)
			if err != syscall.EINTR {
				return err != syscall.EAGAIN
			}
		}
	})
	switch {
	case waitErr != nil:
		return 0, waitErr
	case err != nil:
		return 0, err
	case n == 0 && len(p) > 0:
		return 0, net.ErrClosed
	}
	c.at = time.Now() // unless the kernel says better
	if messages, err := syscall.ParseSocketControlMessage(beside[:besideN]); err == nil {
		for _, m := range messages {
			if m.Header.Level == syscall.SOL_SOCKET && m.Header.Type == syscall.SCM_TIMESTAMPNS && len(m.Data) >= 16 {
				c.at = time.Unix(int64(binary.NativeEndian.Uint64(m.Data)), int64(binary.NativeEndian.Uint64(m.Data[8:])))
			}
		}
	}
	return n, nil
}
