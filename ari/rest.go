package ari

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
)

// maxReply bounds what is read of one answer; a list of 10,000 channels is about 6 MB.
const maxReply = 64 << 20

// once says how often a request may be sent when the connection fails under it.
type once uint8

const (
	sendOnce  once = iota // a second one could do it twice
	sendAgain             // the verb, or an id chosen by us, makes a second one harmless
)

// request is one command.
type request struct {
	op      string // fixed name, for metrics and errors
	target  string
	method  string
	path    []string // segments below /ari, escaped here
	query   url.Values
	body    any // JSON; nil for none
	reply   any // where to decode the answer; nil to discard it
	again   once
	tries   *int  // counts how often it was sent; nil when nobody asks
	already []int // statuses that mean: it is so already; see alreadyOnRetry
	// alreadyOnRetry are statuses that mean so only when an earlier try may have been carried out.
	alreadyOnRetry []int
}

// do sends one command within the deadline and tries again where that is harmless.
func (n *Node) do(ctx context.Context, r request) error {
	for _, s := range r.path { // an empty id would make the command one about all of them
		if s == "" || s == "." || s == ".." || strings.ContainsFunc(s, unicode.IsControl) {
			return &invalid{node: n.cfg.Name, op: r.op, field: "id", why: "is no id"}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, n.cfg.Timeouts.Request)
	defer cancel()
	pause := 20 * time.Millisecond
	for try := 0; ; try++ {
		if r.tries != nil {
			*r.tries = try + 1
		}
		err := n.send(ctx, r, try > 0)
		if err == nil || !IsNoAnswer(err) || r.again == sendOnce || ctx.Err() != nil || try == 3 {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
			pause *= 4
		}
	}
}

func (n *Node) send(ctx context.Context, r request, retry bool) error {
	began := time.Now()
	status, body, err := n.exchange(ctx, r)
	n.cfg.Observe(r.op, status, time.Since(began))
	if err != nil {
		return &Error{Node: n.cfg.Name, Op: r.op, Target: r.target, Status: status, Message: "answer can't be read", Err: err}
	}
	if status >= 200 && status < 300 {
		return n.decodeReply(r, status, body)
	}
	if slices.Contains(r.already, status) || retry && slices.Contains(r.alreadyOnRetry, status) {
		return nil
	}
	return &Error{Node: n.cfg.Name, Op: r.op, Target: r.target, Status: status, Message: message(body, status)}
}

func (n *Node) decodeReply(r request, status int, body []byte) error {
	if r.reply == nil || status == http.StatusNoContent {
		return nil
	}
	if raw, ok := r.reply.(*[]byte); ok {
		*raw = body
		return nil
	}
	if err := json.Unmarshal(body, r.reply); err != nil {
		return &Error{Node: n.cfg.Name, Op: r.op, Target: r.target, Status: status, Message: "answer can't be decoded: " + err.Error(), Err: err}
	}
	return nil
}

func (n *Node) exchange(ctx context.Context, r request) (status int, body []byte, err error) {
	var in []byte
	if r.body != nil {
		if in, err = json.Marshal(r.body); err != nil {
			return 0, nil, err
		}
	}
	x, err := n.lanes.take(ctx)
	if err != nil {
		return 0, nil, err
	}
	defer n.lanes.give(x)
	return x.ask(ctx, r.method, n.target(r), in)
}

// target joins the base's path, escaped segments and query.
func (n *Node) target(r request) string {
	u := n.base.EscapedPath()
	for _, s := range r.path {
		u += "/" + url.PathEscape(s)
	}
	if len(r.query) > 0 {
		u += "?" + r.query.Encode()
	}
	return u
}

// message is Asterisk's own word for a failure: {"message":"Channel not found"} or {"error":…}.
func message(body []byte, status int) string {
	var m struct{ Message, Error string }
	if json.Unmarshal(body, &m) == nil {
		if m.Message != "" {
			return m.Message
		}
		if m.Error != "" {
			return m.Error
		}
	}
	return http.StatusText(status)
}
