package workflows_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/workflows"
)

// outOfReach says what containers on a host do not reach; nothing heals it.
func (w *world) outOfReach(host string, dependencies ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	facts := w.facts[host]
	facts.Unmet = nil
	for _, to := range dependencies {
		facts.Unmet = append(facts.Unmet, slipway.Unmet{To: to, Why: "no answer within 3s"})
	}
	w.facts[host] = facts
}

// fitting is a story of three hosts, each with an edge of its own, that are left
// out where they do not fit.
func fitting(t *testing.T) *story {
	s := newStory(t, 3)
	s.local()
	for _, host := range []string{"h1", "h2", "h3"} {
		s.dockerOn(host, "29.1.3")
	}
	s.pin(slipway.Quarantine)
	return s
}

// A host that answers and is not as its profile asks is left out as one that does
// not answer; its edge is sent to the others.
func TestHostThatDoesNotFitIsLeftOutAndCaughtUpWhenItDoes(t *testing.T) {
	t.Parallel()
	s := fitting(t)
	s.tell(func() {
		s.live("v1")
		s.dockerOn("h2", "29.2.0")
		preview, err := s.plan(s.order("v2"))
		want := `host h2 does not fit (Docker is "29.2.0"; profile web asks for 29.1): it is left out until it does`
		if err != nil || !strings.Contains(strings.Join(preview.Warnings, "\n"), want) {
			t.Errorf("the plan: %v, %q", err, preview.Warnings)
		}
		n := s.held()
		s.is2(n, "h1", "h3")
		r := s.status(n)
		if phaseOf(r, "h2") != slipway.HostQuarantined || len(r.Behind) != 1 || !r.Behind[0].Unfit || r.Findings[0].Severity != slipway.Quarantine {
			t.Errorf("hosts are %+v, behind %+v, findings %+v", r.Hosts, r.Behind, r.Findings)
		}
		if calls := s.called("PullImage"); len(calls) != 5 {
			t.Errorf("images were pulled %d times: %v", len(calls), calls)
		}
		s.signal(n, workflows.Accept, workflows.Request{By: "ann"})
		s.ends(n, slipway.Live, "")
		s.cleaned(n) // what is old there goes at once: no edge knows it
		s.runs(on("h1", 2), on("h3", 2))
		s.wait(72 * time.Hour)
		if diff := cmp.Diff([]string{"h2"}, behind(s.laneStatus().Behind)); diff != "" {
			t.Errorf("behind (-want +got):\n%s", diff)
		}
		s.dockerOn("h2", "29.1.4")
		s.caughtUp()
		if diff := cmp.Diff([]string{"h2"}, s.upstreams("e2", release(n))); diff != "" {
			t.Errorf("e2 is sent to (-want +got):\n%s", diff)
		}
		s.is(release(2), release(2))
	})
}

// Whoever upgrades hosts pins them to the new version, and what was left out for
// it is taken in, without a release.
func TestHostIsCaughtUpAsTheFleetFileHasItByThen(t *testing.T) {
	t.Parallel()
	s := fitting(t)
	s.tell(func() {
		s.live("v1")
		s.dockerOn("h2", "29.2.0")
		s.ends(s.submit(s.order("v2", holding(0))), slipway.Live, "")
		s.wait(time.Hour)
		if len(s.laneStatus().Behind) != 1 {
			t.Errorf("behind are %+v", s.laneStatus().Behind)
		}
		s.repin("29")
		s.caughtUp()
		s.is(release(2), release(2))
	})
}

// Without a route, too: what was left out goes on with the old version until the
// new one has been held, and gets it when it fits.
func TestHostOfAWorkerThatDoesNotFit(t *testing.T) {
	t.Parallel()
	s := fitting(t)
	s.shape = routeless
	s.tell(func() {
		s.live("v1")
		s.dockerOn("h2", "29.2.0")
		n := s.held()
		s.runs(on("h1", 1)+stopped, on("h1", 2), on("h2", 1), on("h3", 1)+stopped, on("h3", 2))
		s.signal(n, workflows.Accept, workflows.Request{By: "ann"})
		s.ends(n, slipway.Live, "")
		s.cleaned(n)
		s.runs(on("h1", 2), on("h3", 2))
		s.dockerOn("h2", "29.1.4")
		s.caughtUp()
		s.runs(s.run(release(2))...)
	})
}

