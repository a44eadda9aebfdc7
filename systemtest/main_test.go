package systemtest

import (
	"fmt"
	"os"
	"testing"

	"ctid/pbxtest"
)

// reader is a user of ARI who may only read, fallbackAgent the one agent in the shipped fallback queue.
const (
	reader         = "reader"
	readerPassword = "only-reads"
	fallbackAgent  = "1020"
	strangeNumber  = "8999" // its calls enter the application with arguments that mean nothing
)

var config = pbxtest.Config{Agents: 20, FallbackMembers: []int{1020},
	Dialplan: "[ctid-in]\nexten => " + strangeNumber + ",1,Stasis(ctid,what,is,this)\n same => n,Hangup()\n", Extra: map[string]string{
		"ari.conf": "[" + reader + "]\ntype=user\nread_only=yes\npassword_format=plain\npassword=" + readerPassword + "\n"}}

var (
	asterisk *pbxtest.PBX
	program  string // with the faults that tests ask for by the environment
)

func TestMain(m *testing.M) {
	if os.Getenv(readerVariable) != "" {
		if err := readDesks(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	dir, err := os.MkdirTemp("", "ctid-system-")
	if err == nil {
		program, err = Build(dir, "faults")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := pbxtest.Main(m, config, func(p *pbxtest.PBX) { asterisk = p })
	_ = os.RemoveAll(dir)
	os.Exit(status)
}
