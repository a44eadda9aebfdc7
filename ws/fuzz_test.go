package ws

import (
	"encoding/json"
	"testing"
)

// Whatever a client sends, reading it neither panics nor lets through what is nested too deeply.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"k":"hello"}`, `{"k":"req","id":"r1","op":"agent.pause","args":{"reason":"x"}}`, `[[[`, `{"k":"a","args":"\\"}`, "\xff", `{"k":"tock","n":-1}`} {
		f.Add([]byte(s))
	}
	h := &Hub{cfg: Config{}.withDefaults()}
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, no := h.decode(b)
		if no == nil && frame.K == "" {
			t.Errorf("%q is no frame but was let through", b)
		}
		var v any
		if json.Unmarshal(b, &v) == nil && depthOf(v) > 8 && !tooDeep(b, 8) {
			t.Errorf("%q: depth %d passed for 8", b, depthOf(v))
		}
		for i := range ops {
			if ops[i].decode != nil {
				_, _ = ops[i].decode(b) // a refusal is fine
			}
		}
	})
}

func depthOf(v any) int {
	most := 0
	switch x := v.(type) {
	case map[string]any:
		for _, e := range x {
			most = max(most, depthOf(e))
		}
	case []any:
		for _, e := range x {
			most = max(most, depthOf(e))
		}
	default:
		return 0
	}
	return most + 1
}
