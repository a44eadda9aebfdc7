package ws_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ctid"
	"ctid/ws"
	"ctid/ws/wsclient"
)

// asks are the arguments of each op, by the file's second column. Calls c_own and c_other are ana's and cleo's; c_1 is
// nobody's yet; of pops each role has one of his own.
var asks = map[string]map[string]string{
	"agent.login": {"own": `{}`}, "agent.logout": {"own": `{}`}, "agent.ready": {"own": `{}`}, "agent.pause": {"own": `{"reason":"lunch"}`},
	"agent.cancel_next": {"own": `{}`}, "agent.wrapup_done": {"own": `{"wrap":"w_1"}`}, "agent.set_device": {"own": `{"device":"web"}`},
	"agent.extend_wrapup": {"own": `{"wrap":"w_1","ms":60000}`},
	"call.answer":         {"own": `{"call":"c_1","offer":"o_1"}`}, "call.reject": {"own": `{"call":"c_1","offer":"o_1"}`},
	"call.hold": {"own": `{"call":"c_1"}`}, "call.retrieve": {"own": `{"call":"c_1"}`}, "call.hangup": {"own": `{"call":"c_1"}`},
	"call.dtmf": {"own": `{"call":"c_1","digits":"12#"}`}, "call.consult": {"own": `{"call":"c_1","to":{"kind":"agent","id":"ben"}}`},
	"call.transfer_complete": {"own": `{"call":"c_1"}`}, "call.transfer_cancel": {"own": `{"call":"c_1"}`}, "call.swap": {"own": `{"call":"c_1"}`},
	"call.transfer_blind": {"own": `{"call":"c_1","to":{"kind":"queue","id":"sales"}}`}, "call.conference": {"own": `{"call":"c_1"}`},
	"call.drop_party": {"own": `{"call":"c_1","leg":"l_1"}`}, "call.park": {"own": `{"call":"c_1"}`},
	"call.pickup":   {"slot": `{"slot":"701"}`, "own": `{"call":"c_waits"}`, "other": `{"call":"c_other"}`},
	"call.set_data": {"own": `{"call":"c_1","set":{"claim_no":"55"}}`}, "call.dial": {"own": `{"to":{"kind":"number","e164":"+442079460044"}}`},
	"pop.choose":    {"own": `{"pop":"p_%s","customer":"cu_1"}`, "other": `{"pop":"p_cleo","customer":"cu_1"}`},
	"pop.get":       {"own": `{"pop":"p_%s"}`, "other": `{"pop":"p_cleo"}`},
	"monitor.start": {"own": `{"agent":"ben","mode":"listen"}`, "other": `{"agent":"cleo","mode":"listen"}`, "call own": `{"call":"c_own","mode":"barge"}`, "call other": `{"call":"c_other","mode":"barge"}`},
	"monitor.mode":  {"own": `{"call":"c_own","mode":"whisper"}`, "other": `{"call":"c_other","mode":"whisper"}`},
	"monitor.stop":  {"own": `{"call":"c_own"}`}, "monitor.takeover": {"own": `{"call":"c_own"}`, "other": `{"call":"c_other"}`},
	"team.force_state": {"own": `{"agent":"ben","state":"paused","reason":"meeting"}`, "other": `{"agent":"cleo","state":"ready"}`, "hard": `{"agent":"ben","state":"out","hard":true}`},
	"queue.move":       {"own": `{"call":"c_waits","queue":"sales"}`, "other": `{"call":"c_other","queue":"claims"}`},
	"queue.prioritise": {"own": `{"call":"c_waits","priority":80}`, "other": `{"call":"c_other","priority":80}`},
	"queue.remove":     {"own": `{"call":"c_waits","how":"hangup"}`, "other": `{"call":"c_other","how":"script"}`},
	"queue.pick":       {"own": `{"call":"c_waits","agent":"ben"}`, "other": `{"call":"c_other","agent":"ben"}`, "agent other": `{"call":"c_waits","agent":"cleo"}`},
	"queue.why":        {"own": `{"call":"c_waits"}`, "other": `{"call":"c_other"}`},
	"message.send": {"up": `{"to":{"kind":"supervisor"},"text":"help"}`, "own": `{"to":{"kind":"agent","id":"ben"},"text":"hello"}`, "other": `{"to":{"kind":"agent","id":"cleo"},"text":"hello"}`,
		"team own": `{"to":{"kind":"team","id":"north"},"text":"hello"}`, "team other": `{"to":{"kind":"team","id":"south"},"text":"hello"}`},
	"directory.get": {"own": `{}`}, "message.ack": {"own": `{"message":"m_1"}`}, "snapshot": {"own": `{}`}, "unsub": {"own": `{"topics":["desk"]}`}, "auth.renew": {"own": `{"token":"%s"}`},
	"sub": {"me": `me`, "team own": `team:north`, "team other": `team:south`, "queue.calls own": `queue.calls:claims`, "queue.calls other": `queue.calls:sales`,
		"queue.stats own": `queue.stats:claims`, "queue.stats other": `queue.stats:sales`, "queue.stats *": `queue.stats:*`,
		"agent.stats own": `agent.stats:ana`, "agent.stats other": `agent.stats:cleo`, "team.stats own": `team.stats:north`, "team.stats other": `team.stats:south`, "desk": `desk`, "all": `all`},
}

