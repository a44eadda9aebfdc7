package pbxtest

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ctid/pbx"
)

// directories of an instance, by their names in asterisk.conf. Those that
// start with "/" lie in the root of packages.
var directories = []struct{ key, path string }{
	{"astcachedir", "cache"}, {"astetcdir", "etc"}, {"astvarlibdir", "lib"}, {"astdbdir", "db"}, {"astkeydir", "keys"},
	{"astspooldir", "spool"}, {"astrundir", "run"}, {"astlogdir", "log"},
	{"astdatadir", "/usr/share/asterisk"}, {"astagidir", "/usr/share/asterisk/agi-bin"}, {"astsbindir", "/usr/sbin"},
}

// spoolDirs are folders that Asterisk's package would have made below the spool folder.
var spoolDirs = []string{"spool/recording", "spool/monitor", "spool/tmp", "spool/outgoing", "keys/keys", "moh"}

// secrets of one instance: random, so that no test can talk to another's Asterisk by mistake.
type secrets struct{ ari, ami, phone string }

// site is what the templates are filled from.
type site struct {
	Config
	dir, moduleDir string
	root           Root
	ports          *lease
	secrets        secrets
}

// write lays out the instance's folder with all of its configuration.
func (s site) write() error {
	for _, d := range directories {
		if !strings.HasPrefix(d.path, "/") {
			if err := os.MkdirAll(filepath.Join(s.dir, d.path), 0o755); err != nil {
				return fmt.Errorf("lay out the instance: %w", err)
			}
		}
	}
	for _, d := range spoolDirs {
		if err := os.MkdirAll(filepath.Join(s.dir, d), 0o755); err != nil {
			return fmt.Errorf("lay out the instance: %w", err)
		}
	}
	files, err := s.files()
	if err != nil {
		return err
	}
	for name, text := range s.Extra {
		files[name] += "\n" + text + "\n"
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(s.dir, "etc", name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("write the instance's configuration: %w", err)
		}
	}
	return os.WriteFile(filepath.Join(s.dir, "moh", "moh.wav"), WAV(holdMusic()), 0o644)
}

// files is every configuration file by name: the shipped ones as they are, and
// around them what an operator would write.
func (s site) files() (map[string]string, error) {
	_, sipPort, err := net.SplitHostPort(s.ports.sip())
	if err != nil {
		return nil, err
	}
	_, httpPort, _ := net.SplitHostPort(s.ports.http())
	_, amiPort, _ := net.SplitHostPort(s.ports.ami())
	files := map[string]string{
		"asterisk.conf":             s.asteriskConf(),
		"modules.conf":              modulesConf(s.moduleDir, s.Modules),
		"logger.conf":               "[general]\n[logfiles]\nmessages.log => notice,warning,error\n",
		"ari.conf":                  "#include ari_ctid.conf\n",
		"ctid_ari_password.conf":    "password=" + s.secrets.ari + "\n",
		"http.conf":                 "#include http_ctid.conf\n[general](+)\nbindport=" + httpPort + "\n",
		"manager.conf":              "#include manager_ctid.conf\n[general](+)\nport=" + amiPort + "\n",
		"ctid_ami_password.conf":    "secret=" + s.secrets.ami + "\n",
		"res_http_media_cache.conf": "#include res_http_media_cache_ctid.conf\n",
		"amd.conf":                  "#include amd_ctid.conf\n",
		"sorcery.conf":              "#include sorcery_ctid.conf\n",
		"extensions.conf":           "#include extensions_ctid.conf\n" + s.Dialplan + "\n",
		"queues.conf":               s.queuesConf(),
		"pjsip.conf":                s.pjsipConf(sipPort),
		"rtp.conf":                  fmt.Sprintf("[general]\nrtpstart=%d\nrtpend=%d\nstrictrtp=no\n", s.ports.first+portsRTP, s.ports.end-1),
		"musiconhold.conf":          "[default]\nmode=files\ndirectory=" + filepath.Join(s.dir, "moh") + "\n",
		"indications.conf":          "[general]\ncountry=us\n[us]\ndescription=United States\nringcadence=2000,4000\ndial=350+440\nbusy=480+620/500,0/500\nring=440+480/2000,0/4000\ncongestion=480+620/250,0/250\ncallwaiting=440/300,0/10000\nrecord=1400/500,0/15000\n",
		"cdr.conf":                  "[general]\nenable=no\n",
		"acl.conf":                  "", "ccss.conf": "[general]\n", "cel.conf": "[general]\nenable=no\n", "features.conf": "[general]\n",
		"pjproject.conf": "", "pjsip_notify.conf": "", "res_fax.conf": "[general]\n", "stasis.conf": "#include stasis_ctid.conf\n", "udptl.conf": "[general]\n",
		"statsd.conf": "[general]\nenabled=no\n", "websocket_client.conf": "", "geolocation.conf": "", "queuerules.conf": "",
		"codecs.conf": "", "cli.conf": "", "cli_permissions.conf": "", "extconfig.conf": "", "dnsmgr.conf": "[general]\nenable=no\n",
		"dsp.conf": "", "enum.conf": "", "res_curl.conf": "", "chan_websocket.conf": "",
	}
	shipped, err := fs.Glob(pbx.Files, "*")
	if err != nil {
		return nil, err
	}
	for _, name := range shipped {
		text, err := pbx.Files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files[name] = string(text)
	}
	return files, nil
}

