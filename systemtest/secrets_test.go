package systemtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"ctid/pbxtest"
	"ctid/pbxtest/hear"
	"ctid/pbxtest/phonetest"
	"ctid/store"
)

// Secret digits, and digits that a careless script lets out. Neither comes about by chance.
const (
	pin  = "739154"
	leak = "846203"
)

// carefulScript asks for a PIN as it should be asked for; %s is the server. carelessScript does all that it should not.
const (
	carefulScript = `version: 1
languages: [en]
vars: {pin: secret}
defaults: {failed: hangup}
prompts: {choose: To go on press one., pin: Enter your six digit code., right: If that is right press one., wrong: That code is wrong., leave: Leave a message.}
nodes:
  choose: {menu: {1: ask, prompt: choose}}
  ask:
    - collect: {into: pin, digits: 6, mask: true, prompt: pin, confirm: right, wait: 8s}
    - http: {url: "POST %s/pin", json: {pin: =vars.pin}}
      then: {done: leave, refused: wrong}
  wrong: [{play: wrong}, {goto: ask}]
  leave: {voicemail: {mailbox: sales, greeting: leave, min: 1s}}
`
	carelessScript = `version: 1
languages: [en]
vars: {code: digits}
defaults: {failed: hangup}
prompts: {code: Enter your code., leave: Leave a message.}
nodes:
  ask:
    - collect: {into: code, digits: 6, prompt: code, wait: 8s}
    - attach: {code: =vars.code}
    - http: "GET %s/leak?code=${vars.code}"
    - wait: 2s
    - voicemail: {mailbox: sales, greeting: leave, min: 1s}
`
)

// TestRealSecretsAreNowhere: what a careless script and a careless caller let out is found in each place where it gets to,
// so the search is worth something; a PIN that was typed ahead, refused, repeated, confirmed and sent to a server is in none.
func TestRealSecretsAreNowhere(t *testing.T) {
	server := newAccessLog(t)
	pbx := loggingAsterisk(t)
	r := Start(t, Options{Bin: program, PBX: pbx, Desk: "none", Script: fmt.Sprintf(carefulScript, server.URL),
		Config: "voicemail: {dir: messages, mailboxes: [sales]}\nlog: {level: debug}\n",
		Change: func(yaml string) string {
			yaml = strings.Replace(yaml, "queues:\n", "  - {dnis: \"8003\", label: Careless, script: c"+leak+"}\nqueues:\n", 1) // its name gets into ctid's log
			return strings.Replace(yaml, "ivr: {", "ivr: {http_allow: [\""+server.URL+"\"], ", 1)
		}, Files: map[string]string{"ivr/c" + leak + ".yaml": fmt.Sprintf(carelessScript, server.URL)}})
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	s := &searched{r: r, pbx: pbx, server: server, seen: map[string][]byte{}}
	var calls sync.WaitGroup
	calls.Go(func() { s.careful(ctx) })
	calls.Go(func() { s.careless(ctx) })
	calls.Wait()
	r.Eventually("two messages", func() error {
		if list, _ := r.messages(); len(list) != 2 {
			return fmt.Errorf("%d messages", len(list))
		}
		return nil
	})
	r.EndedRecords()
	s.look()
	s.plantInFile(t)
	if server.pins != 3 {
		t.Errorf("the server was sent the PIN %d times, want 3", server.pins)
	}
	for _, place := range []string{"log", "inputs", "snapshots", "records", "facts", "database", "planted database", "messages", "asterisk's log", "asterisk's CDR", "access log"} {
		text, ok := s.seen[place]
		if !ok {
			t.Errorf("%s was not looked at", place)
		}
		if bytes.Contains(text, []byte(pin)) {
			t.Errorf("the PIN is in %s", place)
		}
		// Texts about people are sealed in the database: raw digits are there only where something else put them.
		if place != "database" && !bytes.Contains(text, []byte(leak)) {
			t.Errorf("what was let out is not found in %s, so that nothing is found there says nothing:\n%.2000s", place, text)
		}
	}
}

// searched are the places where a secret might be.
type searched struct {
	r      *Rig
	pbx    *pbxtest.PBX
	server *accessLog
	mu     sync.Mutex
	seen   map[string][]byte
}

func (s *searched) keep(place string, text []byte) {
	s.seen[place] = append(append(s.seen[place], text...), '\n')
}

// look reads every place as it is now, what the database has sealed in clear.
func (s *searched) look() {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.r.T
	s.seen["log"] = []byte(s.r.Log())
	s.seen["access log"] = s.server.text()
	file := func(place string, path ...string) {
		b, err := os.ReadFile(filepath.Join(path...))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
		s.keep(place, b)
	}
	file("database", s.r.Dir, "ctid.db")
	file("database", s.r.Dir, "ctid.db-wal")
	file("asterisk's log", s.pbx.Dir(), "log", "full.log")
	file("asterisk's CDR", s.pbx.Dir(), "log", "cdr-csv", "Master.csv")
	st := s.r.Store()
	defer st.Close(context.WithoutCancel(t.Context())) //nolint:errcheck // read only
	s.database(st)
	list, sound := s.r.messages()
	for i := range list {
		s.keep("messages", []byte(hear.DTMF(sound[i])))
	}
}

