package voicemail

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ctid"
)

var start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// world is a table of messages and an Asterisk, both of which can fail.
type world struct {
	rows    map[ctid.VoicemailID]ctid.Voicemail
	files   map[string][]byte
	talking map[ctid.CallID]bool // calls that are not over
	fail    map[string]error     // by what is asked
	now     time.Time
}

func (w *world) err(what string) error { return w.fail[what] }

func (w *world) BeginVoicemail(_ context.Context, v ctid.Voicemail) error {
	v.State = ctid.VoicemailRecording
	w.rows[v.ID] = v
	return w.err("begin")
}

func (w *world) StoreVoicemail(_ context.Context, v ctid.Voicemail, state string) error {
	if err := w.err(state); err != nil {
		return err
	}
	v.State = state
	w.rows[v.ID] = v
	return nil
}

func (w *world) DeleteVoicemail(_ context.Context, id ctid.VoicemailID) error {
	delete(w.rows, id)
	return nil
}

func (w *world) ForgetVoicemail(_ context.Context, id ctid.VoicemailID) error {
	delete(w.rows, id)
	return w.err("forget")
}

func (w *world) Voicemail(_ context.Context, id ctid.VoicemailID) (ctid.Voicemail, error) {
	v, ok := w.rows[id]
	if !ok {
		return v, errors.New("no such message")
	}
	return v, nil
}

func (w *world) LooseVoicemails(context.Context) ([]ctid.Voicemail, error) {
	var out []ctid.Voicemail
	for _, id := range slices.Sorted(maps.Keys(w.rows)) {
		if v := w.rows[id]; v.Erased || v.State != ctid.VoicemailKept && (v.State != ctid.VoicemailRecording || !w.talking[v.Call]) {
			out = append(out, v)
		}
	}
	return out, w.err("loose")
}

func (w *world) Recording(_ context.Context, _ ctid.NodeID, name string) ([]byte, error) {
	if err := w.err("fetch"); err != nil {
		return nil, err
	}
	f, ok := w.files[name]
	if !ok {
		return nil, ErrNoRecording
	}
	return f, nil
}

func (w *world) DeleteRecording(_ context.Context, _ ctid.NodeID, name string) error {
	if err := w.err("delete"); err != nil {
		return err
	}
	delete(w.files, name)
	return nil
}

// begun is a world in which a message of that long has been recorded, and its box.
func begun(t *testing.T, talk, all time.Duration) (*world, *Box, ctid.Voicemail) {
	t.Helper()
	w := &world{rows: map[ctid.VoicemailID]ctid.Voicemail{}, files: map[string][]byte{"r1": wav(talk, all)}, talking: map[ctid.CallID]bool{}, fail: map[string]error{}, now: start}
	b := New(Config{Dir: filepath.Join(t.TempDir(), "messages"), Rows: w, Recorder: w, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return w.now }})
	v := ctid.Voicemail{ID: "v_1", Mailbox: "sales", Call: "c_1", Node: "pbx", Name: "r1", At: start, Least: 2 * time.Second}
	if err := b.Begin(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	return w, b, v
}

func wav(talk, all time.Duration) []byte {
	n := int(all * rate / time.Second)
	h := []byte("RIFF....WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data")
	h = binary.LittleEndian.AppendUint32(h, uint32(2*n))
	for i := range n {
		v := 0.0
		if time.Duration(i)*time.Second/rate < talk {
			v = 5000 * math.Sin(float64(i)/3)
		}
		h = binary.LittleEndian.AppendUint16(h, uint16(int16(v)))
	}
	return h
}

func (b *Box) files(t *testing.T) []string {
	t.Helper()
	out := []string{}
	err := filepath.WalkDir(b.cfg.Dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, d.Name())
		}
		return nil
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return out
}

func TestAMessageIsKept(t *testing.T) {
	w, b, v := begun(t, 3*time.Second, 5*time.Second)
	want := slices.Clone(w.files["r1"])
	if err := b.Keep(t.Context(), v.ID); err != nil {
		t.Fatal(err)
	}
	got := w.rows[v.ID]
	if got.State != ctid.VoicemailKept || got.Length != 5*time.Second || len(w.files) != 0 {
		t.Errorf("%+v, at the node %d", got, len(w.files))
	}
	st, err := os.Stat(b.path(v))
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", st, err)
	}
	f, err := Open(b.cfg.Dir, got)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(f)
	if err != nil || !slices.Equal(data, want) {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if err := b.Keep(t.Context(), v.ID); err != nil {
		t.Errorf("keeping it again: %v", err)
	}
}

func TestNoMessage(t *testing.T) {
	for name, c := range map[string]struct{ talk, all time.Duration }{
		"too short":     {time.Second, time.Second},
		"only silence":  {0, 10 * time.Second},
		"hardly a word": {1500 * time.Millisecond, 10 * time.Second},
		"nothing":       {0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w, b, v := begun(t, c.talk, c.all)
			if err := b.Keep(t.Context(), v.ID); !errors.Is(err, ErrTooShort) {
				t.Error(err)
			}
			if len(w.rows)+len(w.files)+len(b.files(t)) != 0 {
				t.Errorf("left: %v, %d, %v", w.rows, len(w.files), b.files(t))
			}
		})
	}
}

