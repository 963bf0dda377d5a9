package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
	"slipway/e2e/system"
	"slipway/workflows"
)

// An intruder has full write access to Temporal, by its own protocol: starts
// workflows, sends signals and updates, reads all histories, and has a worker
// with workflows of his own.
type intruder struct {
	client.Client
	t *testing.T
	s *system.System
}

const intrudersQueue = "intruder"

// Asked is the intruder's own workflow: it has any activity of Slipway carried
// out by Slipway's worker.
func Asked(ctx workflow.Context, activity string, in any) error {
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: workflows.TaskQueue, StartToCloseTimeout: 20 * time.Second, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
	}), activity, in).Get(ctx, nil)
}

func intrude(t *testing.T, s *system.System) *intruder {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: s.Temporal, Namespace: workflows.Namespace})
	if err != nil {
		t.Fatal(err)
	}
	w := worker.New(c, intrudersQueue, worker.Options{})
	w.RegisterWorkflow(Asked)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.Stop()
		c.Close()
	})
	return &intruder{Client: c, t: t, s: s}
}

// ask has one activity carried out, and returns what Slipway says.
func (i *intruder) ask(activity string, in any) string {
	i.t.Helper()
	run, err := i.ExecuteWorkflow(i.t.Context(), client.StartWorkflowOptions{TaskQueue: intrudersQueue}, Asked, activity, in)
	if err != nil {
		i.t.Fatal(err)
	}
	return explained(run.Get(i.t.Context(), nil))
}

func explained(err error) string {
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return app.Type() + ": " + app.Message()
	}
	return fmt.Sprint(err)
}

// begin starts a workflow of Slipway's, and returns how it ended.
func (i *intruder) begin(id, name string, in any) (slipway.Release, error) {
	i.t.Helper()
	var r slipway.Release
	run, err := i.ExecuteWorkflow(i.t.Context(), client.StartWorkflowOptions{
		ID: id, TaskQueue: workflows.TaskQueue, WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
	}, name, in)
	if err != nil {
		i.t.Fatal(err)
	}
	if name != workflows.ReleaseType {
		return r, run.Get(i.t.Context(), nil)
	}
	return r, run.Get(i.t.Context(), &r)
}

// input reads what a release was started with out of its history.
func (i *intruder) input(id string) workflows.ReleaseInput {
	i.t.Helper()
	event, err := i.GetWorkflowHistory(i.t.Context(), "release/"+id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT).Next()
	if err != nil {
		i.t.Fatal(err)
	}
	var in workflows.ReleaseInput
	if err := converter.GetDefaultDataConverter().FromPayloads(event.GetWorkflowExecutionStartedEventAttributes().GetInput(), &in); err != nil {
		i.t.Fatal(err)
	}
	return in
}

// stolen finds the input of an activity in the history of a release.
func stolen[T any](i *intruder, id, activity string) T {
	i.t.Helper()
	var in T
	for it := i.GetWorkflowHistory(i.t.Context(), "release/"+id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); it.HasNext(); {
		event, err := it.Next()
		if err != nil {
			i.t.Fatal(err)
		}
		scheduled := event.GetActivityTaskScheduledEventAttributes()
		if scheduled.GetActivityType().GetName() != activity {
			continue
		}
		if err := converter.GetDefaultDataConverter().FromPayloads(scheduled.GetInput(), &in); err != nil {
			i.t.Fatal(err)
		}
		return in
	}
	i.t.Fatalf("%s has no %s", id, activity)
	return in
}

// fails checks what an attack got, and shows it.
func (i *intruder) fails(attack, got, want string) {
	i.t.Helper()
	i.t.Logf("%s: %s", attack, got)
	if !strings.Contains(got, want) {
		i.t.Errorf("%s got %q, want …%s…", attack, got, want)
	}
}

// signed is a decision as a person prints it for a signal.
func signed(t *testing.T, s *system.System, user, id string) slipway.Decision {
	t.Helper()
	return decode[slipway.Decision](t, as(t, s, user, 0, "approve", id, "--signature").Stdout)
}

