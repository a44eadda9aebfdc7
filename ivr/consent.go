package ivr

import "slices"

// consent reads the prompt that tells a caller he is recorded. Where one is wanted and none is given, that is a finding.
func (l *loader) consent(st *step, o *opts, wanted bool) []*prompt {
	out := o.promptList("consent")
	for _, p := range out {
		p.consent = true
	}
	if wanted && o.get("consent") == nil {
		l.warnf(st.at, "IVR073", "%s records the caller without a consent prompt; add consent: and the prompt that tells him", st.verb.name)
	}
	return out
}

// unheard are those of the prompts that this caller has not heard yet.
func (m *Machine) unheard(ps []*prompt) []*prompt {
	var out []*prompt
	for _, p := range ps {
		if !slices.Contains(m.memo.Consents, p.name) {
			out = append(out, p)
		}
	}
	return out
}

// heard notes what consent prompts the caller has heard.
func (k *memo) heard(ps []*prompt) {
	for _, p := range ps {
		if p.consent && !slices.Contains(k.Consents, p.name) {
			k.Consents = append(k.Consents, p.name)
		}
	}
}
