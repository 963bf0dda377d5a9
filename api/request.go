package api

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"time"

	"slipway"
)

// A request is what is known about one while it is answered.
type request struct {
	*http.Request
	id         string
	route      string // the pattern that matched
	session    Session
	unknown    error // why nobody is known to be signed in
	controller *http.ResponseController
	err        error // what went wrong, for the log

	server   *server
	told     *Problem // what whoever asked was told of err
	tried    string   // who wants to sign in
	hidden   bool     // it was said not to exist, because it may not be seen
	recorded bool     // the audit log has an entry of it
}

type requestKey struct{}

// requestOf finds the request that a handler answers. There is always one:
// observe wraps everything.
func requestOf(ctx context.Context) *request { return ctx.Value(requestKey{}).(*request) }

// gone reports whether the client has given up.
func (r *request) gone() bool {
	return r.Request != nil && errors.Is(r.Context().Err(), context.Canceled)
}

// A response remembers the status it was answered with.
type response struct {
	http.ResponseWriter
	status int
}

// WriteHeader keeps the first final status.
func (w *response) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implies status 200, as in net/http.
func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach what is below.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

var requestID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// observe gives each request its id and a bound, and counts and logs it once it
// is answered.
func (s *server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.Now()
		answer := &response{ResponseWriter: w}
		seen := &request{id: r.Header.Get("X-Request-Id"), controller: http.NewResponseController(answer), server: s}
		if !requestID.MatchString(seen.id) { // a proxy in front may have given it one
			seen.id = rand.Text()
		}
		seen.Request = r.WithContext(context.WithValue(r.Context(), requestKey{}, seen))
		seen.Body = http.MaxBytesReader(answer, r.Body, maxBody)
		if r.ContentLength != 0 { // -1: nobody knows yet
			_ = seen.controller.SetReadDeadline(time.Now().Add(bodyTime)) // net/http lifts it at the end of the body
		}
		answer.Header().Set("X-Request-Id", seen.id)
		answer.Header().Set("X-Content-Type-Options", "nosniff")
		defer func() {
			panicked := recover()
			fault, _ := panicked.(error)
			aborted := errors.Is(fault, http.ErrAbortHandler) // which is how a handler breaks off an answer
			if panicked != nil && !aborted {
				seen.err = fmt.Errorf("panic: %v\n%s", panicked, debug.Stack())
				if answer.status == 0 {
					refuse(answer, seen.internal())
				}
			}
			took := s.Now().Sub(start)
			s.metrics.answered(seen.route, answer.status, took)
			s.Logger.LogAttrs(r.Context(), seen.level(answer.status), "Request answered",
				slog.String("method", r.Method),
				slog.String("route", seen.route),
				slog.Int("status", answer.status),
				slog.Duration("duration", took),
				slog.String("user", seen.session.User),
				slog.String("request", seen.id),
				slog.Any("error", seen.err),
			)
			if aborted {
				panic(panicked)
			}
		}()
		next.ServeHTTP(answer, seen.Request)
	})
}

// level keeps what machines ask every few seconds out of the log, and faults of
// ours in it.
func (r *request) level(status int) slog.Level {
	switch {
	case status == http.StatusInternalServerError:
		return slog.LevelError
	case slipway.ErrorCode(r.err) == slipway.CodeUnavailable && !r.gone():
		return slog.LevelWarn
	case r.route == "GET /healthz", r.route == "GET /readyz", r.route == "GET /metrics":
		return slog.LevelDebug
	}
	return slog.LevelInfo
}
