package media

import (
	"math"
	"net/netip"
	"testing"
	"time"

	"ctid/pbxtest"
)

// TestRealEspeak speaks English and Chinese with the real engine: telephone sound of a likely length, loud enough to hear.
func TestRealEspeak(t *testing.T) {
	cmd, env, err := pbxtest.Tool(t.Context(), "espeak-ng")
	if err != nil {
		t.Fatal(err)
	}
	l, err := New(Config{Command: cmd, Env: append(env, "LC_ALL=C.UTF-8"), CacheDir: t.TempDir(), Key: []byte("0123456789abcdef"),
		Voices: []Voice{{Lang: "en", Engine: "espeak-ng", Voice: "en-gb"}, {Lang: "zh", Voice: "cmn"}},
		Nodes:  []netip.Addr{netip.MustParseAddr("127.0.0.1")}, Timeout: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	ms, err := l.Prepare(t.Context(), []Part{{Text: "For sales press one. For support press two.", Lang: "en"}, {Text: "销售请按一，技术支持请按二。", Lang: "zh"}})
	if err != nil || len(ms) != 2 {
		t.Fatalf("%v, %v", ms, err)
	}
	for _, m := range ms {
		if m.Duration < time.Second || m.Duration > 10*time.Second {
			t.Errorf("%q lasts %s", m.Text, m.Duration)
		}
		data, _, ok := l.sound(m.Path[len(m.Path)-68 : len(m.Path)-4])
		w, err := parseWAV(data)
		if !ok || err != nil || w.telephone() != nil {
			t.Fatalf("%q: %v, %v", m.Text, ok, err)
		}
		sum := 0.0
		for _, s := range w.samples() {
			sum += float64(s) * float64(s)
		}
		if rms := math.Sqrt(sum / float64(len(w.samples()))); rms < 500 {
			t.Errorf("%q is too quiet: %.0f", m.Text, rms)
		}
	}
}
