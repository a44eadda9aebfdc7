package wsclient

import (
	"encoding/json"
	"reflect"
)

// waiting takes in an event of queue.calls: a call joins, is moved, is offered, or waits no more.
func (t *Topic) waiting(x Frame, queue string) error {
	var d callData
	if err := json.Unmarshal(x.Data, &d); err != nil {
		return err
	}
	w := t.Waiting[x.Call]
	switch x.Type {
	case "call.queued":
		if x.Queue != queue {
			delete(t.Waiting, x.Call)
			return nil
		}
		if w == nil {
			w = &Waiting{Call: x.Call, Since: x.At, ANI: d.ANI}
			t.Waiting[x.Call] = w
		}
		var from string
		_ = json.Unmarshal(d.From, &from) // absent: none
		w.State, w.Position, w.Priority, w.From, w.Callback = "waiting", d.Position, d.Priority, from, d.Callback
	case "call.waiting_changed":
		if x.Queue != queue {
			delete(t.Waiting, x.Call)
			return nil
		}
		if w == nil {
			w = &Waiting{Call: x.Call, State: "waiting", Callback: d.Callback, Since: d.Since, ANI: d.ANI}
			if d.Since.IsZero() {
				w.Since = x.At
			}
			t.Waiting[x.Call] = w
		}
		w.Position, w.Priority = d.Position, d.Priority
	case "call.delivered":
		if w != nil {
			w.State = "offered"
		}
	case "call.diverted":
		if w != nil && d.Next != ringsElsewhere {
			w.State = "waiting"
		}
	default:
		delete(t.Waiting, x.Call)
		return nil
	}
	if w != nil {
		w.Rev = x.Rev
	}
	return nil
}

// Difference says what two folds show differently, or nothing. A session without a topic is shown nothing to compare.
func Difference(a, b *Fold) string {
	if len(a.Topics) == 0 && len(b.Topics) == 0 {
		return ""
	}
	for _, x := range []struct {
		name string
		a, b any
	}{{"topics", a.Whole(), b.Whole()}, {"links", a.Links, b.Links}, {"draining", a.Draining, b.Draining}} {
		if !reflect.DeepEqual(x.a, x.b) {
			return x.name + ": " + show(x.a) + " and " + show(x.b)
		}
	}
	for name, t := range a.Topics {
		if other := b.Topics[name]; !reflect.DeepEqual(t, other) {
			return name + ": " + show(t) + " and " + show(other)
		}
	}
	return ""
}

func show(v any) string {
	b, _ := json.Marshal(v) // it came from JSON
	return string(b)
}
