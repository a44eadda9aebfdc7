package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// FileName is the configuration's name in the folders of Options.Search.
const FileName = "ctid.yaml"

// Options say where a configuration comes from. A flag goes before the environment, that before the file, that before
// the default.
type Options struct {
	File   string         // the file; empty: FileName in the first of Search that has it
	Search []string       // folders; nil: the current one, then /etc/ctid
	Flags  *pflag.FlagSet // made by Flags, parsed; may be nil
	// Offline leaves passwords and secrets out, and does not ask for them: enough to check scripts where the files are kept and
	// edited, which is no place for secrets.
	Offline bool
}

// Load reads, checks and returns a configuration with everything there is to say about it. The configuration is nil
// if an error is among the findings. It reads files and the environment and changes nothing.
func Load(o Options) (*Config, []Finding) {
	v := viper.NewWithOptions(viper.WithCodecRegistry(noCodec{}))
	name, err := findFile(v, o)
	if err != nil {
		return nil, []Finding{{Pos{File: or(o.File, FileName)}, Error, "CFG001", err.Error()}}
	}
	r := reader{}
	r.read(name, 0)
	d := &decoder{offline: o.Offline, findings: r.findings, at: map[string]Pos{"": {name, 1, 1}}}
	c := &Config{}
	cv := reflect.ValueOf(c).Elem()
	defaults(cv)
	d.top(r.files, cv)
	d.override(v, o.Flags, cv, name)
	d.secrets(c)
	if !Failed(r.findings) { // what an unread file would have said is unknown: nothing is checked against it
		d.check(c)
	}
	slices.SortStableFunc(d.findings, func(a, b Finding) int {
		if a.Pos.File != b.Pos.File {
			return slices.Index(r.names(), a.Pos.File) - slices.Index(r.names(), b.Pos.File)
		}
		return (a.Pos.Line-b.Pos.Line)*maxLine + a.Pos.Column - b.Pos.Column
	})
	if Failed(d.findings) {
		return nil, d.findings
	}
	return c, d.findings
}

// noCodec lets viper find a file without reading it: viper's own reader loses line and column and lower-cases keys.
type noCodec struct{}

func (noCodec) Encoder(string) (viper.Encoder, error) { return nil, errors.New("not written by viper") }
func (noCodec) Decoder(string) (viper.Decoder, error) { return noCodec{}, nil }
func (noCodec) Decode([]byte, map[string]any) error   { return nil }

// Find tells where Load would find the configuration; ok is false if no file is named and there is none in the usual places.
func Find(o Options) (name string, ok bool) {
	name, err := findFile(viper.NewWithOptions(viper.WithCodecRegistry(noCodec{})), o)
	return name, err == nil
}

func findFile(v *viper.Viper, o Options) (string, error) {
	if o.File != "" {
		return o.File, nil
	}
	search := o.Search
	if search == nil {
		search = []string{".", "/etc/ctid"}
	}
	v.SetConfigName(FileName) // with its ending, so that a program named ctid is not taken for it
	v.SetConfigType("yaml")
	for _, dir := range search {
		v.AddConfigPath(dir)
	}
	if err := v.ReadInConfig(); err != nil {
		return "", fmt.Errorf("no %s in %s; name one with -c", FileName, strings.Join(search, ", "))
	}
	return v.ConfigFileUsed(), nil
}

// source is one file, parsed.
type source struct {
	name string
	body *ast.MappingNode
}

// reader reads a file and what it includes.
type reader struct {
	files    []source
	seen     []string // absolute names
	findings []Finding
}

func (r *reader) names() []string {
	var out []string
	for _, f := range r.files {
		out = append(out, f.name)
	}
	return out
}

func (r *reader) read(name string, depth int) {
	b, err := readFile(name)
	if err != nil {
		r.findings = append(r.findings, Finding{Pos{name, 1, 1}, Error, "CFG001", err.Error()})
		return
	}
	m, fs := parse(name, b)
	r.findings = append(r.findings, fs...)
	if m == nil {
		return
	}
	if abs, err := filepath.Abs(name); err == nil {
		r.seen = append(r.seen, abs)
	}
	r.files = append(r.files, source{name, m})
	for _, kv := range m.Values {
		if kv.Key.GetToken().Value == "include" {
			r.include(name, kv.Value, depth)
		}
	}
}

// readFile reads a regular file up to just over the bound, so that the check on its size can speak.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", errors.Unwrap(err))
	}
	defer f.Close() //nolint:errcheck // opened for reading
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return nil, errors.New("cannot be read: it is not a regular file")
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	return b, nil
}

func (r *reader) include(file string, n ast.Node, depth int) {
	nodes := []ast.Node{n}
	if seq, ok := n.(*ast.SequenceNode); ok {
		nodes = seq.Values
	}
	bad := func(n ast.Node, format string, a ...any) {
		r.findings = append(r.findings, Finding{nodePos(file, n), Error, "CFG020", fmt.Sprintf(format, a...)})
	}
	for _, n := range nodes {
		s, ok := scalar(n)
		if !ok || s == "" {
			bad(n, "`include` is a file name or a list of them")
			continue
		}
		if depth >= 4 {
			bad(n, "`include` goes deeper than 4 files")
			continue
		}
		names, err := filepath.Glob(beside(file, s))
		if err != nil || len(names) == 0 {
			bad(n, "no file %q to include", beside(file, s))
		}
		for _, name := range names {
			if abs, err := filepath.Abs(name); err != nil || slices.Contains(r.seen, abs) {
				bad(n, "%s is included already", name)
				continue
			}
			r.read(name, depth+1)
		}
	}
}
