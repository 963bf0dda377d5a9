package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"slipway"
	dockerdriver "slipway/drivers/docker"
	"slipway/drivers/slipwayedge"
	"slipway/e2e/lab"
	"slipway/e2e/system"
	"slipway/workflows"
)

// A moment is where in a release something befalls a host: when its history has
// said these things, in this order. The moment before a release is requested has
// no words.
type moment struct {
	name string
	said []string
}

var moments = []moment{
	{"before", nil},
	{"pulling", []string{"PullImage scheduled"}},
	{"starting", []string{"StartGreen scheduled"}},
	{"proving", []string{"ProbeGreen scheduled"}},
	{"staging", []string{"StageTarget scheduled"}},
	{"committing", []string{"CommitTarget scheduled"}},
	{"holding", []string{"CommitTarget completed", "report heard"}},
	{"retiring", []string{"DrainTarget scheduled"}},
}

// A fleetCell is one release onto three hosts, during which one falls sick.
type fleetCell struct {
	sickness sickness
	moment   moment
}

func (c fleetCell) name() string { return c.sickness.name + "/" + c.moment.name }

// fleetCells are all of them, by how hosts are reached.
func fleetCells() map[lab.Way][]fleetCell {
	out := map[lab.Way][]fleetCell{}
	for _, s := range sicknesses {
		for _, m := range moments {
			if s.at == nil || slices.Contains(s.at, m.name) {
				out[s.reached()] = append(out[s.reached()], fleetCell{s, m})
			}
		}
	}
	return out
}

// pickCells leaves those whose names match -cells; or all for make matrix, and
// otherwise one that is decided within seconds.
func pickCells(t *testing.T, all map[lab.Way][]fleetCell) {
	t.Helper()
	pick, err := regexp.Compile(*matrixCells)
	if err != nil {
		t.Fatalf("-cells: %v", err)
	}
	for way, cells := range all {
		all[way] = slices.DeleteFunc(cells, func(c fleetCell) bool { return !pick.MatchString(c.name()) })
	}
	if *wholeMatrix || *matrixCells != "" {
		return
	}
	quick := slices.DeleteFunc(all[lab.TCP], func(c fleetCell) bool {
		return c.sickness.name != "dockerd hung" || !slices.Contains([]string{"before", "pulling", "starting"}, c.moment.name)
	})
	random := rand.New(rand.NewPCG(*matrixSeed, 1))
	clear(all)
	all[lab.TCP] = []fleetCell{quick[random.IntN(len(quick))]}
}

// How long a release may take to be decided, whatever befalls one host: it may
// have to wait for an edge to say what it serves, which is given two minutes.
// Settling is what follows by itself once the host is well.
const (
	fleetDecided = 3 * time.Minute
	fleetSettled = 2 * time.Minute
)

// fleetSystems are how many systems go through cells side by side, by how their
// hosts are reached: most of the time they wait for something that is silent.
var fleetSystems = map[lab.Way]int{lab.TCP: 4, lab.Agent: 1}

func TestFleetMatrix(t *testing.T) {
	t.Parallel() // it has systems of its own
	all := fleetCells()
	pickCells(t, all)
	var table fleetTable
	t.Run("all", func(t *testing.T) {
		for way, cells := range all {
			queue := make(chan fleetCell, len(cells))
			for _, c := range cells {
				queue <- c
			}
			close(queue)
			for n := range min(fleetSystems[way], len(cells)) {
				t.Run(fmt.Sprintf("%s %d", way, n+1), func(t *testing.T) {
					t.Parallel()
					fallSick(t, way, queue, &table)
				})
			}
		}
	})
	t.Logf("\n%s", table.String())
}

