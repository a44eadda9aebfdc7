package web

import (
	"context"
	"net/http"

	"ctid"
)

// Phones gives an agent at his desktop what his page needs to be his telephone. client is the page's client id, as its
// hello on the websocket has it. Refusals are *ctid.Error.
type Phones interface {
	Registration(ctx context.Context, who ctid.Who, client string) (Registration, error)
}

// Registration is what the telephone in a page registers with. All but Kind is there with the kind web only.
type Registration struct {
	Kind      string      `json:"kind"`                 // phone, auto or web: where the agent's telephone is
	URI       string      `json:"uri,omitempty"`        // his address, sip:USER@HOST
	Server    string      `json:"server,omitempty"`     // where SIP is spoken, ws:// or wss://
	User      string      `json:"user,omitempty"`       // who logs in there
	Password  string      `json:"password,omitempty"`   // good until the next one is asked for, and for ExpiresIn at most
	ExpiresIn int         `json:"expires_in,omitempty"` // seconds
	ICE       []ICEServer `json:"ice,omitempty"`
}

// ICEServer is a STUN or TURN server as RTCPeerConnection takes it.
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// clientHeader carries the page's client id.
const clientHeader = "Ctid-Client"

// mePhone gives the agent who asks a new password for the telephone in his page.
func (s *server) mePhone(w http.ResponseWriter, r *http.Request) {
	who, _, err := s.bearer(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	client := r.Header.Get(clientHeader)
	switch {
	case who.Agent == "" || s.Phones == nil:
		s.fail(w, r, ctid.Refuse(ctid.NotFound, "this user is no agent and has no telephone"))
		return
	case client == "" || len(client) > 64:
		s.fail(w, r, ctid.Refuse(ctid.BadRequest, "the header "+clientHeader+" must hold the client.id of your hello, 1 to 64 bytes"))
		return
	}
	reg, err := s.Phones.Registration(r.Context(), who, client)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	answer(w, http.StatusOK, reg)
}
