package demo

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ctid"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// Every number lies in the ranges that the British regulator keeps free for drama, so the demo can call nobody.
func TestSeedHarmsNobody(t *testing.T) {
	s := seed(now)
	if len(s.Customers) != 30 || len(s.Cases) < 10 || len(s.Past) < 30 {
		t.Fatalf("%d customers, %d cases, %d past calls", len(s.Customers), len(s.Cases), len(s.Past))
	}
	drama := regexp.MustCompile(`^(\+442079460\d{3}|\+447700900\d{3})$`)
	seen := map[ctid.Private]bool{}
	for _, c := range s.Customers {
		for _, n := range c.Numbers {
			if !drama.MatchString(string(n)) || seen[n] {
				t.Errorf("%s has the number %s, which is not free for drama or not his own", c.Name, n)
			}
			seen[n] = true
		}
	}
	m := newMaker(7, Pace{}.withDefaults())
	for range 500 {
		if g := m.next(); g.number != "" && !drama.MatchString(g.number) {
			t.Errorf("guest %d calls from %s", g.n, g.number)
		}
	}
	for _, r := range s.Past {
		if r.End == nil || !r.Ended.Before(now) || !r.Arrived.Before(r.Connected) {
			t.Errorf("the past call %s is not over: %+v", r.ID, r)
		}
	}
}

// The script takes an account only with a right check digit: the weighted digits add up to a multiple of ten.
func TestAccountsHaveTheirCheckDigit(t *testing.T) {
	for i := range people {
		sum := 0
		digits := account(i)
		for j := range len(digits) {
			n := int(digits[len(digits)-1-j] - '0')
			if j%2 == 1 {
				if n *= 2; n > 9 {
					n -= 9
				}
			}
			sum += n
		}
		if len(digits) != 7 || sum%10 != 0 {
			t.Errorf("account %s of %s", digits, people[i].name)
		}
	}
}

func TestGuestsOfASeedAreTheSame(t *testing.T) {
	list := func(seed uint64) []string {
		m := newMaker(seed, Pace{}.withDefaults())
		var out []string
		for range 40 {
			g := m.next()
			out = append(out, strings.Join(append([]string{g.number, g.name, g.talk.String()}, g.keys...), " "))
		}
		return out
	}
	if !slices.Equal(list(3), list(3)) || slices.Equal(list(3), list(4)) {
		t.Error("guests do not follow their seed")
	}
}

func TestFirstGuestsStay(t *testing.T) {
	for seed := range uint64(50) {
		m := newMaker(seed, Pace{}.withDefaults())
		var kinds []string
		for n := 1; n <= 200; n++ {
			g := m.next()
			if n <= 5 {
				switch {
				case g.conduct != stays:
					t.Fatalf("seed %d: guest %d leaves", seed, n)
				case g.number == "":
					kinds = append(kinds, "withheld")
				case g.customer >= 0:
					kinds = append(kinds, "known")
				default:
					kinds = append(kinds, "unknown")
				}
			}
			if n == 6 && g.conduct != leavesScript || n == 7 && g.conduct != leavesWaiting {
				t.Fatalf("seed %d: guest %d does %d", seed, n, g.conduct)
			}
		}
		if want := []string{"known", "known", "unknown", "withheld", "known"}; !slices.Equal(kinds, want) {
			t.Errorf("seed %d: %v, want %v", seed, kinds, want)
		}
	}
}

// heardBy is an exchange of which only what phones heard counts.
type heardBy struct {
	exchange
	phone string
}

func (h heardBy) spoke(phone string, _, _ time.Time) bool { return phone == h.phone }

func answeredRecord() *ctid.CallRecord {
	return &ctid.CallRecord{ID: "c_1", Arrived: now, Connected: now.Add(4 * time.Second), Ended: now.Add(9 * time.Second),
		ANI: ctid.Number{E164: "+442079460101", Shown: "020 7946 0101"}, DNIS: ctid.DNIS{Number: Number}, Outcome: "answered",
		Queues: []ctid.QueueVisit{{Queue: "sales"}}, WaitMS: 1500, TalkMS: 5000, Customer: customerID(1),
		Offers: []ctid.OfferRecord{{Agent: "ana", End: ctid.OfferMissed, PopBeforeRing: "false", PopMS: 60},
			{Agent: "ben", End: ctid.OfferAccepted, PopBeforeRing: "true", PopMS: 3}},
		End: &ctid.End{Side: ctid.SideCaller, Reason: "hangup"}}
}

