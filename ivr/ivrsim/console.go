package ivrsim

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"ctid/ivr"
)

// Console plays a call by what is typed, line by line.
type Console struct {
	In     io.Reader
	Out    io.Writer
	Prompt string // before each line; empty where nobody sits there
	Script *ivr.Script
	Given  Given
	Opts   ivr.Options
	// Save keeps a test file under a name; the answer is where.
	Save func(name string, text []byte) error

	in    *bufio.Scanner
	call  *Call
	shown int
}

const help = `1 2 # *       press these keys, one after the other
my invoice    say this
(Enter)       let time pass until something happens
wait 45s      let so much time pass
agent answers · agent hangs up · queue timeout (full, closed, empty, callback)
dial answered (busy, no_answer, failed) · message left (none)
hang up       as the caller
:vars         the variables · :why the rule behind the last move
:save FILE    keep this session as a test · :help · :quit
`

// Run plays the call to its end, or to the end of the input. The error is one of reading, or of a call that cannot begin.
func (k *Console) Run() error {
	k.in = bufio.NewScanner(k.In)
	k.in.Buffer(nil, 64<<10)
	// The call does not exist yet when its first look-up asks; what has been said so far is shown after it.
	c, err := New(k.Script, k.Given, k.ask, k.Opts)
	if err != nil {
		return err
	}
	k.call = c
	for {
		k.show()
		if c.Err() != nil {
			return c.Err()
		}
		line, ok := k.read()
		if !ok {
			return k.in.Err()
		}
		if quit := k.do(strings.TrimSpace(line)); quit {
			return nil
		}
	}
}

func (k *Console) read() (string, bool) {
	fmt.Fprint(k.Out, k.Prompt)
	if !k.in.Scan() {
		return "", false
	}
	return k.in.Text(), true
}

// show writes the lines that are new.
func (k *Console) show() {
	if k.call == nil {
		return
	}
	for ; k.shown < len(k.call.lines); k.shown++ {
		fmt.Fprintln(k.Out, k.call.lines[k.shown])
	}
}

// do carries out one line.
func (k *Console) do(line string) (quit bool) {
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch word {
	case ":quit", ":q":
		return true
	case ":help", ":h":
		fmt.Fprint(k.Out, help)
	case ":vars":
		fmt.Fprintln(k.Out, k.call.Vars())
	case ":why":
		fmt.Fprintln(k.Out, k.call.Why())
	case ":save":
		k.save(rest)
	default:
		if strings.HasPrefix(word, ":") {
			fmt.Fprintf(k.Out, "there is no %s; :help lists what there is\n", word)
			return false
		}
		if err := k.act(line, word, rest); err != nil {
			k.show()
			fmt.Fprintln(k.Out, err)
		}
	}
	return false
}

func (k *Console) act(line, word, rest string) error {
	switch {
	case line == "":
		if !k.call.Enter() && !k.call.Over() {
			return errors.New("nothing happens by itself now; :help lists what you can do")
		}
		return nil
	case k.call.Over():
		return errors.New("the call is over; :save keeps it as a test, :quit leaves")
	case line == "hang up" || line == "hangup":
		return k.call.Do("hangup", "caller")
	case line == "hangup agent":
		return k.call.Do("hangup", "agent")
	case word == "wait" || word == "agent" || word == "queue" || word == "dial" || word == "message":
		return k.call.Do(word, rest)
	case strings.Trim(line, "0123456789*# ") == "":
		return k.call.Do("press", strings.ReplaceAll(line, " ", ""))
	}
	return k.call.Do("say", line)
}

// ask lets whoever types answer a look-up.
func (k *Console) ask(what, kind string) (Answer, error) {
	k.show()
	for {
		fmt.Fprintf(k.Out, "? %s\n  what does it give? %s, or a record such as {balance: 5}\n", what, strings.Join(answerWords[kind], ", "))
		line, ok := k.read()
		if !ok {
			return Answer{}, errors.New("no answer")
		}
		root, found := ivr.ReadTree("answer", []byte("answer: "+strings.TrimSpace(line)+"\n"))
		if root == nil {
			fmt.Fprintln(k.Out, found[0].Message)
			continue
		}
		r := &reader{file: "answer", zone: time.UTC}
		v, _ := root.Get("answer")
		a := r.oneAnswer(kind, v)
		if len(r.found) == 0 {
			return a, nil
		}
		_, msg, _ := strings.Cut(r.found[0], ": ")
		fmt.Fprintln(k.Out, msg)
	}
}

func (k *Console) save(name string) {
	switch {
	case !strings.HasSuffix(name, ".test.yaml"):
		fmt.Fprintln(k.Out, "name the file, as in :save tests/balance.test.yaml")
	case k.Save == nil:
		fmt.Fprintln(k.Out, "this session cannot be saved")
	default:
		if err := k.Save(name, k.call.TestFile()); err != nil {
			fmt.Fprintln(k.Out, err)
			return
		}
		fmt.Fprintln(k.Out, "saved as "+name)
	}
}
