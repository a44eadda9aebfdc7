package ari_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ctid/ari"
)

// captures are the frames that real Asterisks sent, by version.
func captures(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("../testdata/ari/*/*.json")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d captures, %v", len(files), err)
	}
	out := map[string][]byte{}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[f] = raw
	}
	return out
}

func TestCapturesDecode(t *testing.T) {
	for file, raw := range captures(t) {
		ev, err := ari.Decode(raw)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		want, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".json"), "_")
		h := ev.Header()
		if h.Type != want || !strings.HasPrefix(h.Application, "ctid") || h.AsteriskID == "" || h.Timestamp.Time().Year() < 2026 {
			t.Errorf("%s: head %+v", file, h)
		}
		if ev.Subject() == (ari.Subject{}) {
			t.Errorf("%s: about nothing", file)
		}
		if _, unknown := ev.(*ari.Unknown); unknown != (want == "ChannelDialplan") {
			t.Errorf("%s decodes as %T", file, ev)
		}
	}
}

// What the rest of ctid reads out of events is there in those of both versions.
func TestCapturesHoldWhatIsRead(t *testing.T) {
	for _, version := range []string{"16", "22"} {
		get := func(typ string) ari.Event {
			t.Helper()
			raw, err := os.ReadFile("../testdata/ari/" + version + "/" + typ + ".json")
			if err != nil {
				t.Fatal(err)
			}
			ev, err := ari.Decode(raw)
			if err != nil {
				t.Fatal(err)
			}
			return ev
		}
		start := get("StasisStart").(*ari.StasisStart)
		if len(start.Args) != 2 || start.Args[0] != "in" || start.Args[1] != "8001" || start.Channel.State != "Ring" ||
			start.Channel.Dialplan.AppName != "Stasis" || start.Channel.Dialplan.AppData != "ctid,in,8001" ||
			start.Channel.Dialplan.Exten != "8001" || start.Channel.Caller.Number == "" || start.Replace != nil ||
			start.Channel.Created.Time().IsZero() || !strings.HasPrefix(start.Channel.Name, "PJSIP/carrier-") {
			t.Errorf("%s: %+v", version, start)
		}
		if d := start.Channel.Data(); d.ID != start.Channel.ID || d.Caller.Number != start.Channel.Caller.Number || d.Dialplan.Exten != "8001" {
			t.Errorf("%s: as the library's type: %+v", version, d)
		}
		end := get("ChannelDestroyed").(*ari.ChannelDestroyed)
		if version == "22" && (end.Cause != 17 || end.TechCause != 486) || end.CauseText == "" || end.Channel.ID == "" {
			t.Errorf("%s: %+v", version, end)
		}
		dial := get("Dial").(*ari.Dial)
		if dial.Subject().Channel != "ag1" || dial.Caller != nil || dial.DialString != "1001" {
			t.Errorf("%s: %+v", version, dial)
		}
		in := get("ChannelEnteredBridge").(*ari.ChannelEnteredBridge)
		if in.Bridge.ID == "" || len(in.Bridge.ChannelIDs) == 0 || in.Subject().Bridge != in.Bridge.ID {
			t.Errorf("%s: %+v", version, in)
		}
		play := get("PlaybackFinished").(*ari.PlaybackFinished)
		if play.Playback.State != "failed" || play.Subject().Channel == "" || play.Subject().Playback != "pb1" {
			t.Errorf("%s: %+v", version, play)
		}
		contact := get("ContactStatusChange").(*ari.ContactStatusChange)
		if contact.Contact.Status != "Removed" || contact.Subject().Endpoint != "PJSIP/1001" || contact.Contact.AOR != "1001" {
			t.Errorf("%s: %+v", version, contact)
		}
		device := get("DeviceStateChanged").(*ari.DeviceStateChanged)
		if device.Subject().Device != "PJSIP/1001" || device.Device.State == "" {
			t.Errorf("%s: %+v", version, device)
		}
		rec := get("RecordingFinished").(*ari.RecordingFinished)
		if rec.Recording.State != "done" || rec.Subject().Channel != "sn1" {
			t.Errorf("%s: %+v", version, rec)
		}
	}
}

