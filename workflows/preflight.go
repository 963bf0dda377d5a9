package workflows

import (
	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// preflight holds what the hosts said of themselves against what they should
// be. It leaves out hosts that do not fit, where their profile says so, and
// refuses a release before anything is changed.
func (r *release) preflight(ctx workflow.Context) error {
	return r.examine(ctx, r.outlook())
}

func (r *release) examine(ctx workflow.Context, outlook slipway.Outlook) error {
	r.state.Findings = outlook.Preflight(r.facts)
	if err := r.leaveOutUnfit(ctx); err != nil {
		return err
	}
	return activities.Failure(slipway.Unfit(r.state.Findings))
}

// Preflight looks at hosts as a release does before it changes anything, and
// says all that it finds. It fails only where the image is not there.
func Preflight(ctx workflow.Context, in PreflightInput) (slipway.PreflightReport, error) {
	looked := ReleaseInput{Order: slipway.Order{Kind: slipway.KindRelease}}
	if in.Order != nil {
		looked.Order = *in.Order
	}
	looked.Order.Plan = in.Plan
	if in.Live != nil {
		looked.Known = []slipway.Version{*in.Live}
	}
	r := &release{in: looked, state: Started(looked), service: looked.Order.Service, plan: in.Plan, blue: in.Live}
	r.facts = make([]slipway.HostFacts, len(in.Plan.Hosts))
	unanswered := make([]error, len(in.Plan.Hosts))
	var looks []func(workflow.Context) error
	if in.Order != nil {
		looks = append(looks, r.verifyImage)
	}
	for i := range in.Plan.Hosts {
		looks = append(looks, func(ctx workflow.Context) error {
			unanswered[i] = r.ask(ctx, i, silence)
			return nil
		})
	}
	if err := each(ctx, len(looks), func(ctx workflow.Context, i int) error { return looks[i](ctx) }); err != nil {
		return slipway.PreflightReport{}, err
	}
	var tried []slipway.Finding
	if in.Order != nil {
		tried = r.triedOut(ctx, unanswered)
	}
	return r.reported(unanswered, tried), nil
}

// reported is what was seen of the hosts.
func (r *release) reported(unanswered []error, tried []slipway.Finding) slipway.PreflightReport {
	report := slipway.PreflightReport{Hosts: []slipway.HostReport{}, Findings: []slipway.Finding{}}
	refused := func(h slipway.PlanHost, check string, err error) {
		report.Findings = append(report.Findings, slipway.Finding{Host: h.Name, Check: check, Severity: slipway.Refuse, Found: message(err)})
	}
	silent := 0
	for i, h := range r.plan.Hosts {
		if err := unanswered[i]; err != nil {
			silent++
			report.Hosts = append(report.Hosts, slipway.HostReport{Name: h.Name, Error: message(err)})
			refused(h, "answer", err)
			continue
		}
		report.Hosts = append(report.Hosts, slipway.HostReport{Name: h.Name, Facts: r.facts[i]})
		if err := r.plan.Unfit(h, r.facts[i], r.service.PerHost()); err != nil {
			refused(h, "place", activities.Failure(err))
		}
	}
	report.Findings = append(append(report.Findings, r.outlook().Preflight(r.facts)...), tried...)
	if r.service.Service != "" && silent+len(unfit(report.Findings)) > r.spare() { // of a fleet nobody knows how many may be missing
		noneSpared(report.Findings)
	}
	report.Fit = slipway.Unfit(report.Findings) == nil
	return report
}

// preflightAgain holds the hosts of the group under way, after a wait, against
// what they should be, and green there to the image that was verified. A host
// whose engine does not answer now is no reason to stop: green is proven without
// it, and the switch does without it.
func (r *release) preflightAgain(ctx workflow.Context) error {
	err := r.eachHost(ctx, func(ctx workflow.Context, i int) error {
		err := r.ask(ctx, i, silence)
		if err != nil && ctx.Err() == nil && (unreachable(err) || unanswered(err)) {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	return r.examineAgain(ctx)
}

// examineAgain holds what the hosts said last against what they should be.
func (r *release) examineAgain(ctx workflow.Context) error {
	outlook := r.outlook()
	if r.state.Hosts[r.firstHost()].Image != "" {
		outlook.Image.Size = 0 // it is there
	}
	return r.examine(ctx, outlook)
}

// ask has a host say how it is, and what green runs there, if it is there.
func (r *release) ask(ctx workflow.Context, i int, patience slipway.Duration) error {
	h, asked := r.plan.Hosts[i], workflow.Now(ctx)
	in := activities.HostInput{Host: h.Name, Patience: patience, Images: r.imagesOn(h.Name), Taken: len(r.service.Container.Ports) > 0}
	if at := r.state.Hosts[i]; at.Phase == slipway.HostReady {
		in.Container, in.Image = at.Container, &r.image
		for _, further := range at.Replicas {
			in.Replicas = append(in.Replicas, further.Container)
		}
	}
	if r.state.Kind != slipway.KindRollback { // which is not refused for it, and does not wait for it
		in.Requires = r.plan.Requires(r.service, h.Name)
	}
	facts, err := call(ctx, promptly(h, patience, looking(in)), host.HostFacts, in)
	if err == nil {
		facts.SetSkew(asked, workflow.Now(ctx))
		r.facts[i] = facts
	}
	return err
}

// imagesOn are those that going back needs on a host.
func (r *release) imagesOn(host string) []string {
	if len(r.in.Known) == 0 {
		return nil
	}
	for _, h := range r.in.Known[0].Hosts {
		if h.Name == host && h.Image != "" {
			return []string{h.Image}
		}
	}
	return nil
}

// lastingFacts are what a later release compares the hosts with.
func (r *release) lastingFacts() []slipway.HostFacts {
	var out []slipway.HostFacts
	for _, f := range r.facts {
		out = append(out, f.Lasting())
	}
	return out
}
