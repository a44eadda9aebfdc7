package systemtest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"ctid/ari"
	"ctid/pbxtest"
	"ctid/pbxtest/phonetest"
)

// compat is testdata/compat16.yaml.
type compat struct {
	Asterisk string
	Features []struct{ Name, Lost, Instead string }
	Answer   int `yaml:"answer_ms"`
	AtMost   int `yaml:"answer_at_most_ms"`
}

func readCompat(t *testing.T) (file compat) {
	t.Helper()
	text, err := os.ReadFile("../testdata/compat16.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalWithOptions(text, &file, yaml.DisallowUnknownField()); err != nil {
		t.Fatal(err)
	}
	return file
}

// The file of what Asterisk 16 lacks is whole and true: it names the features that ctid does without there, no more and
// no fewer, and each is really there or not, on this Asterisk.
func TestRealFeatures(t *testing.T) {
	file := readCompat(t)
	listed := map[string]bool{}
	for _, f := range file.Features {
		if listed[f.Name] || f.Lost == "" || f.Instead == "" {
			t.Errorf("feature %+v", f)
		}
		listed[f.Name] = true
	}
	old, err := ari.ParseVersion(file.Asterisk)
	if err != nil {
		t.Fatal(err)
	}
	here, err := ari.ParseVersion(asterisk.Version())
	if err != nil {
		t.Fatal(err)
	}
	if pbxtest.TestSuite == pbxtest.SuiteOldest && here.Major != old.Major {
		t.Errorf("the oldest Asterisk is %s, the file is about %s", here, old)
	}
	lacks, has := reflect.ValueOf(ari.FeaturesOf(old)), reflect.ValueOf(ari.FeaturesOf(here))
	for i := range lacks.NumField() {
		name := lacks.Type().Field(i).Name
		if lacks.Field(i).Bool() == listed[name] {
			t.Errorf("%s: ctid counts on it in %s: %v; the file lists it: %v", name, old, lacks.Field(i).Bool(), listed[name])
		}
		delete(listed, name)
		if is := provided(t, name); is != has.Field(i).Bool() {
			t.Errorf("%s: ctid counts on it in %s: %v; it is there: %v", name, here, has.Field(i).Bool(), is)
		}
	}
	for name := range listed {
		t.Errorf("ctid knows no feature %s", name)
	}
}

// provided asks this Asterisk whether it has a feature.
func provided(t *testing.T, name string) bool {
	t.Helper()
	switch name {
	case "TransferHandling":
		out, err := asterisk.CLI(t.Context(), "core show function PJSIP_TRANSFER_HANDLING")
		return err == nil && strings.Contains(out, "PJSIP_TRANSFER_HANDLING") && !strings.Contains(out, "No function")
	case "TechCause":
		return strings.Contains(described(t, "events"), `"tech_cause"`)
	case "ReasonCode":
		return strings.Contains(described(t, "channels"), `"reason_code"`)
	case "Move":
		return strings.Contains(described(t, "channels"), `"/channels/{channelId}/move"`)
	case "RESTOverWS":
		return strings.Contains(described(t, "events"), `"RESTRequest"`)
	case "WebSocketMedia":
		root, _, err := pbxtest.Fetch(t.Context(), pbxtest.TestSuite)
		if err != nil {
			t.Fatal(err)
		}
		found, err := filepath.Glob(root.Dir + "/usr/lib/*/asterisk/modules/chan_websocket.so")
		return err == nil && len(found) > 0
	case "Claim":
		return strings.Contains(described(t, "events"), `"/events/claim"`)
	case "Progress":
		return strings.Contains(described(t, "channels"), `"/channels/{channelId}/progress"`)
	}
	t.Errorf("nobody knows how to ask for %s", name)
	return false
}

// described is a part of Asterisk's own description of ARI.
func described(t *testing.T, part string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, asterisk.ARIURL()+"/api-docs/"+part+".json", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(asterisk.ARIUser(), asterisk.ARIPassword())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("description of %s: %d %v", part, res.StatusCode, err)
	}
	return string(b)
}

