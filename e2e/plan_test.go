package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"slipway"
	"slipway/e2e/system"
)

func TestAReleaseDoesWhatItsPlanSaid(t *testing.T) {
	t.Parallel()
	s := start(t)
	svc := service(t, s, "plan", "strategy: {blue_green: {hold: 1s}}\n")
	push(t, s, "plan", "v1")
	push(t, s, "plan", "v2")
	as(t, s, "ann", 1, "plan", "-f", svc, "--tag", "v9")
	for _, tag := range []string{"v1", "v2", "v2"} {
		planned := decode[slipway.Preview](t, cli(t, s, 0, "plan", "-f", svc, "--tag", tag, "-o", "json"))
		r := await(t, s, submit(t, s, svc, tag), slipway.Ended)
		if *r.Outcome != slipway.Live {
			t.Fatalf("%s: %s", *r.Outcome, r.Reason)
		}
		var want []string
		for _, step := range planned.Steps {
			want = append(want, step.Does)
		}
		did := slices.DeleteFunc(deeds(t, s, "release/"+r.ID), func(does string) bool { return does == slipway.DoesNote }) // it may be still to come
		slices.Sort(want)
		slices.Sort(did)
		if diff := cmp.Diff(want, did); diff != "" {
			t.Errorf("%s did something else (-planned +done):\n%s", r.ID, diff)
		}
		if planned.Live != r.Blue {
			t.Errorf("planned on %q, released on %q", planned.Live, r.Blue)
		}
		if tag == "v1" && !strings.Contains(strings.Join(planned.Warnings, "\n"), "one host, h1") {
			t.Errorf("warnings: %q", planned.Warnings)
		}
	}
}

// deeds are what a workflow did and waited for, as the Temporal UI shows it.
func deeds(t *testing.T, s *system.System, workflowID string) []string {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: s.Temporal, Namespace: "slipway"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var did []string
	for it := c.GetWorkflowHistory(t.Context(), workflowID, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); it.HasNext(); {
		event, err := it.Next()
		if err != nil {
			t.Fatal(err)
		}
		if kind := event.GetEventType(); kind != enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED && kind != enums.EVENT_TYPE_TIMER_STARTED {
			continue
		}
		var text string
		if err := converter.GetDefaultDataConverter().FromPayload(event.GetUserMetadata().GetSummary(), &text); err != nil {
			t.Fatal(err)
		}
		did = append(did, text)
	}
	return did
}
