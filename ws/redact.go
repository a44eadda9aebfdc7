package ws

import (
	"strings"

	"ctid"
)

// sameFor tells whether the body of an event is the same for a class as for those who get all of it. A body that carries
// nothing about people is.
func sameFor(b ctid.Body, c class) bool {
	switch b.(type) {
	case ctid.CallDataChanged:
		return false
	case ctid.PopOffered, ctid.PopUpdated, ctid.CallArrived, ctid.CallQueued, ctid.CallWaitingChanged, ctid.CallOriginated, ctid.CallConsulted,
		ctid.CallTransferred, ctid.CallParked, ctid.CallbackScheduled, ctid.WrapUpSaved, ctid.MessageReceived:
		return c != classMasked
	}
	return true
}

// redact returns a body with what a class does not get left out.
func redact(b ctid.Body, c class) ctid.Body {
	if c == classWhole || sameFor(b, c) {
		return b
	}
	switch x := b.(type) {
	case ctid.CallDataChanged:
		x.Set, x.Unset, x.Was = nil, nil, nil
		return x
	case ctid.CallArrived:
		x.ANI = maskNumber(x.ANI)
		return x
	case ctid.PopOffered:
		x.ANI, x.Attached = maskNumber(x.ANI), nil
		return ctid.MapPrivate[ctid.Body](x, mask)
	case ctid.PopUpdated:
		x.Patch = map[string]any{}
		return x
	}
	return ctid.MapPrivate(b, mask)
}

// maskNumber leaves of a number its last two digits, to be shown.
func maskNumber(n ctid.Number) ctid.Number {
	for _, text := range []ctid.Private{n.E164, n.Raw, n.Shown} {
		if text != "" {
			return ctid.Number{Shown: ctid.Private(mask(string(text), false)), Kind: n.Kind}
		}
	}
	return ctid.Number{Kind: n.Kind}
}

// mask leaves of a telephone number its last two digits, and of any other text nothing.
func mask(text string, isJSON bool) string {
	const hidden = "••"
	if isJSON || strings.Trim(text, "+0123456789 ()-./•") != "" {
		return hidden
	}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
	return hidden + digits[max(0, len(digits)-2):]
}
