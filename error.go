package ctid

// Code is the machine's word for what went wrong; the table below gives its HTTP status and what a client may do.
type Code string

// Error codes, shared by websocket and REST.
const (
	BadRequest          Code = "bad_request"
	TooLarge            Code = "too_large"
	UnknownOp           Code = "unknown_op"
	Unauthorized        Code = "unauthorized"
	Forbidden           Code = "forbidden"
	NotYours            Code = "not_yours"
	NotFound            Code = "not_found"
	CallOver            Code = "call_over"
	OfferOver           Code = "offer_over"
	CallerGone          Code = "caller_gone"
	TargetGone          Code = "target_gone"
	WrongState          Code = "wrong_state"
	AlreadyDone         Code = "already_done"
	RevConflict         Code = "rev_conflict"
	IdemMismatch        Code = "idem_mismatch"
	InProgress          Code = "in_progress"
	SeatTaken           Code = "seat_taken"
	DispositionRequired Code = "disposition_required"
	ReasonRequired      Code = "reason_required"
	ReasonNotAllowed    Code = "reason_not_allowed"
	DeviceUnreachable   Code = "device_unreachable"
	DeviceBusy          Code = "device_busy"
	AgentReserved       Code = "agent_reserved"
	TargetBusy          Code = "target_busy"
	TargetNoAnswer      Code = "target_no_answer"
	TargetRejected      Code = "target_rejected"
	NoRoute             Code = "no_route"
	RateLimited         Code = "rate_limited"
	Overloaded          Code = "overloaded"
	Draining            Code = "draining"
	Recovering          Code = "recovering"
	Internal            Code = "internal"
	PBXDown             Code = "pbx_down"
	PBXRefused          Code = "pbx_refused"
	Timeout             Code = "timeout"
)

// CodeRow is a row of the error table: Retry is never, look, ask, fix or later.
type CodeRow struct {
	Code  Code
	HTTP  int
	Retry string
}

// Codes is the one table of error codes.
var Codes = []CodeRow{
	{BadRequest, 400, "never"}, {TooLarge, 413, "never"}, {UnknownOp, 404, "never"},
	{Unauthorized, 401, "never"}, {Forbidden, 403, "never"}, {NotYours, 403, "never"},
	{NotFound, 404, "never"}, {CallOver, 410, "never"}, {OfferOver, 410, "never"}, {CallerGone, 410, "never"}, {TargetGone, 410, "never"},
	{WrongState, 409, "look"}, {AlreadyDone, 200, "never"},
	{RevConflict, 412, "look"}, {IdemMismatch, 422, "look"}, {InProgress, 409, "look"}, {SeatTaken, 409, "ask"},
	{DispositionRequired, 422, "fix"}, {ReasonRequired, 422, "fix"}, {ReasonNotAllowed, 422, "fix"},
	{DeviceUnreachable, 409, "later"}, {DeviceBusy, 409, "later"}, {AgentReserved, 409, "later"},
	{TargetBusy, 409, "ask"}, {TargetNoAnswer, 409, "ask"}, {TargetRejected, 409, "ask"}, {NoRoute, 409, "ask"},
	{RateLimited, 429, "later"}, {Overloaded, 503, "later"}, {Draining, 503, "later"}, {Recovering, 503, "later"}, {Internal, 500, "later"},
	{PBXDown, 503, "later"}, {PBXRefused, 502, "later"}, {Timeout, 504, "later"},
}

// Row returns the table row of c; an unknown code reads as internal.
func (c Code) Row() CodeRow {
	for _, r := range Codes {
		if r.Code == c {
			return r
		}
	}
	return CodeRow{c, 500, "later"}
}

// Error is a refusal: a code for the program, a sentence for the human, and what is possible instead.
type Error struct {
	Code    Code           `json:"code"`
	Text    string         `json:"text"`
	Can     []string       `json:"can,omitempty"`
	Rev     uint64         `json:"rev,omitempty"`
	RetryMS int64          `json:"retry_ms,omitempty"`
	Fields  []string       `json:"fields,omitempty"`
	Data    map[string]any `json:"data,omitempty"`
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Text }

// Refuse makes a refusal without more than code and sentence.
func Refuse(code Code, text string) *Error { return &Error{Code: code, Text: text} }
