package ivr

import (
	"encoding/json"

	"ctid"
)

const (
	maxAttachStep = 8 << 10  // bytes of JSON in one step
	maxAttachCall = 16 << 10 // and in the call
)

// attachStep gives the call data that follows it to the agent.
type attachStep struct{ values []attachment }

type attachment struct {
	key string
	val *value
}

func loadAttach(l *loader, _ *step, o *opts) action { return &attachStep{l.attachments(o.val)} }

func (l *loader) attachments(v *yval) []attachment {
	var out []attachment
	if v.kind != yamlMap || len(v.pairs) == 0 {
		l.errorf(v.at, "IVR004", "attach wants name: value, as in {reason: refund}, not %s", v.what())
		return nil
	}
	for _, p := range v.pairs {
		if len(p.key.text) > 64 {
			l.errorf(p.key.at, "IVR004", "a name to attach has 64 bytes at most")
		}
		if val := l.value(p.val, typ{}, p.key.text, "shown"); val != nil {
			out = append(out, attachment{p.key.text, val})
		}
	}
	return out
}

func (a *attachStep) start(m *Machine) {
	if err := m.attach(a.values); err != nil {
		m.failWith(err)
		return
	}
	m.leave("done")
}

// attach hands the values over, all or none.
func (m *Machine) attach(values []attachment) error {
	var out []ctid.Attached
	size := 0
	for _, a := range values {
		v, err := a.val.get(&m.x)
		if err != nil {
			return err
		}
		b, err := json.Marshal(v)
		if err != nil {
			return fault("attach.failed")
		}
		size += len(a.key) + len(b)
		out = append(out, ctid.Attached{Key: a.key, Value: ctid.PrivateValue{V: v}, Src: "ivr:" + m.place(), At: m.now})
	}
	if size > maxAttachStep || m.attached+size > maxAttachCall {
		return fault("limit.attach")
	}
	m.attached += size
	if len(out) > 0 {
		m.emit(Attach{Values: out})
	}
	return nil
}
