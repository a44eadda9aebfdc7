package ari

import "encoding/json"

// Events about more than one channel: dialling, transfers, texts and what users define.
type (
	// Dial: a dialled channel goes from "" over RINGING or PROGRESS to ANSWER, BUSY, NOANSWER, CONGESTION, CHANUNAVAIL,
	// CANCEL. It may have no final status: decide by ChannelDestroyed.
	Dial struct {
		Head
		Caller     *Channel `json:"caller"` // nil when no channel dials, as with originate
		Peer       Channel  `json:"peer"`
		Forward    string   `json:"forward"` // the destination of a 302
		Forwarded  *Channel `json:"forwarded"`
		DialString string   `json:"dialstring"`
		Status     string   `json:"dialstatus"`
	}
	// ChannelTransfer: a phone asks by REFER for a transfer and waits for TransferProgress. An event with a State is
	// only the echo of a TransferProgress.
	ChannelTransfer struct {
		Head
		State      string     `json:"state"`
		ReferTo    ReferTo    `json:"refer_to"`
		ReferredBy ReferredBy `json:"referred_by"`
	}
	// BridgeBlindTransfer: Asterisk itself has carried out a blind transfer.
	BridgeBlindTransfer struct {
		Head
		OnBoth
		Context    string   `json:"context"`
		Exten      string   `json:"exten"`
		Result     string   `json:"result"` // Fail, Invalid, Not Permitted, Success
		External   bool     `json:"is_external"`
		Replace    *Channel `json:"replace_channel"`
		Transferee *Channel `json:"transferee"`
	}
	// BridgeAttendedTransfer: Asterisk itself has carried out an attended transfer.
	BridgeAttendedTransfer struct {
		Head
		FirstLeg           Channel    `json:"transferer_first_leg"`
		FirstLegBridge     BridgeData `json:"transferer_first_leg_bridge"`
		SecondLeg          Channel    `json:"transferer_second_leg"`
		SecondLegBridge    BridgeData `json:"transferer_second_leg_bridge"`
		Result             string     `json:"result"`
		External           bool       `json:"is_external"`
		Replace            *Channel   `json:"replace_channel"`
		Transferee         *Channel   `json:"transferee"`
		Target             *Channel   `json:"transfer_target"`
		DestinationType    string     `json:"destination_type"` // bridge, application, link, threeway, fail
		DestinationBridge  string     `json:"destination_bridge"`
		DestinationApp     string     `json:"destination_application"`
		LinkFirstLeg       *Channel   `json:"destination_link_first_leg"`
		LinkSecondLeg      *Channel   `json:"destination_link_second_leg"`
		ThreewayChannel    *Channel   `json:"destination_threeway_channel"`
		ThreewayBridgeData BridgeData `json:"destination_threeway_bridge"`
	}
	// ChannelUserevent: the dialplan or another program has sent an event of its own.
	ChannelUserevent struct {
		Head
		OnBoth
		Endpoint EndpointData    `json:"endpoint"`
		Name     string          `json:"eventname"`
		Body     json.RawMessage `json:"userevent"`
	}
	// TextMessageReceived: a SIP MESSAGE has come. Its variables, which contain the sender's credentials, are left out.
	TextMessageReceived struct {
		Head
		OnEndpoint
		Message TextMessage `json:"message"`
	}
	// CallBroadcast: a call is offered to several applications; the first Claim gets it.
	CallBroadcast struct {
		Head
		OnChannel
		Caller string `json:"caller"`
		Called string `json:"called"`
	}
	// CallClaimed: an offered call has been claimed.
	CallClaimed struct {
		Head
		OnChannel
		Winner string `json:"winner_app"`
	}
)

// TextMessage is a text; the library's type has a list where Asterisk sends an object.
type TextMessage struct {
	From string `json:"from"` // "Ana" <sip:1001@host>
	To   string `json:"to"`   // pjsip:ctid@host
	Body string `json:"body"`
}

// ReferTo is where a phone wants its partner to go.
type ReferTo struct {
	Requested struct {
		ProtocolID  string `json:"protocol_id"` // SIP Call-ID of the consultation, attended only
		Destination string `json:"destination"` // the user part, blind only
	} `json:"requested_destination"`
	Destination *Channel    `json:"destination_channel"` // attended: the phone's own consultation leg
	Connected   *Channel    `json:"connected_channel"`   // attended: whom he consults
	Bridge      *BridgeData `json:"bridge"`              // attended: the bridge of the consultation
}

// ReferredBy is who asks for the transfer.
type ReferredBy struct {
	Source    Channel     `json:"source_channel"`    // the leg on which the REFER came
	Connected *Channel    `json:"connected_channel"` // his partner, who is to be transferred
	Bridge    *BridgeData `json:"bridge"`
}

// Attended says that the phone has a consultation to join, rather than a number.
func (e *ChannelTransfer) Attended() bool { return e.ReferTo.Destination != nil }

// Subject is the dialled channel and its caller.
func (e *Dial) Subject() Subject {
	s := Subject{Channel: e.Peer.ID}
	if e.Caller != nil {
		s.Other = e.Caller.ID
	}
	return s
}

// Subject is the leg that asks, its partner and their bridge.
func (e *ChannelTransfer) Subject() Subject {
	s := Subject{Channel: e.ReferredBy.Source.ID}
	if e.ReferredBy.Connected != nil {
		s.Other = e.ReferredBy.Connected.ID
	}
	if e.ReferredBy.Bridge != nil {
		s.Bridge = e.ReferredBy.Bridge.ID
	}
	return s
}

// Subject is the transferring phone's two legs.
func (e *BridgeAttendedTransfer) Subject() Subject {
	return Subject{Channel: e.FirstLeg.ID, Other: e.SecondLeg.ID, Bridge: e.FirstLegBridge.ID}
}
