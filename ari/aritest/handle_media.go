package aritest

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (s *Server) newPlayback(c *call, uri string) *playback {
	id := c.PathValue("playback")
	if id == "" {
		id = c.q("playbackId")
	}
	if id == "" {
		id = fmt.Sprintf("playback-%d", len(s.requests))
	}
	p := &playback{id: id, uri: uri, state: "queued", lang: c.q("lang"), media: strings.Split(c.q("media"), ",")}
	s.playbacks[id] = p
	return p
}

func playOnChannel(s *Server, c *call) reply {
	ch, no := inStasis(s, c)
	if ch == nil {
		return no
	}
	p := s.newPlayback(c, "channel:"+ch.id)
	p.ch = ch
	out := p.json()
	ch.enqueue(pending{
		run: func() {
			if p.state != "queued" { // stopped before it had its turn
				return
			}
			ch.playing = p
			s.start(p)
		},
		gone: func() { s.finish(p, "failed") },
	})
	return created(out)
}

func playOnBridge(s *Server, c *call) reply {
	br := s.bridges[c.PathValue("id")]
	if br == nil {
		return noBridge
	}
	p := s.newPlayback(c, "bridge:"+br.id)
	p.br = br
	out := p.json()
	br.playing = append(br.playing, p)
	s.start(p)
	return created(out)
}

// start plays the media that is next.
func (s *Server) start(p *playback) {
	uri := p.media[p.at]
	p.state = "playing"
	s.tellAbout(p.uri, "PlaybackStarted", body{"playback": p.json()})
	d, there := s.opt.MediaLength(uri)
	if !there {
		s.finish(p, "failed")
		return
	}
	for _, ch := range p.hearers() {
		ch.heard = append(ch.heard, uri)
	}
	if d < 0 {
		return
	}
	p.timer = s.after(d, func() {
		if p.at+1 == len(p.media) {
			s.finish(p, "done")
			return
		}
		p.at++
		p.state = "continuing"
		s.tellAbout(p.uri, "PlaybackContinuing", body{"playback": p.json()})
		s.start(p)
	})
}

func (p *playback) hearers() []*channel {
	if p.ch != nil {
		return []*channel{p.ch}
	}
	return p.br.members
}

// finish ends a playback and lets its channel go on with what waits.
func (s *Server) finish(p *playback, state string) {
	if p.state == "done" || p.state == "failed" {
		return
	}
	s.stop(p.timer)
	p.state = state
	if s.playbacks[p.id] == p {
		delete(s.playbacks, p.id)
	}
	s.tellAbout(p.uri, "PlaybackFinished", body{"playback": p.json()})
	if p.br != nil {
		p.br.playing = slices.DeleteFunc(p.br.playing, func(q *playback) bool { return p == q })
		return
	}
	if p.ch.playing == p {
		p.ch.playing = nil
		p.ch.turn()
	}
}

func getPlayback(s *Server, c *call) reply {
	if p := s.playbacks[c.PathValue("playback")]; p != nil {
		return ok(p.json())
	}
	return unknownPlayback()
}

func stopPlayback(s *Server, c *call) reply {
	p := s.playbacks[c.PathValue("playback")]
	if p == nil {
		return unknownPlayback()
	}
	s.finish(p, "done")
	return done()
}

func controlPlayback(s *Server, c *call) reply {
	p := s.playbacks[c.PathValue("playback")]
	if p == nil {
		return unknownPlayback()
	}
	switch c.q("operation") {
	case "pause", "unpause", "restart", "reverse", "forward":
		return done()
	}
	return fail(http.StatusBadRequest, "Invalid operation")
}

// record makes a recording, or says why not.
func (s *Server) record(c *call, uri string) (*recording, reply) {
	name, format := c.q("name"), c.q("format")
	if name == "" {
		return nil, fail(http.StatusBadRequest, "Missing recording name")
	}
	if !slices.Contains([]string{"wav", "gsm", "ulaw", "alaw", "slin", "sln"}, format) {
		return nil, fail(http.StatusUnprocessableEntity, "specified format is unknown on this system")
	}
	exists := c.q("ifExists")
	if _, there := s.stored[name]; s.live[name] != nil || there && (exists == "" || exists == "fail") {
		return nil, fail(http.StatusConflict, "Recording '"+name+"' already exists and can not be overwritten")
	}
	r := &recording{name: name, format: format, state: "queued", uri: uri, ends: c.q("terminateOn")}
	if n, err := strconv.Atoi(c.q("maxSilenceSeconds")); err == nil {
		r.maxSilence = time.Duration(n) * time.Second
	}
	s.live[name] = r
	return r, created(r.json())
}

func (s *Server) startRecording(r *recording, limit string) {
	r.state, r.began = "recording", time.Now()
	s.tellAbout(r.uri, "RecordingStarted", body{"recording": r.json()})
	if n, err := strconv.Atoi(limit); err == nil && n > 0 {
		s.after(time.Duration(n)*time.Second, func() { s.finishRecording(r) })
	}
	if r.ch != nil && r.ch.silent {
		s.fallSilent(r)
	}
}

