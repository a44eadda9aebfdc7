package systemtest

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"syscall"
	"time"
)

// arrivalConn is the client's side of a websocket that knows when the last byte of each frame had come to this machine, as
// the kernel noted it (SO_TIMESTAMPNS). A program that must first be given a processor says when it looked; the kernel says
// when the bytes were there. So that no later frame's bytes are among them, nothing is read beyond the frame.
type arrivalConn struct {
	*net.TCPConn
	raw  syscall.RawConn
	at   time.Time // of the last byte that Read returned; owned by the reader
	head []byte    // of the answer to the handshake, then of a frame, as far as it has been read
	open bool      // the handshake is over
	left int       // bytes of the frame behind its head
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

// Read reads as a net.Conn does, up to the end of a frame's head or of the frame at most.
func (c *arrivalConn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if c.left > 0 {
		n, err := c.receive(p[:min(len(p), c.left)])
		c.left -= n
		return n, err
	}
	n, err := c.receive(p[:1])
	if err != nil {
		return n, err
	}
	c.head = append(c.head, p[0])
	switch {
	case !c.open:
		if c.open = bytes.HasSuffix(c.head, []byte("\r\n\r\n")); c.open {
			c.head = nil
		}
	case len(c.head) >= 2:
		c.frame()
	}
	return n, nil
}

// frame begins the frame whose head is whole (RFC 6455, 5.2; a server's frames have no mask).
func (c *arrivalConn) frame() {
	length, more := int(c.head[1]&0x7f), 0
	switch length {
	case 126:
		more = 2
	case 127:
		more = 8
	}
	if len(c.head) < 2+more {
		return
	}
	if more > 0 {
		length = int(binary.BigEndian.Uint64(append(make([]byte, 8-more), c.head[2:]...)))
	}
	c.head, c.left = nil, length
}

// receive reads what is there, and notes when the last of it had come.
func (c *arrivalConn) receive(p []byte) (n int, err error) {
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
	case n == 0:
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
