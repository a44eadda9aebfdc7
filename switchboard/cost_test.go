package switchboard

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"ctid/ari/aritest"
)

// A call that is queued, rung, answered at once and hung up by the caller costs six requests, and no music.
func TestRequestsOfACall(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.pbx.Phone("1001", aritest.AnswerAfter(50*time.Millisecond))
		c.ready("ana")
		before := len(c.pbx.Requests())
		k := c.pbx.Call(caller)
		c.settle(2 * time.Second)
		c.wantState("ana", "talking")
		k.Hangup()
		c.clean(1)
		got := map[string]int{}
		id := regexp.MustCompile(`^(\S+ /[a-z]+).*?(/[a-zA-Z]+)?$`)
		for _, r := range c.pbx.Requests()[before:] {
			if strings.HasPrefix(r.Path, "/endpoints/") || strings.HasPrefix(r.Path, "/events/") { // asked from time to time, whether there are calls or not
				continue
			}
			got[id.ReplaceAllString(r.Method+" "+r.Path, "$1$2")]++
		}
		want := map[string]int{"POST /channels": 1, "POST /channels/answer": 1, "POST /bridges": 1,
			"POST /bridges/addChannel": 1, "DELETE /channels": 1, "DELETE /bridges": 1}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("asked %v, want %v", got, want)
		}
	})
}
