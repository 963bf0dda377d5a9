package starter

import (
	"context"
	"slices"
	"strings"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"slipway"
	"slipway/workflows"
)

// Filter narrows a list of releases. The zero Filter is all of them.
type Filter struct {
	Projects []string // of any of these; nil: of all
	Service  slipway.ServiceID
	Phase    slipway.Phase
	Limit    int    // 0: 50
	Page     string // as the list before returned it; empty: the first
}

// Releases lists releases as far as a list shows them, without hosts, edges and
// gates: those on their way, then those that ended last; each page the latest
// first. Page is where the next list begins, and empty at the end. It may be behind by a second.
func (c *Client) Releases(ctx context.Context, f Filter) (releases []slipway.Release, page string, err error) {
	if f.Projects != nil && len(f.Projects) == 0 {
		return []slipway.Release{}, "", nil
	}
	query := []string{"WorkflowType = '" + workflows.ReleaseType + "'"}
	if f.Projects != nil {
		query = append(query, oneOf(workflows.ProjectKey.GetName(), f.Projects))
	}
	if f.Service != (slipway.ServiceID{}) {
		query = append(query, equals(workflows.ServiceKey.GetName(), f.Service.String()))
	}
	if f.Phase != "" {
		query = append(query, equals(workflows.PhaseKey.GetName(), string(f.Phase)))
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 50
	}
	found, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Query:         strings.Join(query, " AND "),
		PageSize:      int32(min(limit, 1000)),
		NextPageToken: []byte(f.Page),
	})
	if err != nil {
		return nil, "", explain(err, "releases")
	}
	releases = []slipway.Release{}
	for _, info := range found.GetExecutions() {
		releases = append(releases, listed(info))
	}
	// Temporal lists what is open, then what was closed last.
	slices.SortStableFunc(releases, func(a, b slipway.Release) int { return b.StartedAt.Compare(a.StartedAt) })
	return releases, string(found.GetNextPageToken()), nil
}

// equals is one condition of a query.
func equals(attribute, value string) string { return attribute + " = " + quoted(value) }

// oneOf is the condition that an attribute has one of the values.
func oneOf(attribute string, values []string) string {
	all := make([]string, len(values))
	for i, value := range values {
		all[i] = quoted(value)
	}
	return attribute + " IN (" + strings.Join(all, ", ") + ")"
}

// quoted is a value in a query. Values reach it only in the form of names and
// ids; quotes are doubled all the same.
func quoted(value string) string { return "'" + strings.ReplaceAll(value, "'", "''") + "'" }

// listed reads a release off its search attributes and memo.
func listed(info *workflow.WorkflowExecutionInfo) slipway.Release {
	attribute := func(key temporal.SearchAttributeKeyKeyword) string {
		return text(info.GetSearchAttributes().GetIndexedFields()[key.GetName()])
	}
	memo := info.GetMemo().GetFields()
	release := slipway.Release{
		ID:          strings.TrimPrefix(info.GetExecution().GetWorkflowId(), "release/"),
		Tag:         text(memo[workflows.TagMemo]),
		Kind:        slipway.ReleaseKind(text(memo[workflows.KindMemo])),
		Digest:      attribute(workflows.DigestKey),
		Phase:       slipway.Phase(attribute(workflows.PhaseKey)),
		RequestedBy: attribute(workflows.RequesterKey),
		StartedAt:   info.GetStartTime().AsTime(),
		Hosts:       []slipway.ReleaseHost{},
		Edges:       []slipway.ReleaseEdge{},
		Gates:       []slipway.GateState{},
	}
	release.Project, release.Service, _ = strings.Cut(attribute(workflows.ServiceKey), "/")
	if outcome := slipway.Outcome(attribute(workflows.OutcomeKey)); outcome != "" {
		release.Outcome = &outcome
		if closed := info.GetCloseTime(); closed != nil { // a moment later: its end is being written down
			ended := closed.AsTime()
			release.EndedAt = &ended
		}
	}
	return release
}

func text(payload *common.Payload) string {
	var s string
	if payload == nil || converter.GetDefaultDataConverter().FromPayload(payload, &s) != nil {
		return ""
	}
	return s
}
