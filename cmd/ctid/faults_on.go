//go:build faults

package main

import (
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// faultyListener delays every write to a connection by CTID_FAULT_WRITE_DELAY. This file is only in the test build.
func faultyListener(l net.Listener) net.Listener {
	d, _ := time.ParseDuration(os.Getenv("CTID_FAULT_WRITE_DELAY"))
	if d <= 0 {
		return l
	}
	return slowListener{l, d}
}

type slowListener struct {
	net.Listener
	delay time.Duration
}

func (l slowListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return slowConn{c, l.delay}, nil
}

type slowConn struct {
	net.Conn
	delay time.Duration
}

func (c slowConn) Write(b []byte) (int, error) {
	time.Sleep(c.delay)
	return c.Conn.Write(b)
}

// faults lets the desk stand still for ever at SIGUSR1. At SIGUSR2 the disk is full, and at the next one no more.
func faults(d *daemon) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1, syscall.SIGUSR2)
	d.wg.Go(func() {
		defer signal.Stop(c)
		var lift func() error
		for {
			select {
			case s := <-c:
				if s == syscall.SIGUSR1 {
					d.sb.Deadlock()
					return
				}
				lift = d.fill(lift)
			case <-d.ctx.Done():
				return
			}
		}
	})
}

// fill fills the disk, or with the lift of an earlier call empties it again.
func (d *daemon) fill(lift func() error) func() error {
	var err error
	if lift == nil {
		lift, err = d.st.FillDisk(d.ctx)
	} else {
		err, lift = lift(), nil
	}
	d.log.Info("the disk is full, or no more", "full", lift != nil, "error", err)
	return lift
}
