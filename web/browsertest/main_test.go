package browsertest

import (
	"fmt"
	"os"
	"testing"

	"ctid/pbxtest"
	"ctid/systemtest"
)

// The real Asterisk and the built program of TestBrowserReal….
var (
	asterisk *pbxtest.PBX
	program  string
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "ctid-browser-")
	if err == nil {
		program, err = systemtest.Build(dir, "")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := pbxtest.Main(m, pbxtest.Config{Agents: 3, WebPhones: []int{1003}}, func(p *pbxtest.PBX) { asterisk = p })
	_ = os.RemoveAll(dir)
	os.Exit(status)
}
