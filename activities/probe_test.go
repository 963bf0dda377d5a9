package activities_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/activities"
)

var errRefused = errors.New("connection refused")

// proving is a container that is to be proven within a second or so.
func proving(change ...func(*activities.ProbeInput)) activities.ProbeInput {
	in := activities.ProbeInput{
		Host: "h1", Container: "search.api.2", Address: "10.0.0.1:8080", Deadline: slipway.Duration(10 * time.Second),
		Check: slipway.Healthcheck{
			Path: "/healthz", Interval: slipway.Duration(20 * time.Millisecond), Timeout: slipway.Duration(time.Second),
			Successes: 2, StartPeriod: slipway.Duration(10 * time.Second),
		},
	}
	for _, f := range change {
		f(&in)
	}
	return in
}

func TestGreenThatGetsReadyLaterIsProven(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	m.answer("10.0.0.1:8080", errRefused, errRefused, nil, errRefused, nil)
	var result activities.ProbeResult
	if err := run(t, host.ProbeGreen, proving(), &result); err != nil {
		t.Fatal(err)
	}
	if result.Probes != 6 { // one success is not two in a row
		t.Errorf("it took %d probes", result.Probes)
	}
}

func TestGreenThatIsNeverReadyFailsAtTheDeadline(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	m.answer("10.0.0.1:8080", errRefused)
	began := time.Now()
	err := run(t, host.ProbeGreen, proving(func(in *activities.ProbeInput) { in.Deadline = slipway.Duration(300 * time.Millisecond) }), nil)
	failed(t, err, slipway.CodeInvalid, false, "search.api.2 on h1 was not ready within 300ms: GET /healthz: connection refused")
	if took := time.Since(began); took < 300*time.Millisecond || took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestFailuresInARowAfterTheStartPeriodAreEnough(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	m.answer("10.0.0.1:8080", errRefused)
	err := run(t, host.ProbeGreen, proving(func(in *activities.ProbeInput) { in.Check.StartPeriod = slipway.Duration(100 * time.Millisecond) }), nil)
	failed(t, err, slipway.CodeInvalid, false, "was not ready within 100ms")
}

func TestFailuresThatAreNotInARowDoNotCount(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	m.answer("10.0.0.1:8080", errRefused, nil, errRefused, nil, errRefused, nil, errRefused, nil, nil)
	if err := run(t, host.ProbeGreen, proving(func(in *activities.ProbeInput) { in.Check.StartPeriod = 0 }), nil); err != nil {
		t.Fatal(err)
	}
}

func TestGreenThatExitsFailsAtOnceWithItsLastLines(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		exit slipway.Exit
		want string
	}{
		"by itself":     {slipway.Exit{Code: 3}, "search.api.2 on h1 exited with code 3; it said last:\nline 11\n"},
		"out of memory": {slipway.Exit{Code: 137, OOMKilled: true}, "exited with code 137 (out of memory: see container.mem_limit)"},
		"never started": {slipway.Exit{Code: 127, Error: "no such file"}, "exited with code 127 (no such file)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, host := newMachine()
			m.answer("10.0.0.1:8080", errRefused)
			m.logs = "line 1\n" + strings.Repeat("x\n", 9) + "line 11\n" + strings.Repeat("y\n", 8) + "panic: no such table\n"
			m.exit <- test.exit
			began := time.Now()
			err := run(t, host.ProbeGreen, proving(), nil)
			failed(t, err, slipway.CodeInvalid, false, test.want)
			if !strings.HasSuffix(err.Error(), "panic: no such table (type: invalid, retryable: false)") || strings.Contains(err.Error(), "line 1\n") {
				t.Errorf("error is %q", err)
			}
			if took := time.Since(began); took > time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}
