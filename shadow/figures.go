package shadow

import (
	"math"
	"time"

	"ctid"
)

// Figures are of callers of one queue, or of several. A wait runs from the entry until an agent has answered: ringing is part of
// it. app_queue's own are in whole seconds, as it counts them.
type Figures struct {
	Offered   int           `json:"offered"` // entered the queue
	Answered  int           `json:"answered"`
	Abandoned int           `json:"abandoned"` // hung up
	TimedOut  int           `json:"timed_out"`
	SentOff   int           `json:"sent_off"` // the queue had nobody left for them
	Key       int           `json:"key"`
	Left      int           `json:"left"`                // otherwise; of ctid also those whom it did not let in, or whom nobody ever served
	Waiting   int           `json:"waiting"`             // still, when the watch ended
	InTime    int           `json:"in_time"`             // answered within the target
	GoneSoon  int           `json:"abandoned_in_target"` // hung up within the target
	Waits     time.Duration `json:"waits_ns"`            // of the answered, together
	Longest   time.Duration `json:"longest_ns"`          // of those who are out of the queue
	Talks     int           `json:"talks"`               // conversations that are over
	Talk      time.Duration `json:"talk_ns"`             // of those, together
}

// out counts a caller who has left after so long.
func (f *Figures) out(how exit, waited, target time.Duration) {
	f.Longest = max(f.Longest, waited)
	switch how {
	case answered:
		f.Answered++
		f.Waits += waited
		if waited <= target {
			f.InTime++
		}
	case abandoned:
		f.Abandoned++
		if waited <= target {
			f.GoneSoon++
		}
	case timedOut:
		f.TimedOut++
	case sentOff:
		f.SentOff++
	case byKey:
		f.Key++
	default:
		f.Left++
	}
}

func (f *Figures) add(o Figures) {
	f.Offered += o.Offered
	f.Answered += o.Answered
	f.Abandoned += o.Abandoned
	f.TimedOut += o.TimedOut
	f.SentOff += o.SentOff
	f.Key += o.Key
	f.Left += o.Left
	f.Waiting += o.Waiting
	f.InTime += o.InTime
	f.GoneSoon += o.GoneSoon
	f.Waits += o.Waits
	f.Longest = max(f.Longest, o.Longest)
	f.Talks += o.Talks
	f.Talk += o.Talk
}

// exits are what ctid's exits are called in figures that stand beside app_queue's.
var exits = map[ctid.QueueExit]exit{ctid.ExitAnswered: answered, ctid.ExitAbandoned: abandoned, ctid.ExitTimeout: timedOut,
	ctid.ExitLeaveEmpty: sentOff, ctid.ExitKey: byKey}

// The names of what is compared. The service level has four variants, because centres mean different things by it.
const (
	Offered       = "offered"
	AnsweredCalls = "answered"
	AbandonedCall = "abandoned"
	TimedOutCalls = "timed_out"
	SentOffCalls  = "sent_off"
	OtherCalls    = "other"        // by a key, or otherwise
	MeanWait      = "mean_wait_s"  // of the answered (ASA)
	LongestWait   = "longest_s"    // of all
	AbandonShare  = "abandonment"  // abandoned / offered
	SLOffered     = "sl_offered"   // answered in time / offered
	SLPatient     = "sl_patient"   // answered in time / (offered − abandoned in time)
	SLWithGone    = "sl_with_gone" // (answered in time + abandoned in time) / offered
	SLAnswered    = "sl_answered"  // answered in time / answered: what app_queue shows
)

// figure is one of what is compared; false: there is none, such as the mean of nothing.
type figure struct {
	name string
	of   func(f *Figures) (float64, bool)
}

var compared = []figure{
	{Offered, whole(func(f *Figures) int { return f.Offered })},
	{AnsweredCalls, whole(func(f *Figures) int { return f.Answered })},
	{AbandonedCall, whole(func(f *Figures) int { return f.Abandoned })},
	{TimedOutCalls, whole(func(f *Figures) int { return f.TimedOut })},
	{SentOffCalls, whole(func(f *Figures) int { return f.SentOff })},
	{OtherCalls, whole(func(f *Figures) int { return f.Key + f.Left })},
	{MeanWait, func(f *Figures) (float64, bool) { return share(f.Waits.Seconds(), f.Answered) }},
	{LongestWait, func(f *Figures) (float64, bool) { return f.Longest.Seconds(), f.Offered > 0 }},
	{AbandonShare, func(f *Figures) (float64, bool) { return share(float64(f.Abandoned), f.Offered) }},
	{SLOffered, func(f *Figures) (float64, bool) { return share(float64(f.InTime), f.Offered) }},
	{SLPatient, func(f *Figures) (float64, bool) { return share(float64(f.InTime), f.Offered-f.GoneSoon) }},
	{SLWithGone, func(f *Figures) (float64, bool) { return share(float64(f.InTime+f.GoneSoon), f.Offered) }},
	{SLAnswered, func(f *Figures) (float64, bool) { return share(float64(f.InTime), f.Answered) }},
}

// Value is one of what is compared, by its name; false: there is none.
func (f Figures) Value(name string) (float64, bool) {
	for _, x := range compared {
		if x.name == name {
			return x.of(&f)
		}
	}
	return 0, false
}

func whole(of func(*Figures) int) func(*Figures) (float64, bool) {
	return func(f *Figures) (float64, bool) { return float64(of(f)), true }
}

func share(part float64, of int) (float64, bool) { return part / float64(of), of > 0 }

// Compared is one figure on both sides. What a side does not have is nil.
type Compared struct {
	Name       string   `json:"name"`
	AppQueue   *float64 `json:"app_queue"`
	CTID       *float64 `json:"ctid"`
	PlusMinus  *float64 `json:"plus_minus"` // half of the range in which 95 of 100 draws of what was not seen lie
	Difference *float64 `json:"difference"`
}

// compare puts app_queue's figures beside those of ctid's trials.
func compare(theirs Figures, trials []Figures) []Compared {
	out := make([]Compared, 0, len(compared))
	for _, x := range compared {
		c := Compared{Name: x.name}
		if v, ok := x.of(&theirs); ok {
			c.AppQueue = &v
		}
		if mean, plus, ok := spread(x, trials); ok {
			c.CTID, c.PlusMinus = &mean, &plus
		}
		if c.AppQueue != nil && c.CTID != nil {
			d := *c.CTID - *c.AppQueue
			c.Difference = &d
		}
		out = append(out, c)
	}
	return out
}

// spread is the mean of a figure over the trials that have it, and 1.96 of its standard deviations.
func spread(x figure, trials []Figures) (mean, plus float64, ok bool) {
	var list []float64
	for i := range trials {
		if v, ok := x.of(&trials[i]); ok {
			list = append(list, v)
			mean += v
		}
	}
	n := float64(len(list))
	if n == 0 {
		return 0, 0, false
	}
	mean /= n
	if n > 1 {
		for _, v := range list {
			plus += (v - mean) * (v - mean)
		}
		plus = 1.96 * math.Sqrt(plus/(n-1))
	}
	return mean, plus, true
}
