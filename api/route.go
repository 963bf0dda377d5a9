package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"slipway"
)

const (
	maxBody  = 2 << 20         // bytes; a service file has at most half of it
	bodyTime = 5 * time.Second // for them to arrive: nobody keeps a connection by sending them drop by drop
)

// An access says who a route is for.
type access int

const (
	person   access = iota // whoever is signed in; the handler asks for the rights. It is the zero value on purpose
	anyone                 // without a sign-in
	operator               // operators of the whole fleet
	scraper                // as operator, and peers on this machine
)

// A route is one pattern of the ServeMux, whom it is for, and how it is added.
type route struct {
	pattern string
	summary string // what it does, for people
	access  access
	right   slipway.Right // that the handler asks for, in the project; empty: none beside access
	lists   bool          // the handler leaves out what somebody lacks the right for
	add     func(*http.ServeMux, huma.API)
}

// asks says which right the handler asks for in the project that a request is
// about. It is what the table of rights is made of; a test holds all of them to
// it.
func (r route) asks(right slipway.Right) route {
	r.right = right
	return r
}

// shows says which right the handler asks for of each thing that it lists.
func (r route) shows(right slipway.Right) route {
	r.right, r.lists = right, true
	return r
}

// operation is a route of the JSON API. What call returns as an error is
// answered as a problem.
func operation[I, O any](pattern string, access access, summary string, call func(context.Context, *I) (*O, error), options ...func(*huma.Operation)) route {
	method, path, _ := strings.Cut(pattern, " ")
	op := huma.Operation{
		OperationID:     huma.GenerateOperationID(method, path, new(O)),
		Method:          method,
		Path:            path,
		Summary:         summary,
		MaxBodyBytes:    maxBody,
		BodyReadTimeout: bodyTime,
	}
	if access != anyone {
		op.Security = []map[string][]string{{"token": {}}}
	}
	for _, option := range options {
		option(&op)
	}
	return route{pattern: pattern, summary: summary, access: access, add: func(_ *http.ServeMux, api huma.API) {
		huma.Register(api, op, func(ctx context.Context, in *I) (*O, error) {
			request := requestOf(ctx)
			out, err := audited(request, in, func() (*O, error) { return call(ctx, in) })
			if err != nil {
				return nil, request.problem(err)
			}
			return out, nil
		})
	}}
}

// plain is a route that the handler answers by itself.
func plain(pattern string, access access, handler http.Handler) route {
	return route{pattern: pattern, access: access, add: func(mux *http.ServeMux, _ huma.API) { mux.Handle(pattern, auditedHandler(handler)) }}
}
