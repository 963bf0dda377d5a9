package activities_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/activities"
)

// migrating is the command of search.api.2.
func migrating(change ...func(*activities.StartInput)) activities.StartInput {
	in := starting()
	in.Name = "search.api.2.pre"
	in.Service.PreDeploy = &slipway.PreDeploy{Command: []string{"migrate"}, Timeout: slipway.Duration(200 * time.Millisecond)}
	for _, f := range change {
		f(&in)
	}
	in.Warrant = warranted(func(o *slipway.OrderStatement) { o.Settings = in.Service.SettingsHash() })
	return in
}

// migrator is a machine on which the command takes so long.
func migrator(took time.Duration) (*machine, *activities.Host) {
	m, host := newMachine()
	m.image, m.secrets["env://DB"], m.logs = image.Config, "hunter2", "adding a column\n"
	began := time.Now().Add(-time.Hour) // by another clock
	runs := slipway.ContainerState{Image: image.Config, StartedAt: began, Environment: m.environment}
	ended := runs
	ended.FinishedAt = began.Add(took)
	m.states = []slipway.ContainerState{runs, runs, ended}
	return m, host
}

func TestCommandIsToldHoweverItEnded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		exit *slipway.Exit // nil: it goes on
		took time.Duration
		code int
		says string
		did  []string
	}{
		"well":        {&slipway.Exit{}, 150 * time.Millisecond, 0, "", []string{"run search.api.2.pre"}},
		"not well":    {&slipway.Exit{Code: 3}, 150 * time.Millisecond, 3, "search.api.2.pre on h1 exited with code 3; it said last:\nadding a column", []string{"run search.api.2.pre"}},
		"not in time": {nil, 210 * time.Millisecond, 143, "search.api.2.pre on h1 did not end within 200ms", []string{"run search.api.2.pre", "stop search.api.2.pre"}},
		// The attempt before has stopped it, and its answer was lost.
		"not in time, and calls it well": {&slipway.Exit{}, 210 * time.Millisecond, 0, "search.api.2.pre on h1 did not end within 200ms", []string{"run search.api.2.pre"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, host := migrator(c.took)
			if c.exit != nil {
				m.exit <- *c.exit
			}
			var result activities.PreDeployResult
			if err := run(t, host.RunPreDeploy, migrating(), &result); err != nil {
				t.Fatal(err)
			}
			if result.Code != c.code || result.Failed != c.says || result.Took.Std() != c.took || !slices.Equal(m.did, c.did) {
				t.Errorf("it did %q and says %+v", m.did, result)
			}
			if result.Evidence.Path != "/evidence" || result.Evidence.Tail != "adding a column" || m.kept.Logs != m.logs {
				t.Errorf("kept is %+v", result.Evidence)
			}
		})
	}
}

func TestCommandIsRunAsItWasOrdered(t *testing.T) {
	t.Parallel()
	m, host := migrator(0)
	m.exit <- slipway.Exit{}
	in := migrating(func(in *activities.StartInput) { in.Service.Container.Restart = "always" })
	if err := run(t, host.RunPreDeploy, in, nil); err != nil {
		t.Fatal(err)
	}
	if c := m.spec.Container; !slices.Equal(c.Command, []string{"migrate"}) || c.Restart != "no" || m.spec.Environment["DB_PASSWORD"] != "hunter2" {
		t.Errorf("it ran %+v", m.spec)
	}
}

func TestCommandOfAnotherImageIsRefused(t *testing.T) {
	t.Parallel()
	m, host := migrator(0)
	m.states[1].Image = "sha256:other"
	if err := run(t, host.RunPreDeploy, migrating(), nil); err == nil || !strings.Contains(err.Error(), "sha256:other") {
		t.Errorf("got %v", err)
	}
}

// Nobody signed for it, or the rules of its project do not allow it.
func TestCommandThatIsNotEntitledIsNotRun(t *testing.T) {
	t.Parallel()
	for text, change := range map[string]func(*machine, *activities.StartInput){
		"allow.volumes lists nothing": func(m *machine, _ *activities.StartInput) {
			m.refusal = slipway.Errorf(slipway.CodeForbidden, "allow.volumes lists nothing")
		},
		"somebody has changed them since": func(_ *machine, in *activities.StartInput) {
			in.Service.PreDeploy = &slipway.PreDeploy{Command: []string{"drop", "everything"}, Timeout: in.Service.PreDeploy.Timeout}
		},
		"is not the name of its container": func(_ *machine, in *activities.StartInput) { in.Name = "search.api.2.again" },
		"its order is a rollback": func(_ *machine, in *activities.StartInput) {
			in.Warrant = warranted(func(o *slipway.OrderStatement) { o.Kind, o.Settings = slipway.KindRollback, in.Service.SettingsHash() })
		},
		"gate go": func(_ *machine, in *activities.StartInput) { // which comes first where blue stops first
			in.Service.Strategy.BlueGreen.StopFirst = true
			in.Warrant = warranted(func(o *slipway.OrderStatement) { o.Settings = in.Service.SettingsHash() })
			in.Warrant.Decisions = nil
		},
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			m, host := migrator(0)
			in := migrating()
			change(m, &in)
			failed(t, run(t, host.RunPreDeploy, in, nil), slipway.CodeForbidden, false, text)
			if len(m.did) > 0 {
				t.Errorf("it did %q", m.did)
			}
		})
	}
}
