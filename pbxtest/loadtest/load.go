// Package loadtest is many callers and many agents' phones in one process: SIP over UDP with the time of every packet,
// and of media one packet each (a PBX that answers a call waits for the first one). A PBX between the two is measured from outside: how long after a caller's INVITE an agent's phone is
// rung, how long after an agent's BYE his next INVITE comes. The time of a packet that arrives is the kernel's.
package loadtest

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// t1 is the first pause before a message is sent again; it doubles each time (RFC 3261, section 17.1.1.1).
const t1 = 500 * time.Millisecond

// sends is how often a message goes out before its dialog is given up.
const sends = 7

// Config says where the PBX is and how the phones behave.
type Config struct {
	Server string        // the PBX, host:port
	Number string        // what the callers dial
	Port   int           // of the agents' phones on 127.0.0.1; any user of that address is a phone
	Talk   time.Duration // after it an agent hangs up
	Ring   time.Duration // a phone rings for so long before it is answered; 0: it is answered at once
	Most   int           // callers in at once; with more a load ends as failed, before the machine does. 0 is 1,000
}

// Caller is how one caller differs from the others. Zeros are as Config says, or never.
type Caller struct {
	Comes    time.Duration // Play: when, after its beginning
	Number   string        // what he dials
	Talk     time.Duration // after it his agent hangs up
	Ring     time.Duration // the phones that ring for him do so for so long
	Patience time.Duration // he hangs up if no agent has answered him by then
}

// Call is one caller's way. A time is zero where that has not happened.
type Call struct {
	N       int       // the caller's number ends in it
	In      time.Time // his INVITE was sent
	Offered time.Time // the first INVITE for him came to an agent's phone
	Joined  time.Time // an agent's answer was acknowledged
	Ended   time.Time
	Agent   string // who answered
	Status  int    // of the answer that refused him; 0
	given   bool   // ended by us, not by the other side
	caller  Caller
}

// Gap is the time from an agent's BYE to his next INVITE.
type Gap struct {
	Agent       string
	Bye, Invite time.Time
	Waiting     int // callers whom no phone had been rung for when he hung up
}

// Result is what has happened so far.
type Result struct {
	Calls   []Call
	Gaps    []Gap
	Resent  int // messages sent again, because no answer came in time
	Double  int // INVITEs to a phone that was in a call
	Crossed int // of these, those that overtook the BYE or CANCEL of the call before: it came within crossing
	Again   int // INVITEs for a caller who had been offered before
	Lost    int // callers who were refused, or cut off without a conversation
}

// Load is the callers and phones. Stop ends it.
type Load struct {
	cfg     Config
	server  netip.AddrPort
	callers *net.UDPConn
	phones  *net.UDPConn
	media   *net.UDPConn // takes the media of all and reads none of it
	sdp     string
	run     string // makes ids unique
	readers sync.WaitGroup

	mu      sync.Mutex
	dialogs map[string]*dialog
	agents  map[string]*phone
	calls   []*Call
	gaps    []Gap
	counts  Result // its numbers only
	waiting int
	open    int
	ended   chan struct{} // one token: a call has ended
	stopped bool
}

type phone struct {
	busy    bool
	bye     time.Time
	waiting int       // at bye
	refused time.Time // the last INVITE that found it busy
	doubles int       // how many have in this call
}

// crossing is within which the end of a call follows an INVITE that has overtaken it.
const crossing = 250 * time.Millisecond

// Start opens the sockets.
func Start(cfg Config) (_ *Load, err error) {
	l := &Load{cfg: cfg, run: rand.Text()[:8], dialogs: map[string]*dialog{}, agents: map[string]*phone{}, ended: make(chan struct{}, 1)}
	if l.cfg.Most == 0 {
		l.cfg.Most = 1000
	}
	if l.server, err = netip.ParseAddrPort(cfg.Server); err != nil {
		return nil, fmt.Errorf("loadtest: server: %w", err)
	}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	for _, s := range []struct {
		conn **net.UDPConn
		port int
	}{{&l.callers, 0}, {&l.phones, cfg.Port}, {&l.media, 0}} {
		if *s.conn, err = listen(s.port); err != nil {
			return nil, err
		}
	}
	_, port, _ := net.SplitHostPort(l.media.LocalAddr().String())
	l.sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio " + port + " RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
	l.readers.Go(func() { l.read(l.callers) })
	l.readers.Go(func() { l.read(l.phones) })
	return l, nil
}

// listen opens a UDP socket of 127.0.0.1 whose packets the kernel stamps.
func listen(port int) (*net.UDPConn, error) {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		return nil, fmt.Errorf("loadtest: %w", err)
	}
	raw, err := c.SyscallConn()
	if err == nil {
		var set error
		err = raw.Control(func(fd uintptr) {
			set = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TIMESTAMPNS, 1)
		})
		err = errors.Join(err, set, c.SetReadBuffer(4<<20))
	}
	if err != nil {
		_ = c.Close()
		return nil, fmt.Errorf("loadtest: %w", err)
	}
	return c, nil
}

func (l *Load) close() {
	for _, c := range []*net.UDPConn{l.callers, l.phones, l.media} {
		if c != nil {
			_ = c.Close()
		}
	}
}

