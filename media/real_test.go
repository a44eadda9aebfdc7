package media

import (
	"math"
	"net/netip"
	"testing"
	"time"

	"ctid/pbxtest"
)

// TestRealEngines speaks with the real engines: telephone sound of a likely length, loud enough to hear. Chinese must
// last as Chinese does: read as spelled English, a character takes a second.
func TestRealEngines(t *testing.T) {
	programs := map[string]Program{}
	for _, engine := range []string{Espeak, Flite} {
		cmd, env, err := pbxtest.Tool(t.Context(), engine)
		if err != nil {
			t.Fatal(err)
		}
		programs[engine] = Program{Command: cmd, Env: append(env, "LC_ALL=C.UTF-8")}
	}
	l, err := New(Config{Programs: programs, CacheDir: t.TempDir(), Key: []byte("0123456789abcdef"), Voices: []Voice{
		{Lang: "en", Voice: "en-gb"}, {Lang: "en", Engine: Flite, Voice: "slt"}, {Lang: "en", Engine: Flite, Voice: "kal"},
		{Lang: "zh", Voice: "cmn-latn-pinyin"}}, Nodes: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, Timeout: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	const english = "For sales press one! For support press two. Is there more?"
	for _, p := range []Part{{Text: english, Lang: "en"}, {Text: english, Lang: "en", Voice: "slt"}, {Text: english, Lang: "en", Voice: "kal", Private: true},
		{Text: "销售请按一，技术支持请按二。", Lang: "zh"}} {
		ms, err := l.Prepare(t.Context(), []Part{p})
		if err != nil || len(ms) != 1 {
			t.Fatalf("%+v: %v, %v", p, ms, err)
		}
		m := ms[0]
		if m.Duration < 2*time.Second || m.Duration > 7*time.Second {
			t.Errorf("%+v lasts %s", p, m.Duration)
		}
		data, _, ok := l.sound(m.Path[len(m.Path)-68 : len(m.Path)-4])
		w, err := parseWAV(data)
		if !ok || err != nil || !w.telephone() {
			t.Fatalf("%+v: %v, %v", p, ok, err)
		}
		sum := 0.0
		for _, s := range w.samples() {
			sum += float64(s) * float64(s)
		}
		rms := math.Sqrt(sum / float64(len(w.samples())))
		t.Logf("%-3s %-6s %5.2f s, loudness %.0f", p.Lang, p.Voice, m.Duration.Seconds(), rms)
		if rms < 500 {
			t.Errorf("%+v is too quiet: %.0f", p, rms)
		}
	}
}
