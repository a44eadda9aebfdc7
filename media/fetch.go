package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// onThisMachine tells whether a host can only be this machine.
func onThisMachine(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// fill puts text, voice and language into the address, so escaped that they stay what they are.
func (v Voice) fill(text string) string {
	path, query, asked := strings.Cut(v.URL, "?")
	put := func(s string, escape func(string) string) string {
		return strings.NewReplacer("{text}", escape(text), "{voice}", escape(v.Voice), "{lang}", escape(v.Lang)).Replace(s)
	}
	if !asked {
		return put(path, url.PathEscape)
	}
	return put(path, url.PathEscape) + "?" + put(query, url.QueryEscape)
}

// fetch has a server speak: one GET whose answer is a WAV file.
func (l *Library) fetch(ctx context.Context, v Voice, text string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, v.fill(strings.TrimSpace(text)), http.NoBody)
	if err != nil {
		return nil, errors.New("the address with this text in it is none")
	}
	req.Header.Set("Accept", "audio/wav")
	for _, h := range v.Headers {
		req.Header.Set(h.Name, h.Value)
	}
	client := &http.Client{Transport: transport(req.URL.Scheme),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		// The error would tell the address, and with it the text.
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return nil, fmt.Errorf("%s cannot be reached: %w", req.URL.Host, err)
	}
	defer func() { _ = res.Body.Close() }() // it was only read
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s%s", req.URL.Host, res.Status, statusHelp(res.StatusCode))
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, maxWAV+1))
	if err != nil {
		return nil, fmt.Errorf("%s stopped in the middle: %w", req.URL.Host, err)
	}
	if len(data) > maxWAV {
		return nil, errLong
	}
	if _, err := parseWAV(data); err != nil {
		return nil, fmt.Errorf("%s sends %q, and a WAV file is wanted: ask for it in ivr.voices[].url", req.URL.Host, res.Header.Get("Content-Type"))
	}
	return data, nil
}

func statusHelp(status int) string {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return "; see ivr.voices[].headers and secret_file"
	case status >= 300 && status < 400:
		return "; give the address it leads to"
	case status == http.StatusTooManyRequests:
		return "; it allows no more now"
	}
	return "; see the log of that server"
}

// transport never keeps a connection. Without TLS it goes to this machine only, whatever a name leads to.
func transport(scheme string) *http.Transport {
	d := &net.Dialer{Timeout: 10 * time.Second}
	t := &http.Transport{DisableKeepAlives: true, DialContext: d.DialContext}
	if scheme == "https" {
		t.Proxy = http.ProxyFromEnvironment
		return t
	}
	d.Control = func(_, address string, _ syscall.RawConn) error {
		if a, err := netip.ParseAddrPort(address); err != nil || !a.Addr().IsLoopback() {
			return errors.New("without https only this machine is asked")
		}
		return nil
	}
	return t
}
