package acd

import (
	"time"

	"ctid"

	"pgregory.net/rapid"
)

// witness judges a centre by its commands alone: it knows nothing of how State works.
type witness struct {
	views  map[ctid.AgentID]ctid.AgentView
	open   map[ctid.OfferID]MakeOffer
	closed map[ctid.OfferID]bool
	inside map[ctid.TaskID]bool
	many   func(ctid.QueueID) bool // whether a queue rings at several
}

func (w *witness) judge(t *rapid.T, now time.Time, cmds []Command) {
	for _, cmd := range cmds {
		switch c := cmd.(type) {
		case MakeOffer:
			if w.closed[c.Offer] || w.open[c.Offer].Offer != "" {
				t.Fatalf("offer %s is made twice", c.Offer)
			}
			for _, o := range w.open {
				if o.Agent == c.Agent && (o.Medium == "") == (c.Medium == "") || o.Task == c.Task && fromQueue(o) && fromQueue(c) && !w.many(c.Queue) {
					t.Fatalf("%+v is made while %+v is open", c, o)
				}
			}
			if !w.inside[c.Task] && fromQueue(c) || !c.Until.After(now) || c.Entered.After(now) {
				t.Fatalf("%+v at %v for a task that waits: %v", c, now, w.inside[c.Task])
			}
			w.open[c.Offer] = c
		case EndOffer:
			if c.Why == "late" {
				if w.open[c.Offer].Offer != "" || c.End == ctid.OfferAccepted {
					t.Fatalf("%+v is told as late", c)
				}
				continue
			}
			o, ok := w.open[c.Offer]
			if !ok || o.Agent != c.Agent || o.Task != c.Task {
				t.Fatalf("%+v ends, it is open: %v", c, ok)
			}
			delete(w.open, c.Offer)
			w.closed[c.Offer] = true
		case TaskQueued:
			if w.inside[c.Task] || c.Position < 1 {
				t.Fatalf("%+v, it is inside already: %v", c, w.inside[c.Task])
			}
			w.inside[c.Task] = true
		case TaskMoved:
			if c.Position < 1 || c.From == c.To || !w.inside[c.Task] && c.Why == "" {
				t.Fatalf("%+v, it is inside: %v", c, w.inside[c.Task])
			}
			w.inside[c.Task] = true
		case TaskChanged:
			if !w.inside[c.Task] || c.Position < 1 {
				t.Fatalf("%+v, it is inside: %v", c, w.inside[c.Task])
			}
		case TaskEnded:
			refused := c.Exit == ctid.ExitFull || c.Exit == ctid.ExitClosed || c.Exit == ctid.ExitJoinEmpty || c.Exit == ctid.ExitDiverted
			if !w.inside[c.Task] && !refused || c.Waited < 0 {
				t.Fatalf("%+v, it is inside: %v", c, w.inside[c.Task])
			}
			delete(w.inside, c.Task)
		case AgentChanged:
			w.view(t, c.View)
		case Refused:
			if c.Err.Code == "" || c.Err.Text == "" {
				t.Fatalf("%+v says nothing", c.Err)
			}
		}
	}
}

func (w *witness) view(t *rapid.T, v ctid.AgentView) {
	old, known := w.views[v.Agent]
	if known && v.Rev != old.Rev+1 || v.WasMS < 0 || v.Since.Before(old.Since) {
		t.Fatalf("view %+v after %+v", v, old)
	}
	if known && v.State != old.State && v.Was != old.State {
		t.Fatalf("view %+v was %s", v, old.State)
	}
	w.views[v.Agent] = v
}

// fromQueue tells an offer of a queue from one past the queues.
func fromQueue(o MakeOffer) bool { return o.Kind == "" || o.Kind == ctid.OfferCallback }
