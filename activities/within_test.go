package activities_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/activities"
)

// Reach notes what was asked for, and answers with what the test says.
func (m *machine) Reach(ctx context.Context, platform string, dependencies []string) ([]slipway.Unmet, error) {
	m.mu.Lock()
	m.did = append(m.did, append([]string{"reach", platform}, dependencies...)...)
	m.mu.Unlock()
	if m.stuck != nil {
		m.hung = m.stuck
	}
	if err := m.reply(ctx); err != nil {
		return nil, err
	}
	return m.unmet, m.reachError
}

// TryOut notes what it is given.
func (m *machine) TryOut(_ context.Context, _ string, spec slipway.ContainerSpec) error {
	m.spec = spec
	return m.startError
}

func TestWhatIsRequiredIsTriedWhereItIsAskedFor(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	m.unmet = []slipway.Unmet{{To: "db:5432", Why: "connection refused"}}
	var facts slipway.HostFacts
	if err := run(t, host.HostFacts, activities.HostInput{Host: "h1"}, &facts); err != nil || facts.Unmet != nil || m.did != nil {
		t.Errorf("nothing was asked for, and it did %q: %+v, %v", m.did, facts, err)
	}
	if err := run(t, host.HostFacts, activities.HostInput{Host: "h1", Requires: []string{"db:5432"}}, &facts); err != nil || cmp.Diff(m.unmet, facts.Unmet) != "" || facts.Pinned != nil {
		t.Errorf("facts are %+v, %v", facts, err)
	}
}

// What the fleet file has by now is told, and what it requires is tried, too.
func TestHostIsPinnedToWhatTheFleetFileSaysNow(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	profile := slipway.Profile{Name: "web", Docker: "29.1", Requires: []string{"proxy:3128"}, Action: slipway.Quarantine}
	host.Fleet = func() *slipway.Fleet {
		return &slipway.Fleet{Hosts: []slipway.Host{{Name: "h1", Profile: "web"}}, Profiles: []slipway.Profile{profile}}
	}
	var facts slipway.HostFacts
	err := run(t, host.HostFacts, activities.HostInput{Host: "h1", Requires: []string{"db:5432"}, Pinned: true}, &facts)
	if err != nil || cmp.Diff(&profile, facts.Pinned) != "" || cmp.Diff([]string{"reach", slipway.DefaultPlatform, "db:5432", "proxy:3128"}, m.did) != "" {
		t.Errorf("it did %q: %+v, %v", m.did, facts, err)
	}
}

// A host on which no container can be run has that found out about it; one that
// falls silent meanwhile does not answer.
func TestWhereNothingCanBeTried(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	m.reachError = errors.New("host h1: no space left on device")
	var facts slipway.HostFacts
	in := activities.HostInput{Host: "h1", Requires: []string{"db:5432"}, Patience: patience}
	if err := run(t, host.HostFacts, in, &facts); err != nil || cmp.Diff([]slipway.Unmet{{Why: "host h1: no space left on device"}}, facts.Unmet) != "" {
		t.Errorf("facts are %+v, %v", facts, err)
	}
	m, host = newMachine()
	m.stuck = make(chan struct{})
	failed(t, run(t, host.HostFacts, in, nil), slipway.CodeUnreachable, false, "host h1: the Docker Engine has not answered for 500ms")
}

// What is tried out has no secret, and keeps to the rules.
func TestTryingOutLooksUpNoSecret(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	in := starting()
	in.Warrant = nil
	if err := run(t, host.TryOut, in, nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"LOG": "info"}, m.spec.Environment); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	m.startError = slipway.Errorf(slipway.CodeInvalid, "host h1: the container cannot be started: no such file")
	failed(t, run(t, host.TryOut, in, nil), slipway.CodeInvalid, false, "cannot be started")
	m.refusal = slipway.Errorf(slipway.CodeForbidden, "volumes are denied")
	failed(t, run(t, host.TryOut, in, nil), slipway.CodeForbidden, false, "volumes are denied")
}
