package hear

import (
	"math/rand/v2"
	"testing"

	"ctid/pbxtest"
)

func TestDTMF(t *testing.T) {
	for _, keys := range []string{"", "1", "739154", "0123456789*#ABCD", "1122", "99999"} {
		if got := DTMF(Keys(keys)); got != keys {
			t.Errorf("%q is heard as %q", keys, got)
		}
		loud := Keys(keys)
		r := rand.New(rand.NewPCG(1, 2))
		for i := range loud {
			loud[i] = loud[i]/4 + int16(r.IntN(200)-100)
		}
		if got := DTMF(loud); got != keys {
			t.Errorf("%q in noise is heard as %q", keys, got)
		}
	}
	for _, name := range []string{"hello there, this is a message", "seven three nine one five four"} {
		pcm, err := pbxtest.Speak(t.Context(), "en-gb", name)
		if err != nil {
			t.Fatal(err)
		}
		if got := DTMF(pcm); got != "" {
			t.Errorf("%q spoken is heard as keys %q", name, got)
		}
	}
}
