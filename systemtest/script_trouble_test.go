package systemtest

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"ctid/pbxtest"
)

// badShop is a server that answers as it should not: never, or with two GiB.
func badShop(t *testing.T) *httptest.Server {
	block := make([]byte, 1<<20)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch req.URL.Path {
		case "/flood":
			w.Header().Set("Content-Type", "application/json")
			for range 2048 {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		default:
			<-req.Context().Done()
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// troubles are steps that meet what goes wrong outside; each leads on to the word that the caller hears then.
var troubles = []struct{ name, node, hears string }{
	{"a server that never answers", `http: {url: "GET SHOP/never", within: 1s}, then: {done: one, error: sorry}`, "sorry"},
	{"a server that answers two GiB", `http: {url: "GET SHOP/flood", within: 10s}, then: {done: one, error: sorry}`, "sorry"},
	{"SQL that runs for ever", `query: {sql: "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) as n from n", within: 1s}, then: {done: one, none: one, error: sorry}`, "sorry"},
	{"a voice that hangs", `play: {prompt: wrong, language: de}, then: one`, "one"},
	{"a recording that is no sound", `play: choose, then: one`, "choose"},
	{"a recording that is gone", `play: further, then: one`, "further"},
	{"music that is not there", `queue: {name: support, music: nowhere, at_most: 4s}, then: {timeout: one, otherwise: sorry}`, "one"},
	{"a folder of messages that cannot be written", `voicemail: {mailbox: sales, greeting: quiet, consent: quiet, min: 1s}, then: {left: one, none: one, error: sorry}`, "sorry"},
}

func troubleScript(shop, node string) string {
	text := "version: 1\nname: Trouble\nlanguages: [en, de]\nprompts:\n"
	for _, name := range []string{"one", "sorry", "choose", "further", "quiet", "wrong"} {
		if name == "one" || strings.Contains(node, name) {
			text += fmt.Sprintf("  %s: {en: %q, de: %q}\n", name, keyTexts[name], keyTexts[name])
		}
	}
	text += "nodes:\n  a: {" + strings.ReplaceAll(node, "SHOP", shop) + "}\n  one: [{play: one}, {hangup: normal}]\n"
	if strings.Contains(node, "sorry") {
		text += "  sorry: [{play: sorry}, {hangup: normal}]\n"
	}
	return text
}

// Whatever is wrong outside, the call goes on to its next outcome, and its caller hears what stands there.
func TestRealScriptTrouble(t *testing.T) {
	shop := badShop(t)
	scripts, spoken := make([]string, len(troubles)), maps.Clone(keyTexts)
	maps.DeleteFunc(spoken, func(name, _ string) bool {
		return !slices.Contains([]string{"one", "sorry", "choose", "quiet", "wrong"}, name)
	})
	for n, x := range troubles {
		scripts[n] = troubleScript(shop.URL, x.node)
	}
	db := filepath.Join(t.TempDir(), "shop.db")
	x, err := sqlx.Open("sqlite3", db)
	if err != nil {
		t.Fatal(err)
	}
	x.MustExec("CREATE TABLE t (x)")
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	s := startScripts(t, Options{Agents: 1, Desk: "none", Config: "databases: [{name: shop, driver: sqlite, dsn: \"" + db + "\"}]\n" + messageConfig,
		Files: map[string]string{"ivr/sounds/en/choose.wav": "rubbish", "ivr/sounds/en/further.wav": string(pbxtest.WAV(speak(t, keyTexts["long"])))},
		Change: func(yaml string) string {
			yaml = strings.Replace(yaml, "ivr: {", "ivr: {http_allow: [\""+shop.URL+"\"], ", 1)
			return strings.Replace(yaml, "{lang: en, voice: en-gb}", "{lang: en, voice: en-gb}, {lang: de, engine: url, voice: x, url: \""+shop.URL+"/speak?text={text}\", timeout: 1s}", 1)
		},
	}, scripts, spoken)
	messages := filepath.Join(s.r.Dir, "messages")
	for _, what := range []string{filepath.Join(s.r.Dir, "ivr", "sounds", "en", "further.wav"), filepath.Join(s.r.Dir, "prompts", "recordings"), messages} {
		if err := os.RemoveAll(what); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(messages, nil, 0o600); err != nil { // in the folder's place is a file
		t.Fatal(err)
	}
	for n, x := range troubles {
		s.each(x.name, n, func(p *part) {
			p.dial(0)
			if strings.Contains(x.node, "voicemail") {
				p.must(p.call.AwaitAnswer(p.ctx))
				afterTone(p.ctx, p.r, p.call, p.call.Times().Answered, tone(t))
				p.must(p.call.Play(p.ctx, speak(t, "Please call me about the garden furniture.")))
				p.must(p.call.SendDTMF(p.ctx, "#"))
			}
			if strings.Contains(x.node, "music") { // Asterisk plays its default class
				p.must(p.soon(func() error { return musicIn(p.call.Heard()) }))
			}
			p.hearsOf(p.call, x.hears, map[string][]int16{x.hears: speak(t, keyTexts[x.hears])})
			if _, err := p.call.AwaitEnd(p.ctx); err != nil {
				p.fatal("%v", err)
			}
		})
	}
	s.wg.Wait()
	s.r.Clean()
	for n, x := range troubles {
		if rec := s.recordOf(n); rec.Outcome == "" || len(rec.IVR.Path) < 2 {
			t.Errorf("%s: the record has %q, %v", x.name, rec.Outcome, rec.IVR.Path)
		}
	}
	if err := os.Remove(messages); err != nil {
		t.Fatal(err)
	}
	s.r.Stop()
	s.r.Launch() // and the message is fetched from where it has lain
	s.r.Eventually("the message", func() error {
		st := s.r.Store()
		defer st.Close(context.WithoutCancel(t.Context())) //nolint:errcheck // read only
		list, err := st.Voicemails(t.Context(), "sales")
		if err == nil && len(list) != 1 {
			err = fmt.Errorf("%d messages", len(list))
		}
		return err
	})
	s.r.Clean()
}
