package switchboard

import (
	"context"

	"ctid/ari"
)

// forwarderName is a variable that Asterisk sets on a channel that it makes because a phone has sent its call on: the name of
// the channel that rang.
const forwarderName = "FORWARDERNAME"

// isForward tells a phone that sends the call elsewhere from one that refuses it. Asterisk 16, and now and then 22, says only that it is
// over.
func isForward(cause, sip int) bool { return cause == 23 || sip == 302 || cause == 0 }

// stopForward hangs up what Asterisk dials because a phone has sent the call on. Calls go where ctid decides, so nothing
// that a phone says is followed: it may be a dial string that goes past every dialplan and every dial rule.
func (k *call) stopForward(l *leg, name string) {
	n, id := k.node, l.id
	k.desk.background(n, func(ctx context.Context) error {
		list, err := n.Channels(ctx)
		if err != nil {
			return err
		}
		for _, c := range list {
			if c.State == "Up" || callInID(c.ID) != "" {
				continue
			}
			from, err := n.Variable(ctx, c.ID, forwarderName)
			if err != nil || from != name { // on others it is not set
				continue
			}
			k.sb.cfg.Log.Warn("a phone sent its call elsewhere, which is not followed", "call", k.id, "leg", id, "node", n.Name(), "to", clip(c.Name, 128))
			if err := n.Hangup(ctx, c.ID, "normal", 0); err != nil && !ari.IsGone(err) {
				return err
			}
		}
		return nil
	})
}