// What a phone asks for, how that is told back, and what Asterisk did itself.
func TestCapturesOfTransfers(t *testing.T) {
	read := func(name string) ari.Event {
		t.Helper()
		raw, err := os.ReadFile("../testdata/ari/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		ev, err := ari.Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		return ev
	}
	blind := read("22/ChannelTransfer").(*ari.ChannelTransfer)
	if by := blind.ReferredBy; blind.Attended() || blind.State != "" || blind.ReferTo.Requested.Destination != "1002" || !strings.HasSuffix(by.Source.ID, ".agent") ||
		by.Connected == nil || by.Connected.Caller.Number != "+442079460000" || by.Bridge == nil || len(by.Bridge.ChannelIDs) != 2 ||
		blind.Subject().Channel != by.Source.ID || blind.Subject().Other != by.Connected.ID || blind.Subject().Bridge != by.Bridge.ID {
		t.Errorf("blind: %+v", blind)
	}
	attended := read("22/ChannelTransfer_attended").(*ari.ChannelTransfer)
	if to := attended.ReferTo; !attended.Attended() || to.Requested.ProtocolID != to.Destination.ProtocolID || !strings.HasPrefix(to.Destination.Name, "PJSIP/1001-") ||
		to.Connected == nil || !strings.HasSuffix(to.Connected.ID, ".target") || to.Bridge == nil || !strings.HasSuffix(to.Bridge.ID, ".b2") {
		t.Errorf("attended: %+v", attended)
	}
	if echo := read("22/ChannelTransfer_state").(*ari.ChannelTransfer); echo.State != ari.TransferAnswered {
		t.Errorf("told back: %+v", echo)
	}
	for _, version := range []string{"16", "22"} {
		done := read(version + "/BridgeBlindTransfer").(*ari.BridgeBlindTransfer)
		if done.Exten != "1002" || done.Context != "ctid-phones" || done.Result != "Success" || done.Replace == nil || !strings.HasPrefix(done.Replace.Name, "Local/1002@") ||
			done.Transferee == nil || done.Bridge.ID == "" || !strings.HasSuffix(done.Channel.ID, ".agent") {
			t.Errorf("%s: %+v", version, done)
		}
		start := read(version + "/StasisStart_replace").(*ari.StasisStart)
		if start.Replace == nil || !strings.HasSuffix(start.Replace.ID, ".agent") || start.Subject().Other != start.Replace.ID || len(start.Args) != 0 {
			t.Errorf("%s: %+v", version, start)
		}
		joined := read(version + "/BridgeAttendedTransfer").(*ari.BridgeAttendedTransfer)
		if joined.Result != "Success" || joined.DestinationType != "link" || joined.LinkFirstLeg == nil || joined.LinkSecondLeg == nil ||
			joined.Transferee == nil || joined.Target == nil || !strings.HasSuffix(joined.FirstLeg.ID, ".agent") {
			t.Errorf("%s: %+v", version, joined)
		}
	}
}

// An event whose type stands last, or whose own text holds the word, is still found out.
func TestTypeAnywhere(t *testing.T) {
	for raw, want := range map[string]string{
		`{"cause":32,"soft":true,"type":"ChannelHangupRequest","channel":{"id":"c"}}`:              "ChannelHangupRequest",
		" \n{ \"type\" : \"StasisEnd\" ,\"channel\":{\"id\":\"c\"}}":                               "StasisEnd",
		`{"userevent":{"type":"StasisEnd"},"eventname":"x","type":"ChannelUserevent"}`:             "ChannelUserevent",
		`{"type":"StasisE\u006ed","channel":{"id":"c"}}`:                                           "StasisEnd",
		`{"type":"ChannelTransfer","refer_to":{},"referred_by":{"source_channel":{"id":"agent"}}}`: "ChannelTransfer",
	} {
		ev, err := ari.Decode([]byte(raw))
		if err != nil || ev.Header().Type != want {
			t.Errorf("%s: %v, %v", raw, ev, err)
		}
	}
}

func TestTextsLeaveCredentialsOut(t *testing.T) {
	ev, err := ari.Decode([]byte(`{"type":"TextMessageReceived","endpoint":{"technology":"PJSIP","resource":"1001"},
		"message":{"from":"<sip:1001@h>","to":"pjsip:ctid@h","body":"hi","variables":{"Authorization":"Digest secret"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(ev)
	if err != nil || strings.Contains(string(raw), "secret") || !strings.Contains(string(raw), "hi") {
		t.Errorf("%s, %v", raw, err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, raw := range captures(f) {
		f.Add(raw)
	}
	f.Add([]byte(`{"type":"X","channel":[]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		ev, err := ari.Decode(raw)
		if (ev == nil) == (err == nil) {
			t.Fatalf("%v, %v", ev, err)
		}
		if ev != nil {
			_ = ev.Subject()
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	raw, err := os.ReadFile("../testdata/ari/22/StasisStart.json")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := ari.Decode(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func TestVersions(t *testing.T) {
	for text, want := range map[string][3]int{
		"22.10.1+dfsg+~cs6.17.60671434-1": {22, 10, 1}, "16.28.0~dfsg-0+deb11u4": {16, 28, 0}, "certified/20.7-cert4": {20, 7, 0},
		"GIT-22-abc": {22, 0, 0}, "23.1.0": {23, 1, 0},
	} {
		v, err := ari.ParseVersion(text)
		if err != nil || [3]int{v.Major, v.Minor, v.Patch} != want {
			t.Errorf("%s: %+v, %v", text, v, err)
		}
	}
	if _, err := ari.ParseVersion("unknown"); err == nil {
		t.Error("a version without a number")
	}
	for text, want := range map[string]ari.Features{
		"16.28.0": {Move: true},
		"22.10.1": {TransferHandling: true, TechCause: true, ReasonCode: true, Move: true, RESTOverWS: true, WebSocketMedia: true, Claim: true, Progress: true},
		"22.5.0":  {ReasonCode: true, Move: true, RESTOverWS: true},
		"20.17.0": {TransferHandling: true, TechCause: true, ReasonCode: true, Move: true, RESTOverWS: true, WebSocketMedia: true, Progress: true},
		"24.0.0":  {TransferHandling: true, TechCause: true, ReasonCode: true, Move: true, RESTOverWS: true, WebSocketMedia: true, Claim: true, Progress: true},
	} {
		v, err := ari.ParseVersion(text)
		if got := ari.FeaturesOf(v); err != nil || got != want {
			t.Errorf("%s can %+v, want %+v", text, got, want)
		}
	}
}
