package api

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"slipway"
)

// An Action is a route as the table of rights has it.
type Action struct {
	Pattern, Summary string
	Anyone, Fleet    bool          // without a sign-in; for operators of the whole fleet
	Right            slipway.Right // in the project; empty: none
	Lists            bool          // what somebody lacks the right for is left out
}

// Actions are all routes.
func Actions() []Action {
	s := &server{Config: Config{Registry: prometheus.NewRegistry()}}
	var all []Action
	for _, r := range s.routes() {
		all = append(all, Action{r.pattern, r.summary, r.access == anyone, r.access == operator || r.access == scraper, r.right, r.lists})
	}
	return all
}

// Patterns are all routes, and whether they are for anyone.
func Patterns() map[string]bool {
	open := map[string]bool{}
	for _, a := range Actions() {
		open[a.Pattern] = a.Anyone
	}
	return open
}

// Reading reports whether a route changes nothing.
func Reading(pattern string) bool { return strings.HasPrefix(pattern, "GET ") || reading[pattern] }

// AuditActions are the names in the audit log.
func AuditActions() (names []string) {
	for _, name := range actions {
		names = append(names, name)
	}
	return names
}
