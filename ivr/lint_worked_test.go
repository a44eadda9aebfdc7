package ivr

import (
	"os"
	"testing"
	"time"
)

// workedSite is the site that the worked scripts of the manual are for.
func workedSite() Site {
	site := testSite()
	site.Queues = []string{"sales", "support", "tellers", "bookings", "operators"}
	site.Mailboxes, site.Skills = []string{"front_desk", "support"}, []string{"support", "general", "billing", "technical"}
	site.Dispositions = []string{"confirmed", "do_not_call", "left_message", "no_reply"}
	site.Statements = []Statement{{Name: "pin_ok", SQL: "select 1 from pins where account = :account and pin = :pin", Params: []string{"account", "pin"}},
		{Name: "confirm_visit", SQL: "update visits set ok = true where id = :visit", Params: []string{"visit"}, Write: true},
		{Name: "stop_calls", SQL: "insert into stops (number) values (:number)", Params: []string{"number"}, Write: true}}
	site.Now = time.Date(2026, 3, 2, 9, 0, 0, 0, hongKong)
	return site
}

// TestWorkedScripts: scripts as people write them have not even a warning.
func TestWorkedScripts(t *testing.T) {
	set, found := LoadSet(os.DirFS(testdata+"/worked/ivr"), workedSite())
	for _, f := range found {
		t.Error(f)
	}
	if set != nil && len(set.Names()) < 4 {
		t.Errorf("the folder has only %v", set.Names())
	}
}
