package ari

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Error is Asterisk's refusal of a request, or the failure to get an answer (Status 0, Err set).
type Error struct {
	Node    string
	Op      string // fixed name of the operation, such as "answer"
	Target  string // the id that the request was about
	Status  int    // HTTP status; 0 when there was no answer
	Message string // Asterisk's own words
	Err     error  // why there was no answer
}

// Error names the node, the operation, its target and the cause.
func (e *Error) Error() string {
	target := e.Target
	if target != "" {
		target = " " + target
	}
	if e.Status == 0 {
		return fmt.Sprintf("ari: node %s: %s%s: no answer: %v", e.Node, e.Op, target, e.Err)
	}
	text := fmt.Sprintf("ari: node %s: %s%s: %d %s", e.Node, e.Op, target, e.Status, e.Message)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap gives the network's or the context's error.
func (e *Error) Unwrap() error { return e.Err }

// Status is the HTTP status of an error of this package; 0 when there was no answer or err is something else.
func Status(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// IsNotFound says that the channel, bridge, playback or recording is not (or no longer) there.
func IsNotFound(err error) bool { return Status(err) == http.StatusNotFound }

// IsConflict says that the id is taken, or that the channel is not in the application now.
func IsConflict(err error) bool { return Status(err) == http.StatusConflict }

// IsUnprocessable says that Asterisk knows the thing but it is in the wrong place: a channel that has not yet entered
// the application, or is not in that bridge.
func IsUnprocessable(err error) bool { return Status(err) == http.StatusUnprocessableEntity }

// IsGone says that what the command was about is no longer within reach of commands: destroyed, on its way out of
// Asterisk, or left to the dialplan (404, 409, 412; 500 for an answer that waited while the caller hung up). The
// events tell which.
func IsGone(err error) bool {
	switch Status(err) {
	case http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed:
		return true
	case http.StatusInternalServerError:
		var e *Error
		return errors.As(err, &e) && e.Op == "answer"
	case http.StatusBadRequest: // so a bridge is told to take a channel that is no more
		var e *Error
		return errors.As(err, &e) && e.Op == "add_channel"
	}
	return false
}

// errNobody is why an originate made no channel.
var errNobody = errors.New("no channel could be made: the endpoint is unknown, not registered or not reachable")

// IsAllocationFailed says that an originate made no channel: the endpoint is unknown, not registered or not
// reachable; Asterisk does not tell which.
func IsAllocationFailed(err error) bool { return errors.Is(err, errNobody) }

// IsOriginatorGone says that an originate made no channel because the one for which it was to be is no more.
func IsOriginatorGone(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Op == "originate" && e.Status == http.StatusBadRequest && strings.Contains(e.Message, "originator")
}

// IsNoAnswer says that the request got no answer at all, so that it may or may not have been carried out.
func IsNoAnswer(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == 0
}

// Why Run ended for good.
var (
	ErrReplaced = errors.New("another program took the application on this Asterisk: two ctid with the same asterisk.nodes? stop one of them, then restart the other")
	errReadOnly = errors.New("the user may only read: set read_only=no in its section of ari.conf, reload res_ari, then restart ctid")
	errLogin    = errors.New("Asterisk refused user or password: compare asterisk.nodes[].user and its password with ari.conf, then restart ctid")
	errTooOld   = errors.New("Asterisk 16 is the oldest that works: update it, then restart ctid")
)
