package ari

import "strings"

// The events. Each embeds its Head and what it is about; fields not named by Asterisk are zero.
type (
	// StasisStart: a channel has entered the application, from the dialplan or because it was originated.
	StasisStart struct {
		Head
		Channel Channel  `json:"channel"`
		Args    []string `json:"args"` // what follows the application's name in the dialplan, or appArgs
		// Replace is the channel whose place this one takes after a transfer that Asterisk carried out itself.
		Replace *Channel `json:"replace_channel"`
	}
	// StasisEnd: a channel has left the application; it need not be over (continue, redirect).
	StasisEnd struct {
		Head
		OnChannel
	}
	// ChannelDestroyed: a channel is over. For an inbound channel it only comes with a subscription to it.
	ChannelDestroyed struct {
		Head
		OnChannel
		Cause     int    `json:"cause"` // Q.850; 0 is possible
		CauseText string `json:"cause_txt"`
		TechCause int    `json:"tech_cause"` // SIP status of a failed call, 0 if none; Features.TechCause
	}
	// ChannelHangupRequest: someone wants the channel to end.
	ChannelHangupRequest struct {
		Head
		OnChannel
		Cause     int  `json:"cause"`
		TechCause int  `json:"tech_cause"`
		Soft      bool `json:"soft"`
	}
	// ChannelStateChange: Channel.State is new.
	ChannelStateChange struct {
		Head
		OnChannel
	}
	// ChannelDtmfReceived: a key was pressed and let go.
	ChannelDtmfReceived struct {
		Head
		OnChannel
		Digit      string `json:"digit"` // 0-9 A-D * #
		DurationMS int    `json:"duration_ms"`
	}
	// ChannelHold: the phone has put its partner on hold.
	ChannelHold struct {
		Head
		OnChannel
		MusicClass string `json:"musicclass"`
	}
	// ChannelUnhold: the phone has taken its partner back.
	ChannelUnhold struct {
		Head
		OnChannel
	}
	// ChannelVarset: a variable has a new value. Channel.ID is empty for a global variable.
	ChannelVarset struct {
		Head
		OnChannel
		Variable string `json:"variable"`
		Value    string `json:"value"`
	}
	// ChannelCallerID: Channel.Caller has changed.
	ChannelCallerID struct {
		Head
		OnChannel
		Presentation     int    `json:"caller_presentation"`
		PresentationText string `json:"caller_presentation_txt"`
	}
	// ChannelConnectedLine: Channel.Connected has changed.
	ChannelConnectedLine struct {
		Head
		OnChannel
	}
	// ChannelTalkingStarted: speech was detected (TALK_DETECT).
	ChannelTalkingStarted struct {
		Head
		OnChannel
	}
	// ChannelTalkingFinished: speech has ended.
	ChannelTalkingFinished struct {
		Head
		OnChannel
		DurationMS int `json:"duration"`
	}
	// ChannelToneDetected: TONE_DETECT has heard its tone.
	ChannelToneDetected struct {
		Head
		OnChannel
	}
	// ChannelEnteredBridge: a channel is in a bridge; Bridge.ChannelIDs includes it.
	ChannelEnteredBridge struct {
		Head
		OnBoth
	}
	// ChannelLeftBridge: a channel is no longer in a bridge; also told when the bridge dies.
	ChannelLeftBridge struct {
		Head
		OnBoth
	}
	// BridgeCreated: there is a new bridge.
	BridgeCreated struct {
		Head
		OnBridge
	}
	// BridgeDestroyed: a bridge is over.
	BridgeDestroyed struct {
		Head
		OnBridge
	}
	// BridgeMerged: the channels of From are now in Bridge.
	BridgeMerged struct {
		Head
		OnBridge
		From BridgeData `json:"bridge_from"`
	}
	// PlaybackStarted: a playback's first media is heard.
	PlaybackStarted struct {
		Head
		OnPlayback
	}
	// PlaybackContinuing: the next media of a playback with several is heard.
	PlaybackContinuing struct {
		Head
		OnPlayback
	}
	// PlaybackFinished: Playback.State is done or failed. It may never come after a hang-up.
	PlaybackFinished struct {
		Head
		OnPlayback
	}
	// RecordingStarted: a recording has begun.
	RecordingStarted struct {
		Head
		OnRecording
	}
	// RecordingFinished: a recording is stored.
	RecordingFinished struct {
		Head
		OnRecording
	}
	// RecordingFailed: Recording.Cause says why there is none.
	RecordingFailed struct {
		Head
		OnRecording
	}
	// DeviceStateChanged: a device has a new state.
	DeviceStateChanged struct {
		Head
		Device DeviceStateData `json:"device_state"`
	}
	// EndpointStateChange: Endpoint.State (online, offline) is new; the many of Asterisk with the old state are left out.
	EndpointStateChange struct {
		Head
		OnEndpoint
	}
	// PhoneCalls is of the node's own making: Channels are those that a phone has had in two looks at it (Config.Phones) in a
	// row, where they differ from what was told before.
	PhoneCalls struct {
		Head
		OnEndpoint
		Channels []string `json:"-"`
	}
	// ContactStatusChange: a phone's registration or reachability has changed.
	ContactStatusChange struct {
		Head
		OnEndpoint
		Contact Contact `json:"contact_info"`
	}
	// PeerStatusChange: an endpoint has become reachable or unreachable.
	PeerStatusChange struct {
		Head
		OnEndpoint
		Peer Peer `json:"peer"`
	}
	// ApplicationReplaced: another socket has taken the application.
	ApplicationReplaced struct{ Head }
	// ApplicationMoveFailed: a channel could not be moved to another application.
	ApplicationMoveFailed struct {
		Head
		OnChannel
		Destination string   `json:"destination"`
		Args        []string `json:"args"`
	}
)

// Contact is one registration of an endpoint.
type Contact struct {
	URI       string `json:"uri"`
	Status    string `json:"contact_status"` // Reachable, Unreachable, NonQualified, Removed, Created, Unknown
	AOR       string `json:"aor"`
	RoundTrip string `json:"roundtrip_usec"`
}

// Peer is what an endpoint says of itself.
type Peer struct {
	Status  string `json:"peer_status"` // Reachable, Unreachable, Registered, …
	Cause   string `json:"cause"`
	Address string `json:"address"`
	Port    string `json:"port"`
}

// Subject is the channel and the one whose place it takes.
func (e *StasisStart) Subject() Subject {
	s := Subject{Channel: e.Channel.ID}
	if e.Replace != nil {
		s.Other = e.Replace.ID
	}
	return s
}

// Subject is the device.
func (e *DeviceStateChanged) Subject() Subject { return Subject{Device: e.Device.Name} }

// Subject is empty: it is about the application.
func (e *ApplicationReplaced) Subject() Subject { return Subject{} }

// target reads "channel:ID" and "bridge:ID".
func target(uri string) Subject {
	if id, ok := strings.CutPrefix(uri, "channel:"); ok {
		return Subject{Channel: id}
	}
	if id, ok := strings.CutPrefix(uri, "bridge:"); ok {
		return Subject{Bridge: id}
	}
	return Subject{}
}
