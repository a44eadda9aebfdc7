package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"ctid/config"
)

// The control socket takes one request a connection, a JSON object, and answers with one. It lies beside the database, and
// only the user that the daemon runs as may ask.
const (
	maxRequest  = 4 << 10
	maxResponse = 1 << 20
	askTime     = 5 * time.Second // for the request to be there, and for the answer to be taken
	answerTime  = 2 * time.Minute // for the work
	maxControls = 4               // connections at once
)

// controlRequest is what a command asks of the running daemon.
type controlRequest struct {
	Op      string `json:"op"` // reload, rollback, sets, canary.start, canary.status, canary.stop, canary.promote
	Set     string `json:"set,omitempty"`
	Percent int    `json:"percent,omitempty"`
	Force   bool   `json:"force,omitempty"`
}

// controlResponse is the daemon's answer.
type controlResponse struct {
	Error string          `json:"error,omitempty"` // empty: it was done
	Said  []string        `json:"said,omitempty"`  // findings, and what was done
	Data  json.RawMessage `json:"data,omitempty"`
}

// controlPath is where the control socket of a configuration's daemon lies.
func controlPath(c *config.Config) string {
	_, path, _ := strings.Cut(c.Store.DSN, ":")
	return strings.TrimPrefix(path, "//") + ".control"
}

// openControl lets commands ask the daemon. The database's lock has been taken: what lies in the socket's place is of a
// daemon that has gone.
func (d *daemon) openControl() error {
	path := controlPath(d.cfg)
	if st, err := os.Lstat(path); err == nil && st.Mode().Type() == os.ModeSocket {
		_ = os.Remove(path) // where that fails, listening does
	} else if err == nil {
		return fmt.Errorf("the control socket: %s is there and is no socket; move it away", path)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("the control socket: %w", err)
	}
	l, err := (&net.ListenConfig{}).Listen(d.ctx, "unix", within(dir, path))
	if err != nil {
		return errors.Join(fmt.Errorf("the control socket %s: %w", path, err), dir.Close())
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return errors.Join(fmt.Errorf("the control socket: %w", err), l.Close(), dir.Close())
	}
	d.wg.Go(func() { d.serveControl(l.(*net.UnixListener)) })
	d.stops = append(d.stops, func() error { return errors.Join(l.Close(), dir.Close()) })
	return nil
}

// within names a file by its open folder: the path of a socket may have 107 bytes only, a folder's any number.
func within(dir *os.File, path string) string {
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path))
}

func (d *daemon) serveControl(l *net.UnixListener) {
	slots := make(chan struct{}, maxControls)
	for {
		c, err := l.AcceptUnix()
		if err != nil {
			if d.work.Err() == nil && !errors.Is(err, net.ErrClosed) {
				d.log.Error("the control socket has failed; commands cannot reach the daemon until it is restarted", "error", err)
			}
			return
		}
		select {
		case slots <- struct{}{}:
			d.wg.Go(func() {
				defer func() { <-slots }()
				d.answerControl(c)
			})
		default:
			_ = c.Close() // too many at once; the command says that it had no answer
		}
	}
}

func (d *daemon) answerControl(c *net.UnixConn) {
	defer c.Close() //nolint:errcheck // the answer is out, or nobody takes it
	_ = c.SetReadDeadline(time.Now().Add(askTime))
	var req controlRequest
	resp := controlResponse{}
	if err := samePeer(c); err != nil {
		resp.Error = err.Error()
	} else if err := readRequest(c, &req); err != nil {
		resp.Error = err.Error()
	} else {
		resp = d.control(req)
	}
	b, err := json.Marshal(resp)
	if err != nil || len(b) > maxResponse {
		b, _ = json.Marshal(controlResponse{Error: cut(resp.Error, 1000), Said: firstOf(resp.Said, 100)})
	}
	_ = c.SetWriteDeadline(time.Now().Add(askTime))
	if _, err := c.Write(append(b, '\n')); err != nil {
		d.log.Warn("a command did not take its answer", "op", req.Op, "error", err)
	}
}

func cut(s string, n int) string { return s[:min(n, len(s))] }

func firstOf(list []string, n int) []string {
	if len(list) <= n {
		return list
	}
	out := append([]string{}, list[:n]...)
	for i := range out {
		out[i] = cut(out[i], 1000)
	}
	return append(out, fmt.Sprintf("… and %d more", len(list)-n))
}

func readRequest(r io.Reader, req *controlRequest) error {
	dec := json.NewDecoder(io.LimitReader(r, maxRequest))
	dec.DisallowUnknownFields()
	if err := dec.Decode(req); err != nil {
		return fmt.Errorf("the request cannot be read: %w", err)
	}
	return nil
}

// samePeer refuses whoever is not the user that the daemon runs as.
func samePeer(c *net.UnixConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var who *syscall.Ucred
	var failed error
	if err := raw.Control(func(fd uintptr) {
		who, failed = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	}); err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	if int(who.Uid) != os.Getuid() {
		return fmt.Errorf("only user %d, which the daemon runs as, may ask; put sudo -u '#%d' before the command", os.Getuid(), os.Getuid())
	}
	return nil
}

// control carries out a request.
func (d *daemon) control(req controlRequest) controlResponse {
	d.log.Info("a command asks", "op", req.Op)
	var said []string
	var data any
	var err error
	switch req.Op {
	case "reload":
		said, err = d.reloadAgain(req.Force)
	case "rollback":
		said, err = d.rollback(req.Set)
	case "sets":
		data, err = d.setList()
	case "canary.start":
		said, err = d.startCanary(req.Percent)
	case "canary.status":
		data, err = d.canaryStatus()
	case "canary.stop":
		said, err = d.endCanary()
	case "canary.promote":
		said, err = d.promoteCanary()
	default:
		err = fmt.Errorf("there is no request %q", cut(req.Op, 32))
	}
	resp := controlResponse{Said: said}
	if err != nil {
		resp.Error = err.Error()
	}
	if data != nil {
		if resp.Data, err = json.Marshal(data); err != nil {
			resp.Error = err.Error()
		}
	}
	return resp
}

// askDaemon sends a request to the daemon behind a control socket.
func askDaemon(ctx context.Context, path string, req controlRequest) (resp controlResponse, err error) {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return resp, fmt.Errorf("no ctid serves here: %w", err)
	}
	defer dir.Close() //nolint:errcheck // read from only
	c, err := (&net.Dialer{Timeout: askTime}).DialContext(ctx, "unix", within(dir, path))
	if err != nil {
		return resp, fmt.Errorf("no ctid serves behind %s: start it with ctid serve, or run this as the user that it runs as (%w)", path, errors.Unwrap(err))
	}
	defer c.Close() //nolint:errcheck // the answer is there, or it is not
	b, err := json.Marshal(req)
	if err != nil {
		return resp, err
	}
	_ = c.SetDeadline(time.Now().Add(answerTime))
	if _, err := c.Write(b); err != nil {
		return resp, fmt.Errorf("asking ctid: %w", err)
	}
	if err := json.NewDecoder(io.LimitReader(c, maxResponse+1)).Decode(&resp); err != nil {
		return resp, fmt.Errorf("ctid has not answered: %w", err)
	}
	return resp, nil
}
