package lookup

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds of an answer and of the way to it.
const (
	MaxBody      = 256 << 10
	maxHeader    = 64 << 10
	maxRedirects = 5
	maxRetries   = 5
	perHost      = 32 // connections
)

// Request is one question to a server.
type Request struct {
	Method     string // GET, POST …
	URL        string
	Headers    []Field // texts
	JSON       []Field // body as a JSON object; nil: none
	Form       []Field // body as a form; nil: none
	Retries    int     // after no answer or 502, 503, 504; a POST or PATCH only with Idempotent
	Idempotent string  // the Idempotency-Key to send; empty: none
}

// Answer is what a server said. Body is as JSON gives it (a whole number too large for a float64 is a text), else a text.
type Answer struct {
	Status int
	Body   any
}

// Servers asks the HTTP servers of a site. It is safe for concurrent use.
type Servers struct {
	client  *http.Client
	allowed []string
}

// NewServers makes ready what a site may ask: allow holds scheme://host or scheme://host:port. tlsConfig may be nil.
func NewServers(allow []string, tlsConfig *tls.Config) (*Servers, error) {
	s := &Servers{}
	for _, a := range allow {
		u, err := url.Parse(a)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return nil, fmt.Errorf("%q is no address of a server, such as https://crm.example.com", a)
		}
		s.allowed = append(s.allowed, origin(u))
	}
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	s.client = &http.Client{CheckRedirect: s.redirect, Transport: &http.Transport{
		DialContext: dialer.DialContext, TLSClientConfig: tlsConfig, TLSHandshakeTimeout: 5 * time.Second, ForceAttemptHTTP2: true,
		MaxConnsPerHost: perHost, MaxIdleConnsPerHost: 4, IdleConnTimeout: 90 * time.Second, MaxResponseHeaderBytes: maxHeader}}
	return s, nil
}

// Close closes idle connections.
func (s *Servers) Close() { s.client.CloseIdleConnections() }

// origin is scheme://host:port, the port always there.
func origin(u *url.URL) string {
	port := map[string]string{"https": "443", "http": "80"}[u.Scheme]
	return strings.ToLower(u.Scheme + "://" + u.Hostname() + ":" + cmp.Or(u.Port(), port))
}

var errRedirect = errors.New("redirect")

// redirect follows what a server says only to itself, and only for questions that change nothing.
func (s *Servers) redirect(next *http.Request, before []*http.Request) error {
	first := before[0]
	if len(before) > maxRedirects || origin(next.URL) != origin(first.URL) || next.URL.User != nil || first.Method != http.MethodGet && first.Method != http.MethodHead {
		return errRedirect
	}
	return nil
}

// Ask asks a server. ctx must have a deadline; it holds for everything: the connection, all tries, the last byte of the
// body. Errors are of type *Error; a status is none.
func (s *Servers) Ask(ctx context.Context, r Request) (Answer, error) {
	u, err := url.Parse(r.URL)
	if err != nil || u.Host == "" || u.User != nil {
		return Answer{}, failed("http.failed", "the address cannot be read")
	}
	if !slices.Contains(s.allowed, origin(u)) {
		return Answer{}, failed("http.refused_host", "%s is not in http_allow", u.Scheme+"://"+u.Host)
	}
	body, kind, err := encode(r)
	if err != nil {
		return Answer{}, failed("http.failed", "the body cannot be written: %v", err)
	}
	again := min(max(r.Retries, 0), maxRetries)
	if (r.Method == http.MethodPost || r.Method == http.MethodPatch) && r.Idempotent == "" {
		again = 0
	}
	for pause := 100 * time.Millisecond; ; pause *= 2 {
		a, err := s.once(ctx, r, u, body, kind)
		if again == 0 || !worthAgain(a, err) || !wait(ctx, pause) {
			return a, explainHTTP(ctx, err, u)
		}
		again--
	}
}

func worthAgain(a Answer, err error) bool {
	var own *Error
	if errors.As(err, &own) || errors.Is(err, errRedirect) {
		return false
	}
	return err != nil || a.Status == http.StatusBadGateway || a.Status == http.StatusServiceUnavailable || a.Status == http.StatusGatewayTimeout
}

// explainHTTP leaves the path and the query out of what is told: they may have a caller's data in them.
func explainHTTP(ctx context.Context, err error, u *url.URL) error {
	var own *Error
	host := u.Scheme + "://" + u.Host
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		own.Text = host + ": " + own.Text
		return own
	case ctx.Err() != nil:
		return failed("http.timeout", "%s did not answer in time", host)
	case errors.Is(err, errRedirect):
		return failed("http.redirect", "%s sends us elsewhere, or round and round", host)
	}
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	return failed("http.failed", "%s: %s", host, withoutValues(err.Error(), nil))
}

func (s *Servers) once(ctx context.Context, r Request, u *url.URL, body []byte, kind string) (Answer, error) {
	var in io.Reader
	if body != nil {
		in = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, u.String(), in)
	if err != nil {
		return Answer{}, failed("http.failed", "the request cannot be made")
	}
	req.Header.Set("User-Agent", "ctid")
	req.Header.Set("Accept", "application/json, text/plain;q=0.9")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	for _, h := range r.Headers {
		req.Header.Set(h.Name, fmt.Sprint(h.Value))
	}
	if r.Idempotent != "" {
		req.Header.Set("Idempotency-Key", r.Idempotent)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, MaxBody+1))
	if err != nil {
		return Answer{}, err
	}
	if len(raw) > MaxBody {
		return Answer{}, failed("http.too_large", "the answer has more than %d KB", MaxBody>>10)
	}
	a := Answer{Status: resp.StatusCode}
	a.Body, err = decode(raw, resp.Header.Get("Content-Type"))
	if err != nil && a.Status >= 200 && a.Status < 300 {
		return a, failed("http.json", "the answer says that it is JSON, and cannot be read")
	}
	return a, nil
}

// encode is the body of a request and what it is.
func encode(r Request) ([]byte, string, error) {
	switch {
	case r.JSON != nil:
		m := make(map[string]any, len(r.JSON))
		for _, f := range r.JSON {
			m[f.Name] = f.Value
		}
		b, err := json.Marshal(m)
		return b, "application/json", err
	case r.Form != nil:
		v := url.Values{}
		for _, f := range r.Form {
			v.Add(f.Name, formText(f.Value))
		}
		return []byte(v.Encode()), "application/x-www-form-urlencoded", nil
	}
	return nil, "", nil
}

// formText writes a value as it stands in a form.
func formText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// decode reads a body: JSON where the server says so, or says nothing and it begins so.
func decode(raw []byte, kind string) (any, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return nil, nil
	}
	kind, _, _ = strings.Cut(strings.ToLower(kind), ";")
	kind = strings.TrimSpace(kind)
	said := kind == "application/json" || strings.HasSuffix(kind, "+json")
	if said || (kind == "" || kind == "text/plain") && (raw[0] == '{' || raw[0] == '[') {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		var v any
		err := d.Decode(&v)
		if err == nil && !d.More() {
			return numbers(v), nil
		}
		if said {
			return nil, errors.New("no JSON")
		}
	}
	return strings.ToValidUTF8(string(raw), "\uFFFD"), nil
}

// numbers turns the numbers of a JSON value into float64, or texts where that would change them.
func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return plain(n, "")
		}
		if f, err := v.Float64(); err == nil && strings.ContainsAny(v.String(), ".eE") {
			return f
		}
		return v.String()
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	}
	return v
}
