package aritest

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"io"
	"net/http"
	"time"
)

// Request is one request as it was served.
type Request struct {
	At     time.Time
	Method string
	Path   string // below /ari, decoded
	Query  string
	Body   string
	Status int // 0 while it is being served, or when a fault broke it
}

// Line is "METHOD /path?query", for tests.
func (r Request) Line() string {
	if r.Query == "" {
		return r.Method + " " + r.Path
	}
	return r.Method + " " + r.Path + "?" + r.Query
}

// Requests is the log of all requests so far, without those for the sockets.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// reply is an answer; wait is set when it has to be waited for.
type reply struct {
	status int
	body   any
	wait   chan reply
}

func ok(v any) reply                      { return reply{status: http.StatusOK, body: v} }
func created(v any) reply                 { return reply{status: http.StatusCreated, body: v} }
func done() reply                         { return reply{status: http.StatusNoContent} }
func fail(status int, words string) reply { return reply{status: status, body: body{"message": words}} }

var (
	noChannel = fail(http.StatusNotFound, "Channel not found")
	noBridge  = fail(http.StatusNotFound, "Bridge not found")
	notStasis = fail(http.StatusConflict, "Channel not in Stasis application")
)

// call is a request on its way to its handler.
type call struct {
	*http.Request
	body []byte
}

func (c *call) q(name string) string { return c.URL.Query().Get(name) }

// handler serves one kind of request with the lock held.
type handler func(s *Server, c *call) reply

// channelRoutes and otherRoutes are the table of what the server understands. Each line is a resource of Asterisk's own.
func channelRoutes() map[string]handler {
	return map[string]handler{
		"GET /ari/channels":                         listChannels,
		"POST /ari/channels":                        originate,
		"POST /ari/channels/externalMedia":          externalMedia,
		"GET /ari/channels/{id}":                    getChannel,
		"DELETE /ari/channels/{id}":                 hangup,
		"POST /ari/channels/{id}/answer":            answer,
		"POST /ari/channels/{id}/continue":          continueInDialplan,
		"POST /ari/channels/{id}/move":              move,
		"POST /ari/channels/{id}/progress":          soon(func(ch *channel, _ *call) { ch.progress = true }),
		"POST /ari/channels/{id}/ring":              soon(func(ch *channel, _ *call) { ch.ringing = true }),
		"DELETE /ari/channels/{id}/ring":            soon(func(ch *channel, _ *call) { ch.ringing = false }),
		"POST /ari/channels/{id}/hold":              soon(func(ch *channel, _ *call) { ch.hold = true }),
		"DELETE /ari/channels/{id}/hold":            soon(func(ch *channel, _ *call) { ch.hold = false }),
		"POST /ari/channels/{id}/moh":               soon(startMOH),
		"DELETE /ari/channels/{id}/moh":             soon(func(ch *channel, _ *call) { ch.moh = "" }),
		"POST /ari/channels/{id}/mute":              soon(func(ch *channel, c *call) { ch.muted[c.q("direction")] = true }),
		"DELETE /ari/channels/{id}/mute":            soon(func(ch *channel, c *call) { delete(ch.muted, c.q("direction")) }),
		"POST /ari/channels/{id}/dtmf":              soon(func(ch *channel, c *call) { ch.keys += c.q("dtmf") }),
		"GET /ari/channels/{id}/variable":           getVariable,
		"GET /ari/channels/{id}/rtp_statistics":     rtpStatistics,
		"POST /ari/channels/{id}/variable":          setVariable,
		"POST /ari/channels/{id}/play":              playOnChannel,
		"POST /ari/channels/{id}/play/{playback}":   playOnChannel,
		"POST /ari/channels/{id}/record":            recordChannel,
		"POST /ari/channels/{id}/snoop/{snoop}":     snoop,
		"POST /ari/channels/{id}/transfer_progress": transferProgress,
	}
}

