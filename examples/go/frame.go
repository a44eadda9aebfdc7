package main

import (
	"cmp"
	"encoding/json"
	"fmt"
)

type object = map[string]any

// frame is a message of the server, or an entry of a snapshot: of the fields those that are used here.
type frame struct {
	K, Type, Epoch, Call, Pop, Agent, ID, Phase, What, Text, State string
	Seq, Prev, Rev, N                                              uint64
	Code, Part, Replay                                             int
	Last, Resumed, Seen                                            bool
	AsOf                                                           uint64 `json:"as_of"`
	RetryMS                                                        int64  `json:"retry_ms"`
	SpreadMS                                                       int64  `json:"spread_ms"`
	Revs                                                           map[string]uint64
	Error                                                          struct{ Code, Text string }
	Can                                                            []string // nil: as before
	Wrap                                                           struct{ ID string }
	Data                                                           json.RawMessage
}

// words are a pop for a terminal. It is other people's text: a page shows it as text, never as markup.
func words(data json.RawMessage) string {
	var d struct {
		Kind  string
		ANI   struct{ Shown, Kind string }
		DNIS  struct{ Label string }
		Queue struct{ Name string }
		Match struct {
			Chosen    string
			Customers []struct{ ID, Name string }
		}
	}
	_ = json.Unmarshal(data, &d)
	who := "somebody unknown"
	for _, c := range d.Match.Customers {
		if c.ID == d.Match.Chosen {
			who = c.Name
		}
	}
	return fmt.Sprintf("%s: %s, %s, to %s for %s", d.Kind, who, cmp.Or(d.ANI.Shown, d.ANI.Kind), d.DNIS.Label, d.Queue.Name)
}