// fallSick takes cells from the queue and goes through them on one system.
func fallSick(t *testing.T, way lab.Way, cells <-chan fleetCell, table *fleetTable) {
	s := own(t, system.Options{Hosts: 3, Way: way, Disk: 512 << 20})
	c, err := client.Dial(client.Options{HostPort: s.Temporal, Namespace: "slipway", Logger: quiet{}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	m := &fleetMatrix{matrix: &matrix{System: s, temporal: c}}
	if way == lab.Agent {
		m.clock = throughProxy(t, s, 1)
	}
	for cell := range cells {
		well := t.Run(cell.name(), func(t *testing.T) {
			row, err := m.run(t, cell)
			if err != nil {
				t.Fatalf("%v\n%s", err, s.Standalone.Log())
			}
			table.add(row)
		})
		if !well { // what it left is in the way of the next one
			m.service = nil
		}
	}
}

// throughProxy has an agent reach its Docker Engine through a proxy.
func throughProxy(t *testing.T, s *system.System, n int) *lab.Proxy {
	t.Helper()
	h, agent := s.Hosts.All[n], s.Agents[n]
	proxy, err := lab.SocketProxy(s.Dir, h.Name+".sock", h.Socket())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { proxy.Close() })
	agent.Command[slices.Index(agent.Command, h.Host())] = "unix://" + proxy.Address()
	if err := agent.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := agent.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return proxy
}

// fleetMatrix is a system of three hosts, one of which falls sick.
type fleetMatrix struct {
	*matrix
	service  *killed // nil: to be made
	services int
	clock    *lab.Proxy // before the engine of the sick host, where it has an agent
}

// live is the container that serves before the release.
func (m *fleetMatrix) live(cellRun) string { return m.service.live }

func (m *fleetMatrix) prepare(t *testing.T, more string) {
	t.Helper()
	if m.service == nil {
		m.service = &killed{name: fmt.Sprintf("fleet%d", m.services)}
		m.services++
		push(t, m.System, m.service.name, "first")
		file := service(t, m.System, m.service.name, "strategy: {blue_green: {hold: 0s}}\n")
		m.service.live, m.service.serves, m.service.releases = release(t, m.System, file, "first", 0).ID, "first", 1
	}
	m.service.file = service(t, m.System, m.service.name, more)
}

// run makes one release, has a host fall sick, and says what became of it.
func (m *fleetMatrix) run(t *testing.T, cell fleetCell) (fleetRow, error) {
	hold := "0s"
	if cell.moment.name == "holding" {
		hold = "10m"
	}
	m.prepare(t, fmt.Sprintf("strategy: {blue_green: {hold: %s, drain_timeout: 1s, switch_timeout: 3s}}\n", hold))
	k := m.service
	k.releases++
	tag := fmt.Sprintf("v%d", k.releases)
	push(t, m.System, k.name, tag)
	in := cellRun{service: k.name, id: fmt.Sprintf("search.%s.%d", k.name, k.releases), begun: time.Now()}
	row := fleetRow{sickness: cell.sickness.name, moment: cell.moment.name, mends: cell.sickness.mends}
	ctx, cancel := context.WithTimeout(t.Context(), fleetDecided+fleetSettled)
	defer cancel()

	var traffic []*system.Traffic
	for _, h := range m.Hosts.All {
		traffic = append(traffic, system.StartTraffic(ctx, h.EdgeURL(), k.name, 20))
	}
	var heal func() error
	var at time.Time
	var once sync.Once
	struck := make(chan error, 1)
	strike := func() {
		once.Do(func() {
			at = time.Now()
			var err error
			heal, err = cell.sickness.strike(ctx, m, in)
			struck <- err
		})
	}
	if cell.moment.said == nil {
		strike()
	} else {
		go m.follow(ctx, "release/"+in.id, in.begun, strike, cell.moment.said...)
	}
	var people sync.WaitGroup
	people.Go(func() { m.must(ctx, t, "ann", "release", "-f", k.file, "--tag", tag) })
	var err error
	select {
	case err = <-struck:
	case <-time.After(fleetDecided):
		err = fmt.Errorf("the moment never came")
	}
	if err == nil {
		row, err = m.decide(ctx, t, cell, in, at, row)
	}
	if heal != nil {
		if problem := heal(); problem != nil && err == nil {
			err = fmt.Errorf("heal: %w", problem)
		}
	}
	people.Wait()
	if err == nil {
		if row.outcome == string(slipway.Live) {
			k.live, k.serves = in.id, tag
		}
		row.left, row.settled, err = m.settle(ctx, time.Now())
	}
	for i, each := range traffic {
		report := each.Stop()
		row.requests += report.Total
		if m.Hosts.All[i] == m.sick() && cell.sickness.cut {
			row.lostThere += report.Failures
			continue
		}
		row.lost += report.Failures
		if report.Failures > 0 {
			t.Errorf("%d of %d requests to the edge on %s were lost: %s", report.Failures, report.Total, m.Hosts.All[i].Name, strings.Join(report.Failed, "; "))
		}
	}
	if err == nil && row.left != "" {
		t.Errorf("after %s (%s) it does not settle: %s", row.outcome, row.reads, row.left)
	}
	return row, err
}

// decide waits until the release is decided. One that is held is taken back
// while the host is sick.
func (m *fleetMatrix) decide(ctx context.Context, t *testing.T, cell fleetCell, in cellRun, at time.Time, row fleetRow) (fleetRow, error) {
	if cell.moment.name == "holding" && cell.sickness.name != "green dies" {
		m.must(ctx, t, "ann", "rollback", "search/"+in.service, "--reason", "users see errors")
	}
	ctx, cancel := context.WithTimeout(ctx, fleetDecided)
	defer cancel()
	var ended slipway.Release
	for {
		err := m.temporal.GetWorkflow(ctx, "release/"+in.id, "").Get(ctx, &ended)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return row, fmt.Errorf("%s has not ended: %w", in.id, err)
		}
	}
	row.outcome, row.reads, row.took = string(*ended.Outcome), ended.Reason, time.Since(at)
	for _, f := range ended.Findings {
		row.reads = strings.TrimPrefix(row.reads+"; "+f.String(), "; ")
	}
	for _, b := range ended.Behind {
		row.reads = strings.TrimPrefix(row.reads+"; "+b.String()+" is behind: "+b.Error, "; ")
	}
	if cell.moment.said == nil && !cell.sickness.chance {
		told(t, row.sickness, row.reads, row.outcome)
	}
	legal := []slipway.Outcome{slipway.Live, slipway.RolledBack, slipway.Refused}
	if cell.moment.name == "holding" {
		legal = []slipway.Outcome{slipway.RolledBack}
	}
	if row.sickness == "its edge not reached" || row.sickness == "its edge's answers lost" || cell.sickness.cut {
		legal = append(legal, slipway.Failed) // nobody can say what that edge serves
	}
	if !slices.Contains(legal, *ended.Outcome) {
		t.Errorf("outcome %s (%s), want one of %v", *ended.Outcome, ended.Reason, legal)
	}
	return row, nil
}

