package api

import (
	"net/http"
	"strings"

	"slipway"
)

// temporalUI passes on to the Temporal UI, which is not to learn how somebody
// signed in here: it would hand a token on to Temporal.
func (s *server) temporalUI(w http.ResponseWriter, r *http.Request) {
	if s.TemporalUI == nil {
		refuse(w, requestOf(r.Context()).problem(slipway.Errorf(slipway.CodeNotFound, "no Temporal UI is served here")))
		return
	}
	r = r.Clone(r.Context())
	cookies := r.Cookies()
	r.Header.Del("Authorization")
	r.Header.Del("Cookie")
	for _, c := range cookies {
		if strings.TrimPrefix(c.Name, "__Host-") != sessionCookie {
			r.AddCookie(c)
		}
	}
	s.TemporalUI.ServeHTTP(w, r)
}
