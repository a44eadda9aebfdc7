package ivr

import (
	"testing"
	"testing/fstest"
	"time"
)

// A site's limits hold for every session, where its options bring no others, and never beyond what the language allows.
func TestSiteLimits(t *testing.T) {
	site := testSite()
	site.Limits = Limits{Steps: 40, Questions: 2, InScript: 10 * time.Minute, AllSteps: 5000}
	s, found := Load(fstest.MapFS{"a.yaml": {Data: []byte("version: 1\nnodes: {a: {hangup: normal}}\n")}}, "a.yaml", site)
	if s == nil {
		t.Fatal(found)
	}
	if l := NewMachine(s, Options{}).opts.Limits; l.Steps != 40 || l.Questions != 2 || l.InScript != 10*time.Minute || l.AllSteps != 2000 || l.Text != maxText {
		t.Errorf("the site's: %+v", l)
	}
	if l := NewMachine(s, Options{Limits: Limits{Steps: 60}}).opts.Limits; l.Steps != 60 || l.Questions != 300 {
		t.Errorf("those of the options: %+v", l)
	}
}
