package main

import (
	"context"

	"ctid"
	"ctid/config"
	"ctid/ws"
)

// site is who belongs where, as the websocket's permissions need it.
func site(c *config.Config) ws.Site {
	out := ws.Site{Agents: map[ctid.AgentID]ws.Member{}, Queues: map[ctid.QueueID]ws.QueueRules{}}
	for _, t := range c.Teams {
		out.Teams = append(out.Teams, t.Name)
	}
	for _, q := range c.Queues {
		out.Queues[ctid.QueueID(q.Name)] = ws.QueueRules{Label: q.Label, AgentsSeeStats: q.ShowStats}
	}
	for _, a := range c.Agents {
		m := ws.Member{Label: a.FullName, Team: a.Team, Pick: a.Pick}
		for _, q := range a.Queues {
			m.Queues = append(m.Queues, ctid.QueueID(q.Name))
		}
		out.Agents[ctid.AgentID(a.Name)] = m
	}
	return out
}

// queueFigures is a queue as wallboards show it at this moment.
type queueFigures struct {
	Waiting   int   `json:"waiting"`
	LongestMS int64 `json:"longest_ms"`
	Ready     int   `json:"ready"`
	Talking   int   `json:"talking"`
	LoggedIn  int   `json:"logged_in"`
	Open      bool  `json:"open"`

	Wait        *waitBand `json:"wait,omitempty"` // of who would come now; absent where no estimate is good enough
	Calibration *inBand   `json:"calibration,omitempty"`
}

// waitBand is within which eight in ten should be answered, and the likely wait.
type waitBand struct {
	LowMS    int64 `json:"low_ms"`
	LikelyMS int64 `json:"likely_ms"`
	HighMS   int64 `json:"high_ms"`
}

// inBand is how many of the latest estimates came out inside their bands.
type inBand struct {
	Outcomes int `json:"outcomes"`
	Inside   int `json:"inside"`
}

// queueStats are the figures of every queue. A desk that does not answer has none.
func (d *daemon) queueStats(ctx context.Context) map[ctid.QueueID]any {
	st, err := d.sb.Status(ctx)
	if err != nil {
		return nil
	}
	out := map[ctid.QueueID]any{}
	for q, f := range st.Queues {
		x := queueFigures{Waiting: f.Waiting, LongestMS: f.Longest.Milliseconds(), Ready: f.AgentsReady, Talking: f.Talking,
			LoggedIn: f.AgentsIn, Open: f.Open}
		if e := f.Estimate; e.Said {
			x.Wait = &waitBand{LowMS: e.Low.Milliseconds(), LikelyMS: e.Mid.Milliseconds(), HighMS: e.High.Milliseconds()}
		}
		if c := f.Calibration; c.Outcomes > 0 {
			x.Calibration = &inBand{Outcomes: c.Outcomes, Inside: c.Inside}
		}
		out[q] = x
	}
	return out
}
