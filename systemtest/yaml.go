package systemtest

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"
)

// yaml is the configuration of the rig's ctid.
func (r *Rig) yaml() string {
	o := r.opt
	desk := o.Desk
	if desk == "" {
		desk = "required"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "site: test\nlisten: {web: \"127.0.0.1:0\", media: \"127.0.0.1:0\", metrics: \"127.0.0.1:0\"}\n")
	fmt.Fprintf(&b, "asterisk:\n  nodes:\n    - {name: pbx, url: \"http://%s\", user: %s, password_file: %s%s}\n", o.PBX.HTTPAddr(), o.PBX.ARIUser(), filepath.Join(r.Dir, "ari.secret"), r.ami())
	fmt.Fprintf(&b, "store: {dsn: \"sqlite:%s\", key_file: %s}\n", filepath.Join(r.Dir, "ctid.db"), filepath.Join(r.Dir, "ctid.key"))
	fmt.Fprintf(&b, "numbering: {country: GB}\nivr: {dir: %s, voices: [{lang: en, voice: en-gb}]}\nmedia: {cache: %s}\n", filepath.Join(r.Dir, "ivr"), filepath.Join(r.Dir, "prompts"))
	fmt.Fprintf(&b, "numbers:\n  - {dnis: \"%s\", label: Test line, script: main}\n  - {dnis: \"%s\", label: Straight, queue: sales}\n", Number, Straight)
	extra := ""
	if o.Queue != "" {
		extra = ", " + o.Queue
	}
	fmt.Fprintf(&b, "queues:\n  - {name: sales, label: Sales, ring: 5s, short_talk: 0s%s}\n  - {name: support, label: Support, ring: 5s, short_talk: 0s}\nagents:\n", extra)
	for _, a := range r.Agents() {
		fmt.Fprintf(&b, "  - {name: a%s, queues: [sales, support], desk: %s, device: {kind: %s, endpoint: PJSIP/%s}}\n", a, desk, cmp.Or(o.Device, "phone"), a)
	}
	if !strings.Contains(o.Config, "limits:") {
		b.WriteString("limits: {phones: 200ms}\n")
	}
	return b.String() + o.Config
}

func (r *Rig) ami() string {
	if !r.opt.AMI {
		return ""
	}
	return fmt.Sprintf(", ami: {address: \"%s\", password_file: %s}", r.opt.PBX.AMIAddr(), filepath.Join(r.Dir, "ami.secret"))
}
