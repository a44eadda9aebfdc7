package ivr

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTranscripts plays every testdata/ivr/*.txt.
func TestTranscripts(t *testing.T) {
	for _, file := range files(t, testdata+"/*.txt") {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			r := newRig(t)
			dir := testdata
			if strings.HasPrefix(filepath.Base(file), "demo_") {
				dir = "../demo/centre"
				r.site.Queues, r.site.LastResort = []string{"sales", "support"}, ""
			}
			got := r.transcript(dir, string(text))
			for _, d := range r.masked {
				for _, line := range strings.Split(got, "\n") {
					if strings.HasPrefix(line, "  ") && strings.Contains(line, d) && !strings.Contains(line, "vars ") {
						t.Errorf("the secret %s is shown: %s", d, line)
					}
				}
			}
			golden(t, file, got)
		})
	}
}

// TestDemoScriptIsClean: the demo's script has not even a warning.
func TestDemoScriptIsClean(t *testing.T) {
	site := testSite()
	site.Queues, site.LastResort = []string{"sales", "support"}, ""
	if s, found := Load(os.DirFS("../demo/centre"), "ivr/front_desk.yaml", site); s == nil || len(found) > 0 {
		t.Error(found)
	}
}

// TestEveryVerbHasATranscript holds the folder to the table.
func TestEveryVerbHasATranscript(t *testing.T) {
	for _, vb := range verbTable() {
		if _, err := os.Stat(filepath.Join(testdata, vb.name+".txt")); err != nil {
			t.Errorf("verb %s has no transcript testdata/ivr/%s.txt", vb.name, vb.name)
		}
	}
}

// TestFindings loads every testdata/ivr/bad/IVR0NN/*.yaml; want lists the findings, all of that id, and recordings lie
// under sounds/ beside them.
func TestFindings(t *testing.T) {
	for _, dir := range files(t, testdata+"/bad/IVR*") {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			var got strings.Builder
			for _, file := range files(t, dir+"/*.yaml") {
				_, found := Load(os.DirFS(dir), filepath.Base(file), testSite())
				for _, f := range found {
					got.WriteString(f.String() + "\n")
					if f.ID != filepath.Base(dir) {
						t.Errorf("another finding: %s", f)
					}
				}
			}
			if got.Len() == 0 {
				t.Error("no finding")
			}
			golden(t, filepath.Join(dir, "want"), got.String())
		})
	}
}
