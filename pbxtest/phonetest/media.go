package phonetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/emiago/diago"
	"github.com/emiago/diago/audio"
	"github.com/emiago/diago/media"

	"ctid/pbxtest"
	"ctid/pbxtest/hear"
)

const (
	frameSamples = pbxtest.Rate / 50 // 20 ms
	payloadUlaw  = 0
	payloadDTMF  = 101
	// between two keys: a shorter pause is one long key to some receivers
	keyPause = 160 * time.Millisecond
)

// startMedia starts the two goroutines of a call's audio. The returned
// function waits for their end, which closing the session brings about.
func (d *Dialog) startMedia(m *diago.DialogMedia, inv invite) (stop func(), err error) {
	// Keys must go through the same locked writer as audio: else the timestamps
	// of both mix and one key is taken for several.
	keys := &diago.DTMFWriter{}
	if _, err := m.AudioWriter(diago.WithAudioWriterDTMF(keys)); err != nil {
		return func() {}, fmt.Errorf("open the audio of a call: %w", err)
	}
	d.mu.Lock()
	d.media, d.inv = m, inv
	d.mu.Unlock()
	d.sender.mu.Lock()
	d.sender.keys = keys
	d.sender.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { d.recorder.run(m.RTPPacketReader) })
	both.Go(func() { d.sender.run(keys) })
	return func() {
		d.sender.stop()
		_ = m.Close() // ends the reader; a session already closed stays so
		both.Wait()
	}, nil
}

// sender is the phone's microphone: one paced stream.
type sender struct {
	quit     chan struct{}
	stopOnce sync.Once

	mu    sync.Mutex
	keys  *diago.DTMFWriter
	clip  *clip
	tone  float64 // Hz, 0 for silence
	phase float64 // of the tone
}

// clip is audio that is being played.
type clip struct {
	pcm  []int16
	done chan struct{}
}

func newSender(tone float64) *sender { return &sender{quit: make(chan struct{}), tone: tone} }

func (s *sender) stop() { s.stopOnce.Do(func() { close(s.quit) }) }

func (s *sender) run(w *diago.DTMFWriter) {
	lpcm, ulaw := make([]byte, 2*frameSamples), make([]byte, frameSamples)
	for {
		select {
		case <-s.quit:
			return
		default:
		}
		for i, v := range s.frame() {
			lpcm[2*i], lpcm[2*i+1] = byte(v), byte(uint16(v)>>8)
		}
		if _, err := audio.EncodeUlawTo(ulaw, lpcm); err != nil {
			return
		}
		// It paces itself, also on an error; a call's end closes quit.
		_, _ = w.Write(ulaw)
	}
}

// frame is the next 20 ms to send: of the clip, else the tone or silence.
func (s *sender) frame() [frameSamples]int16 {
	var f [frameSamples]int16
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clip == nil {
		s.hum(f[:])
		return f
	}
	n := copy(f[:], s.clip.pcm)
	if s.clip.pcm = s.clip.pcm[n:]; len(s.clip.pcm) == 0 {
		close(s.clip.done)
		s.clip = nil
	}
	return f
}

// Play speaks 8 kHz samples into the call and returns when they are sent; what
// was being played is cut. An end of ctx stops it.
func (d *Dialog) Play(ctx context.Context, pcm []int16) error {
	if len(pcm) == 0 {
		return nil
	}
	c := &clip{pcm: slices.Clone(pcm), done: make(chan struct{})}
	d.sender.mu.Lock()
	d.sender.clip = c
	d.sender.mu.Unlock()
	select {
	case <-c.done:
		return nil
	case <-d.gone:
		return errors.New("play: the call ended before all was played")
	case <-ctx.Done():
		d.sender.mu.Lock()
		if d.sender.clip == c {
			d.sender.clip = nil
		}
		d.sender.mu.Unlock()
		return fmt.Errorf("play: %w", ctx.Err())
	}
}

// PlayTone speaks a sine of the frequency in Hz for the time.
func (d *Dialog) PlayTone(ctx context.Context, hz float64, length time.Duration) error {
	return d.Play(ctx, pbxtest.Tone(hz, int(length.Seconds()*pbxtest.Rate)))
}