func TestWriteAccessToTemporalIsNotTheRightToRelease(t *testing.T) {
	t.Parallel()
	s := start(t)
	i := intrude(t, s)
	for _, tag := range []string{"v1", "v2", "evil"} {
		push(t, s, "forged", tag)
	}
	first := release(t, s, service(t, s, "forged", ""), "v1", 0)
	svc := service(t, s, "forged", gated)
	id := submit(t, s, svc, "v2")
	waiting := await(t, s, id, slipway.AwaitingApproval)
	traffic := s.StartTraffic(t.Context(), "forged", rate)
	genuine := i.input(id)
	number := 90
	begin := func(attack, want string, change func(*workflows.ReleaseInput)) {
		t.Helper()
		number++
		in := genuine
		in.ID.Number = number
		change(&in)
		ended, err := i.begin("release/"+in.ID.String(), workflows.ReleaseType, in)
		if err != nil {
			t.Fatal(err)
		}
		i.fails(attack, fmt.Sprintf("%s: %s", *ended.Outcome, ended.Reason), want)
		if *ended.Outcome != slipway.Refused {
			t.Errorf("%s: outcome %s", attack, *ended.Outcome)
		}
	}
	begin("a release with no gates and no signature", "there is no signed order", func(in *workflows.ReleaseInput) {
		in.Order.Service.Gates, in.Order.Signature = nil, ""
	})
	begin("a signed order without its gates", "somebody has changed them since", func(in *workflows.ReleaseInput) { in.Order.Service.Gates = nil })
	begin("a signed order as a way back, which skips gates", "somebody has changed it since", func(in *workflows.ReleaseInput) { in.Order.Kind = slipway.KindRollback })
	begin("a signed order of another requester", "it says that eve ordered", func(in *workflows.ReleaseInput) { in.Order.RequestedBy = "eve" })
	begin("a signed order for another tag", "somebody has changed it since", func(in *workflows.ReleaseInput) { in.Order.Tag = "evil" })
	begin("a signed order with other settings", "somebody has changed them since", func(in *workflows.ReleaseInput) { in.Order.Service.Container.Command = []string{"sh"} })
	begin("a signed order for another service", "its order was signed for search/forged", func(in *workflows.ReleaseInput) {
		in.ID.Service, in.Order.Service.Service = "other", "other"
	})
	begin("a signed order on another plan", "somebody has changed it since", func(in *workflows.ReleaseInput) { in.Order.Plan.Source = in.Order.Plan.Production })

	// Decisions.
	decision := slipway.Decision{Gate: "go", Verdict: slipway.Approve, By: "bob", Groups: []string{"search-lead"}, Digest: waiting.Digest, Settings: waiting.Settings}
	ignored := func(attack string, d slipway.Decision, want string) {
		t.Helper()
		if err := i.SignalWorkflow(t.Context(), "release/"+id, "", workflows.Decide, d); err != nil {
			t.Fatal(err)
		}
		until(t, attack, func() bool { return strings.Contains(status(t, s, id).Ignored, want) })
		i.fails(attack+", by signal", status(t, s, id).Ignored, want)
		handle, err := i.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
			WorkflowID: "release/" + id, UpdateName: workflows.Decide, Args: []any{d}, WaitForStage: client.WorkflowUpdateStageCompleted,
		})
		if err == nil {
			err = handle.Get(t.Context(), nil)
		}
		i.fails(attack+", by update", explained(err), want)
	}
	ignored("a decision in another's name", decision, "there is no signed decision")
	bobs := signed(t, s, "bob", id)
	inAnothersName := bobs
	inAnothersName.By = "olga"
	ignored("bob's decision in olga's name", inAnothersName, "what was signed is that bob said approve")
	if r := status(t, s, id); len(r.Gates[0].Decisions) != 0 || r.Phase != slipway.AwaitingApproval {
		t.Fatalf("it is %s with %+v", r.Phase, r.Gates)
	}

	// What he asks of activities himself.
	green := stolen[activities.StartInput](i, id, "StartGreen")
	green.Release, green.Name = "search.forged.99", "search.forged.99"
	green.Image.Digest = "sha256:" + strings.Repeat("0", 64)
	i.fails("StartGreen with another digest", i.ask("StartGreen", green), "is not what search/forged:v2 was resolved to")
	green = stolen[activities.StartInput](i, id, "StartGreen")
	green.Service.Container.Environment = map[string]slipway.Value{"X": {Secret: "env://" + system.SecretVariable}}
	i.fails("StartGreen with other settings", i.ask("StartGreen", green), "somebody has changed them since")
	green.Warrant = nil
	i.fails("StartGreen without an order", i.ask("StartGreen", green), "there is no signed order")
	pull := stolen[activities.PullInput](i, id, "PullImage")
	pull.Image.Config = pull.Image.Digest
	i.fails("PullImage of something else", i.ask("PullImage", pull), "is not what search/forged:v2 was resolved to")
	copied := stolen[activities.ReplicateInput](i, id, "ReplicateImage")
	copied.Image.Tag = "evil"
	i.fails("ReplicateImage of something else", i.ask("ReplicateImage", copied), "it is to be copied as evil, but ann ordered v2")
	probe := stolen[activities.ProbeInput](i, id, "ProbeGreen")
	probe.Check.Path, probe.Check.Exec, probe.Check.StartPeriod = "", []string{"/app", "-h"}, 0
	i.fails("ProbeGreen with a command of his own", i.ask("ProbeGreen", probe), "the command is not the one that it was made with")
	i.fails("KeepEvidence of what serves, as of another release", i.ask("KeepEvidence", activities.ContainerInput{Host: "h1", Release: id, Container: first.ID}), "is none of "+id)
	warrant := *stolen[activities.StartInput](i, id, "StartGreen").Warrant
	generation := waiting.Edges[0].Generation
	stage := activities.StageInput{Edge: "e1", Warrant: &warrant, Request: slipway.StageRequest{
		ServiceID: genuine.ID.ServiceID, Route: *genuine.Order.Service.Route, Release: id, Upstreams: []string{waiting.Hosts[0].Address + ":8080"}, Generation: generation,
	}}
	i.fails("StageTarget before the gate", i.ask("StageTarget", stage), "asks for the signed approval of 1 people and has that of 0")
	commit := activities.CommitInput{Edge: "e1", Warrant: &warrant, Request: slipway.CommitRequest{ServiceID: genuine.ID.ServiceID, Release: id, Generation: generation, By: id}}
	i.fails("CommitTarget before the gate", i.ask("CommitTarget", commit), "asks for the signed approval of 1 people and has that of 0")
	commit.Warrant = &slipway.Warrant{}
	i.fails("CommitTarget without an order", i.ask("CommitTarget", commit), "there is no signed order")
	amend := activities.AmendInput{Edge: "e1", Request: slipway.AmendRequest{ServiceID: genuine.ID.ServiceID, Release: first.ID, Upstreams: []string{"127.0.0.1:9"}}}
	i.fails("AmendTarget of what serves", i.ask("AmendTarget", amend), "there is no signed order")
	live := *stolen[activities.StageInput](i, first.ID, "StageTarget").Warrant
	amend.Warrant = &live
	i.fails("AmendTarget of what serves, with its own order", i.ask("AmendTarget", amend), "127.0.0.1:9 is no container that was started for it")

	// What is to go.
	remove := activities.RemoveInput{Host: "h1", Container: first.ID}
	i.fails("RemoveContainer of what serves", i.ask("RemoveContainer", remove), "stays: edge e1 still knows it, and serves "+first.ID)
	cleanup := workflows.CleanupInput{ID: slipway.ReleaseID{ServiceID: genuine.ID.ServiceID, Number: 1}, Reason: "tidying up", Remains: workflows.Remains{
		Service: genuine.ID.ServiceID, Release: first.ID, Containers: []workflows.Container{{Host: genuine.Order.Plan.Hosts[0], Name: first.ID}},
	}}
	_, err := i.begin("cleanup/search.forged.91", workflows.CleanupType, cleanup)
	i.fails("a Cleanup of what serves", explained(err), "of "+first.ID+" there is left")
	cleanup.Remains.Edges = []string{"e1"}
	_, err = i.begin("cleanup/search.forged.92", workflows.CleanupType, cleanup)
	i.fails("a Cleanup of what serves, on its edge too", explained(err), "edges [e1]")

	// The real approval, by the same means: Temporal's own signal.
	if err := i.SignalWorkflow(t.Context(), "release/"+id, "", workflows.Decide, bobs); err != nil {
		t.Fatal(err)
	}
	held := await(t, s, id, slipway.Holding)
	if d := held.Gates[0].Decisions; len(d) != 1 || d[0].By != "bob" {
		t.Errorf("decided by %+v", d)
	}
	report := stop(t, traffic)
	if got := report.Answers["v1"] + report.Answers["v2"]; got == 0 || report.Answers["evil"] != 0 {
		t.Errorf("answers %v", report.Answers)
	}

	// What only holds.
	traffic = s.StartTraffic(t.Context(), "forged", rate)
	for _, name := range []string{workflows.Rollback, workflows.Accept, workflows.Abort} {
		before := status(t, s, id).Ignored
		if err := i.SignalWorkflow(t.Context(), "release/"+id, "", name, slipway.Request{By: "olga", Reason: name + " it"}); err != nil {
			t.Fatal(err)
		}
		until(t, name, func() bool { return status(t, s, id).Ignored != before || name == workflows.Accept })
		i.fails("an unsigned "+name, status(t, s, id).Ignored, map[string]string{
			workflows.Rollback: "the request of olga on " + id + " does not count", workflows.Accept: "does not count", workflows.Abort: "serves already",
		}[name])
	}
	if r := status(t, s, id); r.Phase != slipway.Holding {
		t.Errorf("it is %s", r.Phase)
	}

	// A decision of one release on the next.
	push(t, s, "forged", "v3")
	third := submit(t, s, service(t, s, "forged", gated), "v3")
	await(t, s, third, slipway.AwaitingApproval)
	replayed := bobs
	r := status(t, s, third)
	replayed.Digest, replayed.Settings = r.Digest, r.Settings
	id = third
	ignored("bob's decision on the release before", replayed, "what was signed is that bob said approve at gate go of search.forged.2")
	if r := status(t, s, third); r.Phase != slipway.AwaitingApproval || len(r.Gates[0].Decisions) != 0 {
		t.Errorf("it is %s with %+v", r.Phase, r.Gates)
	}
	cli(t, s, 0, "abort", third)
	await(t, s, third, slipway.Ended)
	report = stop(t, traffic)
	if len(report.Answers) != 1 || report.Answers["v2"] == 0 {
		t.Errorf("answers %v, want v2 only", report.Answers)
	}
	t.Logf("while all this went on: %d requests, %d failed, answers %v", report.Total, report.Failures, report.Answers)
	wantContainers(t, s, "forged", first.ID, "search.forged.2")
	wantRefusalsAudited(t, s, "StartGreen", "PullImage", "ReplicateImage", "StageTarget", "CommitTarget", "AmendTarget", "CheckDecision", "CheckRequest")
}

