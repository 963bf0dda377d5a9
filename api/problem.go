package api

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"slipway"
	"slipway/spec"
)

// statuses is the one table of what each code is in HTTP. What is not JSON at
// all, too long or too slow keeps the status that HTTP has for it, with
// CodeInvalid.
var statuses = map[slipway.Code]int{
	slipway.CodeInvalid:         http.StatusUnprocessableEntity,
	slipway.CodeUnauthenticated: http.StatusUnauthorized,
	slipway.CodeForbidden:       http.StatusForbidden,
	slipway.CodeNotFound:        http.StatusNotFound,
	slipway.CodeConflict:        http.StatusConflict,
	slipway.CodeTooMany:         http.StatusTooManyRequests,
	slipway.CodeUnavailable:     http.StatusServiceUnavailable,
	slipway.CodeInternal:        http.StatusInternalServerError,
}

// A Problem is an error as a client sees it, after RFC 9457. Programs branch on
// Code, people read Detail.
type Problem struct {
	Title  string       `json:"title" doc:"the status in words"`
	Status int          `json:"status" doc:"of HTTP"`
	Detail string       `json:"detail" doc:"what was found and what would be right, for people"`
	Code   slipway.Code `json:"code" doc:"stable, for programs" enum:"invalid,unauthenticated,forbidden,not_found,conflict,too_many,unavailable,internal"`
	Errors []Flaw       `json:"errors,omitempty" doc:"each single thing that is wrong, where there may be several"`

	retryAfter time.Duration
}

// A Flaw is one thing that is wrong with a file or a request.
type Flaw struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty" doc:"from 1"`
	Column  int    `json:"column,omitempty" doc:"from 1"`
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
}

// Error is the detail.
func (p *Problem) Error() string { return p.Detail }

// GetStatus is the status of the answer.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is that of problems, whatever the client would rather have.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders are what belongs to the status.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	switch p.Code {
	case slipway.CodeUnauthenticated:
		h.Set("WWW-Authenticate", `Bearer realm="slipway"`)
	case slipway.CodeUnavailable, slipway.CodeTooMany:
		seconds := int((p.retryAfter + time.Second - 1) / time.Second)
		h.Set("Retry-After", strconv.Itoa(max(seconds, 1)))
	}
	return h
}

// delayed is an error that says when to come again.
type delayed struct {
	error
	after time.Duration
}

func (d delayed) Unwrap() error { return d.error }

// problem makes of an error what the client may know of it, and keeps the error
// for the log.
func (r *request) problem(err error) *Problem {
	r.err = err
	code := slipway.ErrorCode(err)
	if r.gone() { // nobody reads this; it is no fault of ours either
		code = slipway.CodeUnavailable
	}
	status, known := statuses[code]
	if !known || code == slipway.CodeInternal {
		return r.internal()
	}
	p := &Problem{Title: http.StatusText(status), Status: status, Detail: err.Error(), Code: code}
	if e, ok := errors.AsType[*slipway.Error](err); ok {
		p.Detail = e.Message
	}
	r.told = p
	if d, ok := errors.AsType[delayed](err); ok {
		p.retryAfter = d.after
	}
	if flaws, ok := errors.AsType[spec.Errors](err); ok {
		for _, f := range flaws {
			p.Errors = append(p.Errors, Flaw(f))
		}
	}
	return p
}

// internal hides a fault of ours: what it was may hold anything.
func (r *request) internal() *Problem {
	r.told = &Problem{
		Title:  http.StatusText(http.StatusInternalServerError),
		Status: http.StatusInternalServerError,
		Detail: "something went wrong in Slipway; its log says more under request " + r.id,
		Code:   slipway.CodeInternal,
	}
	return r.told
}

// invalid makes a problem of what huma finds wrong with a request. Values are
// left out: one may be a password.
func (r *request) invalid(status int, message string, errs []error) *Problem {
	if status >= http.StatusInternalServerError {
		r.err = errors.Join(append([]error{errors.New(message)}, errs...)...)
		return r.internal()
	}
	p := &Problem{Title: http.StatusText(status), Status: status, Detail: message, Code: slipway.CodeInvalid}
	r.told = p
	details := make([]string, 0, len(errs))
	for _, err := range errs {
		flaw := Flaw{Message: err.Error()}
		if d, ok := errors.AsType[*huma.ErrorDetail](err); ok {
			flaw = Flaw{Field: d.Location, Message: d.Message}
			details = append(details, fmt.Sprintf("%s: %s", cmp.Or(d.Location, "request"), d.Message))
		} else {
			details = append(details, err.Error())
		}
		p.Errors = append(p.Errors, flaw)
	}
	if len(details) > 0 {
		p.Detail = strings.Join(details, "\n")
	}
	r.err = errors.New(message + ": " + p.Detail) // for the log, which is no place for values either
	return p
}

// huma asks these two variables, and nothing of an API of its own, for the
// shape of an error.
func init() {
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return (&request{}).invalid(status, message, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		return requestOf(ctx.Context()).invalid(status, message, errs)
	}
}

// refuse answers with a problem where huma does not.
func refuse(w http.ResponseWriter, p *Problem) {
	maps.Copy(w.Header(), p.GetHeaders())
	w.Header().Set("Content-Type", p.ContentType(""))
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // nothing is left to tell a client that has gone
}
