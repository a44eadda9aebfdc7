package systemtest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"ctid"
	"ctid/pbxtest"
	"ctid/pbxtest/hear"
	"ctid/pbxtest/phonetest"
)

// scripted is a ctid with many scripts, each with a number of its own, and a world outside whose numbers behave as they are told.
type scripted struct {
	r      *Rig
	ctx    context.Context
	served map[string][]int16 // the prompts, as they are served

	mu      sync.Mutex
	outside map[string]chan *phonetest.Dialog // calls to numbers outside, by number
	wg      sync.WaitGroup
}

// dnisOf is the number of the n-th script.
func dnisOf(n int) string { return fmt.Sprintf("81%02d", n) }

// outsideOf is a number outside for the n-th script.
func outsideOf(n, which int) string { return fmt.Sprintf("+442079461%02d%d", n, which) }

// startScripts starts ctid with the scripts, the n-th on dnisOf(n). texts are their prompts.
func startScripts(t *testing.T, o Options, scripts []string, texts map[string]string) *scripted {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
	t.Cleanup(cancel)
	o.Bin, o.PBX = program, asterisk
	more := o.Change
	o.Change = func(yaml string) string {
		if more != nil {
			yaml = more(yaml)
		}
		var lines strings.Builder
		for n := range scripts {
			fmt.Fprintf(&lines, "  - {dnis: \"%s\", label: Script %d, script: s%d}\n", dnisOf(n), n, n)
		}
		yaml = strings.Replace(yaml, "queues:\n", lines.String()+"queues:\n", 1)
		yaml = strings.Replace(yaml, "{name: pbx, ", "{name: pbx, trunk: \"PJSIP/{number}@carrier\", ", 1)
		yaml = strings.Replace(yaml, "numbering: {country: GB}", "numbering: {country: GB, shown_as: \"+442079460000\"}", 1)
		yaml = strings.Replace(yaml, "voices: [", "voices: [{lang: zh, voice: cmn}, ", 1)
		return yaml + "dial_allow: [extensions, \"+44\"]\n"
	}
	s := &scripted{ctx: ctx, outside: map[string]chan *phonetest.Dialog{}}
	s.r = Prepare(t, o)
	for n, text := range scripts {
		s.r.Write(fmt.Sprintf("ivr/s%d.yaml", n), text)
	}
	s.r.Launch()
	s.served = s.r.spoken(texts)
	return s
}

// carrier lets the numbers outside ring until the test takes them.
func (s *scripted) carrier() {
	p, err := phonetest.New(phonetest.Config{User: "carrier", Server: s.r.PBX.SIPAddr()})
	if err != nil {
		s.r.T.Fatal(err)
	}
	s.r.T.Cleanup(func() { _ = p.Close() })
	if err := p.Register(s.ctx); err != nil {
		s.r.T.Fatal(err)
	}
	p.SetPolicy(phonetest.Ring())
	go func() {
		for {
			d, err := p.AwaitCall(s.ctx)
			if err != nil {
				return
			}
			s.calls(d.To) <- d
		}
	}()
}

func (s *scripted) calls(number string) chan *phonetest.Dialog {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outside[number] == nil {
		s.outside[number] = make(chan *phonetest.Dialog, 8)
	}
	return s.outside[number]
}

// part is one call among many: what goes wrong in it is told with its name.
type part struct {
	*scripted
	name string
	n    int
	call *phonetest.Dialog
}

// stop ends one part of a test.
type stop struct{}

func (p *part) fatal(format string, args ...any) {
	p.r.T.Helper()
	p.r.T.Errorf(p.name+": "+format, args...)
	panic(stop{})
}

func (p *part) must(err error) {
	p.r.T.Helper()
	if err != nil {
		p.fatal("%v", err)
	}
}

// each runs a part beside the others.
func (s *scripted) each(name string, n int, f func(p *part)) {
	s.wg.Go(func() {
		p := &part{scripted: s, name: name, n: n}
		defer func() {
			if fault := recover(); fault != nil {
				if _, ended := fault.(stop); !ended {
					panic(fault)
				}
			}
			if p.call != nil {
				ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), 5*time.Second)
				defer cancel()
				_ = p.call.Hangup(ctx)
			}
		}()
		f(p)
	})
}

// dial calls the part's script.
func (p *part) dial(tone float64) *phonetest.Dialog {
	line := p.r.Caller()
	line.SetTone(tone)
	d, err := line.Dial(dnisOf(p.n), phonetest.CallOptions{From: from(2000 + p.n)})
	p.must(err)
	p.call = d
	return d
}

// rings awaits the call to a number outside.
func (p *part) rings(which int) *phonetest.Dialog {
	select {
	case d := <-p.calls(outsideOf(p.n, which)):
		return d
	case <-p.ctx.Done():
		p.fatal("number %d outside was not rung", which)
		return nil
	}
}

// quiet holds that a number outside is not being rung.
func (p *part) quiet(which int) {
	select {
	case <-p.calls(outsideOf(p.n, which)):
		p.r.T.Errorf("%s: number %d outside was rung", p.name, which)
	default:
	}
}

// hears awaits that a prompt has been heard to its end.
func (p *part) hears(d *phonetest.Dialog, prompt string) {
	p.hearsOf(d, prompt, p.served)
}

func (p *part) hearsOf(d *phonetest.Dialog, prompt string, among map[string][]int16) {
	if err := p.soon(func() error { return hear.Expect(d.Heard(), prompt, only(among, prompt)) }); err != nil {
		p.fatal("%v", err)
	}
}

// deaf holds that a prompt was not heard.
func (p *part) deaf(d *phonetest.Dialog, prompt string) {
	if err := hear.ExpectNone(d.Heard(), only(p.served, prompt)); err != nil {
		p.r.T.Errorf("%s: %v", p.name, err)
	}
}

// soon asks f until it gives no error, for 20 s at most.
func (p *part) soon(f func() error) error {
	tick := time.NewTicker(250 * time.Millisecond) // to look for a prompt in what was heard is work, and many do at once
	defer tick.Stop()
	give := time.After(20 * time.Second)
	for {
		err := f()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-give:
			return err
		case <-p.ctx.Done():
			return err
		}
	}
}

// over awaits the call's end, and that the script's last word was the prompt.
func (p *part) over(prompt string) {
	if _, err := p.call.AwaitEnd(p.ctx); err != nil {
		p.fatal("%v", err)
	}
	p.hears(p.call, prompt)
}

// talk holds that the two hear each other.
func (p *part) talk(other *phonetest.Dialog, callerHz, otherHz float64) {
	p.must(p.call.AwaitHears(p.ctx, otherHz))
	p.must(other.AwaitHears(p.ctx, callerHz))
}

// recordOf is the record of the part's call, once it has its end.
func (s *scripted) recordOf(n int) (rec ctid.CallRecord) {
	s.r.T.Helper()
	s.r.Eventually("the record of script "+fmt.Sprint(n), func() error {
		for _, r := range s.r.Records() {
			if r.DNIS.Number == dnisOf(n) && r.End != nil {
				rec = r
				return nil
			}
		}
		return fmt.Errorf("no record of a call to %s has its end", dnisOf(n))
	})
	return rec
}

// speak is a text as the program's voice says it.
func speak(t testing.TB, text string) []int16 {
	t.Helper()
	return speakIn(t, "en-gb", text)
}

func speakIn(t testing.TB, voice, text string) []int16 {
	t.Helper()
	pcm, err := pbxtest.Speak(t.Context(), voice, text)
	if err != nil {
		t.Fatal(err)
	}
	return pcm
}
