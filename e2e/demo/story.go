package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"slipway/e2e/system"
)

// A story runs the commands that an engineer runs.
type story struct {
	*system.System
}

// tell goes from the first release to the rollback, and says what became of
// the traffic meanwhile.
func (s *story) tell(ctx context.Context) (system.Report, error) {
	for tag, env := range map[string][]string{"v1": nil, "v2": nil, "v3": {"READY_MS=never"}} {
		if _, err := s.Push(ctx, "search/demo", tag, append(env, "WORK_MS=5")...); err != nil {
			return system.Report{}, err
		}
	}
	file, err := s.Service("demo", "strategy: {blue_green: {hold: 10m, deploy_timeout: 3s}}\n")
	if err != nil {
		return system.Report{}, err
	}
	if err := s.SignIn(ctx, "ann"); err != nil {
		return system.Report{}, err
	}
	release := func(tag string) []string { return []string{"release", "-f", file, "--tag", tag, "--wait"} }

	if err := s.step(ctx, "Ann releases v1, the first one.", 0, release("v1")...); err != nil {
		return system.Report{}, err
	}
	traffic := s.StartTraffic(ctx, "demo", perSecond)
	defer traffic.Stop()
	steps := []struct {
		what   string
		status int
		args   []string
	}{
		{"She releases v2, while people use v1.", 0, release("v2")},
		{"She releases v3, which never gets ready: it is undone, and nobody has seen it.", 3, release("v3")},
		{"What was wrong with it?", 0, []string{"why", "slipway-demo.demo.3"}},
		{
			"v2 was a mistake as well. v1 is still held, so going back is only a switch.", 0,
			[]string{"rollback", "slipway-demo/demo", "--reason", "v2 shows the wrong prices", "--wait"},
		},
		{"What happened:", 0, []string{"history", "slipway-demo/demo"}},
	}
	for _, step := range steps {
		if err := s.step(ctx, step.what, step.status, step.args...); err != nil {
			return traffic.Stop(), err
		}
		if version, err := s.Ask(ctx, "demo"); err == nil {
			say("  (%s serves)", version)
		}
	}
	return traffic.Stop(), nil
}

// step says what is done, does it, and wants it to end with the status.
func (s *story) step(ctx context.Context, what string, status int, args ...string) error {
	say("\n%s\n$ slipway%s", what, typed(args))
	cmd := s.Command(ctx, "ann", args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stdout
	err := cmd.Run()
	if got := cmd.ProcessState.ExitCode(); got != status {
		return fmt.Errorf("slipway %s: exit status %d, want %d: %w", args[0], got, status, err)
	}
	return nil
}

// typed are arguments as somebody would type them into a shell.
func typed(args []string) (line string) {
	for _, arg := range args {
		if strings.Contains(arg, " ") {
			arg = strconv.Quote(arg)
		}
		line += " " + arg
	}
	return line
}
