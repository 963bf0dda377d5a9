package workflows

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// mayAdopt refuses to adopt a container for a service that has one already.
func (l *lane) mayAdopt(ctx workflow.Context, in SubmitInput) error {
	switch {
	case in.Order.Service.ServiceID != l.service || in.Order.Adopt == nil:
		return refusal(slipway.CodeInvalid, "the order adopts nothing for %s", l.service)
	case in.Order.RequestedBy == "":
		return refusal(slipway.CodeInvalid, "an order says who asks for it")
	case l.answered(ctx, in.Key) != nil:
		return nil
	case l.removing() != "":
		return l.beingRemoved("adopt when that has ended")
	case l.Lock != nil:
		return refusal(slipway.CodeConflict, "%s is %s: unlock it first", l.service, l.Lock)
	case l.Live != nil:
		return refusal(slipway.CodeConflict, "%s is live already: %s serves. Adopt is for what Slipway does not serve yet: release over it, or remove it first",
			l.service, l.Live.Release)
	case l.Running != 0:
		return refusal(slipway.CodeConflict, "%s is on its way already: wait for its end, or abort it", l.id(l.Running))
	case len(l.Queue) > 0:
		return refusal(slipway.CodeConflict, "%s waits in the queue: abort it first", l.Queue[0].ID)
	}
	return nil
}

// adopt puts the adoption into the queue. It has a number of its own, because it
// may be refused and tried again; what it brings live is always release 0.
func (l *lane) adopt(ctx workflow.Context, in SubmitInput) (SubmitResult, error) {
	if before := l.answered(ctx, in.Key); before != nil {
		return SubmitResult{Release: before.Release}, nil
	}
	l.heed(ctx, in.Cordons)
	l.heedLine(ctx, in.Line)
	queued := l.enqueue(ctx, in.Order, in.Key)
	l.Queue = append(l.Queue, queued)
	l.details(ctx)
	return SubmitResult{Release: queued.ID}, nil
}

// brings is the release that an order brings live.
func brings(id slipway.ReleaseID, order slipway.Order) string {
	if order.Kind == slipway.KindAdopt {
		id.Number = 0
	}
	return id.String()
}

// unretired is an adoption whose container is not to be touched: what was never
// replaced is not retired.
func unretired(a *slipway.Adoption) *slipway.Adoption {
	if a == nil {
		return nil
	}
	kept := *a
	kept.Retire = false
	return &kept
}

// forgetAdopted drops what was adopted from the versions to go back to, once it
// is not held any more: how it was started is not known, so it cannot be started
// again.
func (l *lane) forgetAdopted() {
	if l.Running == 0 && l.Held == 0 {
		l.Good = slices.DeleteFunc(l.Good, func(v slipway.Version) bool { return v.Adopted != nil })
	}
}

// adopted shows a release 0, which has no workflow of its own.
func (l *lane) adopted(id slipway.ReleaseID) (slipway.Release, bool) {
	versions := slices.Clone(l.Good)
	if l.Live != nil {
		versions = append(versions, *l.Live)
	}
	for _, v := range versions {
		if v.Release != id.String() || v.Adopted == nil {
			continue
		}
		order := slipway.Order{Service: v.Service, Tag: v.Tag, Kind: slipway.KindAdopt, RequestedBy: v.Adopted.By, Plan: v.Plan}
		state := Started(ReleaseInput{ID: id, Order: order, Submitted: v.Since})
		live := slipway.Live
		state.Phase, state.Outcome, state.Digest, state.Settings = slipway.Ended, &live, v.Digest, ""
		state.Hosts, state.Gates, state.SwitchedAt, state.EndedAt = v.Hosts, []slipway.GateState{}, &v.Since, &v.Since
		return state, true
	}
	return slipway.Release{}, false
}

