package systemtest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ctid/pbxtest"
	"ctid/pbxtest/hear"
	"ctid/pbxtest/phonetest"
	"ctid/words"
)

// lineScript tells a waiting caller his place, the wait and a word of comfort, in one language.
func lineScript(lang, queue, hold string) string {
	return fmt.Sprintf(`version: 1
languages: [%s]
prompts: {hold: %q}
nodes:
  q:
    - queue: {name: %s, at_most: 5m, announce: {position: 8s, wait: 8s, comfort: hold, every: 12s}}
      then: {otherwise: hangup}
`, lang, hold, queue)
}

// lineText is how a place is told, and soonText that the wait is short.
func lineText(t *testing.T, lang string, place int) string {
	t.Helper()
	if place == 1 {
		return map[string]string{"en": "You are next in line.", "zh": "下一位就是您。"}[lang]
	}
	n, _ := words.Value{Kind: words.Number, Number: float64(place)}.Words(lang)
	return fmt.Sprintf(map[string]string{"en": "You are number %s in line.", "zh": "您目前排在第 %s 位。"}[lang], n)
}

var (
	soonText  = map[string]string{"en": "You will be answered within a minute.", "zh": "预计一分钟内为您接通。"}
	holdText  = map[string]string{"en": "Please hold the line.", "zh": "请您稍候。"}
	lineVoice = map[string]string{"en": "en-gb", "zh": "cmn"}
)

// waiter is a caller who waits, and what he is to hear at which time.
type waiter struct {
	lang  string
	place int
	call  *phonetest.Dialog
	since time.Time
	late  time.Duration // how late a prompt may begin
	still time.Time     // nobody is told anything any more: to look for prompts is work, and would come between those that others are told
}

// Twenty callers wait in two queues, each with its language: all hear their own place, and comfort, each at its time, none over another
// and the music between; and once the estimate is proven, how long it will take.
func TestRealLine(t *testing.T) {
	const each = 10
	s := startScripts(t, Options{Agents: 2, Desk: "optional"}, []string{lineScript("en", "sales", holdText["en"]), lineScript("zh", "support", holdText["zh"])}, nil)
	spoken := map[string][]int16{}
	say := func(lang, name, text string) { spoken[lang+name] = speakIn(t, lineVoice[lang], text) }
	for _, lang := range []string{"en", "zh"} {
		for n := range each {
			say(lang, fmt.Sprint(n+1), lineText(t, lang, n+1))
		}
		say(lang, "soon", soonText[lang])
		say(lang, "hold", holdText[lang])
	}
	line := s.lineUp(each, 12*time.Second, 3*time.Second) // twenty prompts are made at once, each for the first time, under the race detector
	heard := s.r.servedLike(spoken, 0.9)
	for _, w := range line { // the wait is not proven, so it is not told
		s.each(fmt.Sprintf("%s %d", w.lang, w.place), 0, func(p *part) {
			w.hears(p, 8*time.Second, heard, fmt.Sprint(w.place))
			w.hears(p, 12*time.Second, heard, "hold")
			if err := hear.ExpectNone(w.call.Heard(), only(heard, w.lang+"soon")); err != nil {
				s.r.T.Errorf("%s %d: %v", w.lang, w.place, err)
			}
		})
	}
	s.wg.Wait()
	talks := s.serve(line)
	line = s.lineUp(3, 8*time.Second, 1500*time.Millisecond)
	for _, w := range line {
		s.each(fmt.Sprintf("%s %d", w.lang, w.place), 0, func(p *part) {
			w.hears(p, 8*time.Second, heard, fmt.Sprint(w.place), "soon")
		})
	}
	s.wg.Wait()
	for _, d := range talks {
		if err := d.Hangup(s.ctx); err != nil {
			t.Error(err)
		}
	}
	for _, w := range line {
		if err := w.call.Hangup(s.ctx); err != nil {
			t.Error(err)
		}
	}
	s.r.Clean()
}

// lineUp has so many callers wait in each of the two queues, who are told the last thing at that time of their wait, or so much later.
func (s *scripted) lineUp(each int, last, late time.Duration) (line []*waiter) {
	s.r.T.Helper()
	for n := range each {
		for i, lang := range []string{"en", "zh"} {
			d, err := s.r.Caller().Call(s.ctx, dnisOf(i), phonetest.CallOptions{From: from(100*i + n)})
			if err != nil {
				s.r.T.Fatal(err)
			}
			line = append(line, &waiter{lang: lang, place: n + 1, call: d, since: time.Now(), late: late})
		}
	}
	for _, w := range line {
		w.still = time.Now().Add(last + late + 2*time.Second)
	}
	return line
}

