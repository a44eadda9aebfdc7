package demo

import (
	"crypto/rand"
	"embed"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"ctid"
)

// centre is the configuration of the demo's call centre and its scripts.
//
//go:embed centre/ctid.yaml centre/ivr/*.yaml
var centre embed.FS

// Number is the one that the centre's callers dial.
const Number = "+442079460000"

// agents are those of centre/ctid.yaml, with the numbers of their phones. The first one is the person's.
var agents = []struct {
	name  ctid.AgentID
	phone string
}{{"ana", "1001"}, {"ben", "1002"}, {"chloe", "1003"}, {"dev", "1004"}, {"mei", "1005"}}

// node is how an Asterisk is reached; url has no path.
type node struct{ url, user, password string }

const here = `# Written by the demo for this run.
listen: {web: "%s", media: "%s"}
asterisk:
  nodes:
    - {name: pbx, url: "%s", user: %s, password_file: secrets/ari}
`

// writeCentre lays the centre's files out in dir and returns the path of its ctid.yaml.
func writeCentre(dir, listen string, n node) (string, error) {
	err := fs.WalkDir(centre, "centre", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(path))
		if d.IsDir() {
			return os.MkdirAll(to, 0o700)
		}
		text, err := centre.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, text, 0o600)
	})
	if err != nil {
		return "", err
	}
	root := filepath.Join(dir, "centre")
	if err := os.MkdirAll(filepath.Join(root, "secrets"), 0o700); err != nil {
		return "", err
	}
	host, err := localAddress(n.url)
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf(here, listen, net.JoinHostPort(host, "0"), n.url, n.user)
	if err := os.WriteFile(filepath.Join(root, "here.yaml"), []byte(text), 0o600); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(root, "secrets", "ari"), []byte(n.password+"\n"), 0o600); err != nil {
		return "", err
	}
	return filepath.Join(root, "ctid.yaml"), nil
}

// localAddress is this machine's address on the way to a node: there the node fetches prompts. No packet is sent for it.
func localAddress(to string) (string, error) {
	u, err := url.Parse(to)
	if err != nil || u.Hostname() == "" {
		return "", fmt.Errorf("%q is not an address such as http://127.0.0.1:8088", to)
	}
	c, err := net.Dial("udp", net.JoinHostPort(u.Hostname(), "9")) //nolint:noctx // nothing is waited for but a name
	if err != nil {
		return "", err
	}
	defer c.Close() //nolint:errcheck // nothing was written to it
	host, _, err := net.SplitHostPort(c.LocalAddr().String())
	return host, err
}

// baseURL cuts the path off.
func baseURL(page string) string {
	u, err := url.Parse(page)
	if err != nil {
		return page
	}
	return u.Scheme + "://" + u.Host
}

// password is 60 random bits that a person can type.
func password() string { return strings.ToLower(rand.Text()[:12]) }

func (s *show) logFile() string { return filepath.Join(s.Dir, "ctid.log") }
