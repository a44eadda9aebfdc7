package ivr

import (
	"regexp"
	"strconv"
	"time"
)

// need is a skill that an agent must have.
type need struct {
	skill *value
	level int
}

const (
	maxNeeds  = 10
	maxLevel  = 10
	agentWait = 20 * time.Second
)

var needText = regexp.MustCompile(`^(\S+)(?:\s*>=\s*(\d{1,2}))?$`)

// needs reads skills: names, name >= n, or what is worked out to one of several names.
func (l *loader) needs(v *yval) []need {
	var out []need
	if n := len(listOf(v)); v != nil && (n == 0 || n > maxNeeds) {
		l.errorf(v.at, "IVR004", "skills wants 1 to %d skills, as in [billing, support >= 2], not %d", maxNeeds, n)
	}
	for _, it := range listOf(v) {
		if len(it.text) > 0 && it.text[0] == '=' {
			out = append(out, need{skill: l.siteName("skill", l.site.Skills, it)})
			continue
		}
		p := needText.FindStringSubmatch(it.text)
		level := 0
		if p != nil {
			level, _ = strconv.Atoi(p[2])
		}
		switch {
		case it.kind != yamlScalar || p == nil || level > maxLevel || p[2] == "0":
			l.errorf(it.at, "IVR004", "a skill is a name, or name >= n with n from 1 to %d, not %s", maxLevel, it.what())
		case !l.siteHas(it.at, "skill", p[1], l.site.Skills):
		default:
			out = append(out, need{&value{konst: p[1]}, level})
		}
	}
	return out
}

func (m *Machine) needs(ns []need) ([]Need, error) {
	var out []Need
	for _, n := range ns {
		name, err := m.text(n.skill)
		if err != nil {
			return nil, err
		}
		out = append(out, Need{Skill: name, Level: n.level})
	}
	return out, nil
}
