package systemtest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/pbxtest/phonetest"
	"ctid/ws/wsclient"
)

// The real storm: few agents, most of whom let their phones ring, and more callers than agents.
const (
	stormAgents  = 10
	stormCallers = 14
	stormRing    = 2 * time.Second
	stormGap     = time.Second
	stormTalk    = 2500 * time.Millisecond
	wayOfInvite  = 100 * time.Millisecond // from the decision to the phone, at most: the first way may be longer than the second
)

// invited is an INVITE at a phone.
type invited struct {
	at            time.Time
	agent, caller string
}

// Nine of ten agents let every call ring while more callers wait than there are agents. Counted at the phones: no more rings than agents and ring
// time allow, callers in the order in which they came, who ignores a call is tried again after his gap, and paused when he has ignored as many as he may.
func TestRealRingStorm(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r := Start(t, Options{Bin: program, PBX: asterisk, Agents: stormAgents, Desk: "optional", Script: QueueOnly, Queue: "rona: retry, max_misses: 2, retry_gap: 1s",
		Change: func(yaml string) string { return strings.ReplaceAll(yaml, "ring: 5s", "ring: 2s") }})
	team := ringTeam(r)
	answers := team[stormAgents-1]
	answers.phone.SetPolicy(phonetest.AnswerAfter(0))
	go func() {
		for {
			d, err := answers.phone.AwaitCall(ctx)
			if err != nil {
				return
			}
			time.AfterFunc(stormTalk, func() { _ = d.Hangup(ctx) })
		}
	}()
	var calls []*phonetest.Dialog
	for n := range stormCallers {
		d, err := r.Caller().Call(ctx, Number, phonetest.CallOptions{From: from(n)})
		if err != nil {
			t.Fatal(err)
		}
		calls = append(calls, d)
	}
	r.Eventually("those who ignore calls are paused", func() error {
		if n := r.Metric(`ctid_agent_state{state="paused"}`); n != stormAgents-1 {
			return fmt.Errorf("%v are", n)
		}
		return nil
	})
	list := rungAt(team)
	inOrder(t, list)
	bounded(t, list)
	for _, x := range team[:stormAgents-1] {
		x.desk.Await(0, "pause for no answer", func(f wsclient.Frame) bool {
			var v struct{ State, Reason string }
			return f.Type == "agent.state_changed" && json.Unmarshal(f.Data, &v) == nil && v.State == "paused" && v.Reason == "no-answer"
		})
		rang := slices.DeleteFunc(slices.Clone(list), func(y invited) bool { return y.agent != x.name })
		if len(rang) != 2 {
			t.Errorf("the phone of %s, who ignores calls, rang %d times", x.name, len(rang))
		} else if after := rang[1].at.Sub(rang[0].at); after < stormRing+stormGap-wayOfInvite {
			t.Errorf("the phone of %s, who ignores calls, rang again after %v", x.name, after)
		}
	}
	served := len(answers.phone.Calls())
	if served < 2 {
		t.Errorf("who answers was rung %d times", served)
	}
	for _, d := range calls {
		_ = d.Hangup(ctx) // some have been served
	}
	r.Clean()
	records := r.EndedRecords()
	if len(records) != stormCallers {
		t.Errorf("%d records of %d callers", len(records), stormCallers)
	}
	offeredInTurn(t, records)
	t.Logf("figures: %d rings for %d callers in %v, %d served", len(list), stormCallers, list[len(list)-1].at.Sub(list[0].at).Round(time.Millisecond), served)
}

// rungAt are all INVITEs that came to the team's phones, by their time.
func rungAt(team []*ringer) (list []invited) {
	for _, x := range team {
		for _, d := range x.phone.Calls() {
			list = append(list, invited{d.Times().Invited, x.name, d.From})
		}
	}
	slices.SortFunc(list, func(a, b invited) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.agent, b.agent)) })
	return list
}

// inOrder holds that the phones first rang for those who came first, as many as there are agents, and then for others too. Phones that are
// rung in the same moment hear of it in any order.
func inOrder(t *testing.T, list []invited) {
	t.Helper()
	var first []string
	for _, x := range list {
		if !slices.Contains(first, x.caller) {
			first = append(first, x.caller)
		}
	}
	for n := range stormAgents {
		if !slices.ContainsFunc(first[:min(len(first), stormAgents)], func(caller string) bool { return strings.HasSuffix(caller, from(n)[3:]) }) {
			t.Errorf("the phones first rang for %v", first)
			return
		}
	}
	if len(first) <= stormAgents {
		t.Errorf("phones rang for %d callers only", len(first))
	}
}

// offeredInTurn holds that callers were first offered in the order in which they entered.
func offeredInTurn(t *testing.T, records []ctid.CallRecord) {
	t.Helper()
	slices.SortFunc(records, func(a, b ctid.CallRecord) int { return a.Queues[0].Entered.Compare(b.Queues[0].Entered) })
	var last time.Time
	for _, r := range records {
		switch {
		case len(r.Offers) == 0:
			last = r.Ended
		case r.Offers[0].At.Before(last):
			t.Errorf("%s, who entered at %v, was offered at %v: one who had entered before was not yet", r.ANI.Raw, r.Queues[0].Entered, r.Offers[0].At)
		default:
			last = r.Offers[0].At
		}
	}
}

// bounded holds that in no span of a ring time phones rang more often than there are agents, and 5 %.
func bounded(t *testing.T, list []invited) {
	t.Helper()
	for i, x := range list {
		n := 0
		for _, y := range list[i:] {
			if y.at.Sub(x.at) < stormRing {
				n++
			}
		}
		if float64(n) > stormAgents*1.05 {
			t.Errorf("in the %v from %v on phones rang %d times", stormRing, x.at.Sub(list[0].at), n)
		}
	}
}
