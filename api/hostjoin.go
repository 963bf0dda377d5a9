package api

import (
	"context"
	"slices"

	"slipway"
)

type joinInput struct {
	HostPath
	Idempotency
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"1000"`
	}
}

type hostJoinOutput struct{ Body slipway.HostJoin }

type removeHostInput struct {
	HostPath
	Idempotency
	Reason string `query:"reason" required:"true" minLength:"1" maxLength:"1000"`
	Gone   bool   `query:"gone" doc:"neither the host nor its edges answer any more, or ever will: nothing is asked of them"`
}

func (s *server) hostJoin(ctx context.Context, in *HostPath) (*hostJoinOutput, error) {
	if err := s.known(in.Host); err != nil {
		return nil, err
	}
	joins, err := s.joins(ctx, in.Host, func(slipway.ServiceStatus, slipway.Plan) error { return nil })
	return &hostJoinOutput{joins}, err
}

// join has a host join every service that is live and meant to be there. Where
// it is part of one already, there is nothing to ask.
func (s *server) join(ctx context.Context, in *joinInput) (*hostJoinOutput, error) {
	if err := s.known(in.Host); err != nil {
		return nil, err
	}
	cordons, err := s.Releases.Cordons(ctx)
	if err != nil {
		return nil, err
	}
	if cordon, ok := cordons.Of(in.Host); ok {
		return nil, slipway.Errorf(slipway.CodeConflict, "host %s is %s: uncordon it first (slipway host uncordon %s)", in.Host, cordon, in.Host)
	}
	by, key := requestOf(ctx).session.User, in.key(ctx)
	joins, err := s.joins(ctx, in.Host, func(status slipway.ServiceStatus, plan slipway.Plan) error {
		joining := slipway.Joining{Host: in.Host, Release: status.Live.Release, Plan: plan, By: by, Reason: in.Body.Reason}
		if err := s.signJoining(*status.Live, &joining); err != nil {
			return err
		}
		return s.Releases.Join(ctx, status.ServiceID, joining, key)
	})
	return &hostJoinOutput{joins}, err
}

// joins says how far a host is part of each service, and asks those that nobody
// has asked. One that refuses does not keep the others.
func (s *server) joins(ctx context.Context, host string, ask func(slipway.ServiceStatus, slipway.Plan) error) (slipway.HostJoin, error) {
	all := slipway.HostJoin{Services: []slipway.Joined{}}
	fleet, _, err := s.fleet(ctx)
	if err != nil {
		return all, err
	}
	services, err := s.Releases.Services(ctx, "")
	if err != nil {
		return all, err
	}
	for _, status := range services {
		joined, ok := status.Joins(host, fleet)
		if !ok {
			continue
		}
		if joined.State == slipway.JoinUnasked {
			plan, err := slipway.NewPlan(fleet, status.Live.Service)
			if err == nil {
				err = ask(status, plan)
			}
			if err != nil {
				joined.State, joined.Reason = slipway.JoinRefused, err.Error()
			}
		}
		all.Services = append(all.Services, joined)
	}
	return all, nil
}

// signJoining signs that what is live may be on a host, too: what was ordered and
// approved once, as it was.
func (s *server) signJoining(live slipway.Version, j *slipway.Joining) error {
	if err := s.proven(live); err != nil {
		return err
	}
	_, news := live.Join(j.Plan, j.Host, "", s.Now())
	seal, err := s.Signatures.Proof(live.Warrant.Order, &slipway.OrderStatement{})
	if err != nil {
		return err
	}
	j.Signature, err = s.Signatures.Seal(slipway.JoinStatement{
		Order: seal.ID, Hosts: news.Hosts, Edges: news.Edges, By: j.By, Reason: j.Reason,
	}, slipway.RequestLasts)
	return err
}

// removeHost takes hosts, too, that have left the fleet already: only as gone,
// because nobody knows any more how to reach them.
func (s *server) removeHost(ctx context.Context, in *removeHostInput) (*struct{}, error) {
	if err := s.known(in.Host); err != nil && !in.Gone {
		return nil, slipway.Errorf(slipway.CodeNotFound, "there is no host %s in the fleet: put it back into the file until it is removed, or give it up as gone", in.Host)
	}
	services, err := s.Releases.Services(ctx, "")
	if err != nil {
		return nil, err
	}
	var edges []string
	for _, status := range services {
		if status.Live != nil {
			edges = append(edges, status.Live.Plan.EdgesOf(in.Host)...)
		}
	}
	slices.Sort(edges)
	cordon := slipway.Cordon{Host: in.Host, By: requestOf(ctx).session.User, Reason: in.Reason, Drain: true, Remove: true, Gone: in.Gone}
	cordon.Signature, err = s.Signatures.Seal(slipway.RequestStatement{
		Act: slipway.ActRemoveHost, Host: in.Host, Edges: slices.Compact(edges), By: cordon.By, Reason: cordon.Reason,
	}, slipway.RequestLasts)
	if err != nil {
		return nil, err
	}
	return nil, s.Releases.RemoveHost(ctx, cordon, in.key(ctx))
}
