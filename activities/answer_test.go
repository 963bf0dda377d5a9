package activities_test

import (
	"slices"
	"testing"
	"time"

	"slipway"
	"slipway/activities"
)

// patience is short, and still far longer than an answer takes here.
const patience = slipway.Duration(500 * time.Millisecond)

func TestHungEngineCostsNoMoreThanPatience(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]func(*activities.Host) error{
		"what it is": func(h *activities.Host) error {
			return run(t, h.HostFacts, activities.HostInput{Host: "h1", Patience: patience}, nil)
		},
		"to pull": func(h *activities.Host) error {
			return run(t, h.PullImage, activities.PullInput{Host: "h1", Registry: "production", Image: image, Release: "search.api.2", Warrant: warranted(), Patience: patience}, nil)
		},
		"while green is not ready": func(h *activities.Host) error {
			return run(t, h.ProbeGreen, proving(func(in *activities.ProbeInput) { in.Patience, in.Deadline = patience, slipway.Duration(time.Minute) }), nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, host := newMachine()
			m.hung = make(chan struct{})
			m.answer("10.0.0.1:8080", errRefused)
			asked := time.Now()
			failed(t, ask(host), slipway.CodeUnreachable, false, "host h1: the Docker Engine has not answered for 500ms")
			if took := time.Since(asked); took > 4*patience.Std() {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func TestContainerThatAnswersIsProvenWhileItsEngineHangs(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	m.hung = make(chan struct{})
	if err := run(t, host.ProbeGreen, proving(func(in *activities.ProbeInput) { in.Patience = patience }), nil); err != nil {
		t.Error(err)
	}
}

func TestOnlyAnEngineThatIsSilentIsUnreachable(t *testing.T) {
	t.Parallel()
	refused := slipway.Errorf(slipway.CodeUnavailable, "connection refused")
	for name, c := range map[string]struct {
		pings []error
		code  slipway.Code
		again bool
		text  string
	}{
		"the registry is away":             {nil, slipway.CodeUnavailable, true, "registry"},
		"the engine is back in time":       {[]error{refused, refused}, slipway.CodeUnavailable, true, "registry"},
		"the engine refuses for all of it": {slices.Repeat([]error{refused}, 20), slipway.CodeUnreachable, false, "connection refused; it was asked again for 500ms"},
	} {
		m, host := newMachine()
		m.pullError, m.pings = slipway.Errorf(slipway.CodeUnavailable, "registry: 503"), c.pings
		err := run(t, host.PullImage, activities.PullInput{Host: "h1", Registry: "production", Image: image, Release: "search.api.2", Warrant: warranted(), Patience: patience}, nil)
		t.Log(name)
		failed(t, err, c.code, c.again, c.text)
	}
}

func TestEdgeHasItsTimeToAnswer(t *testing.T) {
	t.Parallel()
	g, central := newGateway()
	in := activities.EdgeInput{Edge: "e1", Service: search, Patience: patience}
	g.silent = 2
	if err := run(t, central.ReadRoute, in, nil); err != nil {
		t.Error(err)
	}
	g.silent = 1000
	failed(t, run(t, central.ReadRoute, in, nil), slipway.CodeUnreachable, false, "no answer; it was asked again for 500ms")
}

// A connection that is given up just as patience ends does not begin it anew.
func TestSilenceIsCountedOnce(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	m.hung, m.connecting = make(chan struct{}), 1900*time.Millisecond
	asked := time.Now()
	err := run(t, host.HostFacts, activities.HostInput{Host: "h1", Patience: slipway.Duration(2 * time.Second)}, nil)
	failed(t, err, slipway.CodeUnreachable, false, "has not answered for 2s")
	if took := time.Since(asked); took > 3800*time.Millisecond {
		t.Errorf("it took %s", took)
	}
}
