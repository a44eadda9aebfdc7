package ivr

import "slices"

// Statement is a statement of the site that the script was loaded for, so that a call asks what its own version means.
func (s *Script) Statement(name string) (Statement, bool) {
	if s == nil {
		return Statement{}, false
	}
	i := slices.IndexFunc(s.site.Statements, func(st Statement) bool { return st.Name == name })
	if i < 0 {
		return Statement{}, false
	}
	return s.site.Statements[i], true
}
