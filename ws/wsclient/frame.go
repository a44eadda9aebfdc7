package wsclient

import (
	"encoding/json"
	"time"
)

// Position is where a client stands in the log. It is worth nothing in another epoch.
type Position struct {
	Epoch string `json:"epoch"`
	Seq   uint64 `json:"seq"`
}

// Frame is one message of the server with the time it arrived. Which fields count depends on K.
type Frame struct {
	Arrived time.Time       `json:"-"`
	Raw     json.RawMessage `json:"-"`
	Repeat  bool            `json:"-"` // an event already applied: a pop sent again

	K string `json:"k"`

	Seq   uint64          `json:"seq"` // event, welcome, tick, res
	Prev  uint64          `json:"prev"`
	Try   int             `json:"try"`
	Front bool            `json:"front"`
	At    time.Time       `json:"at"`
	Type  string          `json:"type"`
	Pop   string          `json:"pop"`
	Call  string          `json:"call"`
	Agent string          `json:"agent"`
	Queue string          `json:"queue"`
	PBX   string          `json:"pbx"`
	Rev   uint64          `json:"rev"`
	By    any             `json:"by"`  // event: who caused it, an object; session: a text
	Can   []string        `json:"can"` // nil: not told
	Data  json.RawMessage `json:"data"`

	Agents  []string `json:"agents"`  // event: who is told, where it is not Agent alone
	Message string   `json:"message"` // event
	Topics  []string `json:"topics"`  // event: those that carry it, if not "me" alone; welcome and session: the session's

	Session string            `json:"session"` // welcome
	Epoch   string            `json:"epoch"`
	Resumed bool              `json:"resumed"`
	Why     string            `json:"why"`
	Replay  int               `json:"replay"`
	Revs    map[string]uint64 `json:"revs"`
	Who     struct {
		User  string `json:"user"`
		Agent string `json:"agent"`
	} `json:"who"`
	Refused []struct {
		Topic string `json:"topic"`
		Code  string `json:"code"`
	} `json:"refused"`

	Topic string `json:"topic"` // snap
	AsOf  uint64 `json:"as_of"`
	Part  int    `json:"part"`
	Last  bool   `json:"last"`

	ID      string `json:"id"` // res
	Phase   string `json:"phase"`
	Already bool   `json:"already"`
	Error   *Error `json:"error"`

	N    uint64 `json:"n"`    // tick
	What string `json:"what"` // session

	Code     int    `json:"code"` // bye
	RetryMS  int64  `json:"retry_ms"`
	SpreadMS int64  `json:"spread_ms"`
	Text     string `json:"text"`
}

// Error is a refused request.
type Error struct {
	Code    string         `json:"code"`
	Text    string         `json:"text"`
	Retry   string         `json:"retry"`
	RetryMS int64          `json:"retry_ms"`
	Can     []string       `json:"can"`
	Fields  []string       `json:"fields"`
	Data    map[string]any `json:"data"`
}

func (e *Error) Error() string { return e.Code + ": " + e.Text }
