package media

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// server is a server that speaks; answer says how.
func server(t *testing.T, answer http.HandlerFunc) (*rig, *[]string) {
	t.Helper()
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Query().Get("text")+"|"+r.URL.Query().Get("voice")+"|"+r.Header.Get("X-Key"))
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return newRig(t, "ok", func(c *Config) {
		c.Voices = []Voice{{Lang: "en", Engine: URL, Voice: "amy", URL: s.URL + "/speak?text={text}&voice={voice}",
			Headers: []Header{{"X-Key", "k1"}}, Timeout: 300 * time.Millisecond}}
	}), &asked
}

func TestServerSpeaks(t *testing.T) {
	r, asked := server(t, func(w http.ResponseWriter, _ *http.Request) {
		b := telephoneWAV(tone(500, 24000, 24000))
		b[24], b[25] = 0xc0, 0x5d
		_, _ = w.Write(b) // a client that has gone is told by the test
	})
	m := r.one(Part{Text: "a&voice=x #1 + 50 %\n", Lang: "en"})
	if len(*asked) != 1 || (*asked)[0] != "a&voice=x #1 + 50 %|amy|k1" {
		t.Errorf("asked %q", *asked)
	}
	w, err := parseWAV(r.get("GET", m.Path, node).Body.Bytes())
	if err != nil || !w.telephone() || m.Duration != time.Second {
		t.Errorf("%v, %s", err, m.Duration)
	}
	if r.one(Part{Text: "a&voice=x #1 + 50 %\n", Lang: "en"}); len(*asked) != 1 {
		t.Errorf("asked %d times", len(*asked))
	}
}

func TestServerThatFails(t *testing.T) {
	for name, x := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"no":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, "secret_file"},
		"broken": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, "502"},
		"moved": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://192.0.2.1/", http.StatusFound)
		}, "302"},
		"mp3": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "audio/mpeg")
			_, _ = w.Write([]byte("ID3"))
		}, "audio/mpeg"},
		"endless": {func(w http.ResponseWriter, _ *http.Request) {
			for b := bytes.Repeat([]byte("RIFF"), 1<<18); ; {
				if _, err := w.Write(b); err != nil {
					return
				}
			}
		}, ""},
		"hangs": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := server(t, x.answer)
			ms, err := r.Prepare(t.Context(), []Part{{Text: "Secret text.", Lang: "en"}, {Name: "hello", Text: "Hello.", Lang: "en"}})
			if len(ms) != 1 || err == nil || !strings.Contains(err.Error(), x.want) || !strings.Contains(err.Error(), "url cannot speak en with the voice amy") {
				t.Fatalf("%v, %v", ms, err)
			}
			if strings.Contains(err.Error(), "Secret") || strings.Contains(err.Error(), "k1") {
				t.Errorf("the error tells too much: %v", err)
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	for address, good := range map[string]bool{
		"https://tts.example.com/speak?text={text}&voice={voice}": true, "https://tts.example.com/{lang}/{voice}/{text}.wav": true,
		"http://localhost:5002/api/tts?text={text}": true, "http://127.0.0.1/?t={text}": true, "http://[::1]:80/?t={text}": true,
		"http://tts.example.com/?t={text}": false, "https://tts.example.com/": false, "https://{voice}.example.com/?t={text}": false,
		"https://u:p@tts.example.com/?t={text}": false, "https://tts.example.com/?t={text}&x={key}": false, "ftp://localhost/{text}": false,
		"http://localhost.example.com/?t={text}": false, "{text}": false, "": false,
	} {
		if err := CheckURL(address); (err == nil) != good {
			t.Errorf("%s: %v", address, err)
		}
	}
	if got := (Voice{URL: "https://x/{voice}/{text}?q={text}", Voice: "a b", Lang: "en"}).fill("1/2 ?&"); got != "https://x/a%20b/1%2F2%20%3F&?q=1%2F2+%3F%26" {
		t.Error(got)
	}
}

// A name that only looks like this machine is not asked without TLS.
func TestOnlyThisMachineWithoutTLS(t *testing.T) {
	d := transport("http").DialContext
	if c, err := d(t.Context(), "tcp", "192.0.2.1:80"); err == nil || !strings.Contains(err.Error(), "only this machine") {
		t.Errorf("%v, %v", c, err)
	}
}
