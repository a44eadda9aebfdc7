package scenariotest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"ctid/ari"
)

// listenAgain is the pause between two looks at who hears whom.
const listenAgain = 20 * time.Millisecond

// ears waits until a hears b, or hears b no more.
func (r *runner) ears(ctx context.Context, a, b string, want bool) error {
	limit := time.Now().Add(patience)
	for {
		hears, err := r.site.Hears(ctx, r.party(a), r.party(b))
		if err != nil || hears == want {
			return err
		}
		if time.Now().After(limit) {
			return fmt.Errorf("after %v it is otherwise", patience)
		}
		r.pass(ctx, listenAgain)
		if ctx.Err() != nil {
			return errors.Join(errors.New("it is otherwise"), ctx.Err())
		}
	}
}

func (r *runner) party(name string) Party {
	if c := r.callers[name]; c != nil {
		return Party{Caller: c}
	}
	return Party{Phone: name}
}

// meet gives a name to a channel that Asterisk has made and that has not one yet.
func (r *runner) meet(ch ari.Channel, starts bool) {
	if _, known := r.names[ch.ID]; known || ch.ID == "" || strings.HasPrefix(ch.ID, r.prefix) {
		return
	}
	tech, rest, _ := strings.Cut(ch.Name, "/")
	switch tech {
	case "PJSIP":
		endpoint := rest[:max(0, strings.LastIndexByte(rest, '-'))]
		if names := r.coming[endpoint]; starts && len(names) > 0 {
			r.names[ch.ID], r.coming[endpoint] = names[0], names[1:]
		}
	case "Local", "Announcer":
		base, half, _ := strings.Cut(ch.Name, ";")
		if r.pairs[base] == "" {
			r.pairs[base] = strings.ToLower(tech)
			if n := len(r.pairs); n > 1 {
				r.pairs[base] += fmt.Sprint(n)
			}
		}
		r.names[ch.ID] = r.pairs[base] + ";" + half
	}
}

// channelsIn finds the channels that an event tells of.
func channelsIn(v reflect.Value) (out []ari.Channel) {
	if !v.IsValid() {
		return nil
	}
	switch ch := v.Interface().(type) {
	case ari.Channel:
		return []ari.Channel{ch}
	case *ari.Channel:
		if ch != nil {
			out = append(out, *ch)
		}
		return out
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return channelsIn(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out = append(out, channelsIn(v.Field(i))...)
			}
		}
	}
	return out
}