// wantRefusalsAudited wants the audit log to say what the intruder asked of
// activities and did not get.
func wantRefusalsAudited(t *testing.T, s *system.System, asked ...string) {
	t.Helper()
	found := map[string]int{}
	for line := range strings.Lines(as(t, s, "olga", 0, "audit", "--service", "search/forged", "--action", "worker.refused", "--lines").Stdout) {
		e := decode[slipway.AuditEntry](t, line)
		if e.Kind != slipway.AuditRefused || e.Code != slipway.CodeForbidden || e.Detail == "" || e.Release == "" {
			t.Errorf("the refusal is %+v", e)
		}
		found[e.After["activity"]]++
	}
	for _, name := range asked {
		if found[name] == 0 {
			t.Errorf("the audit log does not say that %s was refused; it has %v", name, found)
		}
	}
	t.Logf("refusals in the audit log: %v", found)
}

// until waits for something that a person would see.
func until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for !cond() {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-deadline:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// How long it takes from an approver's request to the gate's answer.
func TestADecisionReachesItsReleaseAtOnce(t *testing.T) {
	s := start(t)
	gates, releases := 10, thorough(10, 2)
	push(t, s, "decided", "v1")
	var list []string
	for n := range gates {
		list = append(list, fmt.Sprintf("{name: g%d, approvers: {role: approver}}", n))
	}
	file := service(t, s, "decided", "strategy: {blue_green: {hold: 0s, drain_timeout: 1s}}\ngates: ["+strings.Join(list, ", ")+"]\n")
	if err := s.SignIn(t.Context(), "bob"); err != nil {
		t.Fatal(err)
	}
	var took []time.Duration
	for range releases {
		id := decode[slipway.Release](t, cli(t, s, 0, "release", "-f", file, "--tag", "v1", "--force", "-o", "json")).ID
		await(t, s, id, slipway.AwaitingApproval)
		for n := range gates {
			begun := time.Now()
			approve(t, s, "bob", id, fmt.Sprint("g", n))
			took = append(took, time.Since(begun))
		}
		await(t, s, id, slipway.Ended)
	}
	slices.Sort(took)
	p50, p99 := took[len(took)/2], took[len(took)*99/100]
	t.Logf("%d decisions: p50 %s, p99 %s, longest %s", len(took), p50.Round(100*time.Microsecond), p99.Round(100*time.Microsecond), took[len(took)-1].Round(100*time.Microsecond))
	if p99 > 250*time.Millisecond { // it is a tenth of that where nothing else runs
		t.Errorf("p99 is %s", p99)
	}
}

// approve sends an approval straight to the API.
func approve(t *testing.T, s *system.System, user, id, gate string) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"gate": gate, "decision": "approve"})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/api/v1/releases/"+id+"/decisions", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token(t, s, user))
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		text, _ := io.ReadAll(resp.Body)
		t.Fatalf("approve %s at %s: %s: %s", id, gate, resp.Status, text)
	}
}
