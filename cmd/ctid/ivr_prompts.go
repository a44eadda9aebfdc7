package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"ctid/ivr"
)

func ivrPromptsCommand() *cobra.Command {
	var file, missing string
	var table bool
	c := &cobra.Command{Use: "prompts [SCRIPT...]", Short: "List the prompts to record, for the voice artist",
		Long: `Lists what can be recorded for the scripts: the file, its language, the text to read out, and where it is heard. A prompt with
holes is recorded in pieces, cut at the holes. Without names, all scripts and libraries are listed. Without a ctid.yaml they are
those of the folder ivr, and the recordings those of the folder sounds.
Exit: 0 good, 1 the scripts have errors, 2 wrong usage.`,
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := ivrConfig(c, file)
			if err != nil {
				return err
			}
			scripts, err := openScripts(cfg, "")
			if err != nil {
				return err
			}
			list, err := recordings(c.ErrOrStderr(), scripts, args)
			if err != nil {
				return err
			}
			if missing != "" {
				list = slices.DeleteFunc(list, func(r ivr.Recording) bool {
					_, err := fs.Stat(scripts.files, r.File)
					return r.Lang != missing || err == nil
				})
			}
			if table {
				return writeCSV(c.OutOrStdout(), list)
			}
			return writeList(c.OutOrStdout(), list)
		}}
	configFlag(c, &file)
	c.Flags().StringVar(&missing, "missing", "", "only what has no recording in this language")
	c.Flags().BoolVar(&table, "csv", false, "as a table for a spreadsheet")
	return c
}

// recordings loads the scripts as if every language had a voice: what has no recording yet is what is asked for.
func recordings(to io.Writer, scripts ivrScripts, names []string) ([]ivr.Recording, error) {
	scripts.site.AnyVoice = true
	set, found := ivr.LoadSet(scripts.files, scripts.site)
	if set == nil {
		for _, f := range found {
			fmt.Fprintln(to, f)
		}
		return nil, errFindings
	}
	for i, n := range names {
		names[i] = strings.TrimSuffix(n, ".yaml")
		if set.Script(names[i]) == nil {
			return nil, usageError{fmt.Errorf("there is no script %q; there are %s", names[i], strings.Join(set.Names(), ", "))}
		}
	}
	return set.Recordings(names...), nil
}

func usedIn(r ivr.Recording) string {
	var out []string
	for _, u := range r.Used {
		at := u.Script + ".yaml:" + strconv.Itoa(u.Line)
		if u.Node != "" {
			at += " " + u.Node
		}
		out = append(out, at)
	}
	return strings.Join(slices.Compact(out), ", ")
}

func writeCSV(to io.Writer, list []ivr.Recording) error {
	w := csv.NewWriter(to)
	rows := [][]string{{"file", "language", "text", "piece of", "heard in"}}
	for _, r := range list {
		rows = append(rows, []string{r.File, r.Lang, inert(r.Text), inert(r.Whole), usedIn(r)})
	}
	return w.WriteAll(rows)
}

// inert keeps a spreadsheet from taking a text for a formula.
func inert(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

func writeList(to io.Writer, list []ivr.Recording) error {
	for _, r := range list {
		text := fmt.Sprintf("%s (%s)\n  %s\n", r.File, r.Lang, r.Text)
		if r.Whole != "" {
			text += "  a piece of: " + r.Whole + "\n"
		}
		if used := usedIn(r); used != "" {
			text += "  heard in: " + used + "\n"
		}
		if _, err := fmt.Fprintln(to, text); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(to, "%d to record\n", len(list))
	return err
}
