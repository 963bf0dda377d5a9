package workflows_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"slipway"
	"slipway/activities"
	"slipway/workflows"
)

// mode is what goes wrong with an activity.
type mode int

const (
	fails   mode = iota // it says no, for good
	away                // it does nothing and nobody answers; another try may help
	mute                // it takes effect, but nobody answers; at last, to whoever does not give up
	hanging             // it neither takes effect nor ends, until it is cancelled
	silent              // its host or edge does not answer, for as long as anybody asks
	late                // it takes effect, and is answered when the test says so
)

// A fault meddles with activities by name and by the host or edge they are for;
// an empty one matches all.
type fault struct {
	mode     mode
	activity string
	at       string
	of       string    // only of this container, where the activity is about one
	nth      int       // only the nth invocation of all, counted from 1, and its further attempts; 0: any
	first    int       // only the first so many attempts that match; 0: all
	until    time.Time // only before this time; zero: for ever
	text     string    // what it says

	hits    int
	key     string   // of the invocation that nth has hit
	hit     string   // what that was
	answers []func() // of late ones
}

func (s *story) fault(f *fault) *fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
	return f
}

// answer lets the late ones be answered.
func (s *story) answer(f *fault) {
	s.mu.Lock()
	answers := f.answers
	s.mu.Unlock()
	for _, answer := range answers {
		answer()
	}
}

// hit reports whether a fault has been met, as often as it is to be if that is
// bounded: a phase says that an activity is asked for, not that it has begun.
func (s *story) hit(f *fault) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return f.hits >= max(f.first, 1)
}

// late reports whether so many attempts wait to be answered, at least.
func (s *story) late(f *fault, n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(f.answers) >= n
}

func (s *story) heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
	clear(s.away)
}

// hang makes the Docker Engine of h2 take requests and say nothing. Its
// containers go on.
func (s *story) hang() {
	for _, activity := range []string{"HostFacts", "PullImage", "StartGreen", "KeepEvidence", "StopContainer", "ReviveContainer", "RemoveContainer"} {
		s.fault(&fault{mode: silent, activity: activity, at: "h2"})
	}
}

// cut takes hosts and edges off the network.
func (s *story) cut(names ...string) {
	for _, name := range names {
		s.fault(&fault{mode: silent, at: name})
		s.mu.Lock()
		s.away[name], s.missed[name] = true, true
		s.mu.Unlock()
	}
}

// call is one attempt of an activity.
type call struct {
	name, at, workflow string
	of                 string // the container that it is about
	proofs             int    // of containers, that it carries
	when               time.Time
}

// meddler stands before every activity: it keeps a record, brings about
// faults, and turns activities that watch in real time into ones that look once
// a second in virtual time.
type meddler struct {
	interceptor.WorkerInterceptorBase
	*story
}

func (m *meddler) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &meddled{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}, story: m.story}
}

type meddled struct {
	interceptor.ActivityInboundInterceptorBase
	*story
}

func (m *meddled) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	info := activity.GetInfo(ctx)
	c := call{name: info.ActivityType.Name, at: place(in.Args[0]), of: subject(in.Args[0]), proofs: proofs(in.Args[0]), workflow: info.WorkflowExecution.ID, when: m.env.Now()}
	switch c.name {
	case "WatchHost", "WatchEdge", "WatchWindow", "AwaitRelease":
		m.watch(info, in.Args[0])
		return nil, activity.ErrResultPending
	}
	key := info.WorkflowExecution.RunID + info.ActivityID
	f := m.meet(c, key)
	if m.isCancelled(key) {
		return nil, temporal.NewCanceledError() // the server would not try it again
	}
	if f == nil {
		return m.Next.ExecuteActivity(ctx, in)
	}
	text := f.text
	if text == "" {
		text = fmt.Sprintf("%s %s is broken", c.name, c.at)
	}
	switch f.mode {
	case silent:
		if patient(in.Args[0]) {
			return nil, activities.Failure(slipway.Errorf(slipway.CodeUnreachable, "%s does not answer", c.at))
		}
		if lasting(c.workflow, info) {
			m.goOn(ctx, in, info, c, key)
			return nil, activity.ErrResultPending
		}
	case fails:
		return nil, activities.Failure(slipway.Errorf(slipway.CodeInvalid, "%s", text))
	case hanging:
		return nil, activity.ErrResultPending
	case away:
		if lasting(c.workflow, info) {
			m.goOn(ctx, in, info, c, key)
			return nil, activity.ErrResultPending
		}
	case late:
		result, err := m.Next.ExecuteActivity(ctx, in)
		m.mu.Lock()
		defer m.mu.Unlock()
		f.answers = append(f.answers, func() { m.complete(info, result, err) })
		return nil, activity.ErrResultPending
	case mute:
		if lasting(c.workflow, info) {
			return m.Next.ExecuteActivity(ctx, in)
		}
		_, _ = m.Next.ExecuteActivity(ctx, in)
	}
	return nil, activities.Failure(slipway.Errorf(slipway.CodeUnavailable, "%s", text))
}

// lasting reports whether an activity is tried again for as long as it takes.
func lasting(workflow string, info activity.Info) bool {
	return info.Attempt > 5 && (strings.HasPrefix(workflow, "cleanup/") || strings.HasPrefix(workflow, "catchup/"))
}

// patient reports whether an activity gives up by itself on what is silent.
func patient(in any) bool {
	text, _ := json.Marshal(in)
	var with struct{ Patience slipway.Duration }
	_ = json.Unmarshal(text, &with)
	return with.Patience > 0
}

