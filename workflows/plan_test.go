package workflows_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"slipway"
	"slipway/activities"
	"slipway/workflows"
)

// diary notes what each workflow does and waits for, in the words that its
// history has for it.
type diary struct {
	interceptor.WorkflowInboundInterceptorBase
	*story
}

type diaryOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	*story
}

func (m *meddler) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &diary{interceptor.WorkflowInboundInterceptorBase{Next: next}, m.story}
}

func (d *diary) Init(out interceptor.WorkflowOutboundInterceptor) error {
	return d.Next.Init(&diaryOutbound{interceptor.WorkflowOutboundInterceptorBase{Next: out}, d.story})
}

func (d *diaryOutbound) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	if name != "NoteEnd" { // that it ended is no step
		d.note(ctx, workflow.GetActivityOptions(ctx).Summary)
	}
	return d.Next.ExecuteActivity(ctx, name, args...)
}

func (d *diaryOutbound) AwaitWithOptions(ctx workflow.Context, options workflow.AwaitOptions, holds func() bool) (bool, error) {
	d.note(ctx, options.TimerOptions.Summary)
	return d.Next.AwaitWithOptions(ctx, options, holds)
}

func (s *story) note(ctx workflow.Context, what string) {
	id := workflow.GetInfo(ctx).WorkflowExecution.ID
	s.mu.Lock()
	defer s.mu.Unlock()
	s.did[id] = append(s.did[id], what)
}

// plan asks what a release would do, as things stand now.
func (s *story) plan(order slipway.Order) (slipway.Preview, error) {
	s.t.Helper()
	env := s.aside()
	env.RegisterWorkflowWithOptions(workflows.Plan, workflow.RegisterOptions{Name: workflows.PlanType})
	env.ExecuteWorkflow(workflows.PlanType, workflows.PlanInput{Order: order, Service: s.laneStatus()})
	var preview slipway.Preview
	if err := env.GetWorkflowError(); err != nil {
		return preview, err
	}
	return preview, env.GetWorkflowResult(&preview)
}

// aside is an environment in the same world, in which a workflow only looks.
func (s *story) aside() *testsuite.TestWorkflowEnvironment {
	suite := &testsuite.WorkflowTestSuite{}
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&meddler{story: s}}})
	env.SetTestTimeout(10 * time.Second)
	env.RegisterActivity(&activities.Host{Engines: drivers{s.world}, Registries: drivers{s.world}, Rules: drivers{s.world}})
	env.RegisterActivity(&activities.Central{Authority: s.authority(), Registries: drivers{s.world}, Edges: drivers{s.world}})
	return env
}

func words(steps []slipway.Step) []string {
	var out []string
	for _, s := range steps {
		out = append(out, s.Does)
	}
	return out
}

// What a plan says is what the release then does, step by step: on one host in
// this very order, on several the same steps in whatever order hosts answer.
func TestEveryReleaseDoesWhatItsPlanSaid(t *testing.T) {
	t.Parallel()
	gate := func(o *slipway.Order) { gated(o); o.Service.Gates[0].Approvers.Quorum = 1 }
	for name, c := range map[string]struct {
		before []string // tags that were live before
		order  func(s *story) slipway.Order
	}{
		"first release":        {nil, func(s *story) slipway.Order { return s.order("v1") }},
		"upgrade with hold":    {[]string{"v1"}, func(s *story) slipway.Order { return s.order("v2") }},
		"upgrade without hold": {[]string{"v1"}, func(s *story) slipway.Order { return s.order("v2", holding(0)) }},
		"upgrade with a gate":  {[]string{"v1"}, func(s *story) slipway.Order { return s.order("v2", gate) }},
		"same already":         {[]string{"v1"}, func(s *story) slipway.Order { return s.order("v1", holding(0)) }},
		"same already, forced": {[]string{"v1"}, func(s *story) slipway.Order { return s.order("v1", holding(0), forced) }},
		"rollback":             {[]string{"v1", "v2"}, func(s *story) slipway.Order { return s.order("v1", rollingBack, gate) }},
		"one registry for both": {[]string{"v1"}, func(s *story) slipway.Order {
			s.fleet.Registries[0].Roles = nil
			s.fleet.Registries[1].Roles = []slipway.RegistryRole{slipway.SourceRegistry, slipway.ProductionRegistry}
			return s.order("v2")
		}},
	} {
		for _, size := range []int{1, 3} {
			if racing && size == 1 {
				continue
			}
			t.Run(name+" that migrates", func(t *testing.T) {
				t.Parallel()
				s := newStory(t, size)
				s.shape = migrating(nil)
				s.doesAsPlanned(c.before, c.order)
			})
			for kind, shape := range shapes {
				t.Run(name+" of "+kind, func(t *testing.T) {
					t.Parallel()
					s := newStory(t, size)
					s.shape = shape
					s.doesAsPlanned(c.before, c.order)
				})
			}
			for kind, shape := range map[string]func(*slipway.Service){"": nil, ", two on each host": twice(nil), ", host by host": slowly(nil, 1), ", two hosts at a time": slowly(twice(nil), 2), " of a worker, host by host": slowly(routeless, 1)} {
				t.Run(name+kind, func(t *testing.T) {
					t.Parallel()
					s := newStory(t, size)
					s.shape = shape
					s.doesAsPlanned(c.before, c.order)
				})
			}
			if size == 1 {
				continue
			}
			for kind, shape := range map[string]func(*slipway.Service){"in groups": inGroups, "in groups, with a command": migrating(inGroups), "in groups, host by host": slowly(canaryAndRest, 1), "in groups, two on each host": twice(inGroups)} {
				t.Run(name+" "+kind, func(t *testing.T) {
					t.Parallel()
					s := newStory(t, size)
					s.local()
					s.shape = shape
					s.doesAsPlanned(c.before, c.order)
				})
			}
		}
	}
}

