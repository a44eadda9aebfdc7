package ws

// CloseCode is a websocket close code; its hundreds say what a client does next. docs/events.md has the table.
type CloseCode int

// The close codes.
const (
	CloseLogout     CloseCode = 1000
	CloseTooBig     CloseCode = 1009
	CloseBug        CloseCode = 1011
	CloseMoved      CloseCode = 4000
	CloseSlow       CloseCode = 4001
	CloseHole       CloseCode = 4002
	CloseSilent     CloseCode = 4003
	CloseDraining   CloseCode = 4100
	CloseOverloaded CloseCode = 4101
	CloseTooMany    CloseCode = 4102
	CloseRecovering CloseCode = 4103
	CloseExpired    CloseCode = 4200
	CloseBadTicket  CloseCode = 4201
	CloseRevoked    CloseCode = 4202
	CloseDisplaced  CloseCode = 4300
	CloseAccount    CloseCode = 4301
	CloseAdmin      CloseCode = 4302
	CloseSessions   CloseCode = 4303
	CloseMalformed  CloseCode = 4400
	CloseVersion    CloseCode = 4401
	CloseOutOfOrder CloseCode = 4402
	CloseNoHello    CloseCode = 4403
)

// Advice is what a client does after a close.
type Advice string

// The advices, in the order of the table.
const (
	AdviceStop    Advice = "stop"        // 1000: logged out
	AdviceNow     Advice = "now"         // 40xx: come back at once, jitter 0–1 s
	AdviceLater   Advice = "later"       // 41xx, 1011: wait bye.retry_ms + random(0…spread_ms)
	AdviceLogin   Advice = "credentials" // 42xx: new credentials first
	AdviceHuman   Advice = "human"       // 43xx: only by a human
	AdviceBug     Advice = "bug"         // 44xx: client bug: stop, log, report
	AdviceBackoff Advice = "backoff"     // anything else: the path is lost
)

// Advice returns what a client does after a close with c.
func (c CloseCode) Advice() Advice {
	switch {
	case c == CloseLogout:
		return AdviceStop
	case c == CloseBug || c/100 == 41:
		return AdviceLater
	case c/100 == 40:
		return AdviceNow
	case c/100 == 42:
		return AdviceLogin
	case c/100 == 43:
		return AdviceHuman
	case c/100 == 44:
		return AdviceBug
	}
	return AdviceBackoff
}

// CloseCodes is every code the server sends, with its name: the table docs and tests are held against.
var CloseCodes = []struct {
	Code CloseCode
	Name string
}{
	{CloseLogout, "logout"}, {CloseTooBig, "too_big"}, {CloseBug, "internal"},
	{CloseMoved, "moved"}, {CloseSlow, "slow"}, {CloseHole, "hole"}, {CloseSilent, "silent"},
	{CloseDraining, "draining"}, {CloseOverloaded, "overloaded"}, {CloseTooMany, "too_many_requests"}, {CloseRecovering, "recovering"},
	{CloseExpired, "token_expired"}, {CloseBadTicket, "ticket"}, {CloseRevoked, "revoked"},
	{CloseDisplaced, "displaced"}, {CloseAccount, "account"}, {CloseAdmin, "admin"}, {CloseSessions, "too_many_sessions"},
	{CloseMalformed, "malformed"}, {CloseVersion, "version"}, {CloseOutOfOrder, "out_of_order"}, {CloseNoHello, "no_hello"},
}
