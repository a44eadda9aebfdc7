package systemtest

import (
	"fmt"
	"os"
	"testing"

	"ctid/pbxtest"
)

var (
	asterisk *pbxtest.PBX
	program  string // with the faults that tests ask for by the environment
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "ctid-system-")
	if err == nil {
		program, err = Build(dir, "faults")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := pbxtest.Main(m, pbxtest.Config{Agents: 20}, func(p *pbxtest.PBX) { asterisk = p })
	_ = os.RemoveAll(dir)
	os.Exit(status)
}
