package e2e

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"slipway/e2e/lab"
	"slipway/e2e/system"
)

// A point is a moment in a release that can be hit exactly, from outside.
type point struct {
	name string
	// arm sees to it that strike is called once, at the point. What it starts
	// ends with the context.
	arm func(ctx context.Context, m *matrix, c cellRun, strike func()) error
}

// cellRun is the release that a point is in.
type cellRun struct {
	service string
	id      string // of the release that is about to be made
	begun   time.Time
}

// said is the moment at which the history of the release says something: the
// activity's worker is starting on it at most.
func said(what string) point {
	return point{name: what, arm: func(ctx context.Context, m *matrix, c cellRun, strike func()) error {
		go m.follow(ctx, "release/"+c.id, c.begun, strike, what)
		return nil
	}}
}

// laneSaid is the same in the history of the lane.
func laneSaid(what string) point {
	return point{name: "lane: " + what, arm: func(ctx context.Context, m *matrix, c cellRun, strike func()) error {
		go m.follow(ctx, "lane/search."+c.service, c.begun, strike, what)
		return nil
	}}
}

// later is a moment after what the history says, in the middle of a wait.
func later(what string, after time.Duration) point {
	return point{name: what + " + " + after.String(), arm: func(ctx context.Context, m *matrix, c cellRun, strike func()) error {
		go m.follow(ctx, "release/"+c.id, c.begun, func() { time.AfterFunc(after, strike) }, what)
		return nil
	}}
}

// A wire is what a request can be caught on.
type wire struct {
	name  string
	proxy func(*system.System) *lab.Proxy
	match func(r *http.Request, c cellRun) bool
}

// unsent is the moment before a request arrives: it never does.
func unsent(w wire) point {
	return w.point("before "+w.name, func(_ *http.Request, _ http.Handler, strike func()) {
		strike()
		panic(http.ErrAbortHandler)
	})
}

// unanswered is the moment after a request has had its effect, and before
// anybody heard of it.
func unanswered(w wire) point { return w.point("answer lost: "+w.name, lab.Lost) }

func (w wire) point(name string, do func(r *http.Request, next http.Handler, strike func())) point {
	return point{name: name, arm: func(ctx context.Context, m *matrix, c cellRun, strike func()) error {
		var caught atomic.Bool
		disarm := w.proxy(m.System).Arm(lab.Fault{
			Match: func(r *http.Request) bool { return w.match(r, c) && caught.CompareAndSwap(false, true) },
			Do:    func(_ http.ResponseWriter, r *http.Request, next http.Handler) { do(r, next, strike) },
		})
		context.AfterFunc(ctx, disarm)
		return nil
	}}
}

func toDocker(name, method, suffix string) wire {
	return wire{
		name:  "docker: " + name,
		proxy: func(s *system.System) *lab.Proxy { return s.Between.Docker },
		match: func(r *http.Request, _ cellRun) bool {
			return r.Method == method && strings.HasSuffix(r.URL.Path, suffix)
		},
	}
}

func toEdge(verb string) wire {
	return wire{
		name:  "edge: " + verb,
		proxy: func(s *system.System) *lab.Proxy { return s.Between.Edge },
		match: func(r *http.Request, c cellRun) bool {
			return strings.HasSuffix(r.URL.Path, "/"+c.service+"/"+verb) || verb == "read" && strings.HasSuffix(r.URL.Path, "/"+c.service)
		},
	}
}

func toRegistry(name string, proxy func(*system.System) *lab.Proxy, method, part string) wire {
	return wire{
		name:  "registry: " + name,
		proxy: proxy,
		match: func(r *http.Request, _ cellRun) bool { return r.Method == method && strings.Contains(r.URL.Path, part) },
	}
}

func source(s *system.System) *lab.Proxy     { return s.Between.Source }
func production(s *system.System) *lab.Proxy { return s.Between.Production }
