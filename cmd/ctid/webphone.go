package main

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"ctid"
	"ctid/ari"
	"ctid/config"
	"ctid/switchboard"
	"ctid/web"
)

// passwordLife is how long a password of a telephone in a page is good. The page asks for another one before.
const passwordLife = time.Hour

// sipPasswords sets and takes away the passwords of telephones on one Asterisk.
type sipPasswords interface {
	SetPhonePassword(ctx context.Context, name, password string) error
	DropPhonePassword(ctx context.Context, name string) error
}

// seats knows which desktop acts for an agent.
type seats interface {
	HoldsSeat(ctx context.Context, agent ctid.AgentID, client string) bool
}

// choices knows which of an agent's telephones he is rung at; empty: his first.
type choices interface {
	Status(ctx context.Context) (switchboard.Status, error)
}

// webDevice is where a telephone of an agent is.
type webDevice struct{ kind, node, server, user string }

// webPhones gives the telephones in agents' pages their passwords: a new one each time that one is asked for, which
// ends those before. Its methods may be called from any goroutine.
type webPhones struct {
	log   *slog.Logger
	seats seats
	desk  choices
	nodes map[string]sipPasswords
	ice   []web.ICEServer

	mu      sync.Mutex
	devices map[ctid.AgentID]map[string]webDevice // by the name that he chooses it by; the first one's is empty
	until   map[webDevice]time.Time               // when the last password of a telephone in a page ends
}

func newWebPhones(c *config.Config, nodes []*ari.Node, s seats, desk choices, log *slog.Logger) *webPhones {
	p := &webPhones{log: log, seats: s, desk: desk, nodes: map[string]sipPasswords{}, until: map[webDevice]time.Time{}}
	for _, n := range nodes {
		p.nodes[n.Name()] = n
	}
	for _, s := range c.Web.ICE {
		p.ice = append(p.ice, web.ICEServer{URLs: []string{s.URL}, Username: s.User, Credential: s.Password.Reveal()})
	}
	p.setDevices(c, time.Now())
	return p
}

// setDevices takes the telephones of a configuration. A password that an earlier run has given out ends in its time too.
func (p *webPhones) setDevices(c *config.Config, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.devices = map[ctid.AgentID]map[string]webDevice{}
	for _, a := range c.Agents {
		all := map[string]webDevice{"": deviceIn(c, a.Device.Kind, a.Device.Node, a.Device.Endpoint)}
		for _, t := range a.Devices {
			all[t.Name] = deviceIn(c, t.Kind, t.Node, t.Endpoint)
		}
		p.devices[ctid.AgentID(a.Name)] = all
		for _, d := range all {
			if _, known := p.until[d]; d.kind == "web" && !known {
				p.until[d] = now.Add(passwordLife)
			}
		}
	}
}

func deviceIn(c *config.Config, kind, node, endpoint string) webDevice {
	node = c.NodeOf(node)
	i := slices.IndexFunc(c.Asterisk.Nodes, func(n config.Node) bool { return n.Name == node }) // that there is one was checked at load
	return webDevice{kind, node, c.Asterisk.Nodes[i].SIPURL, strings.TrimPrefix(endpoint, "PJSIP/")}
}

