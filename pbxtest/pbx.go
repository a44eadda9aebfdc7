// Package pbxtest fetches, starts and stops real Asterisks for tests, the demo
// and benchmarks: without root or Docker, each instance in a folder of its own
// with ports of its own, so that many run side by side. The configuration is
// the shipped one (package pbx) and around it what an operator would write.
package pbxtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// KeepEnv names the environment variable that, when set to 1, keeps an
// instance's folder (its logs, its configuration) after Stop.
const KeepEnv = "CTID_KEEP"

const (
	startLimit = 30 * time.Second // a loaded machine; a second is usual
	stopGrace  = 5 * time.Second
	// a UNIX socket's path holds 107 bytes
	maxDir = 107 - len("/run/asterisk.ctl")
)

// PBX is a running Asterisk. Its methods may be called from any goroutine.
type PBX struct {
	config  Config
	dir     string
	version string
	root    Root
	ports   *lease
	secrets secrets
	process *process
	watch   *watch
	client  *ariClient

	stopOnce sync.Once
	stopErr  error
}

// Start starts an Asterisk and returns when it answers ARI and SIP. The caller
// stops it; it also ends with this process, even when that is killed.
func Start(ctx context.Context, config Config) (_ *PBX, err error) {
	config = config.withDefaults()
	if err := config.check(); err != nil {
		return nil, err
	}
	root, version, err := Fetch(ctx, config.Suite)
	if err != nil {
		return nil, err
	}
	p := &PBX{config: config, version: version, root: root, secrets: secrets{ari: rand.Text(), ami: rand.Text(), phone: rand.Text()}}
	defer func() {
		if err != nil {
			err = fmt.Errorf("start asterisk %s: %w%s", version, err, p.logTail())
			p.release()
		}
	}()
	if err := p.prepare(); err != nil {
		return nil, err
	}
	if err := p.launch(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	return p, p.awaitReady(ctx)
}

// prepare leases the ports and lays out the folder.
func (p *PBX) prepare() (err error) {
	if p.ports, err = leasePorts(p.config.RTPPorts); err != nil {
		return err
	}
	if p.dir, err = os.MkdirTemp(p.config.Dir, "ctid-pbx-*"); err != nil {
		return fmt.Errorf("make the instance's folder: %w", err)
	}
	if len(p.dir) > maxDir {
		return fmt.Errorf("the folder %s is too long a path for a socket (%d bytes, at most %d): set Config.Dir or TMPDIR to a shorter one", p.dir, len(p.dir), maxDir)
	}
	moduleDir, err := p.root.moduleDir()
	if err != nil {
		return err
	}
	p.client = newARIClient(p.ARIURL(), p.ARIUser(), p.ARIPassword())
	return site{Config: p.config, dir: p.dir, moduleDir: moduleDir, root: p.root, ports: p.ports, secrets: p.secrets}.write()
}

func (p *PBX) launch() error {
	out, err := os.Create(filepath.Join(p.dir, "log", "console.log"))
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	argv := p.argv("-f")
	cmd := exec.Command(argv[0], argv[1:]...) //nolint:noctx // its life is Stop's business, not a context's
	cmd.Dir = p.dir
	cmd.Stdout, cmd.Stderr = out, out
	if p.process, err = startProcess(cmd); err != nil {
		return err
	}
	p.watch = startWatch(filepath.Join(p.dir, "log", "messages.log"))
	return nil
}

func (p *PBX) argv(args ...string) []string {
	return p.root.Argv("usr/sbin/asterisk", append([]string{"-C", filepath.Join(p.dir, "etc", "asterisk.conf")}, args...)...)
}

// awaitReady returns when all modules are loaded, ARI answers and SIP answers.
func (p *PBX) awaitReady(ctx context.Context) error {
	if err := p.await(ctx, "ARI", func() error { return p.client.get(ctx, "/asterisk/info", nil) }); err != nil {
		return err
	}
	if _, err := p.CLI(ctx, "core waitfullybooted"); err != nil {
		return err
	}
	return p.await(ctx, "SIP", func() error { return PingSIP(p.SIPAddr()) })
}

// await tries until it succeeds, the process ends or the context does.
func (p *PBX) await(ctx context.Context, what string, try func() error) error {
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-p.process.done:
			return fmt.Errorf("asterisk ended while starting: %w", p.process.err)
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w", what, errors.Join(ctx.Err(), err))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Stop ends the instance in order and removes its folder, unless KeepEnv is
// set. It returns what went wrong with the instance: an end before Stop, or a
// fault that its log told (see Err). More calls return the same.
func (p *PBX) Stop() error {
	p.stopOnce.Do(func() {
		p.stopErr = p.Err()
		if p.process.running() {
			p.stopErr = errors.Join(p.stopErr, p.process.stop(stopGrace))
		}
		p.release()
	})
	return p.stopErr
}

// Kill ends the instance at once, as a power cut would. Stop is still due.
func (p *PBX) Kill() error { return p.process.kill() }

// Restart starts the instance again after Kill, on the same ports and in the same folder, and returns when it answers.
// It is not for use beside the other methods.
func (p *PBX) Restart(ctx context.Context) error {
	if p.process.running() {
		return errors.New("restart asterisk: it runs; Kill it first")
	}
	p.watch.stop()
	if err := p.launch(); err != nil {
		return fmt.Errorf("restart asterisk %s: %w%s", p.version, err, p.logTail())
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	return p.awaitReady(ctx)
}

// Err tells of a fault that spoils measurements and tests: "Unable to lookup"
// in the log (each call waits for a name server then), or an instance that
// ended without being asked to.
func (p *PBX) Err() error {
	err := p.watch.fault()
	if !p.process.running() {
		err = errors.Join(err, fmt.Errorf("asterisk ended before it was stopped: %w%s", p.process.err, p.logTail()))
	}
	return err
}

func (p *PBX) release() {
	if p.process != nil && p.process.running() {
		_ = p.process.kill()
	}
	if p.watch != nil {
		p.watch.stop()
	}
	if p.client != nil {
		p.client.close()
	}
	if p.dir != "" && os.Getenv(KeepEnv) != "1" {
		_ = os.RemoveAll(p.dir)
	}
	if p.ports != nil {
		p.ports.release()
	}
}

// logTail is the end of the instance's logs, for an error's text.
func (p *PBX) logTail() string {
	var b strings.Builder
	for _, name := range []string{"console.log", "messages.log"} {
		text, err := os.ReadFile(filepath.Join(p.dir, "log", name))
		if p.dir != "" && err == nil && len(text) > 0 {
			b.WriteString("\n" + name + ":\n" + lastLines(string(text), 12))
		}
	}
	return b.String()
}

// CLI runs a command of Asterisk's console and returns what it prints.
func (p *PBX) CLI(ctx context.Context, command string) (string, error) {
	argv := p.argv("-rx", command)
	out, err := run(ctx, argv[0], argv[1:]...)
	if strings.HasPrefix(out, "No such command") { // the exit status is 0 all the same
		err = errors.Join(err, fmt.Errorf("asterisk's console: %s", strings.TrimSpace(out)))
	}
	return out, err
}

// Log is what the instance has logged so far: notices, warnings and errors.
func (p *PBX) Log() string {
	text, err := os.ReadFile(filepath.Join(p.dir, "log", "messages.log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Channels lists the ids of all channels there are, in Stasis or not.
func (p *PBX) Channels(ctx context.Context) ([]string, error) { return p.client.ids(ctx, "/channels") }

// Bridges lists the ids of all bridges there are.
func (p *PBX) Bridges(ctx context.Context) ([]string, error) { return p.client.ids(ctx, "/bridges") }

// AwaitIdle returns when no channel and no bridge is left, or with the
// context's end an error that names those left.
func (p *PBX) AwaitIdle(ctx context.Context) error {
	return p.await(ctx, "an idle Asterisk", func() error {
		channels, err := p.Channels(ctx)
		bridges, err2 := p.Bridges(ctx)
		if err := errors.Join(err, err2); err != nil {
			return err
		}
		if len(channels)+len(bridges) > 0 {
			return fmt.Errorf("channels left: %v, bridges left: %v", channels, bridges)
		}
		return nil
	})
}

// ARIURL is the base of ARI's addresses, "http://127.0.0.1:port/ari".
func (p *PBX) ARIURL() string { return "http://" + p.ports.http() + "/ari" }

// ARIUser is the user of ARI.
func (p *PBX) ARIUser() string { return "ctid" }

// ARIPassword is the password of ARIUser, random for each instance.
func (p *PBX) ARIPassword() string { return p.secrets.ari }

// SIPAddr is the "host:port" of SIP over UDP.
func (p *PBX) SIPAddr() string { return p.ports.sip() }

// HTTPAddr is the "host:port" of the HTTP server (ARI, media websockets, SIP over websocket).
func (p *PBX) HTTPAddr() string { return p.ports.http() }

// AMIAddr is the "host:port" of the manager interface, whose user is "ctid".
func (p *PBX) AMIAddr() string { return p.ports.ami() }

// AMIPassword is the secret of the manager interface's user, random for each instance.
func (p *PBX) AMIPassword() string { return p.secrets.ami }

// PhonePassword is the password of every agent's phone, random for each instance.
func (p *PBX) PhonePassword() string { return p.secrets.phone }

// Agents lists the numbers of the agents' phones.
func (p *PBX) Agents() []string { return p.config.agents() }

// Dir is the instance's folder: etc, log, spool and others lie in it.
func (p *PBX) Dir() string { return p.dir }

// Version is Asterisk's, such as "22.10.1".
func (p *PBX) Version() string { return p.version }

// PID is the process's.
func (p *PBX) PID() int { return p.process.cmd.Process.Pid }
