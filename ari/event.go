package ari

import (
	"encoding/json"
	"time"

	cyc "github.com/CyCoreSystems/ari/v5"
)

// Types of the model that are used as the library has them.
type (
	// BridgeData is a bridge as Asterisk describes it.
	BridgeData = cyc.BridgeData
	// PlaybackData is a playback as Asterisk describes it.
	PlaybackData = cyc.PlaybackData
	// EndpointData is an endpoint with its state (online, offline, unknown) and its channels.
	EndpointData = cyc.EndpointData
	// DeviceStateData is the state of a device, such as PJSIP/1001 INUSE.
	DeviceStateData = cyc.DeviceStateData
	// LiveRecordingData is a recording that runs or has just ended.
	LiveRecordingData = cyc.LiveRecordingData
	// CallerID is a name and a number.
	CallerID = cyc.CallerID
)

// Dialplan is where a channel stands in the dialplan. The library's type lacks the application, which after a
// reconnect is what tells whose a channel is.
type Dialplan struct {
	cyc.DialplanCEP
	AppName string `json:"app_name"` // "Stasis" while an ARI application has it
	AppData string `json:"app_data"` // "ctid,in,8001"
}

// Channel is a channel as Asterisk describes it in events and lists. It is not the library's ChannelData because that
// one decodes each channel twice, refuses a whole event for a date that it can't read, and lacks fields.
type Channel struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`  // PJSIP/1001-00000012
	State      string    `json:"state"` // Down, Rsrvd, OffHook, Dialing, Ring, Ringing, Up, Busy, …
	Caller     CallerID  `json:"caller"`
	Connected  CallerID  `json:"connected"`
	RDNIS      string    `json:"caller_rdnis"` // number that the call was redirected from; from Asterisk 20
	ProtocolID string    `json:"protocol_id"`  // SIP Call-ID; from Asterisk 20
	Account    string    `json:"accountcode"`
	Language   string    `json:"language"`
	Dialplan   Dialplan  `json:"dialplan"`
	Created    Timestamp `json:"creationtime"`
	// Vars are the variables that ari.conf's channelvars names.
	Vars map[string]string `json:"channelvars"`
}

// Data is the channel as the library's type.
func (c *Channel) Data() *cyc.ChannelData {
	return &cyc.ChannelData{
		ID: c.ID, Name: c.Name, State: c.State, Accountcode: c.Account, Language: c.Language, ChannelVars: c.Vars,
		Caller:    &CallerID{Name: c.Caller.Name, Number: c.Caller.Number},
		Connected: &CallerID{Name: c.Connected.Name, Number: c.Connected.Number},
		Dialplan:  &cyc.DialplanCEP{Context: c.Dialplan.Context, Exten: c.Dialplan.Exten, Priority: c.Dialplan.Priority},
	}
}

// Timestamp is a time as Asterisk writes it. What can't be read is kept as text: a strange clock loses no event.
type Timestamp string

// Time is the moment, or the zero time when the text is none.
func (t Timestamp) Time() time.Time {
	at, err := time.Parse(cyc.DateFormat, string(t))
	if err != nil {
		return time.Time{}
	}
	return at
}

// Head is what each event has.
type Head struct {
	Type        string    `json:"type"`
	Application string    `json:"application"`
	AsteriskID  string    `json:"asterisk_id"`
	Timestamp   Timestamp `json:"timestamp"` // Asterisk's own clock: data, never used for order
}

// Header returns the head; it makes every event an Event.
func (h *Head) Header() *Head { return h }

// Subject names what an event is about; a field is empty where the event has no such thing.
type Subject struct {
	Channel   string // id of the channel; of a Dial, the channel that is dialled
	Other     string // id of the second channel: the caller of a Dial, the replaced channel of a StasisStart
	Bridge    string
	Playback  string
	Recording string // name
	Endpoint  string // PJSIP/1001
	Device    string
}

// Event is one event of Asterisk, a pointer to one of the types of this package: use a type switch.
type Event interface {
	Header() *Head
	Subject() Subject
}

// Unknown is an event of a type that this package has no struct for, as it came.
type Unknown struct {
	Head
	Raw json.RawMessage
}

// Subject looks for the usual members channel, bridge, playback.
func (e *Unknown) Subject() Subject {
	var ids struct {
		Channel, Bridge, Playback struct {
			ID string `json:"id"`
		}
	}
	if json.Unmarshal(e.Raw, &ids) != nil {
		return Subject{}
	}
	return Subject{Channel: ids.Channel.ID, Bridge: ids.Bridge.ID, Playback: ids.Playback.ID}
}

// OnChannel is an event about one channel.
type OnChannel struct {
	Channel Channel `json:"channel"`
}

// Subject is the channel.
func (e *OnChannel) Subject() Subject { return Subject{Channel: e.Channel.ID} }

// OnBridge is an event about one bridge.
type OnBridge struct {
	Bridge BridgeData `json:"bridge"`
}

// Subject is the bridge.
func (e *OnBridge) Subject() Subject { return Subject{Bridge: e.Bridge.ID} }

// OnBoth is an event about a channel and a bridge.
type OnBoth struct {
	Channel Channel    `json:"channel"`
	Bridge  BridgeData `json:"bridge"`
}

// Subject is the channel and the bridge.
func (e *OnBoth) Subject() Subject { return Subject{Channel: e.Channel.ID, Bridge: e.Bridge.ID} }

// OnPlayback is an event about one playback.
type OnPlayback struct {
	Playback PlaybackData `json:"playback"`
}

// Subject is the playback and what it plays on.
func (e *OnPlayback) Subject() Subject {
	s := target(e.Playback.TargetURI)
	s.Playback = e.Playback.ID
	return s
}

// OnRecording is an event about one recording.
type OnRecording struct {
	Recording LiveRecordingData `json:"recording"`
}

// Subject is the recording and what it records.
func (e *OnRecording) Subject() Subject {
	s := target(e.Recording.TargetURI)
	s.Recording = e.Recording.Name
	return s
}

// OnEndpoint is an event about one endpoint.
type OnEndpoint struct {
	Endpoint EndpointData `json:"endpoint"`
}

// Subject is the endpoint.
func (e *OnEndpoint) Subject() Subject { return Subject{Endpoint: endpointName(e.Endpoint)} }

func endpointName(e EndpointData) string {
	if e.Resource == "" {
		return ""
	}
	return e.Technology + "/" + e.Resource
}
