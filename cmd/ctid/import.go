package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"ctid/importer"
)

// importCommand brings over what another system has.
func importCommand() *cobra.Command {
	c := &cobra.Command{Use: "import", Short: "Bring over what another system has"}
	c.AddCommand(importQueuesCommand())
	return group(c)
}

func importQueuesCommand() *cobra.Command {
	var i queueImport
	c := &cobra.Command{Use: "queues DIR", Args: oneFolder,
		Short: "Turn an Asterisk's queues.conf, queuerules.conf and agents.conf into a part of ctid.yaml",
		Long: `Reads queues.conf, queuerules.conf and agents.conf in the folder DIR, with what they include, and writes ctid's queues and
agents. The report on standard error names every line that could not be carried over, or not wholly, with what ctid does
instead. The status is 1 if there is such a line. The folder is only read.`,
		RunE: func(c *cobra.Command, args []string) error {
			i.out, i.said = c.OutOrStdout(), c.ErrOrStderr()
			return i.run(args[0], c.Flags().Changed)
		}}
	f := c.Flags()
	f.StringVar(&i.file, "out", "", "write the configuration into this new file, not to standard output")
	f.BoolVar(&i.asJSON, "json", false, "one JSON object instead of lines; without --out it has the configuration in it")
	f.StringVar(&i.local, "local", "", "the endpoint that a member Local/NUMBER@… rings, such as PJSIP/{number}")
	f.IntVar(&i.most, "max-penalty", 0, "what the dialplan sets QUEUE_MAX_PENALTY to: where penalty rules begin")
	f.IntVar(&i.least, "min-penalty", 0, "what the dialplan sets QUEUE_MIN_PENALTY to")
	return c
}

func oneFolder(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{fmt.Errorf("%s takes one folder, such as /etc/asterisk", c.CommandPath())}
	}
	return nil
}

// queueImport is one import as the command line asks for it.
type queueImport struct {
	file, local string
	asJSON      bool
	most, least int // penalties
	out, said   io.Writer
}

// run imports. given tells which flags were on the command line.
func (i queueImport) run(dir string, given func(flag string) bool) error {
	o, err := i.options(dir, given)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir) // no link leads out of it
	if err != nil {
		return usageError{fmt.Errorf("the folder %s cannot be read: %w", dir, errors.Unwrap(err))}
	}
	defer root.Close() //nolint:errcheck // opened for reading
	r, err := importer.Queues(root.FS(), o)
	if errors.Is(err, fs.ErrNotExist) {
		return usageError{fmt.Errorf("%s has no queues.conf: name the folder of an Asterisk's configuration", dir)}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	if err := i.write(r); err != nil {
		return err
	}
	if err := i.tell(r); err != nil {
		return err
	}
	if len(r.Lost()) > 0 {
		return errFindings
	}
	return nil
}

func (i queueImport) options(dir string, given func(string) bool) (importer.Options, error) {
	o := importer.Options{Local: i.local, MaxPenalty: -1, MinPenalty: -1}
	var err error
	if o.Dir, err = filepath.Abs(dir); err != nil {
		return o, err
	}
	if given("max-penalty") {
		o.MaxPenalty = i.most
	}
	if given("min-penalty") {
		o.MinPenalty = i.least
	}
	switch {
	case i.most < 0 || i.least < 0:
		return o, usageError{errors.New("a penalty is 0 or more")}
	case i.local != "" && (!strings.HasPrefix(i.local, "PJSIP/") || !strings.Contains(i.local, "{number}")):
		return o, usageError{fmt.Errorf("--local %s is no endpoint with {number} in it, such as PJSIP/{number}", i.local)}
	}
	return o, nil
}

// write puts the configuration where it belongs. A file that is there is left alone: somebody may have completed it by hand.
func (i queueImport) write(r *importer.Result) error {
	if i.file == "" {
		if i.asJSON {
			return nil
		}
		_, err := i.out.Write(r.YAML())
		return err
	}
	f, err := os.OpenFile(i.file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return usageError{fmt.Errorf("%s is there already: remove it, or name another file with --out", i.file)}
	}
	if err != nil {
		return err
	}
	_, err = f.Write(r.YAML())
	return errors.Join(err, f.Close())
}

// importReport is the report for programs.
type importReport struct {
	Queues     int              `json:"queues"`
	Agents     int              `json:"agents"`
	ToComplete int              `json:"agents_to_complete"`
	Lines      int              `json:"lines"`
	Findings   []*importer.Line `json:"findings"`
	Notes      []*importer.Line `json:"notes"`
	Names      []importer.Name  `json:"names"`
	YAML       string           `json:"yaml,omitempty"`
}

// tell reports.
func (i queueImport) tell(r *importer.Result) error {
	queues, agents, drafts := r.Count()
	if i.asJSON {
		report := importReport{Queues: queues, Agents: agents, ToComplete: drafts, Lines: len(r.Lines),
			Findings: listed(r.Lost()), Notes: listed(r.Noted()), Names: listed(r.Names)}
		if i.file == "" {
			report.YAML = string(r.YAML())
		}
		e := json.NewEncoder(i.out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(report)
	}
	for _, l := range r.Lines {
		for _, why := range l.Lost {
			fmt.Fprintf(i.said, "%s:%d: finding: %s: %s\n", l.File, l.Line, l.Text, why)
		}
		for _, why := range l.Notes {
			fmt.Fprintf(i.said, "%s:%d: note: %s: %s\n", l.File, l.Line, l.Text, why)
		}
	}
	for _, n := range r.Names {
		fmt.Fprintf(i.said, "%s %q is called %s\n", n.Kind, n.From, n.To)
	}
	verdict := "good"
	if lost := len(r.Lost()); lost > 0 {
		verdict = fmt.Sprintf("%d of %d lines not carried over wholly", lost, len(r.Lines))
	}
	fmt.Fprintf(i.said, "%s: %d queues, %d agents, %d agents to complete by hand\n", verdict, queues, agents, drafts)
	return nil
}

// listed is a list that JSON shows as one even when it is empty.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
