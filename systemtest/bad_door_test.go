package systemtest

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
)

// door stands before an Asterisk: it is shut or open, and counts the event sockets that go through it.
type door struct {
	t    *testing.T
	addr string
	to   string
	wg   sync.WaitGroup

	mu    sync.Mutex
	l     net.Listener
	conns map[net.Conn]bool
	all   int // connections
	apps  int // event sockets of the calls' application
}

// newDoor makes a shut door to an address.
func newDoor(t *testing.T, to string) *door {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &door{t: t, addr: l.Addr().String(), to: to, conns: map[net.Conn]bool{}}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		d.mu.Lock()
		if d.l != nil {
			_ = d.l.Close()
		}
		for c := range d.conns {
			_ = c.Close()
		}
		d.mu.Unlock()
		d.wg.Wait()
	})
	return d
}

func (d *door) open() {
	d.t.Helper()
	l, err := net.Listen("tcp", d.addr)
	if err != nil {
		d.t.Fatal(err)
	}
	d.mu.Lock()
	d.l = l
	d.mu.Unlock()
	d.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			d.wg.Go(func() { d.through(c) })
		}
	})
}

// shut cuts all connections and lets no new one in.
func (d *door) shut() {
	d.t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.l.Close(); err != nil {
		d.t.Error(err)
	}
	for c := range d.conns {
		_ = c.Close() // it may be over
	}
	clear(d.conns)
}

// through joins a connection with one to the Asterisk; the first piece tells whether it becomes a socket of events.
func (d *door) through(c net.Conn) {
	defer c.Close() //nolint:errcheck // over
	out, err := net.Dial("tcp", d.to)
	if err != nil {
		return
	}
	defer out.Close() //nolint:errcheck // over
	d.mu.Lock()
	d.all++
	d.conns[c], d.conns[out] = true, true
	d.mu.Unlock()
	first := make([]byte, 4096)
	n, err := c.Read(first)
	if err != nil {
		return
	}
	if line, _, _ := bytes.Cut(first[:n], []byte("\r\n")); bytes.Contains(line, []byte("/events?app=ctid ")) {
		d.mu.Lock()
		d.apps++
		d.mu.Unlock()
	}
	if _, err := out.Write(first[:n]); err != nil {
		return
	}
	d.wg.Go(func() { _, _ = io.Copy(out, c); _ = out.Close() })
	_, _ = io.Copy(c, out)
}

// count is how many connections, and how many event sockets of the calls' application, there were.
func (d *door) count() (all, apps int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.all, d.apps
}