func otherRoutes() map[string]handler {
	return map[string]handler{
		"GET /ari/asterisk/info":                           info,
		"GET /ari/bridges":                                 listBridges,
		"POST /ari/bridges":                                createBridge,
		"POST /ari/bridges/{id}":                           createBridge,
		"GET /ari/bridges/{id}":                            getBridge,
		"DELETE /ari/bridges/{id}":                         destroyBridge,
		"POST /ari/bridges/{id}/addChannel":                addChannel,
		"POST /ari/bridges/{id}/removeChannel":             removeChannel,
		"POST /ari/bridges/{id}/moh":                       bridgeMOH,
		"DELETE /ari/bridges/{id}/moh":                     bridgeMOH,
		"POST /ari/bridges/{id}/play/{playback}":           playOnBridge,
		"POST /ari/bridges/{id}/play":                      playOnBridge,
		"POST /ari/bridges/{id}/record":                    recordBridge,
		"GET /ari/playbacks/{playback}":                    getPlayback,
		"DELETE /ari/playbacks/{playback}":                 stopPlayback,
		"POST /ari/playbacks/{playback}/control":           controlPlayback,
		"GET /ari/recordings/stored":                       listStored,
		"GET /ari/recordings/stored/{name}/file":           storedFile,
		"DELETE /ari/recordings/stored/{name}":             deleteStored,
		"POST /ari/recordings/live/{name}/{what}":          changeRecording,
		"DELETE /ari/recordings/live/{name}/{what}":        changeRecording,
		"GET /ari/recordings/live/{name}":                  liveRecording,
		"DELETE /ari/recordings/live/{name}":               changeRecording,
		"GET /ari/applications/{app}":                      getApplication,
		"POST /ari/applications/{app}/subscription":        subscribe,
		"DELETE /ari/applications/{app}/subscription":      unsubscribe,
		"PUT /ari/applications/{app}/eventFilter":          setFilter,
		"POST /ari/events/user/{name}":                     userEvent,
		"GET /ari/endpoints":                               listEndpoints,
		"GET /ari/endpoints/{tech}":                        listEndpoints,
		"GET /ari/endpoints/{tech}/{resource}":             getEndpoint,
		"PUT /ari/endpoints/{tech}/{resource}/sendMessage": sendMessage,
		"PUT /ari/deviceStates/{name}":                     setDevice,
		"DELETE /ari/deviceStates/{name}":                  deleteDevice,
	}
}

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for _, table := range []map[string]handler{channelRoutes(), otherRoutes()} {
		for pattern, h := range table {
			mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, h) })
		}
	}
	mux.HandleFunc("GET /ari/events", s.events)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeReply(w, fail(http.StatusNotFound, "Resource not found"))
	})
	return mux
}

// ServeHTTP checks who asks, then serves.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	if s.done {
		s.mu.Unlock()
		return
	}
	s.handlers.Add(1)
	s.mu.Unlock()
	defer s.handlers.Done()
	user, password, _ := r.BasicAuth()
	good := subtle.ConstantTimeCompare([]byte(user+"\x00"+password), []byte(s.opt.User+"\x00"+s.opt.Password)) == 1
	switch {
	case !good:
		w.Header().Set("WWW-Authenticate", `Basic realm="Asterisk REST Interface"`)
		writeReply(w, reply{status: http.StatusUnauthorized, body: body{"error": "Unauthorized"}})
	case s.opt.ReadOnly && r.Method != http.MethodGet:
		writeReply(w, fail(http.StatusForbidden, "Write access denied"))
	default:
		s.mux.ServeHTTP(w, r)
	}
}

// serve runs a handler, its faults before and after, and waits for its answer if it has to.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, h handler) {
	raw, _ := io.ReadAll(r.Body)
	c := &call{Request: r, body: raw}
	path := r.URL.Path[len("/ari"):]
	s.mu.Lock()
	n := len(s.requests)
	s.requests = append(s.requests, Request{At: time.Now(), Method: r.Method, Path: path, Query: r.URL.RawQuery, Body: string(raw)})
	f := s.faultFor(r.Method + " " + path)
	if f == nil {
		f = &Fault{}
	}
	var out reply
	switch {
	case f.Before:
	case f.Status > 0:
		out = fail(f.Status, http.StatusText(f.Status))
	default:
		out = h(s, c)
		s.touch()
	}
	s.mu.Unlock()
	if out.wait != nil {
		out = s.await(r, out.wait)
	}
	if f.Late > 0 && !s.pause(r, f.Late) || f.Before || f.After || out.status == 0 {
		panic(http.ErrAbortHandler) // breaks the connection without an answer
	}
	s.mu.Lock()
	s.requests[n].Status = out.status
	s.mu.Unlock()
	writeReply(w, out)
}

// await is how a command waits for its turn; a zero reply means that nobody waits any more.
func (s *Server) await(r *http.Request, answer <-chan reply) reply {
	select {
	case out := <-answer:
		return out
	case <-r.Context().Done():
	case <-s.closed:
	}
	return reply{}
}

func (s *Server) pause(r *http.Request, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
	case <-s.closed:
	}
	return false
}

func writeReply(w http.ResponseWriter, r reply) {
	if file, ok := r.body.([]byte); ok {
		w.Header().Set("Content-Type", "audio/wav")
		w.WriteHeader(r.status)
		_, _ = w.Write(file)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(r.status)
	if r.body == nil {
		return
	}
	var out bytes.Buffer
	_ = json.NewEncoder(&out).Encode(r.body)
	_, _ = w.Write(out.Bytes())
}
