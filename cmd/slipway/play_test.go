package main

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"slipway"
)

// began is when every release of the fakeServer began.
var began = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// A step is what changes from one state of a release to the next.
type step func(*slipway.Release)

// stage is the play that a tag asks for.
func (s *fakeServer) stage(id slipway.ReleaseID, tag, reason string) *play {
	p := &play{after: map[int]func(){}}
	p.states = []slipway.Release{{
		ID: id.String(), Project: id.Project, Service: id.Service, Tag: tag, Kind: slipway.KindRelease, Phase: slipway.Queued,
		Reason: reason, RequestedBy: "ann", StartedAt: began, Blue: "search.query-api.1",
		Hosts: []slipway.ReleaseHost{{Name: "h1", Phase: slipway.HostPending, Container: id.String()}},
		Edges: []slipway.ReleaseEdge{{Name: "e1", Active: "search.query-api.1"}},
		Gates: []slipway.GateState{},
	}}
	up := []step{verifying, pulling, probing}
	switch tag {
	case "nohold":
		p.then(append(up, switched, ended(slipway.Live, ""))...)
	case "same":
		p.then(ended(slipway.Live, "exactly this serves already"))
	case "broken":
		p.then(append(up, undoing, ended(slipway.RolledBack, "search.query-api.2 ended on h1 with exit status 1; its last words:\npanic: no \x1b[31mdatabase\x1b[0m\ngoroutine 1 [running]:"))...)
	case "missing":
		p.then(verifying, ended(slipway.Refused, "there is no search/query-api:missing in registry internal"))
	case "stuck":
		p.then(append(up, undoing, ended(slipway.Failed, "edge e1 has not acknowledged; it serves search.query-api.2"))...)
	case "migrated":
		p.then(append(up, stuck)...)
	case "overtaken":
		p.then(ended(slipway.Superseded, "search.query-api.3 took its place"))
	case "gated":
		p.then(append(up, gate(slipway.GateOpen))...)
	case "adopted":
		p.states[0].Hosts[0].Container = reason // the name that was sent
		p.then(func(r *slipway.Release) { r.Kind, r.Phase = slipway.KindAdopt, slipway.Probing }, switched, ended(slipway.Live, ""))
	case "removed":
		p.then(removing, ended(slipway.Removed, "removed by ann: "+reason))
	case "slow":
	case "restart":
		p.then(append(up, holding)...)
		p.after[2] = func() { s.leave(3) }
	case "gone":
		p.then(append(up, holding)...)
		p.after[1] = func() { s.leave(1 << 30) }
	case "blind":
		p.blind = true
		p.then(append(up, holding)...)
	default:
		p.then(append(up, holding)...)
	}
	return p
}

func (p *play) now() slipway.Release { return p.states[p.at] }

// then adds states, and moves on to the first of them if there was nothing to
// move on to.
func (p *play) then(steps ...step) {
	for _, step := range steps {
		next := p.states[len(p.states)-1]
		next.Hosts, next.Edges, next.Gates = slices.Clone(next.Hosts), slices.Clone(next.Edges), slices.Clone(next.Gates)
		step(&next)
		p.states = append(p.states, next)
	}
	if p.seen != "" && p.at+len(steps) == len(p.states)-1 {
		p.at++
	}
}

func verifying(r *slipway.Release) { r.Phase, r.Digest = slipway.Verifying, digest }

func pulling(r *slipway.Release) {
	r.Phase = slipway.Deploying
	r.Hosts[0].Phase, r.Hosts[0].Progress = slipway.HostPulling, "12.0 of 40.1 MB"
}

func probing(r *slipway.Release) {
	r.Phase = slipway.Probing
	r.Hosts[0].Phase, r.Hosts[0].Progress, r.Hosts[0].Image = slipway.HostStarted, "", digest
}

func switched(r *slipway.Release) {
	at := began.Add(1234 * time.Millisecond)
	r.Phase, r.SwitchedAt = slipway.Switching, &at
	r.Hosts[0].Phase, r.Edges[0].Active = slipway.HostServing, r.ID
}

func holding(r *slipway.Release) {
	switched(r)
	until := began.Add(10 * time.Minute)
	r.Phase, r.HoldUntil, r.RollbackReady = slipway.Holding, &until, true
}

func stuck(r *slipway.Release) {
	r.Phase, r.Reason = slipway.Stuck, "no such table; serving: search.query-api.1; slipway accept goes on, slipway abort goes back"
	r.Stuck = &slipway.StuckState{During: slipway.Probing, Reason: "no such table", Serving: r.Blue, Since: began}
}

func undoing(r *slipway.Release) {
	r.Phase, r.HoldUntil, r.RollbackReady = slipway.Undoing, nil, false
	r.Hosts[0].Phase, r.Edges[0].Active = slipway.HostRemoved, r.Blue
}

func removing(r *slipway.Release) { r.Kind, r.Phase = slipway.KindRemove, slipway.Removing }

func gate(state string) step {
	return func(r *slipway.Release) {
		r.Phase = slipway.AwaitingApproval
		r.Gates = []slipway.GateState{{
			Gate:  slipway.Gate{Name: "go", Before: slipway.BeforeSwitch, Approvers: slipway.Approvers{Role: slipway.Approver, Quorum: 1}},
			State: state,
		}}
	}
}

func ended(outcome slipway.Outcome, reason string) step {
	return func(r *slipway.Release) {
		at := began.Add(2 * time.Second)
		r.Phase, r.Outcome, r.Reason, r.EndedAt = slipway.Ended, &outcome, reason, &at
		r.HoldUntil, r.RollbackReady = nil, false
	}
}

// contextDone wakes up who waits on cond when the client of r has gone.
func contextDone(r *http.Request, cond *sync.Cond) (stop func() bool) {
	return context.AfterFunc(r.Context(), func() {
		cond.L.Lock()
		defer cond.L.Unlock()
		cond.Broadcast()
	})
}
