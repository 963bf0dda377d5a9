package admin

import (
	"encoding/json"
	"net/http"

	"slipway"
)

// answer is a handler that returns what to answer; one place turns it into
// JSON.
type answer func(*http.Request) (any, error)

// ServeHTTP answers.
func (a answer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := a(r)
	status := http.StatusOK
	if err != nil {
		p := problem{Code: slipway.ErrorCode(err), Message: err.Error()}
		if state, ok := body.(slipway.RouteState); ok && state.Project != "" {
			p.Route = &state
		}
		status, body = statusOf(p.Code), p
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // an error here is the client's: it left
}

// A problem is the body of every error.
type problem struct {
	Code    slipway.Code        `json:"code"`
	Message string              `json:"message"`
	Route   *slipway.RouteState `json:"route,omitempty"` // as it was found
}

func statusOf(code slipway.Code) int {
	switch code {
	case slipway.CodeInvalid:
		return http.StatusBadRequest
	case slipway.CodeNotFound:
		return http.StatusNotFound
	case slipway.CodeConflict:
		return http.StatusConflict
	case slipway.CodeUnavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}
