package api

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"slipway"
)

// guard lets a request pass to its route if the route is for whoever sent it.
// What is in no list, an unknown path among it, needs a sign-in.
func (s *server) guard(mux *http.ServeMux, routes []route) http.Handler {
	accesses := make(map[string]access, len(routes))
	for _, r := range routes {
		accesses[r.pattern] = r.access
	}
	origins := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request := requestOf(r.Context())
		handler, pattern := mux.Handler(r)
		request.route = pattern
		var err error
		request.session, request.unknown = s.identify(r)
		if err = s.admit(request, accesses[pattern]); err == nil && origins.Check(r) != nil {
			err = slipway.Errorf(slipway.CodeForbidden, "this request was sent by a page of another site")
		}
		switch {
		case err != nil:
			s.turnAway(w, request, err)
		case pattern == "":
			notServed(w, request, handler)
		default:
			if accesses[pattern] != anyone {
				s.prolong(w, request)
			}
			mux.ServeHTTP(w, r)
		}
		if e, ok := request.refusal(); ok {
			s.refusals.add(e)
		}
	})
}

// admit decides by the route.
func (s *server) admit(r *request, access access) error {
	switch {
	case access == anyone, access == scraper && fromThisMachine(r.Request):
		return nil
	case r.unknown != nil:
		return r.unknown
	case access == person, r.session.may(s.Fleet(), "", slipway.RightOperate):
		return nil
	}
	return slipway.Errorf(slipway.CodeForbidden, "%s may not do this: it is for operators of the whole fleet", r.session.User)
}

// turnAway sends a person to the sign-in page, or says what is wrong.
func (s *server) turnAway(w http.ResponseWriter, r *request, err error) {
	signedOut := slipway.ErrorCode(err) == slipway.CodeUnauthenticated
	switch browsing := r.browsing(); {
	case browsing && signedOut:
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r.Request, "/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
	case browsing:
		s.errorPage(w, r, err)
	default:
		refuse(w, r.problem(err))
	}
}

// browsing reports whether a person looks at a page, rather than a program at
// data.
func (r *request) browsing() bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) &&
		!strings.HasPrefix(r.URL.Path, "/api/") && strings.Contains(r.Header.Get("Accept"), "text/html")
}

// notServed gives the ServeMux's own refusal the shape of all others.
func notServed(w http.ResponseWriter, r *request, mux http.Handler) {
	refusal := &discarded{header: http.Header{}}
	mux.ServeHTTP(refusal, r.Request)
	if allow := refusal.header.Get("Allow"); allow != "" {
		w.Header().Set("Allow", allow)
		refuse(w, r.invalid(http.StatusMethodNotAllowed, r.Method+" is not for this path; "+allow+" are", nil))
		return
	}
	refuse(w, r.problem(slipway.Errorf(slipway.CodeNotFound, "there is nothing at %s", r.URL.Path)))
}

// discarded is an answer of which only the header is of interest.
type discarded struct{ header http.Header }

func (d *discarded) Header() http.Header         { return d.header }
func (d *discarded) Write(b []byte) (int, error) { return len(b), nil }
func (d *discarded) WriteHeader(int)             {}

// fromThisMachine reports whether the peer is on this machine, and is no proxy
// that speaks for others.
func fromThisMachine(r *http.Request) bool {
	for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if r.Header.Get(header) != "" {
			return false
		}
	}
	ip := net.ParseIP(peer(r))
	return ip != nil && ip.IsLoopback()
}

// peer is the address that the request came from, without its port.
func peer(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
