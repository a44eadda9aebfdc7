package ivr

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// fieldsText writes fields as a transcript shows them; what is secret is not shown.
func fieldsText(fs []Field) string {
	var out []string
	for _, f := range fs {
		v := fmt.Sprintf("%#v", f.Value)
		if f.Secret {
			v = "(secret)"
		}
		out = append(out, f.Name+"="+v)
	}
	return "{" + strings.Join(out, " ") + "}"
}

func partsText(ps []Part) string {
	var out []string
	for _, p := range ps {
		out = append(out, fmt.Sprintf("%s “%s”", p.Name, p.Text))
	}
	return "[" + strings.Join(out, " + ") + "]"
}

// verb writes down a step of one of the heavier verbs.
func (r *rig) verb(st Step) {
	switch st := st.(type) {
	case Query:
		r.last["query"] = st.ID
		r.line("query %s sql=%q statement=%s write=%v with %s at most %d rows within %s", st.DB, st.SQL, st.Statement, st.Write, fieldsText(st.With), st.MaxRows, st.Within)
	case HTTP:
		r.last["http"] = st.ID
		text := fmt.Sprintf("%s %s within %s", st.Method, st.URL, st.Within)
		for _, x := range []struct {
			name string
			fs   []Field
		}{{"headers", st.Headers}, {"json", st.JSON}, {"form", st.Form}} {
			if x.fs != nil {
				text += " " + x.name + " " + fieldsText(x.fs)
			}
		}
		if st.Retries > 0 {
			text += fmt.Sprintf(" retries %d", st.Retries)
		}
		if st.Idempotent != "" {
			text += " key " + st.Idempotent[:6]
		}
		if st.OKFrom != 200 || st.OKTo != 299 {
			text += fmt.Sprintf(" ok %d-%d", st.OKFrom, st.OKTo)
		}
		r.line("%s", text)
	case Transfer:
		r.last["transfer"] = st.ID
		r.line("transfer to %s allow %q %s announce %s ring %s as %q", st.To, st.Allow, st.Mode, partsText(st.Announce), st.Ring, st.CallerID)
	case Dial:
		r.last["dial"] = st.ID
		r.line("dial %s allow %q in turn %v ring %s at most %s whisper %s screen %v as %q", strings.Join(st.To, " "), st.Allow, st.InTurn, st.Ring, st.Max,
			partsText(st.Whisper), st.Screen, st.CallerID)
	case Voicemail:
		r.last["voicemail"] = st.ID
		r.line("voicemail %s greeting %s consent %s %s to %s silence %s end %q review %v email %q ticket %v transcribe %v in %s", st.Mailbox, partsText(st.Greeting),
			partsText(st.Consent), st.Min, st.Max, st.Silence, st.End, st.Review, st.Email, st.Ticket, st.Transcribe, st.Lang)
	case BookCallback:
		r.last["callback"] = st.ID
		r.line("book a call back: %s on %s allow %q keep place %v first %s window %s tries %d gap %s (%s)", st.Queue, st.Number, st.Allow, st.KeepPlace, st.First,
			st.Window, st.Tries, st.Gap, st.ID)
	case Record:
		r.last["record"] = st.ID
		r.line("record %s %s keep %s consent %s", st.Do, st.Sides, st.Keep, partsText(st.Consent))
	case Fax:
		r.last["fax"] = st.ID
		r.line("fax send %v mailbox %q file %q to %q pages %d tries %d within %s email %q", st.Send, st.Mailbox, st.File, st.To, st.Pages, st.Tries, st.Within, st.Email)
	case SendMessage:
		r.last["message"] = st.ID
		r.line("message by %s to %s text %q template %q", st.By, st.To, st.Text, st.Template)
	case Detect:
		r.last["detect"] = st.ID
		r.line("detect within %s, tone within %s", st.Max, st.Beep)
	case RecordAnswer:
		r.last["record_answer"] = st.ID
		r.line("record the answer %s for %s", st.Name, st.Max)
	case Survey:
		r.line("survey %s: %s=%#v", st.Name, st.Answer.Name, st.Answer.Value)
	case Listen:
		r.last["listen"] = st.ID
		r.line("listen for %s in %s, %d guesses, at most %s, until %s of silence", strings.Join(phraseNames(st.Phrases), " "), st.Lang, st.NBest, st.Max, st.EndSilence)
	case StopListen:
		r.line("listen no more")
	case Tag:
		r.line("tag %s", strings.Join(st.Tags, " "))
	case Dispose:
		r.line("disposition %s", st.Disposition)
	case SetPriority:
		r.line("priority %d", st.Priority)
	case Pop:
		r.line("pop %q url %q colour %q note %q %s", st.Title, st.URL, st.Colour, st.Note, fieldsText(st.Fields))
	case Music:
		r.line("music %q", st.Class)
	case StopMusic:
		r.line("music off")
	default:
		r.t.Fatalf("what is a %T?", st)
	}
}

// answerOf reads the answer to a look-up: outcome, then code=…, status=…, row={json} or body={json}.
func answerOf(t *testing.T, w []string) Result {
	t.Helper()
	res := Result{Outcome: w[1]}
	read := func(text string, into any) {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	for _, x := range w[2:] {
		k, v, _ := strings.Cut(x, "=")
		switch k {
		case "code":
			res.Code = v
		case "status":
			read(v, &res.Status)
		case "body":
			read(v, &res.Body)
		case "recording":
			res.Value = map[string]any{"recording": v}
		case "row":
			var row map[string]any
			read(v, &row)
			res.Rows = append(res.Rows, row)
		default:
			t.Fatalf("what is %q?", x)
		}
	}
	return res
}

// guessesOf reads what a recogniser heard: sureness and words, the next guess after a bar.
func guessesOf(t *testing.T, w []string) []Guess {
	t.Helper()
	var out []Guess
	for _, g := range strings.Split(strings.Join(w, " "), "|") {
		n, words, _ := strings.Cut(strings.TrimSpace(g), " ")
		if n == "nothing" {
			continue
		}
		sure, err := strconv.ParseFloat(n, 64)
		if err != nil {
			t.Fatalf("%q: %v", g, err)
		}
		out = append(out, Guess{Text: words, Sure: sure})
	}
	return out
}
