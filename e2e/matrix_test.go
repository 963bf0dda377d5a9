package e2e

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"slipway"
	"slipway/drivers/docker"
	"slipway/drivers/slipwayedge"
	"slipway/e2e/system"
)

var (
	// wholeMatrix is for make matrix; otherwise it is a few of its cells.
	wholeMatrix = flag.Bool("matrix", false, "kill at every point, not only at a few")
	matrixSeed  = flag.Uint64("matrix-seed", 1, "which few")
	matrixCells = flag.String("cells", "", "of the matrix of sick hosts, only the cells whose names match, such as '^dockerd hung/'")
)

// thorough is how often something is done for make matrix, and how often
// otherwise.
func thorough(all, few int) int {
	if *wholeMatrix {
		return all
	}
	return few
}

// matrixRate is how many requests a second go through the edge meanwhile.
const matrixRate = 50

// decided is how long a release may take to end, however it was hit.
const decided = 90 * time.Second

// A victim is what is killed, and started again.
type victim struct {
	name    string
	kill    func(m *matrix) error
	restart func(ctx context.Context, m *matrix) error
	// serves says that requests have no reason to get lost meanwhile.
	serves bool
	// sure says that the release ends as if nothing had happened.
	sure bool
}

var (
	standalone = victim{
		name: "standalone", serves: true, sure: true,
		kill:    func(m *matrix) error { return m.Standalone.Kill() },
		restart: func(ctx context.Context, m *matrix) error { return m.Standalone.Start(ctx) },
	}
	edge = victim{
		name:    "edge",
		kill:    func(m *matrix) error { return m.Edge.Kill() },
		restart: func(ctx context.Context, m *matrix) error { return m.Edge.Start(ctx) },
	}
	everything = victim{
		name: "everything",
		kill: func(m *matrix) error {
			for _, p := range []*system.Process{m.Standalone, m.Edge} {
				if err := p.Kill(); err != nil {
					return err
				}
			}
			return nil
		},
		restart: func(ctx context.Context, m *matrix) error {
			for _, start := range []func(context.Context) error{m.Engine.Reboot, m.Edge.Start, m.Standalone.Start} {
				if err := start(ctx); err != nil {
					return err
				}
			}
			return nil
		},
	}
)

// A cell is one release during which something is killed once.
type cell struct {
	victim victim
	shape  shape
	point  point
}

// cells are one kind of release and one victim at every point; and, where it
// is the whole release that may be hit, moments that nobody chose.
func cells(v victim, s shape, moments int) []cell {
	var out []cell
	for _, p := range s.points {
		out = append(out, cell{v, s, p})
	}
	random := rand.New(rand.NewPCG(*matrixSeed, 0))
	for range moments {
		out = append(out, cell{v, s, later("workflow started", time.Duration(random.IntN(1000))*time.Millisecond)})
	}
	return out
}

func TestKillMatrix(t *testing.T) {
	t.Parallel() // it has systems of its own
	takeover := cells(standalone, takingOver, 8)
	half := len(takeover) / 2
	groups := map[string][]cell{
		"takeover": takeover[:half],
		"on wires": takeover[half:],
		"back":     slices.Concat(cells(standalone, goingBack, 4), cells(standalone, holding, 0)),
		"others":   slices.Concat(cells(standalone, undoing, 2), cells(standalone, waiting, 0), cells(edge, switching, 0), cells(edge, restoring, 0)),
		"power":    cells(everything, anything, 0),
	}
	var table killTable
	if *wholeMatrix {
		t.Run("every point", func(t *testing.T) {
			for name, group := range groups {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					killEach(t, group, &table)
				})
			}
		})
	} else {
		random := rand.New(rand.NewPCG(*matrixSeed, 0))
		var few []cell
		for _, name := range []string{"takeover", "on wires", "back", "others"} {
			few = append(few, groups[name][random.IntN(len(groups[name]))])
		}
		killEach(t, few, &table)
	}
	t.Logf("\n%s", table.String())
}

