package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"ctid"
	"ctid/ari"
	"ctid/config"
	"ctid/crmsync"
	"ctid/crmsync/local"
	"ctid/media"
	"ctid/queuelog"
	"ctid/store"
	"ctid/switchboard"
	"ctid/web"
	"ctid/ws"
)

// stopTime bounds each step of an orderly end.
const stopTime = 10 * time.Second

// daemon is the program as a value: start makes it, stop ends what start began, last first.
type daemon struct {
	cfg   *config.Config
	log   *slog.Logger
	epoch string

	st      *store.Store
	sb      *switchboard.Switchboard
	hub     *ws.Hub
	media   *media.Library
	nodes   []*ari.Node
	homes   map[ctid.NodeID]switchboard.Home
	lib     *library // in force; vers.mu guards it once the daemon is up
	figures *figures
	vers    versions
	asks    *lookups
	metrics *metrics
	tickets *web.Tickets
	phones  *webPhones

	qlog       *queuelog.Log // nil: none is written
	qlogPhones bool          // it names agents by their telephones; as it was at the start

	webAddr, mediaAddr, metricsAddr net.Addr

	speech, speechEnv []string // the synthesiser's command line and environment; empty: espeak's

	lookEvery time.Duration                            // at a canary
	load      func() (*config.Config, []string, error) // the configuration again, with all there is to say about it

	ctx    context.Context
	work   context.Context // ends when the daemon begins to stop; ctx when it has
	rest   context.CancelFunc
	stops  []func() error
	failed chan error // what ends the daemon by itself
	wg     sync.WaitGroup
}

// start brings the daemon up. Everything that can be wrong with the configuration, the database or a port is found
// before anything is connected to an Asterisk; on an error nothing is left running.
func start(ctx context.Context, cfg *config.Config, log *slog.Logger, opts ...func(*daemon)) (_ *daemon, err error) {
	ctx, cancel := context.WithCancel(ctx)
	d := &daemon{cfg: cfg, log: log, ctx: ctx, failed: make(chan error, 8), metrics: newMetrics(), tickets: web.NewTickets(), lookEvery: lookEvery}
	d.load = func() (*config.Config, []string, error) { return d.cfg, nil, nil }
	d.work, d.rest = context.WithCancel(ctx)
	for _, opt := range opts {
		opt(d)
	}
	d.stops = append(d.stops, func() error { cancel(); d.wg.Wait(); return nil })
	defer func() {
		if err != nil {
			_ = d.stop(nil)
		}
	}()
	for _, step := range []func() error{d.loadScripts, d.openStore, d.makeMedia, d.makeNodes, d.makeSwitchboard, d.listen, d.runSwitchboard, d.openControl} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	d.wg.Go(d.watchVersions)
	return d, nil
}

// stop ends the daemon, last begun first, and returns cause with what went wrong on the way.
func (d *daemon) stop(cause error) error {
	d.rest()
	errs := []error{cause}
	for _, f := range slices.Backward(d.stops) {
		errs = append(errs, f())
	}
	d.stops = nil
	return errors.Join(errs...)
}

// within gives f a context that outlives the daemon's by stopTime, for an orderly end.
func (d *daemon) within(f func(ctx context.Context) error) func() error {
	return func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(d.ctx), stopTime)
		defer cancel()
		return f(ctx)
	}
}

// loadScripts reads the folder of scripts. That it has errors is judged when it is known what was in force before.
func (d *daemon) loadScripts() error {
	l, said, err := loadScripts(d.cfg, time.Now)
	d.sayFound(said, err)
	d.lib = l
	if errors.Is(err, errScripts) {
		return nil
	}
	return err
}

func (d *daemon) openStore() error {
	s, err := store.Open(d.ctx, store.Config{DSN: d.cfg.Store.DSN, KeyFile: d.cfg.Store.KeyFile, Log: d.log, Idle: d.cfg.Auth.Idle.D(),
		Backlog: d.cfg.Limits.LogBacklog, Existing: d.lib == nil, OnCommit: func(took time.Duration, _ int) { d.metrics.commit.Observe(took.Seconds()) }})
	switch {
	case errors.Is(err, store.ErrNone): // a first start with scripts that have errors leaves nothing behind
		return errScripts
	case err != nil:
		return err
	}
	d.st = s
	d.stops = append(d.stops, d.within(s.Close))
	return s.PutConfig(d.ctx, d.cfg.Hash(), d.cfg.Text())
}