// fallSilent notes that who is recorded says nothing from now on. A recording with a longest silence ends after that.
func (s *Server) fallSilent(r *recording) {
	r.quiet = time.Now()
	if at := r.quiet; r.maxSilence > 0 {
		s.after(r.maxSilence, func() {
			if r.quiet.Equal(at) {
				s.finishRecording(r)
			}
		})
	}
}

// said is how long something was said, and how long the file is: a silence that ended it is cut off.
func (r *recording) said() (talk, all time.Duration) {
	all = time.Since(r.began)
	if r.quiet.IsZero() {
		return all, all
	}
	talk = r.quiet.Sub(r.began)
	if r.maxSilence > 0 && all-talk >= r.maxSilence {
		all = talk
	}
	return talk, all
}

func recordChannel(s *Server, c *call) reply {
	ch, no := inStasis(s, c)
	if ch == nil {
		return no
	}
	r, out := s.record(c, "channel:"+ch.id)
	if r == nil {
		return out
	}
	r.ch = ch
	limit := c.q("maxDurationSeconds")
	ch.enqueue(pending{
		run: func() {
			if ch.bridge != nil {
				s.failRecording(r, "Cannot record channel while in bridge")
				return
			}
			ch.recording = r
			s.startRecording(r, limit)
		},
		gone: func() { s.failRecording(r, "Channel hung up") },
	})
	return out
}

func recordBridge(s *Server, c *call) reply {
	br := s.bridges[c.PathValue("id")]
	if br == nil {
		return noBridge
	}
	r, out := s.record(c, "bridge:"+br.id)
	if r != nil {
		r.br = br
		s.startRecording(r, c.q("maxDurationSeconds"))
	}
	return out
}

func (s *Server) failRecording(r *recording, cause string) {
	delete(s.live, r.name)
	b := r.json()
	b["state"], b["cause"] = "failed", cause
	s.tellAbout(r.uri, "RecordingFailed", body{"recording": b})
}

func (s *Server) finishRecording(r *recording) {
	if s.live[r.name] != r {
		return
	}
	delete(s.live, r.name)
	s.letGo[r.name] = time.Now().Add(letsGo)
	r.state = "done"
	talk, all := r.said()
	s.stored[r.name] = tone(talk, all)
	s.tellAbout(r.uri, "RecordingFinished", body{"recording": r.json()})
	if r.ch != nil && r.ch.recording == r {
		r.ch.recording = nil
		r.ch.turn()
	}
}

// changeRecording serves stop, pause and mute of a running recording, their ends, and throwing it away.
func changeRecording(s *Server, c *call) reply {
	r := s.live[c.PathValue("name")]
	if r == nil {
		return fail(http.StatusNotFound, "Recording not found")
	}
	switch what := c.PathValue("what"); {
	case what == "stop" && c.Method == http.MethodPost:
		s.finishRecording(r)
	case what == "":
		s.finishRecording(r)
		delete(s.stored, r.name)
	case what != "pause" && what != "mute":
		return fail(http.StatusNotFound, "Resource not found")
	}
	return done()
}

// letsGo is how long after it has told of its end Asterisk may still say that a recording runs.
const letsGo = 30 * time.Millisecond

// liveRecording tells of a recording that runs, or has just ended.
func liveRecording(s *Server, c *call) reply {
	name := c.PathValue("name")
	if r := s.live[name]; r != nil {
		return ok(r.json())
	}
	if time.Now().Before(s.letGo[name]) {
		return ok(body{"name": name, "format": "wav", "state": "done"})
	}
	return fail(http.StatusNotFound, "Recording not found")
}

func listStored(s *Server, _ *call) reply {
	list := []any{}
	for _, n := range slices.Sorted(maps.Keys(s.stored)) {
		list = append(list, body{"name": n, "format": "wav"})
	}
	return ok(list)
}

func storedFile(s *Server, c *call) reply {
	file, there := s.stored[c.PathValue("name")]
	if !there {
		return fail(http.StatusNotFound, "Recording not found")
	}
	return ok(file)
}

func deleteStored(s *Server, c *call) reply {
	if _, there := s.stored[c.PathValue("name")]; !there {
		return fail(http.StatusNotFound, "Recording not found")
	}
	delete(s.stored, c.PathValue("name"))
	return done()
}

// tone is a WAV file with a tone for as long as somebody talked, and silence for the rest.
func tone(talk, all time.Duration) []byte {
	const rate = 8000
	n := int(all * rate / time.Second)
	h := []byte("RIFF----WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00")
	h = binary.LittleEndian.AppendUint32(h, rate)
	h = binary.LittleEndian.AppendUint32(h, rate*2)
	h = append(h, 2, 0, 16, 0, 'd', 'a', 't', 'a')
	h = binary.LittleEndian.AppendUint32(h, uint32(n*2))
	for i := range n {
		v := uint16(0)
		if time.Duration(i)*time.Second/rate < talk {
			v = uint16(int16(8000 * math.Sin(2*math.Pi*440*float64(i)/rate)))
		}
		h = binary.LittleEndian.AppendUint16(h, v)
	}
	binary.LittleEndian.PutUint32(h[4:], uint32(len(h)-8))
	return h
}