// hears holds that the waiter hears those prompts at that time of his wait, in that order and to their ends, and music behind them.
func (w *waiter) hears(p *part, at time.Duration, among map[string][]int16, names ...string) {
	var length time.Duration
	for i, n := range names {
		names[i] = w.lang + n
		length += time.Duration(len(among[names[i]])) * time.Second / pbxtest.Rate
	}
	const early, behind = 300 * time.Millisecond, time.Second
	from := w.since.Add(at - early)
	if err := p.soon(func() error {
		if time.Since(from) < early+w.late+length+behind || time.Now().Before(w.still) {
			return fmt.Errorf("it is too early")
		}
		pcm := w.call.HeardSince(from)
		pcm = pcm[:min(len(pcm), int((early+w.late+length+behind).Seconds()*pbxtest.Rate))]
		if err := hear.Sequence(pcm, names, among); err != nil {
			return fmt.Errorf("%w; heard %+v", err, hear.Recognise(pcm, sameLanguage(among, w.lang))[:3])
		}
		end := time.Duration(0)
		for _, m := range hear.Recognise(pcm, only(among, names...)) {
			if !m.Whole || m.Start > w.late+length {
				return fmt.Errorf("he heard %+v", m)
			}
			end = max(end, m.Start+m.Duration)
		}
		for _, m := range hear.Recognise(pcm[:int(end.Seconds()*pbxtest.Rate)], sameLanguage(among, w.lang))[:len(names)] {
			if !slices.Contains(names, m.Name) {
				return fmt.Errorf("he heard another: %+v", m)
			}
		}
		return musicIn(pcm[int(end.Seconds()*pbxtest.Rate):])
	}); err != nil {
		p.fatal("at %v: %v", at, err)
	}
}

// musicIn holds that music is to be heard soon.
func musicIn(pcm []int16) error {
	const n = pbxtest.Rate / 5
	for i := 0; i+n <= len(pcm); i += n / 4 {
		if max(hear.Tone(pcm[i:i+n], pbxtest.HoldMusicLow), hear.Tone(pcm[i:i+n], pbxtest.HoldMusicHigh)) >= hear.PureTone {
			return nil
		}
	}
	return fmt.Errorf("there is no music behind what is said")
}

func sameLanguage(all map[string][]int16, lang string) map[string][]int16 {
	out := map[string][]int16{}
	for n, pcm := range all {
		if strings.HasPrefix(n, lang) {
			out[n] = pcm
		}
	}
	return out
}

// serve has the two agents answer all who wait, each for a moment, and leaves them in talks that last.
func (s *scripted) serve(line []*waiter) (talks []*phonetest.Dialog) {
	s.r.T.Helper()
	var short atomic.Bool
	short.Store(true)
	for _, e := range s.r.Agents() {
		phone := s.r.Phone(e)
		phone.SetPolicy(phonetest.AnswerAfter(0))
		go func() {
			for {
				d, err := phone.AwaitCall(s.ctx)
				if err != nil || d.AwaitAnswer(s.ctx) != nil || d.AwaitAudio(s.ctx, 300*time.Millisecond) != nil || short.Load() && d.Hangup(s.ctx) != nil {
					return
				}
			}
		}()
		s.r.Desk(e).Ready()
	}
	var wg sync.WaitGroup
	for _, w := range line {
		wg.Go(func() {
			if _, err := w.call.AwaitEnd(s.ctx); err != nil {
				s.r.T.Errorf("%s %d was not served: %v", w.lang, w.place, err)
			}
		})
	}
	wg.Wait()
	short.Store(false)
	for n := range s.r.Agents() {
		d, err := s.r.Caller().Call(s.ctx, dnisOf(0), phonetest.CallOptions{From: from(300 + n)})
		if err == nil {
			err = d.AwaitAudio(s.ctx, 300*time.Millisecond)
		}
		if err != nil {
			s.r.T.Fatal(err)
		}
		talks = append(talks, d)
	}
	s.r.Eventually("both agents in talks", func() error {
		if n := s.r.Metric(`ctid_agent_state{state="talking"}`); n != 2 {
			return fmt.Errorf("%v talk", n)
		}
		return nil
	})
	return talks
}
