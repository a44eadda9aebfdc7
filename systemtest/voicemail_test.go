package systemtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ctid"
	"ctid/pbxtest"
	"ctid/pbxtest/hear"
	"ctid/pbxtest/phonetest"
)

// messageScript takes a message at once: one that the caller reviews where he calls as the first of three.
const messageScript = `version: 1
name: Messages
languages: [en]
prompts:
  leave: Nobody is here. Leave a message.
  kept: Your message is kept.
nodes:
  who:
    branch: [{if: 'call.ani == "+442079460001"', then: review}, {else: plain}]
  plain: {voicemail: {mailbox: sales, greeting: leave, min: 1s}, then: {left: kept, none: hangup}}
  review: {voicemail: {mailbox: sales, greeting: leave, min: 1s, review: true}, then: {left: kept, none: hangup}}
  kept: [{play: kept}, {hangup: normal}]
`

const messageConfig = "voicemail: {dir: messages, mailboxes: [sales]}\n"

// messages are the messages that are with ctid, with their sound.
func (r *Rig) messages() (list []ctid.Voicemail, sound [][]int16) {
	r.T.Helper()
	s := r.Store()
	defer s.Close(context.WithoutCancel(r.T.Context())) //nolint:errcheck // read only
	list, err := s.Voicemails(r.T.Context(), "sales")
	if err != nil {
		r.T.Fatal(err)
	}
	for _, v := range list {
		b, err := os.ReadFile(filepath.Join(r.Dir, "messages", v.Mailbox, string(v.ID)+".wav"))
		if err != nil {
			r.T.Fatal(err)
		}
		pcm, _, err := pbxtest.ReadWAV(b)
		if err != nil {
			r.T.Fatal(err)
		}
		sound = append(sound, pcm)
	}
	return list, sound
}

// toTheTone calls and waits until the tone has been heard and the recording has begun.
func toTheTone(ctx context.Context, r *Rig, number string, tone []int16) *phonetest.Dialog {
	call, err := r.Caller().Call(ctx, Number, phonetest.CallOptions{From: number})
	if err != nil {
		r.T.Error(err)
		return nil
	}
	afterTone(ctx, r, call, time.Time{}, tone)
	return call
}

// afterTone waits until the tone has been heard since then, and is over.
func afterTone(ctx context.Context, r *Rig, call *phonetest.Dialog, began time.Time, tone []int16) {
	r.Eventually("the tone", func() error {
		if m := hear.Recognise(call.HeardSince(began), map[string][]int16{"tone": tone}); len(m) == 0 || m[0].Score < hear.Same || !m[0].Whole {
			return errors.New("not heard")
		}
		return nil
	})
	_ = call.AwaitPause(ctx, began, 100*time.Millisecond)
}

// tone is the built-in tone.
func tone(t testing.TB) []int16 {
	t.Helper()
	b, err := os.ReadFile("../cmd/ctid/builtin/beep.wav")
	if err != nil {
		t.Fatal(err)
	}
	pcm, _, err := pbxtest.ReadWAV(b)
	if err != nil {
		t.Fatal(err)
	}
	return pcm
}

// Callers leave messages, end them by key and by hanging up, review them, and the daemon is killed while one speaks: each
// message that was left is with ctid once, sounds as it was said, and nothing stays in Asterisk.
func TestRealVoicemail(t *testing.T) {
	r := Start(t, Options{Bin: program, PBX: asterisk, Desk: "none", Script: messageScript, Config: messageConfig})
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	beep := tone(t)
	said := map[string][]int16{
		"key":    speak(t, "Please call me back about the blue sailing boat tomorrow."),
		"hangup": speak(t, "The invoice of last month has a mistake in the third line."),
		"first":  speak(t, "This is not what I wanted to say to you at all."),
		"second": speak(t, "My order number seven has not arrived at the warehouse."),
		"killed": speak(t, "While I am speaking here somebody pulls the plug of your computer."),
	}
	var all sync.WaitGroup
	all.Go(func() { leaveByKey(ctx, r, said["key"], beep) })
	all.Go(func() { leaveByHangup(ctx, r, said["hangup"], beep) })
	all.Go(func() { leaveReviewed(ctx, r, said["first"], said["second"], beep) })
	all.Wait()
	leaveWhileKilled(ctx, r, said["killed"], beep)
	var list []ctid.Voicemail
	var sound [][]int16
	r.Eventually("four messages", func() error {
		if list, sound = r.messages(); len(list) != 4 {
			return fmt.Errorf("%d messages", len(list))
		}
		for _, v := range list {
			if v.State != ctid.VoicemailKept {
				return fmt.Errorf("%s is %s", v.ID, v.State)
			}
		}
		return nil
	})
	found := map[string]int{}
	for i, pcm := range sound {
		best := hear.Recognise(pcm, said)
		t.Logf("%s from %s, %v: %+v", list[i].ID, list[i].Caller.E164, list[i].Length, best[0])
		if best[0].Score < 0.8 {
			t.Errorf("message %d sounds like nothing that was said", i)
		}
		found[best[0].Name]++
	}
	for name := range said {
		if want := map[bool]int{true: 0, false: 1}[name == "first"]; found[name] != want {
			t.Errorf("%s was kept %d times", name, found[name])
		}
	}
	commandLine(t, r, list[0])
	r.EndedRecords()
	r.Clean()
}

