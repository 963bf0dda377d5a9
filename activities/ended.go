package activities

import (
	"context"
	"fmt"

	"go.temporal.io/sdk/activity"

	"slipway"
)

// Endings are where it is written down how releases ended.
type Endings interface {
	// Ended returns when the entry is on disk. Again says that it may be there
	// already; an error, that it is not, and will not be by this call.
	Ended(ctx context.Context, e slipway.AuditEntry, again bool) error
}

// EndedInput is a release that has ended, or whose workflow was.
type EndedInput struct {
	Release slipway.Release `json:"release"` // as it ended, without hosts, edges and gates
	Lost    bool            `json:"lost,omitempty"`
}

// NoteEnd writes into the audit log how a release ended. Idempotent: an attempt
// that is not the first looks whether it was written before.
func (a *Central) NoteEnd(ctx context.Context, in EndedInput) error {
	id, err := slipway.ParseReleaseID(in.Release.ID)
	if err != nil {
		return Failure(err)
	}
	r := in.Release
	e := slipway.AuditEntry{
		Kind: slipway.AuditEvent, Action: "release.end", Project: id.Project, Service: id.Service, Release: r.ID,
		Request: "end of " + r.ID, Code: slipway.AuditOK, Detail: r.Reason, Time: r.StartedAt,
		After: map[string]string{"kind": string(r.Kind), "tag": r.Tag, "requested_by": r.RequestedBy},
	}
	if r.Digest != "" {
		e.After["digest"] = r.Digest
	}
	if r.Outcome != nil {
		e.After["outcome"] = string(*r.Outcome)
	}
	if in.Lost {
		e.Code, e.Detail = slipway.CodeInternal, "its workflow was ended from outside, and undid nothing; what it left is cleaned up"
	}
	if err := a.wasOrdered(r); err != nil {
		e.Code, e.Detail = slipway.CodeForbidden, fmt.Sprintf("%s (%s)", e.Detail, err)
	}
	return Failure(a.Endings.Ended(ctx, e, activity.GetInfo(ctx).Attempt > 1))
}

// wasOrdered wants the signature of whoever ordered the release. What ends
// without one began without the API, and its entry says so.
func (a *Central) wasOrdered(r slipway.Release) error {
	if r.Kind == slipway.KindRemove {
		_, err := a.Signatures.Proof(r.Signature, &slipway.RequestStatement{})
		return err
	}
	_, err := a.past(&slipway.Warrant{Order: r.Signature}, r.ID)
	return err
}