func (d *daemon) makeMedia() error {
	cfg := media.Config{Sounds: withBeep{scriptFS{dir: d.cfg.IVR.Dir, sounds: d.cfg.IVR.Sounds}}, CacheDir: d.cfg.Media.Cache, NumberSounds: d.cfg.IVR.NumberSounds,
		Timeout: d.cfg.Media.Timeout.D(), Key: d.st.MediaKey(), Nodes: d.nodeAddresses()}
	if d.cfg.Media.TTS != "none" {
		cfg.Voices, cfg.Programs = voices(d.cfg), programs()
		if d.speech != nil {
			cfg.Programs[media.Espeak] = media.Program{Command: d.speech, Env: d.speechEnv}
		}
		d.missingEngines(cfg)
	}
	m, err := media.New(cfg)
	d.media = m
	return err
}

// nodeAddresses are the addresses of the Asterisks: nobody else gets a prompt.
func (d *daemon) nodeAddresses() []netip.Addr {
	var all []netip.Addr
	for _, n := range d.cfg.Asterisk.Nodes {
		u, err := url.Parse(n.URL)
		if err != nil { // checked at load
			continue
		}
		ctx, cancel := context.WithTimeout(d.ctx, 2*time.Second)
		addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
		cancel()
		if err != nil {
			d.log.Error("the address of an asterisk is not known; it will get no prompts", "node", n.Name, "error", err)
		}
		all = append(all, addrs...)
	}
	return all
}

func (d *daemon) makeNodes() error {
	for _, n := range d.cfg.Asterisk.Nodes {
		cfg := nodeConfig(n, d.log, d.metrics.observe(n.Name))
		cfg.Phones = d.cfg.Limits.Phones.D()
		node, err := ari.New(cfg)
		if err != nil {
			return err
		}
		d.nodes = append(d.nodes, node)
		if err := d.makeHome(n); err != nil {
			return err
		}
	}
	return nil
}

func nodeConfig(n config.Node, log *slog.Logger, observe func(op string, status int, took time.Duration)) ari.Config {
	return ari.Config{Name: n.Name, URL: n.URL, User: n.User, Password: ari.Password(n.Password.Reveal()),
		App: n.App, Disallow: switchboard.Unread(), Log: log, Observe: observe}
}

func (d *daemon) makeSwitchboard() error {
	epoch, next, err := d.st.BeginEpoch(d.ctx)
	if err != nil {
		return err
	}
	d.epoch = epoch
	if err := d.beginScripts(); err != nil {
		return err
	}
	past, err := history(d.ctx, d.st)
	if err != nil {
		return err
	}
	past.Versions = d.versionsOf(past.Calls)
	if d.figures, err = openFigures(d.ctx, d.cfg, d.st, past.Calls, time.Now(), d.log); err != nil {
		return err
	}
	d.sb, err = switchboard.New(switchboard.Config{
		Site: d.cfg.Site, Epoch: epoch, NextSeq: next, Plan: d.plan(), History: past, Nodes: d.nodes, Trunks: trunks(d.cfg), Extensions: extensions(d.cfg),
		Limits: switchboard.Limits{Calls: d.cfg.Limits.Calls, NodeLost: d.cfg.Limits.NodeLost.D(), Rescue: d.cfg.Seat.Rescue.D()}, Log: d.log, NewID: newIDs(time.Now), Person: d.st.PersonHash, Healthy: d.st.Healthy,
		Meters: d.metrics.meters(),
	})
	if err != nil {
		return err
	}
	origins := slices.Clone(d.cfg.Web.Origins)
	d.hub = ws.New(ws.Config{Auth: web.Auth{Users: d.users(), Tickets: d.tickets}, Desk: d.sb, Epoch: epoch, Origins: origins,
		Log: d.log, Codes: codes(d.cfg), Site: site(d.cfg), QueueStats: d.queueStats, AgentStats: d.agentStats, Limits: ws.Limits{Sessions: d.cfg.Limits.WSSessions}})
	d.stops = append(d.stops, d.within(d.hub.Close))
	d.openQueueLog(past.Calls)
	d.metrics.reg.MustRegister(live{status: d.sb.Status, hub: d.hub.Stats, outbox: d.st.OutboxDepth, lost: d.linesLost})
	return nil
}

func (d *daemon) users() users { return users{d.st} }

