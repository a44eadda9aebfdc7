package ari

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// known makes an empty event of each type that has a struct. ChannelCallerId is spelt as Asterisk spells it.
var known = map[string]func() Event{
	"ApplicationMoveFailed":  func() Event { return new(ApplicationMoveFailed) },
	"ApplicationReplaced":    func() Event { return new(ApplicationReplaced) },
	"BridgeAttendedTransfer": func() Event { return new(BridgeAttendedTransfer) },
	"BridgeBlindTransfer":    func() Event { return new(BridgeBlindTransfer) },
	"BridgeCreated":          func() Event { return new(BridgeCreated) },
	"BridgeDestroyed":        func() Event { return new(BridgeDestroyed) },
	"BridgeMerged":           func() Event { return new(BridgeMerged) },
	"CallBroadcast":          func() Event { return new(CallBroadcast) },
	"CallClaimed":            func() Event { return new(CallClaimed) },
	"ChannelCallerId":        func() Event { return new(ChannelCallerID) },
	"ChannelConnectedLine":   func() Event { return new(ChannelConnectedLine) },
	"ChannelDestroyed":       func() Event { return new(ChannelDestroyed) },
	"ChannelDtmfReceived":    func() Event { return new(ChannelDtmfReceived) },
	"ChannelEnteredBridge":   func() Event { return new(ChannelEnteredBridge) },
	"ChannelHangupRequest":   func() Event { return new(ChannelHangupRequest) },
	"ChannelHold":            func() Event { return new(ChannelHold) },
	"ChannelLeftBridge":      func() Event { return new(ChannelLeftBridge) },
	"ChannelStateChange":     func() Event { return new(ChannelStateChange) },
	"ChannelTalkingFinished": func() Event { return new(ChannelTalkingFinished) },
	"ChannelTalkingStarted":  func() Event { return new(ChannelTalkingStarted) },
	"ChannelToneDetected":    func() Event { return new(ChannelToneDetected) },
	"ChannelTransfer":        func() Event { return new(ChannelTransfer) },
	"ChannelUnhold":          func() Event { return new(ChannelUnhold) },
	"ChannelUserevent":       func() Event { return new(ChannelUserevent) },
	"ChannelVarset":          func() Event { return new(ChannelVarset) },
	"ContactStatusChange":    func() Event { return new(ContactStatusChange) },
	"DeviceStateChanged":     func() Event { return new(DeviceStateChanged) },
	"Dial":                   func() Event { return new(Dial) },
	"EndpointStateChange":    func() Event { return new(EndpointStateChange) },
	"PeerStatusChange":       func() Event { return new(PeerStatusChange) },
	"PlaybackContinuing":     func() Event { return new(PlaybackContinuing) },
	"PlaybackFinished":       func() Event { return new(PlaybackFinished) },
	"PlaybackStarted":        func() Event { return new(PlaybackStarted) },
	"RecordingFailed":        func() Event { return new(RecordingFailed) },
	"RecordingFinished":      func() Event { return new(RecordingFinished) },
	"RecordingStarted":       func() Event { return new(RecordingStarted) },
	"StasisEnd":              func() Event { return new(StasisEnd) },
	"StasisStart":            func() Event { return new(StasisStart) },
	"TextMessageReceived":    func() Event { return new(TextMessageReceived) },
}

var errNoType = errors.New(`no member "type"`)

// Decode reads one event. A type without a struct gives *Unknown; a frame that is no event gives an error. data may be
// reused afterwards.
func Decode(data []byte) (Event, error) {
	typ, err := typeOf(data)
	if err != nil {
		return nil, fmt.Errorf("ari: frame of %d bytes is no event: %w", len(data), err)
	}
	make, ok := known[typ]
	if !ok {
		e := &Unknown{Raw: bytes.Clone(data)}
		if err := json.Unmarshal(data, &e.Head); err != nil {
			return nil, fmt.Errorf("ari: event %.40q: %w", typ, err)
		}
		return e, nil
	}
	e := make()
	if err := json.Unmarshal(data, e); err != nil {
		return nil, fmt.Errorf("ari: event %s: %w", typ, err)
	}
	return e, nil
}

// typeOf finds the event's type. Most events of Asterisk have it as their first or last member with no escapes, but
// the name also occurs deeper ("bridge_type" does not, "type" may, in what users put into events), so anything but the
// first place goes through the parser.
func typeOf(data []byte) (string, error) {
	rest := bytes.TrimLeft(data, " \t\r\n")
	if r, ok := bytes.CutPrefix(rest, []byte(`{`)); ok {
		r = bytes.TrimLeft(r, " \t\r\n")
		if r, ok = bytes.CutPrefix(r, []byte(`"type":`)); ok {
			r = bytes.TrimLeft(r, " \t\r\n")
			if len(r) > 0 && r[0] == '"' {
				if end := bytes.IndexByte(r[1:], '"'); end > 0 && bytes.IndexByte(r[1:1+end], '\\') < 0 {
					return string(r[1 : 1+end]), nil
				}
			}
		}
	}
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return "", err
	}
	if head.Type == "" {
		return "", errNoType
	}
	return head.Type, nil
}
