package config

import (
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// Flags adds to fs a flag for each setting that an operator changes from start to start. Their defaults are those of
// the table, for --help only: an unset flag says nothing.
func Flags(fs *pflag.FlagSet) {
	for _, s := range settings() {
		if s.field.flag {
			fs.String(s.flag(), "", s.field.doc)
			if s.field.def == "false" {
				fs.Lookup(s.flag()).NoOptDefVal = "true"
			}
		}
	}
}

// override lays flags and environment over what the files gave. viper decides which source a setting is taken from.
func (d *decoder) override(v *viper.Viper, flags *pflag.FlagSet, c reflect.Value, main string) {
	for _, s := range settings() {
		dst := c.FieldByIndex(s.index)
		_, inFile := d.at[s.path]
		d.bind(v, flags, s)
		text, from := v.GetString(s.path), origin(flags, s)
		switch {
		case from != "":
			d.at[s.path] = Pos{File: from}
			if err := setScalar(dst, s.field, text); err != nil {
				d.err(Pos{File: from}, codeOf(err), "`%s`: %v", s.path, err)
			}
		case !inFile && s.field.form == "file" && s.field.def != "":
			dst.SetString(beside(main, s.field.def))
		case !inFile && s.field.form == "dsn":
			dst.SetString("sqlite:" + beside(main, strings.TrimPrefix(s.field.def, "sqlite:")))
		}
	}
	d.strangers()
}

func (d *decoder) bind(v *viper.Viper, flags *pflag.FlagSet, s setting) {
	v.SetDefault(s.path, s.field.def)
	// The only error is a missing name.
	_ = v.BindEnv(s.path, s.env())
	if flags != nil && s.field.flag {
		if f := flags.Lookup(s.flag()); f != nil {
			_ = v.BindPFlag(s.path, f)
		}
	}
}

// origin names the flag or variable that gives the setting; empty if neither does.
func origin(flags *pflag.FlagSet, s setting) string {
	if flags != nil && s.field.flag && flags.Changed(s.flag()) {
		return "--" + s.flag()
	}
	if os.Getenv(s.env()) != "" {
		return s.env()
	}
	return ""
}

// passwordEnv is the variable with a node's password.
func passwordEnv(node string) string {
	return "CTID_ASTERISK_" + strings.ToUpper(strings.ReplaceAll(node, "-", "_")) + "_PASSWORD"
}

// otherVariables are variables of ours that are no settings.
var otherVariables = []string{"CTID_ESPEAK", "CTID_FLITE"}

// strangers warns of a variable that is nearly a setting: a typing error would otherwise say nothing.
func (d *decoder) strangers() {
	var known []string
	for _, s := range settings() {
		known = append(known, s.env())
	}
	ours := append(slices.Clone(known), otherVariables...)
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if near := meant(name, known); strings.HasPrefix(name, "CTID_") && near != "" && !contains(ours, name) {
			d.warn(Pos{File: name}, "CFG051", "no setting has this variable%s", near)
		}
	}
}

// amiPasswordEnv is the variable with the secret of a node's manager interface.
func amiPasswordEnv(node string) string {
	return "CTID_AMI_" + strings.ToUpper(strings.ReplaceAll(node, "-", "_")) + "_PASSWORD"
}

// secrets fetches each node's password: from its variable, else from its file.
func (d *decoder) secrets(c *Config) {
	if d.offline {
		return
	}
	for i := range c.Asterisk.Nodes {
		n := &c.Asterisk.Nodes[i]
		at := indexed("asterisk.nodes", i, "password_file")
		switch env := os.Getenv(passwordEnv(n.Name)); {
		case env != "":
			n.Password = NewSecret(env)
		case n.PasswordFile == "" && n.Name != "":
			d.err(d.pos(indexed("asterisk.nodes", i, "")), "CFG015", "no password for %q: give `password_file` or the environment variable %s", n.Name, passwordEnv(n.Name))
		case n.PasswordFile != "":
			n.Password = d.secretFile(d.pos(at), n.PasswordFile)
		}
		d.amiSecret(n, indexed("asterisk.nodes", i, "ami"))
	}
	d.iceSecrets(c)
	d.voiceSecrets(c)
}

func (d *decoder) amiSecret(n *Node, path string) {
	if checkForm("address", n.AMI.Address) != nil { // not given, or said already
		return
	}
	switch env := os.Getenv(amiPasswordEnv(n.Name)); {
	case env != "":
		n.AMI.Password = NewSecret(env)
	case n.AMI.PasswordFile == "":
		d.err(d.pos(path), "CFG015", "no password for the manager interface of %q: give `password_file` or the environment variable %s", n.Name, amiPasswordEnv(n.Name))
	default:
		n.AMI.Password = d.secretFile(d.pos(path+".password_file"), n.AMI.PasswordFile)
	}
}

// secretFile reads a secret; offline it is empty, and its file is not looked at.
func (d *decoder) secretFile(at Pos, name string) Secret {
	if d.offline {
		return Secret{}
	}
	b, err := readFile(name)
	text := strings.TrimRight(string(b), "\r\n")
	switch {
	case err != nil:
		d.err(at, "CFG015", "the secret's file %s %v", name, err)
	case text == "" || strings.ContainsAny(text, "\r\n") || len(text) > 1024:
		d.err(at, "CFG015", "the secret's file %s must hold one line and nothing else", name)
	default:
		if st, err := os.Stat(name); err == nil && st.Mode().Perm()&0o007 != 0 {
			d.warn(at, "CFG050", "everybody can read %s: chmod 640 it", name)
		}
		return NewSecret(text)
	}
	return Secret{}
}
