package slipway

import (
	"maps"
	"slices"
	"time"
)

// An AmendRequest says anew where the containers of a release are: on a host
// that has caught up or joined, or no longer on one that is being drained.
type AmendRequest struct {
	ServiceID
	Release   string   `json:"release"`
	Upstreams []string `json:"upstreams"`
	Away      bool     `json:"away,omitempty"` // there are none, on purpose
	Revision  uint64   `json:"revision"`       // of the target, at which it was decided
}

// Amend replaces the upstreams of a release, active or not, and adds one to its
// target's revision. It changes neither the generation nor what is active, so a
// hold, the restore at its end and an operator's override stand as they were. A
// repeated amendment succeeds and changes nothing; one that was decided at
// another revision is refused with CodeConflict, and so is one of a release
// that the edge does not know.
func (t Table) Amend(req AmendRequest) (RouteState, error) {
	if err := validUpstreams("amend", req.Release, req.Upstreams, req.Away); err != nil {
		return RouteState{}, err
	}
	r, ok := t[req.Key()]
	if !ok {
		return RouteState{}, Errorf(CodeNotFound, "amend %s: the edge has no route of %s", req.Release, req.ServiceID)
	}
	target, staged := r.Targets[req.Release]
	if !staged {
		return r, Errorf(CodeConflict, "amend %s: it is not staged", req.Release)
	}
	if target.Revision == req.Revision+1 && slices.Equal(target.Upstreams, req.Upstreams) {
		return r, nil
	}
	if target.Revision != req.Revision {
		return r, Errorf(CodeConflict, "amend %s: decided at revision %d, but the edge is at %d, with upstreams %q",
			req.Release, req.Revision, target.Revision, target.Upstreams)
	}
	target.Upstreams, target.Revision = slices.Clone(req.Upstreams), req.Revision+1
	r.Targets = maps.Clone(r.Targets)
	r.Targets[req.Release] = target
	t[req.Key()] = r
	return r, nil
}

// A DrainRequest asks how many requests are in flight for a release, when that
// is none or Timeout has passed.
type DrainRequest struct {
	ServiceID
	Release  string
	Upstream string // only those there, also after it was amended away; empty: all
	Timeout  time.Duration
}