// A call that lacks anything is told, and the demo's status depends on it.
func TestWhatACallLacks(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(g *guest, r *ctid.CallRecord, robot *robot) *ctid.CallRecord
		want  string // "": nothing
	}{
		{"nothing", func(_ *guest, r *ctid.CallRecord, _ *robot) *ctid.CallRecord { return r }, ""},
		{"record", func(*guest, *ctid.CallRecord, *robot) *ctid.CallRecord { return nil }, "its record"},
		{"end", func(_ *guest, r *ctid.CallRecord, _ *robot) *ctid.CallRecord { r.End = nil; return r }, "the end of its record"},
		{"answer", func(_ *guest, r *ctid.CallRecord, _ *robot) *ctid.CallRecord { r.Outcome = "abandoned"; return r }, "an answer"},
		{"answer to one who left", func(g *guest, r *ctid.CallRecord, _ *robot) *ctid.CallRecord {
			g.conduct, r.Outcome = leavesWaiting, "abandoned"
			return r
		}, ""},
		{"pop never written", func(_ *guest, r *ctid.CallRecord, _ *robot) *ctid.CallRecord {
			r.Offers[1].PopBeforeRing = "none"
			return r
		}, "its pop"},
		{"pop not seen", func(_ *guest, r *ctid.CallRecord, robot *robot) *ctid.CallRecord { robot.pops = nil; return r }, "its pop on the desktop of ben"},
		{"talk", func(_ *guest, r *ctid.CallRecord, _ *robot) *ctid.CallRecord { r.TalkMS = 0; return r }, "its conversation"},
		{"agent's voice", func(g *guest, r *ctid.CallRecord, _ *robot) *ctid.CallRecord { g.heard = false; return r }, "the caller heard nobody"},
		{"caller's voice", func(_ *guest, r *ctid.CallRecord, robot *robot) *ctid.CallRecord {
			r.Offers[1].Agent, robot.agent = "mei", "mei"
			return r
		}, "mei heard nobody"},
		{"a caller's trouble", func(g *guest, r *ctid.CallRecord, _ *robot) *ctid.CallRecord {
			g.err = errors.New("no dial tone")
			return r
		}, "no dial tone"},
		{"cut by the end of the demo", func(g *guest, _ *ctid.CallRecord, _ *robot) *ctid.CallRecord { g.cut = true; return nil }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := &guest{n: 1, number: "+442079460101", heard: true}
			ben := &robot{agent: "ben", pops: map[string]bool{"c_1": true}}
			r := tt.spoil(g, answeredRecord(), ben)
			l := newLedger(&show{pbx: heardBy{phone: "1002"}, robots: []*robot{ben}})
			got := strings.Join(l.lacks(g, r), "; ")
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("lacks %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLineForProgramsHasEveryField(t *testing.T) {
	var out bytes.Buffer
	newLine(&guest{n: 2, number: "+442079460101", dialled: now}, answeredRecord(), newLedger(nil).names).write(&out, true)
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"call": "c_1", "n": 2., "ani": "+442079460101", "dnis": Number, "script": "", "queue": "sales", "agent": "ben",
		"wait_ms": 1500., "pop_ms": 3., "pop_before_ring": true, "connected_ms": 4000., "talk_ms": 5000., "outcome": "answered", "record": "c_1",
		"customer": "cu_demo_02", "customer_name": "Oliver Hart, Hart Bakery", "simulated": false}
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s is %v, want %v", k, got[k], v)
		}
	}
	out.Reset()
	newLine(&guest{n: 3, dialled: now}, nil, nil).write(&out, true)
	for _, k := range []string{`"call":null`, `"record":null`, `"agent":null`, `"pop_before_ring":null`, `"ani":"withheld"`} {
		if !strings.Contains(out.String(), k) {
			t.Errorf("a call without a record has no %s: %s", k, out.String())
		}
	}
}

func TestLineForPeople(t *testing.T) {
	l := newLine(&guest{n: 2, number: "+442079460101", dialled: now}, answeredRecord(), newLedger(nil).names)
	l.Simulated = true
	for _, want := range []string{"simulated  ", "020 7946 0101", "Oliver Hart, Hart Bakery", "sales", "ben", "waited  1.5 s", "pop first (3 ms)", "talked  5.0 s", "answered"} {
		if !strings.Contains(l.text(), want) {
			t.Errorf("%q is missing in %q", want, l.text())
		}
	}
}