// Where two versions must not run at once no host can be left out: it would run
// the old one.
func TestHostThatDoesNotFitRefusesWhatMustNotRunTwice(t *testing.T) {
	t.Parallel()
	s := fitting(t)
	s.shape = exclusive
	s.tell(func() {
		s.live("v1")
		s.dockerOn("h2", "29.2.0")
		s.ends(s.submit(s.order("v2")), slipway.Refused, `host h2: Docker is "29.2.0"; profile web asks for 29.1`)
		s.runs(s.run(release(1))...)
	})
}

// repin has the fleet file ask for another Docker.
func (w *world) repin(docker string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fleet := *w.fleet
	fleet.Profiles = []slipway.Profile{fleet.Profiles[0]}
	fleet.Profiles[0].Docker = docker
	w.fleet = &fleet
}

// Hosts that do not answer and hosts that do not fit count together, and all that
// is wrong is said.
func TestTooManyHostsThatDoNotFit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*story) []func(*slipway.Order)
		want   string
	}{
		"two of three": {func(s *story) []func(*slipway.Order) {
			s.dockerOn("h3", "29.2.0")
			return nil
		}, `2 of 3 hosts do not answer or do not fit: h2 (Docker is "29.2.0"; profile web asks for 29.1); h3 (Docker is "29.2.0"; profile web asks for 29.1); 1 may be left out (unreachable.max is 50%, min_serving 1): mend them, or take them out of the service's hosts`},
		"one, and one that is silent": {func(s *story) []func(*slipway.Order) {
			s.fault(&fault{mode: silent, activity: "HostFacts", at: "h3"})
			return nil
		}, `2 of 3 hosts do not answer or do not fit: h2 (Docker is "29.2.0"; profile web asks for 29.1); h3 (h3 does not answer); 1 may be left out`},
		"none may be left out": {func(*story) []func(*slipway.Order) {
			return []func(*slipway.Order){func(o *slipway.Order) { o.Service.Strategy.BlueGreen.Unreachable.Action = slipway.ActionFail }}
		}, `host h2: Docker is "29.2.0"; profile web asks for 29.1`},
		"all have to serve": {func(*story) []func(*slipway.Order) {
			return []func(*slipway.Order){func(o *slipway.Order) { o.Service.Strategy.BlueGreen.MinServing = slipway.Share{Number: 3} }}
		}, `host h2: Docker is "29.2.0"; profile web asks for 29.1`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := fitting(t)
			s.tell(func() {
				s.live("v1")
				s.dockerOn("h2", "29.2.0")
				changes := c.change(s)
				s.ends(s.submit(s.order("v2", changes...)), slipway.Refused, c.want)
				s.is(release(1), release(1))
			})
		})
	}
}

// A canary that does not fit shows nothing, so the release does not go on.
func TestGroupOfAHostThatDoesNotFitIsNotPassedOver(t *testing.T) {
	t.Parallel()
	s := fitting(t)
	s.shape = func(svc *slipway.Service) {
		svc.Strategy.BlueGreen.Groups = []slipway.Group{{Hosts: slipway.Selector{Names: []string{"h2"}}, Watch: slipway.Duration(time.Minute)}}
	}
	s.tell(func() {
		s.live("v1")
		s.dockerOn("h2", "29.2.0")
		s.ends(s.submit(s.order("v2")), slipway.Refused, "no host of group 1 takes part ([h2])")
		s.is(release(1), release(1))
	})
}

func requiring(dependencies ...string) func(*slipway.Order) {
	return func(o *slipway.Order) { o.Service.Requires = dependencies }
}