// adopt puts a container that serves already behind the edges as release 0, and
// changes nothing about it: it is looked at, proven where the edges would reach
// it, staged and committed.
func (r *release) adopt(ctx workflow.Context) error {
	adoption := *r.in.Order.Adopt
	r.adopted = &adoption
	adoption.By = r.in.Order.RequestedBy
	h := r.plan.Hosts[0]
	r.state.Hosts[0].Container, r.state.Gates = adoption.Container, []slipway.GateState{}
	r.phase(ctx, slipway.Verifying)
	var found slipway.Found
	looks := []func(workflow.Context) error{r.readRoutes, func(ctx workflow.Context) (err error) {
		found, err = call(ctx, on(h, asking(slipway.DoesFind(adoption.Container, h.Name))), host.FindContainer, activities.FindInput{
			Host: h.Name, Container: adoption.Container, Release: brings(r.in.ID, r.in.Order), Warrant: r.warrant(),
		})
		return err
	}}
	if err := each(ctx, len(looks), func(ctx workflow.Context, i int) error { return looks[i](ctx) }); err != nil {
		return err
	}
	if err := found.Adoptable(h.Name); err != nil {
		return activities.Failure(err)
	}
	for i, route := range r.routes {
		if route.Active != "" {
			return refusal(slipway.CodeConflict, "edge %s serves %s for %s already: remove that first", r.plan.Edges[i].Name, route.Active, r.in.ID.ServiceID)
		}
	}
	reach := make([]string, len(r.plan.Edges))
	for i, e := range r.plan.Edges {
		var err error
		if reach[i], err = found.Reach(e, h, r.service.Container.Port); err != nil {
			return activities.Failure(err)
		}
	}
	adoption.ID, adoption.Upstream = found.ID, reach[0]
	r.reach = reach
	r.image = slipway.Image{Repository: r.service.Image, Tag: found.Tag, Digest: found.Digest(r.service.Image)}
	r.state.Tag, r.state.Digest, r.state.Settings = found.Tag, r.image.Digest, ""
	r.state.Hosts[0].Image, r.state.Hosts[0].Signature = found.Image, found.Signature
	if err := r.standStill(ctx); err != nil {
		return err
	}
	r.phase(ctx, slipway.Probing)
	if err := r.proveAdopted(ctx, found); err != nil {
		return err
	}
	r.state.Hosts[0].Phase = slipway.HostReady
	r.undo.push("forget it", func(ctx workflow.Context) error {
		r.dismantle(ctx, r.green())
		return nil
	})
	if err := r.switchTraffic(ctx); err != nil {
		return err
	}
	version := r.version(ctx)
	version.Release, version.Adopted = brings(r.in.ID, r.in.Order), r.adopted
	r.report(ctx, version)
	return nil
}

// proveAdopted asks the container for its health wherever an edge would reach
// it. It runs already, so it gets no time to start.
func (r *release) proveAdopted(ctx workflow.Context, found slipway.Found) error {
	check := r.service.Healthcheck
	check.StartPeriod = 0
	deadline := slipway.Duration(10*check.Interval.Std() + 10*check.Timeout.Std() + time.Second)
	h := r.plan.Hosts[0]
	distinct := slices.Compact(slices.Sorted(slices.Values(r.reach)))
	return each(ctx, len(distinct), func(ctx workflow.Context, i int) error {
		_, err := call(ctx, on(h, starting(slipway.DoesProveAt(distinct[i], h.Name), deadline)), host.ProbeGreen, activities.ProbeInput{
			Host: h.Name, Container: found.Name, Address: distinct[i], Check: check, Deadline: deadline,
		})
		if err == nil || ctx.Err() != nil || unanswered(err) {
			return err
		}
		exposed := strings.Trim(fmt.Sprint(found.Exposed), "[]")
		if exposed == "" {
			exposed = "none"
		}
		return refusal(slipway.CodeInvalid, "container %s on host %s does not pass the health check of the service file at http://%s%s, so nothing was changed: see that container.port is right (it is %d; ports that the image exposes: %s), and healthcheck.path. %s",
			found.Name, h.Name, distinct[i], check.Path, r.service.Container.Port, exposed, message(err))
	})
}
