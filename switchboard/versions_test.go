package switchboard

import (
	"fmt"
	"testing"
	"testing/fstest"

	"ctid"
	"ctid/ivr"
	"ctid/ivr/canary"
)

func versionNamed(t *testing.T, set string) *Version {
	t.Helper()
	s, found := ivr.Load(fstest.MapFS{"front.yaml": {Data: []byte("version: 1\nnodes: {start: {hangup: normal}}\n")}}, "front.yaml", ivr.Site{})
	if s == nil {
		t.Fatal(found)
	}
	return &Version{Set: set, Answers: map[string]*ivr.Script{"script:front": s}, Scripts: map[string]*ivr.Script{"front": s}}
}

// versionRoute leads every number to the script in force.
type versionRoute struct{ v *Version }

func (r versionRoute) Route(string) (Route, bool) {
	return Route{Script: r.v.Answers["script:front"], Key: "script:front"}, true
}

func TestACallTakesItsVersionAndKeepsIt(t *testing.T) {
	stable, trial, before := versionNamed(t, "stable"), versionNamed(t, "trial"), versionNamed(t, "before")
	d := &desk{version: stable, plan: Plan{Routes: versionRoute{stable}, Answers: stable.Answers, Canary: &Canary{Version: trial, Percent: 30}},
		sb: &Switchboard{cfg: Config{History: History{Versions: map[string]*Version{"before": before}}}}}
	own, _ := d.plan.Routes.Route("100")
	on := 0
	for i := range 1000 {
		from := ctid.Number{E164: ctid.Private(fmt.Sprintf("+4420%06d", i))}
		r := d.pinned(own, from, "c_1")
		if again := d.pinned(own, from, "c_2"); again.version != r.version {
			t.Fatal("who rings again hears another version")
		}
		if (r.version == trial) != canary.Chosen(string(from.E164), "trial", 30) || r.Script != r.version.Answers["script:front"] {
			t.Fatalf("%s is on %s", from.E164, r.version.Set)
		}
		if r.version == trial {
			on++
		}
	}
	if on < 240 || on > 360 {
		t.Errorf("%d of 1000 callers are on a canary of 30 %%", on)
	}
	withheld := map[string]bool{}
	for i := range 100 {
		withheld[d.pinned(own, ctid.Number{}, ctid.CallID(fmt.Sprint("c_", i))).version.Set] = true
	}
	if len(withheld) != 2 {
		t.Errorf("callers without a number are all on %v", withheld)
	}
	for set, want := range map[string]*Version{"stable": stable, "trial": trial, "before": before, "gone": stable} {
		r := ctid.CallRecord{Live: &ctid.Live{Route: "script:front"}, Scripted: &ctid.Scripted{Set: set}}
		if got := d.routedBefore(r); got.version != want || got.Script != want.Answers["script:front"] {
			t.Errorf("a call that began on %s goes on with %+v", set, got.version)
		}
	}
	d.plan.Canary.Version = &Version{Set: "trial", Answers: map[string]*ivr.Script{}}
	for i := range 100 { // what the canary does not have is answered by the stable set
		r := d.pinned(own, ctid.Number{E164: ctid.Private(fmt.Sprintf("+4420%06d", i))}, "c_1")
		if r.version != stable || r.Script == nil {
			t.Fatalf("pinned to %+v", r.version)
		}
	}
}

func TestARouteWithoutAScriptHasNoSet(t *testing.T) {
	v := versionNamed(t, "stable")
	d := &desk{version: v}
	if s := d.pinned(Route{Key: "hangup:busy"}, ctid.Number{}, "c_1").scripted(); s != nil {
		t.Errorf("the record would say %+v", s)
	}
	if s := d.pinned(Route{Key: "script:front", Script: v.Answers["script:front"]}, ctid.Number{}, "c_1").scripted(); s == nil || s.Set != "stable" {
		t.Errorf("the record would say %+v", s)
	}
}
