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

// A Revival is a version whose containers were stopped, and are to run again.
type Revival struct {
	Containers []Stopped        `json:"containers"`
	Grace      slipway.Duration `json:"grace"`
	Last       bool             `json:"last,omitempty"`    // only when what it gave way to is gone
	Green      string           `json:"green,omitempty"`   // the release that it was to give way to
	Warrant    *slipway.Warrant `json:"warrant,omitempty"` // of that one's release
}

// Stopped is a container that was told to stop.
type Stopped struct {
	Container
	Doubtful bool `json:"doubtful,omitempty"` // it has not said that it did, and may still do so
}

// revivalOf is how a version comes back from giving way to a service's next one.
func revivalOf(next slipway.Service, version *slipway.Version) *Revival {
	if version == nil || !next.StopsBlue() {
		return nil
	}
	revival := &Revival{Grace: version.Service.Container.StopGracePeriod, Last: next.Strategy.BlueGreen.StopFirst}
	for i, h := range version.Plan.Hosts {
		if version.Hosts[i].Phase == slipway.HostQuarantined {
			continue // it never was there
		}
		for _, at := range version.Hosts[i].Containers() {
			revival.Containers = append(revival.Containers, Stopped{Container: Container{Host: h, Name: at.Container}})
		}
	}
	return revival
}

// bringBack starts blue again, beside green or in its place. It fails when a
// host has not said by the deadline that blue runs; then green is left as it
// is, and a Cleanup goes on: blue is what the next release begins with all the
// same, because it is what will run. Where a newer release has stopped green itself,
// there is nothing to bring back, and a halt says so.
func (r *release) bringBack(ctx workflow.Context) error {
	if r.overtaken != "" {
		return &halt{outcome: slipway.Live, reason: "a newer release, " + r.overtaken + ", has taken its place"}
	}
	begun := workflow.Now(ctx)
	defer func() { r.report(ctx, r.blue) }()
	if r.service.Strategy.BlueGreen.StopFirst {
		r.dismantle(ctx, r.green())
		if r.cleared = r.remains.Empty(); !r.cleared {
			r.revive = r.stops
			return refusal(slipway.CodeUnavailable, "green may still run: it could not be removed; %s is started when it is gone: look at it now", orNothing(r.state.Blue))
		}
	}
	if r.stops == nil { // there was no blue
		return nil
	}
	if err := revive(ctx, r.in.ID.ServiceID, *r.stops, 0, func(o workflow.ActivityOptions) workflow.ActivityOptions { return o }); err != nil {
		r.revive = r.stops
		return err
	}
	took := workflow.Now(ctx).Sub(begun)
	workflow.GetMetricsHandler(ctx).Timer("slipway_restore_latency").Record(took)
	r.state.Reason += fmt.Sprintf(" (%s runs again after %s%s)", r.state.Blue, took.Round(time.Millisecond), r.proveBlue(ctx))
	r.tellOvertaken(ctx, true)
	return nil
}

// revive starts containers again on all their hosts, and waits for each. Those
// that a release numbered before, or a later one, has replaced stay as they are.
func revive(ctx workflow.Context, service slipway.ServiceID, what Revival, before int, adjust func(workflow.ActivityOptions) workflow.ActivityOptions) error {
	problems := make([]string, len(what.Containers))
	_ = each(ctx, len(what.Containers), func(ctx workflow.Context, i int) error { // all of them, even if one fails
		c := what.Containers[i]
		_, err := call(ctx, on(c.Host, adjust(reviving(slipway.DoesRevive(c.Name, c.Host.Name), what.Grace))), host.ReviveContainer, activities.ReviveInput{
			Host: c.Host.Name, Service: service, Container: c.Name, Before: before, Doubtful: c.Doubtful, Grace: what.Grace, Green: what.Green, Warrant: what.Warrant,
		})
		if err != nil {
			problems[i] = fmt.Sprintf("host %s has not said that %s runs again (%s): look at it now, docker start %s there goes back; ", c.Host.Name, c.Name, message(err), c.Name)
		}
		return nil
	})
	if text := strings.TrimSuffix(strings.Join(problems, ""), "; "); text != "" {
		return refusal(slipway.CodeUnavailable, "%s", text)
	}
	return nil
}

// proveBlue says in what way blue is not well, now that it runs again. Green
// goes all the same: it was given up for a reason.
func (r *release) proveBlue(ctx workflow.Context) string {
	text := ""
	_ = each(ctx, len(r.stops.Containers), func(ctx workflow.Context, i int) error {
		c := r.stops.Containers[i]
		all := r.blue.Hosts[slices.IndexFunc(r.blue.Hosts, func(h slipway.ReleaseHost) bool { return h.Name == c.Host.Name })].Containers()
		at := all[slices.IndexFunc(all, func(one slipway.ReleaseHost) bool { return one.Container == c.Name })]
		in := proofOf(c.Host, at, r.blue.Service)
		_, err := call(ctx, on(c.Host, starting("prove "+in.Container+" on "+in.Host, in.Deadline)), host.ProbeGreen, in)
		if err != nil {
			text += "; but " + message(err)
		}
		return nil
	})
	return text
}
