package suggest

import "testing"

func TestAmong(t *testing.T) {
	names := []string{"queue", "play", "menu", "collect", "customer", "on_hangup", "if"}
	for _, c := range []struct{ wrote, meant string }{
		{"queu", "queue"}, {"qeueu", "queue"}, {"Play", "play"}, {"colect", "collect"}, {"cust", "customer"}, {"on_hangpu", "on_hangup"},
		{"menu", ""}, {"zebra", ""}, {"x", ""}, {"", ""},
	} {
		if got := Among(c.wrote, names); got != c.meant {
			t.Errorf("for %q it suggests %q, want %q", c.wrote, got, c.meant)
		}
	}
}

// TestNear: the alphabet decides between equals, so that a message does not change from run to run.
func TestNear(t *testing.T) {
	if got := Among("cat", []string{"rat", "bat", "hat"}); got != "bat" {
		t.Errorf("between three equals it suggests %q", got)
	}
	long := string(make([]byte, 200))
	if got := Among(long, []string{long + "x"}); got != "" {
		t.Errorf("a name of 200 characters is looked for: %q", got)
	}
}
