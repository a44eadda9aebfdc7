package pbxtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// ariClient asks ARI the few things that starting and counting need. It is not
// package ari, which tests run against these instances and so can't vouch for.
type ariClient struct {
	base, user, password string
	http                 *http.Client
}

func newARIClient(base, user, password string) *ariClient {
	return &ariClient{base: base, user: user, password: password, http: &http.Client{
		Timeout: 10 * time.Second, Transport: &http.Transport{IdleConnTimeout: 10 * time.Second},
	}}
}

func (c *ariClient) close() { c.http.CloseIdleConnections() }

// get reads a resource into v, or nowhere when v is nil.
func (c *ariClient) get(ctx context.Context, path string, v any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		return err
	}
	req.SetBasicAuth(c.user, c.password)
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s: %s", path, res.Status, body)
	}
	if v == nil {
		return nil
	}
	return json.Unmarshal(body, v)
}

func (c *ariClient) ids(ctx context.Context, path string) ([]string, error) {
	var list []struct{ ID string }
	if err := c.get(ctx, path, &list); err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(list))
	for _, e := range list {
		ids = append(ids, e.ID)
	}
	return ids, nil
}

// PingSIP sends an OPTIONS request to a "host:port" over UDP and waits a quarter
// of a second; any answer means that SIP is up there.
func PingSIP(addr string) error {
	conn, err := net.Dial("udp", addr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	local := conn.LocalAddr().String()
	request := strings.Join([]string{
		"OPTIONS sip:ping@" + addr + " SIP/2.0",
		"Via: SIP/2.0/UDP " + local + ";branch=z9hG4bKping;rport",
		"From: <sip:ping@" + local + ">;tag=ping",
		"To: <sip:ping@" + addr + ">",
		"Call-ID: ping-" + local, "CSeq: 1 OPTIONS", "Max-Forwards: 70", "Content-Length: 0", "", "",
	}, "\r\n")
	if _, err := conn.Write([]byte(request)); err != nil {
		return err
	}
	if err := conn.SetReadDeadline(time.Now().Add(250 * time.Millisecond)); err != nil {
		return err
	}
	buf := make([]byte, 2048)
	n, err := conn.Read(buf)
	if err == nil && !strings.HasPrefix(string(buf[:n]), "SIP/2.0 ") {
		err = errors.New("not a SIP answer")
	}
	return err
}
