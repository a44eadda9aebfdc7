package ari

import (
	"fmt"
	"strconv"
	"strings"
)

// Version is an Asterisk version such as 22.10.1; a certified or git build has what can be read of it, and Text all.
type Version struct {
	Major, Minor, Patch int
	Text                string
}

// String is the version as Asterisk wrote it.
func (v Version) String() string { return v.Text }

// ParseVersion reads what /asterisk/info gives: "22.10.1~dfsg+…", "certified/20.7-cert4", "GIT-22-abc".
func ParseVersion(text string) (Version, error) {
	v := Version{Text: text}
	s := strings.TrimLeft(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/-_ ")
	for i, p := range []*int{&v.Major, &v.Minor, &v.Patch} {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		x, err := strconv.Atoi(s[:n])
		if err != nil {
			if i == 0 {
				return v, fmt.Errorf("ari: version %q starts with no number", text)
			}
			break
		}
		*p = x
		if n >= len(s) || s[n] != '.' {
			break
		}
		s = s[n+1:]
	}
	return v, nil
}

// AtLeast compares major, minor and patch.
func (v Version) AtLeast(major, minor, patch int) bool {
	if v.Major != major {
		return v.Major > major
	}
	if v.Minor != minor {
		return v.Minor > minor
	}
	return v.Patch >= patch
}

// Features is what this Asterisk can do beyond what 16 can. A false field means: do without.
type Features struct {
	TransferHandling bool // PJSIP_TRANSFER_HANDLING()=ari-only, ChannelTransfer, transfer_progress
	TechCause        bool // ChannelDestroyed and ChannelHangupRequest carry the SIP status
	ReasonCode       bool // a hang-up can name any Q.850 cause
	Move             bool // a channel can be moved to another application
	RESTOverWS       bool // requests over the event socket
	WebSocketMedia   bool // externalMedia over a websocket (chan_websocket)
	Claim            bool // StasisBroadcast and /events/claim
	Progress         bool // early media by command; without it the dialplan must call Progress()
}

// branch is the first release of one line that has a feature.
type branch struct{ major, minor int }

// since says whether v has what came with these releases; a line that is not named has it when it is younger than all.
func (v Version) since(first ...branch) bool {
	newest := 0
	for _, b := range first {
		if b.major == v.Major {
			return v.Minor >= b.minor
		}
		newest = max(newest, b.major)
	}
	return v.Major > newest
}

// FeaturesOf is the feature set of a version. Transfers count only from the releases in which teardown of a REFER no
// longer crashes Asterisk (its issue 1467).
func FeaturesOf(v Version) Features {
	return Features{
		TransferHandling: v.since(branch{20, 17}, branch{21, 12}, branch{22, 7}, branch{23, 1}),
		TechCause:        v.since(branch{20, 17}, branch{21, 12}, branch{22, 7}, branch{23, 1}),
		ReasonCode:       v.AtLeast(18, 0, 0),
		Move:             v.AtLeast(16, 5, 0),
		RESTOverWS:       v.since(branch{20, 15}, branch{21, 10}, branch{22, 5}),
		WebSocketMedia:   v.since(branch{20, 16}, branch{21, 11}, branch{22, 6}),
		Progress:         v.since(branch{20, 16}, branch{21, 11}, branch{22, 6}),
		Claim:            v.since(branch{22, 10}, branch{23, 4}),
	}
}
