package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"ctid"
	"ctid/ari"
	"ctid/config"
	"ctid/store"
	"ctid/switchboard"
)

// Times of a reconciliation.
const (
	overdueAfter  = time.Hour        // a contact that is not in the CRM by then is a finding
	secondLook    = time.Second      // what is only on its way is seen once, not twice
	reconcileTime = 30 * time.Second // for all requests
)

// Kinds of findings beside the switchboard's leftovers.
const (
	nodeUnasked     = "node_not_asked"
	deliveryOverdue = "delivery_overdue"
)

func reconcileCommand() *cobra.Command {
	var file string
	var dry, asJSON bool
	c := &cobra.Command{Use: "reconcile", Args: noArgs,
		Short: "Compare open records, channels and the CRM outbox; end the records of calls that are gone",
		Long: `Compares the open records in the store with the channels and bridges on the nodes, and lists what has lost its other half,
and contacts that have not come into the CRM for an hour. The nodes are only asked; nothing is changed there.

Without --dry-run it ends the records whose calls are gone, and needs the daemon stopped. With --dry-run it changes
nothing and works beside the daemon. The status is 1 if there are findings that it has not repaired.`,
		RunE: func(c *cobra.Command, _ []string) error {
			return withStore(c, file, func(ctx context.Context, cfg *config.Config, s *store.Store) error {
				ctx, cancel := context.WithTimeout(ctx, reconcileTime)
				defer cancel()
				r := reconciler{cfg: cfg, s: s, out: c.OutOrStdout(), dry: dry, asJSON: asJSON}
				return r.run(ctx)
			})
		}}
	configFlag(c, &file)
	c.Flags().BoolVar(&dry, "dry-run", false, "change nothing; works while the daemon runs")
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object instead of lines")
	return c
}

type reconciler struct {
	cfg    *config.Config
	s      *store.Store
	out    io.Writer
	dry    bool
	asJSON bool
}

// finding is a leftover, and whether it has been put right.
type finding struct {
	switchboard.Leftover
	Repaired bool `json:"repaired,omitempty"`
}

func (r reconciler) run(ctx context.Context) error {
	if !r.dry { // before the look, so that no daemon begins to work with what is looked at
		if err := r.s.Hold(); err != nil {
			return fmt.Errorf("%w: or look only, with --dry-run", err)
		}
	}
	nodes, found := r.nodes(ctx)
	left, err := r.look(ctx, nodes)
	if err != nil {
		return err
	}
	if len(left) > 0 && r.dry {
		if left, err = r.lookAgain(ctx, nodes, left); err != nil {
			return err
		}
	}
	repaired := map[ctid.CallID]bool{}
	if !r.dry {
		if repaired, err = r.repair(ctx, left); err != nil {
			return err
		}
	}
	for _, l := range left {
		found = append(found, finding{l, l.Kind == switchboard.RecordWithoutChannel && repaired[l.Call]})
	}
	late, err := r.s.OverdueDeliveries(ctx, time.Now().Add(-overdueAfter))
	if err != nil {
		return err
	}
	for _, d := range late {
		text := fmt.Sprintf("a contact of %s is not in the CRM after %d attempts", d.Created.UTC().Format(time.RFC3339), d.Attempts)
		if d.Error != "" {
			text += ": " + d.Error
		}
		found = append(found, finding{Leftover: switchboard.Leftover{Kind: deliveryOverdue, Call: d.Call, Text: text}})
	}
	return r.tell(found)
}

// nodes are those that answer; each of the others is a finding, and its calls are not judged.
func (r reconciler) nodes(ctx context.Context) (nodes []*ari.Node, found []finding) {
	for _, c := range r.cfg.Asterisk.Nodes {
		n, err := ari.New(nodeConfig(c, newLogger(r.cfg), nil))
		if err == nil {
			_, err = n.Info(ctx)
		}
		if err != nil {
			found = append(found, finding{Leftover: switchboard.Leftover{Kind: nodeUnasked, Node: c.Name,
				Text: "its calls are not compared: " + err.Error()}})
			continue
		}
		nodes = append(nodes, n)
	}
	return nodes, found
}

