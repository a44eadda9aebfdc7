package acd

import (
	"encoding/json"
	"fmt"
)

// EncodeEvent gives an event's name in the log and what is to be stored there as JSON.
func EncodeEvent(ev Event) (kind string, body any) { return ev.EventKind(), ev }

// DecodeEvent reads back what EncodeEvent gave, once stored as JSON.
func DecodeEvent(kind string, body []byte) (Event, error) {
	for _, d := range decoders {
		if d.kind != kind {
			continue
		}
		ev, err := d.decode(body)
		if err != nil {
			return nil, fmt.Errorf("acd: the stored event %s cannot be read: %w", kind, err)
		}
		return ev, nil
	}
	return nil, fmt.Errorf("acd: there is no event %q; the log may come from a newer version", kind)
}

// MarshalJSON keeps a step that wants no skills any more apart from one that leaves them as they were: a list that is nil would be
// written as the null of no list.
func (st Step) MarshalJSON() ([]byte, error) {
	type plain Step
	if st.Needs != nil && *st.Needs == nil {
		st.Needs = &[]Need{}
	}
	return json.Marshal(plain(st))
}

type decoder struct {
	kind   string
	decode func([]byte) (Event, error)
}

// decoders is the table of events.
var decoders = []decoder{
	decoderOf[AgentLogin](), decoderOf[AgentLogout](), decoderOf[AgentReady](), decoderOf[AgentPause](),
	decoderOf[AgentCancelNext](), decoderOf[WrapUpDone](), decoderOf[DeskChanged](), decoderOf[DeviceChanged](),
	decoderOf[Enqueue](), decoderOf[Leave](), decoderOf[TaskGone](), decoderOf[OfferUp](), decoderOf[OfferFailed](),
	decoderOf[Move](), decoderOf[Prioritise](), decoderOf[TakeCallback](), decoderOf[OnLine](), decoderOf[WaitTold](),
	decoderOf[ExtendWrapUp](), decoderOf[ForceState](), decoderOf[Direct](), decoderOf[Pick](), decoderOf[Revoke](),
	decoderOf[SetDevice](), decoderOf[WorkBegun](), decoderOf[WorkOwned](), decoderOf[WorkDoing](),
	decoderOf[LegGone](), decoderOf[WorkEnded](), decoderOf[Tick](), decoderOf[Reconfigure](), decoderOf[Restarted](), decoderOf[Adopt](),
}

func decoderOf[E Event]() decoder {
	var zero E
	return decoder{zero.EventKind(), func(b []byte) (Event, error) {
		var e E
		err := json.Unmarshal(b, &e)
		return e, err
	}}
}
