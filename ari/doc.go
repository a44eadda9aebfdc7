// Package ari is the door to one Asterisk: typed commands over pooled HTTP and one ordered stream of events that
// never drops. It knows nothing of queues, agents or calls.
//
// The model (bridges, playbacks, recordings, requests) is that of github.com/CyCoreSystems/ari/v5; its client and its
// event bus are not used, because the bus drops events when a listener is slow and its requests take no context.
// Where Asterisk tells more than that model holds (where a channel stands in the dialplan, the SIP status behind a
// hang-up, transfers by the phone), the types are this package's own.
package ari
