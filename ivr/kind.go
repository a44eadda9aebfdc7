package ivr

import "slices"

// The kinds of script.
const (
	KindInbound   = "inbound"
	KindOutbound  = "outbound"
	KindSubscript = "subscript"
	KindLibrary   = "library"
)

var scriptKinds = []string{KindInbound, KindOutbound, KindSubscript, KindLibrary}

func (l *loader) kind(v *yval) string {
	if v.kind != yamlScalar || !slices.Contains(scriptKinds, v.text) {
		l.errorf(v.at, "IVR004", "kind wants inbound, outbound, subscript or library, not %s%s", v.what(), near(v.text, scriptKinds))
		return KindInbound
	}
	if v.text != KindInbound {
		l.errorf(v.at, "IVR004", "kind %q is not available in this version; inbound is", v.text)
	}
	return v.text
}

// link follows the flow of each script.
func (sl *setLoader) link() {
	for _, l := range sl.order {
		if len(l.s.nodes) > 0 && !l.failed() {
			l.flow()
		}
	}
}
