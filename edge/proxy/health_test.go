package proxy_test

import (
	"maps"
	"net/http"
	"testing"

	"slipway"
	"slipway/edge/proxy"
)

func TestBalancerIsToldThatTheEdgeLeaves(t *testing.T) {
	leaving := false
	e := newEdge(t)
	e.LeaveWhile(func() bool { return leaving })
	e.Follow(table(route("well", "well.example.com", "/", backend(t, says("well")))))
	for _, want := range []int{200, 503, 200} {
		leaving = want == 503
		if res, body := e.ask(t, http.MethodGet, "well.example.com", proxy.HealthPath, nil); res.StatusCode != want {
			t.Errorf("leaving %t: %d %q", leaving, res.StatusCode, body)
		}
		if _, body := e.ask(t, http.MethodGet, "well.example.com", "/", nil); body != "well" {
			t.Errorf("leaving %t, it serves %q", leaving, body)
		}
	}
}

func TestBalancerIsToldWhatHasNoWayFromHere(t *testing.T) {
	e := newEdge(t)
	health := func(host string) (int, string) {
		t.Helper()
		res, body := e.ask(t, http.MethodGet, host, proxy.HealthPath, nil)
		return res.StatusCode, body
	}
	well := route("well", "well.example.com", "/", backend(t, says("well")))
	sick := route("sick", "sick.example.com", "/", "unused:1")
	away := sick
	away.Targets = map[string]slipway.Target{sick.Active: {Route: sick.Route}}
	staged := well
	staged.Targets = maps.Clone(well.Targets)
	staged.Targets["shop.well.2"] = slipway.Target{Route: well.Route}

	for name, c := range map[string]struct {
		table  slipway.Table
		host   string
		status int
		body   string
	}{
		"nothing is routed":           {table(), "10.0.0.5", 200, "ok\n"},
		"all can be reached":          {table(well, sick), "10.0.0.5", 200, "ok\n"},
		"one is away":                 {table(well, away), "10.0.0.5", 503, "no way from here to shop/sick\n"},
		"one is away, asked for it":   {table(well, away), "sick.example.com", 503, "no way from here to shop/sick\n"},
		"another is away":             {table(well, away), "well.example.com", 200, "ok\n"},
		"nothing is live":             {table(route("none", "none.example.com", "/")), "none.example.com", 200, "ok\n"},
		"what is not live yet, is":    {table(staged), "10.0.0.5", 200, "ok\n"},
		"its containers do not serve": {table(sick), "10.0.0.5", 200, "ok\n"},
	} {
		t.Run(name, func(t *testing.T) {
			e.Follow(c.table)
			if status, body := health(c.host); status != c.status || body != c.body {
				t.Errorf("%d %q, want %d %q", status, body, c.status, c.body)
			}
		})
	}
}
