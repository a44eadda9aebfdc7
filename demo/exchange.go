package demo

import (
	"context"
	"time"
)

// exchange is the PBX with its telephones: the agents', registered and answering by themselves, and the callers'.
type exchange interface {
	// node is how ctid reaches it.
	node() node
	// dial has somebody call the centre's number. An empty number is withheld.
	dial(number, name string) (caller, error)
	// spoke tells whether the agent's phone heard its caller at some moment between from and to.
	spoke(phone string, from, to time.Time) bool
	// stop ends calls, phones and PBX.
	stop() error
}

// caller is somebody on the telephone.
type caller interface {
	// answered waits until the centre answers.
	answered(ctx context.Context) error
	// press presses keys.
	press(ctx context.Context, keys string) error
	// hear waits until the sound is to be heard.
	hear(ctx context.Context, what sound) error
	// talk speaks until ctx ends.
	talk(ctx context.Context)
	// hangup ends the call, if it is not over, and frees the telephone.
	hangup() error
}

// sound is what a caller can tell apart.
type sound int

const (
	agentSpeaks sound = iota
	queueMusic
)

// span is a time in which an agent's phone heard its caller.
type span struct{ from, to time.Time }

func overlap(list []span, from, to time.Time) bool {
	for _, s := range list {
		if !s.from.After(to) && (s.to.IsZero() || !s.to.Before(from)) {
			return true
		}
	}
	return false
}
