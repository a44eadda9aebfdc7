package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"time"

	"ctid"
	"ctid/web"
	"ctid/ws"
)

// listen opens the listeners.
func (d *daemon) listen() error {
	secure := d.cfg.Web.TLS.CertFile != ""
	d.phones = newWebPhones(d.cfg, d.nodes, d.hub, d.sb, d.log)
	d.wg.Go(func() { d.phones.run(d.ctx) })
	handler := web.New(web.Config{Users: d.users(), Tickets: d.tickets, Hub: d.hub, Ready: d.notReady, Log: d.log,
		Origins: d.cfg.Web.Origins, TLS: secure, Plain: d.cfg.Web.Plain || !secure, Session: d.cfg.Auth.Session.D(), Wallboard: d.cfg.Auth.Wallboard.D(),
		LoggedOut: d.loggedOut, Phones: d.phones, SIP: sipOrigins(d.cfg),
		Version: web.Version{Version: versionText(), Go: runtime.Version(), Epoch: d.epoch}})
	var err error
	if d.webAddr, err = d.serveHTTP("listen.web", d.cfg.Listen.Web, handler, secure); err != nil {
		return err
	}
	if d.mediaAddr, err = d.serveHTTP("listen.media", d.cfg.Listen.Media, d.media.Handler(), false); err != nil {
		return err
	}
	if d.cfg.Listen.Metrics != "" {
		d.metricsAddr, err = d.serveHTTP("listen.metrics", d.cfg.Listen.Metrics, web.MetricsHandler(d.metrics.handler()), false)
	}
	return err
}

// loggedOut ends what a user had open when he logs out.
func (d *daemon) loggedOut(who ctid.Who) {
	d.hub.EndUser(who.User, ws.CloseRevoked, "logged out")
	d.wg.Go(func() { d.phones.end(d.ctx, who.Agent) })
}

func (d *daemon) serveHTTP(key, addr string, h http.Handler, secure bool) (net.Addr, error) {
	l, err := (&net.ListenConfig{}).Listen(d.ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s: %s cannot be opened: %w: end the program that has it (ss -ltnp tells which), or give %s another port", key, addr, err, key)
	}
	at := l.Addr()
	l = faultyListener(l)
	if secure {
		cert, err := tls.LoadX509KeyPair(d.cfg.Web.TLS.CertFile, d.cfg.Web.TLS.KeyFile)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("web.tls: %w", err), l.Close())
		}
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	}
	srv := web.NewServer(h, d.log)
	d.wg.Go(func() {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			d.failed <- fmt.Errorf("%s: %w", key, err)
		}
	})
	d.stops = append(d.stops, d.within(srv.Shutdown))
	return at, nil
}

// webURL is where a browser finds the desktop.
func (d *daemon) webURL() string {
	scheme := "http"
	if d.cfg.Web.TLS.CertFile != "" {
		scheme = "https"
	}
	return scheme + "://" + d.webAddr.String() + "/desk/"
}

// mediaBases is where each node fetches prompts: what the configuration says, else our own address on the way to it.
func (d *daemon) mediaBases() map[ctid.NodeID]string {
	_, port, _ := net.SplitHostPort(d.mediaAddr.String())
	bases := map[ctid.NodeID]string{}
	for _, n := range d.cfg.Asterisk.Nodes {
		base := n.MediaURL
		if base == "" {
			base = "http://" + net.JoinHostPort(localAddress(d.ctx, n.URL), port)
		}
		bases[ctid.NodeID(n.Name)] = base
	}
	return bases
}

// localAddress is the address of this machine on the way to a node. No packet is sent for it.
func localAddress(ctx context.Context, node string) string {
	u, err := url.Parse(node)
	if err != nil {
		return "127.0.0.1"
	}
	port := u.Port()
	if port == "" {
		port = "8088"
	}
	c, err := (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, "udp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return "127.0.0.1"
	}
	defer c.Close() //nolint:errcheck // nothing was written to it
	host, _, _ := net.SplitHostPort(c.LocalAddr().String())
	return host
}
