package workflows_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/workflows"
)

// dockerOn says which Docker a host has.
func (w *world) dockerOn(host, version string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.facts[host] = slipway.HostFacts{Version: version, LiveRestore: true}
}

// pin pins all hosts to Docker 29.1.
func (w *world) pin(action slipway.Severity) {
	w.fleet.Profiles = []slipway.Profile{{Name: "web", Docker: "29.1", Action: action}}
	for i := range w.fleet.Hosts {
		w.fleet.Hosts[i].Profile = "web"
	}
}

func TestHostThatIsNotAsPinnedRefusesTheReleaseBeforeAnythingIsChanged(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.dockerOn("h1", "29.1.3")
	s.dockerOn("h2", "29.1.3")
	s.pin(slipway.Refuse)
	s.tell(func() {
		s.live("v1")
		s.dockerOn("h2", "29.2.0")
		before := len(s.called("ReplicateImage"))
		refused := s.ends(s.submit(s.order("v2")), slipway.Refused, `host h2: Docker is "29.2.0"; profile web asks for 29.1`)
		if after := len(s.called("ReplicateImage")); after != before {
			t.Error("an image was copied for a release that was refused")
		}
		if len(refused.Findings) != 2 { // and that it is not what it was
			t.Errorf("findings are %v", refused.Findings)
		}
		if _, err := s.plan(s.order("v2")); err == nil || !strings.Contains(err.Error(), `Docker is "29.2.0"`) {
			t.Errorf("the plan says %v", err)
		}
		s.ends(s.submit(s.order("v1", holding(0))), slipway.Live, "serves exactly this already")
		s.is("search.api.1", "search.api.1")
	})
}

func TestWhatHasChangedAboutHostsSinceTheLastReleaseIsSaid(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.dockerOn("h1", "29.1.3")
	s.dockerOn("h2", "29.1.3")
	s.pin(slipway.Warn)
	s.tell(func() {
		s.live("v1")
		s.dockerOn("h2", "29.2.0")
		preview, err := s.plan(s.order("v2"))
		if err != nil {
			t.Fatal(err)
		}
		want := []slipway.Finding{
			{Host: "h2", Check: "docker", Severity: slipway.Warn, Found: `Docker is "29.2.0"`, Right: "profile web asks for 29.1"},
			{Host: "h2", Check: "docker", Severity: slipway.Warn, Found: `Docker is "29.2.0"; when what serves went live it was "29.1.3"`},
		}
		for _, f := range want {
			if !strings.Contains(strings.Join(preview.Warnings, "\n"), f.String()) {
				t.Errorf("the plan does not warn that %s: %q", f, preview.Warnings)
			}
		}
		n := s.submit(s.order("v2", holding(0)))
		if diff := cmp.Diff(want, s.ends(n, slipway.Live, "").Findings); diff != "" {
			t.Errorf("findings of the release (-want +got):\n%s", diff)
		}
		if again := s.ends(s.submit(s.order("v3", holding(0))), slipway.Live, "").Findings; len(again) != 1 {
			t.Errorf("after a release that knew it, it is said again: %v", again)
		}
	})
}

// A host that has drifted must not keep people on a bad version.
func TestGoingBackIsNotRefusedForHowHostsAre(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.dockerOn("h1", "29.1.3")
	s.pin(slipway.Refuse)
	s.tell(func() {
		s.live("v1")
		s.live("v2")
		s.dockerOn("h1", "29.2.0")
		back := s.ends(s.submit(s.order("v1", rollingBack)), slipway.Live, "")
		if len(back.Findings) != 2 || back.Findings[0].Severity != slipway.Warn {
			t.Errorf("findings are %v", back.Findings)
		}
	})
}

func TestPreflightSaysAllThatItFinds(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.dockerOn("h1", "29.1.3")
	s.dockerOn("h2", "28.0.1")
	s.pin(slipway.Refuse)
	s.tell(func() {
		s.cut("h3")
		order := s.order("v1")
		report, err := s.preflight(workflows.PreflightInput{Plan: order.Plan, Order: &order})
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, f := range report.Findings {
			found = append(found, string(f.Severity)+" "+f.String())
		}
		want := []string{
			"refuse host h3: h3 does not answer",
			`refuse host h2: Docker is "28.0.1"; profile web asks for 29.1`,
		}
		if diff := cmp.Diff(want, found); diff != "" || report.Fit || len(report.Hosts) != 3 || report.Hosts[0].Facts.Version != "29.1.3" || report.Hosts[2].Error == "" {
			t.Errorf("fit: %t, hosts: %+v, findings (-want +got):\n%s", report.Fit, report.Hosts, diff)
		}
		one, err := slipway.HostsOf(s.fleet).Only("h1")
		if err != nil {
			t.Fatal(err)
		}
		if report, err = s.preflight(workflows.PreflightInput{Plan: one}); err != nil || !report.Fit || len(report.Findings) != 0 {
			t.Errorf("of a host that is fit: %+v, %v", report, err)
		}
	})
}

// preflight looks at hosts, as things stand now.
func (s *story) preflight(in workflows.PreflightInput) (report slipway.PreflightReport, err error) {
	s.t.Helper()
	env := s.aside()
	env.RegisterWorkflowWithOptions(workflows.Preflight, workflow.RegisterOptions{Name: workflows.PreflightType})
	env.ExecuteWorkflow(workflows.PreflightType, in)
	if err := env.GetWorkflowError(); err != nil {
		return report, err
	}
	return report, env.GetWorkflowResult(&report)
}