// settle returns when every host and edge has what is live and nothing else,
// without anybody having done anything; or, when the time is up, with what is
// in the way.
func (m *fleetMatrix) settle(ctx context.Context, since time.Time) (string, time.Duration, error) {
	deadline := time.Now().Add(fleetSettled)
	for {
		left, err := m.unsettled(ctx)
		if err == nil && left == "" {
			return "", time.Since(since), nil
		}
		if err != nil {
			left = err.Error()
		}
		if time.Now().After(deadline) {
			return left, time.Since(since), nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return left, time.Since(since), ctx.Err()
		}
	}
}

func (m *fleetMatrix) unsettled(ctx context.Context) (string, error) {
	var left []string
	id := slipway.ServiceID{Project: "search", Service: m.service.name}
	for i, h := range m.Hosts.All {
		there, err := m.unsettledOn(ctx, h, slipway.Edge{Name: fmt.Sprintf("e%d", i+1), Admin: h.EdgeAdmin(), TLS: &m.Hosts.Client}, id)
		if err != nil {
			return "", err
		}
		left = append(left, there...)
	}
	var status slipway.ServiceStatus
	told, err := m.temporal.QueryWorkflow(ctx, workflows.LaneID(id), "", workflows.Status)
	if err != nil {
		return "", err
	}
	if err := told.Get(&status); err != nil {
		return "", err
	}
	if status.Live == nil || status.Live.Release != m.service.live {
		left = append(left, fmt.Sprintf("%s takes %v for live", id, status.Live))
	}
	open, err := m.open(ctx, id)
	return strings.Join(append(left, open...), ", "), err
}

func (m *fleetMatrix) unsettledOn(ctx context.Context, h *lab.Host, edge slipway.Edge, id slipway.ServiceID) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var left []string
	engine, err := dockerdriver.Dial(h.Docker(lab.Unix))
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	containers, err := engine.List(ctx, id)
	if err != nil {
		return nil, err
	}
	running := false
	for _, c := range containers {
		if c.Name == m.service.live && c.Running {
			running = true
			continue
		}
		left = append(left, fmt.Sprintf("container %s on %s", c.Name, h.Name))
	}
	if !running {
		left = append(left, fmt.Sprintf("no %s on %s", m.service.live, h.Name))
	}
	admin, err := slipwayedge.New(edge)
	if err != nil {
		return nil, err
	}
	route, err := admin.Route(ctx, id)
	if err != nil {
		return nil, err
	}
	if route.Active != m.service.live || len(route.Targets) != 1 || len(route.Targets[route.Active].Upstreams) != 1 {
		left = append(left, fmt.Sprintf("edge %s serves %s of %v", edge.Name, route.Active, route.Targets))
	}
	if version, err := system.Ask(ctx, h.EdgeURL(), m.service.name); err != nil || version != m.service.serves {
		left = append(left, fmt.Sprintf("edge %s answers %q, %v", edge.Name, version, err))
	}
	return left, nil
}
