package phonetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"ctid/pbxtest"
	"ctid/pbxtest/hear"
)

// Heard is all audio received so far, 8 kHz, packet after packet; time in
// which nothing arrived takes no room in it (Frames has the times).
func (d *Dialog) Heard() []int16 { return d.HeardSince(time.Time{}) }

// HeardSince is the audio that arrived at or after t.
func (d *Dialog) HeardSince(t time.Time) []int16 {
	d.recorder.mu.Lock()
	defer d.recorder.mu.Unlock()
	i, _ := slices.BinarySearchFunc(d.recorder.frames, t, func(f Frame, t time.Time) int { return f.At.Compare(t) })
	if i == len(d.recorder.frames) {
		return nil
	}
	return slices.Clone(d.recorder.pcm[d.recorder.frames[i].Offset:])
}

// Frames lists the packets of audio received so far.
func (d *Dialog) Frames() []Frame {
	d.recorder.mu.Lock()
	defer d.recorder.mu.Unlock()
	return slices.Clone(d.recorder.frames)
}

// LargestGap is the longest time between two packets of audio that arrived
// from from on and before to; a zero to is now.
func (d *Dialog) LargestGap(from, to time.Time) time.Duration {
	var gap time.Duration
	var last time.Time
	for _, f := range d.Frames() {
		if f.At.Before(from) || (!to.IsZero() && !f.At.Before(to)) {
			continue
		}
		if !last.IsZero() {
			gap = max(gap, f.At.Sub(last))
		}
		last = f.At
	}
	return gap
}

// Digits lists the keys that the other side pressed.
func (d *Dialog) Digits() []Digit {
	d.recorder.mu.Lock()
	defer d.recorder.mu.Unlock()
	return slices.Clone(d.recorder.digits)
}

// Keys is Digits as text.
func (d *Dialog) Keys() string {
	var keys []rune
	for _, digit := range d.Digits() {
		keys = append(keys, digit.Key)
	}
	return string(keys)
}

// AwaitKeys waits until the other side has pressed so many keys as want has,
// and compares.
func (d *Dialog) AwaitKeys(ctx context.Context, want string) error {
	err := d.awaitArrival(ctx, func() bool { return len(d.Keys()) >= len(want) })
	if got := d.Keys(); got != want {
		return errors.Join(fmt.Errorf("keys heard %q, want %q", got, want), err)
	}
	return nil
}

// toneWindow is how much audio a tone is judged by.
const toneWindow = pbxtest.Rate / 5 // 200 ms

// AwaitTone waits until 200 ms of audio that arrived after the call of
// AwaitTone are a sine of the frequency in Hz.
func (d *Dialog) AwaitTone(ctx context.Context, hz float64) error {
	start, best := time.Now(), 0.0
	err := d.awaitArrival(ctx, func() bool {
		pcm := d.HeardSince(start)
		if len(pcm) < toneWindow {
			return false
		}
		best = max(best, hear.Tone(pcm[len(pcm)-toneWindow:], hz))
		return best >= hear.PureTone
	})
	if err != nil {
		return fmt.Errorf("no tone of %.0f Hz was heard (best purity %.2f): %w", hz, best, err)
	}
	return nil
}

// AwaitAudio waits until that much audio has arrived after the call of AwaitAudio.
func (d *Dialog) AwaitAudio(ctx context.Context, length time.Duration) error {
	start, want := time.Now(), int(length.Seconds()*pbxtest.Rate)
	return d.awaitArrival(ctx, func() bool { return len(d.HeardSince(start)) >= want })
}

// AwaitPause waits until something was heard since from and then nothing for
// the time given: the end of a prompt.
func (d *Dialog) AwaitPause(ctx context.Context, from time.Time, quiet time.Duration) error {
	for {
		d.recorder.mu.Lock()
		changed := d.recorder.changed
		d.recorder.mu.Unlock()
		loud := d.lastSound(from)
		var after <-chan time.Time
		if !loud.IsZero() {
			left := quiet - time.Since(loud)
			if left <= 0 {
				return nil
			}
			after = time.After(left)
		}
		select {
		case <-changed:
		case <-after:
		case <-d.gone:
			return fmt.Errorf("wait for a pause: the call is over: %+v", d.End())
		case <-ctx.Done():
			return fmt.Errorf("wait for a pause (sound was heard: %t): %w", !loud.IsZero(), ctx.Err())
		}
	}
}

// lastSound is when the last packet that was not silent arrived since from.
func (d *Dialog) lastSound(from time.Time) time.Time {
	d.recorder.mu.Lock()
	defer d.recorder.mu.Unlock()
	for _, f := range slices.Backward(d.recorder.frames) {
		if f.At.Before(from) {
			break
		}
		if !hear.Silent(d.recorder.pcm[f.Offset : f.Offset+f.Count]) {
			return f.At
		}
	}
	return time.Time{}
}

// awaitArrival waits until cond holds, which it looks at after each packet.
func (d *Dialog) awaitArrival(ctx context.Context, cond func() bool) error {
	for {
		d.recorder.mu.Lock()
		changed := d.recorder.changed
		d.recorder.mu.Unlock()
		if cond() {
			return nil
		}
		select {
		case <-changed:
		case <-d.gone:
			return fmt.Errorf("the call is over: %+v", d.End())
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