// Whatever fails on the way, nothing is lost: when it works again, the message is there once.
func TestAnInterruptedMessageIsSweptIn(t *testing.T) {
	broken := errors.New("broken")
	for _, what := range []string{"fetch", ctid.VoicemailStored, "delete", ctid.VoicemailKept} {
		t.Run(what, func(t *testing.T) {
			w, b, v := begun(t, 3*time.Second, 3*time.Second)
			w.fail[what] = broken
			err := b.Keep(t.Context(), v.ID)
			if safe := what == "delete" || what == ctid.VoicemailKept; safe != (err == nil) {
				t.Error(err)
			}
			b.Sweep(t.Context())
			if _, there := w.rows[v.ID]; !there || len(w.files) == 0 && what != ctid.VoicemailKept {
				t.Error("it was lost")
			}
			delete(w.fail, what)
			b.Sweep(t.Context())
			if got := w.rows[v.ID]; got.State != ctid.VoicemailKept || len(w.files) != 0 || !slices.Equal(b.files(t), []string{"v_1.wav"}) {
				t.Errorf("%+v, at the node %d, here %v", got, len(w.files), b.files(t))
			}
		})
	}
}

func TestAFolderThatCannotBeWritten(t *testing.T) {
	w, b, v := begun(t, 3*time.Second, 3*time.Second)
	if err := os.WriteFile(b.cfg.Dir, nil, 0o600); err != nil { // in its place is a file
		t.Fatal(err)
	}
	if err := b.Keep(t.Context(), v.ID); err == nil || len(w.files) != 1 || w.rows[v.ID].State != ctid.VoicemailRecording {
		t.Errorf("%v, %+v", err, w.rows)
	}
}

// A full disk leaves no half of a file behind that could be taken for a message.
func TestHalfAFileIsNoMessage(t *testing.T) {
	name := filepath.Join(t.TempDir(), "m", "v.wav")
	if err := os.MkdirAll(name, 0o700); err != nil { // the rename cannot work
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(name, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := write(name, []byte("x")); err == nil {
		t.Error("it was written")
	}
	if left, err := os.ReadDir(filepath.Dir(name)); err != nil || len(left) != 1 {
		t.Errorf("%v %v", left, err)
	}
}

func TestSweep(t *testing.T) {
	t.Run("a call that goes on", func(t *testing.T) {
		w, b, v := begun(t, 3*time.Second, 3*time.Second)
		w.talking["c_1"] = true
		b.Sweep(t.Context())
		if w.rows[v.ID].State != ctid.VoicemailRecording || len(w.files) != 1 {
			t.Errorf("%+v", w.rows)
		}
	})
	t.Run("nothing recorded", func(t *testing.T) {
		w, b, _ := begun(t, 0, 0)
		clear(w.files)
		b.Sweep(t.Context())
		if len(w.rows) != 1 {
			t.Error("it was forgotten too early")
		}
		w.now = start.Add(11 * time.Minute)
		b.Sweep(t.Context())
		if len(w.rows) != 0 {
			t.Errorf("%+v", w.rows)
		}
	})
	t.Run("erased", func(t *testing.T) {
		w, b, v := begun(t, 3*time.Second, 3*time.Second)
		if err := b.Keep(t.Context(), v.ID); err != nil {
			t.Fatal(err)
		}
		v = w.rows[v.ID]
		v.Erased = true
		w.rows[v.ID] = v
		b.Sweep(t.Context())
		if len(w.rows)+len(b.files(t)) != 0 {
			t.Errorf("%+v %v", w.rows, b.files(t))
		}
	})
	t.Run("deleted before its recording was", func(t *testing.T) {
		w, b, v := begun(t, 3*time.Second, 3*time.Second)
		v.State = ctid.VoicemailGone
		w.rows[v.ID] = v
		b.Sweep(t.Context())
		if len(w.rows)+len(w.files) != 0 {
			t.Errorf("%+v", w.rows)
		}
	})
}

func TestOpenKnowsWhatWasRecorded(t *testing.T) {
	w, b, v := begun(t, 3*time.Second, 3*time.Second)
	if err := b.Keep(t.Context(), v.ID); err != nil {
		t.Fatal(err)
	}
	v = w.rows[v.ID]
	for _, change := range []func(d []byte) []byte{
		func(d []byte) []byte { d[100]++; return d },
		func(d []byte) []byte { return d[:100] },
		func(d []byte) []byte { return append(d, 0) },
	} {
		data, err := os.ReadFile(b.path(v))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(b.path(v), change(slices.Clone(data)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(b.cfg.Dir, v); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Error(err)
		}
		if err := os.WriteFile(b.path(v), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := Delete(b.cfg.Dir, v); err != nil {
		t.Error(err)
	}
	if err := Delete(b.cfg.Dir, v); err != nil {
		t.Errorf("again: %v", err)
	}
}

func TestNamesStayInTheFolder(t *testing.T) {
	_, b, v := begun(t, time.Second, time.Second)
	for _, m := range []string{"../x", "", ".", "a/b"} {
		v.Mailbox = m
		if err := b.Begin(t.Context(), v); err == nil {
			t.Errorf("mailbox %q", m)
		}
	}
}

func FuzzMeasure(f *testing.F) {
	f.Add(wav(time.Second, time.Second))
	f.Add([]byte("RIFF....WAVEfmt \xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if length, said, err := measure(b); err == nil && (said > length || said < 0) {
			t.Errorf("%v of %v", said, length)
		}
	})
}