func (s *story) doesAsPlanned(before []string, making func(*story) slipway.Order) {
	s.t.Helper()
	s.tell(func() {
		for _, tag := range before {
			s.live(tag)
		}
		order := making(s)
		preview, err := s.plan(order)
		if err != nil {
			s.t.Fatal(err)
		}
		var n int
		if order.Kind == slipway.KindRollback {
			n = s.rollback(&order)
		} else {
			n = s.submit(order)
		}
		if slices.ContainsFunc(preview.Steps, func(s slipway.Step) bool { return s.Phase == slipway.AwaitingApproval }) {
			s.reaches(n, slipway.AwaitingApproval)
			s.signal(n, workflows.Decide, s.decision(n, "lea", slipway.Approve))
		}
		s.ends(n, slipway.Live, "")
		planned, did := words(preview.Steps), s.did[wfid(n)]
		if len(s.fleet.Hosts) > 1 {
			slices.Sort(planned)
			slices.Sort(did)
		}
		if diff := cmp.Diff(planned, did); diff != "" {
			s.t.Errorf("it did something else (-planned +done):\n%s", diff)
		}
	})
}

func TestPlanSaysWhatIsDifferentAndWhatToMind(t *testing.T) {
	t.Parallel()
	s := newStory(t, 1)
	s.fleet.Projects[0].Allow = slipway.Allow{Volumes: []string{"data"}, Secrets: []string{"env://NEW"}}
	s.tell(func() {
		data := func(o *slipway.Order) {
			o.Service.Container.Volumes = []slipway.Volume{{Source: "data", Target: "/data"}}
			o.Service.Container.Environment = map[string]slipway.Value{"PASSWORD": {Plain: "hunter2"}, "MODE": {Plain: "a"}}
		}
		s.live("v1", data)
		calls := len(s.serving())
		if err := s.lock(workflows.Lock, "otto", "freeze"); err != nil {
			t.Fatal(err)
		}
		s.mu.Lock()
		s.fleet.Hash = "the-fleet-of-the-worker"
		s.mu.Unlock()
		preview, err := s.plan(s.order("v2", data, func(o *slipway.Order) {
			o.Service.Container.Environment["PASSWORD"] = slipway.Value{Plain: "hunter3"}
			o.Service.Container.Environment["NEW"] = slipway.Value{Secret: "env://NEW"}
			o.Service.Container.MemLimit = 1 << 20
			o.Plan.Fleet = "another-fleet-file"
		}))
		if err != nil {
			t.Fatal(err)
		}
		want := []slipway.Difference{
			{What: "image", Live: "v1 " + digest("v1"), Then: "v2 " + digest("v2")},
			{What: "label revision", Live: digest("v1")[7:14], Then: digest("v2")[7:14]},
			{What: "container.environment.NEW", Then: "given"},
			{What: "container.environment.PASSWORD", Live: "given", Then: "changed"},
			{What: "container.mem_limit", Then: "given"},
			{What: "strategy.blue_green.hold", Live: "given", Then: "changed"},
		}
		if diff := cmp.Diff(want, preview.Differences); diff != "" {
			t.Errorf("differences (-want +got):\n%s", diff)
		}
		warnings := strings.Join(preview.Warnings, "\n")
		for _, want := range []string{
			"both versions write to the volume data", "runs on one host, h1", "the health check is the default, GET /",
			"h1 runs without live-restore", "search/api is locked by otto: freeze",
			"the worker reads another fleet file (the-fleet-of) than the API (another-flee)",
		} {
			if !strings.Contains(warnings, want) {
				t.Errorf("no warning says %q:\n%s", want, warnings)
			}
		}
		if preview.Live != release(1) || len(s.serving()) != calls {
			t.Errorf("%q is live", preview.Live)
		}
		s.is(release(1), release(1))
	})
}

func TestPlanIsRefusedWhereTheReleaseWouldBe(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.live("v1")
		_, err := s.plan(s.order("v9"))
		s.refused(err, slipway.CodeNotFound, "there is no search/api:v9")
		_, err = s.plan(s.order("v2", func(o *slipway.Order) { o.Plan.Platform = "linux/arm64" }))
		s.refused(err, slipway.CodeInvalid, " is linux/amd64, but the release is for linux/arm64")
		s.ends(s.submit(s.order("v2", func(o *slipway.Order) { o.Plan.Platform = "linux/arm64" })), slipway.Refused, " is linux/amd64, but")
		s.is(release(1), release(1))
	})
}

func TestHostWithoutAPortLeftIsRefused(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		for i := range s.fleet.Hosts { // the two containers of v1 have these
			s.fleet.Hosts[i].Ports = slipway.PortRange{First: 20001, Last: 20002}
		}
		s.live("v1")
		s.ports = []int{20001, 20002}
		s.ends(s.submit(s.order("v2")), slipway.Refused, "every port of 20001-20002 is taken")
		s.is(release(1), release(1))
	})
}
