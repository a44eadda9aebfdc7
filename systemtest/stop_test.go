package systemtest

import (
	"net"
	"strings"
	"testing"
	"time"
)

// An orderly end may take longer than a frozen daemon is left alone: a browser that keeps a connection without ever asking
// anything holds it up for seconds. The guard waits for it.
func TestRealStopTakesTime(t *testing.T) {
	r := Start(t, Options{Bin: program, PBX: asterisk, Script: QueueOnly})
	idle, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(r.Web, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close() //nolint:errcheck // nothing was written
	began := time.Now()
	r.Stop()
	if took := time.Since(began); took < 3*time.Second {
		t.Errorf("the end took %v: shorter than the guard waits for a frozen daemon, so this test shows nothing", took)
	}
	if strings.Contains(r.Log(), "frozen") {
		t.Errorf("the guard took it for frozen:\n%s", r.Log())
	}
}
