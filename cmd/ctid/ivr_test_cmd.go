package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"ctid/config"
	"ctid/ivr"
	"ctid/ivr/ivrsim"
)

// testRun is one run of ctid ivr test.
type testRun struct {
	c      *cobra.Command
	cfg    *config.Config
	suites []ivrsim.Suite
	covers []*ivrsim.Cover // of each script, in the order in which they were first tested
	counts map[*ivrsim.Cover]*[2]int
	texts  map[string]string
	failed bool
}

func ivrTestCommand() *cobra.Command {
	var file, junit, cover, out string
	var floor float64
	c := &cobra.Command{Use: "test [FILE or DIR...]", Short: "Run the tests of scripts: tests/*.test.yaml",
		Long: "Runs every case in virtual time and tells how many of the ways through each script were taken. Without a FILE it runs\n" +
			"all of the folder tests beside the scripts.\n" +
			"Exit: 0 good, 1 findings, failed cases or coverage under the floor, 2 wrong usage or a file that cannot be read.",
		RunE: func(c *cobra.Command, args []string) error {
			if !slices.Contains([]string{"", "text", "html"}, cover) {
				return usageError{fmt.Errorf("--cover wants text or html, not %q", cover)}
			}
			if floor < 0 || floor > 100 {
				return usageError{errors.New("--min-edges wants 0 to 100")}
			}
			cfg, err := ivrConfig(c, file)
			if err != nil {
				return err
			}
			r := &testRun{c: c, cfg: cfg, counts: map[*ivrsim.Cover]*[2]int{}, texts: map[string]string{}}
			files, err := r.files(args)
			if err != nil {
				return err
			}
			for _, f := range files {
				if err := r.file(f); err != nil {
					return err
				}
			}
			r.summary(floor, cover == "text")
			if err := r.write(junit, cover == "html", out); err != nil {
				return err
			}
			if r.failed {
				return errFindings
			}
			return nil
		}}
	configFlag(c, &file)
	c.Flags().Float64Var(&floor, "min-edges", 0, "fail if fewer of a hundred ways through a script were taken")
	c.Flags().StringVar(&cover, "cover", "", "text: list the ways not taken; html: paint the scripts")
	c.Flags().StringVar(&out, "cover-out", "cover.html", "where --cover html writes")
	c.Flags().StringVar(&junit, "junit", "", "write the results as JUnit XML to this file")
	return c
}

// files are the test files that the arguments name.
func (r *testRun) files(args []string) ([]string, error) {
	if len(args) == 0 {
		dir := "tests"
		if r.cfg != nil && r.cfg.IVR.Dir != "" {
			dir = filepath.Join(r.cfg.IVR.Dir, "..", "tests")
		}
		args = []string{dir}
	}
	var out []string
	for _, a := range args {
		if !isDir(a) {
			out = append(out, a)
			continue
		}
		list, err := filepath.Glob(filepath.Join(a, "*.test.yaml"))
		if err != nil {
			return nil, usageError{err}
		}
		if len(list) == 0 {
			return nil, usageError{fmt.Errorf("%s has no tests: no file ends in .test.yaml", a)}
		}
		out = append(out, list...)
	}
	return out, nil
}

// file runs the cases of one file. The error is a file that cannot be read; what is wrong in it is told and counts as failed.
func (r *testRun) file(name string) error {
	src, err := os.ReadFile(name)
	if err != nil {
		return usageError{err}
	}
	dir := ""
	if beside := filepath.Join(filepath.Dir(name), "..", "ivr"); r.cfg == nil && isDir(beside) {
		dir = beside
	}
	scripts, err := openScripts(r.cfg, dir)
	if err != nil {
		return err
	}
	f, found := ivrsim.Read(name, src, scripts.site.Zone)
	if f == nil {
		r.bad(name, found)
		return nil
	}
	cover, err := r.cover(scripts, f.Script)
	if err != nil {
		r.bad(name, []string{fmt.Sprintf("%s: the script %s: %s", name, f.Script, err)})
		return nil
	}
	cases := f.Run(cover.Script, ivr.Options{})
	r.suites = append(r.suites, ivrsim.Suite{File: name, Script: f.Script, Cases: cases})
	out := r.c.OutOrStdout()
	for _, k := range cases {
		cover.Add(k.Moves)
		if len(k.Failures) == 0 {
			r.counts[cover][0]++
			fmt.Fprintf(out, "ok   %s  %s\n", f.Script, k.Name)
			continue
		}
		r.failed = true
		r.counts[cover][1]++
		fmt.Fprintf(out, "FAIL %s  %s\n", f.Script, k.Name)
		for _, msg := range k.Failures {
			fmt.Fprintf(out, "     %s\n", msg)
		}
		fmt.Fprint(out, k.Transcript)
	}
	return nil
}

func (r *testRun) bad(name string, found []string) {
	r.failed = true
	r.suites = append(r.suites, ivrsim.Suite{File: name, Err: found})
	for _, x := range found {
		fmt.Fprintln(r.c.OutOrStdout(), x)
	}
}

// cover loads a script when it is first tested.
func (r *testRun) cover(scripts ivrScripts, name string) (*ivrsim.Cover, error) {
	for _, c := range r.covers {
		if c.Script.Name() == name {
			return c, nil
		}
	}
	s, found, err := scripts.script(name)
	for _, f := range found {
		if f.Severity == ivr.Error {
			fmt.Fprintln(r.c.OutOrStdout(), f)
		}
	}
	if err != nil {
		return nil, err
	}
	text, err := fs.ReadFile(scripts.files, name+".yaml")
	if err != nil {
		return nil, err
	}
	c := ivrsim.NewCover(s)
	r.covers, r.counts[c], r.texts[name] = append(r.covers, c), &[2]int{}, string(text)
	return c, nil
}

// summary tells the coverage of each script, and holds it to the floor.
func (r *testRun) summary(floor float64, all bool) {
	out := r.c.OutOrStdout()
	for _, c := range r.covers {
		n := r.counts[c]
		fmt.Fprintf(out, "%s  %d passed, %d failed   %s\n", c.Script.Name(), n[0], n[1], c)
		if all {
			for _, e := range c.Missing() {
				fmt.Fprintf(out, "  not covered: %s %s (line %d)\n", e.Place(), e.Outcome, e.From.Line)
			}
		}
		if c.Percent() < floor {
			r.failed = true
			fmt.Fprintf(out, "%s  edges %.1f %%, and --min-edges wants %g %%\n", c.Script.Name(), c.Percent(), floor)
		}
	}
}

func (r *testRun) write(junit string, html bool, out string) error {
	if junit != "" {
		f, err := os.Create(junit)
		if err != nil {
			return usageError{err}
		}
		if err := errors.Join(ivrsim.WriteJUnit(f, r.suites), f.Close()); err != nil {
			return err
		}
	}
	if !html {
		return nil
	}
	f, err := os.Create(out)
	if err != nil {
		return usageError{err}
	}
	return errors.Join(ivrsim.WriteHTML(f, r.covers, func(name string) string { return r.texts[name] }), f.Close())
}
