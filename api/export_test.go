package api

import "github.com/prometheus/client_golang/prometheus"

// Patterns are all routes, and whether they are for anyone.
func Patterns() map[string]bool {
	s := &server{Config: Config{Registry: prometheus.NewRegistry()}}
	open := map[string]bool{}
	for _, r := range s.routes() {
		open[r.pattern] = r.access == anyone
	}
	return open
}
