package starter

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"slipway"
	"slipway/workflows"
)

var theCordons = entity{
	id: workflows.CordonsID, kind: workflows.CordonsType, begin: workflows.CordonsInput{},
	about: "cordoned hosts", summary: "which hosts are to be left alone",
}

// Cordons says which hosts are cordoned. It needs no worker.
func (c *Client) Cordons(ctx context.Context) (cordons slipway.Cordons, err error) {
	err = c.known(ctx, theCordons, workflows.CordonsMemo, &cordons)
	return cordons, err
}

// Cordon keeps new releases off a host; what runs there goes on. Errors:
// CodeConflict when it is cordoned by somebody else, or for another reason.
func (c *Client) Cordon(ctx context.Context, host, by, reason, key string) error {
	return c.tell(ctx, theCordons, workflows.Cordon, key, slipway.Cordon{Host: host, By: by, Reason: reason}, nil)
}

// Drain cordons a host and has every service leave it, each at its own turn:
// see HostCare. It does nothing at all, with an error of CodeConflict that names
// every service and what to do, while one of them may not leave.
func (c *Client) Drain(ctx context.Context, host, by, reason, key string) error {
	care, err := c.HostCare(ctx, host)
	if err != nil {
		return err
	}
	want := slipway.Cordon{Host: host, By: by, Reason: reason, Drain: true}
	if have := care.Cordon; have != nil && have.Drain && have.By == by && have.Reason == reason {
		return c.tell(ctx, theCordons, workflows.Cordon, key, want, nil) // it is under way
	}
	var stuck []string
	for _, r := range care.Left {
		if r.Stuck != "" {
			stuck = append(stuck, fmt.Sprintf("%s: %s", r.Service, r.Stuck))
		}
	}
	if len(stuck) > 0 {
		return slipway.Errorf(slipway.CodeConflict, "host %s cannot be drained now, and nothing was done: %s", host, strings.Join(stuck, "; "))
	}
	return c.tell(ctx, theCordons, workflows.Cordon, key, want, nil)
}

// RemoveHost takes a host out for good, as it is asked for with a cordon: every
// service leaves it, each at its own turn, and forgets it and the edges that go
// with it: see HostCare. It does nothing at all, with an error of CodeConflict
// that names every service and what to do, while one of them may not.
func (c *Client) RemoveHost(ctx context.Context, want slipway.Cordon, key string) error {
	cordons, err := c.Cordons(ctx)
	if err != nil {
		return err
	}
	if have, ok := cordons.Of(want.Host); !ok || !have.Remove { // otherwise it is under way
		services, err := c.Services(ctx, "")
		if err != nil {
			return err
		}
		var stuck []string
		for _, s := range services {
			concerned := s.Live.Knows(want.Host) || s.Running != "" && c.comesTo(ctx, s.Running, want.Host)
			if err := s.MayForget(want.Host); err != nil && concerned {
				stuck = append(stuck, fmt.Sprintf("%s: %s", s.ServiceID, err))
			}
		}
		if len(stuck) > 0 {
			return slipway.Errorf(slipway.CodeConflict, "host %s cannot be removed now, and nothing was done: %s", want.Host, strings.Join(stuck, "; "))
		}
	}
	return c.tell(ctx, theCordons, workflows.Cordon, key, want, nil)
}

// Join has a host join what is live of a service. It is done when nothing of the
// service is on its way or held. Errors: CodeNotFound where nothing is live.
func (c *Client) Join(ctx context.Context, service slipway.ServiceID, joining slipway.Joining, key string) error {
	cordons, err := c.Cordons(ctx)
	if err != nil {
		return err
	}
	return c.tellLane(ctx, service, workflows.Join, key, workflows.JoinInput{Joining: joining, Cordons: cordons}, nil)
}

// Uncordon lets releases use a host again. Each service is brought up to date
// there before it serves; until then the host is behind. Errors: CodeConflict
// when it is not cordoned.
func (c *Client) Uncordon(ctx context.Context, host, by, reason, key string) error {
	return c.tell(ctx, theCordons, workflows.Uncordon, key, workflows.UncordonInput{
		Host: host, Request: workflows.Request{By: by, Reason: reason},
	}, nil)
}

// HostCare says whether a host is cordoned and what still runs there, as the
// lanes know.
func (c *Client) HostCare(ctx context.Context, host string) (slipway.HostCare, error) {
	cordons, err := c.Cordons(ctx)
	if err != nil {
		return slipway.HostCare{}, err
	}
	services, err := c.Services(ctx, "")
	if err != nil {
		return slipway.HostCare{}, err
	}
	care := slipway.HostCare{Left: []slipway.Remaining{}}
	if cordon, ok := cordons.Of(host); ok {
		cordon.Signature = ""
		care.Cordon = &cordon
	}
	removed := care.Cordon != nil && care.Cordon.Remove
	for _, s := range services {
		release := ""
		if s.RunsOn(host) || removed && s.Live.Knows(host) {
			release = s.Live.Release
		}
		if s.Running != "" && release == "" && c.comesTo(ctx, s.Running, host) {
			release = s.Running
		}
		err := s.MayLeave(host)
		if removed {
			err = s.MayForget(host)
		}
		if release == "" && (err == nil || s.Running != "") {
			continue
		}
		left := slipway.Remaining{Service: s.ServiceID, Release: release}
		if err != nil {
			left.Stuck = err.Error()
		}
		for _, b := range s.Behind {
			concerns := b.Host == host || removed && slices.Contains(s.Live.Plan.EdgesOf(host), b.Edge)
			if err == nil && concerns && care.Cordon != nil && b.Error != care.Cordon.String() {
				left.Stuck = b.Error // how its leaving goes
			}
		}
		if left.Release == "" {
			left.Release = s.Held
		}
		care.Left = append(care.Left, left)
	}
	return care, nil
}

// comesTo reports whether a release that is on its way is for a host. One that
// cannot be asked may be.
func (c *Client) comesTo(ctx context.Context, release, host string) bool {
	id, err := slipway.ParseReleaseID(release)
	if err != nil {
		return false
	}
	running, err := c.Release(ctx, id)
	return err != nil || slices.ContainsFunc(running.Hosts, func(h slipway.ReleaseHost) bool {
		return h.Name == host && h.Phase != slipway.HostQuarantined
	})
}
