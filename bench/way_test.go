//go:build long

package bench

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"ctid"
	"ctid/store"
	"ctid/systemtest"
)

// way is how callers come to the agents of a comparison, on both sides.
type way struct {
	number   string  // of ctid
	script   string  // main.yaml
	dialplan string  // of queueNumber, up to Queue() and behind it
	queue    string  // more of queues.conf
	config   string  // more of ctid.yaml
	tells    bool    // who waits is told something; see toldLine
	desks    int     // agents with a desktop, at most
	callers  int     // for so many at once beside those who talk there is room
	music    string  // more of musiconhold.conf
	ring50   float64 // ms that ctid may be slower than app_queue
	ring99   float64
	bare     bool // what a call and a line cost has targets too, for nothing else is done
}

// straightOn leads to the queue and does nothing else. Queue() answers by itself when an agent has: Answer() before it would wait
// for the caller's first media, up to half a second.
var straightOn = way{number: ctidNumber, script: systemtest.QueueOnly, ring50: 8, ring99: 40, bare: true,
	dialplan: "exten => " + queueNumber + ",1,Queue(beside)\n same => n,Hangup()\n"}

// tenSteps has ten steps before the queue that play and ask nothing, and of who waits each side tells the place and says a word
// of comfort while he waits: app_queue the place as soon as he does, ctid after 3 s, and both the comfort after 4 s. ctid writes its
// queue_log as app_queue does. Some of its agents have desktops, whose pops are read: few, for what reads them is on this machine too, and
// on those of a site it is not.
var tenSteps = way{number: systemtest.Number, tells: true, desks: 40, ring50: 12, ring99: 60, config: "queue_log: {file: queue_log}\ntags: [known]\n",
	queue: "announce-frequency=30\nannounce-position=yes\nannounce-holdtime=no\nqueue-thankyou=\nperiodic-announce=queue-thankyou\nperiodic-announce-frequency=4\n",
	dialplan: "exten => " + queueNumber + `,1,Set(CALLS=$[0 + 1])
 same => n,Set(TOPIC=sales)
 same => n,GotoIf($[${QUEUE_WAITING_COUNT(beside)} > 9000]?busy)
 same => n,Set(CHANNEL(accountcode)=known)
 same => n,Set(QUEUE_PRIO=60)
 same => n,Set(__TOPIC=${TOPIC})
 same => n,Set(CALLERID(name)=About ${TOPIC})
 same => n,GotoIf($["${TOPIC}" = "sales"]?sales:busy)
 same => n(sales),Set(LATE=$[${CALLS} > 3])
 same => n,GotoIf($[${LATE}]?busy)
 same => n,Queue(beside)
 same => n(busy),Hangup()
`, script: `version: 1
name: Ten steps
vars: {calls: number = 0, topic: one_of sales support = support, late: bool = false}
prompts: {hold: Thank you for your patience.}
nodes:
  hello:
    - set: {calls: =vars.calls + 1}
    - set: {topic: sales}
    - branch: [{if: queue("sales").waiting > 9000, then: busy}, {else: next}]
    - tag: known
    - priority: 60
    - attach: {topic: =vars.topic}
    - pop: {title: "About ${vars.topic}"}
    - branch: {value: =vars.topic, is: {sales: sales, support: busy}}
  sales:
    - set: {late: =vars.calls > 3}
    - branch: [{if: vars.late, then: busy}, {else: next}]
    - queue: {name: sales, at_most: 5m, announce: {position: 3s, comfort: hold, every: 4s}}
      then: {otherwise: hangup}
  busy: {hangup: busy}
`}

// withDesks makes a user with a desktop of each of the first agents.
func (s *site) withDesks(o *systemtest.Options) {
	n := min(s.way.desks, s.agents)
	if n == 0 && *seconds >= 1 { // shorter lines are too short
		return
	}
	o.Change = func(yaml string) string { return strings.Replace(yaml, "desk: none", "desk: required", n) }
	o.Seed = func(st *store.Store) error {
		ctx := s.t.Context()
		for _, e := range s.pbx.Agents()[:n] {
			name := "a" + e
			if err := st.AddUser(ctx, store.User{Name: name, Roles: []ctid.Role{ctid.RoleAgent}, Agent: ctid.AgentID(name)}, "desk-"+name+"-password"); err != nil {
				return err
			}
			token, err := st.NewToken(ctx, name, 0)
			if err != nil {
				return err
			}
			s.tokens = append(s.tokens, token)
		}
		return nil
	}
}

// startDesks connects the desktops and makes their agents ready. The function that it returns ends them, and holds that each
// of them has read pops.
func (s *site) startDesks() (stop func()) {
	s.t.Helper()
	if len(s.tokens) == 0 {
		return func() {}
	}
	self, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	c := exec.CommandContext(s.t.Context(), self)
	c.Env = append(os.Environ(), desksEnv+"=ws"+strings.TrimPrefix(s.rig.Web, "http")+"/ws")
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	said := json.NewDecoder(out)
	var ready string
	if err := json.NewEncoder(in).Encode(s.tokens); err != nil {
		s.t.Fatal(err)
	}
	if err := said.Decode(&ready); err != nil {
		s.t.Fatalf("the desktops are not ready: %v", err)
	}
	return func() { s.endDesks(c, in, said) }
}

func (s *site) endDesks(c *exec.Cmd, in io.Closer, said *json.Decoder) {
	s.t.Helper()
	_ = in.Close()
	var p popped
	if err := said.Decode(&p); err != nil {
		s.t.Errorf("the desktops ended too early: %v", err)
	}
	_ = c.Wait() // what it had to say it has said
	s.t.Logf("%d pops were read at %d of %d desktops", p.Pops, p.Desks, len(s.tokens))
	if p.Desks < len(s.tokens) {
		s.t.Errorf("only %d of %d desktops had a pop", p.Desks, len(s.tokens))
	}
}

// TestRealSideScript is TestRealSide with what a real site has before its queue and in it, on both sides.
func TestRealSideScript(t *testing.T) {
	compare(t, tenSteps)
}

// soundsThere holds that app_queue had the sounds of its announcements: such as are missing would cost it nothing.
func (s *site) soundsThere() {
	s.t.Helper()
	if log := s.pbx.Log(); strings.Contains(log, "does not exist in any format") {
		s.t.Errorf("app_queue's announcements are not there:\n%s", log)
	}
}

// announced holds that ctid has told those who wait what its script says.
func (s *site) announced() {
	s.t.Helper()
	if !s.way.tells {
		return
	}
	s.t.Logf("ctid told those who waited something %v times", s.said)
	if s.said == 0 && *seconds >= 1 { // shorter lines are too short
		s.t.Error("ctid has told nobody anything")
	}
}
