package ami

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Bounds of what is read: a peer that sends more is not a manager interface, and its connection is given up.
const (
	maxLine    = 8 << 10  // bytes of one line, its end included
	maxMessage = 64 << 10 // bytes of one message
)

// errTooLong is a line or message over its bound.
var errTooLong = errors.New("ami: the peer sends more than a manager interface would")

// field is one line of a message, as it stood.
type field struct{ key, value string }

// message is a response or an event: its lines up to the empty one.
type message []field

// get is the value of the first line with that key, in whatever case.
func (m message) get(key string) string {
	for _, f := range m {
		if strings.EqualFold(f.key, key) {
			return f.value
		}
	}
	return ""
}

// readLine reads a line without its end. The reader's buffer holds maxLine bytes at least.
func readLine(r *bufio.Reader) (string, error) {
	b, err := r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull) || len(b) > maxLine:
		return "", fmt.Errorf("%w: a line over %d bytes", errTooLong, maxLine)
	case errors.Is(err, io.EOF) && len(b) > 0:
		return "", io.ErrUnexpectedEOF
	case err != nil:
		return "", err
	}
	return strings.TrimSuffix(string(b[:len(b)-1]), "\r"), nil
}

// readMessage reads one message. Lines without a colon are left out; empty lines before the first line do not count.
func readMessage(r *bufio.Reader) (message, error) {
	var m message
	for size := 0; ; {
		line, err := readLine(r)
		if err != nil {
			if errors.Is(err, io.EOF) && size > 0 {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		if size += len(line) + 2; size > maxMessage {
			return nil, fmt.Errorf("%w: a message over %d bytes", errTooLong, maxMessage)
		}
		if line == "" {
			if m == nil {
				size = 0
				continue
			}
			return m, nil
		}
		if key, value, ok := strings.Cut(line, ":"); ok {
			m = append(m, field{strings.TrimSpace(key), strings.TrimSpace(value)})
		}
	}
}

// maxValue is the longest value that is sent, in bytes; Asterisk cuts lines at 1,025.
const maxValue = 512

// write makes an action's text. A value with a line end or another control character would be a second line, and so a
// second action: it is refused before anything is sent.
func write(action string, fields ...field) (string, error) {
	var b strings.Builder
	b.WriteString("Action: " + action + "\r\n")
	for _, f := range fields {
		if strings.ContainsFunc(f.value, func(r rune) bool {
			return r < ' ' || r == 0x7f || r >= 0x80 && r <= 0x9f || r == 0x2028 || r == 0x2029 || r == 0xfffd
		}) {
			return "", &ValueError{Action: action, Field: f.key, Why: "holds a line end or another control character"}
		}
		if len(f.value) > maxValue {
			return "", &ValueError{Action: action, Field: f.key, Why: fmt.Sprintf("is longer than %d bytes", maxValue)}
		}
		b.WriteString(f.key + ": " + f.value + "\r\n")
	}
	b.WriteString("\r\n")
	return b.String(), nil
}

// ValueError is a value that is not sent. The value itself is not told: it may be personal or hostile.
type ValueError struct{ Action, Field, Why string }

// Error implements error.
func (e *ValueError) Error() string {
	return fmt.Sprintf("ami: %s is not sent: its %s %s", e.Action, e.Field, e.Why)
}
