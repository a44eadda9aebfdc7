package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// logIn gets a token. gone says that there was no answer, or none now; an error, that the answer was no.
func (l *line) logIn(ctx context.Context) (gone bool, err error) {
	body, err := json.Marshal(object{"user": l.user, "password": l.password})
	if err != nil {
		return false, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.base+"/api/v1/login", bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return true, nil // it is tried again
	}
	defer res.Body.Close()
	var answer struct{ Token, Detail string }
	err = json.NewDecoder(res.Body).Decode(&answer)
	switch {
	case res.StatusCode >= http.StatusInternalServerError || res.StatusCode == http.StatusTooManyRequests:
		return true, nil
	case err != nil || answer.Token == "":
		return false, fmt.Errorf("log-in: HTTP %d %s", res.StatusCode, answer.Detail)
	}
	l.token = answer.Token
	return false, nil
}

// advice says how long to wait after a close, by the hundreds of its code; false: only a person can help. All waits are
// random, so that a thousand desktops do not come back as one.
func (l *line) advice(code int) (wait time.Duration, again bool) {
	random := func(ms int64) time.Duration { return time.Duration(rand.Int64N(ms+1)) * time.Millisecond } //nolint:gosec // nobody gains by guessing it
	l.tries++
	switch {
	case code == 1011 || code/100 == 41: // later
		return time.Duration(cmp.Or(l.bye.RetryMS, 4000))*time.Millisecond + random(cmp.Or(l.bye.SpreadMS, 8000)), true
	case code/100 == 40: // at once
		return random(1000), true
	case code == 4202 || code/100 == 43 || code/100 == 44: // revoked; displaced and the like; a bug of ours
		return 0, false
	case code/100 == 42: // with new credentials
		l.token = ""
	}
	return random(min(20_000, int64(500)<<min(l.tries-1, 6))), true
}

// sleep waits. A request typed meanwhile is not kept: what is right now may be wrong then. False: the person has ended it.
func sleep(wait time.Duration, typed <-chan string) bool {
	for back := time.After(wait); ; {
		select {
		case <-back:
			return true
		case s, more := <-typed:
			if !more {
				return false
			}
			fmt.Println("not connected, nothing was sent:", s)
		}
	}
}