// SendDTMF presses keys (0-9, *, #, A-D) one after the other as RFC 4733
// events, about 300 ms each.
func (d *Dialog) SendDTMF(ctx context.Context, keys string) error {
	d.sender.mu.Lock()
	w := d.sender.keys
	d.sender.mu.Unlock()
	if w == nil {
		return errors.New("press keys: the call has no audio yet")
	}
	for _, key := range keys {
		if err := w.WriteDTMF(key); err != nil {
			return fmt.Errorf("press %q: %w", key, err)
		}
		if err := d.pause(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// pause is the time between a key and the next.
func (d *Dialog) pause(ctx context.Context, key rune) error {
	select {
	case <-time.After(keyPause):
		return nil
	case <-d.gone:
		return fmt.Errorf("press keys: the call ended after %q", key)
	case <-ctx.Done():
		return fmt.Errorf("press keys: %w", ctx.Err())
	}
}

// recorder keeps all that was received.
type recorder struct {
	mu      sync.Mutex
	pcm     []int16
	frames  []Frame
	digits  []Digit
	changed chan struct{} // closed and replaced at each arrival
	rubbish int           // packets that were no RTP
	deaf    error         // why nothing is read any more
}

// Frame is one RTP packet of audio: when it arrived, and its samples' place
// in what Heard returns.
type Frame struct {
	At            time.Time
	Offset, Count int
}

// Digit is a key that the other side pressed, and when its first packet arrived.
type Digit struct {
	Key rune
	At  time.Time
}

func newRecorder() *recorder { return &recorder{changed: make(chan struct{})} }

// run reads until the session is closed.
func (r *recorder) run(in *media.RTPPacketReader) {
	buf, lpcm := make([]byte, media.RTPBufSize), make([]byte, 2*media.RTPBufSize)
	var event struct {
		timestamp uint32
		known     bool
	}
	for {
		n, err := in.Read(buf)
		if err != nil {
			if r.goesOn(err) {
				continue
			}
			return
		}
		now, head := time.Now(), in.PacketHeader
		switch head.PayloadType {
		case payloadUlaw:
			if n, err := audio.DecodeUlawTo(lpcm, buf[:n]); err == nil {
				r.audio(now, lpcm[:n])
			}
		case payloadDTMF:
			// all packets of one key carry its first one's timestamp
			if n >= 4 && (!event.known || event.timestamp != head.Timestamp) {
				event.timestamp, event.known = head.Timestamp, true
				r.digit(Digit{Key: media.DTMFToRune(buf[0]), At: now})
			}
		}
	}
}

// goesOn tells whether there may be more to read after that error: a telephone throws away what is no RTP.
func (r *recorder) goesOn(err error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rubbish++
	if r.rubbish > 1000 || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) {
		r.deaf = err
		return false
	}
	return true
}

// state tells of a call's ears for a person who wonders why something was not heard.
func (r *recorder) state(pcm []int16) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := "nothing"
	if n := len(r.frames); n > 0 {
		last = "the last packet " + time.Since(r.frames[n-1].At).Round(time.Millisecond).String() + " ago"
	}
	return fmt.Sprintf("%d packets have come, %s, the last %d samples are silent: %t, rubbish %d, reading ended: %v", len(r.frames), last, len(pcm), hear.Silent(pcm), r.rubbish, r.deaf)
}

func (r *recorder) audio(at time.Time, lpcm []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.frames = append(r.frames, Frame{At: at, Offset: len(r.pcm), Count: len(lpcm) / 2})
	for i := 0; i+1 < len(lpcm); i += 2 {
		r.pcm = append(r.pcm, int16(uint16(lpcm[i])|uint16(lpcm[i+1])<<8))
	}
	r.signal()
}

func (r *recorder) digit(d Digit) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.digits = append(r.digits, d)
	r.signal()
}

func (r *recorder) signal() {
	close(r.changed)
	r.changed = make(chan struct{})
}