func (s site) asteriskConf() string {
	var b strings.Builder
	b.WriteString("[directories]\nastmoddir => " + s.moduleDir + "\n")
	for _, d := range directories {
		path := filepath.Join(s.dir, d.path)
		if strings.HasPrefix(d.path, "/") {
			path = s.root.Path(d.path)
		}
		b.WriteString(d.key + " => " + path + "\n")
	}
	b.WriteString("[options]\nnocolor=yes\nhideconnect=yes\ndefaultlanguage=en\nsystemname=" + s.Node + "\n")
	return b.String()
}

func (s site) queuesConf() string {
	text := "[general]\n#include queues_ctid.conf\n[" + pbx.FallbackQueue + "](+)\n"
	for _, n := range s.FallbackMembers {
		text += fmt.Sprintf("member => PJSIP/%d\n", n)
	}
	return text
}

// pjsipConf has the endpoints. Callers and phones of a test come from the same
// address and from ports that nobody knows before: so the user name in From
// decides first, and whoever is not an agent comes in over the carrier.
func (s site) pjsipConf(port string) string {
	var b strings.Builder
	b.WriteString(`#include pjsip_ctid.conf
[global]
type=global
endpoint_identifier_order=auth_username,username,ip
[system]
type=system
timer_t1=500
[transport-udp](ctid-udp)
bind=127.0.0.1:` + port + `
[transport-ws](ctid-ws)
[carrier](ctid-carrier)
aors=carrier
[carrier](ctid-carrier-aor)
qualify_frequency=0
max_contacts=1
remove_existing=yes
`)
	if s.CarrierContact != "" {
		b.WriteString("contact=sip:" + s.CarrierContact + "\n")
	}
	b.WriteString("[carrier]\ntype=identify\nendpoint=carrier\nmatch=127.0.0.0/8\n")
	for _, user := range s.agents() {
		if s.AgentContact != "" {
			fmt.Fprintf(&b, "[%s](ctid-agent)\naors=%s\n[%s](ctid-agent-aor)\nqualify_frequency=0\ncontact=sip:%s@%s\n",
				user, user, user, user, s.AgentContact)
			continue
		}
		if s.inPage(user) {
			fmt.Fprintf(&b, "[%s](ctid-webphone)\nauth=%s\naors=%s\n[%s](ctid-agent-aor)\n", user, user, user, user)
			continue
		}
		fmt.Fprintf(&b, "[%s](ctid-agent)\nauth=%s\naors=%s\n[%s](ctid-agent-auth)\nusername=%s\npassword=%s\n[%s](ctid-agent-aor)\n",
			user, user, user, user, user, s.secrets.phone, user)
		if s.Qualify > 0 {
			fmt.Fprintf(&b, "qualify_frequency=%d\n", s.Qualify)
		}
	}
	return b.String()
}

// holdMusic is two seconds of two alternating tones, so that a test can tell
// music on hold by its frequencies.
func holdMusic() []int16 {
	second := Tone(HoldMusicLow, 8000)
	return slices.Concat(second, Tone(HoldMusicHigh, 8000))
}