// database keeps what is in the database, opened with its keys.
func (s *searched) database(st *store.Store) {
	ctx, t := s.r.T.Context(), s.r.T
	records, err := st.Records(ctx, store.RecordQuery{Limit: 100})
	if err != nil {
		t.Error(err)
	}
	for _, rec := range records {
		if rec.Live != nil {
			s.keep("snapshots", []byte(rec.Live.Machine))
		}
		inputs, err := st.IVRInputs(ctx, rec.ID)
		if err != nil {
			t.Error(err)
		}
		s.keep("inputs", asJSON(t, inputs))
	}
	s.keep("records", asJSON(t, records))
	rows, err := st.ReadLog(ctx, store.LogQuery{Limit: 10_000})
	if err != nil {
		t.Error(err)
	}
	for _, row := range rows {
		s.keep("facts", []byte(row.Kind+" "+string(row.Body)))
	}
}

func asJSON(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Error(err)
	}
	return b
}

// plantInFile writes the digits into a copy of the database and deletes them again: the search of the raw files finds them
// in a page that nobody uses.
func (s *searched) plantInFile(t *testing.T) {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "copy.db")
	db, err := sqlx.Open("sqlite3", "file:"+copied+"?_secure_delete=off&_journal_mode=WAL")
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{"CREATE TABLE planted (x TEXT)", "INSERT INTO planted VALUES ('" + leak + "')", "DELETE FROM planted"} {
		if _, err := db.ExecContext(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}
	s.keep("planted database", b)
}

// careful types the PIN ahead, enters it again instead of confirming it, is refused, enters it once more, and types it
// where no PIN is asked for any more: while he leaves a message.
func (s *searched) careful(ctx context.Context) {
	call, err := s.r.Caller().Call(ctx, Number, phonetest.CallOptions{From: "02079460101"})
	if err != nil {
		s.r.T.Error(err)
		return
	}
	asked := func(n int) { s.r.Eventually(fmt.Sprintf("question %d", n), func() error { return s.server.asked(n) }) }
	press := func(keys string) {
		if err := call.SendDTMF(ctx, keys); err != nil {
			s.r.T.Error(err)
		}
		s.look()
	}
	press("1" + pin)
	press("2" + pin)
	press("1")
	asked(1)
	press(pin + "1")
	asked(2)
	press(pin)
	press("1")
	asked(3)
	s.message(ctx, call, nil)
}

// message waits for the tone, says something, and ends the message.
func (s *searched) message(ctx context.Context, call *phonetest.Dialog, keys []int16) {
	beep := tone(s.r.T)
	afterTone(ctx, s.r, call, time.Time{}, beep)
	words := speak(s.r.T, "This is a message about nothing in particular.")
	end := pin + "#"
	if keys != nil {
		end = "#"
	}
	if err := call.Play(ctx, append(words, keys...)); err != nil {
		s.r.T.Error(err)
	}
	_ = call.SendDTMF(ctx, end) // the call may end before the key does
	if _, err := call.AwaitEnd(ctx); err != nil {
		s.r.T.Error(err)
	}
}

// careless lets his digits out wherever they can get: as a number, to a script that shows them, in tones in a message.
func (s *searched) careless(ctx context.Context) {
	if call, err := s.r.Caller().Call(ctx, leak, phonetest.CallOptions{From: "02079460102"}); err == nil { // what Asterisk logs of a number
		_ = call.Hangup(ctx)
	}
	call, err := s.r.Caller().Call(ctx, "8003", phonetest.CallOptions{From: leak})
	if err != nil {
		s.r.T.Error(err)
		return
	}
	if err := call.SendDTMF(ctx, leak); err != nil {
		s.r.T.Error(err)
	}
	s.r.Eventually("what was let out", func() error { return s.server.leaked() })
	s.look()
	s.message(ctx, call, hear.Keys(leak))
}

// accessLog is a server that writes down what servers write down of each request: no bodies.
type accessLog struct {
	*httptest.Server
	mu    sync.Mutex
	lines bytes.Buffer
	pins  int
	leaks int
}

func newAccessLog(t *testing.T) *accessLog {
	a := &accessLog{}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

// ServeHTTP implements http.Handler: the third PIN is right.
func (a *accessLog) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	a.mu.Lock()
	defer a.mu.Unlock()
	fmt.Fprintf(&a.lines, "%s %s %v\n", req.Method, req.URL, req.Header)
	if strings.HasPrefix(req.URL.Path, "/leak") {
		a.leaks++
		return
	}
	var got struct{ PIN string }
	if err := json.Unmarshal(body, &got); err == nil && got.PIN == pin {
		a.pins++
	}
	if a.pins < 3 {
		w.WriteHeader(http.StatusForbidden)
	}
}

func (a *accessLog) text() []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	return bytes.Clone(a.lines.Bytes())
}

func (a *accessLog) asked(n int) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.pins < n {
		return fmt.Errorf("the PIN has come %d times:\n%s", a.pins, a.lines.String())
	}
	return nil
}

func (a *accessLog) leaked() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.leaks == 0 {
		return errors.New("nothing has come")
	}
	return nil
}

// loggingAsterisk is an Asterisk that logs all it can but keys, and keeps records of calls.
func loggingAsterisk(t *testing.T) *pbxtest.PBX {
	t.Helper()
	p, err := pbxtest.Start(t.Context(), pbxtest.Config{Modules: []string{"cdr_csv"}, Extra: map[string]string{
		"logger.conf": "[logfiles](+)\nfull.log => notice,warning,error,verbose(9),debug\n", "cdr.conf": "[general](+)\nenable=yes\nunanswered=yes\n[csv]\nusegmtime=yes\n"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := os.MkdirAll(filepath.Join(p.Dir(), "log", "cdr-csv"), 0o700); err != nil { // Asterisk does not make it
		t.Fatal(err)
	}
	return p
}