// With and without the SIP status in the events, a refusal is told in the same word; an answer comes in the time that
// the Asterisk needs; and nothing is asked of an Asterisk that it does not know.
func TestRealRefusals(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	file := readCompat(t)
	most, least := time.Duration(file.AtMost)*time.Millisecond, time.Duration(0)
	if pbxtest.TestSuite == pbxtest.SuiteOldest {
		least = time.Duration(file.Answer) * time.Millisecond * 3 / 4
	}
	for code, want := range map[int]string{486: "busy", 600: "busy", 603: "rejected", 403: "rejected", 404: "unreachable", 480: "unreachable",
		408: "unreachable", 410: "unreachable", 488: "failed", 500: "failed", 503: "failed"} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			r := Start(t, Options{Bin: program, PBX: asterisk, Agents: 1, Script: QueueOnly})
			r.Phone("1001").SetPolicy(phonetest.RejectAfter(50*time.Millisecond, code))
			d := r.Desk("1001")
			r.Eventually("ready, once ctid has heard of the phone", func() error {
				if _, err := d.Do(ctx, "agent.login", map[string]any{}, ""); err != nil {
					return err
				}
				_, err := d.Do(ctx, "agent.ready", map[string]any{}, "")
				return err
			})
			from, began := d.Len(), time.Now()
			call, err := r.Caller().Call(ctx, Number, phonetest.CallOptions{From: "02079460000"})
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > most || took < least {
				t.Errorf("the answer took %v, not %v to %v", took, least, most)
			}
			f, _ := d.Event(from, "call.diverted")
			var told struct{ Why string }
			if err := json.Unmarshal(f.Data, &told); err != nil || told.Why != want {
				t.Errorf("%d was told as %q, want %q: %v", code, told.Why, want, err)
			}
			if err := call.Hangup(ctx); err != nil {
				t.Error(err)
			}
			r.Clean()
		})
	}
	if log := asterisk.Log(); strings.Contains(log, "TRANSFER_HANDLING") {
		t.Errorf("asterisk was asked for what it does not know:\n%s", log)
	}
}

// A call that enters with arguments that mean nothing ends with congestion, whether a cause can be named or not.
func TestRealStrangerEndsWithCongestion(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r := Start(t, Options{Bin: program, PBX: asterisk})
	call, err := r.Caller().Dial(strangeNumber, phonetest.CallOptions{From: "02079460000"})
	if err != nil {
		t.Fatal(err)
	}
	end, err := call.AwaitEnd(ctx)
	if err != nil || end.Code != 503 {
		t.Errorf("ended with %+v, %v", end, err)
	}
	r.Clean()
}

// A caller whose script lets him wait unanswered hears what is said to him, and is answered when his carrier would lose patience; where the
// Asterisk opens no early media by command he is answered first, and hears the same.
func TestRealUnanswered(t *testing.T) {
	const patience, comfort = 8 * time.Second, 2 * time.Second
	s := startScripts(t, Options{Agents: 1, Desk: "none", Change: func(yaml string) string {
		return yaml + fmt.Sprintf("trunks: [{name: outside, endpoints: [PJSIP/carrier], unanswered: %v}]\n", patience)
	}}, []string{fmt.Sprintf(`version: 1
name: Unanswered
prompts: {hold: %q}
nodes:
  q:
    - answer: {early: true}
    - queue: {name: sales, at_most: 1m, announce: {comfort: hold, every: %v}}
      then: {otherwise: hangup}
`, holdText["en"], comfort)}, map[string]string{"hold": holdText["en"]})
	here, err := ari.ParseVersion(asterisk.Version())
	if err != nil {
		t.Fatal(err)
	}
	early := ari.FeaturesOf(here).Progress
	s.each("unanswered", 0, func(p *part) {
		d := p.dial(callsHz)
		p.hears(d, "hold")
		select {
		case <-d.Answered():
			if early {
				p.fatal("he was answered %v after his call, and need not have been", d.Times().Answered.Sub(d.Times().Invited))
			}
		default:
			if !early {
				p.fatal("he heard it unanswered, and %s cannot do that", here)
			}
		}
		p.must(d.AwaitAnswer(p.ctx))
		least, most := patience-comfort, patience+2*comfort // what is being said then is said to its end
		if !early {
			least, most = 0, comfort+time.Second
		}
		if took := d.Times().Answered.Sub(d.Times().Invited); took < least || took > most {
			p.fatal("he was answered after %v, not %v to %v", took, least, most)
		}
	})
	s.wg.Wait()
	s.r.Clean()
}
