package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"ctid/ws/wsclient"
)

// desksEnv makes this program many agents' desktops at that address; their tokens come on its standard input.
const desksEnv = "CTID_BENCH_DESKS"

// popped is what the desktops have read when their standard input has ended.
type popped struct {
	Pops  int // to all of them
	Desks int // desktops that read one
}

// desks are the desktops of a comparison, in a process of their own as desktops are. It says "ready" when all are connected and their
// agents logged in, and what they have read at the end.
func desks(addr string) error {
	in := json.NewDecoder(os.Stdin)
	var tokens []string
	if err := in.Decode(&tokens); err != nil {
		return err
	}
	pops := make([]atomic.Int64, len(tokens))
	var wg sync.WaitGroup
	fails := make([]error, len(tokens))
	for n, token := range tokens {
		wg.Go(func() { fails[n] = oneDesk(addr, token, &pops[n]) })
	}
	wg.Wait()
	if err := errors.Join(fails...); err != nil {
		return err
	}
	fmt.Println(`"ready"`)
	_, _ = io.Copy(io.Discard, os.Stdin)
	var out popped
	for n := range pops {
		if p := int(pops[n].Load()); p > 0 {
			out.Pops += p
			out.Desks++
		}
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

// oneDesk connects, counts the pops that it reads from then on, and makes its agent ready.
func oneDesk(addr, token string, pops *atomic.Int64) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	c, err := wsclient.Dial(ctx, wsclient.Config{URL: addr, HeaderToken: token, ID: "desk-" + token[len(token)-8:]})
	if err != nil {
		return err
	}
	go func() { // ends with the connection, and that with the program
		for f := range c.Frames {
			if f.Type == "pop.offered" && !f.Repeat {
				pops.Add(1)
			}
		}
	}()
	for _, op := range []string{"agent.login", "agent.ready"} {
		_, err := c.Do(ctx, op, map[string]any{}, "")
		var refused *wsclient.Error
		if err != nil && (!errors.As(err, &refused) || refused.Code != "already_done") { // ctid was stopped and started, and he is still on duty
			return fmt.Errorf("%s: %w", op, err)
		}
	}
	return nil
}
