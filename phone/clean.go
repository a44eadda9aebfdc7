package phone

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText is how many bytes of a number or name from outside are kept.
const maxText = 128

// Clean makes a text from outside fit to store and show: invalid UTF-8, controls, line breaks and marks that turn the
// direction of writing are dropped, outer spaces too, and it is cut to 128 bytes between two characters.
func Clean(text string) string {
	var b strings.Builder
	for i, r := range text {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				continue
			}
		}
		if unicode.IsControl(r) || hides(r) {
			continue
		}
		if b.Len()+utf8.RuneLen(r) > maxText {
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

// hides tells of invisible characters that change how others are shown. The joiner inside emoji is not one of them.
func hides(r rune) bool {
	return r == '\u061C' || r == '\u200E' || r == '\u200F' || r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069' || r == '\u2028' || r == '\u2029' || r == '\uFEFF'
}

// minKey is the least length of a key for Hash, in bytes.
const minKey = 16

// Hash stands for a number in places where the number itself must not be: equal for equal numbers, not to be undone or
// guessed without the key. It is empty for an empty number, and for a key shorter than 16 bytes, which would protect nothing.
func Hash(key []byte, number string) string {
	if number == "" || len(key) < minKey {
		return ""
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("ctid number\x00" + number))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
