package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ctid/config"
	"ctid/ivr"
	"ctid/ivr/ivrsim"
)

// openScript loads one script, named as front_desk or lib/csat, or as a file, and tells what was found in it.
func openScript(c *cobra.Command, cfg *config.Config, arg string) (ivrScripts, *ivr.Script, []ivr.Finding, error) {
	dir, name := "", strings.TrimSuffix(filepath.ToSlash(arg), ".yaml")
	if name != filepath.ToSlash(arg) {
		dir, name = filepath.Split(name)
		if filepath.Base(dir) == "lib" {
			dir, name = filepath.Dir(filepath.Clean(dir)), "lib/"+name
		}
		if dir == "" {
			dir = "."
		}
	}
	files, err := openScripts(cfg, dir)
	if err != nil {
		return files, nil, nil, err
	}
	s, found, err := files.script(name)
	for _, f := range found {
		if f.Severity != ivr.Note {
			fmt.Fprintln(c.ErrOrStderr(), f)
		}
	}
	return files, s, found, err
}

// script loads one script of the folder. Without it, the findings say why, or there is no such file.
func (s ivrScripts) script(name string) (*ivr.Script, []ivr.Finding, error) {
	if _, err := fs.ReadFile(s.files, name+".yaml"); err != nil {
		return nil, nil, usageError{fmt.Errorf("%s has no script %s: %w", s.dir, name, err)}
	}
	sc, found := ivr.Load(s.files, name+".yaml", s.site)
	for i := range found {
		found[i].File = filepath.Join(s.dir, filepath.FromSlash(found[i].File))
	}
	if sc == nil {
		return nil, found, errFindings
	}
	return sc, found, nil
}

func ivrRunCommand() *cobra.Command {
	var f runFlags
	c := &cobra.Command{Use: "run SCRIPT", Short: "Take a call through a script: no telephone, no database, no sound, and time is virtual",
		Long: "Plays a call by what you type: digits press keys, other words are said, Enter lets time pass until something happens; :help\n" +
			"lists the rest. What a look-up gives comes from --given, or is asked for. :save keeps the session as a test.",
		Args: oneName,
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := ivrConfig(c, f.config)
			if err != nil {
				return err
			}
			files, s, _, err := openScript(c, cfg, args[0])
			if err != nil {
				return err
			}
			given, err := f.read(files.site.Zone)
			if err != nil {
				return err
			}
			prompt := ""
			if in, ok := c.InOrStdin().(*os.File); ok && isTerminal(in.Fd()) {
				prompt = "» "
			}
			k := ivrsim.Console{In: c.InOrStdin(), Out: c.OutOrStdout(), Prompt: prompt, Script: s, Given: given, Save: saveTest}
			if err = k.Run(); errors.Is(err, ivrsim.ErrGiven) {
				return usageError{err}
			}
			return err
		}}
	f.add(c)
	return c
}

// saveTest writes a test file that must not be there yet.
func saveTest(name string, text []byte) error {
	if dir := filepath.Dir(name); dir != "." {
		if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // tests are no secret
			return err
		}
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // tests are no secret
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already; choose another name", name)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// runFlags are what is given for a call.
type runFlags struct {
	config, given, at, customer, answeredBy string
	ani, dnis, language                     string
	queue, contact, vars                    []string
}

func (f *runFlags) add(c *cobra.Command) {
	configFlag(c, &f.config)
	fl := c.Flags()
	fl.StringVar(&f.ani, "ani", "", "the caller's number; withheld for none (default +85291234567, or as --given says)")
	fl.StringVar(&f.dnis, "dnis", "", "the number called")
	fl.StringVar(&f.at, "at", "", "when the call comes, as 2026-03-02 10:15 (default: then)")
	fl.StringVar(&f.language, "language", "", "the call's language at the beginning")
	fl.StringVar(&f.customer, "customer", "", "what customer look-ups give: vip, known, unknown, several, error")
	fl.StringVar(&f.answeredBy, "answered-by", "", "who answers an outbound call: human, machine, fax, unsure")
	fl.StringArrayVar(&f.queue, "queue", nil, "a figure of a queue: support.ewt=6m (waiting, longest, ewt, agents_ready, agents_in, open, closed, full, empty)")
	fl.StringArrayVar(&f.contact, "contact", nil, "a column of an outbound list: visit=V12")
	fl.StringArrayVar(&f.vars, "var", nil, "a variable at the beginning: tries=2")
	fl.StringVar(&f.given, "given", "", "a file of what stands under given in a test; the flags go before it")
}

// read makes the world of the call. What is on the command line goes before what is in the file.
func (f *runFlags) read(zone *time.Location) (ivrsim.Given, error) {
	var b strings.Builder
	line := func(key, val string) {
		if val != "" {
			fmt.Fprintf(&b, "%s: %q\n", key, val)
		}
	}
	line("ani", f.ani)
	line("dnis", f.dnis)
	line("at", f.at)
	line("language", f.language)
	line("customer", f.customer)
	line("answered_by", f.answeredBy)
	for _, m := range []struct {
		key  string
		list []string
	}{{"contact", f.contact}, {"vars", f.vars}} {
		if len(m.list) == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s:\n", m.key)
		for _, x := range m.list {
			k, v, ok := strings.Cut(x, "=")
			if !ok {
				return ivrsim.Given{}, usageError{fmt.Errorf("%s wants name=value, not %q", m.key, x)}
			}
			fmt.Fprintf(&b, "  %q: %q\n", k, v)
		}
	}
	g := ivrsim.Given{Zone: zone, ANI: "+85291234567"}
	if f.given != "" {
		src, err := os.ReadFile(f.given)
		if err != nil {
			return g, usageError{err}
		}
		if found := g.Read(f.given, src); len(found) > 0 {
			return g, usageError{errors.New(strings.Join(found, "\n"))}
		}
	}
	if b.Len() > 0 {
		if found := g.Read("the command line", []byte(b.String())); len(found) > 0 {
			return g, usageError{errors.New(strings.Join(found, "\n"))}
		}
	}
	return g, f.queues(&g)
}

func (f *runFlags) queues(g *ivrsim.Given) error {
	for _, x := range f.queue {
		name, figures, ok := strings.Cut(x, ".")
		for one := range strings.SplitSeq(figures, ",") {
			k, v, has := strings.Cut(one, "=")
			if !ok || !has {
				return usageError{fmt.Errorf("--queue wants a figure, as in support.ewt=6m, not %q", x)}
			}
			if msg := g.SetQueue(name, k, v); msg != "" {
				return usageError{errors.New("--queue: " + msg)}
			}
		}
	}
	return nil
}
