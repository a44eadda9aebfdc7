package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"ctid"
	"ctid/ws/wsclient"
)

// robot is an agent at a desktop without a person: he logs in over the websocket as a page would, becomes ready, shows
// every pop, sometimes hangs up first, and does his paperwork. His phone is the exchange's business.
type robot struct {
	agent  ctid.AgentID
	client *wsclient.Client
	pace   Pace
	ctx    context.Context
	wg     sync.WaitGroup

	mu   sync.Mutex
	pops map[string]bool // calls whose pop was shown
	err  error
}

// robotLimit bounds each of his requests.
const robotLimit = 10 * time.Second

// hire logs a robot in and starts his work, which ends with ctx or when the connection does.
func hire(ctx context.Context, base string, agent ctid.AgentID, password string, pace Pace) (*robot, error) {
	token, err := logIn(ctx, base, string(agent), password)
	if err != nil {
		return nil, fmt.Errorf("agent %s: log in: %w", agent, err)
	}
	c, err := wsclient.Dial(ctx, wsclient.Config{URL: "ws" + strings.TrimPrefix(base, "http") + "/ws", HeaderToken: token,
		Name: "ctid demo", ID: "demo-" + string(agent)})
	if err != nil {
		return nil, fmt.Errorf("agent %s: %w", agent, err)
	}
	r := &robot{agent: agent, client: c, pace: pace, ctx: ctx, pops: map[string]bool{}}
	r.wg.Go(r.work)
	err = r.do("agent.login", map[string]any{}, "")
	if err == nil {
		err = r.becomeReady()
	}
	if err != nil {
		r.leave()
		return nil, fmt.Errorf("agent %s: %w", agent, err)
	}
	return r, nil
}

// logIn buys a token with a password.
func logIn(ctx context.Context, base, user, password string) (string, error) {
	body, err := json.Marshal(map[string]string{"user": user, "password": password})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/api/v1/login", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var out struct{ Token, Detail string }
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil || out.Token == "" {
		return "", errors.Join(fmt.Errorf("HTTP %d %s", res.StatusCode, out.Detail), err)
	}
	return out.Token, nil
}

// do asks for something; idem is the request's own key where one is needed.
func (r *robot) do(op string, args map[string]any, idem string) error {
	ctx, cancel := context.WithTimeout(r.ctx, robotLimit)
	defer cancel()
	if _, err := r.client.Do(ctx, op, args, idem); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	return nil
}

// becomeReady tries for a while: the PBX may not have told yet that the phone is registered.
func (r *robot) becomeReady() error {
	until := time.Now().Add(robotLimit)
	for {
		err := r.do("agent.ready", map[string]any{}, "")
		if err == nil || time.Now().After(until) || r.ctx.Err() != nil {
			return err
		}
		if pause(r.ctx, 50*time.Millisecond) != nil {
			return err
		}
	}
}

// work looks at what the desktop is told.
func (r *robot) work() {
	for f := range r.client.Frames {
		if f.K != "event" || f.Repeat {
			continue
		}
		switch f.Type {
		case "pop.offered":
			r.mu.Lock()
			r.pops[f.Call] = true
			r.mu.Unlock()
		case "call.established":
			if f.Seq%4 == 0 { // one in four ends at the agent's wish
				r.wg.Go(func() { r.hangUp(f.Call) })
			}
		case "agent.state_changed":
			r.stateChanged(f)
		}
	}
	if r.ctx.Err() == nil {
		r.fail(fmt.Errorf("his connection ended: %w", r.client.Err()))
	}
}

func (r *robot) stateChanged(f wsclient.Frame) {
	var v ctid.AgentView
	if err := json.Unmarshal(f.Data, &v); err != nil {
		r.fail(err)
		return
	}
	switch {
	case v.State == ctid.WrapUp && v.Was != ctid.WrapUp && v.Wrap != nil:
		r.wg.Go(func() { r.wrapUp(*v.Wrap) })
	case v.State == ctid.Paused && (v.Reason == ctid.ReasonNoAnswer || v.Reason == ctid.ReasonRejected):
		r.wg.Go(func() {
			if pause(r.ctx, r.pace.Wrap) == nil {
				r.note(r.becomeReady())
			}
		})
	}
}

func (r *robot) hangUp(call string) {
	if pause(r.ctx, r.pace.Talk) != nil {
		return
	}
	err := r.do("call.hangup", map[string]any{"call": call}, "hangup-"+call)
	var refused *wsclient.Error
	if !errors.As(err, &refused) { // refused: the caller was first
		r.note(err)
	}
}

func (r *robot) wrapUp(w ctid.Wrap) {
	if pause(r.ctx, r.pace.Wrap) != nil {
		return
	}
	r.note(r.do("agent.wrapup_done", map[string]any{"wrap": w.ID, "disposition": "callback", "notes": "Spoke with the caller."}, "wrap-"+string(w.ID)))
}

// note keeps an error, unless the demo is at its end.
func (r *robot) note(err error) {
	if err != nil && r.ctx.Err() == nil {
		r.fail(err)
	}
}

func (r *robot) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = fmt.Errorf("agent %s: %w", r.agent, err)
	}
}

// trouble is the first thing that went wrong.
func (r *robot) trouble() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// saw tells whether the call's pop was on his screen.
func (r *robot) saw(call ctid.CallID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pops[string(call)]
}

// leave closes the desktop; ctx has ended.
func (r *robot) leave() {
	r.client.Close()
	r.wg.Wait()
}
