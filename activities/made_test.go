package activities_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/activities"
)

// Whoever can write to Temporal chooses what an activity is given.

func TestNothingIsRunInAContainerButTheCommandItWasMadeWith(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*machine, *slipway.Healthcheck){
		"another command":           func(_ *machine, h *slipway.Healthcheck) { h.Exec = []string{"sh", "-c", "env"} },
		"one argument more":         func(_ *machine, h *slipway.Healthcheck) { h.Exec = append(h.Exec, "; env") },
		"arguments that look alike": func(_ *machine, h *slipway.Healthcheck) { h.Exec = []string{"check --deep"} },
		"somebody else's container": func(m *machine, _ *slipway.Healthcheck) { m.foreign = true },
		"a container asked by HTTP": func(m *machine, _ *slipway.Healthcheck) { m.question = "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, host := newMachine()
			m.environment, m.question = map[string]string{}, `exec ["check" "--deep"]`
			in := asking(func(h *slipway.Healthcheck) {
				h.Exec, h.StartPeriod = []string{"check", "--deep"}, 0
				change(m, h)
			})
			says := "the command is not the one that it was made with"
			if m.foreign {
				says = "Slipway has not made search.api.2"
			}
			failed(t, run(t, host.ProbeGreen, in, nil), slipway.CodeInvalid, false, says)
			watch := watching(true)
			watch.Green.Check, watch.Blue = in.Check, nil
			watch.Green.Check.Interval = slipway.Duration(5 * time.Millisecond)
			var seen activities.WatchResult
			if err := run(t, host.WatchHost, watch, &seen); err != nil || seen.GreenFailed == "" {
				t.Errorf("%v: %+v", err, seen)
			}
			for at := range m.probes {
				t.Errorf("it was run: %s", at)
			}
		})
	}
}

// With a reference of their own choice, whoever can have a text of their own
// redacted finds out the secret, letter by letter.
func TestSecretsAreThoseOfTheContainerWhateverIsClaimed(t *testing.T) {
	t.Parallel()
	const stolen = "the-signing-key"
	forged := map[string]string{"X": "file:///var/lib/slipway/signing.key"}
	for name, c := range map[string]struct {
		change func(*machine, *activities.ProbeInput)
		says   string
	}{
		"a reference that it has not":          {func(*machine, *activities.ProbeInput) {}, "it answered 503: " + stolen},
		"one of a container that is not there": {func(m *machine, _ *activities.ProbeInput) { m.environment = nil }, "(withheld: "},
		"what somebody else answers":           {func(_ *machine, in *activities.ProbeInput) { in.Address = "203.0.113.9:80" }, "(withheld: it is not what search.api.2 was made to be asked, or not where that is)"},
		"a path of their own":                  {func(_ *machine, in *activities.ProbeInput) { in.Check.Path = "/the-signing-key" }, "(withheld: it is not what search.api.2 was made to be asked"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, host := newMachine()
			m.secrets["file:///var/lib/slipway/signing.key"], m.environment = stolen, map[string]string{}
			in := proving(func(in *activities.ProbeInput) {
				in.Deadline, in.Secrets = slipway.Duration(50*time.Millisecond), forged
			})
			c.change(m, &in)
			for _, at := range []string{"10.0.0.1:8080", "203.0.113.9:80", "10.0.0.1:8080" + in.Check.Path} {
				m.answer(at, errors.New("it answered 503: "+stolen))
			}
			err := run(t, host.ProbeGreen, in, nil)
			failed(t, err, slipway.CodeInvalid, false, c.says)
			if strings.Contains(message(err), "[secret") {
				t.Errorf("it was looked up: %v", err)
			}
		})
	}
}

func TestOfContainersThatAreNotOfTheReleaseNothingIsKeptNorTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		foreign bool
		in      activities.ContainerInput
		code    slipway.Code
	}{
		"somebody else's":      {true, activities.ContainerInput{Host: "h1", Release: "search.api.2", Container: "search.api.2"}, slipway.CodeForbidden},
		"another release's":    {false, activities.ContainerInput{Host: "h1", Release: "search.api.2", Container: "search.api.1"}, slipway.CodeForbidden},
		"in another directory": {false, activities.ContainerInput{Host: "h1", Release: "../../etc", Container: "../../etc"}, slipway.CodeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, host := newMachine()
			m.foreign, m.logs, m.environment = c.foreign, "a customer's data", map[string]string{}
			err := run(t, host.KeepEvidence, c.in, nil)
			failed(t, err, c.code, false, "")
			m.exit <- slipway.Exit{Code: 1}
			m.answer("10.0.0.1:8080", errRefused)
			proof := run(t, host.ProbeGreen, proving(func(in *activities.ProbeInput) { in.Container = c.in.Container }), nil)
			if c.foreign && strings.Contains(message(proof), "customer") {
				t.Errorf("told is %v", proof)
			}
			if kept, _ := json.Marshal(m.kept); strings.Contains(string(kept), "customer") {
				t.Errorf("kept is %s", kept)
			}
		})
	}
}

func TestEvidenceOfACommandIsKeptBesideThatOfItsHost(t *testing.T) {
	t.Parallel()
	for container, as := range map[string]string{"search.api.2": "h1", "search.api.2.pre": "pre_deploy-h1"} {
		m, host := newMachine()
		if err := run(t, host.KeepEvidence, activities.ContainerInput{Host: "h1", Release: "search.api.2", Container: container}, nil); err != nil || m.keptAs != as {
			t.Errorf("%s is kept as %q: %v", container, m.keptAs, err)
		}
	}
}
