package embedded

import (
	"encoding/json"
	"net/http"
	"strings"

	"slipway"
)

// readOnly passes on what only reads. Whoever may look at the history of
// releases must not be able to approve, stop or start one past Slipway, which
// checks and records who does.
func readOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !reads(r) {
			refuse(w)
			return
		}
		// Who is signed in to Slipway is nothing to Temporal, and a gateway that
		// listens to this header would take the method from it.
		r = r.Clone(r.Context())
		r.Header.Del("Authorization")
		r.Header.Del("Cookie")
		r.Header.Del("X-Http-Method-Override")
		next.ServeHTTP(w, r)
	})
}

// reads reports whether the request changes nothing. In Temporal's HTTP API
// every call with the method GET reads; of the others only the query of a
// workflow does, by which the interface asks for its current details:
//
//	POST /temporal/api/v1/namespaces/{namespace}/workflows/{id}/query/{type}
func reads(r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	if r.Method != http.MethodPost {
		return false
	}
	// The escaped path: an id may hold slashes.
	call, ok := strings.CutPrefix(r.URL.EscapedPath(), UIPath+"/api/v1/namespaces/")
	part := strings.Split(call, "/")
	return ok && len(part) == 5 && part[1] == "workflows" && part[3] == "query"
}

func refuse(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusForbidden)
	_ = json.NewEncoder(w).Encode(map[string]any{ // an error means that the reader has gone
		"title":  http.StatusText(http.StatusForbidden),
		"status": http.StatusForbidden,
		"code":   slipway.CodeForbidden,
		"detail": "Temporal's interface is read-only here; to act on a release use Slipway's console, its API or the command slipway",
	})
}
