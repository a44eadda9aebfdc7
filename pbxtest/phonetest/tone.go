package phonetest

import (
	"context"
	"fmt"
	"math"
	"time"

	"ctid/pbxtest"
	"ctid/pbxtest/hear"
)

// A phone that hums a tone of its own in all its calls lets a test hear who hears whom.

// SetTone lets the phone hum a sine of the frequency in Hz in all its calls, those of now and later, wherever it plays
// nothing else; 0 is silence. Multiples of 25 Hz are told apart best.
func (p *Phone) SetTone(hz float64) {
	p.mu.Lock()
	p.tone = hz
	dialogs := append([]*Dialog{}, p.dialogs...)
	p.mu.Unlock()
	for _, d := range dialogs {
		d.SetTone(hz)
	}
}

// SetTone is Phone.SetTone for one call.
func (d *Dialog) SetTone(hz float64) {
	d.sender.mu.Lock()
	defer d.sender.mu.Unlock()
	d.sender.tone = hz
}

// Tone is the frequency that the phone hums in this call, 0 for none.
func (d *Dialog) Tone() float64 {
	d.sender.mu.Lock()
	defer d.sender.mu.Unlock()
	return d.sender.tone
}

// hum fills what the clip left of a frame. The sender's lock is held.
func (s *sender) hum(rest []int16) {
	if s.tone == 0 {
		return
	}
	step := 2 * math.Pi * s.tone / pbxtest.Rate
	for i := range rest {
		rest[i] = int16(4096 * math.Sin(s.phase))
		s.phase = math.Mod(s.phase+step, 2*math.Pi)
	}
}

// recent is how far back Hears listens.
const recent = 260 * time.Millisecond

// Hears says whether the tone is in the last 200 ms of what was heard, beside others or alone. It is not heard in a call
// in which nothing arrives, nor in one that the phone holds: Asterisk goes on sending then, but a telephone plays nothing.
func (d *Dialog) Hears(hz float64) bool {
	d.mu.Lock()
	held := d.held
	d.mu.Unlock()
	if held {
		return false
	}
	pcm := d.HeardSince(time.Now().Add(-recent))
	if len(pcm) < toneWindow {
		return false
	}
	return hear.Tone(pcm[len(pcm)-toneWindow:], hz) >= hear.MixedTone
}

// AwaitHears waits until the tone is heard, AwaitDeaf until it is heard no more.
func (d *Dialog) AwaitHears(ctx context.Context, hz float64) error {
	return d.awaitHears(ctx, hz, true)
}

// AwaitDeaf waits until the tone is heard no more.
func (d *Dialog) AwaitDeaf(ctx context.Context, hz float64) error {
	return d.awaitHears(ctx, hz, false)
}

func (d *Dialog) awaitHears(ctx context.Context, hz float64, want bool) error {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for d.Hears(hz) != want {
		select {
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("a tone of %.0f Hz: heard %t, want %t (%s): %w", hz, !want, want, d.recorder.state(d.HeardSince(time.Now().Add(-recent))), ctx.Err())
		}
	}
	return nil
}

// Vanish is what a browser's page does that is closed, or a telephone whose cable is pulled: from now on it sends nothing,
// neither audio nor BYE, and answers nothing. Only Close is still due.
func (p *Phone) Vanish() {
	p.vanished.Store(true)
	for _, d := range p.Calls() {
		d.sender.stop()
	}
}
