package ivr

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

// Formats are the names of the formats of WriteFindings.
func Formats() []string { return []string{"text", "json", "github", "sarif"} }

// WriteFindings writes findings in one of Formats: a line each for people; one JSON array; the commands that make GitHub
// Actions show them beside the source; or SARIF 2.1.0 for code scanning.
func WriteFindings(w io.Writer, format string, found []Finding) error {
	switch format {
	case "text":
		for _, f := range found {
			if _, err := fmt.Fprintln(w, f); err != nil {
				return err
			}
		}
		return nil
	case "json":
		return writeJSON(w, jsonFindings(found))
	case "github":
		for _, f := range found {
			if _, err := fmt.Fprintln(w, githubCommand(f)); err != nil {
				return err
			}
		}
		return nil
	case "sarif":
		return writeJSON(w, sarifLog(found))
	}
	return fmt.Errorf("there is no format %q; there are %s", format, strings.Join(Formats(), ", "))
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

type jsonFinding struct {
	File     string   `json:"file"`
	Line     int      `json:"line"`
	Column   int      `json:"column"`
	Severity Severity `json:"severity"`
	ID       string   `json:"id"`
	Message  string   `json:"message"`
}

func jsonFindings(found []Finding) []jsonFinding {
	out := []jsonFinding{}
	for _, f := range found {
		out = append(out, jsonFinding{f.File, f.Line, f.Col, f.Severity, f.ID, f.Message})
	}
	return out
}

// githubCommand is a workflow command. In its values %, line ends, and in properties also : and , are escaped.
func githubCommand(f Finding) string {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	level := string(f.Severity)
	if f.Severity == Note {
		level = "notice"
	}
	return fmt.Sprintf("::%s file=%s,line=%d,col=%d,title=%s::%s", level, property.Replace(filepath.ToSlash(f.File)), f.Line, f.Col, f.ID, data.Replace(f.Message))
}

// The part of SARIF 2.1.0 (OASIS, 27 March 2020) that findings need.
type (
	sarif struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name  string      `json:"name"`
		Rules []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID    string      `json:"id"`
		Short sarifText   `json:"shortDescription"`
		Help  sarifText   `json:"help"`
		Usual sarifConfig `json:"defaultConfiguration"`
	}
	sarifConfig struct {
		Level Severity `json:"level"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     Severity        `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		Line int `json:"startLine"`
		Col  int `json:"startColumn"`
	}
)

// sarifLog tells all findings as one run. Columns count characters, as ours do.
func sarifLog(found []Finding) sarif {
	run := sarifRun{Tool: sarifTool{sarifDriver{Name: "ctid", Rules: []sarifRule{}}}, ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	var ids []string
	for _, r := range Rules() {
		if slices.ContainsFunc(found, func(f Finding) bool { return f.ID == r.ID }) {
			ids = append(ids, r.ID)
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{r.ID, sarifText{r.Message}, sarifText{r.Text()}, sarifConfig{r.Severity}})
		}
	}
	for _, f := range found {
		run.Results = append(run.Results, sarifResult{f.ID, slices.Index(ids, f.ID), f.Severity, sarifText{f.Message},
			[]sarifLocation{{sarifPhysical{sarifArtifact{uriOf(f.File)}, sarifRegion{f.Line, f.Col}}}}})
	}
	return sarif{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}}
}
