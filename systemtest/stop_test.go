package systemtest

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// An orderly end may take longer than a frozen daemon is left alone: a browser that keeps a connection without ever asking
// anything holds it up for seconds. The guard waits for it.
func TestRealStopTakesTime(t *testing.T) {
	r := Start(t, Options{Bin: program, PBX: asterisk, Script: QueueOnly})
	idle := dialWeb(t, r)
	defer idle.Close() //nolint:errcheck // nothing was written
	// Connections are taken in order: once one that came later has its answer, the daemon has the idle one too.
	asks := dialWeb(t, r)
	defer asks.Close() //nolint:errcheck // it has been read
	if _, err := fmt.Fprint(asks, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(asks); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	r.Stop()
	if took := time.Since(began); took < 3*time.Second {
		t.Errorf("the end took %v: shorter than the guard waits for a frozen daemon, so this test shows nothing", took)
	}
	if strings.Contains(r.Log(), "frozen") {
		t.Errorf("the guard took it for frozen:\n%s", r.Log())
	}
}

// dialWeb opens a connection to the daemon's web server.
func dialWeb(t *testing.T, r *Rig) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(r.Web, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	return conn
}
