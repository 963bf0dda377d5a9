package slipway

import (
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Table is what an edge routes by: one RouteState per service, by
// ServiceID.Key. Its methods are the whole protocol between Slipway and an
// edge, without transport or disk; each returns the changed state or an error
// and leaves the table as it was on error.
//
// Every write may be repeated: a caller that got no answer sends the same
// request again until it gets one. Generations make that safe. A route's
// generation grows with each change of what is active, and a commit or restore
// names the generation it was decided on, so a request that arrives late,
// after something else was decided, is refused with CodeConflict. Where an
// active release's containers are is no such decision: amendments are counted
// per target, by its revision, and leave the generation as it is.
//
// No two services hold the same route: what a service serves on, and what any
// of its staged releases would serve on, is taken for all others. So a commit
// or a restore never fails because of somebody else's route.
type Table map[string]RouteState

// A RouteState is one service's route on one edge.
type RouteState struct {
	ServiceID
	Route      Route             `json:"route"`
	Targets    map[string]Target `json:"targets"`            // by release id: where the release's containers are
	Active     string            `json:"active"`             // the release that gets the traffic; empty: nothing live, 503
	Previous   string            `json:"previous,omitempty"` // what was active before
	Generation uint64            `json:"generation"`         // 0: nothing was ever active
	By         string            `json:"by,omitempty"`       // who wrote this generation: a release id, or "operator:NAME"
	Reason     string            `json:"reason,omitempty"`   // why, where By is an operator
	ChangedAt  time.Time         `json:"changed_at,omitzero"`
}

// A Target is where the containers of one release are reached, and the route
// that is the service's while the release is active.
type Target struct {
	Route     Route    `json:"route"`
	Upstreams []string `json:"upstreams"`          // host:port; none: see Away
	Revision  uint64   `json:"revision,omitempty"` // how often Upstreams was amended
}

// Away says that the edge has no way to any container of the release: while it
// is active, requests for the service get 503, and a balancer in front is told
// to send them to other edges.
func (t Target) Away() bool { return len(t.Upstreams) == 0 }

// A StageRequest makes a release known to an edge without sending it traffic.
type StageRequest struct {
	ServiceID
	Route      Route    `json:"route"`
	Release    string   `json:"release"`
	Upstreams  []string `json:"upstreams"`
	Away       bool     `json:"away,omitempty"` // there are none, on purpose
	Generation uint64   `json:"generation"`     // at which it was decided
}

// A CommitRequest points a route at a staged release.
type CommitRequest struct {
	ServiceID
	Release    string `json:"release"`
	Generation uint64 `json:"generation"` // at which it was decided
	By         string `json:"by"`
	Reason     string `json:"reason,omitempty"`
}

// A RestoreRequest takes a commit back, whether or not it arrived.
type RestoreRequest struct {
	ServiceID
	Release    string `json:"release"`    // what is to be active again; empty: nothing
	Generation uint64 `json:"generation"` // that the commit named
	By         string `json:"by"`         // as in the commit
	Reason     string `json:"reason,omitempty"`
}

// An OverrideRequest points a route at a release that a person chose.
type OverrideRequest struct {
	ServiceID
	Release string `json:"release"` // empty: the previous one
	By      string `json:"by"`      // "operator:NAME"
	Reason  string `json:"reason"`
}

// An UnstageRequest makes an edge forget a release.
type UnstageRequest struct {
	ServiceID
	Release string `json:"release"`
}

// Stage adds or repeats a target. A target that is active or was amended may be
// repeated but not changed: Amend does that. Stage does not change the
// generation.
func (t Table) Stage(req StageRequest) (RouteState, error) {
	if err := req.validate(); err != nil {
		return RouteState{}, err
	}
	r, ok := t[req.Key()]
	if !ok {
		r = RouteState{ServiceID: req.ServiceID, Route: req.Route}
	}
	if r.Generation != req.Generation {
		return r, conflict("stage", req.Release, r, req.Generation)
	}
	if other, taken := t.claimed(req.Route, req.ServiceID); taken {
		return r, Errorf(CodeConflict, "stage %s: route %s is held by %s", req.Release, req.Route, other)
	}
	if have, ok := r.Targets[req.Release]; ok {
		switch {
		case have.Route == req.Route && slices.Equal(have.Upstreams, req.Upstreams):
			return r, nil
		case r.Active == req.Release:
			return r, Errorf(CodeConflict, "stage %s: it is active with another route or other upstreams", req.Release)
		case have.Revision > 0: // this request may have been under way since before that
			return r, Errorf(CodeConflict, "stage %s: its upstreams were amended since, to revision %d: amend them again", req.Release, have.Revision)
		}
	}
	r.Targets = maps.Clone(r.Targets)
	if r.Targets == nil {
		r.Targets = map[string]Target{}
	}
	r.Targets[req.Release] = Target{Route: req.Route, Upstreams: slices.Clone(req.Upstreams)}
	if r.Active == "" { // what serves nobody may move; a live route moves when its release is committed
		r.Route = req.Route
	}
	t[req.Key()] = r
	return r, nil
}

// Commit makes a staged release active and adds one to the generation. A
// repeated commit succeeds and changes nothing.
func (t Table) Commit(req CommitRequest, now time.Time) (RouteState, error) {
	r, ok := t[req.Key()]
	if !ok {
		return RouteState{}, Errorf(CodeNotFound, "commit %s: the edge has no route of %s", req.Release, req.ServiceID)
	}
	if r.Active == req.Release && r.Generation == req.Generation+1 && r.By == req.By {
		return r, nil
	}
	if r.Generation != req.Generation {
		return r, conflict("commit", req.Release, r, req.Generation)
	}
	if _, staged := r.Targets[req.Release]; !staged {
		return r, Errorf(CodeConflict, "commit %s: it is not staged", req.Release)
	}
	r.activate(req.Release)
	r.Generation, r.By, r.Reason, r.ChangedAt = req.Generation+1, req.By, req.Reason, now
	t[req.Key()] = r
	return r, nil
}

// Restore makes req.Release active again after a commit at req.Generation that
// may or may not have arrived, and moves the generation two past it: a commit
// that is still under way somewhere is refused when it arrives. A repeated
// restore succeeds and changes nothing. Where somebody else has written a
// later generation, the restore is refused, with that state.
func (t Table) Restore(req RestoreRequest, now time.Time) (RouteState, error) {
	r, ok := t[req.Key()]
	if !ok {
		if req.Release == "" { // nothing was there and nothing is to be
			return RouteState{ServiceID: req.ServiceID}, nil
		}
		return RouteState{}, Errorf(CodeNotFound, "restore %s: the edge has no route of %s", req.Release, req.ServiceID)
	}
	if r.Active == req.Release && r.Generation == req.Generation+2 && r.By == req.By {
		return r, nil
	}
	ours := r.Generation == req.Generation || r.Generation == req.Generation+1 && r.By == req.By
	if !ours {
		return r, conflict("restore", req.Release, r, req.Generation)
	}
	if _, staged := r.Targets[req.Release]; !staged && req.Release != "" {
		return r, Errorf(CodeConflict, "restore %s: the edge does not know it any more", req.Release)
	}
	r.activate(req.Release)
	r.Generation, r.By, r.Reason, r.ChangedAt = req.Generation+2, req.By, req.Reason, now
	t[req.Key()] = r
	return r, nil
}

// Override is the way back on the edge itself: it points the route at a
// release that the edge still knows (empty: at the previous one), whatever the
// generation. By names the person. A repeated override that names its release
// succeeds and changes nothing; one that means "the previous" goes there and
// back again.
func (t Table) Override(req OverrideRequest, now time.Time) (RouteState, error) {
	if !strings.HasPrefix(req.By, "operator:") || req.Reason == "" {
		return RouteState{}, Errorf(CodeInvalid, "override of %s: say who, as operator:NAME, and why", req.ServiceID)
	}
	r, ok := t[req.Key()]
	if !ok {
		return RouteState{}, Errorf(CodeNotFound, "the edge has no route of %s", req.ServiceID)
	}
	release := req.Release
	if release == "" {
		release = r.Previous
	}
	if _, staged := r.Targets[release]; !staged {
		known := slices.Sorted(maps.Keys(r.Targets))
		return r, Errorf(CodeConflict, "%s cannot go back to %q: the edge knows only %q, and %q is active", req.ServiceID, release, known, r.Active)
	}
	if r.Active == release && r.By == req.By && r.Reason == req.Reason {
		return r, nil
	}
	r.activate(release)
	// Two past the last one: a commit of Slipway's that names the last one, or
	// that is being repeated, no longer fits.
	r.Generation, r.By, r.Reason, r.ChangedAt = r.Generation+2, req.By, req.Reason, now
	t[req.Key()] = r
	return r, nil
}

// Unstage forgets a target. What is active cannot be forgotten. Forgetting
// what is not there succeeds.
func (t Table) Unstage(id ServiceID, release string) (RouteState, error) {
	r, ok := t[id.Key()]
	if !ok {
		return RouteState{ServiceID: id}, nil
	}
	if r.Active == release {
		return r, Errorf(CodeConflict, "unstage %s: it is active", release)
	}
	r.Targets = maps.Clone(r.Targets)
	delete(r.Targets, release)
	if r.Previous == release {
		r.Previous = ""
	}
	t[id.Key()] = r
	return r, nil
}

// Remove takes the whole route away, if it is still at the generation.
// Removing what is not there succeeds.
func (t Table) Remove(id ServiceID, generation uint64) error {
	r, ok := t[id.Key()]
	if !ok {
		return nil
	}
	if r.Generation != generation {
		return conflict("remove", id.String(), r, generation)
	}
	delete(t, id.Key())
	return nil
}

// activate points the route at a release that is among the targets, or at
// nothing.
func (r *RouteState) activate(release string) {
	if r.Active == release {
		return
	}
	r.Previous, r.Active = r.Active, release
	if target, ok := r.Targets[release]; ok {
		r.Route = target.Route
	}
}

// claimed finds another service that holds the same host and path, now or for
// when one of its releases is committed or restored.
func (t Table) claimed(route Route, by ServiceID) (ServiceID, bool) {
	route = route.Canonical()
	for _, r := range t {
		if r.ServiceID == by {
			continue
		}
		if r.Route.Canonical() == route {
			return r.ServiceID, true
		}
		for _, target := range r.Targets {
			if target.Route.Canonical() == route {
				return r.ServiceID, true
			}
		}
	}
	return ServiceID{}, false
}

// Canonical is the form in which two routes that mean the same are equal: host
// in lower case, path without a slash at its end unless it is "/".
func (r Route) Canonical() Route {
	path := strings.TrimRight(r.Path, "/")
	if path == "" {
		path = "/"
	}
	return Route{Host: strings.ToLower(r.Host), Path: path}
}

// validate refuses what no request could be routed by.
func (req StageRequest) validate() error {
	if !ValidName(req.Project) || !ValidName(req.Service) {
		return Errorf(CodeInvalid, "stage %s: %q is not a service", req.Release, req.ServiceID)
	}
	if id, err := ParseReleaseID(req.Release); err != nil || id.ServiceID != req.ServiceID {
		return Errorf(CodeInvalid, "stage %q: it is not a release of %s, such as %s.17", req.Release, req.ServiceID, req.Key())
	}
	if req.Route.Host == "" || !strings.HasPrefix(req.Route.Path, "/") {
		return Errorf(CodeInvalid, "stage %s: route is %q: it needs a host name, and a path that begins with /", req.Release, req.Route)
	}
	return validUpstreams("stage", req.Release, req.Upstreams, req.Away)
}

func validUpstreams(verb, release string, upstreams []string, away bool) error {
	if away != (len(upstreams) == 0) {
		return Errorf(CodeInvalid, "%s %s: %d upstreams, and away is %t: it needs upstreams, or to be said to be away", verb, release, len(upstreams), away)
	}
	seen := map[string]bool{}
	for _, upstream := range upstreams {
		host, port, err := net.SplitHostPort(upstream)
		if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || host == "" || n == 0 {
			return Errorf(CodeInvalid, "%s %s: upstream is %q: write host:port", verb, release, upstream)
		}
		if seen[upstream] {
			return Errorf(CodeInvalid, "%s %s: upstream %s is there twice: name each container once", verb, release, upstream)
		}
		seen[upstream] = true
	}
	return nil
}

func conflict(verb, release string, r RouteState, generation uint64) error {
	return Errorf(CodeConflict, "%s %q: decided at generation %d, but the edge is at %d, written by %q: %q is active",
		verb, release, generation, r.Generation, r.By, r.Active)
}
