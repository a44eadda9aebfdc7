package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"ctid"
	"ctid/config"
	"ctid/ivr"
	"ctid/ivr/graph"
	"ctid/store"
)

func ivrGraphCommand() *cobra.Command {
	var file, as, heat string
	var withErrors bool
	c := &cobra.Command{Use: "graph SCRIPT", Short: "Draw a script: one box for each node",
		Long: "Draws a script as mermaid, dot (Graphviz) or svg, on standard output. Nodes in which lint finds something are red.\n" +
			"--heat 7d writes on the arrows how many calls of the last seven days went there; --heat FILE takes JSON lines, of\n" +
			`records of calls or of {"script": "front_desk", "from": "main", "to": "sales", "count": 12}.`,
		Args: oneName,
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := ivrConfig(c, file)
			if err != nil {
				return err
			}
			_, s, found, err := openScript(c, cfg, args[0])
			if err != nil {
				return err
			}
			o := graph.Options{Errors: withErrors, HasHeat: heat != "", Found: found}
			if heat != "" {
				if o.Traffic, err = readHeat(c, file, heat); err != nil {
					return err
				}
			}
			g := graph.Of(s, o)
			switch as {
			case "mermaid":
				return g.Mermaid(c.OutOrStdout())
			case "dot":
				return g.Dot(c.OutOrStdout())
			case "svg":
				return g.SVG(c.OutOrStdout())
			}
			return usageError{fmt.Errorf("--as wants mermaid, dot or svg, not %q", as)}
		}}
	configFlag(c, &file)
	c.Flags().StringVar(&as, "as", "mermaid", "mermaid, dot or svg")
	c.Flags().BoolVar(&withErrors, "errors", false, "draw where errors lead too")
	c.Flags().StringVar(&heat, "heat", "", "write traffic on the arrows: of the last 7d, 24h …, or of a file")
	return c
}

// readHeat reads traffic from a file, or counts it in the store.
func readHeat(c *cobra.Command, file, heat string) ([]graph.Traffic, error) {
	if d, ok := ivr.ParseDuration(heat); ok {
		return storedHeat(c, file, d)
	}
	f, err := os.Open(heat)
	if err != nil {
		return nil, usageError{err}
	}
	defer f.Close() //nolint:errcheck // opened for reading
	var out []graph.Traffic
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for n := 1; in.Scan(); n++ {
		if len(in.Bytes()) == 0 {
			continue
		}
		var r struct {
			graph.Traffic
			IVR *ctid.IVRTrail `json:"ivr"`
		}
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			return nil, usageError{fmt.Errorf("%s:%d: not a line of JSON: %w", heat, n, err)}
		}
		if r.IVR == nil {
			out = append(out, r.Traffic)
			continue
		}
		for i := 1; i < len(r.IVR.Path); i++ {
			out = append(out, graph.Traffic{Script: r.IVR.Script, From: r.IVR.Path[i-1].Node, To: r.IVR.Path[i].Node, Count: 1})
		}
	}
	return out, in.Err()
}

func storedHeat(c *cobra.Command, file string, d time.Duration) (out []graph.Traffic, err error) {
	err = withStore(c, file, func(ctx context.Context, _ *config.Config, s *store.Store) error {
		edges, err := s.IVRTraffic(ctx, time.Now().Add(-d))
		for _, e := range edges {
			out = append(out, graph.Traffic{Script: e.Script, From: e.From, To: e.To, Count: e.Count})
		}
		return err
	})
	return out, err
}

func ivrSchemaCommand() *cobra.Command {
	return &cobra.Command{Use: "schema", Short: "Print the JSON Schema of scripts, for editors", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := c.OutOrStdout().Write(ivr.Schema())
			return err
		}}
}
