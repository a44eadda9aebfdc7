package switchboard

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	"ctid"
)

// How much data may be attached to a call.
const (
	maxDataKeys  = 64
	maxDataValue = 4 << 10
	maxData      = 16 << 10
)

var dataKey = regexp.MustCompile(`^[a-z][a-z0-9_.]{0,63}$`)

// setData attaches values at an agent's wish. The last who sets a key wins; a secret from the script stays as it is.
func (k *call) setData(now time.Time, r ctid.CallSetData, w *wish) {
	if r.IfRev != nil && *r.IfRev != k.dataRev {
		k.wishFailed(w, &ctid.Error{Code: ctid.RevConflict, Text: fmt.Sprintf("the data has changed: its revision is %d", k.dataRev),
			Data: map[string]any{"data_rev": k.dataRev}})
		return
	}
	next, body, err := changed(k.rec.Attached, r, "agent:"+string(w.agent), k.sb.clock.wall(now))
	if err != nil {
		k.wishFailed(w, err)
		return
	}
	k.rec.Attached = next
	k.dataChanged(w.by, body)
	k.wishDone(w)
}

// changed is the attached data after a request, and what it changed; or why it is not possible.
func changed(old []ctid.Attached, r ctid.CallSetData, src string, at time.Time) ([]ctid.Attached, ctid.CallDataChanged, *ctid.Error) {
	next := slices.Clone(old)
	body := ctid.CallDataChanged{Set: []ctid.Attached{}, Unset: []string{}, Was: map[string]ctid.PrivateValue{}}
	find := func(key string) int {
		return slices.IndexFunc(next, func(a ctid.Attached) bool { return a.Key == key })
	}
	for _, key := range slices.Sorted(maps.Keys(r.Set)) {
		v := r.Set[key]
		i := find(key)
		switch {
		case !dataKey.MatchString(key):
			return nil, body, badData(key, "a key is a small letter and then up to 63 small letters, digits, _ and .")
		case i >= 0 && next[i].Secret:
			return nil, body, badData(key, "this value is a secret of the script's")
		case jsonSize(v) > maxDataValue:
			return nil, body, &ctid.Error{Code: ctid.TooLarge, Text: fmt.Sprintf("a value has at most %d bytes", maxDataValue), Fields: []string{"args.set." + clip(key, 64)}}
		}
		a := ctid.Attached{Key: key, Value: v, Src: src, At: at}
		if i >= 0 {
			body.Was[key] = next[i].Value
			next[i] = a
		} else {
			next = append(next, a)
		}
		body.Set = append(body.Set, a)
	}
	for _, key := range r.Unset {
		i := find(key)
		if i < 0 {
			continue
		}
		if next[i].Secret {
			return nil, body, badData(key, "this value is a secret of the script's")
		}
		body.Was[key] = next[i].Value
		next = slices.Delete(next, i, i+1)
		body.Unset = append(body.Unset, key)
	}
	if size := jsonSize(next); len(next) > maxDataKeys || size > maxData {
		return nil, body, &ctid.Error{Code: ctid.TooLarge, Text: fmt.Sprintf("a call carries at most %d values and %d bytes; this would be %d and %d", maxDataKeys, maxData, len(next), size)}
	}
	return next, body, nil
}

func badData(key, why string) *ctid.Error {
	return &ctid.Error{Code: ctid.BadRequest, Text: clip(key, 64) + ": " + why, Fields: []string{"args.set." + clip(key, 64)}}
}

func jsonSize(v any) int {
	b, err := json.Marshal(v)
	if err != nil {
		return maxData + 1
	}
	return len(b)
}

// dataChanged tells of a change, and brings the pops of all who are on the call up to date.
func (k *call) dataChanged(by ctid.By, body ctid.CallDataChanged) {
	k.dataRev++
	body.DataRev = k.dataRev
	k.fact(by, body)
	k.eachPop(func(agent ctid.AgentID, data *ctid.PopData) {
		data.Attached = k.attachedFor(agent)
		k.showPop(agent, "data", map[string]any{"attached": data.Attached}, *data)
	})
	k.save()
}

// attachedFor is the data that an agent sees: one who is asked sees what the one who asks shares.
func (k *call) attachedFor(agent ctid.AgentID) []ctid.Attached {
	out := []ctid.Attached{}
	asked := k.side != nil && k.side.to.agent == agent
	for _, a := range k.rec.Attached {
		if !asked || k.side.share.Sees(a.Key) {
			out = append(out, a)
		}
	}
	return out
}

// eachPop gives f the pop data of each agent who has this call on his screen.
func (k *call) eachPop(f func(agent ctid.AgentID, data *ctid.PopData)) {
	if k.talk != nil {
		f(k.talk.agent, &k.talk.pop)
	}
	for _, g := range k.guests {
		f(g.agent, &g.pop)
	}
	if k.side != nil && k.side.with != nil {
		f(k.side.with.agent, &k.side.with.pop)
	}
	for _, o := range k.openOffers() {
		if o.shown() {
			f(o.Agent, &o.data)
		}
	}
}

// showPop brings one agent's pop up to date.
func (k *call) showPop(agent ctid.AgentID, why string, patch map[string]any, data ctid.PopData) {
	k.desk.post(func(now time.Time) { k.desk.updatePop(now, k, agent, why, patch, data) })
}

// choose makes one of the candidates the caller, or nobody of them. His cases and last contacts are looked up.
func (k *call) choose(id ctid.CustomerID, w *wish) {
	if id != "" && !slices.ContainsFunc(k.match.Customers, func(c ctid.Candidate) bool { return c.ID == id }) {
		k.wishFailed(w, ctid.Refuse(ctid.NotFound, "he is not among the candidates of this pop"))
		return
	}
	k.match.Chosen, k.rec.Customer = id, id
	k.match.Cases, k.match.Last = nil, nil
	if id == "" {
		k.popAgain()
		k.wishDone(w)
		return
	}
	k.aside(func(ctx context.Context) func(now time.Time) {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		m, err := k.sb.deps.Customers.Lookup(ctx, Query{Customer: id})
		return func(time.Time) {
			k.warn("looking up the chosen customer failed", err)
			if err == nil && k.match.Chosen == id {
				k.match.Cases, k.match.Last = m.Cases, m.Last
			}
			k.popAgain()
			k.wishDone(w)
		}
	})
}
