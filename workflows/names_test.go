package workflows_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/activities"
	"slipway/workflows"
)

// TestNamesAreStable pins what open workflows are found by, and what they find
// their code and their activities by. A name may be added, never changed.
func TestNamesAreStable(t *testing.T) {
	t.Parallel()
	id := slipway.ReleaseID{ServiceID: slipway.ServiceID{Project: "search", Service: "query-api"}, Number: 17}
	got := []string{
		workflows.Namespace,
		workflows.TaskQueue, workflows.CopyQueue, workflows.WatchQueue, workflows.HostQueue("h1"),
		workflows.LaneType, workflows.ReleaseType, workflows.CleanupType, workflows.PlanType, workflows.CatchupType, workflows.HostsType, workflows.PreflightType, workflows.VacateType,
		workflows.LaneID(id.ServiceID), workflows.ReleaseWorkflowID(id), workflows.CleanupID(id), workflows.PlanID(id.ServiceID, "x"), workflows.HostsID("x"),
		workflows.CatchupID(id.ServiceID), workflows.CatchupCleanupID(id), workflows.PreflightID("x"), workflows.VacateID(id.ServiceID),
		workflows.Submit, workflows.Rollback, workflows.Decide, workflows.Pass, workflows.Abort, workflows.Accept,
		workflows.Lock, workflows.Unlock, workflows.Adopt, workflows.Remove, workflows.Join, workflows.Newer, workflows.Overtake,
		workflows.Reported, workflows.CaughtUp, workflows.Status, workflows.Waiting,
		workflows.TokensType, workflows.TokensID, workflows.Create, workflows.Revoke, workflows.SignOut, workflows.StandingMemo,
		workflows.CordonsType, workflows.CordonsID, workflows.Cordon, workflows.Uncordon, workflows.Cordoned, workflows.CordonsMemo,
		workflows.ProjectType, workflows.ProjectID("search"), workflows.Ask, workflows.Leave, workflows.Placed,
		workflows.LineType, workflows.LineID, workflows.StopLine, workflows.Resume, workflows.LineStopped, workflows.LineMemo,
		workflows.TagMemo, workflows.KindMemo,
		workflows.ProjectKey.GetName(), workflows.ServiceKey.GetName(), workflows.PhaseKey.GetName(),
		workflows.OutcomeKey.GetName(), workflows.DigestKey.GetName(), workflows.RequesterKey.GetName(),
	}
	want := []string{
		"slipway",
		"slipway", "copy", "watch", "host/h1",
		"Lane", "Release", "Cleanup", "Plan", "Catchup", "Hosts", "Preflight", "Vacate",
		"lane/search.query-api", "release/search.query-api.17", "cleanup/search.query-api.17", "plan/search.query-api/x", "hosts/x",
		"catchup/search.query-api", "cleanup/search.query-api.17/catchup", "preflight/x", "vacate/search.query-api",
		"submit", "rollback", "decide", "pass", "abort", "accept",
		"lock", "unlock", "adopt", "remove", "join", "newer", "overtake",
		"reported", "caught_up", "status", "waiting",
		"Tokens", "tokens", "create", "revoke", "sign_out", "standing",
		"Cordons", "cordons", "cordon", "uncordon", "cordoned", "cordons",
		"Project", "project/search", "ask", "leave", "placed",
		"Line", "line", "stop", "resume", "stopped", "line",
		"tag", "kind",
		"SlipwayProject", "SlipwayService", "SlipwayPhase",
		"SlipwayOutcome", "SlipwayDigest", "SlipwayRequester",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}

	activityNames := []string{}
	for _, of := range []any{&activities.Central{}, &activities.Host{}} {
		for method := range reflect.TypeOf(of).Methods() {
			activityNames = append(activityNames, method.Name)
		}
	}
	slices.Sort(activityNames)
	want = []string{
		"AmendTarget", "AwaitRelease", "CheckDecision", "CheckPass", "CheckRequest", "CheckWindow", "CommitTarget", "DrainTarget", "FindContainer", "HostFacts", "KeepEvidence", "ListLanes", "NoteEnd", "ProbeGreen", "PullImage", "ReadQuotas", "ReadRoute",
		"RemoveContainer", "RemoveRoute", "ReplicateImage", "RestoreTarget", "ReviveContainer", "RunPreDeploy", "StageTarget", "StartGreen", "StopContainer", "TryOut", "UnstageTarget", "VerifyImage",
		"WatchEdge", "WatchHost", "WatchWindow",
	}
	if diff := cmp.Diff(want, activityNames); diff != "" {
		t.Errorf("activities (-want +got):\n%s", diff)
	}
}

func TestNamesOfTheAuditLogAreStable(t *testing.T) {
	t.Parallel()
	got := []string{workflows.AuditType, workflows.AuditID, workflows.Anchor}
	if diff := cmp.Diff([]string{"Audit", "audit", "anchor"}, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}
