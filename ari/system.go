package ari

import (
	"context"
	"net/http"
	"net/url"

	cyc "github.com/CyCoreSystems/ari/v5"
)

// ApplicationData is what an application is subscribed to.
type ApplicationData = cyc.ApplicationData

// AsteriskInfo is what Asterisk says of itself; Info fills in SystemInfo only.
type AsteriskInfo = cyc.AsteriskInfo

// eventFilter is the body of an event filter; a disallowed type wins over an allowed one.
type eventFilter struct {
	Allowed    []typeName `json:"allowed"`
	Disallowed []typeName `json:"disallowed"`
}

type typeName struct {
	Type string `json:"type"`
}

func filterOf(disallowed []string) eventFilter {
	f := eventFilter{Allowed: []typeName{}, Disallowed: []typeName{}}
	for _, t := range disallowed {
		f.Disallowed = append(f.Disallowed, typeName{t})
	}
	return f
}

func (n *Node) setFilter(ctx context.Context, app string, f eventFilter) error {
	return n.do(ctx, request{
		op: "event_filter", target: app, method: http.MethodPut, path: []string{"applications", app, "eventFilter"},
		body: f, again: sendAgain,
	})
}

// SubscribeChannel asks for all events of a channel until it is destroyed, and its destruction, also after it has left
// the application. Without it the end of an inbound channel is never told.
func (n *Node) SubscribeChannel(ctx context.Context, id string) error {
	return n.Subscribe(ctx, "channel:"+id)
}

// Subscribe asks for the events of channel:ID, bridge:ID, endpoint:TECH/NAME or deviceState:NAME. It is remembered, and
// sent again after a reconnect if Asterisk has forgotten it.
func (n *Node) Subscribe(ctx context.Context, source string) error {
	n.subs.add(source) // before the request: the channel may be destroyed before its answer is read
	err := n.subscribe(ctx, n.cfg.App, source)
	if err != nil {
		n.subs.remove(source)
	}
	return err
}

// Unsubscribe ends Subscribe; what is not subscribed to is no error.
func (n *Node) Unsubscribe(ctx context.Context, source string) error {
	n.subs.remove(source)
	return n.do(ctx, request{
		op: "unsubscribe", target: source, method: http.MethodDelete, path: []string{"applications", n.cfg.App, "subscription"},
		query: url.Values{"eventSource": {source}}, again: sendAgain,
		already: []int{http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity},
	})
}

func (n *Node) subscribe(ctx context.Context, app, source string) error {
	return n.do(ctx, request{
		op: "subscribe", target: source, method: http.MethodPost, path: []string{"applications", app, "subscription"},
		query: url.Values{"eventSource": {source}}, again: sendAgain,
	})
}

// Application reads what an application is subscribed to; IsNotFound when no program is connected under that name.
func (n *Node) Application(ctx context.Context, name string) (ApplicationData, error) {
	var a ApplicationData
	err := n.do(ctx, request{op: "application", target: name, method: http.MethodGet, path: []string{"applications", name}, reply: &a, again: sendAgain})
	return a, err
}

// Info asks for the version.
func (n *Node) Info(ctx context.Context) (AsteriskInfo, error) {
	var i AsteriskInfo
	err := n.do(ctx, request{
		op: "info", method: http.MethodGet, path: []string{"asterisk", "info"}, query: url.Values{"only": {"system"}},
		reply: &i, again: sendAgain,
	})
	return i, err
}

// Endpoints lists the endpoints of a technology such as PJSIP; all when tech is empty.
func (n *Node) Endpoints(ctx context.Context, tech string) ([]EndpointData, error) {
	path := []string{"endpoints"}
	if tech != "" {
		path = append(path, tech)
	}
	var list []EndpointData
	err := n.do(ctx, request{op: "endpoints", target: tech, method: http.MethodGet, path: path, reply: &list, again: sendAgain})
	return list, err
}

// Endpoint reads one endpoint; its State is online, offline or unknown.
func (n *Node) Endpoint(ctx context.Context, tech, resource string) (EndpointData, error) {
	var e EndpointData
	err := n.do(ctx, request{
		op: "endpoint", target: tech + "/" + resource, method: http.MethodGet, path: []string{"endpoints", tech, resource},
		reply: &e, again: sendAgain,
	})
	return e, err
}

// SendText sends a SIP MESSAGE to an endpoint; from is a SIP URI. It is never sent twice.
func (n *Node) SendText(ctx context.Context, tech, resource string, m TextMessage) error {
	return n.do(ctx, request{
		op: "send_text", target: tech + "/" + resource, method: http.MethodPut,
		path: []string{"endpoints", tech, resource, "sendMessage"}, query: values("from", m.From, "body", m.Body), again: sendOnce,
	})
}

// SetDeviceState sets a state for lamps: name must begin with "Stasis:", state is NOT_INUSE, INUSE, BUSY, INVALID,
// UNAVAILABLE, RINGING, RINGINUSE, ONHOLD or UNKNOWN.
func (n *Node) SetDeviceState(ctx context.Context, name, state string) error {
	states := oneOf("NOT_INUSE", "INUSE", "BUSY", "INVALID", "UNAVAILABLE", "RINGING", "RINGINUSE", "ONHOLD", "UNKNOWN")
	err := n.check("device_state", check{"name", name, form(deviceRE, "is not Stasis:NAME")}, check{"state", state, states})
	if err != nil {
		return err
	}
	return n.do(ctx, request{
		op: "device_state", target: name, method: http.MethodPut, path: []string{"deviceStates", name},
		query: values("deviceState", state), again: sendAgain,
	})
}

// DeleteDeviceState takes a state of SetDeviceState away.
func (n *Node) DeleteDeviceState(ctx context.Context, name string) error {
	return n.do(ctx, request{
		op: "delete_device_state", target: name, method: http.MethodDelete, path: []string{"deviceStates", name},
		again: sendAgain, already: gone,
	})
}
