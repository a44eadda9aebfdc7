package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"ctid"
)

// problemBody is an error as RFC 9457 wants it, with the code of ctid's own table.
type problemBody struct {
	Type     string         `json:"type"`
	Title    string         `json:"title"`
	Status   int            `json:"status"`
	Detail   string         `json:"detail"`
	Instance string         `json:"instance"`
	Code     ctid.Code      `json:"code"`
	Retry    string         `json:"retry"`
	RetryMS  int64          `json:"retry_ms,omitempty"`
	Data     map[string]any `json:"data,omitempty"`
}

// problem answers with an error. One that is no *ctid.Error is ours: its text stays in the log.
func problem(w http.ResponseWriter, r *http.Request, err error) {
	var e *ctid.Error
	if !errors.As(err, &e) {
		e = &ctid.Error{Code: ctid.Overloaded, Text: "not possible now; try again later", RetryMS: 2000}
	}
	row := e.Code.Row()
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if e.RetryMS > 0 {
		h.Set("Retry-After", strconv.FormatInt((e.RetryMS+999)/1000, 10))
	}
	if e.Code == ctid.Unauthorized {
		h.Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	}
	w.WriteHeader(row.HTTP)
	_ = json.NewEncoder(w).Encode(problemBody{Type: "urn:ctid:error:" + string(e.Code), Title: http.StatusText(row.HTTP),
		Status: row.HTTP, Detail: e.Text, Instance: r.URL.Path, Code: e.Code, Retry: row.Retry, RetryMS: e.RetryMS, Data: e.Data})
}

// answer writes a JSON body that nobody may keep.
func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// readBody decodes a JSON body of bounded size into v.
func readBody(w http.ResponseWriter, r *http.Request, v any) error {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	if err := dec.Decode(v); err != nil {
		var big *http.MaxBytesError
		if errors.As(err, &big) {
			return ctid.Refuse(ctid.TooLarge, "the body is larger than 16 KiB")
		}
		return ctid.Refuse(ctid.BadRequest, "the body is not the JSON expected: "+err.Error())
	}
	if dec.More() {
		return ctid.Refuse(ctid.BadRequest, "the body holds more than one JSON value")
	}
	return nil
}
