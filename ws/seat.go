package ws

import (
	"context"
	"maps"
	"slices"

	"ctid"
)

// One agent has one seat, held by a client id: several tabs of one browser share it. Sockets of another client see the
// agent's events but may not act until they take the seat over.

// takeFreeSeat gives the seat to a session whose agent's seat is held by nobody who is here.
func (h *Hub) takeFreeSeat(s *session) {
	holder := h.seats[s.agent]
	for _, x := range h.byAgent[s.agent] {
		if x != s && x.client.ID == holder {
			return
		}
	}
	h.seats[s.agent] = s.client.ID
}

func (h *Hub) hasSeat(s *session) bool {
	if h.seats[s.agent] != s.client.ID {
		h.takeFreeSeat(s)
	}
	return h.seats[s.agent] == s.client.ID
}

func (h *Hub) seatTaken(s *session) *ctid.Error {
	e := ctid.Refuse(ctid.SeatTaken, "you are logged in at another desktop; log in here with takeover to move")
	e.Data = map[string]any{"op": ctid.AgentLogin{}.Op()}
	for _, x := range h.byAgent[s.agent] {
		if x.client.ID == h.seats[s.agent] {
			e.Data["where"] = clip(x.client.Name, 64) + " at " + hostOf(x.conn.remote)
			break
		}
	}
	return e
}

// loginSeat lets a session take the seat: free, its own, or with takeover, which displaces the holder's sockets.
func (h *Hub) loginSeat(s *session, a ctid.AgentLogin) *ctid.Error {
	if h.hasSeat(s) {
		return nil
	}
	if !a.Takeover {
		return h.seatTaken(s)
	}
	h.seats[s.agent] = s.client.ID
	for _, x := range h.byAgent[s.agent] {
		if x.client.ID != s.client.ID {
			h.send(x, sessionFrame{K: "session", What: "displaced", By: clip(s.client.Name, 64)})
			h.end(x, refusal{CloseDisplaced, "this agent has moved to another desktop"})
		}
	}
	return nil
}

// freeSeat forgets the seat of an agent who leaves by this event. News of one who is out already, such as of his telephone,
// may cross with his login: they take no seat away.
func (h *Hub) freeSeat(e ctid.Event) {
	if b, ok := e.Body.(ctid.AgentStateChanged); ok && b.State == ctid.Out && h.view.agent(b.Agent).State != ctid.Out {
		delete(h.seats, b.Agent)
	}
}

func sortedTopics(s *session) []string { return orEmpty(slices.Sorted(maps.Keys(s.topics))) }

// HoldsSeat tells whether the client has an open session of the agent, and with it his seat: it is the desktop that acts
// for him. It returns false when ctx ends before the hub has answered, and after Close.
func (h *Hub) HoldsSeat(ctx context.Context, agent ctid.AgentID, client string) bool {
	held := make(chan bool, 1)
	h.box.put(func() {
		for _, s := range h.byAgent[agent] {
			if s.client.ID == client {
				held <- h.hasSeat(s)
				return
			}
		}
		held <- false
	})
	select {
	case yes := <-held:
		return yes
	case <-ctx.Done():
	case <-h.loopDone:
	}
	return false
}
