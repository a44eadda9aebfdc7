package ari

import (
	"context"
	"net"
	"sync"
	"time"
)

// Asterisk lets 10 connections wait until it accepts them; the system drops what comes beyond, and the next attempt is a
// second later. Where all calls ask at once, as after a lost line, an agent would ring that second late. So only so many
// connections are new at a time: until Asterisk has answered on them, or for newFor.
const (
	newAtOnce = 8 // and two sockets of events
	newFor    = 100 * time.Millisecond
)

type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// fewAtOnce limits how many connections of a dial are new.
func fewAtOnce(dial dialFunc) dialFunc {
	slots := make(chan struct{}, newAtOnce)
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		free := sync.OnceFunc(func() { <-slots })
		c, err := dial(ctx, network, addr)
		if err != nil {
			free()
			return nil, err
		}
		n := &newConn{Conn: c, old: free}
		n.timer = time.AfterFunc(newFor, free)
		return n, nil
	}
}

// newConn says when it is no longer new.
type newConn struct {
	net.Conn
	old   func()
	timer *time.Timer
}

func (c *newConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.timer.Stop()
	c.old()
	return n, err
}

func (c *newConn) Close() error {
	c.timer.Stop()
	c.old()
	return c.Conn.Close()
}
