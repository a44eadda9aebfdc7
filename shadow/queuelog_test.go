package shadow

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// at is a moment of the tests, some seconds after the first.
func at(s float64) time.Time {
	return time.Unix(1_790_000_000, 0).UTC().Add(time.Duration(s * float64(time.Second)))
}

// Each event of Asterisk 16 and 22 is read as what it says; the caller's number is not kept.
func TestParseLine(t *testing.T) {
	for line, want := range map[string]string{
		"1790000000|1.1|sales|NONE|ENTERQUEUE||+85251230000|3":                              "entered sales 1.1 position=3",
		"1790000000|1.1|sales|NONE|ENTERQUEUE|http://x/|y|+8525":                            "entered sales 1.1",
		"1790000000|1.1|sales|NONE|ENTERQUEUE||+8525":                                       "entered sales 1.1",
		"1790000000|1.1|sales|Ana|CONNECT|12|2.2|3":                                         "answered sales 1.1 Ana wait=12s ring=3.5s",
		"1790000000|1.1|sales|Ana|CONNECT|12|2.2":                                           "answered sales 1.1 Ana wait=12s",
		"1790000000|1.1|sales|Ana|COMPLETEAGENT|12|60|1":                                    "completed sales 1.1 Ana wait=12s talk=1m0s",
		"1790000000|1.1|sales|Ana|COMPLETECALLER|12|60|1":                                   "completed sales 1.1 Ana wait=12s talk=1m0s",
		"1790000000|1.1|sales|Ana|BLINDTRANSFER|1002|ctx|12|60|1":                           "completed sales 1.1 Ana wait=12s talk=1m0s",
		"1790000000|1.1|sales|Ana|ATTENDEDTRANSFER|BRIDGE|aa-bb|12|60|1":                    "completed sales 1.1 Ana wait=12s talk=1m0s",
		"1790000000|1.1|sales|Ana|ATTENDEDTRANSFER|LINK|Local/a;1|Local/b;1|12|60|1":        "completed sales 1.1 Ana wait=12s talk=1m0s",
		"1790000000|1.1|sales|Ana|TRANSFER|1002|ctx|12|60|1":                                "completed sales 1.1 Ana wait=12s talk=1m0s",
		"1790000000|1.1|sales|NONE|ABANDON|1|2|30":                                          "abandoned sales 1.1 wait=30s",
		"1790000000|1.1|sales|Ana|ABANDON|1|2|30":                                           "abandoned sales 1.1 Ana wait=30s",
		"1790000000|1.1|sales|NONE|EXITWITHTIMEOUT|1|2|30":                                  "timed_out sales 1.1 wait=30s",
		"1790000000|1.1|sales|NONE|EXITEMPTY|1|2|30":                                        "sent_off sales 1.1 wait=30s",
		"1790000000|1.1|sales|NONE|EXITWITHKEY|1|1|2|30":                                    "key sales 1.1 wait=30s",
		"1790000000|1.1|sales|Ana|RINGNOANSWER|15000":                                       "missed sales 1.1 Ana ring=15s",
		"1790000000|1.1|sales|Ana|RINGCANCELED|1234":                                        "ring_over sales 1.1 Ana ring=1.234s",
		"1790000000|1.1|sales|Ana|AGENTDUMP|":                                               "ring_over sales 1.1 Ana",
		"1790000000|MANAGER|sales|PJSIP/1001|ADDMEMBER|":                                    "member_added sales MANAGER PJSIP/1001",
		"1790000000|REALTIME|sales|PJSIP/1001|REMOVEMEMBER|":                                "member_removed sales REALTIME PJSIP/1001",
		"1790000000|NONE|sales|Ana|PAUSE|lunch":                                             "member_paused sales Ana",
		"1790000000|NONE|NONE|PJSIP/1001|PAUSEALL|":                                         "member_paused PJSIP/1001",
		"1790000000|NONE|sales|Ana|UNPAUSE|":                                                "member_back sales Ana",
		"1790000000|NONE|NONE|PJSIP/1001|UNPAUSEALL|":                                       "member_back PJSIP/1001",
		"1790000000|NONE|NONE|NONE|QUEUESTART|":                                             "began",
		"1790000000.250000|NONE|NONE|NONE|QUEUESTART|":                                      "began +0.25",
		"1790000000|NONE|NONE|NONE|CONFIGRELOAD|":                                           "other",
		"1790000000|NONE|sales|Ana|PENALTY|3":                                               "other sales Ana",
		"1790000000|1.1|NONE|1001|AGENTLOGIN|PJSIP/1001-00000001":                           "other 1.1 1001",
		"1790000000|1.1|sales|Ana|RINGINUSE|1":                                              "other sales 1.1 Ana",
		"1790000000|1.1|sales|Ana|SYSCOMPAT|":                                               "other sales 1.1 Ana",
		"1790000000|1.1|sales|Ana|OUR-OWN_1|what the dialplan's QueueLog() says|and | more": "other sales 1.1 Ana",
	} {
		o, err := ParseLine(line)
		if got := tell(o); err != nil || got != want {
			t.Errorf("%s\nis  %s, %v\nnot %s", line, got, err, want)
		}
	}
}

