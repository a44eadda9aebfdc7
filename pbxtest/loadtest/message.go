package loadtest

import (
	"fmt"
	"strconv"
	"strings"
)

// message is what this load needs of a SIP message (RFC 3261, section 7).
type message struct {
	method, uri string // of a request
	status      int    // of a response
	via         []string
	route       []string // Record-Route
	from, to    string
	callID      string
	contact     string
	cseq        int
	cseqMethod  string
	media       int // port of the audio in the body; 0
}

// parse reads one datagram; false for what is no SIP message.
func parse(b []byte) (*message, bool) {
	head, body, _ := strings.Cut(string(b), "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	m := &message{}
	first := strings.SplitN(lines[0], " ", 3)
	if len(first) < 2 {
		return nil, false
	}
	if first[0] == "SIP/2.0" {
		m.status, _ = strconv.Atoi(first[1])
	} else {
		m.method, m.uri = first[0], first[1]
	}
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ":")
		if ok {
			m.header(strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value))
		}
	}
	if _, rest, ok := strings.Cut(body, "m=audio "); ok {
		port, _, _ := strings.Cut(rest, " ")
		m.media, _ = strconv.Atoi(port)
	}
	return m, m.callID != "" && (m.status != 0 || m.method != "")
}

func (m *message) header(name, value string) {
	switch name {
	case "via", "v":
		m.via = append(m.via, value)
	case "record-route":
		m.route = append(m.route, value)
	case "from", "f":
		m.from = value
	case "to", "t":
		m.to = value
	case "call-id", "i":
		m.callID = value
	case "contact", "m":
		m.contact = uriOf(value)
	case "cseq":
		n, method, _ := strings.Cut(value, " ")
		m.cseq, _ = strconv.Atoi(n)
		m.cseqMethod = strings.TrimSpace(method)
	}
}

// uriOf takes the URI out of a header such as "Ana" <sip:1001@host>;tag=1.
func uriOf(value string) string {
	if _, rest, ok := strings.Cut(value, "<"); ok {
		uri, _, _ := strings.Cut(rest, ">")
		return uri
	}
	uri, _, _ := strings.Cut(value, ";")
	return uri
}

// userOf is the user part of a SIP URI.
func userOf(uri string) string {
	user, _, ok := strings.Cut(strings.TrimPrefix(uri, "sip:"), "@")
	if !ok {
		return ""
	}
	return user
}

// answer builds a response to a request. tag is added to To where it has none yet.
func (m *message) answer(status int, reason, tag, more, body string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "SIP/2.0 %d %s\r\n", status, reason)
	for _, v := range m.via {
		b.WriteString("Via: " + v + "\r\n")
	}
	for _, v := range m.route {
		b.WriteString("Record-Route: " + v + "\r\n")
	}
	to := m.to
	if tag != "" && !strings.Contains(to, ";tag=") {
		to += ";tag=" + tag
	}
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\n%s", m.from, to, m.callID, m.cseq, m.cseqMethod, more)
	finish(&b, body)
	return []byte(b.String())
}

// finish writes the end of the head and the body.
func finish(b *strings.Builder, body string) {
	if body != "" {
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(b, "Content-Length: %d\r\n\r\n%s", len(body), body)
}
