// Package pbx holds the Asterisk configuration files that ship with ctid:
// what an operator includes from his own files so that an Asterisk works with
// ctid. Tests and the demo include the very same files.
package pbx

import "embed"

// Files holds the shipped files at its top level: *_ctid.conf. The first lines
// of each say which file includes it and what it is for.
//
//go:embed *_ctid.conf
var Files embed.FS

// App is the name of the Stasis application in the shipped dialplan.
const App = "ctid"

// FallbackQueue is the app_queue queue of the shipped dialplan that takes the
// callers while no ctid is connected.
const FallbackQueue = "ctid-fallback"

// Arrive is the context of the shipped dialplan that gives a call to ctid; the extension is the dialled number.
const Arrive = "ctid-arrive"
