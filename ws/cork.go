package ws

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"sync"
)

// maxCork is how many bytes are held back at most before they are written.
const maxCork = 32 << 10

// corkBuffers are shared by all sockets: one is held only while a batch is written.
var corkBuffers = &sync.Pool{New: func() any { return new([]byte) }}

// cork lets all messages that wait leave in one write. A socket that is slow to take a write then delays a message by
// one write that is under way, and not by one for each message before it.
type cork struct {
	net.Conn
	mu  sync.Mutex // the reader writes too: pongs
	on  bool
	buf *[]byte // what is held back; nil while the cork is off
}

// Write holds back what is written while the cork is on.
func (c *cork) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.on {
		return c.Conn.Write(b)
	}
	*c.buf = append(*c.buf, b...)
	if len(*c.buf) > maxCork {
		if err := c.flush(); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// hold puts the cork on.
func (c *cork) hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.on {
		c.on, c.buf = true, corkBuffers.Get().(*[]byte)
	}
}

// release takes it off and writes what it held back.
func (c *cork) release() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.on {
		return nil
	}
	err := c.flush()
	if cap(*c.buf) <= 2*maxCork {
		corkBuffers.Put(c.buf)
	}
	c.on, c.buf = false, nil
	return err
}

func (c *cork) flush() error {
	if len(*c.buf) == 0 {
		return nil
	}
	_, err := c.Conn.Write(*c.buf)
	*c.buf = (*c.buf)[:0]
	return err
}

// corking hands a hijacked connection out behind a cork.
type corking struct {
	http.ResponseWriter
	cork *cork
}

// Hijack implements http.Hijacker.
func (c *corking) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	raw, rw, err := http.NewResponseController(c.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("ws: taking the connection over: %w", err)
	}
	c.cork = &cork{Conn: raw}
	return c.cork, rw, nil
}
