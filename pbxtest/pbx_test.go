package pbxtest_test

import (
	"os"
	"testing"

	"ctid/pbxtest"
)

var asterisk *pbxtest.PBX

func TestMain(m *testing.M) {
	os.Exit(pbxtest.Main(m, pbxtest.Config{
		FallbackMembers: []int{1001},
	}, func(p *pbxtest.PBX) { asterisk = p }))
}

func TestStart(t *testing.T) {
	t.Log(asterisk.Version(), asterisk.Dir())
	t.Log(asterisk.Log())
	for _, c := range []string{"module show", "pjsip show endpoints", "dialplan show ctid-in", "queue show", "core show settings", "pjsip show identifies", "core show applications like Stasis", "http show status"} {
		out, err := asterisk.CLI(t.Context(), c)
		t.Log(c, out, err)
	}
}
