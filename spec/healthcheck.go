package spec

import (
	"time"

	"slipway"
)

var healthcheckKeys = object[slipway.Healthcheck]{
	"path":         func(h *slipway.Healthcheck, v value) { h.Path = v.urlPath(true) },
	"exec":         func(h *slipway.Healthcheck, v value) { h.Exec = v.command() },
	"tcp":          func(h *slipway.Healthcheck, v value) { h.TCP = v.integer(1, 65535) },
	"docker":       func(h *slipway.Healthcheck, v value) { h.Docker = v.boolean() },
	"interval":     func(h *slipway.Healthcheck, v value) { h.Interval = v.duration(10*time.Millisecond, time.Hour) },
	"timeout":      func(h *slipway.Healthcheck, v value) { h.Timeout = v.duration(10*time.Millisecond, 5*time.Minute) },
	"successes":    func(h *slipway.Healthcheck, v value) { h.Successes = v.integer(1, 100) },
	"start_period": func(h *slipway.Healthcheck, v value) { h.StartPeriod = v.duration(0, 24*time.Hour) },
}

// asked are the keys that say how a container is asked: one of them.
var asked = []string{"path", "exec", "tcp", "docker"}

const needsPort = "needs container.port: the port that the process listens on, for example container: {port: 8080}"

func (v value) healthcheck(h *slipway.Healthcheck) given {
	g := healthcheckKeys.decode(v, h, "{path: /healthz}", nil)
	first := ""
	for _, key := range asked {
		switch {
		case !g.has(key):
		case first == "":
			first = key
		default:
			g.at(key).bad("a container is asked in one way, and %s is given already; keep one", first)
		}
	}
	return g
}

// checkHealth fills in what is asked where the file does not say: a page, of
// what listens on a port; of anything else whatever its image says.
func (f *serviceFile) checkHealth(g given) {
	if f.health.has("path") && !f.container.has("port") {
		f.health.at("path").bad(needsPort)
	}
	if f.Healthcheck.AsksNothing() && f.container.has("port") {
		f.Healthcheck.Path = slipway.DefaultHealthPath
	}
	if f.Healthcheck.AsksNothing() && !f.health.has("start_period") {
		f.Healthcheck.StartPeriod = slipway.DefaultRunPeriod
	}
	if f.Healthcheck.AsksNothing() && f.Healthcheck.StartPeriod >= f.Strategy.BlueGreen.DeployTimeout {
		g.at("healthcheck").bad("start_period is %s, for which a container that cannot be asked has to run, but strategy.blue_green.deploy_timeout is over before: write a shorter one, or a longer timeout",
			brief(f.Healthcheck.StartPeriod.Std()))
	}
}