// killEach goes through cells on one system.
func killEach(t *testing.T, cells []cell, table *killTable) {
	s := own(t, system.Options{Proxied: true})
	if err := s.SignIn(t.Context(), "bob"); err != nil {
		t.Fatal(err)
	}
	c, err := client.Dial(client.Options{HostPort: s.Temporal, Namespace: "slipway", Logger: quiet{}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	m := &matrix{System: s, temporal: c, services: map[string]*killed{}}
	for _, cell := range cells {
		t.Run(cell.victim.name+"/"+cell.shape.name+"/"+cell.point.name, func(t *testing.T) {
			table.add(m.run(t, cell))
		})
	}
}

// matrix is a system in which things are killed.
type matrix struct {
	*system.System
	temporal client.Client
	services map[string]*killed // by shape
}

// killed is the service that releases of one shape are made of.
type killed struct {
	name, file string
	releases   int
	live       string // release
	serves     string // version
}

// follow strikes when a history has said all of these things, in this order.
func (m *matrix) follow(ctx context.Context, workflowID string, since time.Time, strike func(), words ...string) {
	for ctx.Err() == nil {
		next := 0
		err := follow(ctx, m.temporal, workflowID, since, func(said string) bool {
			if said == words[next] {
				next++
			}
			return next == len(words)
		})
		if err == nil {
			if ctx.Err() == nil {
				strike()
			}
			return
		}
	}
}

func (m *matrix) service(t *testing.T, s shape) *killed {
	t.Helper()
	if have := m.services[s.name]; have != nil {
		return have
	}
	k := &killed{name: fmt.Sprintf("matrix%d", len(m.services))}
	m.services[s.name] = k
	k.file = service(t, m.System, k.name, "")
	push(t, m.System, k.name, "first")
	k.live, k.serves = release(t, m.System, k.file, "first", 0).ID, "first"
	k.releases = 1
	k.file = service(t, m.System, k.name, s.more)
	return k
}

// run makes one release, hits it, and says what became of it.
func (m *matrix) run(t *testing.T, c cell) killRow {
	k := m.service(t, c.shape)
	k.releases++
	tag := fmt.Sprintf("v%d", k.releases)
	push(t, m.System, k.name, tag, c.shape.env...)
	in := cellRun{service: k.name, id: fmt.Sprintf("search.%s.%d", k.name, k.releases), begun: time.Now()}
	ctx, cancel := context.WithTimeout(t.Context(), 2*decided)
	defer cancel()

	armed, disarm := context.WithCancel(ctx)
	defer disarm()
	struck := make(chan struct{})
	var once sync.Once
	var at time.Time
	strike := func() {
		once.Do(func() {
			at = time.Now()
			if err := c.victim.kill(m); err != nil {
				t.Error(err)
			}
			close(struck)
		})
	}
	if err := c.point.arm(armed, m, in, strike); err != nil {
		t.Fatal(err)
	}
	traffic := m.StartTraffic(ctx, k.name, matrixRate)
	var people sync.WaitGroup
	defer people.Wait()
	people.Go(func() { m.must(ctx, t, "ann", "release", "-f", k.file, "--tag", tag) })
	if c.shape.person.args != nil {
		people.Go(func() {
			m.awaitPhase(ctx, in.id, c.shape.person.when)
			m.must(ctx, t, c.shape.person.who, c.shape.person.args(in)...)
		})
	}
	select {
	case <-struck:
	case <-time.After(decided):
		traffic.Stop()
		t.Fatal("the point was never reached")
	}
	if err := c.victim.restart(ctx, m); err != nil {
		traffic.Stop()
		t.Fatal(err)
	}
	back := m.awaitService(ctx, t, k.name)
	ended, err := m.ended(ctx, in.id)
	if err != nil {
		traffic.Stop()
		t.Fatalf("%s has not ended: %v\n%s", in.id, err, m.Standalone.Log())
	}
	row := killRow{victim: c.victim.name, shape: c.shape.name, point: c.point.name, outcome: string(*ended.Outcome), took: time.Since(at)}
	people.Wait()
	before := *k
	if *ended.Outcome == slipway.Live {
		k.live, k.serves = in.id, tag
	}
	row.serves = ask(t, m.System, k.name)
	row.left = m.leftovers(ctx, t, k)
	report := traffic.Stop()
	row.requests = report.Total
	for _, begun := range report.Lost {
		// A request may be under way when what serves it is killed.
		if !c.victim.serves && begun.After(at.Add(-time.Second)) && begun.Before(back) {
			row.lostDown++
		} else {
			row.lost++
		}
	}
	switch {
	case row.serves != k.serves:
		t.Errorf("%s serves after %s (%s), want %s", row.serves, *ended.Outcome, ended.Reason, k.serves)
	case c.victim.sure && *ended.Outcome != c.shape.outcome:
		t.Errorf("outcome %s (%s), want %s", *ended.Outcome, ended.Reason, c.shape.outcome)
	case *ended.Outcome != slipway.Live && *ended.Outcome != slipway.RolledBack && *ended.Outcome != slipway.Refused:
		t.Errorf("outcome %s (%s): that is neither new nor old", *ended.Outcome, ended.Reason)
	}
	if row.lost > 0 {
		t.Errorf("%d of %d requests were lost: %s", row.lost, row.requests, strings.Join(report.Failed, "; "))
	}
	if row.left != "" {
		t.Errorf("left over after %s to %s: %s", before.live, k.live, row.left)
	}
	return row
}

// must runs a command that people run, and that has to be carried out, however
// often what it speaks to dies.
func (m *matrix) must(ctx context.Context, t *testing.T, user string, args ...string) {
	result, err := m.CLI(ctx, user, args...)
	if err != nil || result.Status != 0 {
		t.Errorf("slipway %s: %v, status %d: %s", strings.Join(args, " "), err, result.Status, result.Stderr)
	}
}

// awaitPhase returns when the release is in the phase, or past it.
func (m *matrix) awaitPhase(ctx context.Context, id string, phase slipway.Phase) {
	for ctx.Err() == nil {
		value, err := m.temporal.QueryWorkflow(ctx, "release/"+id, "", "status")
		var r slipway.Release
		if err == nil && value.Get(&r) == nil && (r.Phase == phase || r.Phase == slipway.Ended) {
			return
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// awaitService returns when a request has been answered again, and has not
// been begun before.
func (m *matrix) awaitService(ctx context.Context, t *testing.T, name string) time.Time {
	t.Helper()
	for {
		_, err := m.Ask(ctx, name)
		if err == nil {
			return time.Now()
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("%s does not answer: %v", name, err)
		}
	}
}

// ended is the release when it is over.
func (m *matrix) ended(ctx context.Context, id string) (slipway.Release, error) {
	ctx, cancel := context.WithTimeout(ctx, decided)
	defer cancel()
	for {
		var r slipway.Release
		err := m.temporal.GetWorkflow(ctx, "release/"+id, "").Get(ctx, &r)
		if err == nil {
			return r, nil
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return r, err
		}
	}
}

// leftovers says what there is of the service beyond what serves, once what is
// still being removed has had its time.
func (m *matrix) leftovers(ctx context.Context, t *testing.T, k *killed) string {
	t.Helper()
	deadline := time.Now().Add(decided)
	for {
		left, err := m.left(ctx, k)
		if err != nil {
			t.Fatal(err)
		}
		if left == "" || time.Now().After(deadline) {
			return left
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return left
		}
	}
}

func (m *matrix) left(ctx context.Context, k *killed) (string, error) {
	var left []string
	engine, err := docker.Dial(m.Docker())
	if err != nil {
		return "", err
	}
	defer engine.Close()
	id := slipway.ServiceID{Project: "search", Service: k.name}
	containers, err := engine.List(ctx, id)
	if err != nil {
		return "", err
	}
	running := false
	for _, c := range containers {
		if c.Name == k.live && c.Running {
			running = true
			continue
		}
		left = append(left, "container "+c.Name)
	}
	if !running {
		left = append(left, "no container of "+k.live)
	}
	admin, err := slipwayedge.New(slipway.Edge{Name: "e1", Admin: "unix://" + strings.TrimPrefix(m.EdgeAdmin(), "unix:")})
	if err != nil {
		return "", err
	}
	route, err := admin.Route(ctx, id)
	if err != nil {
		return "", err
	}
	for release := range route.Targets {
		if release != k.live {
			left = append(left, "target "+release)
		}
	}
	open, err := m.open(ctx, id)
	return strings.Join(append(left, open...), ", "), err
}

// open are the workflows of a service that have not ended, but for its lane.
func (m *matrix) open(ctx context.Context, id slipway.ServiceID) ([]string, error) {
	list, err := m.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Query: fmt.Sprintf(`SlipwayService = %q AND ExecutionStatus = "Running" AND WorkflowType != "Lane"`, id.String()),
	})
	if err != nil {
		return nil, err
	}
	var open []string
	for _, w := range list.GetExecutions() {
		open = append(open, "workflow "+w.GetExecution().GetWorkflowId()+m.pending(ctx, w.GetExecution().GetWorkflowId()))
	}
	return open, nil
}

// pending says what a workflow is at, and why that has failed so far.
func (m *matrix) pending(ctx context.Context, workflowID string) string {
	described, err := m.temporal.DescribeWorkflowExecution(ctx, workflowID, "")
	if err != nil {
		return ""
	}
	var text strings.Builder
	for _, a := range described.GetPendingActivities() {
		fmt.Fprintf(&text, " (%s, attempt %d: %s)", a.GetActivityType().GetName(), a.GetAttempt(), a.GetLastFailure().GetMessage())
	}
	return text.String()
}

// quiet is a logger for a client whose server is killed again and again.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