// goOn tries again once a minute for as long as it takes. The test environment
// by itself gives up after ten attempts.
func (m *meddled) goOn(ctx context.Context, in *interceptor.ExecuteActivityInput, info activity.Info, c call, key string) {
	var again func()
	again = func() {
		c.when = m.env.Now()
		if m.over || m.isCancelled(key) {
			return
		}
		if m.meet(c, key) != nil {
			m.env.RegisterDelayedCallback(again, time.Minute)
			return
		}
		result, err := m.Next.ExecuteActivity(ctx, in)
		m.complete(info, result, err)
	}
	m.env.RegisterDelayedCallback(again, time.Minute)
}

// complete answers for an activity that was left pending.
func (s *story) complete(info activity.Info, result any, err error) {
	if err := s.env.CompleteActivity(info.TaskToken, result, err); err != nil {
		s.t.Errorf("complete %s: %v", info.ActivityType.Name, err)
	}
	// The test environment wakes the lane only; a signal that nobody listens to
	// wakes the workflow that waits.
	_ = s.env.SignalWorkflowByID(info.WorkflowExecution.ID, "wake", nil)
}

// meet records a call and finds the fault that is in its way.
func (s *story) meet(c call, key string) *fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.cancelled[key] {
		s.calls = append(s.calls, c)
	}
	for _, f := range s.faults {
		if f.activity != "" && f.activity != c.name || f.at != "" && f.at != c.at || f.of != "" && f.of != c.of {
			continue
		}
		if !f.until.IsZero() && !c.when.Before(f.until) {
			continue
		}
		if f.nth > 0 {
			if f.key == "" || f.key != key {
				if f.hits++; f.hits != f.nth {
					continue
				}
				f.key, f.hit = key, c.name+" "+c.at
			}
			return f
		}
		if f.hits++; f.first > 0 && f.hits > f.first {
			continue
		}
		return f
	}
	return nil
}

func (s *story) isCancelled(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cancelled[key]
}

// place is the host or edge that an input is for.
func place(in any) string {
	text, _ := json.Marshal(in)
	var at struct{ Host, Edge string }
	_ = json.Unmarshal(text, &at)
	return at.Host + at.Edge
}

// subject is the container that an input is about.
func subject(in any) string {
	text, _ := json.Marshal(in)
	var of struct{ Container, Name string }
	_ = json.Unmarshal(text, &of)
	return of.Container + of.Name
}

// proofs counts the containers that an input proves.
func proofs(in any) int {
	text, _ := json.Marshal(in)
	var carries struct{ Warrant slipway.Warrant }
	_ = json.Unmarshal(text, &carries)
	return len(carries.Warrant.Containers)
}

// watch is a watching activity in virtual time. It looks once a second at
// first, and less often when hours go by.
func (s *story) watch(info activity.Info, in any) {
	look, began, shortest, looks := s.lookAt(in), s.env.Now(), time.Second, time.Duration(100)
	window, slow := in.(activities.WindowInput)
	if slow { // it verifies each time, and may wait for days
		shortest, looks = time.Minute, 500
	}
	interval := func() time.Duration {
		now := s.env.Now()
		next := max(shortest, now.Sub(began)/looks)
		if slow && window.Known.Until != nil {
			if left := window.Known.Until.Sub(now); left > 0 { // then the real one looks, too
				next = min(next, left)
			}
		}
		return next
	}
	var again func()
	again = func() {
		_, gone := s.closed[info.WorkflowExecution.ID]
		if gone || s.over || s.isCancelled(info.WorkflowExecution.RunID+info.ActivityID) {
			return
		}
		if err := s.ended(info.ActivityType.Name, place(in)); err != nil {
			s.complete(info, nil, err)
			return
		}
		result, done := look()
		if !done {
			s.env.RegisterDelayedCallback(again, interval())
			return
		}
		s.complete(info, result, nil)
	}
	s.env.RegisterDelayedCallback(again, interval())
}

// ended is what ends a watching activity that a fault names.
func (s *story) ended(activity, at string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.activity == activity && f.at == at {
			f.hits++
			return activities.Failure(slipway.Errorf(slipway.CodeNotFound, "%s", f.text))
		}
	}
	return nil
}

func (s *story) lookAt(in any) func() (any, bool) {
	switch in := in.(type) {
	case activities.WatchEdgeInput:
		return func() (any, bool) {
			route, _ := admin{s.world, in.Edge}.Route(context.Background(), in.Service)
			return route, route.Generation != in.Generation && !s.isAway(in.Edge)
		}
	case activities.WatchInput:
		return func() (any, bool) {
			ready := in.Blue == nil || s.isWell(in.Host, in.Blue)
			if in.Green != nil && !s.isWell(in.Host, in.Green) && !s.isAway(in.Host) {
				return activities.WatchResult{GreenFailed: in.Green.Container + " does not answer any more", Ready: ready}, true
			}
			return activities.WatchResult{Ready: ready, Reason: "blue does not answer"}, ready != in.Ready
		}
	case activities.WindowInput:
		return func() (any, bool) {
			result, err := (&activities.Central{Authority: s.authority()}).WatchWindow(over, in)
			return result, err == nil
		}
	case slipway.ReleaseID:
		return func() (any, bool) {
			end, ok := s.closed[workflows.ReleaseWorkflowID(in)]
			return activities.AwaitResult{Release: end.release, OK: end.err == nil}, ok
		}
	}
	s.t.Errorf("nobody knows how to watch %T", in)
	return func() (any, bool) { return nil, false }
}

// over is a context in which a watching activity looks once.
var over = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

func (s *story) isAway(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.away[name]
}

func (s *story) isWell(host string, watched *activities.WatchedTarget) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.hosts[host][watched.Container]
	return ok && (c.Running || watched.Stopped) && !s.sick[watched.Container] && !s.sick[host+"/"+watched.Container] && !s.away[host]
}
