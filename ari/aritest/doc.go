// Package aritest is an Asterisk in memory that speaks ARI over real HTTP and websockets, for tests and the simulated
// demo. It runs over TCP or over pipes, and inside a testing/synctest bubble: it has no clock but time.Now and
// time.AfterFunc.
//
// It keeps to what real Asterisks were seen to do, the inconvenient parts included: one command at a time on a
// channel (answer, addChannel and setting variables wait for a playback to end), no ChannelDestroyed for an inbound
// channel without a subscription to it, channel events twice for who also subscribes to the endpoint, no keys told
// out of a plain mixing bridge of two, 422 for a channel that has not entered the application, and a 409 where an
// originate with a chosen id finds nobody to dial. Server.Hears says who hears whom. The same scenarios run against it and against the real one.
package aritest