func leaveByKey(ctx context.Context, r *Rig, words, beep []int16) {
	call := toTheTone(ctx, r, "02079460002", beep)
	if call == nil {
		return
	}
	if err := errors.Join(call.Play(ctx, words), call.SendDTMF(ctx, "#")); err != nil {
		r.T.Error(err)
	}
	if _, err := call.AwaitEnd(ctx); err != nil {
		r.T.Error(err)
	}
	if err := hear.Sequence(call.Heard(), []string{"kept"}, map[string][]int16{"kept": speak(r.T, "Your message is kept.")}); err != nil {
		r.T.Errorf("after his message: %v", err)
	}
}

func leaveByHangup(ctx context.Context, r *Rig, words, beep []int16) {
	call := toTheTone(ctx, r, "02079460003", beep)
	if call == nil {
		return
	}
	if err := errors.Join(call.Play(ctx, words), call.Hangup(ctx)); err != nil {
		r.T.Error(err)
	}
}

// leaveReviewed says something, hears it, says something else instead, and keeps that.
func leaveReviewed(ctx context.Context, r *Rig, first, second, beep []int16) {
	call := toTheTone(ctx, r, "02079460001", beep)
	if call == nil {
		return
	}
	ask := map[string][]int16{"ask": speak(r.T, "To hear your message press 1. To record it again press 2. To keep it press 3.")}
	if err := errors.Join(call.Play(ctx, first), call.SendDTMF(ctx, "#")); err != nil {
		r.T.Error(err)
	}
	r.Eventually("the question", func() error { return hear.Expect(call.Heard(), "ask", ask) })
	heard := time.Now()
	if err := call.SendDTMF(ctx, "1"); err != nil {
		r.T.Error(err)
	}
	r.Eventually("his own words", func() error { return hear.Expect(call.HeardSince(heard), "first", map[string][]int16{"first": first}) })
	anew := time.Now()
	if err := call.SendDTMF(ctx, "2"); err != nil {
		r.T.Error(err)
	}
	afterTone(ctx, r, call, anew, beep)
	again := time.Now()
	if err := errors.Join(call.Play(ctx, second), call.SendDTMF(ctx, "#")); err != nil {
		r.T.Error(err)
	}
	r.Eventually("the question again", func() error { return hear.Expect(call.HeardSince(again), "ask", ask) })
	if err := call.SendDTMF(ctx, "3"); err != nil {
		r.T.Error(err)
	}
	if _, err := call.AwaitEnd(ctx); err != nil {
		r.T.Error(err)
	}
}

// leaveWhileKilled speaks while the daemon is killed and comes back.
func leaveWhileKilled(ctx context.Context, r *Rig, words, beep []int16) {
	call := toTheTone(ctx, r, "02079460004", beep)
	if call == nil {
		return
	}
	spoken := make(chan error, 1)
	go func() { spoken <- call.Play(ctx, words) }()
	old := r.PID
	if err := syscall.Kill(old, syscall.SIGKILL); err != nil {
		r.T.Fatal(err)
	}
	r.AwaitUp()
	if err := errors.Join(<-spoken, call.SendDTMF(ctx, "#")); err != nil {
		r.T.Error(err)
	}
	if _, err := call.AwaitEnd(ctx); err != nil {
		r.T.Errorf("the caller who was speaking when the daemon was killed: %v", err)
	}
}

// commandLine lists, plays and deletes a message.
func commandLine(t *testing.T, r *Rig, v ctid.Voicemail) {
	t.Helper()
	if out, code := r.Run("", "voicemail", "list", "sales", "-c", "ctid.yaml"); code != 0 || strings.Count(out, "\n") != 4 || !strings.Contains(out, string(v.ID)) {
		t.Errorf("list: %d\n%s", code, out)
	}
	if out, code := r.Run("", "voicemail", "play", string(v.ID), "-o", "out.wav", "-c", "ctid.yaml"); code != 0 {
		t.Errorf("play: %d %s", code, out)
	}
	if st, err := os.Stat(filepath.Join(r.Dir, "out.wav")); err != nil || st.Size() != v.Size || st.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", st, err)
	}
	if out, code := r.Run("", "voicemail", "delete", string(v.ID), "-c", "ctid.yaml"); code != 0 || !strings.Contains(out, string(v.ID)) {
		t.Errorf("delete: %d %s", code, out)
	}
	if list, _ := r.messages(); len(list) != 3 {
		t.Errorf("%d messages are left", len(list))
	}
	if out, code := r.Run("", "voicemail", "play", string(v.ID), "-c", "ctid.yaml"); code != 1 || !strings.Contains(out, "no message") {
		t.Errorf("play what was deleted: %d %s", code, out)
	}
}
