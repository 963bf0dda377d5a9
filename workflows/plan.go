package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
)

// Plan says what a release would do, and changes nothing. It looks with the
// same steps as a release does, and fails where that would be refused.
func Plan(ctx workflow.Context, in PlanInput) (slipway.Preview, error) {
	looked := ReleaseInput{ID: slipway.ReleaseID{ServiceID: in.Order.Service.ServiceID}, Order: in.Order, Cordoned: in.Cordoned}
	if in.Service.Live != nil {
		looked.Known = append([]slipway.Version{*in.Service.Live}, in.Service.Good...)
	}
	r := &release{in: looked, state: Started(looked), service: in.Order.Service, plan: in.Order.Plan}
	if err := r.leaveOutCordoned(ctx); err != nil {
		return slipway.Preview{}, err
	}
	if err := r.verify(ctx); err != nil {
		return slipway.Preview{}, err
	}
	if !r.outlook().ServesAlready() {
		if err := r.preflight(ctx); err != nil {
			return slipway.Preview{}, err
		}
	}
	preview := slipway.Preview{
		ServiceID:   in.Order.Service.ServiceID,
		Image:       r.image,
		Live:        r.state.Blue,
		Steps:       r.outlook().Steps(),
		Differences: r.outlook().Differences(r.blueImage(ctx)),
		Warnings:    append(r.outlook().Warnings(r.facts), inTheWay(in.Service)...),
	}
	if r.otherFleet != "" {
		preview.Warnings = append(preview.Warnings, fmt.Sprintf("the worker reads another fleet file (%.12s) than the API (%.12s): what the worker's says counts; give both the same", r.otherFleet, r.plan.Fleet))
	}
	return preview, nil
}

// blueImage is the image that serves, for its labels; nil if the registry that
// hosts pull from does not have it any more.
func (r *release) blueImage(ctx workflow.Context) *slipway.Image {
	if r.blue == nil || r.blue.Digest == r.image.Digest || r.blue.Digest == "" {
		return nil
	}
	found, err := call(ctx, asking("resolve "+slipway.ShortDigest(r.blue.Digest)), central.VerifyImage, activities.VerifyInput{
		Registry: r.plan.Production, Repository: r.blue.Service.Image, Tag: r.blue.Digest, Platform: r.plan.Platform,
	})
	if err != nil {
		return nil
	}
	return &found.Image
}

// inTheWay is what a release would find in its lane.
func inTheWay(s slipway.ServiceStatus) []string {
	var out []string
	if s.Lock != nil {
		out = append(out, fmt.Sprintf("%s is %s: it will be refused", s.ServiceID, s.Lock))
	}
	if s.Stop != nil {
		out = append(out, s.Stop.String()+": it will wait in the queue")
	}
	for _, stuck := range s.Stuck {
		out = append(out, stuck.Release+" is "+stuck.String()+": somebody has to accept it, or go back")
	}
	if s.Running != "" {
		out = append(out, s.Running+" is on its way: this waits for it, or takes its place at a gate")
	}
	for _, waiting := range s.Queue {
		out = append(out, waiting+" waits in the queue: if it is not a way back, this takes its place")
	}
	return out
}
