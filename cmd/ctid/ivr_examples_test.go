package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ctid/config"
	"ctid/ivr"
	"ctid/ivr/ivrsim"
)

const cookbook = "../../examples/ivr"

// cookbookScripts are the ten scripts of the cookbook, under the configuration beside them.
func cookbookScripts(t *testing.T) (*ivr.Set, ivr.Site) {
	t.Helper()
	cfg, found := config.Load(config.Options{File: cookbook + "/ctid.yaml", Offline: true})
	for _, f := range found {
		t.Log(f)
	}
	if cfg == nil {
		t.Fatal("the configuration of the cookbook does not load")
	}
	site := ivrSite(cfg)
	site.Now = time.Date(2026, 3, 2, 10, 15, 0, 0, time.UTC)
	set, said := ivr.LoadSet(os.DirFS(cookbook+"/ivr"), site)
	for _, f := range said {
		t.Errorf("%s", f) // not even a warning
	}
	if set == nil {
		t.FailNow()
	}
	return set, site
}

func TestCookbook(t *testing.T) {
	set, site := cookbookScripts(t)
	if n := len(set.Names()); n != 10 {
		t.Errorf("%d scripts", n)
	}
	for _, name := range set.Names() {
		file := name + ".test.yaml"
		src, err := os.ReadFile(filepath.Join(cookbook, "tests", file))
		if err != nil {
			t.Error(err)
			continue
		}
		f, found := ivrsim.Read(file, src, site.Zone)
		if f == nil {
			t.Errorf("%s", strings.Join(found, "\n"))
			continue
		}
		cover := ivrsim.NewCover(set.Script(name))
		for _, o := range f.Run(set.Script(name), ivr.Options{}) {
			if len(o.Failures) > 0 {
				t.Errorf("%s: %s\n%s", name, strings.Join(o.Failures, "\n"), o.Transcript)
			}
			cover.Add(o.Moves)
		}
		if n, all, _, _ := cover.Counts(); n != all {
			t.Errorf("%s: %s", name, cover)
		}
	}
}

// The manual shows each script of the cookbook in full, as the file has it.
func TestCookbookInTheManual(t *testing.T) {
	manual, err := os.ReadFile("../../docs/ivr.md")
	if err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(cookbook + "/ivr/*.yaml")
	if len(files) != 10 {
		t.Fatalf("%d scripts", len(files))
	}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(manual), "```yaml\n"+string(src)+"```\n") {
			t.Errorf("docs/ivr.md does not show %s as it is", filepath.Base(f))
		}
	}
}

// The folder of the cookbook is checked as it is: it has no passwords.
func TestCookbookIsCheckedOffline(t *testing.T) {
	t.Chdir(cookbook)
	if out, err := commanded(t, "check", "--offline"); err != nil || !strings.HasPrefix(out, "good: 10 numbers, 10 scripts") {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := commanded(t, "check"); err == nil {
		t.Error("without --offline no password is missed")
	}
}
