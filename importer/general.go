package importer

import "slices"

// general takes the section [general] of queues.conf, which holds for all queues.
func (im *run) general(s *section) {
	s.line.same("it only holds settings")
	last := s.last()
	for i, st := range s.settings {
		g := slices.IndexFunc(generalOptions, func(o generalOption) bool { return o.name == st.key })
		switch {
		case last[canonical(st.key)] != i:
			st.over(s.settings[last[canonical(st.key)]])
		case g >= 0:
			generalOptions[g].say(st)
		case slices.ContainsFunc(queueOptions, func(o option) bool { return o.name == canonical(st.key) }), st.key == "member":
			st.lost("app_queue reads this in a queue's section only: it has no effect here")
		default:
			st.lost("app_queue has no such setting for all queues")
		}
	}
}

// generalOption is a setting of [general] and what there is to say of it.
type generalOption struct {
	name string
	yes  remark // where it is on
	no   remark // where it is off
}

// remark says that nothing is to be carried over, or what is lost.
type remark struct{ same, lost string }

func (o generalOption) say(st setting) {
	r := o.no
	if truth(st.text) || oneOf(st.text, "prio") {
		r = o.yes
	}
	if r.lost != "" {
		st.lost("%s", r.lost)
		return
	}
	if r.same == "" {
		r.same = "off, which leaves nothing to carry over"
	}
	st.same("%s", r.same)
}

var generalOptions = []generalOption{
	{name: "persistentmembers", yes: remark{lost: "members who were added while Asterisk ran are in its database, not in these files: queue show lists them"}},
	{name: "autofill", yes: remark{same: "ctid always serves all who wait at once"}, no: remark{lost: "ctid always serves all who wait at once, as with autofill=yes"}},
	{name: "monitor-type", yes: remark{same: "it says only how calls are recorded"}, no: remark{same: "it says only how calls are recorded"}},
	{name: "shared_lastcall", yes: remark{same: "a wrap-up always keeps an agent from all his queues"},
		no: remark{lost: "a wrap-up keeps an agent from all his queues, as with shared_lastcall=yes"}},
	{name: "updatecdr", yes: remark{lost: "ctid keeps records of its own and leaves the CDR alone"}},
	{name: "keepstats", yes: remark{same: "figures come from the log and outlive a reload"}, no: remark{same: "figures come from the log and outlive a reload"}},
	{name: "negative_penalty_invalid", yes: remark{lost: "an agent is kept from a queue by not being in it: a penalty below 0 is read as 0"}},
	{name: "log_membername_as_agent", yes: remark{lost: noLog}},
	{name: "log-caller-id-name", yes: remark{lost: noLog}},
	{name: "log_unpause_on_reason_change", yes: remark{lost: noLog}},
	{name: "force_longest_waiting_caller", yes: remark{same: "of all the callers whom he may take, an agent always gets the one of the highest priority who waits longest"},
		no: remark{lost: "of all the callers whom he may take, an agent gets the one of the highest priority who waits longest, as with force_longest_waiting_caller=prio"}},
}
