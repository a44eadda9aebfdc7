package main

import (
	"context"

	"ctid"
	"ctid/ami"
	"ctid/config"
	"ctid/pbx"
	"ctid/switchboard"
)

// home is the way back from the shipped fallback queue, by the manager interface.
type home struct{ c *ami.Client }

// Waiting implements switchboard.Home.
func (h home) Waiting(ctx context.Context) ([]switchboard.Stray, error) {
	list, err := h.c.QueueStatus(ctx, pbx.FallbackQueue)
	if err != nil {
		return nil, err
	}
	out := make([]switchboard.Stray, 0, len(list))
	for _, c := range list {
		out = append(out, switchboard.Stray{Channel: c.ID, Name: c.Channel, Waited: c.Waited})
	}
	return out, nil
}

// Fetch implements switchboard.Home.
func (h home) Fetch(ctx context.Context, s switchboard.Stray, dnis string) error {
	return h.c.Redirect(ctx, s.Name, ami.Place{Context: pbx.Arrive, Extension: dnis, Priority: 1})
}

// makeHome connects a node's manager interface, where the configuration has one.
func (d *daemon) makeHome(n config.Node) error {
	if n.AMI.Address == "" {
		return nil
	}
	c, err := ami.New(ami.Config{Name: n.Name, Address: n.AMI.Address, User: n.AMI.User, Password: ami.Password(n.AMI.Password.Reveal()), Log: d.log})
	if err != nil {
		return err
	}
	if d.homes == nil {
		d.homes = map[ctid.NodeID]switchboard.Home{}
	}
	d.homes[ctid.NodeID(n.Name)] = home{c}
	d.wg.Go(func() { _ = c.Run(d.ctx) }) // it ends with the daemon, and has logged what kept it from connecting
	return nil
}
