package switchboard

// Asterisk 16 leaves a bridge behind, empty, until it restarts, when the two in it leave at one moment: when one hangs up while
// the other is moved to another bridge, or while the bridge is destroyed. So whoever stays in the call is taken out first.

// move takes channels from one bridge of the call into another.
func (k *call) move(from, to string, channels ...string) error {
	k.takeOut(from, channels...)
	return k.node.AddToBridge(k.ctx, to, channels...)
}

// takeOut takes channels out of a bridge.
func (k *call) takeOut(bridge string, channels ...string) {
	k.warn("taking channels out of a bridge failed", k.node.RemoveFromBridge(k.ctx, bridge, channels...))
}

// leaveSide takes the agent out of the consultation's bridge.
func (k *call) leaveSide() {
	if s := k.side; s.up && s.bridge != "" && k.talk != nil && k.legs[k.talk.leg] != nil {
		k.takeOut(s.bridge, k.talk.leg)
	}
}
