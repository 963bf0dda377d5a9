package api_test

import (
	"maps"
	"strings"
	"testing"
)

func TestPreflightAsksTheHostsThatAreMeant(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ofService := func(more map[string]any) map[string]any {
		body := map[string]any{"service_file": submission()["service_file"], "tag": "v2"}
		maps.Copy(body, more)
		return body
	}
	for name, c := range map[string]struct {
		user   string
		body   map[string]any
		status string
		want   string // part of the answer
	}{
		"all hosts, by an operator of the fleet": {"lea", map[string]any{}, "200", `"name":"h1"`},
		"all hosts, by a project's operator":     {"otto", map[string]any{}, "403", "give the file of a service"},
		"those of a service":                     {"rita", ofService(nil), "200", `"name":"h1"`},
		"one of a service's":                     {"rita", ofService(map[string]any{"host": "h1"}), "200", `"name":"h1"`},
		"one that is not the service's":          {"rita", ofService(map[string]any{"host": "h99"}), "404", "no host h99"},
		"a service that one may only view":       {"vera", ofService(nil), "403", "may not release"},
		"a tag of nothing":                       {"otto", map[string]any{"tag": "v2"}, "422", "service file"},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.as(c.user, "POST", "/api/v1/preflight", c.body)
			if !strings.HasPrefix(a.Status, c.status) || !strings.Contains(a.body, c.want) {
				t.Errorf("%s %s, want %s and in it %s", a.Status, a.body, c.status, c.want)
			}
		})
	}
}
