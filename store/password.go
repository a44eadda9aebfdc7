package store

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"

	"golang.org/x/crypto/argon2"
)

// passwordCost is what a new hash costs: 19 MiB, two passes, one thread, the minimum OWASP names for argon2id.
var passwordCost = argonCost{memory: 19 * 1024, time: 2, threads: 1}

// hashesAtOnce bounds the memory that log-ins can take.
const hashesAtOnce = 2

type argonCost struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

type passwordHasher struct {
	slots chan struct{}
	decoy storedHash // what an unknown user is compared with, so that he costs the same
}

type storedHash struct {
	cost      argonCost
	salt, sum []byte
}

func newPasswordHasher() passwordHasher {
	decoy := storedHash{cost: passwordCost, salt: make([]byte, 16), sum: make([]byte, 32)}
	rand.Read(decoy.salt)
	rand.Read(decoy.sum)
	return passwordHasher{slots: make(chan struct{}, hashesAtOnce), decoy: decoy}
}

func (p passwordHasher) sum(ctx context.Context, password string, salt []byte, c argonCost) ([]byte, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-p.slots }()
	return argon2.IDKey([]byte(password), salt, c.time, c.memory, c.threads, 32), nil
}

// make hashes a password with a new salt at today's cost.
func (p passwordHasher) make(ctx context.Context, password string) (string, error) {
	h := storedHash{cost: passwordCost, salt: make([]byte, 16)}
	rand.Read(h.salt)
	var err error
	h.sum, err = p.sum(ctx, password, h.salt, h.cost)
	return h.String(), err
}

// matches compares in constant time.
func (p passwordHasher) matches(ctx context.Context, password string, h storedHash) (bool, error) {
	sum, err := p.sum(ctx, password, h.salt, h.cost)
	return err == nil && subtle.ConstantTimeCompare(sum, h.sum) == 1, err
}

func (h storedHash) String() string {
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.cost.memory, h.cost.time, h.cost.threads,
		enc.EncodeToString(h.salt), enc.EncodeToString(h.sum))
}

func parseHash(text string) (h storedHash, err error) {
	var version int
	var rest string
	_, err = fmt.Sscanf(text, "$argon2id$v=%d$m=%d,t=%d,p=%d$%s", &version, &h.cost.memory, &h.cost.time, &h.cost.threads, &rest)
	if err != nil || version != argon2.Version {
		return h, fmt.Errorf("store: a stored password hash is not understood")
	}
	for i := range rest {
		if rest[i] != '$' {
			continue
		}
		if h.salt, err = base64.RawStdEncoding.DecodeString(rest[:i]); err == nil {
			h.sum, err = base64.RawStdEncoding.DecodeString(rest[i+1:])
		}
		break
	}
	if err != nil || len(h.sum) != 32 || len(h.salt) < 8 {
		return h, fmt.Errorf("store: a stored password hash is damaged")
	}
	return h, nil
}
