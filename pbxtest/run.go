package pbxtest

import (
	"context"
	"fmt"
	"os"
)

// Main is the body of a TestMain whose package shares one Asterisk: it starts
// it, gives it to ready, runs the tests and stops it. It returns the status to
// exit with, which is not 0 either when Asterisk could not be had or logged a
// fault:
//
//	var asterisk *pbxtest.PBX
//
//	func TestMain(m *testing.M) {
//		os.Exit(pbxtest.Main(m, pbxtest.Config{}, func(p *pbxtest.PBX) { asterisk = p }))
//	}
func Main(m interface{ Run() int }, config Config, ready func(*PBX)) int {
	p, err := Start(context.Background(), config)
	if err != nil {
		fmt.Fprintln(os.Stderr, "pbxtest:", err)
		return 1
	}
	ready(p)
	status := m.Run()
	if err := p.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "pbxtest:", err)
		return max(status, 1)
	}
	return status
}
