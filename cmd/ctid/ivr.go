package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ctid/config"
	"ctid/ivr"
)

// ivrCommand holds what is done with scripts. Its commands work without a ctid.yaml too; then nothing is known of the site.
func ivrCommand() *cobra.Command {
	c := &cobra.Command{Use: "ivr", Short: "The scripts: lint, explain, run, test, graph, schema, reload, rollback, sets, canary, replay, trail, prompts"}
	c.AddCommand(ivrRunCommand(), ivrTestCommand(), ivrGraphCommand(), ivrSchemaCommand())
	c.AddCommand(ivrLintCommand(), ivrExplainCommand())
	c.AddCommand(ivrVersionCommands()...)
	c.AddCommand(ivrPromptsCommand(), ivrTrailCommand())
	return group(c)
}

// ivrScripts is a folder of scripts with what they are checked against.
type ivrScripts struct {
	dir   string // the folder; in it the scripts, lib/ and perhaps sounds/
	files fs.FS
	site  ivr.Site
	cfg   *config.Config // nil: there is no ctid.yaml
}

// ivrConfig reads the configuration by the usual rules, but for its secrets: who works on scripts need not have them. Without
// one, and none named, it is nil.
func ivrConfig(c *cobra.Command, file string) (*config.Config, error) {
	if _, ok := config.Find(config.Options{File: file}); !ok {
		return nil, nil
	}
	cfg, _, err := readConfig(c, config.Options{File: file, Offline: true})
	return cfg, err
}

// openScripts opens a folder of scripts; empty: the configuration's, else ivr here. cfg may be nil.
func openScripts(cfg *config.Config, dir string) (ivrScripts, error) {
	s := ivrScripts{dir: dir, site: ivr.Site{Unknown: true}, cfg: cfg}
	sounds := ""
	if cfg != nil {
		s.site, sounds = ivrSite(cfg), cfg.IVR.Sounds
		s.site.Now = time.Now()
		s.dir = cmp.Or(s.dir, cfg.IVR.Dir)
	}
	s.dir = cmp.Or(s.dir, "ivr")
	if st, err := os.Stat(s.dir); err != nil {
		return s, usageError{err}
	} else if !st.IsDir() {
		return s, usageError{fmt.Errorf("%s is not a folder", s.dir)}
	}
	if beside := filepath.Join(s.dir, "..", "sounds"); sounds == "" && !isDir(filepath.Join(s.dir, "sounds")) && isDir(beside) {
		sounds = beside
	}
	s.files = scriptFS{dir: s.dir, sounds: sounds}
	return s, nil
}

func isDir(name string) bool {
	st, err := os.Stat(name)
	return err == nil && st.IsDir()
}

func ivrLintCommand() *cobra.Command {
	var file, format string
	var strict bool
	c := &cobra.Command{Use: "lint [DIR or FILE...]", Short: "Check scripts: everything that would stop them, or trouble their callers",
		Long: `Checks the scripts of a folder, by default ivr.dir of the configuration, or just the files named. What needs the site, such as the
names of queues, is checked against ctid.yaml; without one it is listed as not checked.
Exit: 0 good, 1 findings (errors; with --strict warnings too), 2 wrong usage or a file that cannot be read.`,
		RunE: func(c *cobra.Command, args []string) error {
			if !slices.Contains(ivr.Formats(), format) {
				return usageError{fmt.Errorf("there is no format %q; there are %s", format, strings.Join(ivr.Formats(), ", "))}
			}
			cfg, err := ivrConfig(c, file)
			if err != nil {
				return err
			}
			found, n, err := lintAll(cfg, args)
			if err != nil {
				return err
			}
			if err := ivr.WriteFindings(c.OutOrStdout(), format, found); err != nil {
				return err
			}
			errs, warns := countFindings(found)
			if format == "text" {
				fmt.Fprintf(c.OutOrStdout(), "%d scripts: %d errors, %d warnings\n", n, errs, warns)
			}
			if errs > 0 || strict && warns > 0 {
				return errFindings
			}
			return nil
		}}
	configFlag(c, &file)
	c.Flags().StringVar(&format, "format", "text", "text, json, github or sarif")
	c.Flags().BoolVar(&strict, "strict", false, "warnings count as errors")
	return c
}

func countFindings(found []ivr.Finding) (errs, warns int) {
	for _, f := range found {
		switch f.Severity {
		case ivr.Error:
			errs++
		case ivr.Warning:
			warns++
		}
	}
	return errs, warns
}

// lintAll checks one folder, or files of any folders, and counts the scripts checked.
func lintAll(cfg *config.Config, args []string) (found []ivr.Finding, n int, err error) {
	if len(args) == 0 || len(args) == 1 && isDir(args[0]) {
		dir := ""
		if len(args) == 1 {
			dir = args[0]
		}
		return lintFolder(cfg, dir, nil)
	}
	var roots []string
	of := map[string][]string{}
	for _, a := range args {
		if st, err := os.Stat(a); err != nil {
			return nil, 0, usageError{err}
		} else if st.IsDir() {
			return nil, 0, usageError{errors.New("name one folder, or files")}
		}
		root, name := filepath.Dir(a), filepath.Base(a)
		if filepath.Base(root) == "lib" {
			root, name = filepath.Dir(root), "lib/"+name
		}
		if of[root] == nil {
			roots = append(roots, root)
		}
		of[root] = append(of[root], name)
	}
	for _, root := range roots {
		f, k, err := lintFolder(cfg, root, of[root])
		if err != nil {
			return nil, 0, err
		}
		found, n = append(found, f...), n+k
	}
	return found, n, nil
}

// lintFolder checks the scripts of a folder as one set; only, if not nil, are those whose findings are wanted.
func lintFolder(cfg *config.Config, dir string, only []string) ([]ivr.Finding, int, error) {
	s, err := openScripts(cfg, dir)
	if err != nil {
		return nil, 0, err
	}
	var names []string
	for _, pattern := range []string{"*.yaml", "lib/*.yaml"} {
		list, err := fs.Glob(s.files, pattern)
		if err != nil {
			return nil, 0, err
		}
		names = append(names, list...)
	}
	if len(names) == 0 {
		return nil, 0, usageError{fmt.Errorf("%s has no scripts: no file ends in .yaml", s.dir)}
	}
	if only == nil {
		only = names
	}
	for _, name := range only {
		if _, err := fs.ReadFile(s.files, name); err != nil {
			return nil, 0, usageError{err}
		}
	}
	_, found := ivr.LoadSet(s.files, s.site)
	var out []ivr.Finding
	for _, f := range found {
		if slices.Contains(only, f.File) || !slices.Contains(names, f.File) {
			f.File = filepath.Join(s.dir, filepath.FromSlash(f.File))
			out = append(out, f)
		}
	}
	return out, len(only), nil
}

func ivrExplainCommand() *cobra.Command {
	return &cobra.Command{Use: "explain ID", Short: "What a finding means, why it matters, what raises it and what does not", Args: oneName,
		RunE: func(c *cobra.Command, args []string) error {
			r, ok := ivr.Explain(args[0])
			if !ok {
				return usageError{fmt.Errorf("there is no finding %q; docs/ivr.md lists them, IVR001 to IVR076", args[0])}
			}
			_, err := fmt.Fprint(c.OutOrStdout(), r.Text())
			return err
		}}
}
