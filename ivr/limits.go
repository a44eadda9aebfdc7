package ivr

import "time"

// Limits of one session; zero is the default. A site may lower them, and raise those with a second figure up to that.
type Limits struct {
	Steps      int           // without waiting for anything; 200, up to 500
	AllSteps   int           // in the call; 2,000
	Questions  int           // in the call; 300
	InScript   time.Duration // in the script, queues and talk not counted; 1 h, up to 4 h
	Subscripts int           // that call each other; 8
	Variables  int           // bytes as JSON, of all scripts at work; 64 KB
	Text       int           // characters of a text that is worked out; 2,000
}

// bounded puts the default in place of what is not set, or set too high.
func (l Limits) bounded() Limits {
	count := func(n *int, def, most int) {
		if *n <= 0 || *n > most {
			*n = def
		}
	}
	count(&l.Steps, 200, 500)
	count(&l.AllSteps, 2000, 2000)
	count(&l.Questions, 300, 300)
	count(&l.Subscripts, maxCalls, maxCalls)
	count(&l.Variables, maxVars, maxVars)
	count(&l.Text, maxText, maxText)
	if l.InScript <= 0 || l.InScript > 4*time.Hour {
		l.InScript = time.Hour
	}
	return l
}