// chosen is the telephone that the agent is rung at.
func (p *webPhones) chosen(ctx context.Context, agent ctid.AgentID) (webDevice, error) {
	st, err := p.desk.Status(ctx)
	if err != nil {
		return webDevice{}, &ctid.Error{Code: ctid.Overloaded, Text: "the desk does not answer", RetryMS: 2000}
	}
	name := ""
	for _, v := range st.AgentList {
		if v.Agent == agent {
			name = v.Phone
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	d, ok := p.devices[agent][name]
	if !ok { // he chose one that is no longer there
		d, ok = p.devices[agent][""]
	}
	if !ok {
		return d, ctid.Refuse(ctid.NotFound, "this agent is not in the configuration")
	}
	return d, nil
}

// Registration implements web.Phones.
func (p *webPhones) Registration(ctx context.Context, who ctid.Who, client string) (web.Registration, error) {
	d, err := p.chosen(ctx, who.Agent)
	switch {
	case err != nil:
		return web.Registration{}, err
	case d.kind != "web":
		return web.Registration{Kind: d.kind}, nil
	case !p.seats.HoldsSeat(ctx, who.Agent, client):
		return web.Registration{}, ctid.Refuse(ctid.SeatTaken, "the telephone belongs to the desktop that the agent is logged in at; open the websocket here, and log in with takeover to move")
	}
	node := p.nodes[d.node]
	if node == nil {
		return web.Registration{}, ctid.Refuse(ctid.NotFound, "the Asterisk of this telephone is known only when ctid is started again")
	}
	p.mu.Lock()
	p.until[d] = time.Now().Add(passwordLife) // first, so that a sweep at this moment leaves the new one alone
	p.mu.Unlock()
	password := rand.Text()
	if err := node.SetPhonePassword(ctx, d.user, password); err != nil {
		return web.Registration{}, p.refusal(d, err)
	}
	return web.Registration{Kind: d.kind, URI: "sip:" + d.user + "@" + hostIn(d.server), Server: d.server, User: d.user, Password: password,
		ExpiresIn: int(passwordLife.Seconds()), ICE: p.ice}, nil
}

// refusal says why there is no password, to the agent and to the operator.
func (p *webPhones) refusal(d webDevice, err error) error {
	switch {
	case ari.IsNotKept(err):
		p.log.Error("the Asterisk keeps no passwords for telephones in pages: include sorcery_ctid.conf in its sorcery.conf and restart it (see ctid pbx print sorcery_ctid.conf)",
			"node", d.node, "error", err)
		return ctid.Refuse(ctid.PBXRefused, "the telephone system is not set up for telephones in pages; ask who runs it")
	case ari.IsNoAnswer(err):
		return &ctid.Error{Code: ctid.PBXDown, Text: "the telephone system does not answer", RetryMS: 2000}
	}
	return errors.Join(errors.New("set a telephone's password"), err)
}

// end takes an agent's passwords away before their time.
func (p *webPhones) end(ctx context.Context, agent ctid.AgentID) {
	p.mu.Lock()
	all := slices.Collect(maps.Values(p.devices[agent]))
	p.mu.Unlock()
	for _, d := range all {
		if d.kind == "web" {
			p.drop(ctx, d)
		}
	}
}

func (p *webPhones) drop(ctx context.Context, d webDevice) {
	node := p.nodes[d.node]
	if node == nil {
		return
	}
	if err := node.DropPhonePassword(ctx, d.user); err != nil {
		p.log.Warn("a telephone's password that is over could not be taken away; it is tried again", "node", d.node, "error", err)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.until, d)
}

// sweep takes away the passwords whose time is over.
func (p *webPhones) sweep(ctx context.Context, now time.Time) {
	p.mu.Lock()
	var over []webDevice
	for d, until := range p.until {
		if now.After(until) {
			over = append(over, d)
		}
	}
	p.mu.Unlock()
	for _, d := range over {
		p.drop(ctx, d)
	}
}

// run sweeps every minute until ctx ends.
func (p *webPhones) run(ctx context.Context) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			p.sweep(ctx, now)
		case <-ctx.Done():
			return
		}
	}
}

// hostIn is the host of a URL, without its port.
func hostIn(address string) string {
	u, err := url.Parse(address)
	if err != nil { // checked at load
		return ""
	}
	return u.Hostname()
}

// sipOrigins are the websockets that pages may open for SIP.
func sipOrigins(c *config.Config) []string {
	var out []string
	for _, n := range c.Asterisk.Nodes {
		u, err := url.Parse(n.SIPURL)
		if err != nil || u.Host == "" {
			continue
		}
		if origin := u.Scheme + "://" + u.Host; !slices.Contains(out, origin) {
			out = append(out, origin)
		}
	}
	return out
}