// roles reads the file: op, case, and what each role is answered.
func roles(t *testing.T) (who []string, rows [][]string) {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "testdata", "roles.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r := csv.NewReader(f)
	r.Comment = '#'
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all[0][2:], all[1:]
}

// Every op that the hub knows is asked for by every role, for its own things and for others'; what the file says is the
// answer. A role that asks for everything gets no more.
func TestRoles(t *testing.T) {
	names, rows := roles(t)
	tokens := map[string]string{"agent": "ana", "supervisor": "sam", "admin": "root", "integration": "bare", "wallboard": "hall"}
	listed := map[string]bool{}
	for _, row := range rows {
		listed[row[0]] = true
	}
	for _, op := range ws.Ops() {
		if !listed[op] {
			t.Errorf("testdata/roles.csv has no row for %s", op)
		}
	}
	for i, name := range names {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, nil)
				r.desk.auto = true
				defer r.stop()
				r.peopleAtWork(tokens[name])
				c := r.dial(tokens[name], nil)
				defer c.Cut()
				drain(c)
				for n, row := range rows {
					args, known := asks[row[0]][row[1]]
					if !known {
						t.Errorf("the test does not know the case %s of %s", row[1], row[0])
						continue
					}
					pass(5 * time.Second) // no rate is in the way
					if got := r.ask(c, row[0], args, tokens[name], fmt.Sprint("k", n)); got != row[2+i] {
						t.Errorf("%s, %s: %s, want %s", row[0], row[1], got, row[2+i])
					}
					drain(c)
				}
			})
		})
	}
}

// peopleAtWork gives ana and cleo a call each, leaves one waiting for claims, and shows pops.
func (r *rig) peopleAtWork(me string) {
	r.auth.tokens["bare"] = ctid.Who{User: "bare", Roles: []ctid.Role{ctid.RoleIntegration}}
	for a, call := range map[ctid.AgentID]ctid.CallID{"ana": "c_own", "cleo": "c_other"} {
		r.publish(ctid.Event{Rev: 1, Call: call, Agent: a, Agents: []ctid.AgentID{a}, Body: ctid.CallEstablished{Talk: "main"}})
	}
	r.publish(ctid.Event{Rev: 1, Call: "c_waits", Queue: "claims", Body: ctid.CallQueued{Position: 1}})
	r.pop("cleo", "p_cleo")
	r.pop(ctid.AgentID(me), ctid.PopID("p_"+me))
}

// ask makes a request and returns ok, or the code it was refused with. A topic refused counts as refused.
func (r *rig) ask(c *wsclient.Client, op, args, token, idem string) string {
	if strings.Contains(args, "%s") {
		args = fmt.Sprintf(args, token)
	}
	if op == "sub" {
		args = fmt.Sprintf(`{"topics":[%q]}`, args)
	}
	f, err := c.Do(context.Background(), op, rawJSON(args), idem)
	var e *wsclient.Error
	if errors.As(err, &e) {
		return e.Code
	}
	if err != nil {
		return err.Error()
	}
	if op == "sub" {
		refused := decode[struct{ Refused []struct{ Code string } }](r.t, f.Data).Refused
		if len(refused) > 0 {
			return refused[0].Code
		}
	}
	return "ok"
}

type rawJSON string

// MarshalJSON implements json.Marshaler.
func (j rawJSON) MarshalJSON() ([]byte, error) { return []byte(j), nil }

// What welcome.ops names is what is not forbidden to the role altogether.
func TestOpsNamedAreThoseAllowed(t *testing.T) {
	names, rows := roles(t)
	tokens := map[string]string{"agent": "ana", "supervisor": "sam", "admin": "root", "integration": "bare", "wallboard": "hall"}
	for i, name := range names {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, nil)
			defer r.stop()
			r.peopleAtWork(tokens[name])
			c := r.dial(tokens[name], nil)
			defer c.Cut()
			named := decode[struct{ Ops []string }](t, drain(c)[0].Raw).Ops
			for _, op := range ws.Ops() {
				want := slices.ContainsFunc(rows, func(row []string) bool { return row[0] == op && row[2+i] != "forbidden" })
				if op == "sub" { // which topics is another question
					want = true
				}
				if slices.Contains(named, op) != want {
					t.Errorf("%s: welcome names %s: %v, want %v", name, op, !want, want)
				}
			}
		})
	}
}