// A line that cannot be read says why.
func TestParseBadLine(t *testing.T) {
	for line, want := range map[string]string{
		"":                                                "1 fields",
		"1790000000|1.1|sales|NONE":                       "4 fields",
		"x|1.1|sales|NONE|ABANDON|1|2|3":                  "does not begin with a time",
		"-5|1.1|sales|NONE|ABANDON|1|2|3":                 "does not begin with a time",
		"1790000000.x|1.1|sales|NONE|ABANDON||":           "fraction",
		"1790000000|1.1|sales|NONE|ABANDON|1|2":           "ABANDON: its time in seconds is missing",
		"1790000000|1.1|sales|NONE|ABANDON|1|2|-3":        "not a number from 0",
		"1790000000|1.1|sales|NONE|ABANDON|1|2|999999999": "not a number from 0",
		"1790000000|1.1|sales|NONE|CONNECT|1|2|3":         "CONNECT without an agent",
		"1790000000|1.1|NONE|Ana|CONNECT|1|2|3":           "CONNECT without a queue",
		"1790000000|NONE|sales|Ana|CONNECT|1|2|3":         "CONNECT without a call",
		"1790000000|NONE|sales|NONE|PAUSE|x":              "PAUSE without an agent",
		"1790000000|1.1|sales|Ana|RINGNOANSWER|soon":      "its ring time in ms is not a number",
		"1790000000|1.1|sales|Ana||":                      "its event is no word",
		"1790000000|1.1|sales|Ana|not one|":               "its event is no word",
	} {
		if o, err := ParseLine(line); err == nil || !strings.Contains(err.Error(), want) || o != (Observation{}) {
			t.Errorf("%s: %v, %v; want %q", line, o, err, want)
		}
	}
}

// Whatever a line holds, it is read or refused, and what is read is a moment and times that there can be.
func FuzzParseLine(f *testing.F) {
	for _, line := range []string{"1790000000|1.1|sales|NONE|ENTERQUEUE||5|1", "1790000000|1.1|sales|Ana|CONNECT|1|2.2|3", "1790000000|1.1|sales|Ana|COMPLETEAGENT|1|2|3",
		"1790000000|1.1|s|A|ATTENDEDTRANSFER|LINK|a|b|1|2|3", "1790000000|NONE|NONE|A|PAUSEALL|", "1790000000.5|1|s|A|RINGNOANSWER|100", "||||||||"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		o, err := ParseLine(line)
		if err != nil {
			if o != (Observation{}) {
				t.Errorf("%q is refused, and %+v all the same", line, o)
			}
			return
		}
		longest := maxSeconds*time.Second + time.Second
		if o.At.Unix() <= 0 || o.Wait < 0 || o.Wait > longest || o.Talk < 0 || o.Talk > longest || o.Ring < 0 || o.Ring > longest || o.Position < 0 {
			t.Errorf("%q is read as %+v", line, o)
		}
		w := New(Site{}, Options{})
		w.Take(o)
		if _, err := w.Report(o.At); err != nil {
			t.Errorf("%q: %v", line, err)
		}
	})
}

// words are the kinds in the notation of the tests.
var words = map[Kind]string{Other: "other", Entered: "entered", Rings: "rings", Missed: "missed", RingOver: "ring_over", Answered: "answered", Completed: "completed",
	Abandoned: "abandoned", TimedOut: "timed_out", SentOff: "sent_off", KeyPressed: "key", MemberAdded: "member_added", MemberRemoved: "member_removed",
	MemberPaused: "member_paused", MemberBack: "member_back", Began: "began", Up: "up", Down: "down", Listed: "listed", Counted: "counted", Waits: "waits",
	MemberIs: "member_is", Left: "left", GivenUp: "given_up", HangsUp: "hangs_up", Gone: "gone", Result: "result", Unread: "unread"}

// tell writes an observation in the notation of the tests.
func tell(o Observation) string {
	out := []string{words[o.Kind]}
	if d := o.At.Sub(at(0)); d != 0 {
		out = append(out, fmt.Sprintf("+%g", d.Seconds()))
	}
	for _, s := range []string{o.Queue, o.Call, o.Member} {
		if s != "" {
			out = append(out, s)
		}
	}
	for _, x := range []struct {
		key string
		d   time.Duration
	}{{"wait", o.Wait}, {"ring", o.Ring}, {"talk", o.Talk}} {
		if x.d != 0 {
			out = append(out, x.key+"="+x.d.String())
		}
	}
	if o.Position != 0 {
		out = append(out, fmt.Sprint("position=", o.Position))
	}
	return strings.Join(out, " ")
}
