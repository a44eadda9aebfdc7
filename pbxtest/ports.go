package pbxtest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// Each instance leases whole blocks of ports below the range from which the
// kernel takes ephemeral ones, so that neither another instance nor a client's
// socket is in its way.
const (
	portsFirst = 12000
	portsEnd   = 32000
	portsBlock = 250
	// the first ports of a lease are for SIP, HTTP and AMI; RTP begins behind them
	portsRTP = 10
)

// lease holds consecutive blocks of ports by a lock on a file for each; the
// kernel drops the locks when the process dies.
type lease struct {
	first, end int // end is exclusive
	locks      []*os.File
}

// leasePorts takes the first free run of blocks that holds n RTP ports.
func leasePorts(n int) (*lease, error) {
	dir := filepath.Join(os.TempDir(), "ctid-ports-"+strconv.Itoa(os.Getuid()))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the folder of port leases: %w", err)
	}
	blocks := (n + portsRTP + portsBlock - 1) / portsBlock
	l := &lease{}
	for port := portsFirst; port+portsBlock <= portsEnd; port += portsBlock {
		f, err := lockBlock(dir, port)
		if err != nil {
			l.release()
			return nil, err
		}
		if f == nil {
			l.release()
			continue
		}
		if len(l.locks) == 0 {
			l.first = port
		}
		l.locks = append(l.locks, f)
		l.end = port + portsBlock
		if len(l.locks) == blocks {
			return l, nil
		}
	}
	l.release()
	return nil, fmt.Errorf("no %d consecutive free ports between %d and %d: stop other instances (locks in %s), or ask for fewer RTP ports",
		blocks*portsBlock, portsFirst, portsEnd, dir)
}

// lockBlock locks the block of ports, or returns nil when somebody has it or
// one of its named ports.
func lockBlock(dir string, port int) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, strconv.Itoa(port)), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open a port lease: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR) {
			return nil, nil
		}
		return nil, fmt.Errorf("lease ports from %d: %w", port, err)
	}
	for p := port; p < port+portsRTP; p++ {
		if !portFree(p) {
			_ = f.Close()
			return nil, nil
		}
	}
	return f, nil
}

func portFree(port int) bool {
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	udp, err := net.ListenPacket("udp", addr)
	if err != nil {
		return false
	}
	defer func() { _ = udp.Close() }()
	tcp, err := net.Listen("tcp", addr)
	if err != nil {
		return false
	}
	return tcp.Close() == nil
}

func (l *lease) release() {
	for _, f := range l.locks {
		_ = f.Close()
	}
	l.locks = nil
}

func (l *lease) sip() string  { return l.addr(0) }
func (l *lease) http() string { return l.addr(1) }
func (l *lease) ami() string  { return l.addr(2) }

func (l *lease) addr(n int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(l.first+n)) }
