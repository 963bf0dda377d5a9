package workflows

import (
	"slices"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway"
)

func (l *lane) hearCordons(ctx workflow.Context) {
	for {
		var cordons slipway.Cordons
		workflow.GetSignalChannel(ctx, Cordoned).Receive(ctx, &cordons)
		l.heed(ctx, cordons)
	}
}

func (l *lane) hearCordonsOnce(ctx workflow.Context) bool {
	var cordons slipway.Cordons
	ok := workflow.GetSignalChannel(ctx, Cordoned).ReceiveAsync(&cordons)
	if ok {
		l.heed(ctx, cordons)
	}
	return ok
}

// heed takes over which hosts are cordoned, unless it is told of what is over.
func (l *lane) heed(ctx workflow.Context, cordons slipway.Cordons) {
	if cordons.Revision <= l.Cordons.Revision {
		return
	}
	l.Cordons = cordons
	if l.Live != nil {
		for i := range l.Live.Behind {
			b := &l.Live.Behind[i]
			if b.Cordoned && !l.leftAlone(*b) {
				b.Cordoned, b.Error = false, "it was cordoned, and is still to be brought up to date"
			}
		}
	}
	l.details(ctx)
}

// behind is what a Catchup is to bring up to date: not what is cordoned.
func (l *lane) behind() []slipway.Behind {
	if l.Live == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(l.Live.Behind), l.leftAlone)
}

// leftAlone reports whether people want a host to be left out, or an edge, which
// goes with a host that is removed.
func (l *lane) leftAlone(b slipway.Behind) bool {
	if _, cordoned := l.Cordons.Of(b.Host); cordoned || b.Edge == "" {
		return cordoned
	}
	return slices.ContainsFunc(l.Cordons.Removed(), func(host string) bool { return slices.Contains(l.Live.Plan.EdgesOf(host), b.Edge) })
}

// leaves is a host that is to be drained, and that what is live may leave now,
// or one that is removed, and that it may forget.
func (l *lane) leaves() (slipway.Cordon, bool) {
	for _, c := range l.Cordons.Hosts {
		status := l.status()
		switch {
		case c.Remove:
			if l.Live.Knows(c.Host) && status.MayForget(c.Host) == nil {
				return c, true
			}
		case c.Drain && status.RunsOn(c.Host) && status.MayLeave(c.Host) == nil:
			return c, true
		}
	}
	return slipway.Cordon{}, false
}

// vacate takes what is live off a host. The lane counts the host as behind
// before the first edge is told: whatever becomes of this, bringing it back is
// what a Catchup does. One that is removed is forgotten when it is empty.
func (l *lane) vacate(ctx workflow.Context, cordon slipway.Cordon) {
	i := slices.IndexFunc(l.Live.Hosts, func(h slipway.ReleaseHost) bool { return h.Name == cordon.Host })
	if i >= 0 && l.Live.Hosts[i].Phase != slipway.HostQuarantined {
		at := &l.Live.Hosts[i]
		l.Live.Leaving = append(l.Live.Leaving, *at)
		at.Phase, at.Error = slipway.HostQuarantined, cordon.String()
		l.Live.Behind = append(l.Live.Behind, slipway.Behind{Host: at.Name, Since: workflow.Now(ctx), Error: at.Error, Cordoned: true})
		l.Live.Detours = true
	}
	in := VacateInput{Version: *l.Live}
	left := slices.IndexFunc(l.Live.Leaving, func(h slipway.ReleaseHost) bool { return h.Name == cordon.Host })
	if left >= 0 {
		in.Host = l.Live.Leaving[left]
	}
	if cordon.Remove {
		if left < 0 && i >= 0 { // it has left before, or was never reached
			in.Host = l.Live.Hosts[i]
		}
		in.Removal = l.removal(ctx, cordon)
		in.Version.Behind = l.Live.Behind
	}
	l.details(ctx)
	l.catching = true
	result, err := l.runVacate(ctx, in)
	l.catching = false
	if ctx.Err() != nil {
		return
	}
	why := cordon.String()
	switch {
	case err != nil:
		why += "; it is not off it yet: " + message(err)
	case result.Left != "":
		why += "; no edge sends it anything, but its container is still there: " + result.Left
	}
	for j := range l.Live.Behind {
		if b := &l.Live.Behind[j]; b.Host == cordon.Host || in.Removal.takes(b.Edge) {
			b.Error = why
		}
	}
	switch {
	case err == nil && cordon.Remove:
		forgotten := l.Live.Forget(cordon.Host)
		l.Live = &forgotten
	case err == nil:
		l.Live.Leaving = slices.Delete(l.Live.Leaving, left, left+1)
	}
	l.details(ctx)
	if err != nil {
		revision := l.Cordons.Revision
		_, _ = workflow.AwaitWithTimeout(ctx, time.Minute, func() bool { return l.Cordons.Revision != revision })
	}
}

// removal is what a Vacate takes away with a host that is removed. Its edges are
// behind from now on, so that no release counts on what they serve.
func (l *lane) removal(ctx workflow.Context, cordon slipway.Cordon) *HostRemoval {
	removal := &HostRemoval{Edges: l.Live.Plan.EdgesOf(cordon.Host), Gone: cordon.Gone, Signed: cordon.Signature}
	for _, edge := range removal.Edges {
		if !isBehind(*l.Live, edge) {
			l.Live.Behind = append(l.Live.Behind, slipway.Behind{Edge: edge, Since: workflow.Now(ctx), Error: cordon.String(), Cordoned: true})
		}
	}
	return removal
}

func (l *lane) runVacate(ctx workflow.Context, in VacateInput) (VacateResult, error) {
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:            VacateID(l.service),
		ParentClosePolicy:     enums.PARENT_CLOSE_POLICY_REQUEST_CANCEL,
		WorkflowTaskTimeout:   TaskTimeout,
		StaticSummary:         "take " + in.Version.Release + " off " + in.Host.Name,
		TypedSearchAttributes: temporal.NewSearchAttributes(ProjectKey.ValueSet(l.service.Project), ServiceKey.ValueSet(l.service.String())),
	})
	var result VacateResult
	err := workflow.ExecuteChildWorkflow(ctx, VacateType, in).Get(ctx, &result)
	return result, err
}
