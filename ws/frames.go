package ws

import (
	"encoding/json"

	"ctid"
)

// Client is who a desktop says it is. ID is one UUID for each browser profile or installation.
type Client struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	ID      string `json:"id"`
}

// Position is a place in the log: nothing at or below Seq is missing. It is worth nothing in another epoch.
type Position struct {
	Epoch string `json:"epoch"`
	Seq   uint64 `json:"seq"`
}

// inFrame is any frame of a client; K says which fields count.
type inFrame struct {
	K string `json:"k"`

	Client Client    `json:"client"` // hello
	Caps   []string  `json:"caps"`
	Topics []string  `json:"topics"`
	Types  []string  `json:"types"` // for the topic "all"
	Resume *Position `json:"resume"`
	Token  string    `json:"token"`
	Lang   string    `json:"lang"`

	ID    string          `json:"id"` // req
	Op    string          `json:"op"`
	Args  json.RawMessage `json:"args"`
	Idem  string          `json:"idem"`
	IfRev *uint64         `json:"if_rev"`

	Pop    ctid.PopID `json:"pop"` // ack
	Rev    uint64     `json:"rev"`
	What   string     `json:"what"`
	Detail string     `json:"detail"`

	N       uint64 `json:"n"` // tock
	Visible bool   `json:"visible"`
	Front   bool   `json:"front"`
}

type welcomeFrame struct {
	K       string            `json:"k"`
	Session string            `json:"session"`
	Epoch   string            `json:"epoch"`
	Seq     uint64            `json:"seq"`
	At      wireTime          `json:"at"`
	Resumed bool              `json:"resumed"`
	Why     string            `json:"why,omitempty"`
	Replay  int               `json:"replay"`
	Revs    map[string]uint64 `json:"revs"`
	Front   bool              `json:"front"`
	Who     whoView           `json:"who"`
	Topics  []string          `json:"topics"`
	Refused []refusedTopic    `json:"refused,omitempty"`
	Limits  limitsView        `json:"limits"`
	Timings timingsView       `json:"timings"`
	Ops     []string          `json:"ops"`
	Codes   Codes             `json:"codes"`
	Devices []DeviceChoice    `json:"devices,omitempty"` // the agent's telephones, the first one first
	Notice  []string          `json:"notice"`
}

type whoView struct {
	User  string       `json:"user"`
	Roles []ctid.Role  `json:"roles"`
	Agent ctid.AgentID `json:"agent,omitempty"`
	Teams []string     `json:"teams,omitempty"` // a supervisor's; none means all
	Until wireTime     `json:"until,omitzero"`
}

type limitsView struct {
	MsgBytes    int     `json:"msg_bytes"`
	ReqPerS     float64 `json:"req_per_s"`
	ReqBurst    int     `json:"req_burst"`
	Outstanding int     `json:"outstanding"`
	Topics      int     `json:"topics"`
}

type timingsView struct {
	TickMS int64 `json:"tick_ms"`
	DeadMS int64 `json:"dead_ms"`
}

type refusedTopic struct {
	Topic string    `json:"topic"`
	Code  ctid.Code `json:"code"`
}

type snapFrame struct {
	K     string                     `json:"k"`
	Topic string                     `json:"topic"`
	AsOf  uint64                     `json:"as_of"`
	Part  int                        `json:"part"`
	Last  bool                       `json:"last"`
	Data  map[string]json.RawMessage `json:"data"`
}

// stateFrame is the latest value of a state topic. It may be skipped, and does not move a client's position.
type stateFrame struct {
	K     string   `json:"k"`
	Topic string   `json:"topic"`
	AsOf  uint64   `json:"as_of"`
	At    wireTime `json:"at"`
	Data  any      `json:"data"`
}

type tickFrame struct {
	K   string   `json:"k"`
	N   uint64   `json:"n"`
	Seq uint64   `json:"seq"`
	At  wireTime `json:"at"`
}

type resFrame struct {
	K  string `json:"k"`
	ID string `json:"id"`
	replyView
}

// replyView is a ctid.Reply on the wire; an error gains its retry word from the table.
type replyView struct {
	Phase   string         `json:"phase"`
	Seq     uint64         `json:"seq,omitempty"`
	Already bool           `json:"already,omitempty"`
	Unsaved bool           `json:"unsaved,omitempty"`
	Data    map[string]any `json:"data,omitempty"`
	Error   *errorView     `json:"error,omitempty"`
}

type errorView struct {
	*ctid.Error
	Retry string `json:"retry"`
}

type sessionFrame struct {
	K      string   `json:"k"`
	What   string   `json:"what"` // front, displaced, expiring, asleep, awake, resync
	Front  *bool    `json:"front,omitempty"`
	By     string   `json:"by,omitempty"`
	Until  wireTime `json:"until,omitzero"`
	Topics []string `json:"topics,omitempty"`
}

type byeFrame struct {
	K        string    `json:"k"`
	Code     CloseCode `json:"code"`
	RetryMS  int64     `json:"retry_ms,omitempty"`
	SpreadMS int64     `json:"spread_ms,omitempty"`
	Text     string    `json:"text"`
}

func viewReply(r ctid.Reply) replyView {
	v := replyView{Phase: r.Phase, Seq: r.Seq, Already: r.Already, Unsaved: r.Unsaved, Data: r.Data}
	if r.Err != nil {
		v.Error = &errorView{r.Err, r.Err.Code.Row().Retry}
	}
	return v
}