// codes is what desktops offer for choice.
func codes(c *config.Config) ws.Codes {
	out := ws.Codes{Disposition: map[ctid.QueueID]ws.Dispositions{}, Devices: map[ctid.AgentID][]ws.DeviceChoice{}}
	for _, a := range c.Agents {
		all := []ws.DeviceChoice{{Name: switchboard.MainDevice, Kind: a.Device.Kind}}
		for _, t := range a.Devices {
			all = append(all, ws.DeviceChoice{Name: t.Name, Kind: t.Kind})
		}
		out.Devices[ctid.AgentID(a.Name)] = all
	}
	label := func(label, name string) string {
		if label == "" {
			return name
		}
		return label
	}
	for _, p := range c.PauseCodes {
		out.Pause = append(out.Pause, ws.PauseCode{Code: p.Name, Label: label(p.Label, p.Name), MaxMin: int(p.Max.D().Minutes()), Paid: p.Paid})
	}
	for _, q := range c.Queues {
		d := ws.Dispositions{Forced: q.Disposition == "forced", Items: []ws.Disposition{}}
		for _, x := range c.Dispositions {
			if len(x.Queues) == 0 || slices.Contains(x.Queues, q.Name) {
				d.Items = append(d.Items, ws.Disposition{Code: x.Name, Label: label(x.Label, x.Name), Flags: x.Flags})
			}
		}
		out.Disposition[ctid.QueueID(q.Name)] = d
	}
	return out
}

// runSwitchboard connects the parts and lets them work.
func (d *daemon) runSwitchboard() error {
	var err error
	if d.asks, err = newLookups(d.cfg); err != nil {
		return err
	}
	d.stops = append(d.stops, d.asks.close)
	deps := switchboard.Deps{Lookups: d.asks, Voicemails: d.takeMessages(), Secret: d.asks.secret, Log: d.st, Desktops: d.desktops(), Prompts: prompts{m: d.media, bases: d.mediaBases()},
		Customers: customers{local.NewDirectory(d.st, time.Now), d.st}, Homes: d.homes}
	d.speakAhead()
	d.runSync() // it ends behind the switchboard, and before the store
	d.runFigures()
	ctx, cancel := context.WithCancel(d.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := d.sb.Run(ctx, deps); err != nil {
			d.failed <- err
		}
	}()
	d.stops = append(d.stops, func() error { cancel(); <-done; return nil })
	return nil
}

// runSync brings contacts to the CRM.
func (d *daemon) runSync() {
	sync := crmsync.New(d.st, local.NewConnector(d.st), crmsync.Config{Log: d.log})
	ctx, cancel := context.WithCancel(d.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := sync.Run(ctx); err != nil {
			d.log.Error("bringing contacts to the CRM has stopped", "error", err)
		}
	}()
	d.stops = append(d.stops, func() error { cancel(); <-done; return nil })
}

// speakAhead makes the speech of all fixed prompts, so that no first caller waits for it.
func (d *daemon) speakAhead() {
	libs := []*library{d.lib}
	if d.vers.trial != nil {
		libs = append(libs, d.vers.trial)
	}
	d.wg.Go(func() { d.speak(libs) })
}

func (d *daemon) speak(libs []*library) {
	for _, lib := range libs {
		for _, s := range lib.scripts {
			if err := d.media.Precompute(d.ctx, mediaParts(s.FixedParts())); err != nil && d.ctx.Err() == nil {
				d.log.Warn("some prompts could not be made ahead", "script", s.Name(), "error", err)
			}
		}
	}
}

// notReady says why no calls should be sent here.
func (d *daemon) notReady() []string {
	var why []string
	if err := d.st.Healthy(); err != nil {
		why = append(why, "database: "+err.Error())
	}
	ctx, cancel := context.WithTimeout(d.ctx, time.Second)
	defer cancel()
	st, err := d.sb.Status(ctx)
	if err != nil {
		return append(why, "the desk does not answer")
	}
	if st.Draining {
		why = append(why, "draining")
	}
	for _, n := range d.nodes {
		if id := ctid.NodeID(n.Name()); !st.NodesUp[id] {
			why = append(why, "asterisk "+n.Name()+": "+st.NodesWhy[id])
		}
	}
	return why
}

// speakWith names a synthesiser that is not installed, and what it needs in its environment.
func speakWith(command, env []string) func(*daemon) {
	return func(d *daemon) {
		if len(command) > 0 {
			d.speech, d.speechEnv = command, append(os.Environ(), env...)
		}
	}
}