// What a service requires is tried before anything is changed, on each host.
func TestDependencyThatIsOutOfReachRefusesTheRelease(t *testing.T) {
	t.Parallel()
	s := newStory(t, 3)
	s.tell(func() {
		s.live("v1")
		s.outOfReach("h2", "db:5432", "mail:25")
		want := "host h2: no container there reaches db:5432: no answer within 3s; the service requires it"
		r := s.ends(s.submit(s.order("v2", requiring("db:5432", "queue:5672"))), slipway.Refused, want)
		if len(r.Findings) != 1 || r.Findings[0].Check != "requires" {
			t.Errorf("findings are %+v", r.Findings)
		}
		s.is(release(1), release(1))
		if _, err := s.plan(s.order("v2", requiring("db:5432"))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the plan says %v", err)
		}
		order := s.order("v2", requiring("db:5432"))
		report, err := s.preflight(workflows.PreflightInput{Plan: order.Plan, Order: &order})
		if err != nil || report.Fit || !strings.Contains(fmt.Sprint(report.Findings), want) {
			t.Errorf("preflight says %+v, %v", report, err)
		}
		if back := s.ends(s.submit(s.order("v2", requiring("db:5432"), rollingBack)), slipway.Live, ""); len(back.Findings) != 0 { // it does not even ask
			t.Errorf("a way back has findings %+v", back.Findings)
		}
	})
}

// With a profile that has it left out, a host without a way to a dependency is in
// nobody's way, and is caught up when there is one.
func TestHostWithoutAWayToADependencyIsLeftOut(t *testing.T) {
	t.Parallel()
	s := fitting(t)
	s.tell(func() {
		s.live("v1")
		s.outOfReach("h2", "db:5432")
		order := s.order("v2", requiring("db:5432"))
		report, err := s.preflight(workflows.PreflightInput{Plan: order.Plan, Order: &order})
		if err != nil || !report.Fit || len(report.Findings) != 1 || report.Findings[0].Severity != slipway.Quarantine {
			t.Errorf("preflight says %+v, %v", report, err)
		}
		n := s.held(requiring("db:5432"))
		if got := s.status(n).Behind; len(got) != 1 || got[0].Error != "no container there reaches db:5432: no answer within 3s; the service requires it" {
			t.Errorf("behind are %+v", got)
		}
		s.wait(30 * time.Second)
		if got := s.laneStatus().Behind; len(got) != 1 {
			t.Errorf("behind are %+v", got)
		}
		s.outOfReach("h2")
		s.caughtUp()
		s.serves(s.serve(release(n))...)
	})
}

// What a profile requires holds for all services on its hosts.
func TestProfileRequires(t *testing.T) {
	t.Parallel()
	s := fitting(t)
	s.fleet.Profiles[0].Requires, s.fleet.Profiles[0].Action = []string{"proxy:3128"}, slipway.Warn
	s.tell(func() {
		s.outOfReach("h1", "proxy:3128")
		n := s.submit(s.order("v1", requiring("db:5432")))
		want := []slipway.Finding{{Host: "h1", Check: "requires", Severity: slipway.Warn, Found: "no container there reaches proxy:3128: no answer within 3s", Right: "profile web asks for it"}}
		if diff := cmp.Diff(want, s.ends(n, slipway.Live, "").Findings); diff != "" {
			t.Errorf("findings (-want +got):\n%s", diff)
		}
		report, err := s.preflight(workflows.PreflightInput{Plan: slipway.HostsOf(s.fleet)})
		if err != nil || !report.Fit || cmp.Diff(want, report.Findings) != "" {
			t.Errorf("preflight of the fleet says %+v, %v", report, err)
		}
	})
}

// A release looks again after a wait, and what it finds then counts as much.
func TestHostThatDoesNotFitAfterAWaitIsLeftOut(t *testing.T) {
	t.Parallel()
	s := fitting(t)
	s.tell(func() {
		s.live("v1")
		n := s.submit(s.order("v2", approve))
		s.reaches(n, slipway.AwaitingApproval)
		s.wait(time.Hour)
		s.dockerOn("h2", "29.2.0")
		s.signal(n, workflows.Decide, s.decision(n, "lea", slipway.Approve))
		s.reaches(n, slipway.Holding)
		s.is2(n, "h1", "h3")
		if got := s.status(n).Behind; len(got) != 1 || got[0].Host != "h2" || !got[0].Unfit {
			t.Errorf("behind are %+v", got)
		}
		s.dockerOn("h2", "29.1.4")
		s.caughtUp()
		s.signal(n, workflows.Accept, workflows.Request{By: "ann"})
		s.ends(n, slipway.Live, "")
		s.wait(time.Hour)
		s.is(release(2), release(2))
	})
}
