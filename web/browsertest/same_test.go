package browsertest

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
)

// seconds reads a clock of the page.
const seconds = `(t) => t.match(/[0-9:]+/)[0].split(":").reduce((s, x) => 60 * s + Number(x), 0)`

// content is all that the page shows, its running clocks apart, as they are read at different instants.
const content = `(() => {
  const clocks = [];
  const app = document.querySelector("#app").cloneNode(true);
  for (const e of app.querySelectorAll("[role=timer], .talk")) {
    clocks.push((` + seconds + `)(e.textContent));
    e.textContent = "";
  }
  return { html: app.innerHTML, clocks };
})()`

type contents struct {
	HTML   string    `json:"html"`
	Clocks []float64 `json:"clocks"`
}

// sameAsFresh holds the page against one that has just been opened in another tab: what it shows must be the same, and
// its clocks at most 2 s apart.
func (p page) sameAsFresh(url string) {
	p.t.Helper()
	ctx, cancel := chromedp.NewContext(p.ctx)
	defer cancel()
	fresh := page{p.t, ctx}
	if err := chromedp.Run(ctx); err != nil {
		p.t.Fatal(err)
	}
	fresh.run(chromedp.Navigate(url), chromedp.WaitVisible(`#leave`, chromedp.ByQuery))
	fresh.until(`!document.querySelector("[data-line]")`)
	differ := ""
	limit, stop := context.WithTimeout(p.t.Context(), 3*time.Second)
	defer stop()
	for limit.Err() == nil { // an event may be on its way to one of them
		var mine, theirs contents
		p.eval(content, &mine)
		fresh.eval(content, &theirs)
		if differ = compare(mine, theirs); differ == "" {
			return
		}
	}
	p.t.Error(differ)
}

// compare says what differs between two screens.
func compare(a, b contents) string {
	if a.HTML != b.HTML {
		at := 0
		for at < min(len(a.HTML), len(b.HTML)) && a.HTML[at] == b.HTML[at] {
			at++
		}
		from := strings.LastIndex(a.HTML[:at], "<")
		return fmt.Sprintf("the page differs from a fresh one:\n%.300s\nfresh:\n%.300s", a.HTML[max(from, 0):], b.HTML[max(from, 0):])
	}
	for i := range a.Clocks {
		if math.Abs(a.Clocks[i]-b.Clocks[i]) > 2 {
			return fmt.Sprintf("clock %d says %v s, that of a fresh page %v s", i, a.Clocks[i], b.Clocks[i])
		}
	}
	return ""
}
