package ivr

import "slices"

// outbound is IVR076: nobody may be called by a machine without a way to stop it, or with no thought of answering machines.
func (x *linter) outbound() {
	if x.s.kind != KindOutbound {
		return
	}
	at := x.root.get("kind").at
	detects, stops := false, false
	for i, st := range x.g.steps {
		if !x.reached[i] {
			continue
		}
		detects = detects || st.verb.name == "detect"
		stops = stops || st.dispositionStops()
	}
	if !stops {
		x.warnf(at, "IVR076", "outbound without a way to stop calls; add a key that ends with disposition: do_not_call")
	}
	if !detects {
		x.warnf(at, "IVR076", "outbound without an answer for machines; begin with detect, and say where machine leads")
	}
}

// stopWords are the dispositions by which a campaign learns that somebody wants no more calls.
var stopWords = []string{"do_not_call", "dnc", "opt_out", "stop", "unsubscribe"}

// dispositionStops tells whether the step says that no more calls are wanted.
func (s *step) dispositionStops() bool {
	return slices.Contains(stopWords, s.disposition)
}

// dispositionOf is the disposition that a step's verb names, as its value or among its options.
func dispositionOf(verb pair) string {
	if v := verb.val.get("disposition"); v != nil {
		return v.text
	}
	if verb.key.text == "disposition" {
		return verb.val.text
	}
	return ""
}
