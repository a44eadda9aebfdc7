// Package scenariotest runs small written scenarios through an ari.Node, on the Asterisk in memory and on real ones,
// and compares what is told of each channel with what the file says. So the fake can't differ from the real one where
// a scenario looks.
//
// A file has steps, then a section for each channel, bridge or endpoint with the events told of it, in order:
//
//	call caller 8001 from +442079460000 Ann
//	expect caller StasisStart
//	do answer caller
//	== caller
//	StasisStart Ring [in 8001]
//	ChannelStateChange Up
//
// A section "== caller 16" holds instead of "== caller" on Asterisk 16. Steps:
//
//	only 22                        the scenario is for this major version and later
//	phone 1001 answer 200ms        also busy, decline, refuse 488, redirect 1002, ring, auto, register, unregister, and on its
//	                               newest call: pick-up, hangup, press 5, hold, unhold, refer 1002, refer-to (the newest call
//	                               is the consultation), vanish; heard 12 waits for keys on it, told 200 for the outcome of its
//	                               transfer
//	phone 1001 dial NAME 1002      a call of the phone's own
//	call NAME DNIS from NUMBER [display name]
//	caller NAME press 12 | hangup
//	do OPERATION …                 a command of the node; at the end "= 422" for the status it must fail with, "= gone",
//	                               "= nobody", "answers 422" for Asterisk's answer where the node takes it for good, "slow" or
//	                               "fast" for the time it must take (300 ms is between)
//	hear A B | deaf A B            waits until A hears, or does not hear, B; each is a caller's name or a phone's number
//	expect NAME EVENT …            waits until that is told of NAME, in the words of the sections
//	expect up | down | gap         waits for a message about the node
//	cut                            breaks the node's connections
//	settle 300ms                   lets time pass
package scenariotest

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Step is a line of a scenario, cut into words.
type Step struct {
	Line  int
	Words []string
}

// Scenario is a file as read.
type Scenario struct {
	Name     string
	Since    int // major version
	Steps    []Step
	Sections map[string][]string // by "NAME" or "NAME MAJOR"
	head     []string            // the lines before the sections, for Write
}

// Read reads a scenario file.
func Read(path string) (*Scenario, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	base := path[strings.LastIndexByte(path, '/')+1:]
	s := &Scenario{Name: strings.TrimSuffix(base, ".txt"), Sections: map[string][]string{}}
	section := ""
	for i, line := range strings.Split(strings.TrimRight(string(raw), "\n"), "\n") {
		title, isTitle := strings.CutPrefix(line, "== ")
		switch words := strings.Fields(line); {
		case isTitle:
			section = title
			s.Sections[section] = nil
		case section != "":
			if line != "" {
				s.Sections[section] = append(s.Sections[section], line)
			}
		default:
			s.head = append(s.head, line)
			if len(words) == 0 || strings.HasPrefix(line, "#") {
				continue
			}
			if words[0] == "only" && len(words) == 2 {
				if s.Since, err = strconv.Atoi(words[1]); err != nil {
					return nil, fmt.Errorf("%s:%d: %w", path, i+1, err)
				}
				continue
			}
			s.Steps = append(s.Steps, Step{Line: i + 1, Words: words})
		}
	}
	return s, nil
}

// registers says whether a phone comes or goes, so that what is told of endpoints is part of it.
func (s *Scenario) registers() bool {
	return slices.ContainsFunc(s.Steps, func(st Step) bool {
		return st.Words[0] == "phone" && (st.Words[2] == "register" || st.Words[2] == "unregister")
	})
}

// section is what is to be told of a name on a version.
func (s *Scenario) section(name string, major int) []string {
	if lines, ok := s.Sections[name+" "+strconv.Itoa(major)]; ok {
		return lines
	}
	return s.Sections[name]
}

// Compare says where what was told differs from the file; empty when nowhere.
func (s *Scenario) Compare(told map[string][]string, major int) string {
	var out strings.Builder
	names := map[string]bool{}
	for title := range s.Sections {
		name, _, _ := strings.Cut(title, " ")
		names[name] = true
	}
	for name := range told {
		names[name] = true
	}
	for _, name := range sorted(names) {
		want, got := s.section(name, major), told[name]
		if !slices.Equal(want, got) {
			fmt.Fprintf(&out, "%s, on Asterisk %d: of %s was told\n\t%s\nthe scenario says\n\t%s\n",
				s.Name, major, name, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		}
	}
	return out.String()
}

// Update takes what was told over into the sections: those of the version where the common ones differ, unless there
// are none yet.
func (s *Scenario) Update(told map[string][]string, major int) {
	for name, lines := range told {
		common, ok := s.Sections[name]
		own := name + " " + strconv.Itoa(major)
		switch {
		case !ok || major >= 22:
			s.Sections[name] = lines
		case slices.Equal(common, lines):
			delete(s.Sections, own)
		default:
			s.Sections[own] = lines
		}
	}
}

// Write writes the scenario with its sections.
func (s *Scenario) Write(path string) error {
	var out strings.Builder
	out.WriteString(strings.TrimRight(strings.Join(s.head, "\n"), "\n") + "\n")
	titles := map[string]bool{}
	for t := range s.Sections {
		titles[t] = true
	}
	for _, t := range sorted(titles) {
		out.WriteString("\n== " + t + "\n")
		for _, line := range s.Sections[t] {
			out.WriteString(line + "\n")
		}
	}
	return os.WriteFile(path, []byte(out.String()), 0o644)
}

func sorted(set map[string]bool) []string {
	list := make([]string, 0, len(set))
	for k := range set {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}

// parseDuration reads the duration at place i of the words, or gives def.
func parseDuration(words []string, i int, def time.Duration) time.Duration {
	if i < len(words) {
		if d, err := time.ParseDuration(words[i]); err == nil {
			return d
		}
	}
	return def
}
