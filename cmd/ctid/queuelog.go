package main

import (
	"context"
	"errors"
	"time"

	"ctid"
	"ctid/queuelog"
	"ctid/switchboard"
)

// openQueueLog begins to write the queue_log, if the configuration wants one. open are the calls of the run before.
func (d *daemon) openQueueLog(open []ctid.CallRecord) {
	c := d.cfg.QueueLog
	if c.File == "" {
		return
	}
	d.qlogPhones = c.Agents == "phone"
	d.qlog = queuelog.New(queuelog.Config{File: c.File, MaxSize: int64(c.MaxSize) << 20, Keep: c.Keep, Plan: d.queueLogPlan(), Open: open, Log: d.log})
	ctx, cancel := context.WithCancel(d.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.qlog.Run(ctx)
	}()
	d.stops = append(d.stops, func() error {
		cancel()
		select {
		case <-done:
			return nil
		case <-time.After(stopTime):
			return errors.New("the queue_log's disk does not answer: its last lines may be missing")
		}
	})
}

// queueLogPlan is what the configuration says of those whom a queue_log names.
func (d *daemon) queueLogPlan() queuelog.Plan {
	p := queuelog.Plan{Agents: map[ctid.AgentID]queuelog.Agent{}}
	for _, q := range d.cfg.Queues {
		if q.Medium == string(ctid.Voice) {
			p.Queues = append(p.Queues, ctid.QueueID(q.Name))
		}
	}
	for _, a := range d.cfg.Agents {
		x := queuelog.Agent{Name: a.Name, Ranks: map[ctid.QueueID]int{}}
		if d.qlogPhones {
			x.Name = a.Device.Endpoint
		}
		for _, m := range a.Queues {
			x.Ranks[ctid.QueueID(m.Name)] = m.Rank
		}
		p.Agents[ctid.AgentID(a.Name)] = x
	}
	return p
}

// readers are the desktops, and the queue_log beside them.
type readers struct {
	audience
	qlog *queuelog.Log
}

func (r readers) Publish(ev ctid.Event) {
	r.audience.Publish(ev)
	r.qlog.Publish(ev)
}

// desktops are those who are told every fact: who counts them first, then the desktops, then the queue_log.
func (d *daemon) desktops() switchboard.Desktops {
	if d.qlog == nil {
		return audience{d.figures, d.hub}
	}
	return readers{audience{d.figures, d.hub}, d.qlog}
}

// reopenLogs opens files anew that somebody may have moved away.
func (d *daemon) reopenLogs() {
	if d.qlog != nil {
		d.qlog.Reopen()
	}
}

// linesLost is how many lines of the queue_log were lost.
func (d *daemon) linesLost() int {
	if d.qlog == nil {
		return 0
	}
	return d.qlog.Lost()
}