// look compares once.
func (r reconciler) look(ctx context.Context, nodes []*ari.Node) ([]switchboard.Leftover, error) {
	open, err := r.s.OpenRecords(ctx)
	if err != nil {
		return nil, err
	}
	left := r.strays(open)
	for _, n := range nodes {
		channels, err := n.Channels(ctx)
		if err != nil {
			return nil, err
		}
		bridges, err := n.Bridges(ctx)
		if err != nil {
			return nil, err
		}
		left = append(left, switchboard.Leftovers(r.cfg.Site, n, open, channels, bridges)...)
	}
	return left, nil
}

// strays are open records of nodes that are no longer in the configuration: no daemon will ever find their calls.
func (r reconciler) strays(open []ctid.CallRecord) []switchboard.Leftover {
	known := map[ctid.NodeID]bool{}
	for _, n := range r.cfg.Asterisk.Nodes {
		known[ctid.NodeID(n.Name)] = true
	}
	var left []switchboard.Leftover
	for _, o := range open {
		if !known[o.Node] {
			left = append(left, switchboard.Leftover{Kind: switchboard.RecordWithoutChannel, Node: string(o.Node), Call: o.ID, ID: o.Channel,
				Text: "the record has no end, and its asterisk is no longer in the configuration"})
		}
	}
	return left
}

func (r reconciler) lookAgain(ctx context.Context, nodes []*ari.Node, first []switchboard.Leftover) ([]switchboard.Leftover, error) {
	select {
	case <-time.After(secondLook):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	second, err := r.look(ctx, nodes)
	return switchboard.Both(first, second), err
}

// repair ends the records whose calls are gone, each with the fact that says so, and returns when they are on disk.
func (r reconciler) repair(ctx context.Context, left []switchboard.Leftover) (done map[ctid.CallID]bool, err error) {
	done = map[ctid.CallID]bool{}
	dead := map[ctid.CallID]bool{}
	for _, l := range left {
		if l.Kind == switchboard.RecordWithoutChannel {
			dead[l.Call] = true
		}
	}
	if len(dead) == 0 {
		return done, nil
	}
	epoch, seq, err := r.s.BeginEpoch(ctx)
	if err != nil {
		return nil, err
	}
	open, err := r.s.OpenRecords(ctx)
	if err != nil {
		return nil, err
	}
	for _, o := range open {
		if !dead[o.ID] {
			continue
		}
		if err := r.end(ctx, o, epoch, seq); err != nil {
			return nil, fmt.Errorf("ending the record of call %s: %w", o.ID, err)
		}
		seq++
		done[o.ID] = true
	}
	return done, nil
}

func (r reconciler) end(ctx context.Context, o ctid.CallRecord, epoch string, seq uint64) error {
	at := time.Now().UTC().Truncate(time.Microsecond)
	o = switchboard.EndDead(o, at, "reconciled")
	person := string(o.Customer)
	if person == "" {
		number := o.ANI.E164
		if number == "" {
			number = o.ANI.Raw
		}
		person = r.s.PersonHash(string(number))
	}
	told := make(chan error, 1)
	cleared := switchboard.Cleared(o)
	r.s.Append(ctid.LogEntry{Seq: seq, Epoch: epoch, At: at, Kind: cleared.Kind(), V: ctid.BodyVersion, Subject: string(o.ID),
		Person: person, Body: cleared, Record: &o, Done: func(err error) { told <- err }})
	select {
	case err := <-told:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tell prints the findings.
func (r reconciler) tell(found []finding) error {
	open := 0
	for _, f := range found {
		if !f.Repaired {
			open++
		}
	}
	if r.asJSON {
		if found == nil {
			found = []finding{}
		}
		e := json.NewEncoder(r.out)
		e.SetIndent("", "  ")
		if err := e.Encode(map[string]any{"findings": found}); err != nil {
			return err
		}
	} else if err := r.lines(found); err != nil {
		return err
	}
	if open > 0 {
		return errFindings
	}
	return nil
}

func (r reconciler) lines(found []finding) error {
	for _, f := range found {
		text := f.Text
		if f.Repaired {
			text += "; ended now"
		}
		subject := f.ID
		if f.Call != "" {
			subject = string(f.Call)
		}
		if _, err := fmt.Fprintf(r.out, "%s %s %s: %s\n", f.Kind, f.Node, subject, text); err != nil {
			return err
		}
	}
	if len(found) == 0 {
		_, err := fmt.Fprintln(r.out, "good: every open record has its channel, every channel its record, and nothing waits for the CRM for long")
		return err
	}
	return nil
}
