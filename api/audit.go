package api

import (
	"context"
	"net/http"

	"slipway"
)

// An Audit is where everything is written down that people do here, or are
// refused; *audit.Log is one.
type Audit interface {
	// Append returns when the entry is on disk. When it fails for an intent,
	// what was wanted is not done.
	Append(ctx context.Context, e slipway.AuditEntry) error
	List(f slipway.AuditFilter) (entries []slipway.AuditEntry, page string, err error)
}

// signingIn is the one action that begins with nobody signed in.
const signingIn = "session.begin"

// actions are the names that routes which change something have in the audit
// log. They are stable: people search for them.
var actions = map[string]string{
	"POST /api/v1/login":                                 signingIn,
	"POST /login":                                        signingIn,
	"POST /api/v1/logout":                                "session.end",
	"POST /logout":                                       "session.end",
	"POST /api/v1/tokens":                                "token.create",
	"DELETE /api/v1/tokens/{id}":                         "token.revoke",
	"POST /api/v1/releases":                              "release.submit",
	"POST /api/v1/releases/{id}/decisions":               "release.decide",
	"POST /api/v1/releases/{id}/decisions/signature":     "release.sign",
	"POST /api/v1/releases/{id}/break-glass":             "release.break_glass",
	"POST /api/v1/releases/{id}/abort":                   "release.abort",
	"POST /api/v1/releases/{id}/accept":                  "release.accept",
	"POST /api/v1/adoptions":                             "service.adopt",
	"DELETE /api/v1/services/{project}/{service}":        "service.remove",
	"POST /api/v1/services/{project}/{service}/rollback": "service.rollback",
	"POST /api/v1/services/{project}/{service}/restart":  "service.restart",
	"POST /api/v1/services/{project}/{service}/lock":     "service.lock",
	"DELETE /api/v1/services/{project}/{service}/lock":   "service.unlock",
	"POST /api/v1/hosts/{host}/cordon":                   "host.cordon",
	"DELETE /api/v1/hosts/{host}/cordon":                 "host.uncordon",
	"POST /api/v1/hosts/{host}/drain":                    "host.drain",
	"POST /api/v1/hosts/{host}/join":                     "host.join",
	"DELETE /api/v1/hosts/{host}":                        "host.remove",
	"POST /api/v1/line":                                  "line.stop",
	"DELETE /api/v1/line":                                "line.resume",
	"POST /api/v1/projects/{project}/line":               "line.stop",
	"DELETE /api/v1/projects/{project}/line":             "line.resume",

	"/temporal/": "temporal.change",
}

// reading are the routes that change nothing although their method says so.
var reading = map[string]bool{"POST /api/v1/plan": true, "POST /api/v1/preflight": true}

// viewing is the action of whoever only looks, which is written when it is
// refused.
const viewing = "view"

// action is what a request wants to do. A route without a name is its own.
func (r *request) action() (name string, changes bool) {
	safe := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
	if safe || reading[r.route] || r.route == "" {
		return viewing, false
	}
	if name, ok := actions[r.route]; ok {
		return name, true
	}
	return r.route, true
}

// audited does what a request wants between its intent and its outcome, which
// is on disk before the answer goes out.
func audited[O any](r *request, in any, do func() (*O, error)) (out *O, err error) {
	action, changes := r.action()
	if !changes || action == signingIn || r.session.User == "" {
		return do() // signIn writes its own; and who is nobody ends no session
	}
	e := r.entry(in)
	e.Kind, e.Before = slipway.AuditIntent, r.before(e)
	r.recorded = true
	if err := r.server.Audit.Append(r.Context(), e); err != nil {
		return nil, unwritten(err)
	}
	ended := false
	defer func() {
		if !ended { // it panicked: somebody has to say that it was begun
			e.Code, e.Detail = slipway.CodeInternal, r.internal().Detail
		}
		e.Kind = slipway.AuditOutcome
		if err := r.server.Audit.Append(context.WithoutCancel(r.Context()), e); err != nil {
			r.server.Logger.Error("Outcome not written to the audit log yet", "action", e.Action, "request", r.id, "error", err)
		}
	}()
	out, err = do()
	r.came(&e, out, err)
	ended = true
	return out, err
}

// signedIn writes that somebody has proven who they are. Without that they get
// no session.
func (r *request) signedIn() error {
	e := r.entry(nil)
	e.Kind, e.Via, e.Code = slipway.AuditOutcome, "password", slipway.AuditOK
	r.recorded = true
	if err := r.server.Audit.Append(r.Context(), e); err != nil {
		return unwritten(err)
	}
	return nil
}

func unwritten(err error) error {
	return slipway.Errorf(slipway.CodeUnavailable, "nothing was done, because it cannot be written to the audit log: an operator has to make room on its disk, or mend it (%w)", err)
}

// auditedHandler is audited for a handler that answers by itself.
func auditedHandler(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request := requestOf(r.Context())
		answer := &response{ResponseWriter: w}
		_, err := audited(request, nil, func() (*struct{}, error) {
			handler.ServeHTTP(answer, r)
			if answer.status >= http.StatusBadRequest {
				return nil, slipway.Errorf(codeOf(answer.status), "answered with status %d", answer.status)
			}
			return nil, nil
		})
		if err != nil && answer.status == 0 {
			refuse(w, request.problem(err))
		}
	})
}

// codeOf is the code of an answer that was not ours.
func codeOf(status int) slipway.Code {
	for code, s := range statuses {
		if s == status {
			return code
		}
	}
	return slipway.CodeInvalid
}
