package store

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const keyFileHead = "ctid-key-1 "

// keys are derived from the key file, one for each use.
type keys struct {
	wrap   cipher.AEAD // wraps the keys of persons
	person []byte      // makes the hash of a caller's number
	audit  []byte      // chains audit rows
	media  []byte      // makes the paths of prompts
}

// loadKeys reads the key file, or makes it where neither it nor anything sealed exists, and checks that it belongs to
// this database.
func (s *Store) loadKeys(ctx context.Context) (keys, error) {
	var known string
	err := s.read.GetContext(ctx, &known, "SELECT value FROM meta WHERE name = 'key_check'")
	if err = notFound(err); err != nil && !errors.Is(err, ErrNotFound) {
		return keys{}, s.d.explain(err)
	}
	master, err := readKeyFile(s.cfg.KeyFile)
	if errors.Is(err, fs.ErrNotExist) && known == "" {
		master, err = makeKeyFile(s.cfg.KeyFile)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return keys{}, fmt.Errorf("store: key file %s is missing, and the database holds texts sealed with it: bring it back from your backup", s.cfg.KeyFile)
	}
	if err != nil {
		return keys{}, err
	}
	k, check, err := deriveKeys(master)
	if err != nil {
		return keys{}, err
	}
	if known != "" && known != check {
		return keys{}, fmt.Errorf("store: key file %s belongs to another database: give the one made with this database in store.key_file", s.cfg.KeyFile)
	}
	if known == "" {
		_, err = s.write.ExecContext(ctx, s.write.Rebind("INSERT INTO meta (name, value) VALUES ('key_check', ?)"), check)
	}
	return k, s.d.explain(err)
}

func deriveKeys(master []byte) (k keys, check string, err error) {
	var derived [5][]byte
	for i, use := range []string{"ctid wrap", "ctid person", "ctid audit", "ctid check", "ctid media"} {
		if derived[i], err = hkdf.Key(sha256.New, master, nil, use, 32); err != nil {
			return keys{}, "", fmt.Errorf("store: key: %w", err)
		}
	}
	wrap, err := newAEAD(derived[0])
	return keys{wrap: wrap, person: derived[1], audit: derived[2], media: derived[4]}, hex.EncodeToString(derived[3][:8]), err
}

// newAEAD is AES-256-GCM that draws a new random nonce for each message and puts it before the ciphertext.
func newAEAD(key []byte) (cipher.AEAD, error) {
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("store: key: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(b)
}

func readKeyFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("store: key file: %w", err)
	}
	if info.Mode().Perm()&0o027 != 0 {
		return nil, fmt.Errorf("store: key file %s may be read or changed by others (mode %#o): chmod 600 it", path, info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("store: key file: %w", err)
	}
	enc, ok := strings.CutPrefix(strings.TrimSpace(string(text)), keyFileHead)
	key, err := base64.StdEncoding.DecodeString(enc)
	if !ok || err != nil || len(key) != 32 {
		return nil, fmt.Errorf("store: %s is no key file of ctid, or damaged: bring it back from your backup", path)
	}
	return key, nil
}

// makeKeyFile writes a new key and has it on disk before anything is sealed with it. It never replaces a file.
func makeKeyFile(path string) (_ []byte, err error) {
	key := make([]byte, 32)
	rand.Read(key)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("store: making the key file: %w", err)
	}
	_, werr := f.WriteString(keyFileHead + base64.StdEncoding.EncodeToString(key) + "\n")
	if err := errors.Join(werr, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("store: making the key file: %w", err)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("store: making the key file: %w", err)
	}
	return key, errors.Join(dir.Sync(), dir.Close())
}

// MediaKey is a key for paths under which prompts are fetched; nobody without the key file can guess one.
func (s *Store) MediaKey() []byte { return s.keys.media }

// PersonHash is the name of an unmatched caller in the log: a keyed hash of his number in E.164. Without the key
// file nobody can try numbers against it. It is empty for an empty number.
func (s *Store) PersonHash(number string) string {
	if number == "" {
		return ""
	}
	m := hmac.New(sha256.New, s.keys.person)
	m.Write([]byte(number))
	return "h_" + hex.EncodeToString(m.Sum(nil)[:16])
}
