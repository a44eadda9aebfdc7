package ivr

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// httpStep asks a server of the site. What was said before goes on meanwhile.
type httpStep struct {
	method        string
	url           *template
	headers, body []namedValue
	form          bool
	within        time.Duration
	retries       int
	idempotent    bool
	save          []assignment
	from, to      int
	hold          []*prompt
}

const (
	holdAfter    = time.Second
	mostWithin   = 10 * time.Second
	mostRetries  = 3
	defaultReply = 3 * time.Second
)

var (
	httpMethods = []string{"GET", "POST", "PUT", "PATCH", "DELETE"}
	headerName  = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)
	statusRange = regexp.MustCompile(`^([1-5]\d\d)(?:-([1-5]\d\d))?$`)
)

func loadHTTP(l *loader, _ *step, o *opts) action {
	a := &httpStep{within: o.duration("within", defaultReply), retries: o.count("retries", 0, 0, mostRetries), idempotent: o.truth("idempotent", false),
		save: l.saves(o.get("save")), from: 200, to: 299, hold: o.promptList("hold"), headers: l.named("headers", "", o.get("headers"))}
	if v := o.get("within"); a.within > mostWithin {
		l.errorf(v.at, "IVR004", "within wants 10s at most, for the caller waits; not %s", v.what())
	}
	for _, h := range a.headers {
		if !headerName.MatchString(h.key) {
			l.errorf(o.get("headers").at, "IVR004", "%q is no name of a header", h.key)
		}
	}
	a.bodyOf(l, o)
	a.address(l, o)
	if v, ok := o.scalar("ok"); ok {
		p := statusRange.FindStringSubmatch(v.text)
		if p == nil {
			l.errorf(v.at, "IVR004", "ok wants a status or two, as in 200 or 200-299, not %s", v.what())
			return a
		}
		a.from, _ = strconv.Atoi(p[1])
		if a.to = a.from; p[2] != "" {
			a.to, _ = strconv.Atoi(p[2])
		}
	}
	return a
}

func (a *httpStep) bodyOf(l *loader, o *opts) {
	j, f := o.get("json"), o.get("form")
	if j != nil && f != nil {
		l.errorf(f.at, "IVR004", "http sends json or form, not both")
	}
	a.body = l.named("json", "", j)
	if f != nil {
		a.body, a.form = l.named("form", "", f), true
	}
}

func (a *httpStep) address(l *loader, o *opts) {
	v, ok := o.scalar("url")
	if !ok {
		return
	}
	a.method = "GET"
	if a.body != nil {
		a.method = "POST"
	}
	word, rest, two := strings.Cut(v.text, " ")
	if two {
		if a.method = word; !slices.Contains(httpMethods, word) {
			l.errorf(v.at, "IVR004", "url wants one of %s and an address, as in GET https://host/path, not %q%s", strings.Join(httpMethods, ", "), word, near(word, httpMethods))
		}
		v = v.part(len([]rune(word)) + 1 + len([]rune(rest)) - len([]rune(strings.TrimLeft(rest, " "))))
	}
	if l.webHost(v); strings.HasPrefix(v.text, "=") {
		return
	}
	a.url = l.holes(v, nil, "put in a URL")
	switch {
	case a.body != nil && (a.method == "GET" || a.method == "DELETE"):
		l.errorf(o.at, "IVR004", "%s takes no json or form; write POST", a.method)
	case a.retries > 0 && a.writes():
		l.errorf(o.get("retries").at, "IVR004", "%s may do its work twice when it is tried again; add idempotent: true if the server knows the header Idempotency-Key", a.method)
	}
}

// writes tells whether asking twice may do something twice.
func (a *httpStep) writes() bool { return (a.method == "POST" || a.method == "PATCH") && !a.idempotent }

func (a *httpStep) start(m *Machine) {
	h, err := a.request(m)
	if err != nil {
		m.failWith(err)
		return
	}
	h.ID = m.id()
	m.lookUp(h.ID, a.within*time.Duration(1+a.retries))
	if len(a.hold) > 0 && !m.gone {
		m.timers.hold = m.now.Add(holdAfter)
	}
	m.emit(h)
}

func (a *httpStep) request(m *Machine) (HTTP, error) {
	h := HTTP{Method: a.method, Within: a.within, Retries: a.retries, OKFrom: a.from, OKTo: a.to}
	var err error
	if h.URL, err = a.url.fillURL(&m.x); err != nil {
		return h, err
	}
	if h.Headers, err = m.fields(a.headers, true); err != nil {
		return h, err
	}
	body, err := m.fields(a.body, a.form)
	if a.form {
		h.Form = body
	} else {
		h.JSON = body
	}
	if a.idempotent {
		h.Idempotent = m.idempotencyKey()
	}
	return h, err
}

// idempotencyKey is the same for as long as the step has not succeeded: whoever tries again, ctid, the script or a restart,
// does the same thing. After that the step does a new one.
func (m *Machine) idempotencyKey() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %s %d", m.x.call.ID, m.x.started.UnixNano(), m.ref(), m.memo.Posted[m.ref()]))
	return fmt.Sprintf("%x", sum[:16])
}

// ref names the step within the call's scripts.
func (m *Machine) ref() string { return m.place() + "/" + strconv.Itoa(m.at.index+1) }

// held says the hold prompt to whom waits too long for the answer.
func (a *httpStep) held(m *Machine) {
	said := m.pending
	m.pending = nil
	for _, p := range a.hold {
		m.sayPrompt(p, m.x.lang, nil)
	}
	for i := range m.pending {
		m.pending[i].hold = true
	}
	m.pending = append(said, m.pending...)
	m.flush()
}

// letGo drops the hold prompt that has not begun when its answer comes.
func (m *Machine) letGo() {
	m.pending = slices.DeleteFunc(m.pending, func(b batch) bool { return b.hold })
}

func (a *httpStep) answer(m *Machine, r Result) {
	m.memo.keep(r, 0)
	switch r.Outcome {
	case "done":
		if a.idempotent {
			if m.memo.Posted == nil {
				m.memo.Posted = map[string]int{}
			}
			m.memo.Posted[m.ref()]++
		}
		if err := m.setAll(a.save); err != nil {
			m.failWith(err)
			return
		}
	case "refused":
		m.x.code, m.x.node = "http.status", m.place()
		if _, own := m.at.exit("refused"); !own {
			r.Outcome = "error"
		}
	default:
		r.Outcome = "error"
	}
	m.leave(r.Outcome)
}

// resume asks again, unless that might do the work twice.
func (a *httpStep) resume(m *Machine) bool { return a.writes() && m.interrupted() }