// Stop ends the sockets; calls still up are left to the PBX: see HangUp.
func (l *Load) Stop() {
	l.mu.Lock()
	l.stopped = true
	for _, d := range l.dialogs {
		d.settle()
		d.rest()
	}
	l.mu.Unlock()
	l.close()
	l.readers.Wait()
}

func (l *Load) read(c *net.UDPConn) {
	buf, oob := make([]byte, 64<<10), make([]byte, 128)
	for {
		n, k, _, _, err := c.ReadMsgUDPAddrPort(buf, oob)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an ICMP answer to an earlier packet
		}
		at := stamp(oob[:k])
		if m, ok := parse(buf[:n]); ok {
			l.mu.Lock()
			if !l.stopped {
				l.handle(at, c, m)
			}
			l.mu.Unlock()
		}
	}
}

// stamp is the kernel's time of a packet.
func stamp(oob []byte) time.Time {
	list, err := syscall.ParseSocketControlMessage(oob)
	if err != nil {
		return time.Now()
	}
	for _, m := range list {
		if m.Header.Level == syscall.SOL_SOCKET && m.Header.Type == syscall.SCM_TIMESTAMPNS && len(m.Data) >= 16 {
			sec, nsec := hostInt64(m.Data[:8]), hostInt64(m.Data[8:16])
			return time.Unix(sec, nsec)
		}
	}
	return time.Now()
}

func (l *Load) send(c *net.UDPConn, b []byte) { _, _ = c.WriteToUDPAddrPort(b, l.server) } // loss is SIP's to repair

// speak sends one packet of silence to a media port of the PBX: 20 ms of PCMU (RFC 3551).
func (l *Load) speak(port int) {
	if port == 0 {
		return
	}
	b := make([]byte, 12+160)
	b[0] = 0x80 // version 2, payload type 0
	for i := 12; i < len(b); i++ {
		b[i] = 0xff
	}
	_, _ = l.media.WriteToUDPAddrPort(b, netip.AddrPortFrom(l.server.Addr(), uint16(port)))
}

func (l *Load) handle(at time.Time, c *net.UDPConn, m *message) {
	d := l.dialogs[m.callID]
	switch {
	case m.status != 0:
		if d != nil {
			d.response(at, m)
		}
	case d != nil:
		d.request(at, m)
	case m.method == "INVITE" && c == l.phones:
		l.ring(at, m)
	case m.method == "BYE" || m.method == "CANCEL":
		l.send(c, m.answer(481, "Call/Transaction Does Not Exist", "gone", "", ""))
	case m.method != "ACK":
		l.send(c, m.answer(200, "OK", "any", "", ""))
	}
}

// Call places one call and returns at once.
func (l *Load) Call() { l.Place(Caller{}) }

// Place places the call of one caller and returns at once.
func (l *Load) Place(c Caller) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.Number, c.Talk, c.Ring = cmp.Or(c.Number, l.cfg.Number), cmp.Or(c.Talk, l.cfg.Talk), cmp.Or(c.Ring, l.cfg.Ring)
	n := len(l.calls)
	call := &Call{N: n, caller: c}
	l.calls = append(l.calls, call)
	l.waiting++
	l.open++
	number := fmt.Sprintf("+44207%07d", n)
	addr := l.callers.LocalAddr().String()
	d := &dialog{l: l, conn: l.callers, id: fmt.Sprintf("%s-%d", l.run, n), call: call, cseq: 1,
		local: fmt.Sprintf("<sip:%s@%s>;tag=c%d", number, addr, n), remote: fmt.Sprintf("<sip:%s@%s>", c.Number, l.cfg.Server),
		target: "sip:" + c.Number + "@" + l.cfg.Server, contact: fmt.Sprintf("<sip:%s@%s>", number, addr)}
	l.dialogs[d.id] = d
	invite := d.build("INVITE", l.sdp)
	call.In = time.Now().Round(0)
	d.sendUntilAnswered(invite)
	if c.Patience > 0 {
		d.patience = d.after(c.Patience, func() {
			if call.Joined.IsZero() { // the PBX may have answered him, and play music
				d.giveUp()
			}
		})
	}
}

// callOf finds the call by the number that a phone is shown.
func (l *Load) callOf(from string) *Call {
	user := userOf(uriOf(from))
	if len(user) < 7 {
		return nil
	}
	n, err := strconv.Atoi(user[len(user)-7:])
	if err != nil || n < 0 || n >= len(l.calls) {
		return nil
	}
	return l.calls[n]
}

// over notes the end of a caller's call.
func (l *Load) over(at time.Time, call *Call) {
	if !call.Ended.IsZero() {
		return
	}
	call.Ended = at
	l.open--
	if call.Offered.IsZero() {
		l.waiting--
	}
	if call.Joined.IsZero() && !call.given {
		l.counts.Lost++
	}
	select {
	case l.ended <- struct{}{}:
	default:
	}
}

// Open is how many callers are in.
func (l *Load) Open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

// Result is a copy of what has happened so far.
func (l *Load) Result() Result {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.counts
	for _, c := range l.calls {
		r.Calls = append(r.Calls, *c)
	}
	r.Gaps = append(r.Gaps, l.gaps...)
	return r
}
