package ivr

import (
	"net/url"
	"slices"
	"strings"
)

// part is the text from character off on, as a value of its own whose places are right.
func (v *yval) part(off int) *yval {
	return &yval{text: string([]rune(v.text)[off:]), at: v.offset(off), lines: v.lines, bare: true}
}

// fillURL fills the holes of an address so that no value can leave its place in it.
func (t *template) fillURL(x *scope) (string, error) {
	return t.fillWith(x, func(before, hole string) string {
		if strings.ContainsAny(before, "?#") {
			return url.QueryEscape(hole)
		}
		return url.PathEscape(hole)
	})
}

// webHost holds the address of a request to http_allow: https, a host that is written out, and one that the site allows.
func (l *loader) webHost(v *yval) {
	head := headOf(v.text)
	scheme, rest, ok := strings.Cut(head, "://")
	scheme = strings.ToLower(scheme)
	end := strings.IndexAny(rest, "/?#")
	switch {
	case strings.HasPrefix(v.text, "=") || strings.HasPrefix(v.text, "${") || ok && end < 0 && head != v.text:
		l.errorf(v.at, "IVR058", "the host of %s is variable; write it out, so that it can be held to http_allow", v.text)
		return
	case !ok:
		l.errorf(v.at, "IVR058", "%s does not begin with https:// and a host", v.text)
		return
	case end < 0:
		end = len(rest)
	}
	host := strings.ToLower(rest[:end])
	origin := originOf(scheme + "://" + host)
	switch {
	case host == "" || strings.ContainsAny(host, "@ "):
		l.errorf(v.at, "IVR058", "%q is no host; write https://host/path", host)
	case scheme != "https" && (scheme != "http" || !loopback(host)):
		l.errorf(v.at, "IVR058", "%s is not https; only https is asked, or http on 127.0.0.1", scheme+"://"+host)
	case l.site.Unknown:
		l.unchecked(v.at, "IVR058", "host", host)
	case !slices.ContainsFunc(l.site.HTTPAllow, func(a string) bool { return originOf(a) == origin }):
		l.errorf(v.at, "IVR058", "host %s is not in http_allow%s", host, near(scheme+"://"+host, l.site.HTTPAllow))
	}
}

// originOf is scheme and host of an entry of http_allow, without the scheme's own port.
func originOf(s string) string {
	s = strings.TrimRight(strings.ToLower(s), "/")
	if h, ok := strings.CutPrefix(s, "https://"); ok {
		return "https://" + strings.TrimSuffix(h, ":443")
	}
	return strings.TrimSuffix(s, ":80")
}

func loopback(host string) bool {
	h := (&url.URL{Host: host}).Hostname()
	return h == "127.0.0.1" || h == "localhost" || h == "::1"
}
